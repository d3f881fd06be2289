/* test_crash.c - kvmhost itself, killed after each system call that writes, or failing at it.
 *
 * On a host that gets everything (crash_host.h), for each call of a whole `apply`, of `undo`, and
 * of both as recovery from an apply and from an undo that were cut off: whatever was cut off,
 * `apply` ends with the tree of an undisturbed run and `undo` with the original one. With ENOSPC,
 * EIO, EROFS and EDQUOT in place of the kill: exit status 5, the error and the file are named, no
 * temporary file is left, and the same holds afterwards.
 *
 * The same, killed only, on a host that runs: there programs, triggers, running values, packages
 * and the kernel's trial take part (live_host.h).
 *
 * KVMHOST_LONG=1 takes every call (make check-long), otherwise a sample. KVMHOST_STRIDE=N leaves
 * the kills of apply and of undo as they are and takes every N-th call of the other walks.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/crash/crash_host.h"
#include "tests/crash/live_host.h"

enum { SAMPLES = 5, MOST_BASES = 16 };

static const int errors[] = {ENOSPC, EIO, EROFS, EDQUOT};

static struct crash_host host;
static char *original, *applied; /* trees as text */

struct base { /* what a walk begins with */
	struct fixture fixture;
	char *name;
};

static struct base bases[MOST_BASES];
static size_t base_count;

struct walk {
	const char *base;    /* host path */
	const char *of;      /* in words: "apply", "undo of an apply that was cut off" */
	const char *command; /* what is cut off, or fails */
	bool is_failing;
	int count;    /* its calls */
	int way;      /* added to the point's number: which way is gone from there */
	bool is_main; /* no call is left out, whatever the stride */
	bool is_both; /* both ways at each point */
};

static bool is_long(void)
{
	return getenv("KVMHOST_LONG") != NULL;
}

/* Every call; of the running host, where a point takes three times as long, every fourth unless
 * KVMHOST_LONG is "all". */
static int long_stride(const struct walk *walk)
{
	const char *wanted = getenv("KVMHOST_LONG"), *stride = getenv("KVMHOST_STRIDE");
	int step = host.is_live && strcmp(wanted, "all") != 0 ? 4 : 1;
	int fewer = stride && (host.is_live || !walk->is_main) ? atoi(stride) : 1;
	return step * (fewer > 1 ? fewer : 1);
}

/* ---- one point ---- */

static void die(const struct walk *walk, int point, int error, const struct watch *watch,
		const char *what)
{
	printf("%s: %s at call %d of %d (%s '%s'): %s\n%s\n", walk->of,
	       error ? strerror(error) : "killed", point, walk->count, watch->call, watch->path,
	       what, watch->output ? watch->output : "");
	exit(1);
}

/* Line by line, so that a difference is seen. */
static char *compare(const struct fixture *copy, const char *wanted)
{
	kh_auto(kh_free) char *found = crash_tree(copy);
	if (strcmp(found, wanted) == 0)
		return NULL;
	kh_auto(kh_strv_done) struct kh_strv old = {0}, new = {0};
	struct kh_str out = {0};
	kh_strv_split_lines(&old, wanted);
	kh_strv_split_lines(&new, found);
	for (size_t i = 0; i < old.count; i++)
		if (!kh_strv_has(&new, old.items[i]))
			kh_str_addf(&out, "\n  - %s", old.items[i]);
	for (size_t i = 0; i < new.count; i++)
		if (!kh_strv_has(&old, new.items[i]))
			kh_str_addf(&out, "\n  + %s", new.items[i]);
	return kh_str_take(&out);
}

static void expect(const struct walk *walk, int point, int error, const struct watch *cut,
		   const struct fixture *copy, const char *command, const char *wanted)
{
	struct watch watch = {0};
	int status = crash_run(&host, copy, &watch, command);
	kh_auto(kh_free) char *difference = status == 0 ? compare(copy, wanted) : NULL;
	if (status != 0 || difference) {
		kh_auto(kh_free) char *what = kh_printf(
			"then '%s' ends with %d, and the tree differs:%s\n%s", command, status,
			difference ? difference : " (not looked at)", watch.output);
		die(walk, point, error, cut, what);
	}
	watch_done(&watch);
}

/* On from there: finished and then undone, or undone at once. */
static void go_on(const struct walk *walk, int point, int error, const struct watch *cut,
		  const struct fixture *copy, bool is_finished)
{
	if (is_finished)
		expect(walk, point, error, cut, copy, "apply", applied);
	expect(walk, point, error, cut, copy, "undo", original);
}

static void kill_after(const struct walk *walk, int point, bool is_finished)
{
	struct fixture copy;
	struct watch watch = {.target = point + 1};
	crash_copy(&copy, walk->base, host.is_live);
	int status = crash_run(&host, &copy, &watch, walk->command);
	/* Programs that work at the same time may need a few calls less than they did once. */
	bool is_past_end = host.is_live && !watch.is_hit && status == KH_OK;
	if ((status != 128 + SIGKILL || !watch.is_hit) && !is_past_end)
		die(walk, point, 0, &watch, "it was not killed");
	go_on(walk, point, 0, &watch, &copy, is_finished);
	watch_done(&watch);
	fixture_close(&copy);
}

/* The file that the error has to name: of a temporary name that which it is for. */
static char *real_name(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	static const char suffix[] = ".kvmhost-new";
	if (*name == '.' && kh_str_ends(name, suffix))
		return kh_strndup(name + 1, strlen(name) - strlen(suffix) - 1);
	return kh_strdup(name);
}

static void check_message(const struct walk *walk, int point, int error, const struct watch *watch)
{
	kh_auto(kh_free) char *name = real_name(watch->path);
	if (!strstr(watch->output, strerror(error)))
		die(walk, point, error, watch, "the error is not told");
	if (!strstr(watch->output, name))
		die(walk, point, error, watch, "the file is not named");
}

/* turn: 0 and 1: gone on from there, one way and the other. What is left does not depend on which
 * error it was, so that each error has its turn at every fourth call. */
static void fail_at(const struct walk *walk, int point, int error, int turn)
{
	struct fixture copy;
	struct watch watch = {.target = point, .error = error};
	crash_copy(&copy, walk->base, host.is_live);
	int status = crash_run(&host, &copy, &watch, walk->command);
	if (status != KH_SYSTEM || !watch.is_hit)
		die(walk, point, error, &watch,
		    status == KH_SYSTEM ? "not met" : "the exit status is not 5");
	check_message(walk, point, error, &watch);
	kh_auto(kh_free) char *tree = crash_tree(&copy);
	if (strstr(tree, "kvmhost-new"))
		die(walk, point, error, &watch, "a temporary file is left");
	if (turn < 2)
		go_on(walk, point, error, &watch, &copy, turn == 0);
	watch_done(&watch);
	fixture_close(&copy);
}

static void take_point(const struct walk *walk, int point)
{
	if (walk->is_failing) {
		for (int i = 0; i < (int)KH_COUNT(errors); i++)
			fail_at(walk, point, errors[i], (point + i) % (int)KH_COUNT(errors));
		return;
	}
	for (int way = 0; way < (walk->is_both ? 2 : 1); way++)
		kill_after(walk, point, (point + walk->way + way) % 2 == 0);
}

/* ---- a walk ---- */

static int count_calls(const char *base, const char *command)
{
	struct fixture copy;
	struct watch watch = {0};
	crash_copy(&copy, base, host.is_live);
	if (crash_run(&host, &copy, &watch, command) != 0)
		fail_msg("%s: %s", command, watch.output);
	watch_done(&watch);
	fixture_close(&copy);
	return watch.count;
}

/* Every part-th point from `first` on, in a process of its own. */
static pid_t start_part(const struct walk *walk, int first, int step, FILE *output)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	dup2(fileno(output), STDOUT_FILENO);
	dup2(fileno(output), STDERR_FILENO);
	for (int point = first; point <= walk->count; point += step)
		take_point(walk, point);
	fflush(NULL);
	_exit(0);
}

static bool end_part(pid_t pid, FILE *output)
{
	int status = 0;
	char line[1024];
	if (waitpid(pid, &status, 0) != pid)
		abort();
	rewind(output);
	while (status != 0 && fgets(line, sizeof(line), output))
		print_message("# %s", line);
	fclose(output);
	return status == 0;
}

/* Returns the number of points that were taken. */
static int take_walk(struct walk *walk)
{
	enum { MOST_PARTS = 64 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int parts = processors > MOST_PARTS ? MOST_PARTS : (int)processors;
	pid_t pids[MOST_PARTS];
	FILE *outputs[MOST_PARTS];
	bool is_good = true;
	walk->count = count_calls(walk->base, walk->command);
	int stride = is_long() ? long_stride(walk) : walk->count / (host.is_live ? 2 : SAMPLES) + 1;
	for (int i = 0; i < parts; i++) {
		outputs[i] = tmpfile();
		assert_non_null(outputs[i]);
		pids[i] = start_part(walk, 1 + i * stride, parts * stride, outputs[i]);
	}
	for (int i = 0; i < parts; i++)
		is_good = end_part(pids[i], outputs[i]) && is_good;
	assert_true(is_good);
	return (walk->count + stride - 1) / stride;
}

static void need_watching(void)
{
	if (!watch_is_possible())
		skip();
}

/* ---- the tests ---- */

static void killed_after_any_call_of_apply_nothing_is_lost(void **state)
{
	(void)state;
	need_watching();
	struct walk walk = {.base = bases[0].fixture.path,
			    .of = "apply",
			    .command = "apply",
			    .is_both = true,
			    .is_main = true};
	int points = take_walk(&walk);
	print_message("# %d calls of apply (of %d): killed after each\n", points, walk.count);
}

static void killed_after_any_call_of_undo_nothing_is_lost(void **state)
{
	(void)state;
	need_watching();
	struct walk walk = {.base = bases[1].fixture.path,
			    .of = "undo",
			    .command = "undo",
			    .is_both = true,
			    .is_main = true};
	int points = take_walk(&walk);
	print_message("# %d calls of undo (of %d): killed after each\n", points, walk.count);
}

static void a_call_of_apply_that_fails_is_told_and_loses_nothing(void **state)
{
	(void)state;
	need_watching();
	struct walk walk = {.base = bases[0].fixture.path,
			    .of = "apply",
			    .command = "apply",
			    .is_failing = true};
	int points = take_walk(&walk);
	print_message("# %d calls of apply (of %d): each failed in 4 ways\n", points, walk.count);
}

static void a_call_of_undo_that_fails_is_told_and_loses_nothing(void **state)
{
	(void)state;
	need_watching();
	struct walk walk = {
		.base = bases[1].fixture.path, .of = "undo", .command = "undo", .is_failing = true};
	int points = take_walk(&walk);
	print_message("# %d calls of undo (of %d): each failed in 4 ways\n", points, walk.count);
}

static void killed_after_any_call_of_recovery_nothing_is_lost(void **state)
{
	(void)state;
	need_watching();
	int points = 0, all = 0;
	for (size_t i = 2; i < base_count; i++) {
		for (int is_undo = 0; is_undo < 2; is_undo++) {
			const char *command = is_undo ? "undo" : "apply";
			kh_auto(kh_free) char *of =
				kh_printf("%s after %s", command, bases[i].name);
			struct walk walk = {.base = bases[i].fixture.path,
					    .of = of,
					    .command = command,
					    .way = (int)i / 2};
			points += take_walk(&walk);
			all += walk.count;
		}
	}
	print_message("# %d calls of recovery (of %d): killed after each\n", points, all);
}

/* ---- what they begin with ---- */

static struct base *add_base(const char *from, char *name)
{
	struct base *base = &bases[base_count++];
	base->name = name;
	crash_copy(&base->fixture, from, host.is_live);
	return base;
}

/* A host where `command` was cut off after so many tenths of its calls. */
static void add_cut(const struct base *from, const char *command, int tenths)
{
	int point = count_calls(from->fixture.path, command) * tenths / 10;
	struct watch watch = {.target = point + 1};
	struct base *base = add_base(from->fixture.path,
				     kh_printf("%s was cut off after call %d", command, point));
	assert_int_equal(crash_run(&host, &base->fixture, &watch, command), 128 + SIGKILL);
	watch_done(&watch);
}

static int open_bases(void)
{
	struct watch watch = {0};
	base_count = 0;
	if (!watch_is_possible())
		return 0;
	const struct base *before = add_base(host.base.fixture.path, kh_strdup("nothing"));
	const struct base *after = add_base(host.base.fixture.path, kh_strdup("apply"));
	original = crash_tree(&before->fixture);
	if (crash_run(&host, &after->fixture, &watch, "apply") != 0)
		fail_msg("%s", watch.output);
	applied = crash_tree(&after->fixture);
	watch_done(&watch);
	add_cut(before, "apply", 4);
	add_cut(after, "undo", 5);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	crash_host_open(&host, "debian12-ifupdown");
	return open_bases();
}

static int set_up_live(void **state)
{
	(void)state;
	live_host_open(&host, "debian12-ifupdown");
	return open_bases();
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < base_count; i++) {
		fixture_close(&bases[i].fixture);
		kh_free(&bases[i].name);
	}
	kh_free(&original);
	kh_free(&applied);
	crash_host_close(&host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_after_any_call_of_apply_nothing_is_lost),
		cmocka_unit_test(killed_after_any_call_of_undo_nothing_is_lost),
		cmocka_unit_test(killed_after_any_call_of_recovery_nothing_is_lost),
		cmocka_unit_test(a_call_of_apply_that_fails_is_told_and_loses_nothing),
		cmocka_unit_test(a_call_of_undo_that_fails_is_told_and_loses_nothing),
	};
	/* What a program could not do is its own failure there (exit status 6). */
	const struct CMUnitTest live[] = {
		cmocka_unit_test(killed_after_any_call_of_apply_nothing_is_lost),
		cmocka_unit_test(killed_after_any_call_of_undo_nothing_is_lost),
		cmocka_unit_test(killed_after_any_call_of_recovery_nothing_is_lost),
	};
	int result = cmocka_run_group_tests(tests, set_up, tear_down);
	if (!live_is_possible()) {
		print_message("# no running host: not root, no mount namespace, or under ASan\n");
		return result;
	}
	return cmocka_run_group_tests(live, set_up_live, tear_down) + result;
}
