/* run.c - see run.h. */
#include "core/base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/base/stop.h"
#include "core/base/str.h"

static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char locale_variable[] = "LC_ALL=C";
static char frontend_variable[] = "DEBIAN_FRONTEND=noninteractive";
static char *environment[] = {path_variable, locale_variable, frontend_variable, NULL};

static bool is_switch(const struct kh_run_place *place)
{
	return place && place->uid != 0 && geteuid() == 0;
}

/* The rights of another account, for good. A network of its own is root's to take or, without
 * rights, not everywhere to be had: then the program goes with the one there is. */
static int move_to(const struct kh_run_place *place)
{
	if (chdir(place->directory) != 0)
		return -1;
	bool is_switched = is_switch(place);
	if (is_switched) {
		int ignored = unshare(CLONE_NEWNET);
		(void)ignored;
	}
	if (is_switched &&
	    (setgroups(0, NULL) != 0 || setresgid(place->gid, place->gid, place->gid) != 0 ||
	     setresuid(place->uid, place->uid, place->uid) != 0))
		return -1;
	if (geteuid() != place->uid) {
		errno = EPERM;
		return -1;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* An account's program is the first process of a namespace: whatever it starts ends with it, also
 * what left its process group, and so nothing of an account that knows strangers' bytes is there to
 * meddle with what we do next. Where the kernel or a container allows none, it goes without.
 * Source: pid_namespaces(7). */
static pid_t start(const struct kh_run_place *place)
{
	pid_t child = -1;
	if (is_switch(place))
		child = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWIPC | SIGCHLD, NULL, NULL,
				       NULL, NULL);
	return child >= 0 ? child : fork();
}

/* In the child: never returns. A failed exec is told through the status pipe. */
static void become(const char *const *argv, const struct kh_run_place *place, int output,
		   int status_pipe, pid_t parent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getpid() != 1 && getppid() != parent) /* seen from a namespace there is no parent */
		_exit(127);
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* What we ignore is ours: a program expects to end at a closed pipe. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	umask(022);
	environ = environment; /* also the PATH that execvp searches */
	/* The kernel forgets the wish for a signal when an account is switched. */
	if ((!place || (move_to(place) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)) &&
	    null >= 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0)
		execvp(argv[0], (char *const *)argv);
	int error = errno;
	ssize_t ignored = write(status_pipe, &error, sizeof(error));
	(void)ignored;
	_exit(127);
}

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* An account's program fills the store: it ends at once when somebody wants to stop. One of the
 * system is waited for. */
static bool is_stopped(const struct kh_run_place *place)
{
	return place && kh_stop_is_wanted();
}

/* Read output until its end or the deadline; what is over the limit is read and dropped. Returns
 * false at the deadline. A grandchild that keeps the pipe open is not waited for. */
static bool collect(const struct kh_run_place *place, int fd, pid_t child, long long deadline_ms,
		    struct kh_str *text)
{
	char block[8192];
	while (!is_stopped(place)) {
		siginfo_t info = {0};
		bool has_ended =
			waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
			info.si_pid == child;
		long long left = deadline_ms - now_ms();
		struct pollfd waiting = {.fd = fd, .events = POLLIN};
		int ready = poll(&waiting, 1,
				 has_ended    ? 0
				 : left < 200 ? (int)(left > 0 ? left : 0)
					      : 200);
		if (ready == 0 && !has_ended)
			kh_progress_tick();
		if (ready <= 0 && has_ended)
			return true;
		if (ready <= 0 && left <= 0)
			return false;
		ssize_t got = ready > 0 ? read(fd, block, sizeof(block)) : -1;
		if (ready > 0 && got == 0)
			return true;
		if (got > 0 && text->length + (size_t)got <= KH_RUN_OUTPUT_BYTES)
			kh_str_add_bytes(text, block, (size_t)got);
	}
	return false;
}

/* After the output ended the program may still run: wait for it, no longer than the deadline. */
static bool wait_for(pid_t child, long long deadline_ms, int *status)
{
	for (;;) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		if (now_ms() >= deadline_ms)
			return false;
		struct timespec moment = {0, 2000000};
		nanosleep(&moment, NULL);
	}
}

static int run_at(const struct kh_run_place *place, const char *const *argv, unsigned timeout_s,
		  struct kh_run_result *ret_result, struct kh_error *err)
{
	int out[2], failed[2];
	if (pipe2(out, O_CLOEXEC) != 0)
		return kh_fail(err, KH_PROGRAM, errno, "run '%s'", argv[0]);
	kh_auto(kh_close) int out_read = out[0];
	if (pipe2(failed, O_CLOEXEC) != 0) {
		kh_close(&out[1]);
		return kh_fail(err, KH_PROGRAM, errno, "run '%s'", argv[0]);
	}
	kh_auto(kh_close) int failed_read = failed[0];
	pid_t parent = getpid();
	pid_t child = start(place);
	if (child == 0)
		become(argv, place, out[1], failed[1], parent);
	kh_close(&out[1]);
	kh_close(&failed[1]);
	if (child < 0)
		return kh_fail(err, KH_PROGRAM, errno, "run '%s'", argv[0]);
	setpgid(child, child);
	int exec_error = 0;
	if (read(failed_read, &exec_error, sizeof(exec_error)) == sizeof(exec_error)) {
		waitpid(child, NULL, 0);
		return kh_fail(err, KH_PROGRAM, exec_error, "run '%s'", argv[0]);
	}
	kh_auto(kh_str_done) struct kh_str text = {0};
	long long deadline_ms = now_ms() + timeout_s * 1000LL;
	int status = 0;
	bool in_time = collect(place, out_read, child, deadline_ms, &text) &&
		       wait_for(child, deadline_ms, &status);
	/* What a program of the system leaves behind when it ends is a service that it started
	 * (dhclient is for a moment still of its group); an account's program has nothing to leave.
	 */
	if (!in_time || place)
		kill(-child, SIGKILL);
	if (!in_time)
		waitpid(child, &status, 0);
	if (is_stopped(place)) {
		kh_stop_fail(err);
		return kh_wrap(err, "run '%s'", argv[0]);
	}
	ret_result->timed_out = !in_time;
	ret_result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret_result->output = kh_str_take(&text);
	return 0;
}

static int run_system(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		      struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)runner;
	return run_at(NULL, argv, timeout_s, ret_result, err);
}

struct kh_runner kh_run_system = {run_system, NULL};

/* The last lines of a program's output: where it usually says why. */
static const char *tail(const char *output)
{
	const char *at = output + strlen(output);
	for (int lines = 0; at > output; at--)
		if (at[-1] == '\n' && at[0] != '\0' && ++lines == 4)
			break;
	return at;
}

/* Anything but an exit status of 0 is an error. */
static int judge(struct kh_run_result *result, const char *const *argv, unsigned timeout_s,
		 char **ret_output, struct kh_error *err)
{
	if (result->timed_out)
		return kh_fail(err, KH_PROGRAM, 0, "run '%s': no end after %u s", argv[0],
			       timeout_s);
	if (result->status != 0) {
		kh_auto(kh_free) char *said = kh_strdup(tail(result->output));
		return kh_fail(err, KH_PROGRAM, 0, "run '%s': exit status %d: %s", argv[0],
			       result->status, kh_str_trim(said));
	}
	if (ret_output)
		*ret_output = kh_take(result->output);
	return 0;
}

int kh_run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s, char **ret_output,
	   struct kh_error *err)
{
	kh_auto(kh_run_result_done) struct kh_run_result result = {0};
	if (runner->run(runner, argv, timeout_s, &result, err) != 0)
		return -1;
	return judge(&result, argv, timeout_s, ret_output, err);
}

int kh_run_as_result(const struct kh_run_place *place, const char *const *argv, unsigned timeout_s,
		     struct kh_run_result *ret_result, struct kh_error *err)
{
	return run_at(place, argv, timeout_s, ret_result, err);
}

int kh_run_as(const struct kh_run_place *place, const char *const *argv, unsigned timeout_s,
	      char **ret_output, struct kh_error *err)
{
	kh_auto(kh_run_result_done) struct kh_run_result result = {0};
	if (run_at(place, argv, timeout_s, &result, err) != 0)
		return -1;
	return judge(&result, argv, timeout_s, ret_output, err);
}

void kh_run_result_done(struct kh_run_result *result)
{
	kh_free(&result->output);
}
