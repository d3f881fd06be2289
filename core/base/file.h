/* file.h - the one way to change a file.
 *
 * Only the engine and the journal call these; stages plan changes instead (plan.h). A file is put
 * as: open the parent below the root, write a temporary name beside it (O_EXCL), owner, mode and
 * extended attributes (SELinux label), fsync, close checked, rename, fsync the directory. A reader
 * sees the old file or the new one, never half of it, and a power cut leaves one of the two. A
 * final symbolic link is resolved inside the root and kept.
 *
 * All return 0, or -1 with *err filled (KH_SYSTEM) and nothing changed.
 */
#ifndef KH_BASE_FILE_H
#define KH_BASE_FILE_H

#include <sys/types.h>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/root.h"

enum kh_file_type { KH_FILE_ABSENT, KH_FILE_REGULAR, KH_FILE_DIR, KH_FILE_LINK, KH_FILE_OTHER };

struct kh_file_xattr {
	char *name;
	void *value;
	size_t size;
};

/* What is at a path (the final link is not followed). */
struct kh_file_state {
	enum kh_file_type type;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	struct timespec mtime; /* given back by kh_file_copy only; 0: not known */
	char *content;         /* regular files, by kh_file_look */
	size_t length;
	char digest[KH_DIGEST_SIZE];  /* regular files: of the content; otherwise "" */
	char *target;                 /* links */
	struct kh_file_xattr *xattrs; /* regular files */
	size_t xattr_count;
};

int kh_file_look(const struct kh_root *root, const char *path, struct kh_file_state *ret_state,
		 struct kh_error *err);
/* The same for files of any size: the digest without the content. */
int kh_file_look_digest(const struct kh_root *root, const char *path,
			struct kh_file_state *ret_state, struct kh_error *err);
/* Only what stat(2) and readlink(2) say. */
int kh_file_look_stat(const struct kh_root *root, const char *path, struct kh_file_state *ret_state,
		      struct kh_error *err);
void kh_file_state_done(struct kh_file_state *state);

/* Put a regular file. meta: owner, mode and xattrs to give it. */
int kh_file_put(const struct kh_root *root, const char *path, const char *content, size_t length,
		const struct kh_file_state *meta, struct kh_error *err);
/* The same, but PATH itself is written, whatever is there: a final link is replaced. */
int kh_file_put_itself(const struct kh_root *root, const char *path, const char *content,
		       size_t length, const struct kh_file_state *meta, struct kh_error *err);
/* The same with the bytes of another file, of any size; meta's time of change is given too, unless
 * it is 0. PATH itself is written, whatever is there: a final link is replaced. */
int kh_file_copy(const struct kh_root *root, const char *from, const char *path,
		 const struct kh_file_state *meta, struct kh_error *err);
int kh_file_remove(const struct kh_root *root, const char *path, struct kh_error *err);
int kh_file_make_dir(const struct kh_root *root, const char *path, mode_t mode,
		     struct kh_error *err);
/* Remove an empty directory. Returns 1 when it is not empty, or something is mounted on it. */
int kh_file_remove_dir(const struct kh_root *root, const char *path, struct kh_error *err);
int kh_file_link(const struct kh_root *root, const char *path, const char *target,
		 struct kh_error *err);
/* Write a value to a file of /proc or /sys, in one write(2). */
int kh_file_set_value(const struct kh_root *root, const char *path, const char *value,
		      struct kh_error *err);

/* Remove what an interrupted kh_file_put or kh_file_link of PATH left beside it, if anything. */
int kh_file_clean(const struct kh_root *root, const char *path, struct kh_error *err);

#endif
