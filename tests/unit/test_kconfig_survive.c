/* Requested lines against a .config: what is lost, and how the operator reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "kconfig/survive.h"

static void free_config(struct kh_dotconfig **config)
{
	kh_dotconfig_free(*config);
}

static void free_tree(struct kh_kconfig **tree)
{
	kh_kconfig_free(*tree);
}

/* ---- .config ---- */

static void a_dotconfig_is_read_and_written(void **state)
{
	(void)state;
	kh_auto(free_config) struct kh_dotconfig *config =
		kh_dotconfig_parse("#\n# Linux/x86 6.1.0 Kernel Configuration\n#\n"
				   "CONFIG_KVM=m\r\n# CONFIG_KSM is not set\n"
				   "CONFIG_NAME=\"a = b # c\"\nCONFIG_KVM=y\n"
				   "# CONFIG_TUN is not set yet\nXCONFIG_A=y\nCONFIG_=y\n"
				   "# CONFIG_ is not set\nCONFIG_B\nCONFIG_LAST=0x10");
	assert_string_equal(kh_dotconfig_value(config, "KVM"), "y");
	assert_string_equal(kh_dotconfig_value(config, "KSM"), "n");
	assert_string_equal(kh_dotconfig_value(config, "NAME"), "\"a = b # c\"");
	assert_null(kh_dotconfig_value(config, "TUN"));
	assert_null(kh_dotconfig_value(config, "A"));
	assert_null(kh_dotconfig_value(config, ""));
	assert_null(kh_dotconfig_value(config, "KV"));
	kh_dotconfig_set(config, "KVM", "n");
	kh_dotconfig_set(config, "AAA", "7");
	kh_auto(kh_free) char *text = kh_dotconfig_text(config);
	assert_string_equal(text, "CONFIG_AAA=7\n# CONFIG_KSM is not set\n"
				  "# CONFIG_KVM is not set\nCONFIG_LAST=0x10\n"
				  "CONFIG_NAME=\"a = b # c\"\n");
	kh_auto(free_config) struct kh_dotconfig *again = kh_dotconfig_parse(text);
	kh_auto(kh_free) char *same = kh_dotconfig_text(again);
	assert_string_equal(same, text);
}

static void ten_thousand_names_keep_their_values(void **state)
{
	(void)state;
	kh_auto(free_config) struct kh_dotconfig *config = kh_dotconfig_parse("");
	for (int i = 0; i < 10000; i++) {
		kh_auto(kh_free) char *name = kh_printf("N%d", i);
		kh_auto(kh_free) char *value = kh_printf("%d", i * 7);
		kh_dotconfig_set(config, name, value);
	}
	for (int i = 0; i < 10000; i++) {
		kh_auto(kh_free) char *name = kh_printf("N%d", i);
		kh_auto(kh_free) char *value = kh_printf("%d", i * 7);
		assert_string_equal(kh_dotconfig_value(config, name), value);
	}
	assert_null(kh_dotconfig_value(config, "N10000"));
}

/* ---- losses ---- */

static void values_are_compared_by_what_they_mean(void **state)
{
	(void)state;
	static const struct {
		const char *wanted, *got;
		bool matches;
	} cases[] = {
		{"y", "y", true},         {"y", "m", false},         {"y", "n", false},
		{"y", NULL, false},       {"m", "y", true},          {"m", "m", true},
		{"m", "n", false},        {"m", NULL, false},        {"n", "n", true},
		{"n", NULL, true},        {"n", "y", false},         {"n", "m", false},
		{"64", "64", true},       {"64", "640", false},      {"64", NULL, false},
		{"0x1F", "0x1f", true},   {"0x10", "16", true},      {"64", "y", false},
		{"\"a\"", "\"a\"", true}, {"\"a\"", "\"b\"", false}, {"\"a\"", NULL, false},
		{"\"\"", NULL, true},     {"\"\"", "\"a\"", false},  {"\"1\"", "\"01\"", false},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++)
		if (kh_survive_matches(cases[i].wanted, cases[i].got) != cases[i].matches)
			fail_msg("%s against %s", cases[i].wanted,
				 cases[i].got ? cases[i].got : "nothing");
}

/* The losses of a fragment as text; with_tree: explained from tests/kconfig/. */
static char *lose(const char *fragment_text, int version, const char *result, bool with_tree)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	kh_auto(kh_losses_done) struct kh_losses losses = {0};
	kh_auto(free_tree) struct kh_kconfig *tree = NULL;
	kh_auto(free_config) struct kh_dotconfig *config = kh_dotconfig_parse(result);
	if (kh_fragment_parse("f", fragment_text, &fragment, &err) != 0)
		fail_msg("%s", err.message);
	if (with_tree && kh_kconfig_load("tests/kconfig", "x86", &tree, &err) != 0)
		fail_msg("%s", err.message);
	kh_survive_compare(&fragment, version, config, tree, &losses);
	return kh_losses_text(&losses);
}

static void only_what_is_lost_is_told(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		lose("CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n#: since 6.2\nCONFIG_D=y\n"
		     "#: until 6.1\nCONFIG_E=y\n#: since 6.1, until 6.2\nCONFIG_F=y\n"
		     "CONFIG_G=99999\n",
		     6001, "CONFIG_A=m\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_G=64\n", false);
	assert_string_equal(text, "A (f:1): wanted y, got m\nC (f:3): wanted n, got y\n"
				  "F (f:9): wanted y, got n\nG (f:10): wanted 99999, got 64");
	kh_auto(kh_free) char *unknown = lose("#: since 6.2\nCONFIG_D=y\n", -1, "", false);
	assert_string_equal(unknown, "D (f:2): wanted y, got n");
	kh_auto(kh_free) char *nothing = lose("CONFIG_A=m\n", 6001, "CONFIG_A=m\n", false);
	assert_string_equal(nothing, "");
}

static void an_old_name_counts_where_only_it_is_known(void **state)
{
	(void)state;
	static const char fragment[] = "#: was KVM_OLD, was KVM\nCONFIG_KVM_NEW=m\n";
	kh_auto(kh_free) char *kept = lose(fragment, 6001, "CONFIG_KVM=m\n", true);
	assert_string_equal(kept, "");
	kh_auto(kh_free) char *without_tree = lose(fragment, 6001, "CONFIG_KVM_OLD=y\n", false);
	assert_string_equal(without_tree, "");
	kh_auto(kh_free) char *lost = lose(fragment, 6001, "# CONFIG_KVM is not set\n", true);
	assert_string_equal(lost, "KVM (f:2): wanted m, got n");
	kh_auto(kh_free) char *gone =
		lose("#: was NEITHER\nCONFIG_KVM_NEWER=m\n", 6001, "CONFIG_KVM_NEWER=m\n", true);
	assert_string_equal(gone, "");
}

static void a_name_that_is_gone_is_a_loss_of_its_own_kind(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		lose("CONFIG_KVM_INTLE=y\n# CONFIG_NEVER_HEARD_OF is not set\n", 6001, "", true);
	assert_string_equal(text, "KVM_INTLE (f:1): wanted y, got no such symbol: it is not an "
				  "option of this kernel; the nearest name is KVM_INTEL");
}

static void switching_off_under_an_old_name_is_no_silent_failure(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		lose("#: was KVM_OLD\nCONFIG_KVM=m\n# CONFIG_KVM_OLD is not set\n", 6001,
		     "CONFIG_KVM=m\n", true);
	assert_string_equal(text, "KVM_OLD (f:3): wanted n, got no such symbol: it is called KVM "
				  "in this kernel (f:2): write that name");
}

static void explanations_name_the_line_that_asks_for_the_cause(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		lose("CONFIG_TUN=m\nCONFIG_NET=y\nCONFIG_VHOST_NET=y\nCONFIG_PREEMPT=y\n"
		     "CONFIG_PREEMPT_NONE=y\nCONFIG_QUIET=y\nCONFIG_DEBUG_LOCKS=y\n"
		     "# CONFIG_FUSE_FS is not set\nCONFIG_VIRTIO_FS=m\n"
		     "CONFIG_CRYPTO_USER=m\n# CONFIG_CRYPTO is not set\n",
		     6001,
		     "CONFIG_TUN=m\nCONFIG_NET=y\nCONFIG_VHOST_NET=m\nCONFIG_PREEMPT_NONE=y\n"
		     "# CONFIG_PREEMPT is not set\nCONFIG_QUIET=y\nCONFIG_EXPERT=y\n"
		     "CONFIG_VIRTIO_MENU=y\nCONFIG_VIRTIO=m\n# CONFIG_FUSE_FS is not set\n"
		     "CONFIG_CRYPTO_USER=m\nCONFIG_CRYPTO=m\n",
		     true);
	assert_string_equal(
		text,
		"VHOST_NET (f:3): wanted y, got m: it cannot be y while TUN is m (f:1 asks for "
		"that)\n"
		"PREEMPT (f:4): wanted y, got n: it is one of a choice ('Preemption'), of which "
		"PREEMPT_NONE is set (f:5 asks for that)\n"
		"DEBUG_LOCKS (f:7): wanted y, got n: it depends on QUIET being n, but it is y "
		"(f:6 asks for that)\n"
		"VIRTIO_FS (f:9): wanted m, got n: it depends on FUSE_FS, which is n (f:8 asks "
		"for that)\n"
		"CRYPTO (f:11): wanted n, got m: it is selected by CRYPTO_USER, which is m (f:10 "
		"asks for that)");
}

/* For those who judge it: what a fragment of the operator's switches off is meant. */
static void a_loss_knows_the_line_that_stands_in_the_way(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	kh_auto(kh_losses_done) struct kh_losses losses = {0};
	kh_auto(free_tree) struct kh_kconfig *tree = NULL;
	kh_auto(free_config) struct kh_dotconfig *config =
		kh_dotconfig_parse("CONFIG_VIRTIO_MENU=y\n");
	assert_int_equal(kh_kconfig_load("tests/kconfig", "x86", &tree, &err), 0);
	assert_int_equal(kh_fragment_parse("f",
					   "CONFIG_VIRTIO_FS=m\n# CONFIG_FUSE_FS is not set\n"
					   "CONFIG_INET=y\n",
					   &fragment, &err),
			 0);
	kh_survive_compare(&fragment, 6001, config, tree, &losses);
	assert_int_equal(losses.count, 2);
	assert_string_equal(losses.items[0].name, "VIRTIO_FS");
	assert_string_equal(losses.items[0].cause, "f:2");
	assert_string_equal(losses.items[1].name, "INET");
	assert_null(losses.items[1].cause);
}

static void what_waits_for_a_root_that_is_told_is_not_told_again(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		lose("CONFIG_INET=y\nCONFIG_NETFILTER=y\nCONFIG_NFT=m\n", 6001, "", true);
	assert_string_equal(
		text,
		"INET (f:1): wanted y, got n: it depends on NET, which is n (not requested)\n"
		"NETFILTER (f:2): wanted y, got n: it depends on NET, which is n (not requested)\n"
		"NFT (f:3): wanted m, got n: it depends on NET, which is n (not requested)");
}

static void optional_lines_are_marked(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	kh_auto(kh_losses_done) struct kh_losses losses = {0};
	kh_auto(free_config) struct kh_dotconfig *config = kh_dotconfig_parse("");
	assert_int_equal(kh_fragment_parse("f", "#: optional, vendor amd\nCONFIG_A=y\nCONFIG_B=y\n",
					   &fragment, &err),
			 0);
	kh_survive_compare(&fragment, 6001, config, NULL, &losses);
	assert_int_equal(losses.count, 2); /* a build has both vendors' options */
	assert_true(losses.items[0].is_optional);
	assert_false(losses.items[1].is_optional);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dotconfig_is_read_and_written),
		cmocka_unit_test(ten_thousand_names_keep_their_values),
		cmocka_unit_test(values_are_compared_by_what_they_mean),
		cmocka_unit_test(only_what_is_lost_is_told),
		cmocka_unit_test(an_old_name_counts_where_only_it_is_known),
		cmocka_unit_test(a_name_that_is_gone_is_a_loss_of_its_own_kind),
		cmocka_unit_test(switching_off_under_an_old_name_is_no_silent_failure),
		cmocka_unit_test(explanations_name_the_line_that_asks_for_the_cause),
		cmocka_unit_test(a_loss_knows_the_line_that_stands_in_the_way),
		cmocka_unit_test(what_waits_for_a_root_that_is_told_is_not_told_again),
		cmocka_unit_test(optional_lines_are_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
