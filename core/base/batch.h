/* batch.h - many changes of files that become real together: a whole tree at a time.
 *
 * kh_batch_do() makes the directories, writes every new file and link beside its place under a
 * temporary name, syncs the file systems, looks once more at what is to be replaced, and only then
 * renames all of them, removes what is to go, and syncs again. So a power cut leaves at each path
 * the old file or the new one, a full disk is found out before anything is replaced, and the time
 * in which a tree is half old and half new is that of the renames. Files are copied inside the
 * kernel where it can (sharing blocks where the file system can) and never held in memory.
 *
 * Parents of a path are directories, not links: paths are settled (kh_root_resolve).
 */
#ifndef KH_BASE_BATCH_H
#define KH_BASE_BATCH_H

#include <stddef.h>

#include "core/base/file.h"

struct kh_batch_op {
	const char *path;
	enum kh_file_type type; /* what it becomes; ABSENT: it is removed */
	bool is_dir;            /* ABSENT: it is a directory, which stays unless it is empty */
	const char *from;       /* REGULAR: the file to copy */
	const char *digest;     /* REGULAR: what the copy must have; NULL: anything */
	const char *target;     /* LINK */
	/* REGULAR: owner, mode, xattrs, time (0: now); DIR: owner and mode. Not used by others. */
	const struct kh_file_state *meta;
	const struct kh_file_state *expected; /* what is there now (stat only); NULL: anything */
	bool has_stayed;                      /* set: a directory that was not empty */
};

/* Errors: KH_SYSTEM, and KH_VERIFY for a copy with another digest. Nothing is replaced or removed
 * unless all files were written and all that is expected is there; temporary files do not stay. */
int kh_batch_do(const struct kh_root *root, struct kh_batch_op *ops, size_t count,
		struct kh_error *err);

/* Remove what an interrupted kh_batch_do of these paths left beside them. */
int kh_batch_clean(const struct kh_root *root, const struct kh_batch_op *ops, size_t count,
		   struct kh_error *err);

/* lstat(2) for many paths that come directory by directory: only one directory is held open. */
struct kh_batch_dir {
	const struct kh_root *root;
	char *path;
	int fd; /* -1: it cannot be opened */
	int error;
};
#define KH_BATCH_DIR_INIT(of)                                                                      \
	{                                                                                          \
		(of), NULL, -1, 0                                                                  \
	}
/* Returns 0, 1: absent, -1 with errno. */
int kh_batch_stat(struct kh_batch_dir *dir, const char *path, struct stat *ret_status);
void kh_batch_dir_done(struct kh_batch_dir *dir);

#endif
