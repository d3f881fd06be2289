/* test_report_view.c - the report for a terminal, for grep, for pipelines and for Prometheus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/report_view.h"
#include "core/safe_text.h"
#include "tests/lib/markup.h"

static void fill(struct kh_report *report)
{
	const struct kh_check_text passes = {.expected = "aes", .found = "aes", .why = "speed"};
	const struct kh_check_text warns = {
		.expected = "a QEMU that is newer than the one of this host by some years",
		.found = "none",
		.why = "guests need one",
		.fix = "install qemu-system-x86 (Debian) or qemu-kvm (CentOS family)"};
	const struct kh_check_text skips = {.found = "for another vendor"};
	const struct kh_setting setting = {.id = "sysctl.vm.swappiness",
					   .wanted = "10",
					   .effective = "60",
					   .persisted = "60",
					   .where = "/etc/sysctl.conf:3",
					   .why = "the host keeps its memory",
					   .fix = "kvmhost apply sysctl"};
	kh_report_add(report, "cpu.aes", KH_PASS, &passes);
	kh_report_add(report, "cpu.vmx", KH_SKIP, &skips);
	kh_report_add(report, "qemu.binary", KH_WARN, &warns);
	kh_report_setting(report, &setting);
}

static void assert_text(const struct kh_report_style *style, const char *expected)
{
	kh_auto(kh_report_done) struct kh_report report = {0};
	fill(&report);
	kh_auto(kh_free) char *text = kh_report_text(&report, "vh1", "extra\n", style);
	assert_string_equal(text, expected);
}

static void findings_are_told_in_full_by_subject(void **state)
{
	(void)state;
	const struct kh_report_style style = {.is_utf8 = true, .width = 80};
	assert_text(
		&style,
		"vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n"
		"\n"
		"Processor                   1 pass, 1 skip\n"
		"\n"
		"QEMU, libvirt and guests    1 warn\n"
		"  ! warn  qemu.binary: none (expected: a QEMU that is newer than the one of this\n"
		"          host by some years)\n"
		"          why   guests need one\n"
		"          fix   install qemu-system-x86 (Debian) or qemu-kvm (CentOS family)\n"
		"\n"
		"Kernel settings             1 fail\n"
		"  ✗ fail  sysctl.vm.swappiness: 60 (expected: 10)\n"
		"          gap   not applied; persisted: 60 (/etc/sysctl.conf:3)\n"
		"          why   the host keeps its memory\n"
		"          fix   kvmhost apply sysctl\n"
		"\n"
		"extra\n"
		"vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n");
}

static void all_checks_are_told_on_request_and_in_ascii(void **state)
{
	(void)state;
	const struct kh_report_style style = {.has_all = true, .width = 60};
	assert_text(&style, "vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n"
			    "\n"
			    "Processor                   1 pass, 1 skip\n"
			    "  + pass  cpu.aes: aes\n"
			    "  - skip  cpu.vmx: for another vendor\n"
			    "\n"
			    "QEMU, libvirt and guests    1 warn\n"
			    "  ! warn  qemu.binary: none (expected: a QEMU that is newer\n"
			    "          than the one of this host by some years)\n"
			    "          why   guests need one\n"
			    "          fix   install qemu-system-x86 (Debian) or qemu-kvm\n"
			    "                (CentOS family)\n"
			    "\n"
			    "Kernel settings             1 fail\n"
			    "  x fail  sysctl.vm.swappiness: 60 (expected: 10)\n"
			    "          gap   not applied; persisted: 60\n"
			    "                (/etc/sysctl.conf:3)\n"
			    "          why   the host keeps its memory\n"
			    "          fix   kvmhost apply sysctl\n"
			    "\n"
			    "extra\n"
			    "vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n");
}

static void the_brief_form_has_a_line_for_each_finding(void **state)
{
	(void)state;
	const struct kh_report_style style = {.is_brief = true, .width = 120};
	assert_text(&style,
		    "vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n"
		    "  ! warn  qemu.binary: none (expected: a QEMU that is newer than the one "
		    "of this host by some years)\n"
		    "  x fail  sysctl.vm.swappiness: 60 (expected: 10); not applied\n"
		    "extra\n"
		    "vh1: not ready (4 checks: 1 pass, 1 warn, 1 fail, 1 skip)\n");
}

static void colour_is_around_words_and_never_left_on(void **state)
{
	(void)state;
	const struct kh_report_style style = {.has_color = true, .has_all = true, .width = 80};
	kh_auto(kh_report_done) struct kh_report report = {0};
	fill(&report);
	kh_auto(kh_free) char *text = kh_report_text(&report, "vh1", NULL, &style);
	bool is_on = false;
	for (const char *at = text; *at; at++) {
		if (*at == '\033')
			is_on = strncmp(at, "\033[0m", 4) != 0;
		if (*at == '\n' && at[1] == '\n')
			assert_false(is_on);
	}
	assert_false(is_on);
	assert_non_null(strstr(text, "\033[1;31mvh1: not ready\033[0m ("));
	assert_non_null(strstr(text, "\033[31mx fail\033[0m  sysctl"));
}

static void a_host_cannot_write_to_the_terminal(void **state)
{
	(void)state;
	kh_auto(kh_report_done) struct kh_report report = {0};
	const struct kh_check_text bad = {.expected = "\033]0;x\007",
					  .found = "a\r\033[2Jb\nfail  x",
					  .why = "\xc2\x9b"
						 "31m",
					  .fix = "\xe2\x80\xae rm"};
	kh_report_add(&report, "cpu.x", KH_FAIL, &bad);
	const struct kh_report_style style = {.is_utf8 = true, .width = 80};
	kh_auto(kh_free) char *text = kh_report_text(&report, "h\033[1m", NULL, &style);
	kh_auto(kh_free) char *plain = kh_report_plain(&report, "h\033[1m", true);
	kh_auto(kh_free) char *metrics = kh_report_prometheus(&report, "\033", 0);
	const char *const all[] = {text, plain, metrics};
	for (size_t i = 0; i < KH_COUNT(all); i++) {
		assert_null(strchr(all[i], '\033'));
		assert_null(strchr(all[i], '\r'));
		assert_null(strstr(all[i], "\xc2\x9b"));
		assert_null(strstr(all[i], "\xe2\x80\xae"));
		assert_null(strstr(all[i], "\nfail  x"));
	}
}

static void what_is_no_character_is_replaced(void **state)
{
	(void)state;
	kh_auto(kh_free) char *utf8 = kh_safe_line("a\xff"
						   "b\tc ä\x7f",
						   true);
	kh_auto(kh_free) char *ascii = kh_safe_line("a\xff"
						    "b\tc ä\x7f",
						    false);
	assert_string_equal(utf8, "a\xef\xbf\xbd"
				  "b c ä\xef\xbf\xbd");
	assert_string_equal(ascii, "a?b c ??");
	kh_auto(kh_str_done) struct kh_str markup = {0};
	kh_safe_add_markup(&markup, "<a href=\"x\">'&\x01</a>");
	assert_string_equal(markup.text,
			    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\xef\xbf\xbd&lt;/a&gt;");
	kh_safe_add_markup(&markup, NULL);
}

static void junit_fails_what_fails_and_tells_what_warns(void **state)
{
	(void)state;
	kh_auto(kh_report_done) struct kh_report report = {0};
	fill(&report);
	kh_auto(kh_free) char *xml = kh_report_junit(&report, "v<h>1", 1795255200);
	kh_auto(kh_free) char *wrong =
		markup_fault(xml, "testsuites testsuite testcase failure skipped system-out");
	assert_null(wrong);
	assert_string_equal(
		xml,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"kvmhost report\" tests=\"4\" failures=\"1\" errors=\"0\" "
		"skipped=\"1\" time=\"0\">\n"
		"  <testsuite name=\"kvmhost report\" tests=\"4\" failures=\"1\" errors=\"0\" "
		"skipped=\"1\" time=\"0\" hostname=\"v&lt;h&gt;1\" "
		"timestamp=\"2026-11-21T10:00:00\">\n"
		"    <testcase classname=\"kvmhost.cpu\" name=\"cpu.aes\" time=\"0\"/>\n"
		"    <testcase classname=\"kvmhost.cpu\" name=\"cpu.vmx\" time=\"0\"><skipped "
		"message=\"for another vendor\"/></testcase>\n"
		"    <testcase classname=\"kvmhost.qemu\" name=\"qemu.binary\" "
		"time=\"0\"><system-out>warning\nfound: none\nexpected: a QEMU that is newer than "
		"the one of this host by some years\nwhy: guests need one\nfix: install "
		"qemu-system-x86 (Debian) or qemu-kvm (CentOS family)\n</system-out></testcase>\n"
		"    <testcase classname=\"kvmhost.sysctl\" name=\"sysctl.vm.swappiness\" "
		"time=\"0\"><failure message=\"60\" type=\"kvmhost\">found: 60\nexpected: 10\ngap: "
		"not applied\npersisted: 60 (/etc/sysctl.conf:3)\nwhy: the host keeps its "
		"memory\nfix: kvmhost apply sysctl\n</failure></testcase>\n"
		"  </testsuite>\n</testsuites>\n");
}

static void prometheus_has_help_type_and_escaped_labels(void **state)
{
	(void)state;
	kh_auto(kh_report_done) struct kh_report report = {0};
	fill(&report);
	const struct kh_check_text text = {.found = "x"};
	kh_report_add(&report, "odd.\"a\\b\n", KH_PASS, &text);
	kh_auto(kh_free) char *metrics = kh_report_prometheus(&report, "0.1.0", 1795255200);
	assert_string_equal(
		metrics,
		"# HELP kvmhost_info The kvmhost that made this report.\n"
		"# TYPE kvmhost_info gauge\n"
		"kvmhost_info{version=\"0.1.0\"} 1\n"
		"# HELP kvmhost_report_timestamp_seconds When the report was made, Unix time.\n"
		"# TYPE kvmhost_report_timestamp_seconds gauge\n"
		"kvmhost_report_timestamp_seconds 1795255200\n"
		"# HELP kvmhost_ready 1 when no check fails, otherwise 0.\n"
		"# TYPE kvmhost_ready gauge\n"
		"kvmhost_ready 0\n"
		"# HELP kvmhost_checks Checks of the report, by status.\n"
		"# TYPE kvmhost_checks gauge\n"
		"kvmhost_checks{status=\"pass\"} 2\n"
		"kvmhost_checks{status=\"warn\"} 1\n"
		"kvmhost_checks{status=\"fail\"} 1\n"
		"kvmhost_checks{status=\"skip\"} 1\n"
		"# HELP kvmhost_check_status Each check: 0 passes, 1 warns, 2 fails, -1 is skipped.\n"
		"# TYPE kvmhost_check_status gauge\n"
		"kvmhost_check_status{id=\"cpu.aes\"} 0\n"
		"kvmhost_check_status{id=\"cpu.vmx\"} -1\n"
		"kvmhost_check_status{id=\"qemu.binary\"} 1\n"
		"kvmhost_check_status{id=\"sysctl.vm.swappiness\"} 2\n"
		"kvmhost_check_status{id=\"odd.\\\"a\\\\b \"} 0\n");
}

static void every_check_has_a_subject(void **state)
{
	(void)state;
	size_t other = kh_report_group_of("nobody.knows");
	assert_string_equal(kh_report_groups[other].name, "Other");
	assert_null(kh_report_groups[other + 1].name);
	assert_string_equal(kh_report_groups[kh_report_group_of("cpu.aes")].name, "Processor");
	assert_string_equal(kh_report_groups[kh_report_group_of("hugepages.2M.node0")].name,
			    "Memory and topology");
	assert_int_equal(kh_report_group_of("cpux.aes"), other);
	assert_int_equal(kh_report_group_of(""), other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_are_told_in_full_by_subject),
		cmocka_unit_test(all_checks_are_told_on_request_and_in_ascii),
		cmocka_unit_test(the_brief_form_has_a_line_for_each_finding),
		cmocka_unit_test(colour_is_around_words_and_never_left_on),
		cmocka_unit_test(a_host_cannot_write_to_the_terminal),
		cmocka_unit_test(what_is_no_character_is_replaced),
		cmocka_unit_test(junit_fails_what_fails_and_tells_what_warns),
		cmocka_unit_test(prometheus_has_help_type_and_escaped_labels),
		cmocka_unit_test(every_check_has_a_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
