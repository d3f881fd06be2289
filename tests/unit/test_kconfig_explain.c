/* Why an option is not what was asked for: on the small tree tests/kconfig/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "kconfig/kconfig.h"
#include "tests/lib/fixture.h"

static struct kh_kconfig *tree;

static int setup(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_kconfig_load("tests/kconfig", "x86", &tree, &err) != 0) {
		print_error("%s\n", err.message);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kh_kconfig_free(tree);
	return 0;
}

static char *why(const char *dotconfig, const char *name, const char *wanted)
{
	struct kh_dotconfig *config = kh_dotconfig_parse(dotconfig);
	char *text = kh_kconfig_explain(tree, config, name, wanted);
	kh_dotconfig_free(config);
	return text;
}

static void expect(const char *dotconfig, const char *name, const char *wanted, const char *text)
{
	kh_auto(kh_free) char *found = why(dotconfig, name, wanted);
	assert_string_equal(found ? found : "nothing", text);
}

static void an_unmet_dependency_is_followed_to_its_root(void **state)
{
	(void)state;
	expect("CONFIG_KVM=m\n# CONFIG_CRYPTO_DD is not set\n", "KVM_SEV", "y",
	       "depends on CRYPTO_PSP, which is n, because it depends on CRYPTO_DD, which is "
	       "n (not requested)");
	expect("CONFIG_NET=y\n", "VIRTIO_FS", "m",
	       "depends on VIRTIO_MENU, which is n (not requested); it also depends on VIRTIO "
	       "and FUSE_FS, which are n too");
	expect("CONFIG_VIRTIO_MENU=y\nCONFIG_VIRTIO=m\n# CONFIG_FUSE_FS is not set\n", "VIRTIO_FS",
	       "m", "depends on FUSE_FS, which is n (not requested)");
	expect("", "NFT", "m",
	       "depends on NET, which is n (not requested); it also depends on NETFILTER, "
	       "which is n too");
	expect("CONFIG_NET=y\nCONFIG_INET=y\n", "NFT", "m",
	       "depends on NETFILTER, which is n (not requested)");
	expect("CONFIG_QUIET=y\nCONFIG_EXPERT=y\n", "DEBUG_LOCKS", "y",
	       "depends on QUIET being n, but it is y");
	expect("", "DEBUG_LOCKS", "y", "can be set only with EXPERT, which is n (not requested)");
	expect("", "LOOP_A", "y",
	       "depends on LOOP_B, which is n, because it depends on LOOP_A, which is n");
	expect("CONFIG_VIRTIO_MENU=y\nCONFIG_NR_CPUS=2\n", "VIRTIO_ANY", "y",
	       "depends on QUIET or LIB_HASH or MISSING_SYMBOL, none of which is y; the "
	       "nearest is QUIET, which is n (not requested); it also depends on NR_CPUS>=4, "
	       "and NR_CPUS is 2");
	expect("CONFIG_VIRTIO_MENU=y\nCONFIG_NR_CPUS=8\nCONFIG_QUIET=y\nCONFIG_CRYPTO=y\nCONFIG_EXPERT=y\n",
	       "VIRTIO_ANY", "y",
	       "depends on !(CRYPTO && EXPERT), which does not hold: it would with CRYPTO "
	       "being n, but it is y");
	expect("CONFIG_VIRTIO_MENU=y\nCONFIG_NET=y\nCONFIG_INET=y\nCONFIG_MAXSMP=y\nCONFIG_FUSE_FS=m\n",
	       "VIRTIO_MIXED", "y",
	       "depends on QUIET && EXPERT || NET && INET && MAXSMP && FUSE_FS=y, which does "
	       "not hold: it would with QUIET, which is n (not requested), and EXPERT, which "
	       "is n (not requested)");
	expect("", "NEEDS_MISSING", "y",
	       "depends on MISSING_SYMBOL, which this kernel does not have");
	expect("CONFIG_TUN=y\nCONFIG_KVM=y\n", "VFIO", "y",
	       "depends on !TUN || KVM=m, which does not hold: it would with TUN being n, but "
	       "it is y");
	expect("CONFIG_TUN=m\nCONFIG_KVM=y\n", "VFIO", "y",
	       "depends on !TUN || KVM=m, which does not hold: it would with TUN being n, but "
	       "it is m");
	expect("CONFIG_VIRTIO_MENU=y\nCONFIG_NET=y\nCONFIG_INET=y\nCONFIG_FUSE_FS=m\n",
	       "VIRTIO_MIXED", "y",
	       "depends on QUIET && EXPERT || NET && INET && MAXSMP && FUSE_FS=y, which does "
	       "not hold: it would with QUIET, which is n (not requested), and EXPERT, which "
	       "is n (not requested)");
}

static void what_is_demoted_to_a_module_has_a_parent_that_is_one(void **state)
{
	(void)state;
	expect("CONFIG_KVM=m\n", "KVM_INTEL", "y",
	       "depends on KVM, which is m (not requested as y)");
	expect("CONFIG_KVM=m\n", "KVM_COUNTERS", "y", "nothing");
	expect("CONFIG_NET=y\nCONFIG_TUN=m\n", "VHOST_NET", "y",
	       "cannot be y while TUN is m (not requested as y)");
}

static void numbers_and_texts_are_held_against_type_and_range(void **state)
{
	(void)state;
	expect("CONFIG_NR_CPUS=64\nCONFIG_NR_CPUS_END=64\nCONFIG_X86=y\nCONFIG_64BIT=y\n",
	       "NR_CPUS", "100",
	       "must lie between 2 and 64; NR_CPUS_END is 64 and would be 8192 with MAXSMP");
	expect("CONFIG_NR_CPUS=64\nCONFIG_NR_CPUS_END=64\nCONFIG_X86=y\nCONFIG_64BIT=y\n",
	       "NR_CPUS", "1", "must lie between 2 and 64");
	expect("CONFIG_NR_CPUS=64\nCONFIG_NR_CPUS_END=64\nCONFIG_X86=y\nCONFIG_64BIT=y\n",
	       "NR_CPUS", "y", "takes a decimal number");
	expect("CONFIG_PHYSICAL_START=0x1000000\n", "PHYSICAL_START", "0x2000000",
	       "can be set only with EXPERT, which is n (not requested)");
	expect("CONFIG_PHYSICAL_START=0x1000000\nCONFIG_EXPERT=y\n", "PHYSICAL_START", "0x10",
	       "must lie between 0x100000 and 0x10000000");
	expect("CONFIG_PHYSICAL_START=0x1000000\nCONFIG_EXPERT=y\n", "PHYSICAL_START", "y",
	       "takes a hexadecimal number");
	expect("", "LOCAL_NAME", "\"a\"", "depends on EXPERT, which is n (not requested)");
	expect("CONFIG_EXPERT=y\n", "LOCAL_NAME", "a", "takes a text in double quotes");
	expect("", "EXPERT", "12", "takes only y or n");
	expect("", "KVM", "12", "takes only y, m or n");
	expect("", "EXPERT", "m", "takes only y or n: it is no module");
}

static void what_was_switched_off_and_is_on_has_somebody_who_wants_it(void **state)
{
	(void)state;
	expect("CONFIG_KALLSYMS=y\n", "KALLSYMS", "n",
	       "can be changed only with EXPERT, which is n (not requested)");
	expect("CONFIG_PREEMPTION=y\nCONFIG_PREEMPT=y\n", "PREEMPTION", "n",
	       "is selected by PREEMPT, which is y");
	expect("CONFIG_LIB_HASH=m\nCONFIG_NFT=m\nCONFIG_NETFILTER=y\nCONFIG_CRYPTO_USER=y\nCONFIG_NET=y\nCONFIG_INET=y\n",
	       "LIB_HASH", "n",
	       "is selected by NFT, which is m, and that by CRYPTO_USER, which is y");
	expect("CONFIG_CRYPTO=y\nCONFIG_CRYPTO_USER=y\n", "CRYPTO", "n",
	       "is selected by CRYPTO_USER, which is y");
	expect("CONFIG_X86=y\nCONFIG_X86_64=y\nCONFIG_64BIT=y\n", "X86_64", "n",
	       "cannot be set by hand: it has no prompt, and its default sets it");
	expect("CONFIG_X86=y\nCONFIG_X86_64=y\nCONFIG_64BIT=y\nCONFIG_HAVE_TRACKING=y\n",
	       "HAVE_TRACKING", "n", "is selected by X86, which is y by default");
}

static void of_a_choice_one_member_wins(void **state)
{
	(void)state;
	expect("CONFIG_PREEMPT_NONE=y\n# CONFIG_PREEMPT is not set\n", "PREEMPT", "y",
	       "is one of a choice ('Preemption'), of which PREEMPT_NONE is set");
	expect("CONFIG_PREEMPT_NONE=y\n# CONFIG_PREEMPT is not set\n", "PREEMPT_NONE", "n",
	       "is the member of its choice that is set; ask for another one instead");
	expect("CONFIG_HZ_250=y\n", "HZ_100", "y", "depends on EXPERT, which is n (not requested)");
	expect("CONFIG_HZ_250=y\n", "HZ_250", "n",
	       "can be changed only with EXPERT, which is n (not requested)");
}

static void what_has_no_prompt_is_set_by_others(void **state)
{
	(void)state;
	expect("CONFIG_PREEMPT_NONE=y\n# CONFIG_PREEMPT is not set\n", "PREEMPTION", "y",
	       "cannot be set by hand: it is selected only by PREEMPT, which is n, because it "
	       "is one of a choice, of which PREEMPT_NONE is set");
	expect("", "LIB_HASH", "y",
	       "cannot be set by hand: it is selected only by NFT, which is n, because it "
	       "depends on NET, which is n (not requested), and on NETFILTER, which is n too");
	expect("CONFIG_X86=y\n", "HAVE_TRACKING", "y",
	       "cannot be set by hand: it is selected only by X86, which is y, but only with "
	       "64BIT, which is n (not requested)");
	expect("CONFIG_X86=y\n", "HAVE_64BIT_WORK", "y",
	       "cannot be set by hand: it is selected only by X86_64, which is n, because it "
	       "depends on 64BIT, which is n (not requested)");
}

static void what_a_tool_decides_is_said_to_be_so(void **state)
{
	(void)state;
	expect("CONFIG_X86=y\n", "TRICK", "y",
	       "depends on $(cc-option,-mtrick=a$(comma)b), which the compiler or another "
	       "tool decides");
	expect("", "TRICK", "y",
	       "depends on X86, which is n, because it has no prompt, and nothing sets it");
	expect("CONFIG_X86=y\n", "CC_HAS_TRICK", "y",
	       "cannot be set by hand: it is set only with $(cc-option,-mtrick), which the "
	       "compiler or another tool decides");
}

static void conditional_dependencies_are_understood(void **state)
{
	(void)state;
	expect("CONFIG_TUN=m\n", "VHOST_NEW", "y",
	       "cannot be y while TUN is m (not requested as y)");
	expect("CONFIG_TUN=y\n", "VHOST_NEW", "y", "nothing");
	expect("CONFIG_QUIET=y\nCONFIG_KVM=m\n", "VHOST_NEW", "y", "nothing");
	expect("CONFIG_KVM=m\n", "VHOST_NEW", "y",
	       "depends on NET || KVM=n || QUIET=y, which does not hold: it would with NET, which is "
	       "n (not requested)");
	expect("CONFIG_KVM=m\nCONFIG_NET=y\n", "VHOST_NEW", "y", "nothing");
}

static void a_name_that_got_a_word_in_front_is_found(void **state)
{
	(void)state;
	expect("", "LOCKS", "y",
	       "is not an option of this kernel; the nearest name is DEBUG_LOCKS");
}

static void a_transitional_name_is_an_old_one(void **state)
{
	(void)state;
	expect("", "CFI_CLANG", "y", "is only an old name in this kernel, of CFI: write that");
}

static void an_unknown_name_has_a_near_one(void **state)
{
	(void)state;
	expect("", "KVMM", "y", "is not an option of this kernel; the nearest name is KVM");
	expect("", "NOT_AN_OPTION", "y", "is not an option of this kernel");
}

static void without_a_reason_there_is_no_explanation(void **state)
{
	(void)state;
	expect("", "KVM", "y", "nothing");
	expect("CONFIG_EXPERT=y\n", "EXPERT", "n", "nothing");
}

static void files_that_cannot_be_read_are_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"menu \"a\"\nconfig A\n", "f:1: 'menu' without its 'endmenu'"},
		{"config A\nendif\n", "f:2: 'endif' without its 'if'"},
		{"menu \"a\"\nif A\nendmenu\n", "f:3: 'endmenu' without its 'menu'"},
		{"config\n", "f:1: a config without a name"},
		{"menu\n", "f:1: a menu without a title"},
		{"bool\n", "f:1: 'bool' is no statement of Kconfig"},
		{"config A\n\tdepends on B &&\n", "f:2: a symbol is missing in a condition"},
		{"config A\n\tdepends on (B\n", "f:2: ')' is missing in a condition"},
		{"config A\n\n\tbool \"a\n", "f:3: a text without its closing quote"},
		{"config A\n\tbool \\\n\t\"a\"\n\tselect\n", "f:4: a symbol is missing"},
		{"source \"a\"\n", "f:1: 'source' in a text that is no file"},
		{"source\n", "f:1: 'source' without a path"},
		{"source \"$(X)/a\"\n", "f:1: 'source' of a path that is not known: '$(X)/a'"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		struct kh_kconfig *bad = NULL;
		if (kh_kconfig_from_text("f", cases[i].text, &bad, &err) == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, KH_HOST);
	}
}

static void a_tree_without_its_files_is_an_error(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_kconfig *none = NULL;
	assert_int_equal(kh_kconfig_load(fixture.path, "x86", &none, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	fixture_put(&fixture, "/Kconfig", "\nsource \"net/Kconfig\"\n");
	assert_int_equal(kh_kconfig_load(fixture.path, "x86", &none, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_true(kh_str_ends(err.message,
				"Kconfig:2: there is no 'net/Kconfig' in the kernel's tree"));
	fixture_put(&fixture, "/net/Kconfig", "source \"Kconfig\"\n");
	assert_int_equal(kh_kconfig_load(fixture.path, "x86", &none, &err), -1);
	assert_non_null(strstr(err.message, "files that source each other too deeply"));
	fixture_put(&fixture, "/net/Kconfig", "endmenu\n");
	fixture_put(&fixture, "/Kconfig", "menu \"a\"\nsource \"net/Kconfig\"\nendmenu\n");
	assert_int_equal(kh_kconfig_load(fixture.path, "x86", &none, &err), -1);
	assert_non_null(strstr(err.message, "net/Kconfig:1: 'endmenu' without its 'menu'"));
	fixture_close(&fixture);
}

static void symbols_of_all_sourced_files_are_known(void **state)
{
	(void)state;
	static const char *const known[] = {"64BIT", "VIRTIO_FS", "VHOST_NET", "NR_CPUS", "NET"};
	for (size_t i = 0; i < KH_COUNT(known); i++)
		assert_true(kh_kconfig_has(tree, known[i]));
	assert_false(kh_kconfig_has(tree, "NOT_AN_OPTION"));  /* in a help text */
	assert_false(kh_kconfig_has(tree, "MISSING_SYMBOL")); /* only depended on */
	assert_true(kh_kconfig_is_bool(tree, "EXPERT"));
	assert_false(kh_kconfig_is_bool(tree, "KVM"));
	assert_false(kh_kconfig_is_bool(tree, "MISSING_SYMBOL"));
}

static void conditions_without_end_are_refused(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_add(&text, "config A\n\tdepends on ");
	for (int i = 0; i < 1500; i++)
		kh_str_add(&text, "!");
	kh_str_add(&text, "B\n");
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_kconfig *bad = NULL;
	assert_int_equal(kh_kconfig_from_text("f", text.text, &bad, &err), -1);
	assert_string_equal(err.message, "f:2: a condition nested too deeply");
	kh_str_done(&text);
	for (int i = 0; i < 1500; i++)
		kh_str_add(&text, "if A\n");
	assert_int_equal(kh_kconfig_from_text("f", text.text, &bad, &err), -1);
	assert_string_equal(err.message, "f:1001: too many conditions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unmet_dependency_is_followed_to_its_root),
		cmocka_unit_test(what_is_demoted_to_a_module_has_a_parent_that_is_one),
		cmocka_unit_test(numbers_and_texts_are_held_against_type_and_range),
		cmocka_unit_test(what_was_switched_off_and_is_on_has_somebody_who_wants_it),
		cmocka_unit_test(of_a_choice_one_member_wins),
		cmocka_unit_test(what_has_no_prompt_is_set_by_others),
		cmocka_unit_test(what_a_tool_decides_is_said_to_be_so),
		cmocka_unit_test(conditional_dependencies_are_understood),
		cmocka_unit_test(a_name_that_got_a_word_in_front_is_found),
		cmocka_unit_test(a_transitional_name_is_an_old_one),
		cmocka_unit_test(an_unknown_name_has_a_near_one),
		cmocka_unit_test(without_a_reason_there_is_no_explanation),
		cmocka_unit_test(files_that_cannot_be_read_are_errors),
		cmocka_unit_test(a_tree_without_its_files_is_an_error),
		cmocka_unit_test(symbols_of_all_sourced_files_are_known),
		cmocka_unit_test(conditions_without_end_are_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
