/* sandbox.c - see sandbox.h. The child's side is sandbox_start.c. */
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

#include "core/account.h"
#include "core/base/mem.h"
#include "core/base/tree.h"
#include "platform/build_errors.h"
#include "platform/sandbox_start.h"

enum {
	TIMEOUT_S = 1800,
	LINE_MOST = 1 << 16,    /* a longer one is cut into several */
	CAPTURE_MOST = 64 << 20 /* bytes */
};

/* ---- opening ---- */

static int make_host_dirs(const char *host_path, struct kh_error *err)
{
	for (const char *slash = strchr(host_path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(host_path, (size_t)(slash - host_path));
		if (mkdir(parent, 0755) != 0 && errno != EEXIST)
			return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", parent);
	}
	return 0;
}

static char *host_path_of(const struct kh_root *root, const char *path)
{
	return kh_printf("%s%s", strcmp(root->host_path, "/") == 0 ? "" : root->host_path, path);
}

int kh_sandbox_open(const struct kh_root *root, const struct kh_config *config,
		    const char *log_path, struct kh_sandbox *ret_sandbox, struct kh_error *err)
{
	struct kh_account account = {0};
	if (kh_account_choose(root, config, &account, err) != 0 ||
	    make_host_dirs(log_path, err) != 0)
		return -1;
	kh_auto(kh_free) char *home = kh_printf("%s/build/home", config->build.store);
	kh_auto(kh_sandbox_done) struct kh_sandbox sandbox = {.uid = account.uid,
							      .gid = account.gid,
							      .home = host_path_of(root, home),
							      .log_path = kh_strdup(log_path)};
	if (kh_sandbox_probe(account.is_own) == 0)
		sandbox.is_isolated = true;
	else
		sandbox.obstacle = kh_strdup(strerror(errno));
	kh_auto(kh_free) char *temporary = kh_printf("%s/tmp", sandbox.home);
	if (kh_sandbox_dir(&sandbox, sandbox.home, err) != 0 ||
	    kh_sandbox_dir(&sandbox, temporary, err) != 0)
		return -1;
	*ret_sandbox = sandbox;
	sandbox = (struct kh_sandbox){0};
	return 0;
}

void kh_sandbox_done(struct kh_sandbox *sandbox)
{
	free(sandbox->home);
	free(sandbox->log_path);
	free(sandbox->obstacle);
	kh_strv_done(&sandbox->environment);
	*sandbox = (struct kh_sandbox){0};
}

/* ---- directories of the build account ---- */

/* Whose is it? Removes one of another account. Returns 0, or -1 with errno. */
static int clear_foreign(int parent, const char *name, uid_t uid, struct kh_error *err)
{
	struct stat status;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : kh_fail(err, KH_SYSTEM, errno, "look at '%s'", name);
	if (!S_ISDIR(status.st_mode))
		return kh_fail(err, KH_SYSTEM, ENOTDIR, "directory '%s'", name);
	return status.st_uid == uid ? 0 : kh_tree_remove_at(parent, name, NULL, err);
}

int kh_sandbox_dir(const struct kh_sandbox *sandbox, const char *host_path, struct kh_error *err)
{
	const char *slash = strrchr(host_path, '/');
	if (!slash || !slash[1])
		return kh_fail(err, KH_SYSTEM, EINVAL, "directory '%s'", host_path);
	if (make_host_dirs(host_path, err) != 0)
		return -1;
	kh_auto(kh_free) char *parent_path = kh_strndup(host_path, (size_t)(slash - host_path));
	const char *name = slash + 1;
	kh_auto(kh_close) int parent = open(parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s'", parent_path);
	if (clear_foreign(parent, name, sandbox->uid, err) != 0)
		return kh_wrap(err, "build directory '%s'", host_path);
	if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST)
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", host_path);
	kh_auto(kh_close) int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0 ||
	    (status.st_uid != sandbox->uid && fchown(fd, sandbox->uid, sandbox->gid) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "give '%s' to the build account", host_path);
	return 0;
}

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
	add_default(environment,
		    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_default(environment, "LC_ALL=C");
	add_default(environment, home);
	add_default(environment, temporary);
}

/* A log that cannot be written (a full disk) does not stop the build: that has its own troubles. */
static void write_log(int fd, const char *text, size_t length)
{
	ssize_t ignored = write(fd, text, length);
	(void)ignored;
}

static int open_log(const struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
		    int *ret_fd, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	*ret_fd = open(sandbox->log_path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		       0644);
	if (*ret_fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "write the log '%s'", sandbox->log_path);
	kh_str_addf(&text, "# in %s:", cwd);
	for (; *argv; argv++)
		kh_str_addf(&text, " %s", *argv);
	kh_str_add(&text, "\n");
	write_log(*ret_fd, text.text, text.length);
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
	write_log(step->log, line->text, line->length);
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
 * namespace may keep them open. Returns false when nothing came for too long. */
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
	if (open_log(sandbox, cwd, argv, &step.log, err) != 0 ||
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
