/* dropin.h - directories of drop-in files (sysctl.d, modprobe.d, modules-load.d, udev's rules.d).
 *
 * Their readers agree: the files of all directories in the order of their names, whatever the
 * directory; a name in an earlier directory hides the same name in the later ones.
 * Source: sysctl.d(5), modprobe.d(5), modules-load.d(5), udev(7).
 */
#ifndef KH_DROPIN_H
#define KH_DROPIN_H

#include "core/base/root.h"

/* Append the paths that end in suffix (".conf") in the order they are read. dirs is
 * NULL-terminated, the strongest first. extra (may be NULL) is a path that counts as there, whether
 * it is or not. */
void kh_dropin_list(const struct kh_root *root, const char *const *dirs, const char *suffix,
		    const char *extra, struct kh_strv *ret_paths);

/* The part of a path after the last slash. */
const char *kh_dropin_name(const char *path);

#endif
