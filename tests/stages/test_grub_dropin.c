/* test_grub_dropin.c - stage grub's drop-in as a shell reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char default_grub[] = "/etc/default/grub";
static const char dropin[] = "/etc/default/grub.d/90-kvmhost.cfg";

static void open_host(struct stage_host *host, const char *root, const char *yaml)
{
	stage_host_open(host, root, yaml);
	/* Made by the engine for its journal, not planned. */
	fixture_put(&host->fixture, "/var/lib/kvmhost/lock", "");
	kh_facts_boot_collect(&host->fixture.root, &host->facts.boot);
}

static void configure(struct stage_host *host, const char *yaml)
{
	kh_facts_boot_done(&host->facts.boot);
	stage_host_configure(host, yaml);
	kh_facts_boot_collect(&host->fixture.root, &host->facts.boot);
}

static void close_host(struct stage_host *host)
{
	kh_facts_boot_done(&host->facts.boot);
	stage_host_close(host);
}

static void apply(struct stage_host *host)
{
	if (!stage_host_plan(host, &kh_stage_grub))
		fail_msg("%s", host->err.message);
	stage_host_apply(host);
}

/* Both variables as grub-mkconfig has them after reading /etc/default/grub and the drop-in. */
static char *sourced(const struct stage_host *host)
{
	kh_auto(kh_free) char *command = kh_printf(
		"set -e; . '%s%s'; . '%s%s'; "
		"printf '%%s\\n' \"LINUX=[$GRUB_CMDLINE_LINUX] DEFAULT=[$GRUB_CMDLINE_LINUX_DEFAULT]\"",
		host->fixture.path, default_grub, host->fixture.path, dropin);
	const char *const argv[] = {"sh", "-c", command, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *line = NULL;
	if (kh_run(&kh_run_system, argv, 10, &line, &err) != 0)
		fail_msg("%s", err.message);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void expect_sourced(const char *grub, const char *extra, const char *expected)
{
	struct stage_host host;
	kh_auto(kh_free) char *yaml =
		kh_printf("hugepages: {pools: []}\ngrub: {extra: [%s]}\n", extra);
	open_host(&host, "debian12-ifupdown", yaml);
	fixture_put(&host.fixture, default_grub, grub);
	apply(&host);
	kh_auto(kh_free) char *got = sourced(&host);
	assert_string_equal(got, expected);
	close_host(&host);
}

static void ours_are_added_to_what_normal_entries_get(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n", "",
		       "LINUX=[] DEFAULT=[quiet transparent_hugepage=madvise]");
}

static void other_values_are_taken_out_of_both_variables(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet transparent_hugepage=never splash\"\n"
		       "GRUB_CMDLINE_LINUX=\"transparent_hugepage=always net.ifnames=0\"\n",
		       "",
		       "LINUX=[net.ifnames=0] DEFAULT=[quiet splash transparent_hugepage=madvise]");
}

static void a_console_of_recovery_entries_stays_theirs(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet console=ttyS0\"\n"
		       "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0\"\n",
		       "console=ttyS0, console=ttyS1",
		       "LINUX=[console=tty0 console=ttyS0] "
		       "DEFAULT=[quiet transparent_hugepage=madvise console=ttyS1]");
}

static void a_console_and_another_value_are_both_dealt_with(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
		       "GRUB_CMDLINE_LINUX=\"transparent_hugepage=never console=ttyS0\"\n",
		       "console=ttyS0, console=tty0, mitigations=auto",
		       "LINUX=[console=ttyS0] DEFAULT=[quiet "
		       "transparent_hugepage=madvise console=tty0 mitigations=auto]");
}

/* /etc/default/grub cannot be read by looking at it. */
static void other_values_that_a_command_gives_are_taken_out_too(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
		       "GRUB_CMDLINE_LINUX=\"$(echo root=x transparent_hugepage=always a)\"\n",
		       "", "LINUX=[root=x a] DEFAULT=[quiet transparent_hugepage=madvise]");
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
		       "eval \"GRUB_CMDLINE_LINUX='transparent-hugepage a=b'\"\n",
		       "", "LINUX=[a=b] DEFAULT=[quiet transparent_hugepage=madvise]");
}

static void what_is_not_ours_keeps_quotes_and_blanks(void **state)
{
	(void)state;
	expect_sourced(
		"GRUB_CMDLINE_LINUX_DEFAULT='a=\"x  transparent_hugepage=never\ty\"  b '\n"
		"GRUB_CMDLINE_LINUX='c  d=\"e  f\"g\"  \"  transparent_hugepage=never  \\$h'\n",
		"",
		"LINUX=[c  d=\"e  f\"g\"  \"  \\$h] "
		"DEFAULT=[a=\"x  transparent_hugepage=never\ty\"  b  "
		"transparent_hugepage=madvise]");
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT='transparent_hugepage=never  [a]* '\n"
		       "GRUB_CMDLINE_LINUX='  \"transparent_hugepage=never\" a=\"not closed  b'\n",
		       "",
		       "LINUX=[a=\"not closed  b] DEFAULT=[[a]*  transparent_hugepage=madvise]");
}

static void a_hyphen_in_a_key_is_an_underscore(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"transparent-hugepage=never\"\n"
		       "GRUB_CMDLINE_LINUX=\"\"\n",
		       "", "LINUX=[] DEFAULT=[transparent_hugepage=madvise]");
}

static void a_star_in_somebodys_word_stays_a_star(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"/*\"\nGRUB_CMDLINE_LINUX=\"*\"\n",
		       "console=ttyS0",
		       "LINUX=[*] DEFAULT=[/* transparent_hugepage=madvise console=ttyS0]");
}

static void extra_wins_over_what_another_key_decides(void **state)
{
	(void)state;
	expect_sourced("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n",
		       "transparent-hugepage=never",
		       "LINUX=[] DEFAULT=[quiet transparent-hugepage=never]");
}

/* ---- edited in place ---- */

static char *edited(const char *root, const char *grub, const char *yaml)
{
	struct stage_host host;
	open_host(&host, root, yaml);
	fixture_put(&host.fixture, default_grub, grub);
	apply(&host);
	char *text = fixture_get(&host.fixture, default_grub);
	close_host(&host);
	return text;
}

static void where_recovery_entries_are_made_they_get_none_of_ours(void **state)
{
	(void)state;
	static const char yaml[] = "hugepages: {pools: []}\ngrub: {iommu: auto, elevator: noop}\n";
	kh_auto(kh_free) char *with =
		edited("centos7-ifcfg-bios", "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\n", yaml);
	expect_text(with, "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\n");
	expect_text(with, "GRUB_CMDLINE_LINUX_DEFAULT=\"");
	kh_auto(kh_free) char *without =
		edited("centos7-ifcfg-bios",
		       "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\nGRUB_DISABLE_RECOVERY=\"true\"\n", yaml);
	expect_text(without, "GRUB_CMDLINE_LINUX=\"rhgb quiet ");
	expect_no_text(without, "GRUB_CMDLINE_LINUX_DEFAULT");
}

/* The entries of that host have resume= by themselves. */
static void what_stood_there_before_us_outlives_our_wish(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm",
		  "hugepages: {pools: []}\n"
		  "grub: {extra: [resume=/dev/mapper/rl-swap, mitigations=auto]}\n");
	apply(&host);
	configure(&host, "hugepages: {pools: []}\n");
	apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, default_grub);
	expect_text(text, "resume=/dev/mapper/rl-swap");
	expect_no_text(text, "mitigations=auto");
	if (!stage_host_plan(&host, &kh_stage_grub))
		fail_msg("%s", host.err.message);
	assert_int_equal(host.plan.change_count, 0);
	close_host(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_are_added_to_what_normal_entries_get),
		cmocka_unit_test(other_values_are_taken_out_of_both_variables),
		cmocka_unit_test(a_console_of_recovery_entries_stays_theirs),
		cmocka_unit_test(a_console_and_another_value_are_both_dealt_with),
		cmocka_unit_test(other_values_that_a_command_gives_are_taken_out_too),
		cmocka_unit_test(what_is_not_ours_keeps_quotes_and_blanks),
		cmocka_unit_test(a_hyphen_in_a_key_is_an_underscore),
		cmocka_unit_test(a_star_in_somebodys_word_stays_a_star),
		cmocka_unit_test(extra_wins_over_what_another_key_decides),
		cmocka_unit_test(where_recovery_entries_are_made_they_get_none_of_ours),
		cmocka_unit_test(what_stood_there_before_us_outlives_our_wish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
