/* test_grub_cmdline.c - kernel command lines: words, merging, taking out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "grub/cmdline.h"

/* "key key = word word" as a group; no '=' part: nothing wanted. '*' in front: repeatable. */
static void add(struct kh_cmdline_groups *groups, const char *keys, const char *words)
{
	bool is_repeatable = *keys == '*';
	struct kh_cmdline_group *group = kh_cmdline_add_group(groups, keys + is_repeatable, "why");
	group->is_repeatable = is_repeatable;
	kh_strv_split(&group->keys, keys + is_repeatable, " ");
	kh_cmdline_split(words, &group->words);
}

static void assert_merged(const struct kh_cmdline_groups *groups, const char *text,
			  const char *expected)
{
	kh_auto(kh_free) char *merged = kh_cmdline_merge(text, groups);
	assert_string_equal(merged, expected);
	kh_auto(kh_free) char *again = kh_cmdline_merge(merged, groups);
	assert_string_equal(again, merged);
	kh_auto(kh_free) char *wrong = kh_cmdline_judge(merged, groups);
	assert_null(wrong);
}

static void words_end_at_blanks_outside_quotes(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_split("  ro\tdyndbg=\"file a b +p\"  \"x y\"=1 open=\"to the end", &words);
	assert_int_equal(words.count, 4);
	assert_string_equal(words.items[0], "ro");
	assert_string_equal(words.items[1], "dyndbg=\"file a b +p\"");
	assert_string_equal(words.items[2], "\"x y\"=1");
	assert_string_equal(words.items[3], "open=\"to the end");
}

static void behind_two_dashes_all_is_inits(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(&groups, "ro -- foo", "ro iommu=pt -- foo");
	assert_merged(&groups, "-- foo", "iommu=pt -- foo");
	assert_merged(&groups, "ro --", "ro iommu=pt --");
	assert_merged(&groups, "ro -- iommu=pt", "ro iommu=pt -- iommu=pt");
	assert_merged(&groups, "ro iommu=off quiet -- iommu=off", "ro iommu=pt quiet -- iommu=off");
	assert_merged(&groups, "ro --foo --- a=\"x -- y\"", "ro --foo --- a=\"x -- y\" iommu=pt");
	assert_false(kh_cmdline_has("ro -- iommu=pt", &groups.items[0]));
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_split("a b -- c", &words);
	assert_int_equal(words.count, 2);
	kh_auto(kh_free) char *dropped = kh_cmdline_drop("a b -- a", &words);
	assert_string_equal(dropped, "-- a");
	kh_auto(kh_free) char *kernels = kh_cmdline_kernel(" a  b  -- c");
	assert_string_equal(kernels, "a  b");
	kh_auto(kh_free) char *all = kh_cmdline_kernel("a --b");
	assert_string_equal(all, "a --b");
}

static void dash_and_underscore_are_the_same_in_keys_only(void **state)
{
	(void)state;
	assert_true(kh_cmdline_is_key("transparent-hugepage=always", "transparent_hugepage"));
	assert_false(kh_cmdline_is_key("intel_iommu=on", "iommu"));
	assert_false(kh_cmdline_is_key("iommu.strict=1", "iommu"));
	assert_true(kh_cmdline_same_word("a-b=\"x-y\"", "a_b=x-y"));
	assert_false(kh_cmdline_same_word("a=x-y", "a=x_y"));
}

static void another_value_is_replaced_where_it_stands(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(&groups, "ro iommu=soft quiet", "ro iommu=pt quiet");
	assert_merged(&groups, "ro  quiet", "ro  quiet iommu=pt");
	assert_merged(&groups, "", "iommu=pt");
	assert_merged(&groups, "intel_iommu=on amd_iommu=off",
		      "intel_iommu=on amd_iommu=off iommu=pt");
	assert_merged(&groups, "iommu", "iommu=pt");
}

static void an_argument_that_stands_twice_stands_once_afterwards(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	assert_merged(&groups, "iommu=pt ro iommu=pt", "iommu=pt ro");
	assert_merged(&groups, "ro  iommu=pt \t iommu=off  quiet", "ro  iommu=pt  quiet");
}

static void huge_page_pairs_keep_their_order(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	static const char wanted[] =
		"default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512";
	add(&groups, "default_hugepagesz hugepagesz hugepages", wanted);
	kh_auto(kh_free) char *expected = kh_printf("ro %s quiet", wanted);
	assert_merged(&groups, "ro hugepages=512 hugepagesz=2M quiet default_hugepagesz=1G",
		      expected);
	kh_auto(kh_free) char *wrong = kh_cmdline_judge(
		"default_hugepagesz=1G hugepages=4 hugepagesz=1G hugepagesz=2M hugepages=512",
		&groups);
	assert_non_null(wrong);
}

static void quoted_values_and_variables_of_others_stay(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "transparent_hugepage", "transparent_hugepage=madvise");
	assert_merged(&groups,
		      "$kernelopts dyndbg=\"file x  transparent_hugepage=a +p\" $tuned_params",
		      "$kernelopts dyndbg=\"file x  transparent_hugepage=a +p\" $tuned_params "
		      "transparent_hugepage=madvise");
}

static void of_a_repeatable_key_the_other_values_stay(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "*console", "console=ttyS0");
	assert_merged(&groups, "console=tty0 ro", "console=tty0 ro console=ttyS0");
	assert_merged(&groups, "console=ttyS0 console=tty0", "console=ttyS0 console=tty0");
	assert_true(kh_cmdline_is_repeatable("console"));
	assert_true(kh_cmdline_is_repeatable("rd.lvm.lv"));
	assert_true(kh_cmdline_is_repeatable("pci"));
	assert_true(kh_cmdline_is_repeatable("acpi-osi"));
	assert_true(kh_cmdline_is_repeatable("drm.dyndbg"));
	assert_false(kh_cmdline_is_repeatable("kvm.ignore_msrs"));
	assert_false(kh_cmdline_is_repeatable("mitigations"));
}

static void a_key_that_is_not_wanted_goes(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "amd_iommu", "");
	assert_merged(&groups, "amd_iommu=off quiet", "quiet");
	assert_merged(&groups, "ro amd_iommu=off", "ro");
	assert_merged(&groups, "ro quiet", "ro quiet");
}

static void words_are_dropped_huge_pages_only_as_the_whole_block(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_split("iommu=pt hugepagesz=1G hugepages=4", &words);
	kh_auto(kh_free) char *ours =
		kh_cmdline_drop("ro iommu=pt hugepagesz=1G hugepages=4 quiet", &words);
	assert_string_equal(ours, "ro quiet");
	kh_auto(kh_free) char *theirs =
		kh_cmdline_drop("ro hugepagesz=2M hugepages=9 hugepagesz=1G hugepages=4", &words);
	assert_string_equal(theirs, "ro hugepagesz=2M hugepages=9 hugepagesz=1G hugepages=4");
	kh_auto(kh_free) char *other = kh_cmdline_drop("ro iommu=soft", &words);
	assert_string_equal(other, "ro iommu=soft");
}

static void a_judgement_says_what_is_wrong(void **state)
{
	(void)state;
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	add(&groups, "iommu", "iommu=pt");
	add(&groups, "amd_iommu", "");
	kh_auto(kh_free) char *wrong = kh_cmdline_judge("iommu=off amd_iommu=off", &groups);
	assert_string_equal(wrong,
			    "has 'iommu=off' instead of 'iommu=pt', still has 'amd_iommu=off'");
	kh_auto(kh_free) char *twice = kh_cmdline_judge("iommu=pt iommu=pt", &groups);
	assert_string_equal(twice, "has 'iommu=pt' more than once");
	kh_auto(kh_free) char *lacks = kh_cmdline_judge("intel_iommu=on", &groups);
	assert_string_equal(lacks, "lacks 'iommu=pt'");
}

static void what_a_grub_script_would_take_for_itself_is_escaped(void **state)
{
	(void)state;
	static const struct {
		const char *word, *escaped;
	} cases[] = {
		{"console=ttyS0,115200n8", "console=ttyS0,115200n8"},
		{"memmap=4G$0x100", "memmap=4G\\$0x100"},
		{"memmap=4G\\$0x100", "memmap=4G\\$0x100"},
		{"pci=a;b", "pci=a\\;b"},
		{"dyndbg=\"module a +p; module b +p\"", "dyndbg=\"module a +p; module b +p\""},
		{"x=\"$y\"", "x=\"\\$y\""},
		{"it's", "it\\'s"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_free) char *escaped = kh_cmdline_escape(cases[i].word);
		assert_string_equal(escaped, cases[i].escaped);
		kh_auto(kh_free) char *again = kh_cmdline_escape(escaped);
		assert_string_equal(again, escaped);
		assert_true(kh_cmdline_same_word(escaped, cases[i].word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_end_at_blanks_outside_quotes),
		cmocka_unit_test(behind_two_dashes_all_is_inits),
		cmocka_unit_test(dash_and_underscore_are_the_same_in_keys_only),
		cmocka_unit_test(another_value_is_replaced_where_it_stands),
		cmocka_unit_test(an_argument_that_stands_twice_stands_once_afterwards),
		cmocka_unit_test(huge_page_pairs_keep_their_order),
		cmocka_unit_test(quoted_values_and_variables_of_others_stay),
		cmocka_unit_test(of_a_repeatable_key_the_other_values_stay),
		cmocka_unit_test(a_key_that_is_not_wanted_goes),
		cmocka_unit_test(words_are_dropped_huge_pages_only_as_the_whole_block),
		cmocka_unit_test(a_judgement_says_what_is_wrong),
		cmocka_unit_test(what_a_grub_script_would_take_for_itself_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
