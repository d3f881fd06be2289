/* test_yaml.c - YAML as nodes with positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml.h"

static void load(const char *text, struct kh_yaml *yaml)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_yaml_load("k.yaml", NULL, text, strlen(text), yaml, &err) < 0)
		fail_msg("%s", err.message);
}

static void expect_error(const char *text, size_t length, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	assert_int_equal(kh_yaml_load("k.yaml", NULL, text, length, &yaml, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_string_equal(err.message, message);
}

static void nodes_know_their_place(void **state)
{
	(void)state;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	load("a:\n  b: [x, \"y\"]\n  ü: {z: 1}\n", &yaml);
	assert_int_equal(yaml.top->kind, KH_YAML_MAP);
	const struct kh_yaml_node *a = kh_yaml_get(yaml.top, "a");
	const struct kh_yaml_node *b = kh_yaml_get(a, "b");
	assert_int_equal(b->kind, KH_YAML_LIST);
	assert_int_equal(b->key_line, 2);
	assert_int_equal(b->key_column, 3);
	assert_int_equal(b->items[1]->line, 2);
	assert_int_equal(b->items[1]->column, 10);
	assert_string_equal(b->items[1]->text, "y");
	assert_true(b->items[1]->is_quoted);
	assert_false(b->items[0]->is_quoted);
	const struct kh_yaml_node *u = kh_yaml_get(a, "ü");
	assert_int_equal(u->column, 6);
	kh_auto(kh_free) char *where = kh_yaml_where(&yaml, u);
	assert_string_equal(where, "k.yaml:3:6");
	assert_null(kh_yaml_get(a, "c"));
	assert_null(kh_yaml_get(b, "x"));
}

static void nothing_is_a_null_node(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",   "# comment\n", "---\n", "--- # x\n...\n", "\xef\xbb\xbf", "\xef\xbb\xbf# x\n",
		"\n", "~\n",         "null",  "---\r\n",
	};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
		load(texts[i], &yaml);
		assert_int_equal(yaml.top->kind, KH_YAML_NULL);
	}
}

static void a_quoted_null_is_text(void **state)
{
	(void)state;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	load("[null, 'null', '', ~]", &yaml);
	static const enum kh_yaml_kind kinds[] = {KH_YAML_NULL, KH_YAML_SCALAR, KH_YAML_SCALAR,
						  KH_YAML_NULL};
	for (size_t i = 0; i < KH_COUNT(kinds); i++)
		assert_int_equal(yaml.top->items[i]->kind, kinds[i]);
}

static void a_byte_order_mark_and_crlf_do_not_shift_positions(void **state)
{
	(void)state;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	load("\xef\xbb\xbf"
	     "a: 1\r\nb: 2\r\n",
	     &yaml);
	assert_int_equal(kh_yaml_get(yaml.top, "a")->column, 4);
	assert_int_equal(kh_yaml_get(yaml.top, "b")->line, 2);
	assert_string_equal(kh_yaml_get(yaml.top, "b")->text, "2");
}

static void a_carriage_return_is_not_shown(void **state)
{
	(void)state;
	expect_error("a: 1\r\na: 2\r\n", 12, "k.yaml:2:1: duplicate key 'a'\na: 2\n^");
}

static void a_large_file_is_refused_before_it_is_read(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text = kh_alloc(KH_YAML_BYTES + 2);
	memset(text, '#', KH_YAML_BYTES + 1);
	expect_error(text, KH_YAML_BYTES + 1, "k.yaml: larger than 1 MiB");
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_yaml_load("k.yaml", NULL, text, KH_YAML_BYTES, &yaml, &err), 0);
}

static void too_many_values_are_refused(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str text = {0};
	for (int i = 0; i < KH_YAML_NODES; i++)
		kh_str_add(&text, "- a\n");
	expect_error(text.text, text.length, "k.yaml:10000:3: more than 10000 values\n- a\n  ^");
}

static void sixteen_levels_are_enough(void **state)
{
	(void)state;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	load("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", &yaml);
	expect_error("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 34,
		     "k.yaml:1:17: nested more than 16 levels deep\n"
		     "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]\n                ^");
}

static void a_long_line_is_shown_around_the_column(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_add(&text, "a: [");
	for (int i = 0; i < 60; i++)
		kh_str_add(&text, "1234, ");
	kh_str_add(&text, "*x");
	for (int i = 0; i < 60; i++)
		kh_str_add(&text, ", 1234");
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	assert_int_equal(kh_yaml_load("k.yaml", NULL, text.text, text.length, &yaml, &err), -1);
	assert_non_null(strstr(err.message, "k.yaml:1:365: aliases"));
	const char *shown = strchr(err.message, '\n') + 1, *caret = strrchr(err.message, '\n') + 1;
	assert_int_equal(strncmp(shown, "...", 3), 0);
	assert_true(caret - shown < 120);
	assert_int_equal(shown[strlen(caret) - 1], '*');
}

static void a_caret_stands_below_its_character(void **state)
{
	(void)state;
	const char *wide = "大页: [ä, *b]"; /* each of the first two takes two columns */
	expect_error(wide, strlen(wide),
		     "k.yaml:1:9: aliases ('*name') are not supported\n大页: [ä, *b]\n          ^");
}

static void an_argument_is_shown_as_it_was_typed(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	const char *value = "[a, *b]";
	assert_int_equal(kh_yaml_load("--set x.y", "x.y=", value, strlen(value), &yaml, &err), -1);
	assert_int_equal(err.code, KH_USAGE);
	assert_string_equal(err.message, "--set x.y: aliases ('*name') are not supported\n"
					 "x.y=[a, *b]\n        ^");
}

static void quoted_text_is_fit_for_a_terminal(void **state)
{
	(void)state;
	kh_auto(kh_free) char *plain = kh_yaml_quote("a\033[1m\tb\n\x9b\xc2\x9b ü");
	assert_string_equal(plain, "'a?[1m\tb??? ü'");
	kh_auto(kh_free) char *longer = kh_yaml_quote(
		"0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_string_equal(longer,
			    "'012345678901234567890123456789012345678901234567890123456789...'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_know_their_place),
		cmocka_unit_test(nothing_is_a_null_node),
		cmocka_unit_test(a_quoted_null_is_text),
		cmocka_unit_test(a_byte_order_mark_and_crlf_do_not_shift_positions),
		cmocka_unit_test(a_carriage_return_is_not_shown),
		cmocka_unit_test(a_large_file_is_refused_before_it_is_read),
		cmocka_unit_test(too_many_values_are_refused),
		cmocka_unit_test(sixteen_levels_are_enough),
		cmocka_unit_test(a_long_line_is_shown_around_the_column),
		cmocka_unit_test(a_caret_stands_below_its_character),
		cmocka_unit_test(an_argument_is_shown_as_it_was_typed),
		cmocka_unit_test(quoted_text_is_fit_for_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
