/* test_thp.c - the thp stage on recorded hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char madvise[] = "grub: {transparent_hugepage: madvise}\n";
static const char knob[] = "/sys/kernel/mm/transparent_hugepage/enabled";

static void the_drop_in_and_the_running_value(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", madvise);
	host.fixture.root.is_live = true;
	assert_non_null(stage_host_plan(&host, &kh_stage_thp));
	assert_int_equal(host.plan.change_count, 2);
	assert_string_equal(host.plan.changes[1].path, knob);
	assert_string_equal(host.plan.changes[1].value, "madvise");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(stage_host_status(&host, "thp.enabled"), "fail");
	fixture_put(&host.fixture, knob, "always [madvise] never\n");
	stage_host_configure(&host, madvise);
	assert_non_null(stage_host_plan(&host, &kh_stage_thp));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(stage_host_status(&host, "thp.enabled"), "pass");
	stage_host_close(&host);
}

static void without_systemd_the_kernel_argument_counts(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "no-bootloader", madvise);
	assert_non_null(stage_host_plan(&host, &kh_stage_thp));
	assert_int_equal(host.plan.change_count, 0);
	assert_non_null(strstr(host.text, "alone decides at boot"));
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(stage_host_status(&host, "thp.enabled"), "fail");
	fixture_put(&host.fixture, "/etc/default/grub",
		    "GRUB_CMDLINE_LINUX='transparent_hugepage=madvise'\n");
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(stage_host_status(&host, "thp.enabled"), "warn");
	assert_string_equal(kh_report_find(&host.report, "thp.enabled")->gap, "needs a reboot");
	stage_host_close(&host);
}

static void an_earlier_tmpfiles_line_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", madvise);
	fixture_put(&host.fixture, "/etc/tmpfiles.d/10-thp.conf",
		    "w /sys/kernel/mm/transparent_hugepage/enabled - - - - never\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_thp));
	assert_non_null(strstr(host.text, "/etc/tmpfiles.d/10-thp.conf:1 sets"));
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(kh_report_find(&host.report, "thp.enabled")->gap,
			    "overridden by /etc/tmpfiles.d/10-thp.conf:1");
	stage_host_close(&host);
}

static void a_kernel_without_thp_is_skipped(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", madvise);
	fixture_remove(&host.fixture, "/sys/kernel/mm/transparent_hugepage");
	stage_host_configure(&host, madvise);
	stage_host_check(&host, &kh_stage_thp);
	assert_string_equal(stage_host_status(&host, "thp.enabled"), "skip");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_drop_in_and_the_running_value),
		cmocka_unit_test(without_systemd_the_kernel_argument_counts),
		cmocka_unit_test(an_earlier_tmpfiles_line_is_named),
		cmocka_unit_test(a_kernel_without_thp_is_skipped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
