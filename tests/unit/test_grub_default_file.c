/* test_grub_default_file.c - /etc/default/grub as shell text; a real shell has the last word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "grub/default_file.h"

static const char linux_all[] = "GRUB_CMDLINE_LINUX";
static const char linux_default[] = "GRUB_CMDLINE_LINUX_DEFAULT";

static void add(struct kh_cmdline_groups *groups, const char *key, const char *word)
{
	struct kh_cmdline_group *group = kh_cmdline_add_group(groups, key, "why");
	kh_strv_add(&group->keys, key);
	if (word)
		kh_strv_add(&group->words, word);
	group->is_repeatable = kh_cmdline_is_repeatable(key);
}

static void assert_merged(const char *text, const char *variable,
			  const struct kh_cmdline_groups *groups, const char *expected)
{
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	kh_auto(kh_free) char *merged = kh_default_file_merge(text, variable, groups, &stale);
	assert_string_equal(merged, expected);
	kh_auto(kh_free) char *again = kh_default_file_merge(merged, variable, groups, &stale);
	assert_string_equal(again, merged);
}

/* What a shell makes of both variables: "LINUX|DEFAULT". */
static char *sourced(const char *text)
{
	char path[] = "/tmp/kvmhost-default-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	kh_auto(kh_free) char *script = kh_printf(
		"set -eu; GRUB_CMDLINE_LINUX=; GRUB_CMDLINE_LINUX_DEFAULT=; . %s; "
		"printf '%%s|%%s' \"$GRUB_CMDLINE_LINUX\" \"$GRUB_CMDLINE_LINUX_DEFAULT\"",
		path);
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *output = NULL;
	int result = kh_run(&kh_run_system, argv, 10, &output, &err);
	unlink(path);
	if (result != 0)
		fail_msg("%s\n%s", err.message, text);
	return output;
}

static void values_are_read_however_they_are_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *value;
		int line;
	} cases[] = {
		{"GRUB_CMDLINE_LINUX=\"a b\"\n", "a b", 1},
		{"# x\nGRUB_CMDLINE_LINUX='a  b' # quiet\n", "a  b", 2},
		{"GRUB_CMDLINE_LINUX=a\\ b;X=1\n", "a b", 1},
		{"GRUB_CMDLINE_LINUX=\"a \\\n b\"\n", "a  b", 1},
		{"GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX+=\" b\"\n", "a b", 2},
		{"GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX b\"\n", "a b", 2},
		{"GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:-} b\"\n", " b", 1},
		{"export GRUB_CMDLINE_LINUX=\"d=\\\"x y\\\"\"\n", "d=\"x y\"", 1},
		{"if true; then GRUB_CMDLINE_LINUX=a; fi\n", "a", 1},
		{"X=\"$(echo GRUB_CMDLINE_LINUX=no \")\")\" GRUB_CMDLINE_LINUX=a\n", "a", 1},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		int line = 0;
		kh_auto(kh_free) char *value =
			kh_default_file_value(cases[i].text, linux_all, &line);
		assert_non_null(value);
		assert_string_equal(value, cases[i].value);
		assert_int_equal(line, cases[i].line);
	}
	kh_auto(kh_free) char *none = kh_default_file_value("#GRUB_CMDLINE_LINUX=a\necho "
							    "GRUB_CMDLINE_LINUX=b\n",
							    linux_all, NULL);
	assert_null(none);
}

static void setting_afresh_is_told_from_appending(void **state)
{
	(void)state;
	assert_true(kh_default_file_overrides("GRUB_CMDLINE_LINUX_DEFAULT=quiet\n", linux_default));
	assert_false(kh_default_file_overrides(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT x\"\n", linux_default));
	assert_false(kh_default_file_overrides("GRUB_CMDLINE_LINUX_DEFAULT+=x\n", linux_default));
	assert_true(kh_default_file_overrides(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX x\"\n", linux_default));
	assert_false(kh_default_file_overrides("#GRUB_CMDLINE_LINUX_DEFAULT=x\n", linux_default));
}

static void our_words_go_into_the_last_assignment_and_every_other_byte_stays(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(
		"# c\nGRUB_CMDLINE_LINUX='old iommu=off'\nGRUB_CMDLINE_LINUX=\"ro  quiet\"  # d",
		linux_all, &groups,
		"# c\nGRUB_CMDLINE_LINUX='old'\nGRUB_CMDLINE_LINUX=\"ro  quiet iommu=pt\"  # d");
	assert_merged("GRUB_CMDLINE_LINUX=quiet\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"quiet iommu=pt\"\n");
	assert_merged("GRUB_CMDLINE_LINUX=\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged("GRUB_CMDLINE_LINUX=\"\"\n", linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged("X=1", linux_all, &groups, "X=1\nGRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
	assert_merged(
		"GRUB_CMDLINE_LINUX_DEFAULT=\"iommu=off intel_iommu=on\"\n", linux_all, &groups,
		"GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on\"\nGRUB_CMDLINE_LINUX=\"iommu=pt\"\n");
}

static void a_continued_line_stays_continued(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged("GRUB_CMDLINE_LINUX=\"net.ifnames=0 \\\n\t$CONSOLE ${E:-} d=\\\"a b\\\"\"\n",
		      linux_all, &groups,
		      "GRUB_CMDLINE_LINUX=\"net.ifnames=0 \\\n\t$CONSOLE ${E:-} d=\\\"a b\\\" "
		      "iommu=pt\"\n");
}

static void what_is_stale_goes_everywhere(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	kh_cmdline_split("iommu=pt hugepagesz=1G hugepages=1", &stale);
	kh_auto(kh_free) char *merged = kh_default_file_merge(
		"GRUB_CMDLINE_LINUX=\"ro iommu=pt hugepagesz=1G hugepages=1\"\n"
		"GRUB_CMDLINE_LINUX_DEFAULT='iommu=pt quiet'\n",
		linux_all, &groups, &stale);
	assert_string_equal(merged,
			    "GRUB_CMDLINE_LINUX=\"ro\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet'\n");
}

static void a_shell_reads_back_exactly_the_word_that_was_wanted(void **state)
{
	(void)state;
	static const char *const words[] = {"a=b",
					    "dyndbg=\"file drivers/usb/* +p\"",
					    "memmap=4G\\$0x100",
					    "x=`date`",
					    "it\\'s=1",
					    "glob=*?[a]",
					    "back=\\\\slash",
					    "many=%s&amp"};
	static const char *const files[] = {
		"", "GRUB_CMDLINE_LINUX=\"quiet\"\n", "GRUB_CMDLINE_LINUX='quiet'\n",
		"GRUB_CMDLINE_LINUX=quiet\n", "A=quiet\nGRUB_CMDLINE_LINUX=\"$A\"''\n"};
	for (size_t w = 0; w < KH_COUNT(words); w++)
		for (size_t f = 0; f < KH_COUNT(files); f++) {
			kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
			kh_auto(kh_strv_done) struct kh_strv stale = {0};
			kh_auto(kh_free) char *key = kh_cmdline_key(words[w]);
			add(&groups, key, words[w]);
			kh_auto(kh_free) char *merged =
				kh_default_file_merge(files[f], linux_all, &groups, &stale);
			kh_auto(kh_free) char *expected =
				kh_printf("%s%s|", f > 0 ? "quiet " : "", words[w]);
			kh_auto(kh_free) char *shell = sourced(merged);
			assert_string_equal(shell, expected);
			kh_auto(kh_free) char *again =
				kh_default_file_merge(merged, linux_all, &groups, &stale);
			assert_string_equal(again, merged);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_however_they_are_quoted),
		cmocka_unit_test(setting_afresh_is_told_from_appending),
		cmocka_unit_test(our_words_go_into_the_last_assignment_and_every_other_byte_stays),
		cmocka_unit_test(a_continued_line_stays_continued),
		cmocka_unit_test(what_is_stale_goes_everywhere),
		cmocka_unit_test(a_shell_reads_back_exactly_the_word_that_was_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
