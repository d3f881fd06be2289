/* output.c - the one place that prints what is not a command's own result. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/watch.h"
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

void kh_say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *raw = kh_vprintf(format, args);
	va_end(args);
	kh_watch_clear();
	if (!kh_watch_is_json()) {
		kh_print(stderr, "%s\n", raw);
		return;
	}
	kh_auto(kh_free) char *text = kh_clean(raw, false);
	kh_watch_print_json("note", json_pack("{s:o}", "text", kh_json_text(text)));
}

void kh_print_error(const struct kh_error *err)
{
	kh_watch_clear();
	if (kh_watch_is_json()) {
		kh_auto(kh_free) char *message = kh_clean(err->message, false);
		kh_auto(kh_free) char *hint = kh_clean(err->hint, false);
		json_t *object = json_pack("{s:i, s:o}", "code", (int)err->code, "message",
					   kh_json_text(err->message ? message : "unknown error"));
		if (err->hint)
			json_object_set_new(object, "hint", kh_json_text(hint));
		kh_watch_print_json("error", object);
		return;
	}
	kh_print(stderr, "kvmhost: %s\n", err->message ? err->message : "unknown error");
	if (err->hint)
		kh_print(stderr, "  hint: %s\n", err->hint);
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
		kh_say("kvmhost: run %lld is under way: %s", run->id, holder);
	else if (run)
		kh_say("kvmhost: run %lld of %s was %s: 'kvmhost apply' finishes it, "
		       "'kvmhost undo' reverts it",
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
			kh_say("[%s] nothing to change", name);
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

bool kh_is_terminal(void)
{
	/* Whoever can answer is asked, also when the output goes to a file or through a pipe. */
	return isatty(STDIN_FILENO);
}

bool kh_ask(const char *question)
{
	fflush(stdout);
	kh_print(stderr, "%s [y/N] ", question);
	char answer[16] = "";
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0;
}
