/* test_base.c - errors, text, digests, templates. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/template.h"
#include "tests/lib/fixture.h"

static void an_error_grows_outermost_first_and_ends_with_the_cause(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_fail(&err, KH_SYSTEM, ENOSPC, "write '%s'", "/etc/fstab"), -1);
	assert_int_equal(kh_wrap(&err, "stage '%s'", "hugepages"), -1);
	assert_string_equal(err.message,
			    "stage 'hugepages': write '/etc/fstab': No space left on device");
	assert_int_equal(err.code, KH_SYSTEM);
	assert_int_equal(err.sys, ENOSPC);
}

static void a_second_failure_replaces_the_first_and_its_hint(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_fail(&err, KH_SYSTEM, EIO, "first");
	kh_hint(&err, "do this");
	kh_fail(&err, KH_HOST, 0, "second");
	assert_string_equal(err.message, "second");
	assert_null(err.hint);
	assert_int_equal(err.sys, 0);
}

static void lists_grow_shrink_and_keep_their_order(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv list = {0};
	for (int i = 0; i < 100; i++)
		kh_strv_addf(&list, "%03d", i);
	for (int i = 0; i < 50; i++)
		kh_strv_remove(&list, 0);
	kh_strv_insert(&list, 0, "first");
	kh_strv_insert(&list, 51, "last");
	assert_int_equal(list.count, 52);
	assert_string_equal(list.items[0], "first");
	assert_string_equal(list.items[1], "050");
	assert_string_equal(list.items[51], "last");
}

static void a_word_is_found_only_whole(void **state)
{
	(void)state;
	assert_true(kh_str_has_word("a vmx b", "vmx"));
	assert_true(kh_str_has_word("vmx", "vmx"));
	assert_false(kh_str_has_word("vmx2 avmx", "vmx"));
	assert_false(kh_str_has_word("", "vmx"));
	assert_false(kh_str_has_word("a b", ""));
}

static void numbers_are_whole_and_not_too_large(void **state)
{
	(void)state;
	assert_int_equal(kh_str_number("42\n"), 42);
	assert_int_equal(kh_str_number(" 0 "), 0);
	assert_int_equal(kh_str_number("-1"), -1);
	assert_int_equal(kh_str_number("4x"), -1);
	assert_int_equal(kh_str_number(""), -1);
	assert_int_equal(kh_str_number("99999999999999999999"), -1);
}

static void sizes_are_read_and_written_in_binary_units(void **state)
{
	(void)state;
	unsigned long long bytes = 0;
	static const struct {
		const char *text;
		unsigned long long bytes;
	} good[] = {{"2M", 2097152},
		    {"1G", 1073741824},
		    {"16GiB", 17179869184ULL},
		    {"4096", 4096},
		    {"512k", 524288}};
	for (size_t i = 0; i < KH_COUNT(good); i++) {
		assert_int_equal(kh_str_size(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	static const char *const bad[] = {"",   "M", "2X", "2MM", "-2M", "99999999999999999999G",
					  "2 M"};
	for (size_t i = 0; i < KH_COUNT(bad); i++)
		assert_int_equal(kh_str_size(bad[i], &bytes), -1);
	kh_auto(kh_free) char *text = kh_str_size_text(2097152);
	kh_auto(kh_free) char *odd = kh_str_size_text(1025);
	assert_string_equal(text, "2M");
	assert_string_equal(odd, "1025");
}

static void the_nearest_word_is_suggested_only_when_near(void **state)
{
	(void)state;
	static const char *const known[] = {"modules", "bridge", "hugepages", "ksm"};
	assert_string_equal(kh_str_nearest("hugepage", known, 4), "hugepages");
	assert_string_equal(kh_str_nearest("brigde", known, 4), "bridge");
	assert_string_equal(kh_str_nearest("kms", known, 4), "ksm");
	assert_null(kh_str_nearest("network", known, 4));
	assert_null(kh_str_nearest("x", known, 4));
}

static void a_digest_is_that_of_the_standard(void **state)
{
	(void)state; /* FIPS 180-4 example: "abc" */
	char hex[KH_DIGEST_SIZE];
	kh_digest_bytes("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void text_that_is_not_utf8_becomes_json_all_the_same(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *json;
	} cases[] = {
		{"plain", "plain"},       {"caf\xe9!", "caf\xef\xbf\xbd!"},
		{"\xc3\xa9", "\xc3\xa9"}, {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc3", "\xef\xbf\xbd"}, {"\xff\xe2\x86\x92", "\xef\xbf\xbd\xe2\x86\x92"}};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		json_t *text = kh_json_text(cases[i].bytes);
		assert_string_equal(json_string_value(text), cases[i].json);
		json_decref(text);
	}
}

static void a_template_of_the_operator_wins_and_must_be_whole(void **state)
{
	(void)state;
	struct fixture host;
	fixture_open_empty(&host);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {{"WHAT", "world"}, {NULL, NULL}};
	fixture_put(&host, "/etc/kvmhost/templates/etc/x.in", "a@b hello @WHAT@\nand @OTHER@\n");
	assert_int_equal(kh_template_fill(&host.root, "etc/x.in", values, &text, &err), -1);
	assert_string_equal(err.message, "template '/etc/kvmhost/templates/etc/x.in':2:5: no value "
					 "for '@OTHER@'");
	fixture_put(&host, "/etc/kvmhost/templates/etc/x.in", "a@b hello @WHAT@\n");
	assert_int_equal(kh_template_fill(&host.root, "etc/x.in", values, &text, &err), 0);
	assert_string_equal(text, "a@b hello world\n");
	fixture_close(&host);
}

static void utf8_characters_have_their_length_and_code_point(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length;
		unsigned code;
	} cases[] = {
		{"", 1, 0},
		{"a", 1, 'a'},
		{"\xc3\xa4", 2, 0xe4},
		{"\xe5\xa4\xa7", 3, 0x5927},
		{"\xf0\x9f\x98\x80", 4, 0x1f600},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\x80", 0, 7}, /* only goes on */
		{"\xc3", 0, 7}, /* cut off */
		{"\xe5\xa4", 0, 7},
		{"\xe5\xa4z", 0, 7},
		{"\xc0\xaf", 0, 7}, /* a slash, longer than need be */
		{"\xe0\x80\xaf", 0, 7},
		{"\xf0\x80\x80\xaf", 0, 7},
		{"\xed\xa0\x80", 0, 7},     /* a surrogate */
		{"\xf4\x90\x80\x80", 0, 7}, /* above U+10FFFF */
		{"\xf8\x88\x80\x80", 0, 7},
		{"\xff", 0, 7},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		unsigned code = 7;
		assert_int_equal(kh_utf8_at(cases[i].text, KH_UTF8_LONGEST, &code),
				 cases[i].length);
		assert_int_equal(code, cases[i].code);
	}
	unsigned code = 7;
	assert_int_equal(kh_utf8_at("\xe5\xa4\xa7", 2, &code), 0); /* the third is not ours */
	assert_int_equal(code, 7);
}

static void characters_that_hide_or_turn_text_are_not_plain(void **state)
{
	(void)state;
	static const unsigned bad[] = {0,      '\n',   '\033', 0x7f,   0x9b,   0x200e,
				       0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066,
				       0x2069, 0xfeff, 0xfffe, 0xffff};
	static const unsigned good[] = {' ',    '~',    0xa0,   0xe4,   0x200d,
					0x2027, 0x202f, 0x5927, 0xfffd, 0x1f600};
	for (size_t i = 0; i < KH_COUNT(bad); i++)
		assert_false(kh_utf8_is_plain(bad[i]));
	for (size_t i = 0; i < KH_COUNT(good); i++)
		assert_true(kh_utf8_is_plain(good[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_grows_outermost_first_and_ends_with_the_cause),
		cmocka_unit_test(a_second_failure_replaces_the_first_and_its_hint),
		cmocka_unit_test(lists_grow_shrink_and_keep_their_order),
		cmocka_unit_test(a_word_is_found_only_whole),
		cmocka_unit_test(numbers_are_whole_and_not_too_large),
		cmocka_unit_test(sizes_are_read_and_written_in_binary_units),
		cmocka_unit_test(the_nearest_word_is_suggested_only_when_near),
		cmocka_unit_test(a_digest_is_that_of_the_standard),
		cmocka_unit_test(text_that_is_not_utf8_becomes_json_all_the_same),
		cmocka_unit_test(utf8_characters_have_their_length_and_code_point),
		cmocka_unit_test(characters_that_hide_or_turn_text_are_not_plain),
		cmocka_unit_test(a_template_of_the_operator_wins_and_must_be_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
