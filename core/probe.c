/* probe.c - see probe.h. */
#include "core/probe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"

/* statvfs of the nearest existing thing at or above path. */
static int look(const struct kh_root *root, const char *path, struct statvfs *ret_system)
{
	kh_auto(kh_free) char *at = kh_strdup(path);
	for (;;) {
		kh_auto(kh_close) int fd = kh_root_open_at(root, at, O_RDONLY | O_DIRECTORY);
		if (fd >= 0)
			return fstatvfs(fd, ret_system);
		char *slash = strrchr(at, '/');
		if (!slash || strcmp(at, "/") == 0)
			return -1;
		slash[slash == at ? 1 : 0] = '\0';
	}
}

long long kh_probe_free_bytes(const struct kh_root *root, const char *path)
{
	struct statvfs system;
	if (look(root, path, &system) != 0)
		return -1;
	return (long long)system.f_bfree * (long long)system.f_frsize;
}

bool kh_probe_is_read_only(const struct kh_root *root, const char *path)
{
	struct statvfs system;
	return look(root, path, &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

bool kh_probe_is_superuser(void)
{
	return geteuid() == 0;
}

/* ---- package managers ---- */

static void found(const struct kh_root *root, const char *path, long long pid,
		  struct kh_probe_lock *ret_lock)
{
	ret_lock->path = kh_strdup(path);
	ret_lock->pid = pid > 0 ? pid : 0;
	ret_lock->program = pid > 0 ? kh_root_linef(root, "/proc/%lld/comm", pid) : NULL;
}

/* Does somebody hold the lock for writing? Readers (rpm -qa) do no harm. */
static bool is_locked(const struct kh_root *root, const char *path, struct kh_probe_lock *ret_lock)
{
	kh_auto(kh_close) int fd = kh_root_open_file(root, path, O_RDONLY);
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	found(root, path, lock.l_pid, ret_lock);
	return true;
}

/* yum and dnf leave a file with their pid while they work; one of a dead process is stale. */
static bool is_pid_alive(const struct kh_root *root, const char *path,
			 struct kh_probe_lock *ret_lock)
{
	long long pid = kh_root_number(root, path);
	kh_auto(kh_free) char *comm = pid > 0 ? kh_root_linef(root, "/proc/%lld/comm", pid) : NULL;
	static const char *const names[] = {"yum", "dnf", "packagekit", "python"};
	for (size_t i = 0; comm && i < KH_COUNT(names); i++)
		if (kh_str_starts(comm, names[i])) {
			found(root, path, pid, ret_lock);
			return true;
		}
	return false;
}

void kh_probe_package_manager(const struct kh_root *root, struct kh_probe_lock *ret_lock)
{
	static const char *const locks[] = {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
					    "/var/lib/rpm/.rpm.lock",
					    "/usr/lib/sysimage/rpm/.rpm.lock"};
	static const char *const pids[] = {"/run/yum.pid", "/var/run/yum.pid",
					   "/var/lib/dnf/rpmdb_lock.pid"};
	*ret_lock = (struct kh_probe_lock){0};
	if (!root->is_live)
		return;
	for (size_t i = 0; i < KH_COUNT(locks); i++)
		if (is_locked(root, locks[i], ret_lock))
			return;
	for (size_t i = 0; i < KH_COUNT(pids); i++)
		if (is_pid_alive(root, pids[i], ret_lock))
			return;
}

void kh_probe_lock_done(struct kh_probe_lock *lock)
{
	kh_free(&lock->path);
	kh_free(&lock->program);
}

/* ---- local sockets ---- */

bool kh_probe_is_listening(const struct kh_root *root, const char *path)
{
	enum { FLAGS = 3, PATH = 7, ACCEPTS = 0x10000 };
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/net/unix");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " ");
		if (words.count > PATH && strcmp(words.items[PATH], path) == 0 &&
		    (strtoul(words.items[FLAGS], NULL, 16) & ACCEPTS))
			return true;
	}
	return false;
}

bool kh_probe_answers(const struct kh_root *root, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval second = {.tv_sec = 1};
	if (!root->is_live || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	kh_auto(kh_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second)) != 0)
		return false;
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}
