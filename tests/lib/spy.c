/* spy.c - see spy.h. */
#include "tests/lib/spy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"

void spy_done(struct spy *spy)
{
	kh_strv_done(&spy->opened);
	kh_strv_done(&spy->changed);
}

/* ---- starting and waiting ---- */

static volatile sig_atomic_t is_over;

static void on_alarm(int number)
{
	(void)number;
	is_over = 1;
}

static void set_alarm(unsigned seconds)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* waitpid(2) shall end with EINTR */
	is_over = 0;
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

static pid_t start(const char *const *argv, const char *output, bool is_traced)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	int null = open("/dev/null", O_RDONLY);
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	setpgid(0, 0);
	if (is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(126);
	if (is_traced)
		raise(SIGSTOP);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void spy_only_run(const char *const *argv, const char *output, unsigned timeout_s,
		  struct spy *ret_spy)
{
	int status = 0;
	*ret_spy = (struct spy){0};
	pid_t child = start(argv, output, false);
	set_alarm(timeout_s);
	while (waitpid(child, &status, 0) != child)
		if (is_over) {
			ret_spy->timed_out = true;
			kill(-child, SIGKILL);
		}
	alarm(0);
	ret_spy->status = code_of(status);
}

/* ---- what a call was about ---- */

#ifdef __x86_64__

static char *text_at(pid_t pid, unsigned long long address)
{
	char text[PATH_MAX + 1] = "";
	/* Not over the end of a page: what is behind it may not be there. */
	for (size_t done = 0; done < PATH_MAX;) {
		size_t piece = 4096 - (address + done) % 4096;
		piece = piece > PATH_MAX - done ? PATH_MAX - done : piece;
		struct iovec to = {text + done, piece};
		struct iovec from = {(void *)(uintptr_t)(address + done), piece};
		if (process_vm_readv(pid, &to, 1, &from, 1, 0) <= 0 ||
		    memchr(text + done, '\0', piece))
			break;
		done += piece;
	}
	return kh_strdup(text);
}

static char *descriptor_path(pid_t pid, long long fd)
{
	char target[PATH_MAX + 1];
	kh_auto(kh_free) char *link = fd == AT_FDCWD ? kh_printf("/proc/%d/cwd", (int)pid)
						     : kh_printf("/proc/%d/fd/%lld", (int)pid, fd);
	ssize_t length = readlink(link, target, PATH_MAX);
	return kh_strndup(target, length > 0 ? (size_t)length : 0);
}

static char *path_at(pid_t pid, int dir_fd, unsigned long long address)
{
	kh_auto(kh_free) char *name = text_at(pid, address);
	kh_auto(kh_free) char *dir = descriptor_path(pid, dir_fd);
	return *name == '/' ? kh_strdup(name) : kh_printf("%s/%s", dir, name);
}

static void add_once(struct kh_strv *list, const char *text)
{
	if (!kh_strv_has(list, text))
		kh_strv_add(list, text);
}

/* Calls that change something by name: which arguments are directory and name (-1: none), or
 * which is the descriptor (name -1). */
static const struct call {
	long number;
	const char *name;
	int dir, path;
} calls[] = {
	{SYS_rename, "rename", -1, 0},
	{SYS_rename, "rename to", -1, 1},
	{SYS_renameat, "rename", 0, 1},
	{SYS_renameat, "rename to", 2, 3},
	{SYS_renameat2, "rename", 0, 1},
	{SYS_renameat2, "rename to", 2, 3},
	{SYS_unlink, "unlink", -1, 0},
	{SYS_unlinkat, "unlink", 0, 1},
	{SYS_mkdir, "mkdir", -1, 0},
	{SYS_mkdirat, "mkdir", 0, 1},
	{SYS_rmdir, "rmdir", -1, 0},
	{SYS_mknod, "mknod", -1, 0},
	{SYS_mknodat, "mknod", 0, 1},
	{SYS_symlink, "symlink", -1, 1},
	{SYS_symlinkat, "symlink", 1, 2},
	{SYS_link, "link", -1, 1},
	{SYS_linkat, "link", 2, 3},
	{SYS_chmod, "chmod", -1, 0},
	{SYS_fchmodat, "chmod", 0, 1},
	{SYS_chown, "chown", -1, 0},
	{SYS_lchown, "chown", -1, 0},
	{SYS_fchownat, "chown", 0, 1},
	{SYS_truncate, "truncate", -1, 0},
	{SYS_utimensat, "utime", 0, 1},
	{SYS_setxattr, "setxattr", -1, 0},
	{SYS_lsetxattr, "setxattr", -1, 0},
	{SYS_fchmod, "chmod", 0, -1},
	{SYS_fchown, "chown", 0, -1},
	{SYS_fsetxattr, "setxattr", 0, -1},
	{SYS_ftruncate, "truncate", 0, -1},
	{SYS_mount, "mount", -1, 1},
	{SYS_umount2, "umount", -1, 0},
	{SYS_pivot_root, "pivot_root", -1, 0},
	{SYS_init_module, "init_module", -1, -1},
	{SYS_finit_module, "module", 0, -1},
	{SYS_delete_module, "delete_module", -1, 0},
	{SYS_reboot, "reboot", -1, -1},
	{SYS_sethostname, "sethostname", -1, 0},
};

static void see_entry(pid_t pid, const struct user_regs_struct *regs, struct spy *spy)
{
	const unsigned long long args[] = {regs->rdi, regs->rsi, regs->rdx, regs->r10};
	for (size_t i = 0; i < KH_COUNT(calls); i++) {
		const struct call *call = &calls[i];
		if ((long)regs->orig_rax != call->number)
			continue;
		int dir = call->dir >= 0 ? (int)args[call->dir] : AT_FDCWD;
		kh_auto(kh_free) char *path = call->path >= 0 ? path_at(pid, dir, args[call->path])
							      : descriptor_path(pid, dir);
		kh_auto(kh_free) char *line = kh_printf("%s %s", call->name, path);
		add_once(&spy->changed, line);
	}
}

static void see_exit(pid_t pid, const struct user_regs_struct *regs, struct spy *spy)
{
	struct open_how how = {0};
	struct iovec to = {&how, sizeof(how)};
	struct iovec from = {(void *)(uintptr_t)regs->rdx, sizeof(how)};
	long long fd = (long long)regs->rax;
	if (fd < 0)
		return;
	switch ((long)regs->orig_rax) {
	case SYS_open:
		how.flags = regs->rsi;
		break;
	case SYS_creat:
		how.flags = O_WRONLY | O_CREAT;
		break;
	case SYS_openat:
		how.flags = regs->rdx;
		break;
	case SYS_openat2:
		process_vm_readv(pid, &to, 1, &from, 1, 0);
		break;
	default:
		return;
	}
	kh_auto(kh_free) char *path = descriptor_path(pid, fd);
	kh_auto(kh_free) char *line = kh_printf("open %s", path);
	if (how.flags & O_PATH)
		return;
	if ((how.flags & O_ACCMODE) != O_RDONLY || (how.flags & (O_CREAT | O_TRUNC)))
		add_once(&spy->changed, line);
	else
		add_once(&spy->opened, path);
}

/* On x86 the result is -ENOSYS while a call begins. */
static void see(pid_t pid, struct spy *spy)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
		return;
	if ((long long)regs.rax == -ENOSYS)
		see_entry(pid, &regs, spy);
	else
		see_exit(pid, &regs, spy);
}

static void follow(pid_t child, struct spy *spy)
{
	int status = 0;
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR && is_over) {
			spy->timed_out = true;
			kill(-child, SIGKILL);
			is_over = 0;
			continue;
		}
		if (pid < 0)
			return;
		if (!WIFSTOPPED(status)) {
			if (pid == child)
				spy->status = code_of(status);
			continue;
		}
		int number = WSTOPSIG(status);
		if (number == (SIGTRAP | 0x80))
			see(pid, spy);
		bool is_ours = number == (SIGTRAP | 0x80) || number == SIGTRAP || number == SIGSTOP;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(uintptr_t)(is_ours ? 0 : number));
	}
}

int spy_run(const char *const *argv, const char *output, unsigned timeout_s, struct spy *ret_spy,
	    const char **ret_reason)
{
	int status = 0;
	*ret_spy = (struct spy){0};
	pid_t child = start(argv, output, true);
	waitpid(child, &status, 0);
	if (!WIFSTOPPED(status)) {
		*ret_reason = "this process may not trace others";
		return 1;
	}
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options);
	set_alarm(timeout_s);
	ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	follow(child, ret_spy);
	alarm(0);
	kh_strv_sort(&ret_spy->opened);
	kh_strv_sort(&ret_spy->changed);
	return 0;
}

#else

int spy_run(const char *const *argv, const char *output, unsigned timeout_s, struct spy *ret_spy,
	    const char **ret_reason)
{
	(void)argv;
	(void)output;
	(void)timeout_s;
	*ret_spy = (struct spy){0};
	*ret_reason = "only x86-64 is known here";
	return 1;
}

#endif
