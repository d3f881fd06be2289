/* fixture.h - hosts to test on: a root of tests/roots/ copied to a temporary directory.
 *
 *     struct fixture f;
 *     fixture_open(&f, "debian12-ifupdown");   // or fixture_open_empty(&f)
 *     ... f.root ...
 *     fixture_close(&f);
 *
 * Found below the directory the tests run in (the project's root). Failing aborts the test program.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <sys/types.h>

#include "core/base/root.h"

struct fixture {
	char *path; /* of the copy */
	struct kh_root root;
};

void fixture_open(struct fixture *fixture, const char *name);
void fixture_open_empty(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* Every root of tests/roots/, sorted. */
void fixture_names(struct kh_strv *names);

/* Put a file (with the directories above it) into the copy: path as seen from inside the root. */
void fixture_put(struct fixture *fixture, const char *path, const char *text);
void fixture_put_mode(struct fixture *fixture, const char *path, const char *text, mode_t mode);
void fixture_link(struct fixture *fixture, const char *path, const char *target);
void fixture_remove(struct fixture *fixture, const char *path);     /* with what is below */
char *fixture_get(const struct fixture *fixture, const char *path); /* owned text, or NULL */

/* One line per entry of the tree: type, mode, owner, link target, digest, path. What is kvmhost's
 * own state (/var/lib/kvmhost and the directories it made for it) is left out. Owned. */
char *fixture_tree(const struct fixture *fixture);

#endif
