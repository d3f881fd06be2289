/* The stage `modules`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char *const load_path = "/etc/modules-load.d/kvmhost.conf";
static const char *const modprobe_path = "/etc/modprobe.d/kvmhost.conf";

static void expect_file(struct stage_host *host, const char *path, const char *expected)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	if (!expected) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(text, expected);
}

static bool plans_load(const struct stage_host *host, const char *name)
{
	for (size_t i = 0; i < host->plan.change_count; i++)
		if (host->plan.changes[i].kind == KH_CHANGE_LOAD_MODULE &&
		    strcmp(host->plan.changes[i].path, name) == 0)
			return true;
	return false;
}

static const char *const header =
	"# Written by kvmhost (stage modules): loaded at every boot, in this order.\n";

static void the_list_keeps_the_configured_order(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [vhost_net, kvm, kvm_vendor], options: {}}");
	stage_host_plan(&host, &kh_stage_modules);
	stage_host_apply(&host);
	kh_auto(kh_free) char *expected = kh_printf("%svhost_net\nkvm\nkvm_amd\n", header);
	expect_file(&host, load_path, expected);
	expect_file(&host, modprobe_path, NULL);
	stage_host_plan(&host, &kh_stage_modules);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void a_module_named_twice_is_listed_once(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm_amd, kvm, kvm_vendor]}");
	stage_host_plan(&host, &kh_stage_modules);
	stage_host_apply(&host);
	kh_auto(kh_free) char *expected = kh_printf("%skvm_amd\nkvm\n", header);
	expect_file(&host, load_path, expected);
	stage_host_close(&host);
}

static void an_absent_module_is_skipped_with_its_reason(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [vfio_virqfd, nonesuch, kvm]}");
	const char *text = stage_host_plan(&host, &kh_stage_modules);
	expect_text(text, "skipped: module 'nonesuch': kernel 6.1.0-56-amd64 has no such module");
	stage_host_apply(&host);
	kh_auto(kh_free) char *list = fixture_get(&host.fixture, load_path);
	expect_no_text(list, "nonesuch");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.nonesuch"), "skip");
	stage_host_close(&host);
}

static void an_absent_required_module_is_refused(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm, nonesuch], require: [nonesuch]}");
	assert_null(stage_host_plan(&host, &kh_stage_modules));
	assert_int_equal(host.err.code, KH_HOST);
	expect_text(host.err.message, "module 'nonesuch' is required");
	assert_non_null(host.err.hint);
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.nonesuch"), "fail");
	stage_host_close(&host);
}

static void on_the_running_system_what_is_missing_is_loaded_in_order(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [virtio_net, vhost_net, kvm, kvm_vendor]}");
	host.fixture.root.is_live = true;
	expect_text(stage_host_plan(&host, &kh_stage_modules), "load module vhost_net");
	assert_true(plans_load(&host, "vhost_net"));
	assert_false(plans_load(&host, "kvm"));
	assert_false(plans_load(&host, "kvm_amd"));
	stage_host_close(&host);
}

static void in_a_container_nothing_is_loaded(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [vhost_net]}");
	host.fixture.root.is_live = true;
	host.facts.os.is_container = true;
	expect_text(stage_host_plan(&host, &kh_stage_modules), "in a container");
	assert_false(plans_load(&host, "vhost_net"));
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.vhost_net"), "skip");
	stage_host_close(&host);
}

static void without_the_running_kernels_modules_loading_waits_for_the_boot(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [vhost_net]}");
	host.fixture.root.is_live = true;
	kh_free(&host.facts.os.kernel_release);
	host.facts.os.kernel_release = kh_strdup("6.1.0-1-amd64");
	expect_text(stage_host_plan(&host, &kh_stage_modules), "loaded at the next boot");
	assert_false(plans_load(&host, "vhost_net"));
	stage_host_close(&host);
}

static void a_vendor_module_the_cpu_cannot_use_is_listed_but_not_loaded(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm, kvm_intel]}");
	host.fixture.root.is_live = true;
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "module 'kvm_intel' is not loaded: no 'vmx' in the CPU's flags");
	assert_false(plans_load(&host, "kvm_intel"));
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.kvm_intel"), "fail");
	expect_text(kh_report_find(&host.report, "modules.kvm_intel")->gap, "no 'vmx'");
	assert_string_equal(stage_host_status(&host, "modules.order"), "pass");
	stage_host_close(&host);
}

static void a_blacklisted_module_is_named_with_the_file(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [vhost_net]}");
	host.fixture.root.is_live = true;
	fixture_put(&host.fixture, "/etc/modprobe.d/no.conf", "blacklist vhost_net\n");
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "blacklisted by /etc/modprobe.d/no.conf:1");
	assert_false(plans_load(&host, "vhost_net"));
	stage_host_close(&host);
}

static void an_image_leaves_the_vendor_module_to_the_boot(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, NULL, "modules: {load: [vhost_net, kvm, kvm_vendor]}");
	fixture_put(&host.fixture, "/usr/lib/systemd/systemd", "");
	const char *text = stage_host_plan(&host, &kh_stage_modules);
	expect_text(text, "left to the boot: [modules] kvm_intel or kvm_amd");
	expect_text(text, "no kernel modules below '/lib/modules'");
	stage_host_apply(&host);
	kh_auto(kh_free) char *expected = kh_printf("%svhost_net\nkvm\n", header);
	expect_file(&host, load_path, expected);
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.kvm"), "skip");
	stage_host_close(&host);
}

static void start_scripts_get_an_executable_script(void **state)
{
	(void)state;
	static const char *const script = "/etc/sysconfig/modules/kvmhost.modules";
	struct stage_host host;
	stage_host_open(&host, NULL, "modules: {load: [vhost_net, kvm]}");
	fixture_put(&host.fixture, "/etc/sysconfig/modules/kvm.modules", "#!/bin/sh\n");
	stage_host_plan(&host, &kh_stage_modules);
	stage_host_apply(&host);
	expect_file(&host, load_path, NULL);
	assert_true(kh_root_is_executable(&host.fixture.root, script));
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, script);
	expect_text(text, "for module in vhost_net kvm; do");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.order"), "pass");
	stage_host_close(&host);
}

static void an_empty_list_removes_only_our_file(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm]}");
	stage_host_plan(&host, &kh_stage_modules);
	stage_host_apply(&host);
	stage_host_configure(&host, "modules: {load: []}");
	stage_host_plan(&host, &kh_stage_modules);
	assert_int_equal(host.plan.change_count, 1);
	stage_host_apply(&host);
	expect_file(&host, load_path, NULL);
	fixture_put(&host.fixture, load_path, "loop\n");
	stage_host_plan(&host, &kh_stage_modules);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void the_order_of_a_changed_list_is_reported(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm, kvm_vendor]}");
	fixture_put(&host.fixture, load_path, "kvm_amd\nkvm\n");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.order"), "warn");
	assert_string_equal(stage_host_status(&host, "modules.kvm"), "pass");
	stage_host_close(&host);
}

static void a_module_that_another_file_lists_counts_as_persisted(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm]}");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.kvm"), "warn");
	fixture_put(&host.fixture, "/etc/modules-load.d/own.conf", "# mine\nkvm\n");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.kvm"), "pass");
	expect_text(kh_report_find(&host.report, "modules.kvm")->persisted,
		    "/etc/modules-load.d/own.conf:2");
	stage_host_close(&host);
}

/* ---- options ---- */

static void options_the_module_does_not_have_are_not_written(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm], options: {kvm_amd: {nested: 1, nestde: 1}}}");
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "module 'kvm_amd' of kernel 6.1.0-56-amd64 has no parameter 'nestde'");
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, modprobe_path);
	expect_text(text, "options kvm_amd nested=1\n");
	expect_no_text(text, "nestde");
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.option.kvm_amd.nestde"), "skip");
	stage_host_close(&host);
}

static void a_loaded_module_with_another_value_needs_a_reboot(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm], options: {kvm_amd: {nested: 1}}}");
	host.fixture.root.is_live = true;
	fixture_remove(&host.fixture, "/sys/module/kvm_amd/parameters/nested");
	fixture_put_mode(&host.fixture, "/sys/module/kvm_amd/parameters/nested", "0\n", 0444);
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "module 'kvm_amd' was loaded with nested=0");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.option.kvm_amd.nested"), "warn");
	stage_host_close(&host);
}

static void yes_and_one_are_the_same_value(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm], options: {kvm_amd: {nested: 1}}}");
	host.fixture.root.is_live = true;
	fixture_put(&host.fixture, "/sys/module/kvm_amd/parameters/nested", "Y\n");
	expect_no_text(stage_host_plan(&host, &kh_stage_modules), "nested=0");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_modules);
	assert_string_equal(stage_host_status(&host, "modules.option.kvm_amd.nested"), "pass");
	stage_host_close(&host);
}

static void a_writable_parameter_is_set_in_the_kernels_form(void **state)
{
	(void)state;
	static const char *const path = "/sys/module/kvm/parameters/ignore_msrs";
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm], options: {kvm: {ignore_msrs: 1}}}");
	host.fixture.root.is_live = true;
	fixture_put_mode(&host.fixture, path, "N\n", 0644);
	stage_host_plan(&host, &kh_stage_modules);
	assert_true(kh_plan_has(&host.plan, path));
	expect_text(host.text, "N → Y");
	stage_host_close(&host);
}

static void a_file_that_is_read_later_and_decides_otherwise_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"modules: {load: [kvm], options: {kvm_amd: {nested: 1}}}");
	fixture_put(&host.fixture, "/etc/modprobe.d/zz.conf", "options kvm_amd nested=0\n");
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "option kvm_amd.nested=1 is overridden by /etc/modprobe.d/zz.conf:1");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_modules);
	expect_text(kh_report_find(&host.report, "modules.option.kvm_amd.nested")->gap,
		    "overridden by /etc/modprobe.d/zz.conf:1");
	stage_host_close(&host);
}

static void zero_copy_transmit_is_flagged_wherever_it_comes_from(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "modules: {load: [kvm]}");
	fixture_put(&host.fixture, "/etc/modprobe.d/vhost.conf",
		    "options vhost_net experimental_zcopytx=1\n");
	expect_text(stage_host_plan(&host, &kh_stage_modules),
		    "stale: /etc/modprobe.d/vhost.conf:1 sets vhost_net.experimental_zcopytx");
	stage_host_close(&host);
}

/* ---- all roots ---- */

static void apply_twice(struct stage_host *host, const char *root, const struct kh_stage *stage)
{
	if (!stage_host_plan(host, stage))
		fail_msg("%s, %s: %s", root, stage->name, host->err.message);
	stage_host_apply(host);
	stage_host_plan(host, stage);
	if (host->plan.change_count > 0)
		fail_msg("%s, %s: still pending:\n%s", root, stage->name, host->text);
	stage_host_check(host, stage);
}

static void on_every_recorded_host_the_second_plan_is_empty(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	for (size_t i = 0; i < names.count; i++) {
		struct stage_host host;
		stage_host_open(&host, names.items[i], "sysctl: {vm.swappiness: 10}\n");
		apply_twice(&host, names.items[i], &kh_stage_preflight);
		apply_twice(&host, names.items[i], &kh_stage_modules);
		apply_twice(&host, names.items[i], &kh_stage_sysctl);
		apply_twice(&host, names.items[i], &kh_stage_io);
		stage_host_close(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_keeps_the_configured_order),
		cmocka_unit_test(a_module_named_twice_is_listed_once),
		cmocka_unit_test(an_absent_module_is_skipped_with_its_reason),
		cmocka_unit_test(an_absent_required_module_is_refused),
		cmocka_unit_test(on_the_running_system_what_is_missing_is_loaded_in_order),
		cmocka_unit_test(in_a_container_nothing_is_loaded),
		cmocka_unit_test(without_the_running_kernels_modules_loading_waits_for_the_boot),
		cmocka_unit_test(a_vendor_module_the_cpu_cannot_use_is_listed_but_not_loaded),
		cmocka_unit_test(a_blacklisted_module_is_named_with_the_file),
		cmocka_unit_test(an_image_leaves_the_vendor_module_to_the_boot),
		cmocka_unit_test(start_scripts_get_an_executable_script),
		cmocka_unit_test(an_empty_list_removes_only_our_file),
		cmocka_unit_test(the_order_of_a_changed_list_is_reported),
		cmocka_unit_test(a_module_that_another_file_lists_counts_as_persisted),
		cmocka_unit_test(options_the_module_does_not_have_are_not_written),
		cmocka_unit_test(a_loaded_module_with_another_value_needs_a_reboot),
		cmocka_unit_test(yes_and_one_are_the_same_value),
		cmocka_unit_test(a_writable_parameter_is_set_in_the_kernels_form),
		cmocka_unit_test(a_file_that_is_read_later_and_decides_otherwise_is_named),
		cmocka_unit_test(zero_copy_transmit_is_flagged_wherever_it_comes_from),
		cmocka_unit_test(on_every_recorded_host_the_second_plan_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
