/* The stage `sysctl`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char *const path = "/etc/sysctl.d/90-kvmhost.conf";

static void settings_are_written_with_their_reason(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	stage_host_plan(&host, &kh_stage_sysctl);
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, path);
	expect_text(text,
		    "# guests' memory stays in RAM as long as possible\nvm.swappiness = 10\n");
	stage_host_plan(&host, &kh_stage_sysctl);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void the_running_value_is_set_on_the_running_system(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	host.fixture.root.is_live = true;
	stage_host_plan(&host, &kh_stage_sysctl);
	assert_true(kh_plan_has(&host.plan, "/proc/sys/vm/swappiness"));
	stage_host_close(&host);
}

static void numbers_separated_by_tabs_are_the_same_setting(void **state)
{
	(void)state;
	static const char *const key = "/proc/sys/net/ipv4/tcp_rmem";
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {net.ipv4.tcp_rmem: 4096 87380 600}");
	host.fixture.root.is_live = true;
	fixture_put(&host.fixture, key, "4096\t87380\t600\n");
	stage_host_plan(&host, &kh_stage_sysctl);
	assert_false(kh_plan_has(&host.plan, key));
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_sysctl);
	assert_string_equal(stage_host_status(&host, "sysctl.net.ipv4.tcp_rmem"), "pass");
	fixture_put(&host.fixture, key, "4096\t87380\t700\n");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl), "4096\t87380\t600");
	stage_host_close(&host);
}

static void a_later_file_that_overrides_ours_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/etc/sysctl.d/99-x.conf", "\nvm.swappiness = 60\n");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl),
		    "overridden at boot by /etc/sysctl.d/99-x.conf:2, which says 60");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_sysctl);
	assert_string_equal(stage_host_status(&host, "sysctl.vm.swappiness"), "fail");
	assert_string_equal(kh_report_find(&host.report, "sysctl.vm.swappiness")->gap,
			    "overridden by /etc/sysctl.d/99-x.conf:2");
	stage_host_close(&host);
}

static void an_earlier_file_is_no_override(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/etc/sysctl.d/10-x.conf", "vm.swappiness = 60\n");
	expect_no_text(stage_host_plan(&host, &kh_stage_sysctl), "overridden");
	stage_host_check(&host, &kh_stage_sysctl);
	const struct kh_check *check = kh_report_find(&host.report, "sysctl.vm.swappiness");
	assert_string_equal(check->gap, "not applied");
	assert_string_equal(check->persisted, "60 (/etc/sysctl.d/10-x.conf:1)");
	stage_host_close(&host);
}

static void a_later_file_that_agrees_is_no_override(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/etc/sysctl.d/99-x.conf", "vm.swappiness=10\n");
	fixture_put(&host.fixture, "/proc/sys/vm/swappiness", "10\n");
	expect_no_text(stage_host_plan(&host, &kh_stage_sysctl), "overridden");
	stage_host_check(&host, &kh_stage_sysctl);
	assert_string_equal(stage_host_status(&host, "sysctl.vm.swappiness"), "pass");
	stage_host_close(&host);
}

static void an_active_tuned_profile_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/run/tuned/tuned.pid", "1\n");
	fixture_put(&host.fixture, "/etc/tuned/active_profile", "own\n");
	fixture_put(&host.fixture, "/etc/tuned/own/tuned.conf", "[sysctl]\nvm.swappiness=1\n");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl),
		    "vm.swappiness is also set by the active tuned profile 'own'");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_sysctl);
	expect_text(kh_report_find(&host.report, "sysctl.vm.swappiness")->gap,
		    "tuned profile 'own'");
	stage_host_close(&host);
}

static void keys_that_moved_to_debugfs_are_explained_and_left_out(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {kernel.sched_latency_ns: 4}");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl), "/sys/kernel/debug/sched");
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_sysctl);
	assert_string_equal(stage_host_status(&host, "sysctl.kernel.sched_latency_ns"), "skip");
	stage_host_close(&host);
}

static void keys_of_br_netfilter_are_written_and_explained(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"sysctl: {net.bridge.bridge-nf-call-arptables: 0}");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl), "module 'br_netfilter'");
	assert_true(kh_plan_has(&host.plan, path));
	stage_host_close(&host);
}

static void interface_names_with_dots_reach_the_right_file(void **state)
{
	(void)state;
	static const char *const key = "/proc/sys/net/ipv4/conf/eth0.5/arp_filter";
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {net.ipv4.conf.eth0/5.arp_filter: 1}");
	host.fixture.root.is_live = true;
	fixture_put(&host.fixture, key, "0\n");
	stage_host_plan(&host, &kh_stage_sysctl);
	assert_true(kh_plan_has(&host.plan, key));
	stage_host_close(&host);
}

static void an_empty_section_removes_our_file_only(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {}");
	fixture_put(&host.fixture, path, "# mine\nvm.swappiness = 3\n");
	stage_host_plan(&host, &kh_stage_sysctl);
	assert_int_equal(host.plan.change_count, 0);
	fixture_put(&host.fixture, path, "# Written by kvmhost (stage sysctl).\n");
	stage_host_plan(&host, &kh_stage_sysctl);
	stage_host_apply(&host);
	assert_null(fixture_get(&host.fixture, path));
	stage_host_close(&host);
}

static void sysctl_conf_that_nothing_reads_is_pointed_out(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/etc/sysctl.conf", "vm.swappiness = 1\n");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl), "overridden at boot by");
	fixture_remove(&host.fixture, "/etc/sysctl.d/99-sysctl.conf");
	expect_text(stage_host_plan(&host, &kh_stage_sysctl),
		    "/etc/sysctl.conf:1 also sets vm.swappiness, but nothing reads that file");
	stage_host_close(&host);
}

static void a_setting_that_is_not_persisted_is_a_warning(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}");
	fixture_put(&host.fixture, "/proc/sys/vm/swappiness", "10\n");
	stage_host_check(&host, &kh_stage_sysctl);
	assert_string_equal(stage_host_status(&host, "sysctl.vm.swappiness"), "warn");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_written_with_their_reason),
		cmocka_unit_test(the_running_value_is_set_on_the_running_system),
		cmocka_unit_test(numbers_separated_by_tabs_are_the_same_setting),
		cmocka_unit_test(a_later_file_that_overrides_ours_is_named),
		cmocka_unit_test(an_earlier_file_is_no_override),
		cmocka_unit_test(a_later_file_that_agrees_is_no_override),
		cmocka_unit_test(an_active_tuned_profile_is_named),
		cmocka_unit_test(keys_that_moved_to_debugfs_are_explained_and_left_out),
		cmocka_unit_test(keys_of_br_netfilter_are_written_and_explained),
		cmocka_unit_test(interface_names_with_dots_reach_the_right_file),
		cmocka_unit_test(an_empty_section_removes_our_file_only),
		cmocka_unit_test(sysctl_conf_that_nothing_reads_is_pointed_out),
		cmocka_unit_test(a_setting_that_is_not_persisted_is_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
