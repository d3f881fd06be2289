/* file_private.h - what file.c, file_copy.c and batch.c share: the place of a change, and
 * attributes. */
#ifndef KH_BASE_FILE_PRIVATE_H
#define KH_BASE_FILE_PRIVATE_H

#include "core/base/file.h"

/* Where a change happens: the parent directory, open, and the names in it. */
struct kh_file_place {
	int dir_fd;
	char *name;
	char *temporary;
};

#define KH_FILE_PLACE_INIT                                                                         \
	{                                                                                          \
		-1, NULL, NULL                                                                     \
	}

int kh_file_place_open(const struct kh_root *root, const char *path, struct kh_file_place *place,
		       struct kh_error *err);
void kh_file_place_done(struct kh_file_place *place);
/* Remove the temporary name, if it is there. */
int kh_file_place_clean(const struct kh_file_place *place);
/* Rename the temporary name over the real one and make that durable. */
int kh_file_place_publish(const struct kh_file_place *place, const char *path);

/* Type, mode, owner, time and size. */
void kh_file_take_stat(const struct stat *status, struct kh_file_state *state);
/* Those that may not be read (trusted.* without rights) may not be written either. */
void kh_file_look_xattrs(int fd, struct kh_file_state *state);
/* Owner, mode and extended attributes. Returns 0, or -1 with errno. */
int kh_file_give_attributes(int fd, const struct kh_file_state *meta, const char *path);
/* Write a copy of FROM to the temporary name: a regular file, not a link. wants_sync: fsync it.
 * ret_digest (may be NULL): of what was written. Returns 0, or -1 with errno; a temporary file may
 * be left then. */
int kh_file_stage_copy(const struct kh_root *root, const char *from,
		       const struct kh_file_place *place, const struct kh_file_state *meta,
		       bool wants_sync, char ret_digest[KH_DIGEST_SIZE]);

#endif
