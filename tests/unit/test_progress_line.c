/* test_progress_line.c - the line that shows a running task: at every width, in both alphabets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/progress_line.h"

static const struct kh_progress_view compiling = {
	.stage = "kernel",
	.text = "CC net/core/dev.o",
	.unit = "steps",
	.done = 1240,
	.count = 2181,
	.elapsed_ms = 950000,
};

static const struct kh_progress_view loading = {
	.stage = "fetch",
	.text = "linux-6.12.tar.xz",
	.unit = "bytes",
	.done = 44 << 20,
	.count = 141 << 20,
	.first = 4 << 20,
	.elapsed_ms = 5000,
};

static size_t columns_of(const char *text)
{
	size_t columns = 0;
	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

static void line_is(const struct kh_progress_view *view, size_t columns, bool is_utf8,
		    const char *expected)
{
	kh_auto(kh_free) char *line = kh_progress_line(view, columns, is_utf8);
	assert_string_equal(line, expected);
	assert_true(columns_of(line) < columns);
}

static void a_compilation_shows_step_bar_percent_and_time_left(void **state)
{
	(void)state;
	line_is(&compiling, 80, true,
		"[kernel] [1240/2181] CC net/core/dev.o  ███████████░░░░░░░░░   56 %  12:01 left");
	line_is(&compiling, 80, false,
		"[kernel] [1240/2181] CC net/core/dev.o  [##########........]   56 %  12:01 left");
}

static void a_download_shows_amount_rate_and_time_left(void **state)
{
	(void)state;
	line_is(&loading, 100, false,
		"[fetch] linux-6.12.tar.xz  [######................]   31 %  44.0 of 141.0 MiB  "
		"8.0 MiB/s  0:12 left");
}

static void what_does_not_fit_goes_the_least_wanted_first(void **state)
{
	(void)state;
	line_is(&loading, 60, false, "[fetch] linux-6.12.tar.xz        31 %  8.0 MiB/s  0:12 left");
}

static void no_width_makes_a_line_that_a_terminal_would_wrap(void **state)
{
	(void)state;
	struct kh_progress_view long_text = compiling;
	long_text.text = "LD [M]  drivers/net/ethernet/mellanox/mlx5/core/steering/hws/action.ko";
	const struct kh_progress_view *const views[] = {&compiling, &loading, &long_text};
	for (size_t columns = 0; columns < 300; columns++)
		for (size_t i = 0; i < KH_COUNT(views); i++)
			for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
				kh_auto(kh_free) char *line =
					kh_progress_line(views[i], columns, is_utf8 != 0);
				assert_true(columns_of(line) <= (columns > 0 ? columns - 1 : 0));
			}
}

static void a_long_text_is_cut_and_says_so(void **state)
{
	(void)state;
	struct kh_progress_view view = {.stage = "grub",
					.text = "run /usr/sbin/update-grub with a long name",
					.elapsed_ms = 9000};
	line_is(&view, 40, true, "[grub] run /usr/sbin/update-grub…  0:09");
	line_is(&view, 40, false, "[grub] run /usr/sbin/update-grub~  0:09");
}

static void control_characters_of_a_build_do_not_reach_the_terminal(void **state)
{
	(void)state;
	struct kh_progress_view view = compiling;
	view.text = "CC a\033[31m\r\n.o";
	for (size_t columns = 1; columns < 120; columns++) {
		kh_auto(kh_free) char *line = kh_progress_line(&view, columns, true);
		kh_auto(kh_free) char *plain = kh_progress_plain(&view);
		for (const char *at = line; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
		for (const char *at = plain; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
	}
}

static void without_a_total_nothing_is_guessed(void **state)
{
	(void)state;
	struct kh_progress_view view = compiling;
	view.count = 0;
	line_is(&view, 60, true, "[kernel] [1240] CC net/core/dev.o                     15:50");
	assert_true(kh_progress_left_ms(&view) == -1);
	kh_auto(kh_free) char *plain = kh_progress_plain(&view);
	assert_string_equal(plain, "1240 steps: CC net/core/dev.o");
}

static void a_rate_of_the_first_moment_is_not_believed(void **state)
{
	(void)state;
	struct kh_progress_view view = loading;
	view.elapsed_ms = 300;
	assert_true(kh_progress_left_ms(&view) == -1);
}

static void what_was_there_before_does_not_make_a_download_fast(void **state)
{
	(void)state;
	assert_true(kh_progress_left_ms(&loading) == 97LL * 5000 / 40);
}

static void logs_have_amounts_and_percent(void **state)
{
	(void)state;
	kh_auto(kh_free) char *steps = kh_progress_plain(&compiling);
	kh_auto(kh_free) char *bytes = kh_progress_plain(&loading);
	assert_string_equal(steps, "1240 of 2181 steps, 56 %: CC net/core/dev.o");
	assert_string_equal(bytes, "44.0 of 141.0 MiB, 31 %: linux-6.12.tar.xz");
}

static void times_read_like_clocks_and_like_words(void **state)
{
	(void)state;
	static const struct {
		long long ms;
		const char *clock, *words;
	} cases[] = {
		{0, "0:00", "0 s"},
		{9400, "0:09", "9 s"},
		{723000, "12:03", "12 min 3 s"},
		{3723000, "1:02:03", "1 h 2 min"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_free) char *clock = kh_progress_clock(cases[i].ms);
		kh_auto(kh_free) char *words = kh_progress_duration(cases[i].ms);
		assert_string_equal(clock, cases[i].clock);
		assert_string_equal(words, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_compilation_shows_step_bar_percent_and_time_left),
		cmocka_unit_test(a_download_shows_amount_rate_and_time_left),
		cmocka_unit_test(what_does_not_fit_goes_the_least_wanted_first),
		cmocka_unit_test(no_width_makes_a_line_that_a_terminal_would_wrap),
		cmocka_unit_test(a_long_text_is_cut_and_says_so),
		cmocka_unit_test(control_characters_of_a_build_do_not_reach_the_terminal),
		cmocka_unit_test(without_a_total_nothing_is_guessed),
		cmocka_unit_test(a_rate_of_the_first_moment_is_not_believed),
		cmocka_unit_test(what_was_there_before_does_not_make_a_download_fast),
		cmocka_unit_test(logs_have_amounts_and_percent),
		cmocka_unit_test(times_read_like_clocks_and_like_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
