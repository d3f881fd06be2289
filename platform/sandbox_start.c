/* sandbox_start.c - see sandbox_start.h.
 *
 * The child is cloned into its namespaces, becomes the build account, and as the first process of
 * its process namespace forks the step and waits for it; at its own end the kernel kills whatever
 * is left in there. Without namespaces the child is the step.
 *
 * Source: clone(2), user_namespaces(7), pid_namespaces(7), prctl(2): PR_SET_PDEATHSIG is cleared by
 * a change of credentials, so it is set after.
 */
#include "platform/sandbox_start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"

/* What went wrong in the child, through a pipe that a successful exec closes. */
enum where { IN_NAMESPACES, IN_ACCOUNT, IN_DIRECTORY, IN_EXEC };
struct trouble {
	enum where where;
	int error;
};

/* Descriptors of the child: 0 to 2 as usual, this one for trouble, all others closed. */
enum { TROUBLE_FD = 3 };

static pid_t clone_into(int flags)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static int namespaces_for(bool is_own_account)
{
	int flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID;
	return is_own_account ? flags | CLONE_NEWUSER : flags;
}

static int write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, strlen(text));
	close(fd);
	return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* In a new user namespace: the caller stays who it is. Kernels before 3.19 have no setgroups file.
 */
static int map_own_account(uid_t uid, gid_t gid)
{
	char users[64], groups[64];
	snprintf(users, sizeof(users), "%u %u 1\n", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1\n", gid, gid);
	if (write_map("/proc/self/setgroups", "deny") != 0 && errno != ENOENT)
		return -1;
	return write_map("/proc/self/uid_map", users) == 0 &&
			       write_map("/proc/self/gid_map", groups) == 0
		       ? 0
		       : -1;
}

int kh_sandbox_probe(bool is_own_account)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t child = clone_into(namespaces_for(is_own_account));
	if (child < 0)
		return -1;
	if (child == 0)
		_exit(!is_own_account || map_own_account(uid, gid) == 0 ? 0 : errno);
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	return errno == 0 ? 0 : -1;
}

/* ---- in the child: nothing here returns after a failure ---- */

static void give_up(enum where where)
{
	struct trouble trouble = {where, errno};
	ssize_t ignored = write(TROUBLE_FD, &trouble, sizeof(trouble));
	(void)ignored;
	_exit(127);
}

static void close_from(unsigned first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	struct rlimit limit = {1024, 1024};
	getrlimit(RLIMIT_NOFILE, &limit);
	unsigned last = limit.rlim_cur < 65536 ? (unsigned)limit.rlim_cur : 65536;
	for (unsigned fd = first; fd < last; fd++)
		close((int)fd);
}

static void take_descriptors(const struct kh_sandbox_step *step, int trouble)
{
	/* Out of the way of 0 to 3 first. */
	int null = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, 10);
	int out = fcntl(step->out, F_DUPFD, 10), error = fcntl(step->err, F_DUPFD, 10);
	trouble = fcntl(trouble, F_DUPFD, 10);
	dup2(trouble, TROUBLE_FD);
	fcntl(TROUBLE_FD, F_SETFD, FD_CLOEXEC);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0)
		give_up(IN_EXEC);
	close_from(TROUBLE_FD + 1);
}

static void reset_signals(void)
{
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_account(const struct kh_sandbox *sandbox, bool is_own_account)
{
	if (!is_own_account &&
	    (setgroups(0, NULL) != 0 || setresgid(sandbox->gid, sandbox->gid, sandbox->gid) != 0 ||
	     setresuid(sandbox->uid, sandbox->uid, sandbox->uid) != 0))
		give_up(IN_ACCOUNT);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		give_up(IN_ACCOUNT);
}

static void become_step(const struct kh_sandbox *sandbox, const struct kh_sandbox_step *step)
{
	kh_sandbox_confine(sandbox);
	struct rlimit no_core = {0, 0};
	setrlimit(RLIMIT_CORE, &no_core);
	umask(022);
	if (chdir(step->cwd) != 0)
		give_up(IN_DIRECTORY);
	environ = step->environment; /* also the PATH that execvp searches */
	execvp(step->argv[0], (char *const *)step->argv);
	give_up(IN_EXEC);
}

/* The first process of the namespace: whatever loses its parent comes to it. */
static void wait_for_step(pid_t step)
{
	int status = 0;
	pid_t ended;
	close_from(0);
	do
		ended = waitpid(-1, &status, 0);
	while (ended != step && (ended > 0 || errno == EINTR));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void be_child(const struct kh_sandbox *sandbox, const struct kh_sandbox_step *step,
		     int trouble, bool is_own_account, pid_t parent)
{
	setsid();
	take_descriptors(step, trouble);
	reset_signals();
	if (sandbox->is_isolated && is_own_account &&
	    map_own_account(sandbox->uid, sandbox->gid) != 0)
		give_up(IN_NAMESPACES);
	become_account(sandbox, is_own_account);
	if (!sandbox->is_isolated) {
		if (getppid() != parent)
			_exit(127);
		become_step(sandbox, step);
	}
	pid_t pid = fork();
	if (pid < 0)
		give_up(IN_EXEC);
	if (pid == 0)
		become_step(sandbox, step);
	wait_for_step(pid);
}

/* ---- in the parent ---- */

static int fail_start(const struct kh_sandbox *sandbox, const struct kh_sandbox_step *step,
		      const struct trouble *trouble, struct kh_error *err)
{
	const char *program = step->argv[0];
	switch (trouble->where) {
	case IN_NAMESPACES:
		return kh_fail(err, KH_SYSTEM, trouble->error, "run '%s': make a namespace",
			       program);
	case IN_ACCOUNT:
		return kh_fail(err, KH_SYSTEM, trouble->error,
			       "run '%s': become the build account %u", program, sandbox->uid);
	case IN_DIRECTORY:
		kh_fail(err, KH_SYSTEM, trouble->error,
			"run '%s': enter directory '%s' as the build account %u", program,
			step->cwd, sandbox->uid);
		return trouble->error == EACCES
			       ? kh_hint(err, "every directory above it must let others pass "
					      "(mode o+x), or 'build.store' be another place")
			       : -1;
	case IN_EXEC:
		break;
	}
	return kh_fail(err, KH_PROGRAM, trouble->error, "run '%s'", program);
}

pid_t kh_sandbox_start(const struct kh_sandbox *sandbox, const struct kh_sandbox_step *step,
		       struct kh_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "run '%s'", step->argv[0]);
	kh_auto(kh_close) int reading = ends[0];
	bool is_own_account = geteuid() != 0;
	pid_t parent = getpid();
	pid_t child = clone_into(sandbox->is_isolated ? namespaces_for(is_own_account) : 0);
	if (child == 0)
		be_child(sandbox, step, ends[1], is_own_account, parent);
	int error = errno;
	kh_close(&ends[1]);
	if (child < 0)
		return kh_fail(err, KH_SYSTEM, error, "run '%s': make a process", step->argv[0]);
	struct trouble trouble = {0};
	if (read(reading, &trouble, sizeof(trouble)) != sizeof(trouble))
		return child;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return fail_start(sandbox, step, &trouble, err);
}
