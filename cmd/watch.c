/* watch.c - see watch.h; events of the engine on standard error (kh_sink_lines() in cmd.h). */
#include "cmd/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/base/translate.h"
#include "core/progress_line.h"

enum {
	EVENT_VERSION = 1,
	REDRAW_MS = 100,
	JSON_MS = 500,
	PLAIN_MS = 30000,
	PLAIN_PERCENT = 5,
	QUIET_MS = 2000, /* a change that takes longer shows how long */
};

static struct {
	const struct kh_options *options;
	bool is_json, is_utf8, has_line;
	char *stage, *title;          /* the change under way */
	long long begun_ms;           /* it, or what came before it, ended; 0: nothing yet */
	long long first_ms;           /* the first event */
	char *task;                   /* what progress is of: "kernel steps", "fetch NAME" */
	struct kh_progress_view view; /* of the task; texts not kept */
	long long task_ms, shown_ms;
	size_t shown_percent;
} watch;

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- where it goes ---- */

static bool is_live(void)
{
	return !watch.is_json && isatty(STDERR_FILENO) && !kh_terminal_is_dumb();
}

void kh_watch_use_json(void)
{
	watch.is_json = true;
}

bool kh_watch_is_json(void)
{
	return watch.is_json;
}

void kh_watch_clear(void)
{
	if (watch.has_line)
		fputs("\r\033[K", stderr);
	watch.has_line = false;
}

static void write_time(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

const char *kh_watch_stamp(void)
{
	static char text[32];
	if (isatty(STDERR_FILENO) || getenv("JOURNAL_STREAM"))
		return "";
	write_time(text, sizeof(text) - 1);
	size_t length = strlen(text);
	text[length] = ' ';
	text[length + 1] = '\0';
	return text;
}

void kh_watch_print_json(const char *event, json_t *object)
{
	char moment[32];
	write_time(moment, sizeof(moment));
	json_t *line =
		json_pack("{s:i, s:s, s:s}", "v", EVENT_VERSION, "time", moment, "event", event);
	json_object_update(line, object);
	json_decref(object);
	kh_auto(kh_free) char *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(line);
	if (text)
		fprintf(stderr, "%s\n", text);
}

/* ---- lines ---- */

static void print_json_event(const char *name, const struct kh_event *event)
{
	json_t *object =
		json_pack("{s:s, s:o}", "stage", event->stage, "text", kh_json_text(event->text));
	if (event->count > 0 || event->unit) {
		json_object_set_new(object, "index", json_integer((json_int_t)event->index));
		json_object_set_new(object, "count", json_integer((json_int_t)event->count));
	}
	if (event->unit)
		json_object_set_new(object, "unit", json_string(event->unit));
	kh_watch_print_json(name, object);
}

static void print_change(const struct kh_event *event)
{
	kh_watch_clear();
	if (watch.is_json)
		print_json_event("change", event);
	else
		kh_print(stderr, "%s%zu/%zu [%s] %s\n", kh_watch_stamp(), event->index,
			 event->count, event->stage, event->text);
}

/* undo does not count beforehand, and tells what is done only. */
static void print_done(const struct kh_event *event)
{
	kh_watch_clear();
	if (watch.is_json)
		print_json_event("done", event);
	else if (event->count == 0)
		kh_print(stderr, "%s[%s] %s\n", kh_watch_stamp(), event->stage, event->text);
}

static void print_warning(const struct kh_event *event)
{
	kh_watch_clear();
	if (watch.is_json)
		print_json_event("warning", event);
	else
		kh_print(stderr, "%swarning: [%s] %s\n", kh_watch_stamp(), event->stage,
			 event->text);
}

static void print_note(const struct kh_event *event)
{
	kh_watch_clear();
	if (watch.is_json)
		print_json_event("note", event);
	else
		kh_print(stderr, "%skvmhost: %s\n", kh_watch_stamp(), event->text);
}

/* ---- progress ---- */

static void draw(const struct kh_progress_view *view)
{
	struct kh_progress_view shown = *view;
	shown.text = kh_translated(view->text);
	/* Asked at every drawing: a window changes its size. */
	kh_auto(kh_free) char *line =
		kh_progress_line(&shown, kh_terminal_columns(STDERR_FILENO), watch.is_utf8);
	fprintf(stderr, "\r\033[K%s", line);
	watch.has_line = true;
}

/* The end of a task stays on the terminal. */
static void print_end(const struct kh_progress_view *view)
{
	kh_watch_clear();
	kh_auto(kh_free) char *said = kh_progress_plain(view);
	kh_auto(kh_free) char *took = kh_progress_duration(view->elapsed_ms);
	kh_print(stderr, "[%s] %s (%s)\n", view->stage, said, took);
}

static void show(const struct kh_event *event, const struct kh_progress_view *view, bool is_new)
{
	long long now = now_ms(), since_ms = now - watch.shown_ms;
	bool is_end = view->count > 0 && view->done >= view->count;
	size_t percent = view->count > 0 ? view->done * 100 / view->count : 0;
	bool is_step =
		view->count > 0 && percent / PLAIN_PERCENT != watch.shown_percent / PLAIN_PERCENT;
	bool is_due = is_new || is_end;
	if (is_live())
		is_due |= since_ms >= REDRAW_MS;
	else
		is_due |= watch.is_json ? since_ms >= JSON_MS : is_step || since_ms >= PLAIN_MS;
	if (!is_due)
		return;
	watch.shown_ms = now;
	watch.shown_percent = percent;
	kh_auto(kh_free) char *said = kh_progress_plain(view);
	if (watch.is_json)
		print_json_event("progress", event);
	else if (!is_live())
		kh_print(stderr, "%s[%s] %s\n", kh_watch_stamp(), view->stage, said);
	else if (is_end)
		print_end(view);
	else
		draw(view);
}

/* Downloads are told apart by their name; the text of a step is another each time. */
static bool take_task(const struct kh_event *event)
{
	bool is_named = event->unit && strcmp(event->unit, "bytes") == 0;
	kh_auto(kh_free) char *task =
		kh_printf("%s %s", event->stage, is_named ? event->text : event->unit);
	bool is_new =
		!watch.task || strcmp(task, watch.task) != 0 || event->index < watch.view.done;
	if (is_new) {
		kh_free(&watch.task);
		watch.task = kh_take(task);
		watch.task_ms = now_ms();
		watch.view = (struct kh_progress_view){.first = event->index};
	}
	return is_new;
}

static void print_progress(const struct kh_event *event)
{
	bool was_whole = watch.view.count > 0 && watch.view.done >= watch.view.count;
	bool is_new = take_task(event);
	watch.view.done = event->index;
	watch.view.count = event->count;
	if (was_whole && !is_new)
		return; /* told again that it is at its end */
	struct kh_progress_view view = watch.view;
	view.stage = event->stage;
	view.text = event->text;
	view.unit = event->unit;
	view.elapsed_ms = now_ms() - watch.task_ms;
	show(event, &view, is_new);
}

/* A program runs that tells nothing: that it does, and for how long. */
static void print_tick(void)
{
	long long now = now_ms();
	if (!is_live() || watch.task || !watch.title || now - watch.begun_ms < QUIET_MS ||
	    now - watch.shown_ms < REDRAW_MS)
		return;
	struct kh_progress_view view = {
		.stage = watch.stage, .text = watch.title, .elapsed_ms = now - watch.begun_ms};
	watch.shown_ms = now;
	draw(&view);
}

/* ---- changes ---- */

static void end_change(void)
{
	long long now = now_ms();
	if (watch.stage)
		kh_spent_add(watch.stage, now - watch.begun_ms);
	kh_free(&watch.stage);
	kh_free(&watch.title);
	kh_free(&watch.task);
	watch.begun_ms = now;
}

static void begin_change(const struct kh_event *event)
{
	end_change();
	watch.stage = kh_strdup(event->stage);
	watch.title = kh_strdup(event->text);
}

/* ---- the sink ---- */

/* The first Ctrl-C waits for the step under way: that has to be said. */
static void tell_stopping(void)
{
	static bool is_told;
	if (!kh_stop_is_wanted() || is_told)
		return;
	is_told = true;
	kh_say("kvmhost: %s: stopping after the step under way; once more stops at once",
	       kh_stop_name());
}

static void tell(const struct kh_event *event, bool is_quiet)
{
	switch (event->kind) {
	case KH_EVENT_WARNING:
		print_warning(event);
		break;
	case KH_EVENT_PROGRESS:
		if (!is_quiet)
			print_progress(event);
		break;
	case KH_EVENT_TICK:
		if (!is_quiet)
			print_tick();
		break;
	case KH_EVENT_NOTE:
		print_note(event);
		break;
	case KH_EVENT_CHANGE:
		begin_change(event);
		if (!is_quiet)
			print_change(event);
		break;
	case KH_EVENT_DONE:
		if (!is_quiet)
			print_done(event);
		end_change();
		break;
	}
}

static void hear(struct kh_sink *sink, const struct kh_event *event)
{
	kh_auto(kh_free) char *text = kh_clean(event->text, false);
	kh_auto(kh_free) char *title = kh_shown_title(text);
	struct kh_event clean = *event;
	clean.text = watch.is_json ? text : title;
	tell_stopping();
	tell(&clean, ((const struct kh_options *)sink->data)->is_quiet);
}

struct kh_sink kh_sink_lines(const struct kh_options *options)
{
	watch.is_utf8 = kh_wants_utf8();
	watch.first_ms = now_ms();
	return (struct kh_sink){hear, (void *)(uintptr_t)options};
}

void kh_sink_end(struct kh_sink *sink)
{
	kh_watch_clear();
	end_change();
	kh_spent_print(now_ms() - watch.first_ms,
		       ((const struct kh_options *)sink->data)->is_quiet);
}
