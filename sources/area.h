/* area.h - the parts of the store that sources lie in, and a place to work in.
 *
 *     STORE/archives/       root's: files as they came
 *     STORE/sources/        root's: records, and trees that belong to the build account
 *     STORE/sources/.new-PROGRAM/   the build account's: one that is being made
 *
 * A tree gets its name by a rename once it is whole. What an interrupted run left under .new- is
 * removed by the next one.
 */
#ifndef KH_SOURCES_AREA_H
#define KH_SOURCES_AREA_H

#include "core/account.h"
#include "core/plan.h"

struct kh_area {
	const struct kh_root *root;
	const char *store; /* path below the root */
	struct kh_account account;
};

int kh_area_open(const struct kh_root *root, const struct kh_config *config,
		 struct kh_area *ret_area, struct kh_error *err);
/* An empty working directory for this program: path below the root, owned by the caller. */
int kh_area_begin(const struct kh_area *area, const char *program, char **ret_path,
		  struct kh_error *err);
/* PATH (below the root) becomes the program's tree of this name; older trees of it go. */
int kh_area_publish(const struct kh_area *area, const char *path, const char *tree,
		    struct kh_error *err);
void kh_area_remove_others(const struct kh_area *area, const char *program, const char *tree);

/* A path below the root as a path of this machine; owned. */
char *kh_area_host_path(const struct kh_root *root, const char *path);
/* A directory with its parents. */
int kh_area_make_dir(const struct kh_root *root, const char *path, struct kh_error *err);
/* PATH and all below it; links are removed, not followed; a path that is not there is fine. */
int kh_area_remove(const struct kh_root *root, const char *path, struct kh_error *err);

#endif
