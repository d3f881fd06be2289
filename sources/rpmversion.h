/* rpmversion.h - rpm's order of versions.
 *
 * Written by hand because librpm would be linked into every start for it, and rpm would have to be
 * run for each comparison. Source: rpm-version(7), "ORDERING"; rpm's rpmvercmp tests.
 */
#ifndef KH_SOURCES_RPMVERSION_H
#define KH_SOURCES_RPMVERSION_H

#include <stdbool.h>

/* < 0, 0, > 0 as a is older than, the same as, newer than b: "EPOCH:VERSION-RELEASE", the epoch may
 * be missing (0). */
int kh_rpmversion_compare(const char *a, const char *b);
/* The version alone: "17:9.0.0-10.el9" -> "9.0.0". Owned. */
char *kh_rpmversion_program(const char *package_version);
/* Is "17:9.0.0-10.el9" meant by "distro", by itself, by "9.0.0-10.el9" or by "9.0.0"? */
bool kh_rpmversion_is(const char *package_version, const char *wanted);

#endif
