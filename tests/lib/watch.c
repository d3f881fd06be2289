/* watch.c - see watch.h. */
#include "tests/lib/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* ---- the calls ---- */

struct call {
	int number;
	const char *name;
	int fd, path; /* which arguments; -1: none */
};

#define CALL(name, fd, path)                                                                       \
	{                                                                                          \
		SYS_##name, #name, fd, path                                                        \
	}

static const struct call calls[] = {
	CALL(openat, 0, 1),       CALL(write, 0, -1),        CALL(pwrite64, 0, -1),
	CALL(writev, 0, -1),      CALL(pwritev, 0, -1),      CALL(copy_file_range, 2, -1),
	CALL(sendfile, 0, -1),    CALL(fsync, 0, -1),        CALL(fdatasync, 0, -1),
	CALL(syncfs, 0, -1),      CALL(ftruncate, 0, -1),    CALL(truncate, -1, 0),
	CALL(fallocate, 0, -1),   CALL(fchmod, 0, -1),       CALL(fchown, 0, -1),
	CALL(fsetxattr, 0, -1),   CALL(fremovexattr, 0, -1), CALL(setxattr, -1, 0),
	CALL(utimensat, 0, 1),    CALL(renameat2, 2, 3),     CALL(unlinkat, 0, 1),
	CALL(mkdirat, 0, 1),      CALL(symlinkat, 1, 2),     CALL(linkat, 2, 3),
	CALL(fchmodat, 0, 1),     CALL(fchownat, 0, 1),      CALL(mknodat, 0, 1),
#ifdef SYS_renameat
	CALL(renameat, 2, 3),
#endif
#ifdef SYS_open
	CALL(open, -1, 0),        CALL(creat, -1, 0),        CALL(rename, -1, 1),
	CALL(unlink, -1, 0),      CALL(rmdir, -1, 0),        CALL(mkdir, -1, 0),
	CALL(symlink, -1, 1),     CALL(link, -1, 1),         CALL(chmod, -1, 0),
	CALL(chown, -1, 0),       CALL(lchown, -1, 0),       CALL(mknod, -1, 0),
#endif
	CALL(exit_group, -1, -1),
};

static const struct call *find_call(int number)
{
	for (size_t i = 0; i < KH_COUNT(calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* ---- the program's side ---- */

enum { PER_CALL = 2, AROUND = 2 };

static struct sock_fprog make_filter(void)
{
	static struct sock_filter code[KH_COUNT(calls) * PER_CALL + AROUND];
	size_t n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < KH_COUNT(calls); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)calls[i].number, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return (struct sock_fprog){(unsigned short)n, code};
}

static int listen_to_me(void)
{
	struct sock_fprog filter = make_filter();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &filter);
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int socket, int fd)
{
	char byte = 0;
	union control control = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	*header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				   .cmsg_type = SCM_RIGHTS,
				   .cmsg_len = CMSG_LEN(sizeof(fd))};
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_fd(int socket)
{
	char byte;
	int fd = -1;
	union control control = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void become(const struct watch *watch, const char *const *argv, int socket, int output)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
	    (watch->chroot && (chroot(watch->chroot) != 0 || chdir("/") != 0)))
		_exit(126);
	int listener = listen_to_me();
	if (listener < 0 || send_fd(socket, listener) != 0)
		_exit(126);
	close(listener);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* ---- our side ---- */

struct work {
	struct watch *watch;
	pid_t pid;
	int listener;
	struct kh_str output;
};

static bool read_text(pid_t pid, uint64_t address, char *text, size_t size)
{
	kh_auto(kh_free) char *name = kh_printf("/proc/%d/mem", (int)pid);
	kh_auto(kh_close) int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, text, size - 1, (off_t)address);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* What the call works on, as a host path; "" for a pipe or a terminal. */
static void find_path(const struct work *work, const struct seccomp_notif *asked,
		      const struct call *call, char *path, size_t size)
{
	char link[PATH_MAX] = "", name[PATH_MAX] = "";
	const __u64 *args = asked->data.args;
	if (call->path >= 0 && args[call->path] != 0)
		read_text((pid_t)asked->pid, args[call->path], name, sizeof(name));
	if (name[0] != '/' && call->fd >= 0) {
		int fd = (int)args[call->fd];
		kh_auto(kh_free) char *proc =
			fd == AT_FDCWD ? kh_printf("/proc/%d/cwd", (int)asked->pid)
				       : kh_printf("/proc/%d/fd/%d", (int)asked->pid, fd);
		ssize_t length = readlink(proc, link, sizeof(link) - 1);
		link[length > 0 ? length : 0] = '\0';
	}
	const char *chroot = work->watch->chroot;
	snprintf(path, size, "%s%s%s%s", chroot && *name == '/' ? chroot : "", link,
		 *link && *name ? "/" : "", name);
}

static bool opens_for_reading(const struct seccomp_notif *asked)
{
	int number = asked->data.nr;
	int flags = O_WRONLY;
	if (number == SYS_openat)
		flags = (int)asked->data.args[2];
#ifdef SYS_open
	if (number == SYS_open)
		flags = (int)asked->data.args[1];
#endif
	return (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) == 0;
}

static bool concerns_root(const struct watch *watch, const char *path)
{
	size_t length = strlen(watch->root);
	return strncmp(path, watch->root, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

static void remember(struct watch *watch, const struct call *call, const char *path)
{
	size_t length = strlen(watch->root);
	bool is_below = strncmp(path, watch->root, length) == 0;
	watch->is_hit = true;
	snprintf(watch->call, sizeof(watch->call), "%s", call->name);
	snprintf(watch->path, sizeof(watch->path), "%.*s", (int)sizeof(watch->path) - 1,
		 is_below ? path + length : path);
}

static void answer(const struct work *work, const struct seccomp_notif *asked, int error)
{
	struct seccomp_notif_resp response = {.id = asked->id,
					      .error = -error,
					      .flags =
						      error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	ioctl(work->listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* it may be dead by now */
}

/* Is this the one? A target that is past the last call is met at the end of the program. */
static bool is_target(struct work *work, const struct seccomp_notif *asked, const struct call *call,
		      char *path, size_t size)
{
	struct watch *watch = work->watch;
	if (call->number == SYS_exit_group) {
		*path = '\0';
		return (pid_t)asked->pid == work->pid && watch->error == 0 &&
		       watch->target == watch->count + 1;
	}
	if (opens_for_reading(asked))
		return false;
	find_path(work, asked, call, path, size);
	return concerns_root(watch, path) && ++watch->count == watch->target;
}

/* The program, and what it has started and makes the call: that would wait for our answer for ever.
 */
static void kill_both(pid_t program, pid_t caller)
{
	kill(program, SIGKILL);
	if (caller != program)
		kill(caller, SIGKILL);
}

static void take_call(struct work *work)
{
	struct watch *watch = work->watch;
	struct seccomp_notif asked = {0};
	char path[2 * PATH_MAX];
	if (ioctl(work->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
		return; /* killed meanwhile */
	const struct call *call = find_call(asked.data.nr);
	if (!call || !is_target(work, &asked, call, path, sizeof(path))) {
		answer(work, &asked, 0);
		return;
	}
	remember(watch, call, path);
	if (watch->meet)
		watch->meet(watch);
	if (watch->error || watch->meet)
		answer(work, &asked, watch->error);
	else
		kill_both(work->pid, (pid_t)asked.pid);
}

static void take_output(struct work *work, int fd)
{
	char block[4096];
	ssize_t got = read(fd, block, sizeof(block));
	if (got > 0)
		kh_str_add_bytes(&work->output, block, (size_t)got);
}

static void attend(struct work *work, int output)
{
	struct pollfd waiting[] = {{.fd = work->listener, .events = POLLIN},
				   {.fd = output, .events = POLLIN}};
	while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
		if (poll(waiting, 2, -1) < 0 && errno != EINTR)
			abort();
		if (waiting[0].revents & POLLIN)
			take_call(work);
		else if (waiting[0].revents & (POLLHUP | POLLERR))
			waiting[0].fd = -1; /* nobody is left who could ask */
		if (waiting[1].revents & POLLIN)
			take_output(work, output);
		else if (waiting[1].revents & (POLLHUP | POLLERR))
			waiting[1].fd = -1;
	}
}

int watch_run(struct watch *watch, const char *const *argv)
{
	int pair[2], out[2], status = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0)
		abort();
	watch->count = 0;
	watch->is_hit = false;
	fflush(NULL);
	struct work work = {.watch = watch, .pid = fork()};
	if (work.pid == 0)
		become(watch, argv, pair[1], out[1]);
	close(pair[1]);
	close(out[1]);
	work.listener = work.pid < 0 ? -1 : receive_fd(pair[0]);
	if (work.listener < 0)
		abort();
	attend(&work, out[0]);
	close(pair[0]);
	close(out[0]);
	close(work.listener);
	if (waitpid(work.pid, &status, 0) != work.pid)
		abort();
	free(watch->output);
	watch->output = kh_str_take(&work.output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void watch_done(struct watch *watch)
{
	kh_free(&watch->output);
}

bool watch_is_possible(void)
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (listen_to_me() < 0)
			_exit(1);
		syscall(SYS_exit, 0); /* not the one that nobody here would answer */
	}
	int status = 1;
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}
