/* test_qemu.c - the qemu stage on recorded hosts: who has /usr/bin/kvm, what is left to do, what
 * the report says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "platform/recipe.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char yaml[] = "qemu: {version: 7.2}\n";
static const char store[] = "/var/cache/kvmhost";

static void put_artifact(struct stage_host *host)
{
	const struct kh_root *root = &host->fixture.root;
	struct kh_error err = KH_ERROR_INIT;
	struct kh_inputs inputs = {0};
	char key[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *tree = NULL;
	assert_true(kh_recipe_inputs(&host->context, &kh_recipe_qemu, NULL, &inputs, &err) >= 0);
	kh_store_key("qemu", &inputs.wanted, &inputs.made_with, key);
	if (kh_store_begin(root, store, key, &tree, &err) != 0)
		fail_msg("%s", err.message);
	kh_auto(kh_free) char *program = kh_printf("%s/usr/local/bin/qemu-system-x86_64", tree);
	fixture_put_mode(&host->fixture, program, "ELF", 0755);
	json_t *manifest = json_pack("{s:i, s:s, s:s, s:o, s:o, s:b, s:{s:s, s:s, s:[]}}", "format",
				     1, "program", "qemu", "distribution", "debian 12", "wanted",
				     kh_inputs_json(&inputs.wanted), "made_with",
				     kh_inputs_json(&inputs.made_with), "is_imported", 1, "about",
				     "version", "7.2", "prefix", "/usr/local", "libraries");
	if (kh_store_publish(root, store, key, manifest, &err) != 0)
		fail_msg("%s", err.message);
	kh_inputs_done(&inputs);
}

static const char *plan(struct stage_host *host)
{
	const char *text = stage_host_plan(host, &kh_stage_qemu);
	if (!text)
		fail_msg("%s", host->err.message);
	return text;
}

static void kvm_leads_to_the_qemu_that_was_built(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	put_artifact(&host);
	const char *text = plan(&host);
	expect_text(text, "install qemu 7.2");
	expect_text(text, "link /usr/bin/kvm → /usr/local/bin/qemu-system-x86_64");
	stage_host_close(&host);
}

static void a_kvm_of_somebody_else_is_left_alone_and_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	put_artifact(&host);
	fixture_put_mode(&host.fixture, "/usr/bin/kvm", "#!/bin/sh\n", 0755);
	expect_no_text(plan(&host), "link /usr/bin/kvm");
	expect_text(plan(&host), "/usr/bin/kvm stays as it is, it belongs to a file");
	fixture_remove(&host.fixture, "/usr/bin/kvm");
	fixture_put(&host.fixture, "/var/lib/dpkg/info/qemu-system-x86.list",
		    "/usr/bin\n/usr/bin/kvm\n");
	expect_text(plan(&host), "belongs to a package of the distribution");
	fixture_link(&host.fixture, "/usr/bin/kvm", "/opt/old/bin/qemu-system-x86_64");
	expect_text(plan(&host), "link /usr/bin/kvm → /usr/local/bin/qemu-system-x86_64");
	stage_host_close(&host);
}

static void nothing_is_planned_before_it_is_built_or_when_it_is_not_wanted(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	expect_text(plan(&host), "QEMU is installed once it is built");
	assert_int_equal(host.plan.change_count, 0);
	stage_host_configure(&host, "qemu: {version: none}\n");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	assert_int_equal(host.plan.note_count, 0);
	stage_host_close(&host);
}

static void an_artifact_of_other_options_is_not_the_wanted_one(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	put_artifact(&host);
	stage_host_configure(&host, "qemu: {version: 7.2, configure: [\"--enable-spice\"]}\n");
	expect_text(plan(&host), "QEMU is installed once it is built");
	stage_host_configure(&host, "qemu: {version: 7.2, prefix: /opt/kvm}\n");
	expect_text(plan(&host), "QEMU is installed once it is built");
	stage_host_configure(&host, yaml);
	expect_text(plan(&host), "install qemu 7.2");
	stage_host_close(&host);
}

static void a_chosen_qemu_that_is_not_installed_is_not_ready(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	stage_host_check(&host, &kh_stage_qemu);
	assert_string_equal(stage_host_status(&host, "qemu.version"), "fail");
	expect_text(kh_report_find(&host.report, "qemu.binary")->fix, "'kvmhost apply' builds");
	fixture_put(&host.fixture, "/var/lib/kvmhost/installed/qemu.record",
		    "{\"program\": \"qemu\", \"key\": \"k\", \"about\": {\"prefix\": "
		    "\"/usr/local\", \"version\": \"7.2\", \"libraries\": [\"libx.so.1\"]}}\n"
		    "l\tqemu-img\t/usr/local/bin/qemu-gone\n");
	stage_host_check(&host, &kh_stage_qemu);
	assert_string_equal(stage_host_status(&host, "qemu.version"), "pass");
	assert_string_equal(stage_host_status(&host, "qemu.files"), "fail");
	assert_string_equal(stage_host_status(&host, "qemu.libraries"), "fail");
	assert_string_equal(stage_host_status(&host, "qemu.kvm_link"), "warn");
	stage_host_configure(&host, "qemu: {version: none}\n");
	stage_host_check(&host, &kh_stage_qemu);
	assert_string_equal(stage_host_status(&host, "qemu.version"), "none");
	expect_text(kh_report_find(&host.report, "qemu.binary")->fix, "install qemu-system-x86");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kvm_leads_to_the_qemu_that_was_built),
		cmocka_unit_test(a_kvm_of_somebody_else_is_left_alone_and_named),
		cmocka_unit_test(nothing_is_planned_before_it_is_built_or_when_it_is_not_wanted),
		cmocka_unit_test(an_artifact_of_other_options_is_not_the_wanted_one),
		cmocka_unit_test(a_chosen_qemu_that_is_not_installed_is_not_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
