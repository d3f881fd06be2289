/* diff.h - a unified diff of two texts, as people read it in a plan.
 *
 * A line diff by longest common subsequence, as a table (the files are small). No library in
 * both Debian 12 and EPEL does this without bringing thirty others (libgit2), and running diff(1)
 * would need two temporary files and a fork per changed file.
 * Source of the format: POSIX diff -u, "Diff -u Output Format".
 */
#ifndef KH_DIFF_H
#define KH_DIFF_H

#include "core/base/str.h"

/* Append the diff of old to new to out; nothing when they are equal. old NULL: the file is new;
 * new NULL: it goes away. path is shown as a/PATH and b/PATH (/dev/null for NULL). */
void kh_diff_unified(const char *path, const char *old, const char *new, struct kh_str *out);

#endif
