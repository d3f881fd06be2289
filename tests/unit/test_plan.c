/* test_plan.c - changes as data: what drops out, what is refused, how a plan reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/diff.h"
#include "core/plan.h"
#include "core/report.h"
#include "tests/lib/fixture.h"

struct host {
	struct fixture fixture;
	struct kh_plan plan;
	struct kh_error err;
};

static int setup(void **state)
{
	struct host *host = kh_alloc(sizeof(*host));
	fixture_open_empty(&host->fixture);
	fixture_put_mode(&host->fixture, "/etc/file", "one\ntwo\nthree\n", 0640);
	fixture_put(&host->fixture, "/sys/thp", "always [madvise] never\n");
	fixture_put(&host->fixture, "/sys/knob", "0\n");
	kh_plan_init(&host->plan, &host->fixture.root);
	host->plan.stage = "test";
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	struct host *host = *state;
	kh_plan_done(&host->plan);
	kh_error_done(&host->err);
	fixture_close(&host->fixture);
	kh_free(state);
	return 0;
}

static void what_is_there_already_drops_out(void **state)
{
	struct host *host = *state;
	struct kh_plan *plan = &host->plan;
	host->fixture.root.is_live = true;
	assert_int_equal(
		kh_plan_put_file(plan, "/etc/file", "one\ntwo\nthree\n", 0, "w", &host->err), 0);
	assert_int_equal(kh_plan_set_value(plan, "/sys/thp", "madvise", "w", &host->err), 0);
	assert_int_equal(kh_plan_set_value(plan, "/sys/knob", "0", "w", &host->err), 0);
	assert_int_equal(kh_plan_make_dir(plan, "/etc", 0755, "w", &host->err), 0);
	assert_int_equal(kh_plan_remove_file(plan, "/etc/none", "w", &host->err), 0);
	assert_int_equal(plan->change_count, 0);
	assert_int_equal(plan->note_count, 0);
}

static void another_mode_alone_is_a_change(void **state)
{
	struct host *host = *state;
	assert_int_equal(kh_plan_put_file(&host->plan, "/etc/file", "one\ntwo\nthree\n", 0600, "w",
					  &host->err),
			 0);
	kh_auto(kh_free) char *title = kh_plan_change_title(&host->plan.changes[0]);
	assert_string_equal(title, "change /etc/file (mode 0640 → 0600)");
}

static void a_plan_reads_as_a_diff_with_its_reason(void **state)
{
	struct host *host = *state;
	host->fixture.root.is_live = true;
	struct kh_plan *plan = &host->plan;
	kh_plan_put_file(plan, "/etc/file", "one\n2\nthree\n", 0, "two is a number", &host->err);
	kh_plan_put_file(plan, "/opt/new/conf", "x\n", 0, "it is new", &host->err);
	kh_plan_set_value(plan, "/sys/knob", "1", "faster", &host->err);
	kh_plan_note(plan, KH_NOTE_REBOOT, "the arguments take effect at the next boot");
	kh_auto(kh_free) char *text = kh_plan_text(plan);
	assert_string_equal(text, "[test] change /etc/file\n"
				  "    why: two is a number\n"
				  "--- a/etc/file\n"
				  "+++ b/etc/file\n"
				  "@@ -1,3 +1,3 @@\n"
				  " one\n"
				  "-two\n"
				  "+2\n"
				  " three\n"
				  "\n"
				  "[test] make directory /opt (mode 0755)\n"
				  "    why: it is new\n"
				  "\n"
				  "[test] make directory /opt/new (mode 0755)\n"
				  "    why: it is new\n"
				  "\n"
				  "[test] create /opt/new/conf (mode 0644)\n"
				  "    why: it is new\n"
				  "--- /dev/null\n"
				  "+++ b/opt/new/conf\n"
				  "@@ -0,0 +1 @@\n"
				  "+x\n"
				  "\n"
				  "[test] set /sys/knob 0 → 1\n"
				  "    why: faster\n"
				  "\n"
				  "reboot: [test] the arguments take effect at the next boot\n");
}

static void a_knob_this_kernel_lacks_is_a_note(void **state)
{
	struct host *host = *state;
	host->fixture.root.is_live = true;
	assert_int_equal(kh_plan_set_value(&host->plan, "/sys/none", "1", "w", &host->err), 0);
	assert_int_equal(host->plan.change_count, 0);
	assert_string_equal(host->plan.notes[0].text,
			    "skipped: set /sys/none to 1: this kernel has no such knob");
}

static void one_path_through_two_names_is_still_one_path(void **state)
{
	struct host *host = *state;
	fixture_link(&host->fixture, "/etc/alias", "file");
	assert_int_equal(kh_plan_put_file(&host->plan, "/etc/file", "a\n", 0, "w", &host->err), 0);
	host->plan.stage = "other";
	assert_int_equal(kh_plan_put_file(&host->plan, "/etc/alias", "b\n", 0, "w", &host->err),
			 -1);
	assert_string_equal(host->err.message,
			    "'/etc/file' is planned by stage 'test' and by stage 'other'");
}

static void something_else_in_the_way_is_refused(void **state)
{
	struct host *host = *state;
	assert_int_equal(kh_plan_put_file(&host->plan, "/etc", "a\n", 0, "w", &host->err), -1);
	assert_string_equal(host->err.message, "'/etc' is not a regular file");
	assert_int_equal(
		kh_plan_put_file(&host->plan, "/etc/file/below", "a\n", 0, "w", &host->err), -1);
	assert_int_equal(host->err.code, KH_HOST);
}

static void a_program_without_undo_or_reason_is_refused(void **state)
{
	struct host *host = *state;
	static const char *const argv[] = {"true", NULL};
	struct kh_plan_command command = {.argv = argv, .why = "w"};
	assert_int_equal(kh_plan_run(&host->plan, &command, &host->err), -1);
}

/* ---- diffs ---- */

static void assert_diff(const char *old, const char *new, const char *wanted)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_diff_unified("/f", old, new, &out);
	assert_string_equal(kh_str_text(&out), wanted);
}

static void diffs_read_as_those_of_diff_u(void **state)
{
	(void)state;
	assert_diff("a\n", "a\n", "");
	assert_diff("a\n", "a",
		    "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
	assert_diff(NULL, "a\nb\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
	assert_diff("a\n", NULL, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\nx\n",
		    "--- a/f\n+++ b/f\n@@ -7,3 +7,4 @@\n 7\n 8\n 9\n+x\n");
}

static void changes_far_apart_are_two_hunks(void **state)
{
	(void)state;
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		    "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
		    "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		    "--- a/f\n+++ b/f\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

/* ---- the report's judgement ---- */

static void assert_judged(struct kh_setting setting, enum kh_status status, const char *gap)
{
	kh_auto(kh_report_done) struct kh_report report = {0};
	setting.id = "x.y";
	setting.wanted = "1";
	kh_report_setting(&report, &setting);
	assert_int_equal(report.checks[0].status, status);
	if (gap)
		assert_string_equal(report.checks[0].gap, gap);
	else
		assert_null(report.checks[0].gap);
}

static void a_setting_is_judged_three_ways(void **state)
{
	(void)state;
	struct kh_setting good = {.effective = "1", .persisted = "1", .where = "/etc/x:1"};
	struct kh_setting lost = {.effective = "1"};
	struct kh_setting later = {.effective = "0", .persisted = "1", .needs_reboot = true};
	struct kh_setting overridden = {
		.effective = "0", .persisted = "1", .gap = "overridden by b"};
	struct kh_setting nothing = {.effective = "0"};
	struct kh_setting unknown = {.persisted = "1"};
	struct kh_setting no_knob = {.no_knob = "this kernel has no such knob"};
	assert_judged(good, KH_PASS, NULL);
	assert_judged(lost, KH_WARN, "not persisted: lost at the next boot");
	assert_judged(later, KH_WARN, "needs a reboot");
	assert_judged(overridden, KH_FAIL, "overridden by b");
	assert_judged(nothing, KH_FAIL, "not applied");
	assert_judged(unknown, KH_SKIP, "the running value is not known here");
	assert_judged(no_knob, KH_SKIP, "this kernel has no such knob");
}

static void a_required_check_fails_instead_of_warning(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv require = {0};
	kh_strv_add(&require, "cpu.aes");
	kh_auto(kh_report_done) struct kh_report report = {.require = &require};
	struct kh_check_text text = {.found = "no"};
	kh_report_add(&report, "cpu.pdpe1gb", KH_WARN, &text);
	assert_true(kh_report_is_ready(&report));
	kh_report_add(&report, "cpu.aes", KH_WARN, &text);
	assert_false(kh_report_is_ready(&report));
	assert_int_equal(kh_report_find(&report, "cpu.aes")->status, KH_FAIL);
}

static void an_empty_report_is_not_ready(void **state)
{
	(void)state;
	struct kh_report report = {0};
	assert_false(kh_report_is_ready(&report));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_already_drops_out),
		TEST(another_mode_alone_is_a_change),
		TEST(a_plan_reads_as_a_diff_with_its_reason),
		TEST(a_knob_this_kernel_lacks_is_a_note),
		TEST(one_path_through_two_names_is_still_one_path),
		TEST(something_else_in_the_way_is_refused),
		TEST(a_program_without_undo_or_reason_is_refused),
		cmocka_unit_test(diffs_read_as_those_of_diff_u),
		cmocka_unit_test(changes_far_apart_are_two_hunks),
		cmocka_unit_test(a_setting_is_judged_three_ways),
		cmocka_unit_test(a_required_check_fails_instead_of_warning),
		cmocka_unit_test(an_empty_report_is_not_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
