/* sys.h - the system calls that change something on disk, each behind one door.
 *
 * Everything kvmhost writes goes through these wrappers, so that the tests can stop the process
 * before, or fail, the n-th of them: kh_sys_hook is called before each call with its name and the
 * path or name it works on; what it returns other than 0 becomes errno of a failed call. It is NULL
 * in normal use. All return what the system call returns, with errno set.
 */
#ifndef KH_BASE_SYS_H
#define KH_BASE_SYS_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

extern int (*kh_sys_hook)(const char *call, const char *path);

int kh_sys_create(int dir_fd, const char *name, int flags, mode_t mode); /* openat with O_CREAT */
ssize_t kh_sys_write(int fd, const void *bytes, size_t length, const char *path);
int kh_sys_fsync(int fd, const char *path);
int kh_sys_close(int fd, const char *path); /* of a file that was written */
int kh_sys_fchmod(int fd, mode_t mode, const char *path);
int kh_sys_fchown(int fd, uid_t uid, gid_t gid, const char *path);
int kh_sys_fsetxattr(int fd, const char *name, const void *value, size_t size, const char *path);
int kh_sys_fallocate(int fd, off_t size, const char *path); /* keeps the file's size */
/* copy_file_range(2), which lets file systems share the blocks; -1 with ENOSYS where there is none.
 */
ssize_t kh_sys_copy_range(int from_fd, int to_fd, size_t length, const char *path);
int kh_sys_futimens(int fd, const struct timespec times[2], const char *path);
int kh_sys_syncfs(int fd);
int kh_sys_rename(int dir_fd, const char *from, const char *to);
int kh_sys_unlink(int dir_fd, const char *name, int flags);
int kh_sys_mkdir(int dir_fd, const char *name, mode_t mode);
int kh_sys_symlink(const char *target, int dir_fd, const char *name);

/* Write all of it; 0 or -1 with errno. */
int kh_sys_write_all(int fd, const void *bytes, size_t length, const char *path);

#endif
