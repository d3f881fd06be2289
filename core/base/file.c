/* file.c - see file.h. */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/file_private.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

void kh_file_place_done(struct kh_file_place *place)
{
	kh_close(&place->dir_fd);
	kh_free(&place->name);
	kh_free(&place->temporary);
}

int kh_file_place_open(const struct kh_root *root, const char *path, struct kh_file_place *place,
		       struct kh_error *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || !slash[1])
		return kh_fail(err, KH_SYSTEM, EINVAL, "'%s'", path);
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
	place->dir_fd = kh_root_open_at(root, *parent ? parent : "/", O_RDONLY | O_DIRECTORY);
	if (place->dir_fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s'", parent);
	place->name = kh_strdup(slash + 1);
	place->temporary = kh_printf(".%s.kvmhost-new", place->name);
	return 0;
}

int kh_file_place_clean(const struct kh_file_place *place)
{
	if (unlinkat(place->dir_fd, place->temporary, 0) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

/* ---- looking ---- */

/* Those that may not be read (trusted.* without rights) may not be written either. */
void kh_file_look_xattrs(int fd, struct kh_file_state *state)
{
	ssize_t room = flistxattr(fd, NULL, 0);
	if (room <= 0)
		return;
	kh_auto(kh_free) char *names = kh_alloc((size_t)room + 1);
	ssize_t total = flistxattr(fd, names, (size_t)room);
	for (ssize_t at = 0; at < total; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = fgetxattr(fd, names + at, NULL, 0);
		kh_auto(kh_free) char *value = size < 0 ? NULL : kh_alloc((size_t)size + 1);
		if (!value || fgetxattr(fd, names + at, value, (size_t)size) != size)
			continue;
		struct kh_file_xattr *xattr = kh_append(state->xattrs, state->xattr_count);
		xattr->name = kh_strdup(names + at);
		xattr->value = kh_take(value);
		xattr->size = (size_t)size;
	}
}

enum depth { STAT, DIGEST, CONTENT };

static int look_regular(const struct kh_root *root, const char *path, enum depth depth,
			struct kh_file_state *state, struct kh_error *err)
{
	if (depth == STAT)
		return 0;
	kh_auto(kh_close) int fd = kh_root_open_file(root, path, O_RDONLY | O_NOFOLLOW);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	kh_file_look_xattrs(fd, state);
	if (depth == DIGEST)
		return kh_digest_fd(fd, state->digest) == 0
			       ? 0
			       : kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	if (kh_root_read(root, path, &state->content, &state->length, err) != 0)
		return err->message ? -1 : kh_fail(err, KH_SYSTEM, ENOENT, "read '%s'", path);
	kh_digest_bytes(state->content, state->length, state->digest);
	return 0;
}

static int look(const struct kh_root *root, const char *path, enum depth depth,
		struct kh_file_state *ret_state, struct kh_error *err)
{
	struct stat status;
	int found = kh_root_stat(root, path, false, &status, err);
	if (found < 0)
		return -1;
	*ret_state = (struct kh_file_state){.type = KH_FILE_ABSENT};
	if (found == 1)
		return 0;
	kh_file_take_stat(&status, ret_state);
	if (ret_state->type == KH_FILE_REGULAR)
		return look_regular(root, path, depth, ret_state, err);
	if (ret_state->type == KH_FILE_LINK)
		ret_state->target = kh_root_readlink(root, path);
	return 0;
}

void kh_file_take_stat(const struct stat *status, struct kh_file_state *state)
{
	state->type = S_ISREG(status->st_mode)   ? KH_FILE_REGULAR
		      : S_ISDIR(status->st_mode) ? KH_FILE_DIR
		      : S_ISLNK(status->st_mode) ? KH_FILE_LINK
						 : KH_FILE_OTHER;
	state->mode = status->st_mode & 07777;
	state->uid = status->st_uid;
	state->gid = status->st_gid;
	state->mtime = status->st_mtim;
	if (state->type == KH_FILE_REGULAR)
		state->length = (size_t)status->st_size;
}

int kh_file_look(const struct kh_root *root, const char *path, struct kh_file_state *ret_state,
		 struct kh_error *err)
{
	return look(root, path, CONTENT, ret_state, err);
}

int kh_file_look_digest(const struct kh_root *root, const char *path,
			struct kh_file_state *ret_state, struct kh_error *err)
{
	return look(root, path, DIGEST, ret_state, err);
}

int kh_file_look_stat(const struct kh_root *root, const char *path, struct kh_file_state *ret_state,
		      struct kh_error *err)
{
	return look(root, path, STAT, ret_state, err);
}

void kh_file_state_done(struct kh_file_state *state)
{
	free(state->content);
	free(state->target);
	for (size_t i = 0; i < state->xattr_count; i++) {
		free(state->xattrs[i].name);
		free(state->xattrs[i].value);
	}
	free(state->xattrs);
	*state = (struct kh_file_state){.type = KH_FILE_ABSENT};
}

/* ---- putting ---- */

int kh_file_give_attributes(int fd, const struct kh_file_state *meta, const char *path)
{
	struct stat now;
	if (fstat(fd, &now) != 0)
		return -1;
	bool is_owned = now.st_uid == meta->uid && now.st_gid == meta->gid;
	if (!is_owned && kh_sys_fchown(fd, meta->uid, meta->gid, path) != 0)
		return -1;
	if (kh_sys_fchmod(fd, meta->mode, path) != 0)
		return -1;
	for (size_t i = 0; i < meta->xattr_count; i++) {
		const struct kh_file_xattr *xattr = &meta->xattrs[i];
		if (kh_sys_fsetxattr(fd, xattr->name, xattr->value, xattr->size, path) != 0 &&
		    errno != ENOTSUP)
			return -1;
	}
	return 0;
}

static int write_temporary(const struct kh_file_place *place, const char *content, size_t length,
			   const struct kh_file_state *meta, const char *path)
{
	int flags = O_WRONLY | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = kh_sys_create(place->dir_fd, place->temporary, flags, 0600);
	if (fd < 0)
		return -1;
	int result = kh_sys_write_all(fd, content, length, path);
	if (result == 0)
		result = kh_file_give_attributes(fd, meta, path);
	if (result == 0)
		result = kh_sys_fsync(fd, path);
	if (result != 0) {
		kh_close(&fd);
		return -1;
	}
	return kh_sys_close(fd, path);
}

int kh_file_place_publish(const struct kh_file_place *place, const char *path)
{
	if (kh_sys_rename(place->dir_fd, place->temporary, place->name) != 0)
		return -1;
	return kh_sys_fsync(place->dir_fd, path);
}

static int put_at(const struct kh_root *root, const char *settled, const char *path,
		  const char *content, size_t length, const struct kh_file_state *meta,
		  struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, settled, &place, err) != 0 || kh_file_place_clean(&place) != 0)
		return err->message ? kh_wrap(err, "write '%s'", path)
				    : kh_fail(err, KH_SYSTEM, errno, "write '%s'", path);
	if (write_temporary(&place, content, length, meta, path) != 0 ||
	    kh_file_place_publish(&place, path) != 0) {
		int error = errno;
		kh_file_place_clean(&place);
		return kh_fail(err, KH_SYSTEM, error, "write '%s'", path);
	}
	return 0;
}

int kh_file_put(const struct kh_root *root, const char *path, const char *content, size_t length,
		const struct kh_file_state *meta, struct kh_error *err)
{
	kh_auto(kh_free) char *settled = kh_root_resolve(root, path);
	if (!settled)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", path);
	return put_at(root, settled, path, content, length, meta, err);
}

int kh_file_put_itself(const struct kh_root *root, const char *path, const char *content,
		       size_t length, const struct kh_file_state *meta, struct kh_error *err)
{
	return put_at(root, path, path, content, length, meta, err);
}

int kh_file_link(const struct kh_root *root, const char *path, const char *target,
		 struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0)
		return kh_wrap(err, "link '%s'", path);
	if (kh_file_place_clean(&place) != 0 ||
	    kh_sys_symlink(target, place.dir_fd, place.temporary) != 0 ||
	    kh_file_place_publish(&place, path) != 0) {
		int error = errno;
		kh_file_place_clean(&place);
		return kh_fail(err, KH_SYSTEM, error, "link '%s' to '%s'", path, target);
	}
	return 0;
}

int kh_file_remove(const struct kh_root *root, const char *path, struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0)
		return kh_wrap(err, "remove '%s'", path);
	if (kh_sys_unlink(place.dir_fd, place.name, 0) != 0 ||
	    kh_sys_fsync(place.dir_fd, path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "remove '%s'", path);
	return 0;
}

int kh_file_make_dir(const struct kh_root *root, const char *path, mode_t mode,
		     struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0)
		return kh_wrap(err, "make directory '%s'", path);
	mode_t mask = umask(0);
	int made = kh_sys_mkdir(place.dir_fd, place.name, mode);
	int error = errno;
	umask(mask);
	if (made != 0)
		return kh_fail(err, KH_SYSTEM, error, "make directory '%s'", path);
	if (kh_sys_fsync(place.dir_fd, path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", path);
	return 0;
}

int kh_file_remove_dir(const struct kh_root *root, const char *path, struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0)
		return kh_wrap(err, "remove directory '%s'", path);
	if (kh_sys_unlink(place.dir_fd, place.name, AT_REMOVEDIR) != 0) {
		if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY)
			return 1;
		return kh_fail(err, KH_SYSTEM, errno, "remove directory '%s'", path);
	}
	if (kh_sys_fsync(place.dir_fd, path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "remove directory '%s'", path);
	return 0;
}

int kh_file_set_value(const struct kh_root *root, const char *path, const char *value,
		      struct kh_error *err)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_WRONLY);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "set '%s' to '%s'", path, value);
	size_t length = strlen(value);
	if (kh_sys_write(fd, value, length, path) != (ssize_t)length)
		return kh_fail(err, KH_SYSTEM, errno, "set '%s' to '%s'", path, value);
	return 0;
}

static int clean_beside(const struct kh_root *root, const char *path, struct kh_error *err)
{
	kh_auto(kh_file_place_done) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (kh_file_place_open(root, path, &place, err) != 0) {
		kh_error_done(err);
		return 0; /* no parent directory: nothing can be left in it */
	}
	if (kh_file_place_clean(&place) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "clean up beside '%s'", path);
	return 0;
}

int kh_file_clean(const struct kh_root *root, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *settled = kh_root_resolve(root, path);
	if (clean_beside(root, path, err) != 0)
		return -1;
	return settled && strcmp(settled, path) != 0 ? clean_beside(root, settled, err) : 0;
}
