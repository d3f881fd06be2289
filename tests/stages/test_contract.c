/* test_contract.c - what every stage promises, on every host of tests/roots/ (docs/design.md,
 * "Tests"):
 *
 *   the printed plan and the report equal the golden ones (tests/golden/ROOT.plan, ROOT.report);
 *   apply, then plan again: empty; then undone: the tree is the original one;
 *   failed at a write-like system call, then undone: the tree is the original one;
 *   killed at a write-like system call, then run again: the tree is that of an undisturbed run.
 *
 * KVMHOST_LONG=1 walks every call (make check-long; with KVMHOST_STRIDE every other), otherwise a
 * sample. KVMHOST_GOLDEN=write writes the golden files instead of comparing (make golden): look at
 * their diff before you commit it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "core/report_view.h"
#include "core/undo.h"
#include "tests/lib/cut.h"
#include "tests/lib/fixture.h"

enum { SAMPLES = 6 };

struct host {
	struct fixture fixture;
	struct kh_config config;
};

/* Only proc/ and sys/ were captured there: nothing can be applied. */
static const char recorded[] = "recorded-proc-sys";

static void die(const char *what, const struct kh_error *err)
{
	fail_msg("%s: %s", what, err->message);
}

static void open_host(struct host *host, const char *name)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *own = kh_printf("tests/golden/%s.yaml", name);
	*host = (struct host){0};
	fixture_open(&host->fixture, name);
	if (strcmp(name, recorded) != 0) /* the guard's unit runs it: a host has it installed */
		fixture_put_mode(&host->fixture, "/usr/local/sbin/kvmhost", "kvmhost\n", 0755);
	const char *path = access(own, R_OK) == 0 ? own : "tests/golden/contract.yaml";
	struct kh_strv settings = {0};
	if (kh_config_load(&host->fixture.root, path, &settings, &host->config, &err) != 0)
		die(path, &err);
}

static void close_host(struct host *host)
{
	kh_config_done(&host->config);
	fixture_close(&host->fixture);
}

static void plan_host(struct host *host, struct kh_outcome *outcome)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	struct kh_engine engine = {.root = &host->fixture.root, .config = &host->config};
	kh_facts_collect(&host->fixture.root, &facts);
	if (kh_engine_plan(&engine, &facts, outcome, &err) != 0)
		die("plan", &err);
}

static int apply_host(struct host *host, struct kh_error *err)
{
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	struct kh_engine engine = {
		.root = &host->fixture.root, .config = &host->config, .runner = &kh_run_system};
	return kh_engine_apply(&engine, &outcome, err);
}

static void undo_host(struct host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_undo undo = {.root = &host->fixture.root, .runner = &kh_run_system, .run = -1};
	size_t count = 0;
	if (kh_undo_apply(&undo, &count, &err) != 0)
		die("undo", &err);
}

static void each_host(void (*test)(const char *name))
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const char *only = getenv("KVMHOST_ROOT");
	fixture_names(&names);
	assert_true(names.count >= 10);
	for (size_t i = 0; i < names.count; i++)
		if (!only || strcmp(only, names.items[i]) == 0)
			test(names.items[i]);
}

/* ---- golden texts ---- */

static char *read_file(const char *path)
{
	kh_auto(kh_fclose) FILE *stream = fopen(path, "re");
	kh_auto(kh_str_done) struct kh_str text = {0};
	char block[4096];
	size_t got = 1;
	while (stream && got > 0) {
		got = fread(block, 1, sizeof(block), stream);
		kh_str_add_bytes(&text, block, got);
	}
	return stream ? kh_str_take(&text) : NULL;
}

/* The guard's record names the owners of files: those of the copy are whoever runs the tests. */
static char *as_of_root(const char *text, const char *key, unsigned id)
{
	kh_auto(kh_free) char *own = kh_printf("\"%s\": %u", key, id);
	struct kh_str out = {0};
	for (const char *at = strstr(text, own); at; at = strstr(text, own)) {
		kh_str_add_bytes(&out, text, (size_t)(at - text));
		kh_str_addf(&out, "\"%s\": 0", key);
		text = at + strlen(own);
	}
	kh_str_add(&out, text);
	return kh_str_take(&out);
}

static void compare(const char *name, const char *kind, const char *printed)
{
	kh_auto(kh_free) char *half = as_of_root(printed, "uid", geteuid());
	kh_auto(kh_free) char *text = as_of_root(half, "gid", getegid());
	kh_auto(kh_free) char *path = kh_printf("tests/golden/%s.%s", name, kind);
	kh_auto(kh_free) char *golden = read_file(path);
	if (golden && strcmp(golden, text) == 0)
		return;
	const char *mode = getenv("KVMHOST_GOLDEN");
	if (mode && strcmp(mode, "write") == 0) {
		kh_auto(kh_fclose) FILE *stream = fopen(path, "we");
		assert_non_null(stream);
		fputs(text, stream);
		return;
	}
	fail_msg("%s %s: 'make golden', then look at 'git diff tests/golden'", path,
		 golden ? "is not what is printed now" : "is missing");
}

static void check_plan_text(const char *name)
{
	struct host host;
	open_host(&host, name);
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	plan_host(&host, &outcome);
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_auto(kh_free) char *plan = kh_plan_text(&outcome.plan);
	kh_str_add(&text, plan);
	for (size_t i = 0; i < outcome.refusal_count; i++) {
		const struct kh_error *error = &outcome.refusals[i].error;
		kh_str_addf(&text, "refused: %s\n", error->message);
		if (error->hint)
			kh_str_addf(&text, "  hint: %s\n", error->hint);
	}
	compare(name, "plan", kh_str_text(&text));
	close_host(&host);
}

static void the_printed_plan_is_the_golden_one(void **state)
{
	(void)state;
	each_host(check_plan_text);
}

static void check_report_text(const char *name)
{
	struct host host;
	open_host(&host, name);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	kh_auto(kh_report_done) struct kh_report report = {0};
	struct kh_engine engine = {.root = &host.fixture.root, .config = &host.config};
	kh_facts_collect(&host.fixture.root, &facts);
	if (kh_engine_report(&engine, &facts, &report, &err) != 0)
		die(name, &err);
	kh_auto(kh_free) char *text = kh_report_plain(&report, name, true);
	compare(name, "report", text);
	close_host(&host);
}

static void the_printed_report_is_the_golden_one(void **state)
{
	(void)state;
	each_host(check_report_text);
}

/* ---- apply, cut, undo ---- */

static void check_second_plan(const char *name)
{
	if (strcmp(name, recorded) == 0)
		return;
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, name);
	kh_auto(kh_free) char *before = fixture_tree(&host.fixture);
	if (apply_host(&host, &err) != 0)
		die(name, &err);
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	plan_host(&host, &again);
	if (again.plan.change_count > 0) {
		kh_auto(kh_free) char *text = kh_plan_text(&again.plan);
		fail_msg("%s: planned again after apply:\n%s", name, text);
	}
	undo_host(&host);
	kh_auto(kh_free) char *after = fixture_tree(&host.fixture);
	assert_string_equal(before, after);
	close_host(&host);
}

static void after_apply_the_plan_is_empty_and_undo_restores_the_tree(void **state)
{
	(void)state;
	each_host(check_second_plan);
}

/* The points to cut at: all of 1..count, or a spread of SAMPLES. */
static int next_point(int point, int count)
{
	const char *stride = getenv("KVMHOST_STRIDE");
	if (getenv("KVMHOST_LONG"))
		return point + (stride && atoi(stride) > 2 ? 2 : 1);
	int step = count / SAMPLES > 0 ? count / SAMPLES : 1;
	return point + step;
}

static void apply_child(void *data)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	apply_host(data, &err);
}

static int count_points(const char *name, char **ret_tree)
{
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, name);
	cut_arm_count();
	int result = apply_host(&host, &err);
	cut_disarm();
	if (result != 0)
		die(name, &err);
	*ret_tree = fixture_tree(&host.fixture);
	close_host(&host);
	return cut_count();
}

static int walked;

static void kill_at(const char *name, int point, const char *undisturbed)
{
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, name);
	kh_auto(kh_free) char *original = fixture_tree(&host.fixture);
	assert_true(cut_run_killed(point, apply_child, &host));
	if (apply_host(&host, &err) != 0)
		die(name, &err);
	kh_auto(kh_free) char *rerun = fixture_tree(&host.fixture);
	if (strcmp(rerun, undisturbed) != 0)
		fail_msg("%s: killed at call %d: the rerun's tree differs", name, point);
	undo_host(&host);
	kh_auto(kh_free) char *undone = fixture_tree(&host.fixture);
	if (strcmp(undone, original) != 0)
		fail_msg("%s: killed at call %d: undo differs", name, point);
	close_host(&host);
}

static void fail_at(const char *name, int point)
{
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, name);
	kh_auto(kh_free) char *original = fixture_tree(&host.fixture);
	cut_arm_fail(point, ENOSPC);
	int result = apply_host(&host, &err);
	cut_disarm();
	if (result == 0 || err.code != KH_SYSTEM || !strstr(err.message, "No space left"))
		fail_msg("%s: call %d failed, but: %s", name, point,
			 err.message ? err.message : "no error");
	undo_host(&host);
	kh_auto(kh_free) char *undone = fixture_tree(&host.fixture);
	if (strcmp(undone, original) != 0)
		fail_msg("%s: call %d failed: undo differs", name, point);
	close_host(&host);
}

static void check_cuts(const char *name)
{
	if (strcmp(name, recorded) == 0)
		return;
	kh_auto(kh_free) char *undisturbed = NULL;
	int count = count_points(name, &undisturbed);
	for (int point = 1; point <= count; point = next_point(point, count), walked++) {
		kill_at(name, point, undisturbed);
		fail_at(name, point);
	}
}

/* ---- one process a host, as many at once as there are processors ---- */

struct worker {
	pid_t pid;
	char *name;
	FILE *output;
};

/* This program again, for one host only. */
static void start_worker(struct worker *worker, const char *name)
{
	worker->name = kh_strdup(name);
	worker->output = tmpfile();
	assert_non_null(worker->output);
	fflush(NULL);
	worker->pid = fork();
	if (worker->pid != 0)
		return;
	dup2(fileno(worker->output), STDOUT_FILENO);
	dup2(fileno(worker->output), STDERR_FILENO);
	setenv("KVMHOST_ROOT", name, 1);
	execl("/proc/self/exe", "test_contract", (char *)NULL);
	_exit(127);
}

/* Wait for any worker; returns false when it failed, after showing what it said. */
static bool end_worker(struct worker *workers, size_t count)
{
	int status = 0;
	pid_t ended = wait(&status);
	for (size_t i = 0; i < count; i++) {
		struct worker *worker = &workers[i];
		if (worker->pid != ended)
			continue;
		char line[512];
		int calls = 0;
		rewind(worker->output);
		while (fgets(line, sizeof(line), worker->output)) {
			if (status != 0)
				print_message("# %s: %s", worker->name, line);
			if (sscanf(line, "# %d calls", &calls) == 1)
				walked += calls;
		}
		fclose(worker->output);
		kh_free(&worker->name);
		worker->pid = 0;
	}
	return status == 0;
}

static void walk_in_workers(void)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	kh_auto(kh_free) struct worker *workers = kh_alloc(names.count * sizeof(*workers));
	long most = sysconf(_SC_NPROCESSORS_ONLN);
	bool is_good = true;
	long running = 0;
	for (size_t i = 0; i < names.count; i++, running++) {
		if (running == most) {
			is_good = end_worker(workers, i) && is_good;
			running--;
		}
		start_worker(&workers[i], names.items[i]);
	}
	for (; running > 0; running--)
		is_good = end_worker(workers, names.count) && is_good;
	assert_true(is_good);
}

static void cut_off_or_failing_anywhere_nothing_is_lost(void **state)
{
	(void)state;
	walked = 0;
	if (getenv("KVMHOST_ROOT"))
		each_host(check_cuts);
	else
		walk_in_workers();
	print_message("# %d calls: killed at and failed at each\n", walked);
}

int main(void)
{
	const struct CMUnitTest cuts[] = {
		cmocka_unit_test(cut_off_or_failing_anywhere_nothing_is_lost),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_printed_plan_is_the_golden_one),
		cmocka_unit_test(the_printed_report_is_the_golden_one),
		cmocka_unit_test(after_apply_the_plan_is_empty_and_undo_restores_the_tree),
		cmocka_unit_test(cut_off_or_failing_anywhere_nothing_is_lost),
	};
	if (getenv("KVMHOST_ROOT"))
		return cmocka_run_group_tests(cuts, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
