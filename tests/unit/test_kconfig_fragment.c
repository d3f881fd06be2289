/* Fragments: what is read from them, and what is said about bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "kconfig/fragment.h"
#include "kconfig/kconfig.h"
#include "tests/lib/fixture.h"

static void parse(const char *name, const char *text, struct kh_fragment *fragment)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_fragment_parse(name, text, fragment, &err) != 0)
		fail_msg("%s", err.message);
}

static const struct kh_fragment_line *find(const struct kh_fragment *fragment, const char *name)
{
	for (size_t i = 0; i < fragment->line_count; i++)
		if (strcmp(fragment->lines[i].name, name) == 0)
			return &fragment->lines[i];
	fail_msg("no line '%s'", name);
	return NULL;
}

static void conditions_and_reason_belong_to_the_option_below(void **state)
{
	(void)state;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	parse("own",
	      "# A heading\n"
	      "\n"
	      "# The hypervisor\n"
	      "# itself.\n"
	      "CONFIG_KVM=m\n"
	      "#: since 6.9, was RETPOLINE, optional\n"
	      "#: vendor intel ,was OLDER,until 7.0\n"
	      "# Straight on.\n"
	      "CONFIG_MITIGATION_RETPOLINE=y\n"
	      "CONFIG_BARE=n\n",
	      &fragment);
	assert_int_equal(fragment.line_count, 3);
	const struct kh_fragment_line *kvm = &fragment.lines[0], *line = &fragment.lines[1];
	assert_string_equal(kvm->name, "KVM");
	assert_string_equal(kvm->value, "m");
	assert_string_equal(kvm->why, "The hypervisor itself.");
	assert_string_equal(kvm->where, "own:5");
	assert_int_equal(kvm->since, 0);
	assert_int_equal(kvm->vendor, KH_VENDOR_UNKNOWN);
	assert_false(kvm->is_optional);
	assert_string_equal(line->name, "MITIGATION_RETPOLINE");
	assert_string_equal(line->why, "Straight on.");
	assert_int_equal(line->since, 6009);
	assert_int_equal(line->until, 7000);
	assert_true(line->is_optional);
	assert_int_equal(line->vendor, KH_VENDOR_INTEL);
	assert_int_equal(line->was.count, 2);
	assert_string_equal(line->was.items[1], "OLDER");
	assert_string_equal(fragment.lines[2].why, "");
	assert_int_equal(fragment.lines[2].was.count, 0);
}

static void the_kernel_s_own_fragments_are_read_as_they_are(void **state)
{
	(void)state;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	parse("plain",
	      "#\n# Automatically generated file; DO NOT EDIT.\n#\nCONFIG_A=y\r\n"
	      "# CONFIG_B is not set\r\n"
	      "\r\n#CONFIG_C=y\n# CONFIG_D is not set here\nCONFIG_E=0x1F\nCONFIG_F=-7  \n"
	      "CONFIG_G=\"a \\\"b\\\" # c\"\nCONFIG_H=\"\"",
	      &fragment);
	assert_int_equal(fragment.line_count, 6);
	assert_string_equal(find(&fragment, "A")->value, "y");
	assert_string_equal(find(&fragment, "A")->why, "");
	assert_string_equal(find(&fragment, "B")->value, "n");
	assert_string_equal(find(&fragment, "E")->value, "0x1F");
	assert_string_equal(find(&fragment, "F")->value, "-7");
	assert_string_equal(find(&fragment, "G")->value, "\"a \\\"b\\\" # c\"");
	assert_string_equal(find(&fragment, "H")->where, "plain:12");
}

static void a_later_fragment_replaces_a_line_of_an_earlier_one(void **state)
{
	(void)state;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	parse("one", "#: since 5.0\n# why one\nCONFIG_A=y\nCONFIG_B=y\n", &fragment);
	parse("two", "# CONFIG_A is not set\nCONFIG_C=y\n", &fragment);
	assert_int_equal(fragment.line_count, 3);
	assert_string_equal(fragment.lines[0].name, "A");
	assert_string_equal(fragment.lines[0].value, "n");
	assert_string_equal(fragment.lines[0].why, "");
	assert_string_equal(fragment.lines[0].where, "two:1");
	assert_int_equal(fragment.lines[0].since, 0);
}

static void bad_lines_are_errors_that_say_where_and_what(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message, *hint;
	} cases[] = {
		{"CONFIG_A=y\nKVM=y\n", "f:2:1: neither an option nor a comment\nKVM=y\n^",
		 "lines are CONFIG_NAME=VALUE, # CONFIG_NAME is not set, or # a comment"},
		{" CONFIG_A=y\n", "f:1:1: blanks before 'CONFIG_'\n CONFIG_A=y\n^", NULL},
		{"\t# x\n", "f:1:1: blanks before '#'\n\t# x\n^", NULL},
		{"CONFIG_A\n", "f:1:9: '=' and a value are missing\nCONFIG_A\n        ^",
		 "values are y, m, n, a number, or a text in double quotes"},
		{"CONFIG_=y\n", "f:1:8: a name is missing after 'CONFIG_'\nCONFIG_=y\n       ^",
		 NULL},
		{"CONFIG_A =y\n",
		 "f:1:9: there must be no blanks around '='\nCONFIG_A =y\n        ^", NULL},
		{"CONFIG_A-B=y\n",
		 "f:1:9: an option's name has only letters, digits and '_'\nCONFIG_A-B=y\n        ^",
		 NULL},
		{"CONFIG_A=\n", "f:1:10: a value is missing\nCONFIG_A=\n         ^",
		 "values are y, m, n, a number, or a text in double quotes"},
		{"CONFIG_A=yes\n",
		 "f:1:10: this is no value of an option\nCONFIG_A=yes\n         ^",
		 "values are y, m, n, a number, or a text in double quotes"},
		{"CONFIG_A=12x\n",
		 "f:1:10: this is no value of an option\nCONFIG_A=12x\n         ^",
		 "values are y, m, n, a number, or a text in double quotes"},
		{"CONFIG_A=0x\n", "f:1:10: this is no value of an option\nCONFIG_A=0x\n         ^",
		 "values are y, m, n, a number, or a text in double quotes"},
		{"CONFIG_A=y # why\n",
		 "f:1:11: more text after the value\nCONFIG_A=y # why\n          ^",
		 "a comment goes on a line of its own, above"},
		{"CONFIG_A=\"b\n",
		 "f:1:10: a text without its closing quote\nCONFIG_A=\"b\n         ^",
		 "inside a text a quote is written \\\""},
		{"CONFIG_A=y\nCONFIG_B=y\n# CONFIG_A is not set\n",
		 "f:3:10: 'A' is given twice\n# CONFIG_A is not set\n         ^",
		 "it is already given in line 1"},
		{"#: sinse 6.1\nCONFIG_A=y\n",
		 "f:1:4: unknown condition 'sinse'\n#: sinse 6.1\n   ^", "did you mean 'since'?"},
		{"#: optional, perhaps\nCONFIG_A=y\n",
		 "f:1:14: unknown condition 'perhaps'\n#: optional, perhaps\n             ^",
		 "conditions are: since VERSION, until VERSION, was NAME, optional, vendor intel, "
		 "vendor amd"},
		{"#: since 6\n", "f:1:10: '6' is no kernel version\n#: since 6\n         ^",
		 "write MAJOR.MINOR, such as 6.1"},
		{"#: since 6.1.5\n",
		 "f:1:10: '6.1.5' is no kernel version\n#: since 6.1.5\n         ^",
		 "write MAJOR.MINOR, such as 6.1"},
		{"#: since 6.1000\n",
		 "f:1:10: '6.1000' is no kernel version\n#: since 6.1000\n         ^",
		 "write MAJOR.MINOR, such as 6.1"},
		{"#: since 6.1, since 6.2\n",
		 "f:1:21: a second version limit of a kind\n#: since 6.1, since 6.2\n"
		 "                    ^",
		 NULL},
		{"#: until 6.1, since 6.1\n",
		 "f:1:21: no kernel is both since and until these versions\n"
		 "#: until 6.1, since 6.1\n                    ^",
		 NULL},
		{"#: vendor via\n",
		 "f:1:11: a vendor is either 'intel' or 'amd'\n#: vendor via\n          ^", NULL},
		{"#: was CONFIG_B\n",
		 "f:1:8: an old name is written without 'CONFIG_'\n#: was CONFIG_B\n       ^",
		 NULL},
		{"#: was B C\n",
		 "f:1:9: an option's name has only letters, digits and '_'\n#: was B C\n"
		 "        ^",
		 NULL},
		{"#: was\n", "f:1:4: 'was' needs a word after it\n#: was\n   ^", NULL},
		{"#: optional y\n", "f:1:13: 'optional' stands alone\n#: optional y\n            ^",
		 NULL},
		{"#:\nCONFIG_A=y\n", "f:1:3: a condition is missing\n#:\n  ^",
		 "conditions are joined by commas: #: since 6.9, was OLD_NAME, optional"},
		{"#: optional,,\n", "f:1:13: a condition is missing\n#: optional,,\n            ^",
		 "conditions are joined by commas: #: since 6.9, was OLD_NAME, optional"},
		{"CONFIG_A=y\n#: optional\n\nCONFIG_B=y\n",
		 "f:2:1: no option follows these conditions\n#: optional\n^",
		 "the option stands right below, with at most comments between"},
		{"# \xc3\xa4\n#: optional\n",
		 "f:2:1: no option follows these conditions\n#: optional\n^",
		 "the option stands right below, with at most comments between"},
		{"#: was \xc3\xa4\n",
		 "f:1:8: an option's name has only letters, digits and '_'\n#: was \xc3\xa4\n"
		 "       ^",
		 NULL},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
		if (kh_fragment_parse("f", cases[i].text, &fragment, &err) == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, KH_CONFIG);
		if (cases[i].hint)
			assert_string_equal(err.hint ? err.hint : "none", cases[i].hint);
	}
}

static int load(const struct fixture *fixture, const char *name, struct kh_fragment *fragment,
		struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_strv_split(&names, name, " ");
	return kh_fragment_load(&fixture->root, &names, fragment, err);
}

static void every_shipped_fragment_can_be_loaded_by_its_name(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	for (const char *const *name = kh_fragment_names; *name; name++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
		if (!kh_fragment_shipped(*name))
			continue;
		if (load(&fixture, *name, &fragment, &err) != 0)
			fail_msg("%s", err.message);
		assert_true(fragment.line_count > 0);
		for (size_t i = 0; i < fragment.line_count; i++)
			if (!*fragment.lines[i].why)
				fail_msg("%s: no reason", fragment.lines[i].where);
	}
	assert_non_null(kh_fragment_shipped("kvm-host"));
	assert_null(kh_fragment_shipped("kvm"));
	fixture_close(&fixture);
}

static void own_files_are_found_by_path_and_override_shipped_ones_by_name(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/etc/kvmhost/kconfig/kvm-host.config", "CONFIG_MINE=y\n");
	fixture_put(&fixture, "/etc/x.config", "\xef\xbb\xbf# CONFIG_MINE is not set\r\n");
	assert_int_equal(load(&fixture, "kvm-host /etc/x.config", &fragment, &err), 0);
	assert_int_equal(fragment.line_count, 1);
	assert_string_equal(fragment.lines[0].value, "n");
	assert_string_equal(fragment.lines[0].where, "/etc/x.config:1");
	fixture_close(&fixture);
}

static void fragments_that_cannot_be_read_are_errors(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/etc/latin.config", "CONFIG_A=y\n# gr\xfc\xdf\n");
	fixture_put(&fixture, "/etc/dir/x", "");
	static const char *const cases[][3] = {
		{"kvm-hots", "no kernel configuration fragment is named 'kvm-hots'",
		 "did you mean 'kvm-host'?"},
		{"unheard-of", "no kernel configuration fragment is named 'unheard-of'",
		 "use a shipped one, an absolute path, or make "
		 "'/etc/kvmhost/kconfig/unheard-of.config'"},
		{"/etc/none", "there is no kernel configuration fragment '/etc/none'",
		 "put the file there, or take it out of 'kernel.fragments'"},
		{"/etc/dir", "read '/etc/dir': Is a directory", NULL},
		{"/etc/latin.config",
		 "/etc/latin.config:2:5: this is not UTF-8 text\n# gr??\n    ^", NULL},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
		assert_int_equal(load(&fixture, cases[i][0], &fragment, &err), -1);
		assert_string_equal(err.message, cases[i][1]);
		if (cases[i][2])
			assert_string_equal(err.hint ? err.hint : "none", cases[i][2]);
	}
	fixture_close(&fixture);
}

static void a_nul_byte_in_a_file_is_an_error(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/etc/x.config", "CONFIG_A=y\n????\n");
	kh_auto(kh_free) char *path = kh_printf("%s/etc/x.config", fixture.path);
	FILE *stream = fopen(path, "w");
	assert_non_null(stream);
	assert_int_equal(fwrite("CONFIG_A=y\nCO\0\n", 1, 15, stream), 15);
	assert_int_equal(fclose(stream), 0);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	assert_int_equal(load(&fixture, "/etc/x.config", &fragment, &err), -1);
	assert_true(kh_str_starts(err.message, "/etc/x.config:2:3: a NUL byte"));
	fixture_close(&fixture);
}

static void a_line_holds_from_since_up_to_until(void **state)
{
	(void)state;
	const struct kh_fragment_line line = {.since = 4015, .until = 6009};
	assert_false(kh_fragment_holds(&line, 4014));
	assert_true(kh_fragment_holds(&line, 4015));
	assert_true(kh_fragment_holds(&line, 6008));
	assert_false(kh_fragment_holds(&line, 6009));
	assert_true(kh_fragment_holds(&line, -1));
}

static void lines_are_written_under_the_names_the_kernel_knows(void **state)
{
	(void)state;
	static const char tree_text[] = "config OLD\n\tbool \"old\"\nconfig NEW\n\tbool \"new\"\n"
					"config MOD\n\ttristate \"mod\"\n";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	struct kh_kconfig *tree = NULL;
	assert_int_equal(kh_kconfig_from_text("t", tree_text, &tree, &err), 0);
	parse("f",
	      "#: was OLDEST, was OLD\nCONFIG_NEWEST=m\n#: was OLD\n# CONFIG_NEW is not set\n"
	      "CONFIG_MOD=m\n#: until 6.1\nCONFIG_GONE=y\n#: was NEITHER\nCONFIG_NUMBER=64\n",
	      &fragment);
	kh_auto(kh_free) char *text = kh_fragment_resolve(&fragment, 6001, tree);
	assert_string_equal(text, "CONFIG_OLD=y\n# CONFIG_NEW is not set\nCONFIG_MOD=m\n"
				  "CONFIG_NUMBER=64\n");
	kh_auto(kh_free) char *plain = kh_fragment_resolve(&fragment, 6000, NULL);
	assert_string_equal(plain, "CONFIG_NEWEST=m\n# CONFIG_NEW is not set\nCONFIG_MOD=m\n"
				   "CONFIG_GONE=y\nCONFIG_NUMBER=64\n");
	kh_kconfig_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_and_reason_belong_to_the_option_below),
		cmocka_unit_test(the_kernel_s_own_fragments_are_read_as_they_are),
		cmocka_unit_test(a_later_fragment_replaces_a_line_of_an_earlier_one),
		cmocka_unit_test(bad_lines_are_errors_that_say_where_and_what),
		cmocka_unit_test(every_shipped_fragment_can_be_loaded_by_its_name),
		cmocka_unit_test(own_files_are_found_by_path_and_override_shipped_ones_by_name),
		cmocka_unit_test(fragments_that_cannot_be_read_are_errors),
		cmocka_unit_test(a_nul_byte_in_a_file_is_an_error),
		cmocka_unit_test(a_line_holds_from_since_up_to_until),
		cmocka_unit_test(lines_are_written_under_the_names_the_kernel_knows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
