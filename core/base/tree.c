/* tree.c - see tree.h. */
#include "core/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

enum { DEPTH_MOST = 128 };

/* Names in a directory, without "." and ".."; they are read before anything is removed. */
static int list_names(int dir_fd, struct kh_strv *names)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kh_auto(kh_closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		kh_close(&fd);
		return -1;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			kh_strv_add(names, entry->d_name);
	return 0;
}

static int open_dir(int dir_fd, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);
	/* A directory of our own that was made read-only: source trees have such. */
	if (fd < 0 && errno == EACCES && fchmodat(dir_fd, name, 0700, 0) == 0)
		fd = openat(dir_fd, name, flags);
	return fd;
}

struct removal {
	int top_fd; /* of the tree; -1: not open yet */
	unsigned lifted;
	long long *freed_bytes; /* may be NULL */
	struct kh_error *err;
};

/* A program that made directories in directories without end must not be able to make a tree that
 * nobody can remove (descriptors and stack come to an end first): what is too deep is moved to the
 * top, whose entries are gone through once more. */
static int lift(struct removal *removal, int dir_fd, const char *name)
{
	/* To be moved it has to be writable itself. By a descriptor: what has become a link since
	 * is not followed. */
	kh_auto(kh_close) int fd = open_dir(dir_fd, name);
	int result = fd >= 0 ? fchmod(fd, 0700) : -1;
	if (result != 0)
		return kh_fail(removal->err, KH_SYSTEM, errno, "open directory '%s'", name);
	do {
		kh_auto(kh_free) char *place =
			kh_printf(".deep-%d-%u", (int)getpid(), removal->lifted++);
		result = renameat(dir_fd, name, removal->top_fd, place);
	} while (result != 0 && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR));
	return result == 0 ? 0 : kh_fail(removal->err, KH_SYSTEM, errno, "move '%s'", name);
}

static int remove_entry(struct removal *removal, int dir_fd, const char *name, int depth);

static int remove_entries(struct removal *removal, int fd, const char *name, int depth)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (list_names(fd, &names) != 0)
		return kh_fail(removal->err, KH_SYSTEM, errno, "open directory '%s'", name);
	if (names.count > 0 && faccessat(fd, ".", W_OK, 0) != 0)
		fchmod(fd, 0700);
	for (size_t i = 0; i < names.count; i++)
		if (remove_entry(removal, fd, names.items[i], depth + 1) != 0)
			return kh_wrap(removal->err, "in '%s'", name);
	return 0;
}

static int remove_dir(struct removal *removal, int dir_fd, const char *name, int depth)
{
	kh_auto(kh_close) int fd = open_dir(dir_fd, name);
	unsigned lifted;
	if (fd < 0)
		return kh_fail(removal->err, KH_SYSTEM, errno, "open directory '%s'", name);
	if (depth == 0)
		removal->top_fd = fd;
	do {
		lifted = removal->lifted;
		if (remove_entries(removal, fd, name, depth) != 0)
			return -1;
	} while (depth == 0 && removal->lifted > lifted);
	return 0;
}

static int remove_entry(struct removal *removal, int dir_fd, const char *name, int depth)
{
	struct stat status;
	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT
			       ? 0
			       : kh_fail(removal->err, KH_SYSTEM, errno, "remove '%s'", name);
	bool is_dir = S_ISDIR(status.st_mode);
	if (is_dir && depth > DEPTH_MOST)
		return lift(removal, dir_fd, name);
	if (is_dir && remove_dir(removal, dir_fd, name, depth) != 0)
		return -1;
	if (kh_sys_unlink(dir_fd, name, is_dir ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
		return kh_fail(removal->err, KH_SYSTEM, errno, "remove '%s'", name);
	if (removal->freed_bytes && (is_dir || status.st_nlink == 1))
		*removal->freed_bytes += status.st_blocks * 512LL;
	return 0;
}

int kh_tree_remove_at(int dir_fd, const char *name, long long *freed_bytes, struct kh_error *err)
{
	struct removal removal = {.top_fd = -1, .freed_bytes = freed_bytes, .err = err};
	return remove_entry(&removal, dir_fd, name, 0);
}

int kh_tree_remove(const struct kh_root *root, const char *path, long long *freed_bytes,
		   struct kh_error *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || !slash[1])
		return kh_fail(err, KH_SYSTEM, EINVAL, "remove '%s'", path);
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
	kh_auto(kh_close) int fd =
		kh_root_open_at(root, *parent ? parent : "/", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return errno == ENOENT ? 0 : kh_fail(err, KH_SYSTEM, errno, "remove '%s'", path);
	return kh_tree_remove_at(fd, slash + 1, freed_bytes, err) == 0 ? 0
								       : kh_wrap(err, "'%s'", path);
}

static long long bytes_at(int dir_fd, const char *name)
{
	struct stat status;
	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	long long bytes = status.st_blocks * 512LL;
	if (!S_ISDIR(status.st_mode))
		return bytes;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_close) int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || list_names(fd, &names) != 0)
		return bytes;
	for (size_t i = 0; i < names.count; i++)
		bytes += bytes_at(fd, names.items[i]);
	return bytes;
}

long long kh_tree_bytes(const struct kh_root *root, const char *path)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_RDONLY | O_DIRECTORY);
	struct stat status;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (fd >= 0)
		return bytes_at(fd, ".");
	return kh_root_stat(root, path, false, &status, &ignored) == 0 ? status.st_blocks * 512LL
								       : 0;
}

int kh_tree_make_dirs(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
			return -1;
	}
	return kh_root_is_dir(root, path) ? 0 : kh_file_make_dir(root, path, 0755, err);
}
