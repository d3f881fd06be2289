/* test_translate.c - messages in another language: formats, columns, lines, and what stays English.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/columns.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/base/translate_format.h"
#include "core/base/wrap.h"
#include "tests/lib/catalogue.h"

/* ---- the format of another language ---- */

static char *formatted(const char *format, const char *shown, ...)
{
	va_list args;
	va_start(args, shown);
	char *text = kh_translate_formatted(format, shown, args);
	va_end(args);
	return text;
}

#define expect_formatted(wanted, ...)                                                              \
	do {                                                                                       \
		kh_auto(kh_free) char *got = formatted(__VA_ARGS__);                               \
		assert_string_equal(got, wanted);                                                  \
	} while (0)

static void arguments_are_put_where_the_other_language_has_them(void **state)
{
	(void)state;
	expect_formatted("b vor a", "%s after %s", "%2$s vor %1$s", "a", "b");
	expect_formatted("3 Dateien", "%zu file%s", "%1$zu Dateien", (size_t)3, "s");
	expect_formatted("a a", "%s", "%1$s %1$s", "a");
	expect_formatted("100 % von x", "100 %% of %s", "100 %% von %s", "x");
	expect_formatted("nichts", "nothing", "nichts");
	expect_formatted("", "%s", "", "lost");
}

static void every_kind_of_argument_keeps_its_type_width_and_precision(void **state)
{
	(void)state;
	expect_formatted("-1|4294967295|ff|0x1f|17", "%d|%u|%x|%#x|%o", "%d|%u|%x|%#x|%o", -1,
			 4294967295U, 255U, 31U, 15U);
	expect_formatted("-5000000000 18446744073709551615", "%lld %llu", "%lld %llu",
			 -5000000000LL, 18446744073709551615ULL);
	expect_formatted("-7 8 9 10", "%ld %lu %zu %td", "%ld %lu %zu %td", -7L, 8UL, (size_t)9,
			 (ptrdiff_t)10);
	expect_formatted("1.50   42 0042 x", "%.2f %4d %04d %c", "%.2f %4d %04d %c", 1.5, 42, 42,
			 'x');
	expect_formatted("abc|ab |   ab", "%.3s|%-3s|%5s", "%.3s|%-3s|%5s", "abcdef", "ab", "ab");
	expect_formatted("ab|   7|x  |", "%.*s|%*d|%*s|", "%.*s|%*d|%*s|", 2, "abc", 4, 7, -3, "x");
	expect_formatted("(null)", "%s", "%s", NULL);
}

static void wide_characters_are_filled_up_by_columns(void **state)
{
	(void)state;
	expect_formatted("内存  |", "%-6s|", "%-6s|", "内存");
	expect_formatted("  内存|", "%6s|", "%6s|", "内存");
}

static void a_format_that_does_not_fit_gives_nothing(void **state)
{
	(void)state;
	assert_null(formatted("%s", "%2$s", "a"));
	assert_null(formatted("%s", "%s %s", "a"));
	assert_null(formatted("%s", "%0$s", "a"));
	assert_null(formatted("100 %", "100 %"));
	assert_null(formatted("%m", "%m"));
	assert_null(formatted("%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", "", "", "", "", "", "", "", "",
			      "", "", "", "", "", "", "", "", "", ""));
}

/* ---- columns and lines ---- */

static void columns_are_those_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(kh_columns(""), 0);
	assert_int_equal(kh_columns("abc"), 3);
	assert_int_equal(kh_columns("ä→✓"), 3);
	assert_int_equal(kh_columns("大页，"), 6);
	assert_int_equal(kh_columns("e\xcc\x81"), 1); /* e and a combining acute */
	assert_int_equal(kh_columns("\xe5\xa4"), 2);  /* half a character */
	assert_int_equal(kh_columns_of("大页", 3), 2);
}

static void expect_wrapped(const char *text, size_t width, const char *wanted)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_wrap_add(&out, text, "  ", 2, width);
	assert_string_equal(kh_str_text(&out), wanted);
}

static void lines_are_broken_at_blanks_and_between_wide_characters(void **state)
{
	(void)state;
	expect_wrapped("one two three", 9, "one two\n  three");
	expect_wrapped("  one   two ", 80, "one two");
	expect_wrapped("a /very/long/path b", 8, "a\n  /very/long/path\n  b");
	expect_wrapped("大页内存", 6, "大页\n  内存");
	expect_wrapped("大页，内存", 8, "大页，\n  内存");
	expect_wrapped("大（页）内", 8,
		       "大\n  （页）\n  内"); /* neither "（" last nor "）" first */
	expect_wrapped("用 kvmhost apply 完成", 12, "用 kvmhost\n  apply 完成");
	expect_wrapped("", 10, "");
}

static void expect_line(const char *line, size_t width, const char *wanted)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_wrap_line(&out, line, "  ", width);
	assert_string_equal(kh_str_text(&out), wanted);
}

static void a_line_that_fits_keeps_its_blanks_and_colours_take_no_columns(void **state)
{
	(void)state;
	expect_line("one   two", 9, "one   two");
	expect_line("one   two", 8, "one two");
	expect_line("one   two three", 9, "one two\n  three");
	expect_line("\033[1;32mone\033[0m two", 7, "\033[1;32mone\033[0m two");
	expect_line("\033[1;32mone\033[0m two", 6, "\033[1;32mone\033[0m\n  two");
	expect_line("", 10, "");
}

static void expect_item(const char *label, size_t column, size_t width, const char *wanted)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_wrap_item(&out, label, column, "one two three", width);
	assert_string_equal(kh_str_text(&out), wanted);
}

static void an_item_has_its_text_beside_the_label_or_below_it(void **state)
{
	(void)state;
	expect_item("  ab", 6, 80, "  ab  one two three\n");
	expect_item("  ab", 6, 13, "  ab  one two\n      three\n");
	expect_item("  abcdef", 8, 80, "  abcdef\n      one two three\n");
	expect_item("  ab", 8, 15, "  ab\n      one two\n      three\n");
}

/* ---- with a catalogue ---- */

static void what_is_made_stays_english_and_is_shown_in_the_readers_language(void **state)
{
	(void)state;
	if (!start_catalogue())
		skip();
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_fail(&err, KH_SYSTEM, 2, "open '%s'", "/etc/x");
	kh_wrap(&err, "stage '%s'", "grub");
	assert_string_equal(err.message, "stage 'grub': open '/etc/x': No such file or directory");
	const char *shown = kh_translated(err.message);
	assert_string_not_equal(shown, err.message);
	assert_non_null(strstr(shown, "'/etc/x'"));
	assert_non_null(strstr(shown, "阶段"));
}

static void pieces_are_put_together_in_both_languages(void **state)
{
	(void)state;
	if (!start_catalogue())
		skip();
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_add(&out, "[x] ");
	kh_str_add(&out, "not ready");
	kh_str_add_bytes(&out, "!", 1);
	kh_str_addf(&out, " (%s)", "unknown error");
	assert_string_equal(kh_str_text(&out), "[x] not ready! (unknown error)");
	kh_auto(kh_free) char *wanted = kh_strdup(kh_translated("unknown error"));
	kh_auto(kh_free) char *text = kh_str_take(&out);
	assert_true(kh_str_starts(kh_translated(text), "[x] 未就绪!（"));
	assert_non_null(strstr(kh_translated(text), wanted));
	struct kh_str lines = {0};
	kh_wrap_add(&lines, "not ready", "", 0, 4);
	kh_auto(kh_free) char *english = kh_str_take(&lines);
	assert_string_equal(english, "not\nready");
	assert_string_equal(kh_translated(english), "未就\n绪");
}

static void without_a_catalogue_nothing_changes(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("LANGUAGE", "tlh", 1);
	assert_false(kh_translate_start("/nonexistent"));
	assert_null(kh_translate_language());
	assert_string_equal(kh_translated("not ready"), "not ready");
	assert_null(kh_translated(NULL));
	kh_auto(kh_free) char *text = kh_printf("%s", "not ready");
	assert_ptr_equal(kh_translated(text), text);
	setenv("LC_ALL", "C", 1); /* not UTF-8 */
	setenv("LANGUAGE", "zh_CN", 1);
	kh_auto(kh_free) char *directory =
		kh_printf("%s/locale", getenv("B") ? getenv("B") : "build");
	assert_false(kh_translate_start(directory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_put_where_the_other_language_has_them),
		cmocka_unit_test(every_kind_of_argument_keeps_its_type_width_and_precision),
		cmocka_unit_test(wide_characters_are_filled_up_by_columns),
		cmocka_unit_test(a_format_that_does_not_fit_gives_nothing),
		cmocka_unit_test(columns_are_those_of_a_terminal),
		cmocka_unit_test(lines_are_broken_at_blanks_and_between_wide_characters),
		cmocka_unit_test(a_line_that_fits_keeps_its_blanks_and_colours_take_no_columns),
		cmocka_unit_test(an_item_has_its_text_beside_the_label_or_below_it),
		cmocka_unit_test_teardown(
			what_is_made_stays_english_and_is_shown_in_the_readers_language,
			end_catalogue),
		cmocka_unit_test_teardown(pieces_are_put_together_in_both_languages, end_catalogue),
		cmocka_unit_test_teardown(without_a_catalogue_nothing_changes, end_catalogue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
