/* test_watch.c - what is shown of running work, on a real pseudo terminal, in a pipe, as JSON. */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <pty.h>

#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "core/base/mem.h"

struct shown {
	unsigned short columns; /* of the terminal; 0: a pipe */
	bool is_json, is_quiet;
	char *text; /* what came out */
};

static void rest(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

/* ---- the child: it has work ---- */

static void send_event(struct kh_sink *sink, enum kh_event_kind kind, const char *text,
		       size_t index, size_t count, const char *unit)
{
	struct kh_event event = {kind, "kernel", text, index, count, unit};
	sink->event(sink, &event);
}

static void work(const struct shown *shown)
{
	struct kh_options options = {.is_quiet = shown->is_quiet, .is_json = shown->is_json};
	if (shown->is_json)
		kh_watch_use_json();
	struct kh_sink sink = kh_sink_lines(&options);
	send_event(&sink, KH_EVENT_CHANGE, "build linux 6.12", 1, 2, NULL);
	for (size_t i = 1; i <= 20; i++) {
		kh_auto(kh_free) char *text = kh_printf("CC drivers/net/ethernet/file%zu.o", i);
		send_event(&sink, KH_EVENT_PROGRESS, text, i, 20, "steps");
		rest(60);
	}
	send_event(&sink, KH_EVENT_DONE, "build linux 6.12", 1, 2, NULL);
	send_event(&sink, KH_EVENT_CHANGE, "create /etc/x", 2, 2, NULL);
	send_event(&sink, KH_EVENT_WARNING, "not all is well", 2, 2, NULL);
	send_event(&sink, KH_EVENT_DONE, "create /etc/x", 2, 2, NULL);
	kh_sink_end(&sink);
	exit(0);
}

static void watch(struct shown *shown)
{
	int fd = -1, ends[2];
	struct winsize size = {.ws_row = 24, .ws_col = shown->columns};
	if (shown->columns == 0)
		assert_int_equal(pipe(ends), 0);
	pid_t child = shown->columns > 0 ? forkpty(&fd, NULL, NULL, &size) : fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv("TERM", "xterm", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("JOURNAL_STREAM");
		if (shown->columns == 0)
			dup2(ends[1], STDERR_FILENO);
		work(shown);
	}
	if (shown->columns == 0) {
		close(ends[1]);
		fd = ends[0];
	}
	kh_auto(kh_str_done) struct kh_str text = {0};
	char block[4096];
	for (ssize_t got; (got = read(fd, block, sizeof(block))) > 0;)
		kh_str_add_bytes(&text, block, (size_t)got);
	close(fd);
	int status = -1;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	shown->text = kh_str_take(&text);
}

/* ---- what a terminal makes of it ---- */

/* The lines that stay when all is done. */
static void play(const struct shown *shown, struct kh_strv *lines)
{
	kh_auto(kh_str_done) struct kh_str line = {0};
	for (const char *at = shown->text; *at; at++) {
		if (*at == '\n') {
			kh_strv_add_owned(lines, kh_str_take(&line));
		} else if (*at == '\r') {
			if (at[1] != '\n')
				kh_str_done(&line);
		} else if (kh_str_starts(at, "\033[K")) {
			at += 2;
		} else {
			assert_true((unsigned char)*at >= 0x20);
			kh_str_add_bytes(&line, at, 1);
		}
	}
	assert_int_equal(line.length, 0); /* nothing is left half written */
}

/* No frame of the live line is as wide as the terminal. (Lines that stay may be wrapped.) */
static void frames_fit(const struct shown *shown)
{
	size_t frames = 0;
	for (const char *at = shown->text; (at = strstr(at, "\r\033[K")) != NULL;) {
		size_t columns = 0;
		for (at += 4; *at && *at != '\r'; at++)
			columns += ((unsigned char)*at & 0xc0) != 0x80;
		if (kh_str_starts(at, "\r\n"))
			continue;
		assert_true(columns < shown->columns);
		frames++;
	}
	assert_true(frames >= 4);
}

static void on_a_terminal_one_line_is_written_over_at_any_width(void **state)
{
	(void)state;
	static const unsigned short widths[] = {20, 40, 80, 132, 250};
	for (size_t i = 0; i < KH_COUNT(widths); i++) {
		struct shown shown = {.columns = widths[i]};
		kh_auto(kh_strv_done) struct kh_strv lines = {0};
		watch(&shown);
		frames_fit(&shown);
		play(&shown, &lines);
		assert_int_equal(lines.count, 5);
		assert_string_equal(lines.items[0], "1/2 [kernel] build linux 6.12");
		assert_true(kh_str_starts(lines.items[1], "[kernel] 20 of 20 steps, 100 %: "
							  "CC drivers/net/ethernet/file20.o ("));
		assert_string_equal(lines.items[2], "2/2 [kernel] create /etc/x");
		assert_string_equal(lines.items[3], "warning: [kernel] not all is well");
		/* How long it took is the machine's affair. */
		assert_int_equal(fnmatch("time: kernel [0-9]* s; all together*", lines.items[4], 0),
				 0);
		free(shown.text);
	}
}

static void the_line_has_step_bar_percent_and_time_left(void **state)
{
	(void)state;
	struct shown shown = {.columns = 100};
	watch(&shown);
	assert_non_null(strstr(shown.text, "[kernel] [19/20] CC drivers/net/ethernet/file19.o"));
	assert_non_null(strstr(shown.text, "██"));
	assert_non_null(strstr(shown.text, "  95 %  0:00 left"));
	/* ten a second, not one for each event */
	size_t frames = 0;
	for (const char *at = shown.text; (at = strstr(at, "\r\033[K[")); at++)
		frames++;
	assert_true(frames >= 4 && frames <= 15);
	free(shown.text);
}

static void in_a_pipe_there_are_plain_lines_with_the_time(void **state)
{
	(void)state;
	struct shown shown = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	watch(&shown);
	kh_strv_split_lines(&lines, shown.text);
	/* each 5 percent, the steps are 20 */
	assert_int_equal(lines.count, 2 + 20 + 2);
	for (size_t i = 0; i < lines.count; i++) {
		int year, end = 0;
		const char *line = lines.items[i];
		assert_int_equal(sscanf(line, "%4d-%*2d-%*2dT%*2d:%*2d:%*2dZ %n", &year, &end), 1);
		assert_int_equal(end, 21);
		for (; *line; line++)
			assert_true((unsigned char)*line >= 0x20);
	}
	assert_string_equal(lines.items[1] + 21,
			    "[kernel] 1 of 20 steps, 5 %: CC drivers/net/ethernet/file1.o");
	assert_string_equal(lines.items[22] + 21, "warning: [kernel] not all is well");
	free(shown.text);
}

static void json_is_one_object_a_line_with_version_and_time(void **state)
{
	(void)state;
	struct shown shown = {.is_json = true};
	kh_auto(kh_strv_done) struct kh_strv lines = {0}, names = {0};
	watch(&shown);
	kh_strv_split_lines(&lines, shown.text);
	for (size_t i = 0; i < lines.count; i++) {
		json_t *object = json_loads(lines.items[i], 0, NULL);
		assert_non_null(object);
		assert_int_equal(json_integer_value(json_object_get(object, "v")), 1);
		assert_non_null(json_string_value(json_object_get(object, "time")));
		const char *name = json_string_value(json_object_get(object, "event"));
		if (names.count == 0 || strcmp(names.items[names.count - 1], name) != 0)
			kh_strv_add(&names, name);
		json_decref(object);
	}
	kh_auto(kh_free) char *all = kh_strv_join(&names, " ");
	assert_string_equal(all, "change progress done change warning done stage end");
	free(shown.text);
}

static void quiet_leaves_what_went_wrong(void **state)
{
	(void)state;
	struct shown shown = {.columns = 80, .is_quiet = true};
	watch(&shown);
	assert_string_equal(shown.text, "warning: [kernel] not all is well\r\n");
	free(shown.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_terminal_one_line_is_written_over_at_any_width),
		cmocka_unit_test(the_line_has_step_bar_percent_and_time_left),
		cmocka_unit_test(in_a_pipe_there_are_plain_lines_with_the_time),
		cmocka_unit_test(json_is_one_object_a_line_with_version_and_time),
		cmocka_unit_test(quiet_leaves_what_went_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
