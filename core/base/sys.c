/* sys.c - see sys.h. */
#include "core/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int (*kh_sys_hook)(const char *call, const char *path);

static bool stopped(const char *call, const char *path)
{
	int wanted_errno = kh_sys_hook ? kh_sys_hook(call, path) : 0;
	if (wanted_errno == 0)
		return false;
	errno = wanted_errno;
	return true;
}

int kh_sys_create(int dir_fd, const char *name, int flags, mode_t mode)
{
	return stopped("create", name) ? -1 : openat(dir_fd, name, flags | O_CREAT, mode);
}

ssize_t kh_sys_write(int fd, const void *bytes, size_t length, const char *path)
{
	return stopped("write", path) ? -1 : write(fd, bytes, length);
}

int kh_sys_fsync(int fd, const char *path)
{
	return stopped("fsync", path) ? -1 : fsync(fd);
}

int kh_sys_close(int fd, const char *path)
{
	if (stopped("close", path)) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return close(fd);
}

int kh_sys_fchmod(int fd, mode_t mode, const char *path)
{
	return stopped("fchmod", path) ? -1 : fchmod(fd, mode);
}

int kh_sys_fchown(int fd, uid_t uid, gid_t gid, const char *path)
{
	return stopped("fchown", path) ? -1 : fchown(fd, uid, gid);
}

int kh_sys_fsetxattr(int fd, const char *name, const void *value, size_t size, const char *path)
{
	return stopped("fsetxattr", path) ? -1 : fsetxattr(fd, name, value, size, 0);
}

int kh_sys_fallocate(int fd, off_t size, const char *path)
{
	return stopped("fallocate", path) ? -1 : fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size);
}

ssize_t kh_sys_copy_range(int from_fd, int to_fd, size_t length, const char *path)
{
	if (stopped("copy_range", path))
		return -1;
#ifdef SYS_copy_file_range
	return syscall(SYS_copy_file_range, from_fd, NULL, to_fd, NULL, length, 0);
#else
	(void)from_fd;
	(void)to_fd;
	(void)length;
	errno = ENOSYS;
	return -1;
#endif
}

int kh_sys_futimens(int fd, const struct timespec times[2], const char *path)
{
	return stopped("futimens", path) ? -1 : futimens(fd, times);
}

int kh_sys_syncfs(int fd)
{
	return stopped("syncfs", "") ? -1 : syncfs(fd);
}

int kh_sys_rename(int dir_fd, const char *from, const char *to)
{
	return stopped("rename", to) ? -1 : renameat(dir_fd, from, dir_fd, to);
}

int kh_sys_unlink(int dir_fd, const char *name, int flags)
{
	return stopped("unlink", name) ? -1 : unlinkat(dir_fd, name, flags);
}

int kh_sys_mkdir(int dir_fd, const char *name, mode_t mode)
{
	return stopped("mkdir", name) ? -1 : mkdirat(dir_fd, name, mode);
}

int kh_sys_symlink(const char *target, int dir_fd, const char *name)
{
	return stopped("symlink", name) ? -1 : symlinkat(target, dir_fd, name);
}

int kh_sys_write_all(int fd, const void *bytes, size_t length, const char *path)
{
	const char *next = bytes;
	while (length > 0) {
		ssize_t written = kh_sys_write(fd, next, length, path);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		next += written;
		length -= (size_t)written;
	}
	return 0;
}
