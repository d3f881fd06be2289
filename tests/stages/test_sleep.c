/* test_sleep.c - the sleep stage on recorded hosts. */
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

static const char never[] = "sleep: {allow: false}\n";
static const char allowed[] = "sleep: {allow: true}\n";
static const char suspend[] = "/etc/systemd/system/suspend.target";
static const char list_path[] = "/var/lib/kvmhost/masked-targets";

static void expect_link(struct stage_host *host, const char *path, const char *target)
{
	kh_auto(kh_free) char *found = kh_root_readlink(&host->fixture.root, path);
	if (!target)
		assert_null(found);
	else
		assert_string_equal(found, target);
}

static void open_host(struct stage_host *host, const char *yaml)
{
	stage_host_open(host, "debian12-ifupdown", yaml);
	fixture_put(&host->fixture, "/var/lib/kvmhost/keep", ""); /* the engine makes it */
}

static void by_default_nothing_is_planned(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "");
	assert_non_null(stage_host_plan(&host, &kh_stage_sleep));
	assert_int_equal(host.plan.change_count, 0);
	assert_int_equal(host.plan.note_count, 0);
	stage_host_check(&host, &kh_stage_sleep);
	assert_string_equal(stage_host_status(&host, "sleep.prevented"), "skip");
	stage_host_close(&host);
}

static void every_target_is_masked_and_logind_told(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, never);
	stage_host_check(&host, &kh_stage_sleep);
	assert_string_equal(stage_host_status(&host, "sleep.prevented"), "fail");
	expect_text(stage_host_plan(&host, &kh_stage_sleep), "+HandleLidSwitch=ignore");
	stage_host_apply(&host);
	expect_link(&host, suspend, "/dev/null");
	expect_link(&host, "/etc/systemd/system/sleep.target", "/dev/null");
	expect_link(&host, "/etc/systemd/system/hibernate.target", "/dev/null");
	expect_link(&host, "/etc/systemd/system/hybrid-sleep.target", "/dev/null");
	expect_link(&host, "/etc/systemd/system/suspend-then-hibernate.target", "/dev/null");
	stage_host_configure(&host, never);
	assert_non_null(stage_host_plan(&host, &kh_stage_sleep));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_sleep);
	assert_string_equal(stage_host_status(&host, "sleep.prevented"), "pass");
	stage_host_close(&host);
}

static void one_that_somebody_unmasked_fails_by_its_name(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, never);
	assert_non_null(stage_host_plan(&host, &kh_stage_sleep));
	stage_host_apply(&host);
	fixture_remove(&host.fixture, suspend);
	stage_host_check(&host, &kh_stage_sleep);
	assert_string_equal(stage_host_status(&host, "sleep.prevented"), "fail");
	assert_string_equal(kh_report_find(&host.report, "sleep.prevented")->found,
			    "suspend.target is not masked");
	stage_host_close(&host);
}

static void allowed_again_only_our_masks_go(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, never);
	fixture_link(&host.fixture, "/etc/systemd/system/hibernate.target", "/dev/null");
	assert_non_null(stage_host_plan(&host, &kh_stage_sleep));
	stage_host_apply(&host);
	stage_host_configure(&host, allowed);
	assert_non_null(stage_host_plan(&host, &kh_stage_sleep));
	stage_host_apply(&host);
	expect_link(&host, suspend, NULL);
	expect_link(&host, "/etc/systemd/system/hibernate.target", "/dev/null");
	assert_false(kh_root_exists(&host.fixture.root, list_path));
	assert_false(
		kh_root_exists(&host.fixture.root, "/etc/systemd/logind.conf.d/90-kvmhost.conf"));
	stage_host_close(&host);
}

static void a_unit_of_somebodys_own_is_not_replaced(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, never);
	fixture_put(&host.fixture, suspend, "[Unit]\nDescription=my own\n");
	assert_null(stage_host_plan(&host, &kh_stage_sleep));
	assert_int_equal(host.err.code, KH_HOST);
	assert_string_equal(host.err.hint, "remove it, or leave sleep.allow at true");
	stage_host_close(&host);
}

static void without_systemd_it_says_that_nothing_is_prevented(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "no-bootloader", never);
	expect_text(stage_host_plan(&host, &kh_stage_sleep), "sleep is not prevented");
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_sleep);
	assert_string_equal(stage_host_status(&host, "sleep.prevented"), "skip");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_nothing_is_planned),
		cmocka_unit_test(every_target_is_masked_and_logind_told),
		cmocka_unit_test(one_that_somebody_unmasked_fails_by_its_name),
		cmocka_unit_test(allowed_again_only_our_masks_go),
		cmocka_unit_test(a_unit_of_somebodys_own_is_not_replaced),
		cmocka_unit_test(without_systemd_it_says_that_nothing_is_prevented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
