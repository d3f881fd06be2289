/* sandbox.c - see sandbox.h: a step, from its start to its end. What it finds is sandbox_open.c,
 * the child's side sandbox_start.c. */
#include "platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/base/stop.h"
#include "platform/build_errors.h"
#include "platform/build_log.h"
#include "platform/sandbox_start.h"

enum {
	TIMEOUT_S = 1800,
	LINE_MOST = 1 << 16,    /* a longer one is cut into several */
	CAPTURE_MOST = 64 << 20 /* bytes */
};

/* ---- a step ---- */

struct step {
	struct kh_sandbox *sandbox;
	const char *program;
	pid_t child;
	int log;
	int fds[2];            /* reading: lines, captured; -1: ended or not there */
	struct kh_str pending; /* a line that has no end yet */
	struct kh_str captured;
	struct kh_build_errors errors;
	bool is_log_full;
};

static void step_done(struct step *step)
{
	kh_close(&step->log);
	kh_close(&step->fds[0]);
	kh_close(&step->fds[1]);
	kh_str_done(&step->pending);
	kh_str_done(&step->captured);
	kh_build_errors_done(&step->errors);
}

static void add_default(struct kh_strv *environment, const char *text)
{
	size_t length = strcspn(text, "=") + 1;
	for (size_t i = 0; i < environment->count; i++)
		if (strncmp(environment->items[i], text, length) == 0)
			return;
	kh_strv_add(environment, text);
}

static void make_environment(const struct kh_sandbox *sandbox, struct kh_strv *environment)
{
	kh_auto(kh_free) char *home = kh_printf("HOME=%s", sandbox->home);
	kh_auto(kh_free) char *temporary = kh_printf("TMPDIR=%s/tmp", sandbox->home);
	kh_strv_copy(environment, &sandbox->environment);
	add_default(environment, "PATH=" KH_SANDBOX_PATH);
	add_default(environment, "LC_ALL=C");
	add_default(environment, home);
	add_default(environment, temporary);
}

/* A log that cannot be written (a full disk) does not stop the build: that has its own troubles.
 * Nor does one that is full. */
static void write_log(struct step *step, const char *text, size_t length)
{
	static const char full[] = "# the log is full: what comes now is not in it\n";
	struct stat status;
	long long has = fstat(step->log, &status) == 0 ? status.st_size : 0;
	bool was_full = step->is_log_full;
	step->is_log_full |= has + (long long)length > KH_BUILD_LOG_BYTES;
	ssize_t ignored = !step->is_log_full ? write(step->log, text, length)
			  : !was_full        ? write(step->log, full, strlen(full))
					     : 0;
	(void)ignored;
}

static int open_log(struct step *step, const char *cwd, const char *const *argv,
		    struct kh_error *err)
{
	const char *path = step->sandbox->log_path;
	kh_auto(kh_str_done) struct kh_str text = {0};
	step->log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (step->log < 0)
		return kh_fail(err, KH_SYSTEM, errno, "write the log '%s'", path);
	kh_str_addf(&text, "# in %s:", cwd);
	for (; *argv; argv++)
		kh_str_addf(&text, " %s", *argv);
	kh_str_add(&text, "\n");
	write_log(step, text.text, text.length);
	return 0;
}

/* start: two pipes (or one for both streams), of which the child has the writing ends. */
static int start(struct step *step, const char *cwd, const char *const *argv, bool is_captured,
		 struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv environment = {0};
	make_environment(step->sandbox, &environment);
	kh_strv_add_owned(&environment, NULL);
	int lines[2], output[2] = {-1, -1};
	if (pipe2(lines, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "run '%s'", argv[0]);
	kh_auto(kh_close) int lines_end = lines[1];
	step->fds[0] = lines[0];
	if (is_captured && pipe2(output, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "run '%s'", argv[0]);
	kh_auto(kh_close) int output_end = output[1];
	step->fds[1] = output[0];
	struct kh_sandbox_step what = {.cwd = cwd,
				       .argv = argv,
				       .environment = environment.items,
				       .out = is_captured ? output_end : lines_end,
				       .err = lines_end};
	step->child = kh_sandbox_start(step->sandbox, &what, err);
	return step->child < 0 ? -1 : 0;
}

static void take_line(struct step *step)
{
	struct kh_str *line = &step->pending;
	kh_str_add(line, "\n");
	write_log(step, line->text, line->length);
	line->text[--line->length] = '\0';
	kh_build_errors_take(&step->errors, line->text);
	if (step->sandbox->on_line)
		step->sandbox->on_line(step->sandbox->data, line->text);
	line->text[0] = '\0';
	line->length = 0;
}

static void take_lines(struct step *step, const char *bytes, size_t length)
{
	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t part = end ? (size_t)(end - bytes) : length;
		kh_str_add_bytes(&step->pending, bytes, part);
		if (end || step->pending.length >= LINE_MOST)
			take_line(step);
		part += end ? 1 : 0;
		bytes += part;
		length -= part;
	}
}

/* Returns false when the output has ended. */
static void take_output(struct step *step, int which)
{
	char block[16384];
	ssize_t got = read(step->fds[which], block, sizeof(block));
	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0)
		kh_close(&step->fds[which]);
	else if (which == 0)
		take_lines(step, block, (size_t)got);
	else if (step->captured.length + (size_t)got <= CAPTURE_MOST)
		kh_str_add_bytes(&step->captured, block, (size_t)got);
}

static bool has_ended(const struct step *step)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)step->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == step->child;
}

/* Until both streams have ended, or the step has and said all: what it left running without a
 * namespace may keep them open. Returns false when nothing came for too long, or somebody wants to
 * stop. */
static bool follow(struct step *step, unsigned timeout_s)
{
	unsigned idle_s = 0;
	while (step->fds[0] >= 0 || step->fds[1] >= 0) {
		struct pollfd waiting[2] = {{.fd = step->fds[0], .events = POLLIN},
					    {.fd = step->fds[1], .events = POLLIN}};
		bool is_last = has_ended(step);
		int ready = poll(waiting, 2, is_last ? 0 : 1000);
		if (ready == 0 && is_last)
			break;
		if (kh_stop_is_wanted())
			return false;
		if (ready == 0)
			kh_progress_tick();
		idle_s = ready == 0 ? idle_s + 1 : 0;
		if (idle_s >= timeout_s)
			return false;
		for (int i = 0; i < 2 && ready > 0; i++)
			if (waiting[i].revents)
				take_output(step, i);
	}
	if (step->pending.length > 0)
		take_line(step);
	return true;
}

/* What is left in its group or namespace goes with the first process. */
static int end(struct step *step, bool is_in_time)
{
	siginfo_t info;
	int status = 0;
	while (is_in_time && waitid(P_PID, (id_t)step->child, &info, WEXITED | WNOWAIT) != 0 &&
	       errno == EINTR)
		;
	kill(-step->child, SIGKILL);
	while (waitpid(step->child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int fail(struct step *step, bool is_in_time, unsigned timeout_s, int status,
		struct kh_error *err)
{
	if (kh_stop_is_wanted())
		return kh_stop_fail(err);
	kh_auto(kh_free) char *said = kh_build_errors_text(&step->errors);
	const char *begin = *said ? ":\n" : "";
	if (!is_in_time)
		kh_fail(err, KH_PROGRAM, 0, "run '%s': no output for %u s, so it was ended%s%s",
			step->program, timeout_s, begin, said);
	else if (status > 128)
		kh_fail(err, KH_PROGRAM, 0, "run '%s': killed by signal %d (%s)%s%s", step->program,
			status - 128, strsignal(status - 128), begin, said);
	else
		kh_fail(err, KH_PROGRAM, 0, "run '%s': exit status %d%s%s", step->program, status,
			begin, said);
	return kh_hint(err, "the whole log is '%s'", step->sandbox->log_path);
}

static int run(struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
	       char **ret_output, struct kh_error *err)
{
	kh_auto(step_done) struct step step = {
		.sandbox = sandbox, .program = argv[0], .log = -1, .fds = {-1, -1}};
	unsigned timeout_s = sandbox->timeout_s ? sandbox->timeout_s : TIMEOUT_S;
	if (open_log(&step, cwd, argv, err) != 0 ||
	    start(&step, cwd, argv, ret_output != NULL, err) != 0)
		return -1;
	bool is_in_time = follow(&step, timeout_s);
	int status = end(&step, is_in_time);
	if (!is_in_time || status != 0)
		return fail(&step, is_in_time, timeout_s, status, err);
	if (ret_output)
		*ret_output = kh_str_take(&step.captured);
	return 0;
}

int kh_sandbox_run(struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
		   struct kh_error *err)
{
	return run(sandbox, cwd, argv, NULL, err);
}

int kh_sandbox_capture(struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
		       char **ret_output, struct kh_error *err)
{
	return run(sandbox, cwd, argv, ret_output, err);
}
