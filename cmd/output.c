/* output.c - the one place that prints what is not a command's own result. */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/lock.h"
#include "core/base/mem.h"
#include "core/stage.h"

void kh_print_json(json_t *document)
{
	kh_auto(kh_free) char *text = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(document);
	printf("%s\n", text ? text : "null");
}

void kh_print_error(const struct kh_error *err)
{
	kh_auto(kh_free) char *message = kh_clean(err->message, false);
	kh_auto(kh_free) char *hint = kh_clean(err->hint, false);
	fprintf(stderr, "kvmhost: %s\n", err->message ? message : "unknown error");
	if (err->hint)
		fprintf(stderr, "  hint: %s\n", hint);
}

void kh_print_unfinished(const struct kh_root *root)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	if (kh_history_read(root, &history, &ignored) != 0)
		return; /* without root rights the journal cannot be read */
	const struct kh_run_record *run = kh_history_unfinished(&history, 0);
	kh_auto(kh_free) char *holder = NULL;
	if (run && kh_lock_is_held(root, &holder))
		fprintf(stderr, "kvmhost: run %lld is under way: %s\n", run->id, holder);
	else if (run)
		fprintf(stderr,
			"kvmhost: run %lld of %s was %s: 'kvmhost apply' finishes it, "
			"'kvmhost undo' reverts it\n",
			run->id, run->time ? run->time : "?", kh_run_state_name(run->state));
}

void kh_print_refusals(const struct kh_outcome *outcome)
{
	for (size_t i = 0; i < outcome->refusal_count; i++)
		kh_print_error(&outcome->refusals[i].error);
}

static bool has_change(const struct kh_plan *plan, const char *stage)
{
	for (size_t i = 0; i < plan->change_count; i++)
		if (strcmp(plan->changes[i].stage, stage) == 0)
			return true;
	return false;
}

static bool has_refused(const struct kh_outcome *outcome, const char *stage)
{
	for (size_t i = 0; i < outcome->refusal_count; i++)
		if (strcmp(outcome->refusals[i].stage, stage) == 0)
			return true;
	return false;
}

void kh_print_settled(const struct kh_options *options, const struct kh_outcome *outcome)
{
	const struct kh_strv *chosen = &options->arguments;
	for (const struct kh_stage *const *at = kh_stages; *at && options->is_verbose; at++) {
		const char *name = (*at)->name;
		if ((chosen->count == 0 || kh_strv_has(chosen, name)) && (*at)->plan &&
		    !has_change(&outcome->plan, name) && !has_refused(outcome, name))
			fprintf(stderr, "[%s] nothing to change\n", name);
	}
}

json_t *kh_refusals_json(const struct kh_outcome *outcome)
{
	json_t *list = json_array();
	for (size_t i = 0; i < outcome->refusal_count; i++) {
		const struct kh_refusal *refusal = &outcome->refusals[i];
		json_t *object = json_object();
		json_object_set_new(object, "stage", json_string(refusal->stage));
		json_object_set_new(object, "skipped", json_boolean(refusal->is_skipped));
		json_object_set_new(object, "message", kh_json_text(refusal->error.message));
		json_object_set_new(object, "hint",
				    kh_json_text(refusal->error.hint ? refusal->error.hint : ""));
		json_array_append_new(list, object);
	}
	return list;
}

bool kh_wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

bool kh_wants_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t kh_text_width(void)
{
	enum { USUAL = 80, LEAST = 40, MOST = 120 }; /* longer lines are hard to read */
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return USUAL;
	return size.ws_col < LEAST ? LEAST : size.ws_col > MOST ? MOST : size.ws_col;
}

bool kh_is_terminal(void)
{
	/* Whoever can answer is asked, also when the output goes to a file or through a pipe. */
	return isatty(STDIN_FILENO);
}

bool kh_ask(const char *question)
{
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	char answer[16] = "";
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0;
}

/* ---- events ---- */

/* The same when nobody knows how much there is: how much was done. */
static void print_steps(const struct kh_event *event, const char *text)
{
	enum { EVERY = 500 };
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%s] %zu %s: %.60s", event->stage, event->index,
			event->unit, text);
	else if (event->index % EVERY == 0 && event->index > 0)
		fprintf(stderr, "[%s] %zu %s: %s\n", event->stage, event->index, event->unit, text);
}

/* How far something is that takes long: on a terminal one line that is written over, otherwise a
 * line for every tenth. */
static void print_progress(const struct kh_event *event, const char *text)
{
	static size_t last_tenth = 11;
	if (event->count == 0) {
		print_steps(event, text);
		return;
	}
	size_t percent = event->count ? event->index * 100 / event->count : 0;
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r\033[K[%s] %3zu%% %.60s%s", event->stage, percent, text,
			event->count && event->index >= event->count ? "\n" : "");
		return;
	}
	if (percent / 10 != last_tenth && event->count)
		fprintf(stderr, "[%s] %zu of %zu %s: %s\n", event->stage, event->index,
			event->count, event->unit, text);
	last_tenth = percent / 10;
}

static void print_event(struct kh_sink *sink, const struct kh_event *event)
{
	const struct kh_options *options = sink->data;
	kh_auto(kh_free) char *text = kh_clean(event->text, false);
	switch (event->kind) {
	case KH_EVENT_WARNING:
		fprintf(stderr, "warning: [%s] %s\n", event->stage, text);
		break;
	case KH_EVENT_PROGRESS:
		if (!options->is_quiet)
			print_progress(event, text);
		break;
	case KH_EVENT_NOTE:
		fprintf(stderr, "kvmhost: %s\n", text);
		break;
	case KH_EVENT_CHANGE:
		if (!options->is_quiet)
			fprintf(stderr, "%zu/%zu [%s] %s\n", event->index, event->count,
				event->stage, text);
		break;
	case KH_EVENT_DONE:
		if (event->count == 0 && !options->is_quiet) /* undo does not count beforehand */
			fprintf(stderr, "[%s] %s\n", event->stage, text);
		break;
	}
}

struct kh_sink kh_sink_lines(const struct kh_options *options)
{
	return (struct kh_sink){print_event, (void *)(uintptr_t)options};
}
