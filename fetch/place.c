/* place.c - see place.h. */
#include "fetch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"

void kh_place_open(struct kh_place *place, int root_fd)
{
	*place = (struct kh_place){.root_fd = root_fd, .parent_fd = -1};
}

void kh_place_done(struct kh_place *place)
{
	kh_close(&place->parent_fd);
	kh_free(&place->parent);
}

static int fail(struct kh_error *err, const char *path)
{
	if (errno == EEXIST)
		return kh_fail(err, KH_HOST, 0, "member '%s': its name is there twice", path);
	if (errno == ENOTDIR || errno == ELOOP)
		return kh_fail(err, KH_HOST, 0,
			       "member '%s': a directory above it is a link or a file", path);
	return kh_fail(err, KH_SYSTEM, errno, "unpack '%s'", path);
}

/* One step down, made when missing. */
static int enter(struct kh_place *place, int dir_fd, const char *name)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	int fd = openat(dir_fd, name, FLAGS);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	place->made++;
	return mkdirat(dir_fd, name, 0755) == 0 ? openat(dir_fd, name, FLAGS) : -1;
}

/* The directory at PATH ("" is the root), opened step by step. */
static int enter_all(struct kh_place *place, const char *path)
{
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_split(&parts, path, "/");
	kh_auto(kh_close) int fd = fcntl(place->root_fd, F_DUPFD_CLOEXEC, 0);
	for (size_t i = 0; i < parts.count && fd >= 0; i++) {
		int next = enter(place, fd, parts.items[i]);
		kh_close(&fd);
		fd = next;
	}
	int result = fd;
	fd = -1;
	return result;
}

/* Where PATH goes: the descriptor of its directory, kept for the next one; *ret_name is its last
 * component. */
static int parent_of(struct kh_place *place, const char *path, const char **ret_name,
		     struct kh_error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	*ret_name = slash ? slash + 1 : path;
	if (place->parent_fd >= 0 && strlen(place->parent) == length &&
	    strncmp(place->parent, path, length) == 0)
		return 0;
	kh_place_done(place);
	place->parent = kh_strndup(path, length);
	place->parent_fd = enter_all(place, place->parent);
	return place->parent_fd >= 0 ? 0 : fail(err, path);
}

static int set_time(int dir_fd, const char *name, struct timespec changed)
{
	const struct timespec times[2] = {changed, changed};
	return utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static int put_dir(struct kh_place *place, const char *path, struct kh_error *err)
{
	kh_auto(kh_close) int fd = enter_all(place, path);
	return fd >= 0 ? 0 : fail(err, path);
}

/* Landlock before its second version allows no link into another directory, whatever the rules say:
 * there the file is copied. Source: Documentation/userspace-api/landlock.rst, "File renaming and
 * linking (ABI < 2)". */
static int copy(int from_dir, const char *from_name, int to_dir, const char *to_name)
{
	char block[65536];
	struct stat status;
	kh_auto(kh_close) int from = openat(from_dir, from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || fstat(from, &status) != 0)
		return -1;
	kh_auto(kh_close) int to =
		openat(to_dir, to_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode);
	ssize_t got = to < 0 ? -1 : 1;
	while (got > 0) {
		got = read(from, block, sizeof(block));
		if (got > 0 && write(to, block, (size_t)got) != got)
			return -1;
	}
	const struct timespec times[2] = {status.st_mtim, status.st_mtim};
	return got < 0 ? -1 : futimens(to, times);
}

static int put_hardlink(struct kh_place *place, const struct kh_member *member,
			struct kh_error *err)
{
	const char *from_name = NULL, *name = NULL;
	struct stat status;
	if (parent_of(place, member->target, &from_name, err) != 0)
		return -1;
	kh_auto(kh_close) int from = fcntl(place->parent_fd, F_DUPFD_CLOEXEC, 0);
	if (fstatat(from, from_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
		return kh_fail(err, KH_HOST, 0,
			       "member '%s': a hard link to '%s', which is no file before it",
			       member->path, member->target);
	if (parent_of(place, member->path, &name, err) != 0)
		return -1;
	if (linkat(from, from_name, place->parent_fd, name, 0) == 0)
		return 0;
	bool is_barred = errno == EXDEV || errno == EMLINK;
	if (is_barred && copy(from, from_name, place->parent_fd, name) == 0)
		return 0;
	return fail(err, member->path);
}

int kh_place_put(struct kh_place *place, const struct kh_member *member, struct kh_error *err)
{
	const char *name = NULL;
	if (member->type == KH_MEMBER_DIR)
		return put_dir(place, member->path, err);
	if (member->type == KH_MEMBER_HARDLINK)
		return put_hardlink(place, member, err);
	if (parent_of(place, member->path, &name, err) != 0)
		return -1;
	if (symlinkat(member->target, place->parent_fd, name) != 0)
		return fail(err, member->path);
	return set_time(place->parent_fd, name, member->changed) == 0 ? 0 : fail(err, member->path);
}

int kh_place_begin(struct kh_place *place, const struct kh_member *member, int *ret_fd,
		   struct kh_error *err)
{
	const char *name = NULL;
	if (parent_of(place, member->path, &name, err) != 0)
		return -1;
	int fd = openat(place->parent_fd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, member->mode);
	if (fd < 0)
		return fail(err, member->path);
	*ret_fd = fd;
	return 0;
}

int kh_place_end(const struct kh_member *member, int *fd, struct kh_error *err)
{
	const struct timespec times[2] = {member->changed, member->changed};
	int result = futimens(*fd, times);
	int open_fd = *fd;
	*fd = -1;
	return close(open_fd) == 0 && result == 0 ? 0 : fail(err, member->path);
}
