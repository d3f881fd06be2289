/* toolchain.h - what a host has to build with, read from its files: nothing is run.
 *
 * A version too old for the chosen source is told before hours of building, not by the configure
 * script of the source. What is not installed is not judged here: the stage packages brings it.
 */
#ifndef KH_PLATFORM_TOOLCHAIN_H
#define KH_PLATFORM_TOOLCHAIN_H

#include "core/base/error.h"
#include "core/base/root.h"

/* The version of a program or library, or NULL: it is not there or cannot be told. Owned.
 *   "gcc"      the newest in /usr/lib/gcc/MACHINE/VERSION
 *   "python3"  where the link /usr/bin/python3 leads: python3.11
 *   "meson"    from the name of its egg-info or dist-info directory
 *   other      the Version of its .pc file: "glib-2.0" */
char *kh_toolchain_version(const struct kh_root *root, const char *name);

/* Is there a .pc file of this name, in a directory where pkg-config looks? */
bool kh_toolchain_has_library(const struct kh_root *root, const char *name);

/* -1, 0, 1 as a is older than, the same as or newer than b: numbers between dots are compared;
 * what follows the first other character counts for nothing ("7.2+dfsg" is 7.2). */
int kh_toolchain_compare(const char *a, const char *b);

struct kh_toolchain_need {
	const char *since; /* of the program that is built: from this version on */
	const char *name;  /* as above */
	const char *least; /* version of it */
};

/* Refuse (KH_HOST) what is too old for this version of a program ("QEMU"), naming both versions.
 * needs ends with a NULL since. instead: what would do, for the hint. */
int kh_toolchain_check(const struct kh_root *root, const char *program, const char *version,
		       const struct kh_toolchain_need *needs, const char *instead,
		       struct kh_error *err);

#endif
