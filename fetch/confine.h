/* confine.h - the process that unpacks bytes nobody has verified yet, locked in.
 *
 * Called once in the child, before it reads a byte. What remains possible afterwards: reading and
 * writing the descriptors it has, making files, directories and links below one directory, memory
 * and threads. In order: every other descriptor is closed; resource limits; a network namespace of
 * its own (in a user namespace where it is not root); Landlock; a seccomp filter (seccomp.h). What
 * the kernel does not have is left out and not listed; the limits and no_new_privs always hold.
 *
 * Source: Documentation/userspace-api/landlock.rst, seccomp_filter.rst; user_namespaces(7).
 */
#ifndef KH_FETCH_CONFINE_H
#define KH_FETCH_CONFINE_H

#include "core/base/error.h"
#include "core/base/str.h"

struct kh_confine {
	const int *fds; /* to keep, besides standard error; in any order */
	size_t fd_count;
	int tree_fd;          /* the directory to write below; -1: none */
	long long file_bytes; /* no file larger than this */
};

/* ret_active: "descriptors", "limits", "network", "landlock", "seccomp". Errors: KH_SYSTEM. */
int kh_confine_apply(const struct kh_confine *confine, struct kh_strv *ret_active,
		     struct kh_error *err);

#endif
