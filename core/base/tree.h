/* tree.h - whole directory trees that are ours: removing and measuring them.
 *
 * For what fills the store: caches, builds, sources, artifacts. No step follows a symbolic link,
 * nothing is journalled, and no file is synced. Files of the host are changed one by one (file.h).
 */
#ifndef KH_BASE_TREE_H
#define KH_BASE_TREE_H

#include "core/base/error.h"
#include "core/base/root.h"

/* Remove the entry NAME of the directory with all that is below it; absent is fine. Adds the bytes
 * that its files had on disk to *freed_bytes (may be NULL). Errors: KH_SYSTEM. */
int kh_tree_remove_at(int dir_fd, const char *name, long long *freed_bytes, struct kh_error *err);
/* The same by path below the root. */
int kh_tree_remove(const struct kh_root *root, const char *path, long long *freed_bytes,
		   struct kh_error *err);
/* Bytes on disk of a path and all below it; 0 when it is not there. */
long long kh_tree_bytes(const struct kh_root *root, const char *path);
/* A directory with its missing parents, mode 0755. */
int kh_tree_make_dirs(const struct kh_root *root, const char *path, struct kh_error *err);

#endif
