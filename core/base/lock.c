/* lock.c - see lock.h. */
#include "core/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"

static const char *path_of(const struct kh_root *root)
{
	return root->is_live ? "/run/kvmhost.lock" : "/var/lib/kvmhost/lock";
}

static char *read_holder(int fd)
{
	char holder[256];
	ssize_t length = pread(fd, holder, sizeof(holder) - 1, 0);
	holder[length > 0 ? length : 0] = '\0';
	return kh_strdup(*holder ? kh_str_trim(holder) : "its name is not known");
}

/* It writes its name just after it has the lock. */
static void wait_for_name(int fd)
{
	enum { TRIES = 50 };
	const struct timespec moment = {0, 10000000};
	struct stat status;
	for (int i = 0; i < TRIES && fstat(fd, &status) == 0 && status.st_size == 0; i++)
		nanosleep(&moment, NULL);
}

static int busy(int fd, struct kh_error *err)
{
	wait_for_name(fd);
	kh_auto(kh_free) char *holder = read_holder(fd);
	kh_fail(err, KH_SYSTEM, 0, "another kvmhost is at work: %s", holder);
	return kh_hint(err, "wait until it has ended, then run this again");
}

/* Its content is written over. So it is a file, and has no other name: in a directory of somebody
 * else it could be a hard link to anything. */
static int check_lock_file(int fd, const char *path, struct kh_error *err)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "lock '%s'", path);
	if (S_ISREG(status.st_mode) && status.st_nlink <= 1)
		return 0;
	kh_fail(err, KH_SYSTEM, 0, "lock '%s': not a file of its own", path);
	return kh_hint(err, "look at what it is, and remove it");
}

/* Another run may be making it at the same time. */
static int make_parent(const struct kh_root *root, const char *path, struct kh_error *err)
{
	if (kh_root_exists(root, path) || kh_file_make_dir(root, path, 0755, err) == 0)
		return 0;
	if (err->sys != EEXIST || !kh_root_is_dir(root, path))
		return kh_wrap(err, "lock");
	kh_error_done(err);
	return 0;
}

static int open_lock_file(const struct kh_root *root, int *ret_fd, struct kh_error *err)
{
	const char *path = path_of(root);
	static const char *const parents[] = {"/var", "/var/lib", "/var/lib/kvmhost"};
	for (size_t i = 0; !root->is_live && i < KH_COUNT(parents); i++)
		if (make_parent(root, parents[i], err) != 0)
			return -1;
	const char *name = strrchr(path, '/') + 1;
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(name - path));
	kh_auto(kh_close) int dir = kh_root_open_at(root, parent, O_PATH | O_DIRECTORY);
	int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat status;
	bool is_odd = dir >= 0 && fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		      !S_ISREG(status.st_mode);
	if (is_odd)
		return kh_fail(err, KH_SYSTEM, 0, "lock '%s': not a regular file", path);
	/* who may open it may lock it */
	*ret_fd = dir < 0 ? -1 : openat(dir, name, flags, root->is_live ? 0600 : 0644);
	if (*ret_fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "lock '%s'", path);
	return check_lock_file(*ret_fd, path, err);
}

int kh_lock_take(const struct kh_root *root, const char *command, struct kh_lock *ret_lock,
		 struct kh_error *err)
{
	kh_auto(kh_close) int fd = -1;
	if (open_lock_file(root, &fd, err) != 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return busy(fd, err);
		return kh_fail(err, KH_SYSTEM, errno, "lock");
	}
	kh_auto(kh_free) char *holder = kh_printf("pid %d, '%s'\n", (int)getpid(), command);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, strlen(holder), 0) < 0)
		return kh_fail(err, KH_SYSTEM, errno, "lock");
	ret_lock->fd = fd;
	fd = -1;
	return 0;
}

bool kh_lock_is_held(const struct kh_root *root, char **ret_holder)
{
	kh_auto(kh_close) int fd = kh_root_open_file(root, path_of(root), O_RDONLY | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return false;
	*ret_holder = read_holder(fd);
	return true;
}

void kh_lock_done(struct kh_lock *lock)
{
	kh_close(&lock->fd);
}
