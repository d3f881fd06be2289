/* confine.c - see confine.h. */
#include "fetch/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/landlock.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "fetch/seccomp.h"

/* ---- descriptors ---- */

static bool is_kept(const struct kh_confine *confine, int fd)
{
	for (size_t i = 0; i < confine->fd_count; i++)
		if (confine->fds[i] == fd)
			return true;
	return fd == STDERR_FILENO || (fd == confine->tree_fd && fd >= 0);
}

static void close_others(const struct kh_confine *confine)
{
	kh_auto(kh_closedir) DIR *dir = opendir("/proc/self/fd");
	long most = sysconf(_SC_OPEN_MAX);
	int own = dir ? dirfd(dir) : -1;
	if (!dir) {
		for (int fd = 0; fd < most; fd++)
			if (!is_kept(confine, fd))
				close(fd);
		return;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		long long fd = kh_str_number(entry->d_name);
		if (fd >= 0 && fd != own && !is_kept(confine, (int)fd))
			close((int)fd);
	}
}

/* ---- limits ---- */

static int limit(int resource, long long most)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return -1;
	rlim_t wanted = (rlim_t)most;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted)
		wanted = now.rlim_max;
	const struct rlimit both = {wanted, wanted};
	return setrlimit((__rlimit_resource_t)resource, &both);
}

static int apply_limits(const struct kh_confine *confine)
{
	enum { CPU_SECONDS = 2 * 3600, FILES = 64 };
#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes of addresses */
	if (limit(RLIMIT_AS, 4LL << 30) != 0)
		return -1;
#endif
	return limit(RLIMIT_FSIZE, confine->file_bytes) == 0 &&
			       limit(RLIMIT_CPU, CPU_SECONDS) == 0 &&
			       limit(RLIMIT_NOFILE, FILES) == 0 && limit(RLIMIT_CORE, 0) == 0
		       ? 0
		       : -1;
}

/* ---- no network ---- */

static int put(const char *path, const char *text)
{
	kh_auto(kh_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 ? kh_sys_write_all(fd, text, strlen(text), path) : -1;
}

/* A network namespace has no interface but its own loopback. To make one without being root takes
 * a user namespace, in which our account stays what it is. */
static int leave_network(void)
{
	unsigned uid = geteuid(), gid = getegid();
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return -1;
	kh_auto(kh_free) char *uids = kh_printf("%u %u 1\n", uid, uid);
	kh_auto(kh_free) char *gids = kh_printf("%u %u 1\n", gid, gid);
	return put("/proc/self/setgroups", "deny") == 0 && put("/proc/self/uid_map", uids) == 0 &&
			       put("/proc/self/gid_map", gids) == 0
		       ? 0
		       : -1;
}

/* Half a user namespace (one that may not be mapped) is a trap: no file can be made in it. So it is
 * tried in a child first. */
static bool try_to_leave_network(void)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0)
		_exit(leave_network() == 0 ? 0 : 1);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return child > 0 && status == 0 && leave_network() == 0;
}

/* ---- Landlock ---- */

static struct kh_landlock_ruleset ruleset_of(long version)
{
	struct kh_landlock_ruleset ruleset = {.handled_access_fs = KH_LANDLOCK_FIRST};
	ruleset.handled_access_fs |= version >= 2 ? KH_LANDLOCK_REFER : 0;
	ruleset.handled_access_fs |= version >= 3 ? KH_LANDLOCK_TRUNCATE : 0;
	ruleset.handled_access_fs |= version >= 5 ? KH_LANDLOCK_IOCTL_DEV : 0;
	ruleset.handled_access_net = version >= 4 ? 3 : 0; /* bind and connect of TCP */
	ruleset.scoped = version >= 6 ? 3 : 0;             /* abstract sockets and signals */
	return ruleset;
}

static bool apply_landlock(int tree_fd)
{
	long version = syscall(KH_LANDLOCK_CREATE, NULL, 0, KH_LANDLOCK_VERSION);
	if (version < 1)
		return false;
	struct kh_landlock_ruleset ruleset = ruleset_of(version);
	size_t size = version >= 6   ? sizeof(ruleset)
		      : version >= 4 ? 2 * sizeof(uint64_t)
				     : sizeof(uint64_t);
	kh_auto(kh_close) int rules = (int)syscall(KH_LANDLOCK_CREATE, &ruleset, size, 0);
	struct kh_landlock_path_beneath beneath = {
		.allowed_access =
			(KH_LANDLOCK_WRITE_FILE | KH_LANDLOCK_READ_FILE | KH_LANDLOCK_READ_DIR |
			 KH_LANDLOCK_MAKE_DIR | KH_LANDLOCK_MAKE_REG | KH_LANDLOCK_MAKE_SYM |
			 KH_LANDLOCK_REFER | KH_LANDLOCK_TRUNCATE) &
			ruleset.handled_access_fs,
		.parent_fd = tree_fd,
	};
	if (rules < 0)
		return false;
	if (tree_fd >= 0 &&
	    syscall(KH_LANDLOCK_ADD_RULE, rules, KH_LANDLOCK_PATH_BENEATH, &beneath, 0) != 0)
		return false;
	return syscall(KH_LANDLOCK_RESTRICT_SELF, rules, 0) == 0;
}

int kh_confine_apply(const struct kh_confine *confine, struct kh_strv *ret_active,
		     struct kh_error *err)
{
	close_others(confine);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "confine the unpacking process");
	bool has_network = !try_to_leave_network();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* after it: a process with this cannot map its user */
	if (apply_limits(confine) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "limit the unpacking process");
	kh_strv_add(ret_active, "descriptors");
	kh_strv_add(ret_active, "limits");
	if (!has_network)
		kh_strv_add(ret_active, "network");
	if (apply_landlock(confine->tree_fd))
		kh_strv_add(ret_active, "landlock");
	if (kh_seccomp_apply() == 0)
		kh_strv_add(ret_active, "seccomp");
	return 0;
}
