/* test_ksm.c - the ksm stage on recorded hosts, and on one that counts as running. */
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

static const char on[] = "ksm: {run: true}\n";
static const char drop_in[] = "/etc/tmpfiles.d/kvmhost-ksm.conf";
#define KSM "/sys/kernel/mm/ksm/"

static void plan(struct stage_host *host)
{
	const char *text = stage_host_plan(host, &kh_stage_ksm);
	if (!text)
		fail_msg("%s", host->err.message);
}

static bool has_note(const struct stage_host *host, enum kh_note_kind kind, const char *part)
{
	for (size_t i = 0; i < host->plan.note_count; i++)
		if (host->plan.notes[i].kind == kind && strstr(host->plan.notes[i].text, part))
			return true;
	return false;
}

static const char *new_value(const struct stage_host *host, const char *path)
{
	for (size_t i = 0; i < host->plan.change_count; i++)
		if (host->plan.changes[i].kind == KH_CHANGE_SET_VALUE &&
		    strcmp(host->plan.changes[i].path, path) == 0)
			return host->plan.changes[i].value;
	return "unchanged";
}

static void assert_file(const struct stage_host *host, const char *path, const char *content)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	assert_non_null(text);
	assert_string_equal(text, content);
}

static void rc_local_is_made_where_it_is_missing(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", on);
	plan(&host);
	stage_host_apply(&host);
	assert_file(&host, "/etc/rc.local",
		    "#!/bin/sh\n"
		    "# Run once at the end of the boot, when executable.\n"
		    "\n"
		    "# kvmhost: begin\n"
		    "# Kernel samepage merging; kvmhost (stage ksm) overwrites these lines.\n"
		    "if [ -w /sys/kernel/mm/ksm/run ]; then\n"
		    "\techo 200 > /sys/kernel/mm/ksm/pages_to_scan || :\n"
		    "\techo 20 > /sys/kernel/mm/ksm/sleep_millisecs || :\n"
		    "\techo 1 > /sys/kernel/mm/ksm/run || :\n"
		    "fi\n"
		    "# kvmhost: end\n"
		    "exit 0\n");
	assert_true(kh_root_is_executable(&host.fixture.root, "/etc/rc.local"));
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void els_link_is_kept_and_its_target_edited(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "centos7-ifcfg-bios", on);
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_WARNING, "was not executable"));
	stage_host_apply(&host);
	kh_auto(kh_free) char *link = kh_root_readlink(&host.fixture.root, "/etc/rc.local");
	assert_non_null(link);
	assert_true(kh_root_is_executable(&host.fixture.root, "/etc/rc.d/rc.local"));
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void somebodys_own_line_stays_and_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "half-applied", on);
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_WARNING, "/etc/rc.local:9: echo 1 > " KSM "run"));
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, "/etc/rc.local");
	assert_non_null(strstr(text, "\necho 1 > " KSM "run\n\n# kvmhost: begin\n"));
	assert_non_null(strstr(text, "# kvmhost: end\nexit 0\n"));
	stage_host_close(&host);
}

static void switched_off_our_lines_go_and_the_file_is_as_before(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "half-applied", on);
	kh_auto(kh_free) char *before = fixture_get(&host.fixture, "/etc/rc.local");
	plan(&host);
	stage_host_apply(&host);
	stage_host_configure(&host, "ksm: {run: false}\n");
	plan(&host);
	stage_host_apply(&host);
	assert_file(&host, "/etc/rc.local", before);
	stage_host_check(&host, &kh_stage_ksm);
	const struct kh_check *check = kh_report_find(&host.report, "ksm.run");
	assert_string_equal(check->gap, "overridden by /etc/rc.local:9");
	stage_host_close(&host);
}

static void a_script_that_is_not_run_gives_way_to_tmpfiles(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "hand-edited", on); /* no shebang */
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_INFO, "tmpfiles.d is used instead of rc.local"));
	stage_host_apply(&host);
	assert_file(&host, drop_in,
		    "# Written by kvmhost (stage ksm); changes here are overwritten.\n"
		    "w " KSM "pages_to_scan - - - - 200\n"
		    "w " KSM "sleep_millisecs - - - - 20\n"
		    "w " KSM "run - - - - 1\n");
	stage_host_close(&host);
	stage_host_open(&host, "debian12-ifupdown", on);
	fixture_link(&host.fixture, "/etc/systemd/system/rc-local.service", "/dev/null");
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_INFO, "rc-local.service is masked"));
	stage_host_close(&host);
}

static void tmpfiles_on_request_and_back(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "half-applied", on);
	plan(&host);
	stage_host_apply(&host);
	stage_host_configure(&host, "ksm: {run: true, persist: tmpfiles}\n");
	plan(&host);
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, "/etc/rc.local");
	assert_null(strstr(text, "kvmhost"));
	assert_true(kh_root_exists(&host.fixture.root, drop_in));
	stage_host_configure(&host, on);
	plan(&host);
	stage_host_apply(&host);
	assert_false(kh_root_exists(&host.fixture.root, drop_in));
	stage_host_close(&host);
}

static void several_nodes_do_not_merge_across(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", on);
	host.fixture.root.is_live = true;
	plan(&host);
	assert_string_equal(new_value(&host, KSM "merge_across_nodes"), "0");
	assert_string_equal(new_value(&host, KSM "run"), "1");
	host.facts.memory.ksm.pages_shared = 5;
	plan(&host);
	assert_string_equal(new_value(&host, KSM "merge_across_nodes"), "unchanged");
	assert_true(has_note(&host, KH_NOTE_REBOOT, "merge_across_nodes can change only while"));
	stage_host_close(&host);
}

static void the_kernels_advisor_is_respected(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian13-networkd", on);
	host.fixture.root.is_live = true;
	free(host.facts.memory.ksm.advisor_mode);
	host.facts.memory.ksm.advisor_mode = kh_strdup("scan-time");
	plan(&host);
	assert_true(
		has_note(&host, KH_NOTE_INFO, "pages_to_scan is left alone: the kernel's advisor"));
	assert_string_equal(new_value(&host, KSM "pages_to_scan"), "unchanged");
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, "/etc/rc.local");
	assert_null(strstr(text, "pages_to_scan"));
	stage_host_check(&host, &kh_stage_ksm);
	assert_string_equal(stage_host_status(&host, "ksm.pages_to_scan"), "skip");
	stage_host_close(&host);
}

static void switching_off_stops_ksm_and_keeps_merged_pages(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "recorded-proc-sys", "ksm: {run: false}\n");
	host.fixture.root.is_live = true;
	plan(&host);
	assert_string_equal(new_value(&host, KSM "run"), "0");
	assert_string_equal(new_value(&host, KSM "pages_to_scan"), "unchanged");
	assert_true(has_note(&host, KH_NOTE_INFO, "pages merged so far stay merged"));
	stage_host_close(&host);
}

static void what_works_against_it_is_pointed_out(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			"ksm: {run: true}\ngrub: {transparent_hugepage: always}\n");
	fixture_link(&host.fixture, "/etc/systemd/system/multi-user.target.wants/ksmtuned.service",
		     "/lib/systemd/system/ksmtuned.service");
	host.facts.memory.committed_kib = 1ll << 40;
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_WARNING, "transparent_hugepage: always"));
	assert_true(has_note(&host, KH_NOTE_WARNING, "ksmtuned.service is enabled"));
	assert_true(has_note(&host, KH_NOTE_WARNING, "more memory is promised"));
	assert_true(has_note(&host, KH_NOTE_INFO, "side channel"));
	stage_host_close(&host);
}

static void a_kernel_without_ksm_is_said_once(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "no-bootloader", on);
	host.fixture.root.is_live = true;
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_INFO, "this kernel has no KSM"));
	assert_string_equal(new_value(&host, KSM "run"), "unchanged");
	stage_host_check(&host, &kh_stage_ksm);
	assert_string_equal(stage_host_status(&host, "ksm.run"), "skip");
	stage_host_close(&host);
}

static void settings_are_judged_three_ways(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", on);
	host.fixture.root.is_live = true;
	stage_host_check(&host, &kh_stage_ksm);
	assert_string_equal(stage_host_status(&host, "ksm.run"), "fail");
	assert_string_equal(stage_host_status(&host, "ksm.sleep_millisecs"), "warn");
	plan(&host);
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_ksm);
	assert_string_equal(stage_host_status(&host, "ksm.sleep_millisecs"), "pass");
	fixture_put(&host.fixture, KSM "run", "1\n");
	stage_host_check(&host, &kh_stage_ksm);
	assert_string_equal(stage_host_status(&host, "ksm.run"), "pass");
	const struct kh_check *check = kh_report_find(&host.report, "ksm.run");
	assert_string_equal(check->persisted, "1 (/etc/rc.local:9)");
	assert_string_equal(stage_host_status(&host, "ksm.saving"), "pass");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rc_local_is_made_where_it_is_missing),
		cmocka_unit_test(els_link_is_kept_and_its_target_edited),
		cmocka_unit_test(somebodys_own_line_stays_and_is_named),
		cmocka_unit_test(switched_off_our_lines_go_and_the_file_is_as_before),
		cmocka_unit_test(a_script_that_is_not_run_gives_way_to_tmpfiles),
		cmocka_unit_test(tmpfiles_on_request_and_back),
		cmocka_unit_test(several_nodes_do_not_merge_across),
		cmocka_unit_test(the_kernels_advisor_is_respected),
		cmocka_unit_test(switching_off_stops_ksm_and_keeps_merged_pages),
		cmocka_unit_test(what_works_against_it_is_pointed_out),
		cmocka_unit_test(a_kernel_without_ksm_is_said_once),
		cmocka_unit_test(settings_are_judged_three_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
