/* store_tree.c - see store_tree.h. */
#include "core/store_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/sys.h"

enum { BLOCK_BYTES = 1 << 18, LINK_MOST = 4096, DEPTH_MOST = 64 };

/* Names of an open directory, sorted: lists and copies do not depend on the order on disk. */
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
	kh_strv_sort(names);
	return 0;
}

static int open_entry(int dir_fd, const char *name, int flags)
{
	return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
}

static char *read_link(int dir_fd, const char *name)
{
	char target[LINK_MOST + 1];
	ssize_t length = readlinkat(dir_fd, name, target, LINK_MOST);
	return length < 0 ? NULL : kh_strndup(target, (size_t)length);
}

/* ---- copying ---- */

struct copy {
	uid_t owner;
	struct kh_error *err;
};

static int copy_all(const struct copy *copy, int from_fd, int to_fd, const char *path, int depth);

static int copy_bytes(int from, int to, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *block = kh_alloc(BLOCK_BYTES);
	ssize_t got;
	do {
		got = read(from, block, BLOCK_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || kh_sys_write_all(to, block, (size_t)got, path) != 0)
			return kh_fail(err, KH_SYSTEM, errno, "copy '%s'", path);
	} while (got != 0);
	return 0;
}

static int check(const struct copy *copy, const struct stat *status, const char *path)
{
	if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode) && !S_ISLNK(status->st_mode))
		return kh_fail(copy->err, KH_HOST, 0,
			       "'%s' of the tree is neither file, directory nor link", path);
	if (copy->owner != (uid_t)-1 && status->st_uid != copy->owner)
		return kh_fail(copy->err, KH_HOST, 0,
			       "'%s' of the tree belongs to account %u, not to %u who made it",
			       path, status->st_uid, copy->owner);
	if (S_ISREG(status->st_mode) && (status->st_mode & (S_ISUID | S_ISGID)))
		return kh_fail(copy->err, KH_HOST, 0,
			       "'%s' of the tree would run with another account's rights (mode "
			       "%04o)",
			       path, status->st_mode & 07777);
	return 0;
}

static int copy_file(const struct copy *copy, int from, int to_dir, const char *name,
		     const char *path)
{
	struct stat status;
	if (fstat(from, &status) != 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "look at '%s'", path);
	if (check(copy, &status, path) != 0) /* what is open now, whatever its name was before */
		return -1;
	kh_auto(kh_close) int to = kh_sys_create(to_dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (to < 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
	if (copy_bytes(from, to, path, copy->err) != 0)
		return -1;
	return kh_sys_fchmod(to, status.st_mode & 0755, path) == 0
		       ? 0
		       : kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
}

static int copy_dir(const struct copy *copy, int from, int to_dir, const char *name,
		    const char *path, int depth)
{
	struct stat status;
	if (fstat(from, &status) != 0 || kh_sys_mkdir(to_dir, name, 0700) != 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
	if (check(copy, &status, path) != 0)
		return -1;
	kh_auto(kh_close) int to = open_entry(to_dir, name, O_DIRECTORY);
	if (to < 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
	if (copy_all(copy, from, to, path, depth + 1) != 0)
		return -1;
	return kh_sys_fchmod(to, status.st_mode & 0755, path) == 0
		       ? 0
		       : kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
}

static int copy_link(const struct copy *copy, int from_dir, int to_dir, const char *name,
		     const char *path)
{
	kh_auto(kh_free) char *target = read_link(from_dir, name);
	if (!target || kh_sys_symlink(target, to_dir, name) != 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "copy '%s'", path);
	return 0;
}

static int copy_entry(const struct copy *copy, int from_dir, int to_dir, const char *name,
		      const char *path, int depth)
{
	struct stat status;
	if (fstatat(from_dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "look at '%s'", path);
	if (check(copy, &status, path) != 0)
		return -1;
	if (S_ISLNK(status.st_mode))
		return copy_link(copy, from_dir, to_dir, name, path);
	bool is_dir = S_ISDIR(status.st_mode);
	kh_auto(kh_close) int from = open_entry(from_dir, name, is_dir ? O_DIRECTORY : 0);
	if (from < 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "open '%s'", path);
	return is_dir ? copy_dir(copy, from, to_dir, name, path, depth)
		      : copy_file(copy, from, to_dir, name, path);
}

static int copy_all(const struct copy *copy, int from_fd, int to_fd, const char *path, int depth)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (depth > DEPTH_MOST)
		return kh_fail(copy->err, KH_HOST, 0, "'%s' of the tree is too deep", path);
	if (list_names(from_fd, &names) != 0)
		return kh_fail(copy->err, KH_SYSTEM, errno, "list '%s'", path);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", path, names.items[i]);
		if (copy_entry(copy, from_fd, to_fd, names.items[i], child, depth) != 0)
			return -1;
	}
	return 0;
}

int kh_store_tree_copy(int from_fd, int to_fd, uid_t owner, struct kh_error *err)
{
	struct copy copy = {.owner = owner, .err = err};
	return copy_all(&copy, from_fd, to_fd, "", 0);
}

/* ---- listing ---- */

static int digest_of(int fd, char ret_hex[KH_DIGEST_SIZE], long long *ret_size)
{
	kh_auto(kh_free) char *block = kh_alloc(BLOCK_BYTES);
	struct kh_digest digest;
	ssize_t got;
	*ret_size = 0;
	kh_digest_begin(&digest);
	do {
		got = read(fd, block, BLOCK_BYTES);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			kh_digest_add(&digest, block, (size_t)got);
		*ret_size += got > 0 ? got : 0;
	} while (got != 0);
	kh_digest_end(&digest, ret_hex);
	return 0;
}

static int list_all(int dir_fd, const char *path, json_t *files, struct kh_error *err);

static int list_file(int fd, mode_t mode, const char *path, json_t *files, struct kh_error *err)
{
	char sha256[KH_DIGEST_SIZE];
	long long size = 0;
	if (digest_of(fd, sha256, &size) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	json_array_append_new(files, json_pack("{s:s, s:s, s:i, s:I, s:s}", "path", path, "type",
					       "file", "mode", (int)(mode & 07777), "size",
					       (json_int_t)size, "sha256", sha256));
	return 0;
}

static int list_link(int dir_fd, const char *name, const char *path, json_t *files,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *target = read_link(dir_fd, name);
	json_t *file = target ? json_pack("{s:s, s:s, s:s}", "path", path, "type", "link", "target",
					  target)
			      : NULL;
	if (!file)
		return kh_fail(err, KH_HOST, 0, "link '%s' of the tree leads nowhere sensible",
			       path);
	json_array_append_new(files, file);
	return 0;
}

static int list_entry(int dir_fd, const char *name, const char *path, json_t *files,
		      struct kh_error *err)
{
	struct stat status;
	json_t *text = json_string(path);
	if (!text)
		return kh_fail(err, KH_HOST, 0, "the tree has a name that is not UTF-8");
	json_decref(text);
	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", path);
	if (S_ISLNK(status.st_mode))
		return list_link(dir_fd, name, path, files, err);
	bool is_dir = S_ISDIR(status.st_mode);
	if (!is_dir && !S_ISREG(status.st_mode))
		return kh_fail(err, KH_HOST, 0,
			       "'%s' of the tree is neither file, directory nor link", path);
	kh_auto(kh_close) int fd = open_entry(dir_fd, name, is_dir ? O_DIRECTORY : 0);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", path);
	if (!is_dir)
		return list_file(fd, status.st_mode, path, files, err);
	json_array_append_new(files, json_pack("{s:s, s:s, s:i}", "path", path, "type", "directory",
					       "mode", (int)(status.st_mode & 07777)));
	return list_all(fd, path, files, err);
}

static int list_all(int dir_fd, const char *path, json_t *files, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (list_names(dir_fd, &names) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "list '%s'", path);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", path, names.items[i]);
		if (list_entry(dir_fd, names.items[i], child, files, err) != 0)
			return -1;
	}
	return 0;
}

int kh_store_tree_list(int tree_fd, json_t **ret_files, struct kh_error *err)
{
	json_t *files = json_array();
	if (list_all(tree_fd, "", files, err) != 0) {
		json_decref(files);
		return -1;
	}
	*ret_files = files;
	return 0;
}
