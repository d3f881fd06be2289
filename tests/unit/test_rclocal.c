/* test_rclocal.c - our lines in rc.local, what else is in it, and whether the host runs it; and
 * which tmpfiles.d line wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/rclocal.h"
#include "core/tmpfiles.h"
#include "tests/lib/fixture.h"

#define OURS "# kvmhost: begin\necho 1 > /sys/x\n# kvmhost: end\n"
static const char lines[] = "echo 1 > /sys/x\n";

/* From before to after; again: nothing changes; without our lines: before. */
static void puts_it(const char *before, const char *after)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL, *again = NULL, *without = NULL;
	assert_int_equal(kh_rclocal_put("/etc/rc.local", before, lines, &text, &err), 0);
	assert_string_equal(text, after);
	assert_int_equal(kh_rclocal_put("/etc/rc.local", text, lines, &again, &err), 0);
	assert_string_equal(again, after);
	assert_int_equal(kh_rclocal_put("/etc/rc.local", text, "", &without, &err), 0);
	assert_string_equal(without, before);
}

static void our_block_goes_before_a_final_exit(void **state)
{
	(void)state;
	puts_it("#!/bin/sh -e\nfoo\n\nexit 0\n", "#!/bin/sh -e\nfoo\n\n" OURS "exit 0\n");
	puts_it("#!/bin/sh\nexit 0", "#!/bin/sh\n" OURS "exit 0");
	puts_it("#!/bin/sh\nexit 0 # done\n# bye\n\n",
		"#!/bin/sh\n" OURS "exit 0 # done\n# bye\n\n");
	puts_it("#!/bin/sh\n  exit\n", "#!/bin/sh\n" OURS "  exit\n");
}

static void without_a_final_exit_it_goes_to_the_end(void **state)
{
	(void)state;
	puts_it("#!/bin/bash\ntouch /var/lock/subsys/local\n",
		"#!/bin/bash\ntouch /var/lock/subsys/local\n" OURS);
	puts_it("#!/bin/sh\nfoo", "#!/bin/sh\nfoo\n# kvmhost: begin\necho 1 > /sys/x\n"
				  "# kvmhost: end");
	puts_it("#!/bin/sh\nexit 1\nfoo\n", "#!/bin/sh\nexit 1\nfoo\n" OURS);
	puts_it("#!/bin/sh\nexitfoo\n", "#!/bin/sh\nexitfoo\n" OURS);
	puts_it("#!/bin/sh\nexit 0; foo\n", "#!/bin/sh\nexit 0; foo\n" OURS);
}

static void a_continued_command_is_not_torn_apart(void **state)
{
	(void)state;
	puts_it("#!/bin/sh\nfoo ||\\\n  exit 0\n", "#!/bin/sh\n" OURS "foo ||\\\n  exit 0\n");
	puts_it("#!/bin/sh\nfoo &&\n\texit 0\n", "#!/bin/sh\n" OURS "foo &&\n\texit 0\n");
}

static void an_early_exit_is_found(void **state)
{
	(void)state;
	assert_int_equal(kh_rclocal_early_exit("#!/bin/sh\nfoo\nexit 0\nbar\n"), 3);
	assert_int_equal(kh_rclocal_early_exit("#!/bin/sh\nif x; then\n\texit 0\nfi\nexit 0\n"), 0);
	assert_int_equal(kh_rclocal_early_exit("#!/bin/sh\n" OURS "exit 0\n"), 0);
	assert_int_equal(kh_rclocal_early_exit("#!/bin/sh\nexit\n" OURS), 2);
}

static void only_a_shells_script_takes_our_lines(void **state)
{
	(void)state;
	assert_true(kh_rclocal_has_shell("#!/bin/sh -e\n"));
	assert_true(kh_rclocal_has_shell("#! /usr/bin/env bash\nfoo\n"));
	assert_true(kh_rclocal_has_shell("#!/bin/busybox sh"));
	assert_false(kh_rclocal_has_shell("#!/usr/bin/perl\n"));
	assert_false(kh_rclocal_has_shell("foo\n"));
	assert_false(kh_rclocal_has_shell(""));
}

static void other_peoples_commands_are_told_from_ours(void **state)
{
	(void)state;
	assert_false(kh_rclocal_has_commands("#!/bin/sh\n# foo\n\n" OURS "exit 0\n"));
	assert_true(kh_rclocal_has_commands("#!/bin/sh\ntouch /x\n" OURS));
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	kh_rclocal_mentions("#!/bin/sh\n#echo > /sys/x\n" OURS " echo 0 > /sys/x\n", "/sys/x",
			    &found);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0], "6: echo 0 > /sys/x");
}

static void the_last_value_written_counts(void **state)
{
	(void)state;
	int line = 0;
	kh_auto(kh_free) char *last = kh_rclocal_value(
		"#!/bin/sh\n" OURS "echo 0 >/sys/x || :\n# echo 5 > /sys/x\necho 7 > /sys/xy\n",
		"/sys/x", &line);
	assert_string_equal(last, "0");
	assert_int_equal(line, 5);
	kh_auto(kh_free) char *quoted =
		kh_rclocal_value("echo -n \"200\" > /sys/x", "/sys/x", &line);
	assert_string_equal(quoted, "200");
	assert_null(kh_rclocal_value("echo 1 >> /sys/x\necho > /sys/x\necho", "/sys/x", &line));
}

/* ---- the host ---- */

static void looks(const struct fixture *fixture, const char *path, const char *why_not)
{
	struct kh_rclocal_host host = {0};
	kh_rclocal_look(&fixture->root, true, &host);
	assert_string_equal(host.path, path);
	if (why_not)
		assert_string_equal(host.why_not, why_not);
	else
		assert_null(host.why_not);
	kh_rclocal_host_done(&host);
}

static void the_unit_says_which_file_is_run_and_whether(void **state)
{
	(void)state;
	static const char unit[] = "/usr/lib/systemd/system/rc-local.service";
	struct fixture fixture;
	fixture_open_empty(&fixture);
	looks(&fixture, "/etc/rc.local", "this systemd has no rc-local.service");
	fixture_put(&fixture, unit, "[Unit]\nConditionFileIsExecutable=/etc/rc.d/rc.local\n");
	looks(&fixture, "/etc/rc.d/rc.local", NULL);
	fixture_put(&fixture, "/usr/lib/systemd/system-generators/systemd-fstab-generator", "");
	looks(&fixture, "/etc/rc.d/rc.local", "nothing starts rc-local.service");
	fixture_put(&fixture, "/usr/lib/systemd/system-generators/systemd-rc-local-generator", "");
	looks(&fixture, "/etc/rc.d/rc.local", NULL);
	fixture_link(&fixture, "/etc/systemd/system/rc-local.service", "/dev/null");
	looks(&fixture, "/etc/rc.local", "rc-local.service is masked");
	fixture_close(&fixture);
}

static void without_systemd_the_init_scripts_run_it(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_rclocal_host host = {0};
	fixture_open_empty(&fixture);
	kh_rclocal_look(&fixture.root, false, &host);
	assert_string_equal(host.path, "/etc/rc.local");
	assert_null(host.why_not);
	kh_rclocal_host_done(&host);
	fixture_close(&fixture);
}

/* ---- tmpfiles.d ---- */

static void wins(const struct fixture *fixture, const char *file, int line, const char *value)
{
	kh_auto(kh_tmpfiles_setting_done) struct kh_tmpfiles_setting setting = {0};
	kh_tmpfiles_winner(&fixture->root, "/sys/a/x", &setting);
	assert_string_equal(setting.file, file);
	assert_int_equal(setting.line, line);
	assert_string_equal(setting.value, value);
}

static void the_first_tmpfiles_line_wins_and_a_glob_beats_it(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	kh_auto(kh_tmpfiles_setting_done) struct kh_tmpfiles_setting none = {0};
	kh_tmpfiles_winner(&fixture.root, "/sys/a/x", &none);
	assert_null(none.file);
	fixture_put(&fixture, "/etc/tmpfiles.d/kvmhost.conf",
		    "# c\nd /sys/a/x - - - - 9\nw /sys/a/x - - - - 1\n");
	wins(&fixture, "/etc/tmpfiles.d/kvmhost.conf", 3, "1");
	fixture_put(&fixture, "/usr/lib/tmpfiles.d/a.conf", "w! /sys/a/x - - - - 2\n");
	wins(&fixture, "/usr/lib/tmpfiles.d/a.conf", 1, "2");
	fixture_put(&fixture, "/etc/tmpfiles.d/a.conf", "");
	wins(&fixture, "/etc/tmpfiles.d/kvmhost.conf", 3, "1");
	fixture_put(&fixture, "/etc/tmpfiles.d/z.conf", "w /sys/*/x - - - - 3\n");
	wins(&fixture, "/etc/tmpfiles.d/z.conf", 1, "3");
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_block_goes_before_a_final_exit),
		cmocka_unit_test(without_a_final_exit_it_goes_to_the_end),
		cmocka_unit_test(a_continued_command_is_not_torn_apart),
		cmocka_unit_test(an_early_exit_is_found),
		cmocka_unit_test(only_a_shells_script_takes_our_lines),
		cmocka_unit_test(other_peoples_commands_are_told_from_ours),
		cmocka_unit_test(the_last_value_written_counts),
		cmocka_unit_test(the_unit_says_which_file_is_run_and_whether),
		cmocka_unit_test(without_systemd_the_init_scripts_run_it),
		cmocka_unit_test(the_first_tmpfiles_line_wins_and_a_glob_beats_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
