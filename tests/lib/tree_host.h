/* tree_host.h - a host and two artifacts of one program, for tests of installing trees.
 *
 * The stage "installer", tree_host_stage (kh_stages[] stands in the test), installs the artifact
 * that tree_wish names. The first artifact replaces a file and a link of somebody's, finds one file
 * as it should be and one with another mode, and goes through a parent that is a link (/lib). The
 * second one changes, removes and adds files and directories.
 */
#ifndef TESTS_TREE_HOST_H
#define TESTS_TREE_HOST_H

#include "core/store.h"
#include "tests/lib/engine_host.h"

extern struct tree_wish {
	const char *key; /* of the artifact to install; NULL: none */
	bool is_uninstall;
	const char *file; /* a file of its own that the stage puts first; NULL: none */
} tree_wish;

extern const struct kh_stage tree_host_stage;
extern const char tree_first[], tree_second[]; /* their keys */
extern const char tree_store[];

struct engine_host *tree_host_open(void);

/* An artifact of one's own: begin, fixture_put below the returned path (owned), publish. */
char *tree_host_begin(struct engine_host *host, const char *key);
void tree_host_publish(struct engine_host *host, const char *key);
/* One file at path `name` of the artifact's tree. */
void tree_host_put(struct engine_host *host, const char *tree, const char *name, const char *text,
		   mode_t mode);
/* Plan only: the refusal of the installer, or "". Owned. */
char *tree_host_refusal(struct engine_host *host);

#endif
