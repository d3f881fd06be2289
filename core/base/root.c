/* root.c - see root.h. */
#include "core/base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"

enum { MOST_LINKS = 40, MOST_TRIES = 100 };

int kh_root_open(const char *host_path, struct kh_root *ret_root, struct kh_error *err)
{
	kh_auto(kh_free) char *real = realpath(host_path, NULL);
	if (!real)
		return kh_fail(err, KH_USAGE, errno, "root '%s'", host_path);
	int fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return kh_fail(err, KH_USAGE, errno, "root '%s'", host_path);
	ret_root->fd = fd;
	ret_root->is_live = strcmp(real, "/") == 0;
	ret_root->host_path = kh_take(real);
	return 0;
}

void kh_root_done(struct kh_root *root)
{
	kh_close(&root->fd);
	kh_free(&root->host_path);
	root->is_live = false;
}

/* ---- following links in user space: used for resolve, and where openat2 is missing ---- */

struct walk {
	struct kh_strv done;  /* components that are settled */
	struct kh_strv ahead; /* components still to look at, last one first */
	int links;
};

static void walk_done(struct walk *walk)
{
	kh_strv_done(&walk->done);
	kh_strv_done(&walk->ahead);
}

static void push_components(struct walk *walk, const char *path)
{
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_split(&parts, path, "/");
	for (size_t i = parts.count; i > 0; i--)
		kh_strv_add(&walk->ahead, parts.items[i - 1]);
}

static char *walk_path(const struct walk *walk, const char *last)
{
	kh_auto(kh_free) char *joined = kh_strv_join(&walk->done, "/");
	return kh_printf("%s%s%s", joined, *joined ? "/" : "", last);
}

/* Settle one component. Returns 0, or -1 with errno ELOOP. */
static int walk_step(const struct kh_root *root, struct walk *walk, bool follow_last)
{
	kh_auto(kh_free) char *name = kh_strdup(walk->ahead.items[walk->ahead.count - 1]);
	kh_strv_remove(&walk->ahead, walk->ahead.count - 1);
	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		if (walk->done.count > 0)
			kh_strv_remove(&walk->done, walk->done.count - 1);
		return 0;
	}
	kh_auto(kh_free) char *here = walk_path(walk, name);
	char target[PATH_MAX];
	ssize_t length = -1;
	if (follow_last || walk->ahead.count > 0)
		length = readlinkat(root->fd, here, target, sizeof(target) - 1);
	if (length < 0) {
		kh_strv_add(&walk->done, name);
		return 0;
	}
	target[length] = '\0';
	if (++walk->links > MOST_LINKS) {
		errno = ELOOP;
		return -1;
	}
	if (target[0] == '/')
		kh_strv_done(&walk->done);
	push_components(walk, target);
	return 0;
}

static char *resolve(const struct kh_root *root, const char *path, bool follow_last)
{
	kh_auto(walk_done) struct walk walk = {0};
	push_components(&walk, path);
	while (walk.ahead.count > 0)
		if (walk_step(root, &walk, follow_last) != 0)
			return NULL;
	kh_auto(kh_free) char *joined = kh_strv_join(&walk.done, "/");
	return kh_printf("/%s", joined);
}

char *kh_root_resolve(const struct kh_root *root, const char *path)
{
	return resolve(root, path, true);
}

static int open_by_walk(const struct kh_root *root, const char *path, int flags)
{
	kh_auto(kh_free) char *settled = resolve(root, path, (flags & O_NOFOLLOW) == 0);
	if (!settled)
		return -1;
	const char *below = settled[1] ? settled + 1 : ".";
	return openat(root->fd, below, flags | O_NOFOLLOW | O_CLOEXEC);
}

int kh_root_open_at(const struct kh_root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned long long)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1, tries = 0;
	/* EAGAIN: somewhere on the machine a rename went on while a ".." was followed (/sys is full
	 * of them), and the kernel could not tell that it led nowhere else. Source: openat2(2). */
	do
		fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < MOST_TRIES);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return open_by_walk(root, path, flags);
	return fd;
}

/* ---- looking ---- */

static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

int kh_root_stat(const struct kh_root *root, const char *path, bool follow, struct stat *ret_status,
		 struct kh_error *err)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0 && is_absent(errno))
		return 1;
	if (fd < 0 || fstat(fd, ret_status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", path);
	return 0;
}

static bool stat_quietly(const struct kh_root *root, const char *path, struct stat *status)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	return kh_root_stat(root, path, true, status, &ignored) == 0;
}

bool kh_root_exists(const struct kh_root *root, const char *path)
{
	struct stat status;
	return stat_quietly(root, path, &status);
}

bool kh_root_is_dir(const struct kh_root *root, const char *path)
{
	struct stat status;
	return stat_quietly(root, path, &status) && S_ISDIR(status.st_mode);
}

bool kh_root_is_executable(const struct kh_root *root, const char *path)
{
	struct stat status;
	return stat_quietly(root, path, &status) && S_ISREG(status.st_mode) &&
	       (status.st_mode & 0111) != 0;
}

char *kh_root_readlink(const struct kh_root *root, const char *path)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_PATH | O_NOFOLLOW);
	char target[PATH_MAX];
	ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
	return length < 0 ? NULL : kh_strndup(target, (size_t)length);
}

void kh_root_list(const struct kh_root *root, const char *path, struct kh_strv *names)
{
	int fd = kh_root_open_at(root, path, O_RDONLY | O_DIRECTORY);
	kh_auto(kh_closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		kh_close(&fd);
		return;
	}
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			kh_strv_add(&found, entry->d_name);
	kh_strv_sort(&found);
	kh_strv_copy(names, &found);
}

const char *kh_root_find_program(const struct kh_root *root, const char *const *candidates)
{
	for (; *candidates; candidates++)
		if (kh_root_is_executable(root, *candidates))
			return *candidates;
	return NULL;
}

char *kh_root_which(const struct kh_root *root, const char *name)
{
	static const char *const places[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					     "/usr/bin",        "/sbin",          "/bin"};
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", places[i], name);
		if (kh_root_is_executable(root, path))
			return kh_take(path);
	}
	return NULL;
}
