/* file_copy.c - copying files of any size without holding them in memory; see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/file_private.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

static bool is_no_copy_range(int error)
{
	return error == ENOSYS || error == EXDEV || error == EINVAL || error == EOPNOTSUPP ||
	       error == EPERM;
}

/* What is left to read, block by block. */
static int copy_blocks(int from_fd, int to_fd, const char *path)
{
	enum { BLOCK_BYTES = 128 << 10 };
	kh_auto(kh_free) char *block = kh_alloc(BLOCK_BYTES);
	for (;;) {
		ssize_t got = read(from_fd, block, BLOCK_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (kh_sys_write_all(to_fd, block, (size_t)got, path) != 0)
			return -1;
	}
}

/* Both descriptors stand at their beginning. Where copy_file_range(2) does not work, or says it is
 * at the end too early (some file systems before Linux 5.19), the rest is read and written. */
static int copy_bytes(int from_fd, int to_fd, const char *path)
{
	enum { PIECE_BYTES = 64 << 20 };
	for (;;) {
		ssize_t copied = kh_sys_copy_range(from_fd, to_fd, PIECE_BYTES, path);
		if (copied < 0 && errno == EINTR)
			continue;
		if (copied < 0 && !is_no_copy_range(errno))
			return -1;
		if (copied <= 0)
			return copy_blocks(from_fd, to_fd, path);
	}
}

int kh_file_stage_copy(const struct kh_root *root, const char *from,
		       const struct kh_file_place *place, const struct kh_file_state *meta,
		       bool wants_sync, char ret_digest[KH_DIGEST_SIZE])
{
	kh_auto(kh_close) int from_fd = kh_root_open_file(root, from, O_RDONLY | O_NOFOLLOW);
	if (from_fd < 0 || kh_file_place_clean(place) != 0)
		return -1;
	int flags = O_RDWR | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	kh_auto(kh_close) int fd = kh_sys_create(place->dir_fd, place->temporary, flags, 0600);
	const struct timespec times[2] = {meta->mtime, meta->mtime};
	if (fd < 0 || copy_bytes(from_fd, fd, place->name) != 0 ||
	    kh_file_give_attributes(fd, meta, place->name) != 0 ||
	    ((meta->mtime.tv_sec != 0 || meta->mtime.tv_nsec != 0) &&
	     kh_sys_futimens(fd, times, place->name) != 0) ||
	    (ret_digest && kh_digest_fd(fd, ret_digest) != 0) ||
	    (wants_sync && kh_sys_fsync(fd, place->name) != 0))
		return -1;
	int closing = fd;
	fd = -1;
	return kh_sys_close(closing, place->name);
}

int kh_file_copy(const struct kh_root *root, const char *from, const char *path,
		 const struct kh_file_state *meta, struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0)
		return kh_wrap(err, "write '%s'", path);
	if (kh_file_stage_copy(root, from, &place, meta, true, NULL) != 0 ||
	    kh_file_place_publish(&place, path) != 0) {
		int error = errno;
		kh_file_place_clean(&place);
		return kh_fail(err, KH_SYSTEM, error, "write '%s' from '%s'", path, from);
	}
	return 0;
}
