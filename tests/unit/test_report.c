/* test_report.c - the verdict: what is required must have been seen to pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/report.h"

static enum kh_status required(enum kh_status status)
{
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	kh_auto(kh_report_done) struct kh_report report = {.require = &ids};
	kh_strv_add(&ids, "cpu.aes");
	kh_report_add(&report, "cpu.aes", status, &(struct kh_check_text){.found = "x"});
	kh_report_add(&report, "cpu.avx", KH_WARN, &(struct kh_check_text){.found = "x"});
	assert_int_equal(report.checks[1].status, KH_WARN);
	assert_int_equal(kh_report_is_ready(&report), report.checks[0].status != KH_FAIL);
	return report.checks[0].status;
}

static void a_required_check_passes_or_fails(void **state)
{
	(void)state;
	assert_int_equal(required(KH_PASS), KH_PASS);
	assert_int_equal(required(KH_WARN), KH_FAIL);
	assert_int_equal(required(KH_FAIL), KH_FAIL);
	assert_int_equal(required(KH_SKIP), KH_FAIL);
}

static void a_required_check_that_nobody_knows_fails(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	kh_auto(kh_report_done) struct kh_report report = {.require = &ids};
	kh_strv_add(&ids, "cpu.aes");
	kh_strv_add(&ids, "cpu.aess");
	kh_report_add(&report, "cpu.aes", KH_PASS, &(struct kh_check_text){.found = "aes"});
	assert_true(kh_report_is_ready(&report));
	kh_report_add_missing(&report);
	assert_int_equal(report.check_count, 2);
	assert_int_equal(kh_report_find(&report, "cpu.aess")->status, KH_FAIL);
	assert_false(kh_report_is_ready(&report));
}

static enum kh_status judged(const char *effective, const char *persisted, bool needs_reboot,
			     const char *no_knob)
{
	kh_auto(kh_report_done) struct kh_report report = {0};
	kh_report_setting(&report, &(struct kh_setting){.id = "x",
							.wanted = "1",
							.effective = effective,
							.persisted = persisted,
							.needs_reboot = needs_reboot,
							.no_knob = no_knob});
	return report.checks[0].status;
}

static void a_setting_is_judged_by_what_is_effective_and_persisted(void **state)
{
	(void)state;
	assert_int_equal(judged("1", "1", false, NULL), KH_PASS);
	assert_int_equal(judged("1", NULL, false, NULL), KH_WARN);
	assert_int_equal(judged("1", "0", false, NULL), KH_WARN);
	assert_int_equal(judged("0", "1", true, NULL), KH_WARN);
	assert_int_equal(judged("0", "0", true, NULL), KH_FAIL);
	assert_int_equal(judged("0", "1", false, NULL), KH_FAIL);
	assert_int_equal(judged("0", NULL, true, NULL), KH_FAIL);
	assert_int_equal(judged(NULL, "1", false, "no such knob"), KH_SKIP);
}

static void an_empty_report_is_not_ready(void **state)
{
	(void)state;
	kh_auto(kh_report_done) struct kh_report report = {0};
	assert_false(kh_report_is_ready(&report));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_required_check_passes_or_fails),
		cmocka_unit_test(a_required_check_that_nobody_knows_fails),
		cmocka_unit_test(a_setting_is_judged_by_what_is_effective_and_persisted),
		cmocka_unit_test(an_empty_report_is_not_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
