/* debversion.h - Debian's order of versions.
 *
 * Written by hand because the library that has it (libapt-pkg) is C++ and dpkg would have to be run
 * for each comparison. Source: deb-version(7), "Sorting algorithm".
 */
#ifndef KH_SOURCES_DEBVERSION_H
#define KH_SOURCES_DEBVERSION_H

/* < 0, 0, > 0 as a is older than, the same as, newer than b. */
int kh_debversion_compare(const char *a, const char *b);
/* The upstream part, without epoch and revision: "1:7.2+dfsg-7+deb12u18" -> "7.2+dfsg". Owned. */
char *kh_debversion_upstream(const char *version);
/* The same without what the distribution added because it took something out: "7.2". Owned. */
char *kh_debversion_program(const char *version);

#endif
