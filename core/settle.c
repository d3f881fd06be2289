/* settle.c - what an interrupted run left that planning anew cannot see: temporary files, and its
 * triggers. The files that wanted them are in place, so no stage asks for them again. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/engine_private.h"
#include "core/undo.h"

int kh_settle_undo(const struct kh_engine *engine, const struct kh_run_record *run,
		   struct kh_error *err)
{
	struct kh_undo undo = {.root = engine->root,
			       .runner = engine->runner,
			       .sink = engine->sink,
			       .run = run->id};
	size_t count = 0;
	if (kh_undo_apply(&undo, &count, err) == 0)
		return 0;
	kh_wrap(err, "finish the interrupted undo of run %lld", run->id);
	return err->code == KH_HOST
		       ? kh_hint(err,
				 "'kvmhost undo %lld' says more and, with --force, finishes it",
				 run->id)
		       : -1;
}

static int clean_entries(const struct kh_root *root, const struct kh_run_record *run,
			 const json_t *intent, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error unreadable = KH_ERROR_INIT;
	json_t *entries = NULL;
	/* A list that is damaged stops undo, which needs it; here only leftovers would be found. */
	if (kh_journal_entries(root, run->id, intent, &entries, &unreadable) != 0)
		return 0;
	int result = kh_journal_clean_entries(root, entries, err);
	json_decref(entries);
	return result;
}

int kh_settle_clean(const struct kh_root *root, const struct kh_run_record *run,
		    struct kh_error *err)
{
	for (size_t i = 0; i < run->record_count; i++) {
		const json_t *intent = run->records[i].intent;
		const char *path = kh_json_get(intent, "path");
		if (!run->records[i].is_done && path[0] == '/' &&
		    (kh_file_clean(root, path, err) != 0 ||
		     clean_entries(root, run, intent, err) != 0))
			return -1;
	}
	return 0;
}

static bool was_done(const struct kh_run_record *run, const char *trigger)
{
	for (size_t i = 0; i < run->record_count; i++) {
		const struct kh_record *record = &run->records[i];
		if (record->is_done &&
		    strcmp(kh_json_get(record->intent, "kind"), "trigger") == 0 &&
		    strcmp(kh_json_get(record->intent, "path"), trigger) == 0)
			return true;
	}
	return false;
}

/* NULL-terminated and borrowed; NULL for an empty list. The caller frees the array. */
static const char **words_of(const json_t *list)
{
	size_t count = json_array_size(list);
	const char **words = count ? kh_alloc((count + 1) * sizeof(char *)) : NULL;
	for (size_t i = 0; i < count; i++) {
		const char *word = json_string_value(json_array_get(list, i));
		words[i] = word ? word : "";
	}
	return words;
}

static void adopt(const json_t *trigger, struct kh_plan *plan)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) const char **argv = words_of(json_object_get(trigger, "argv"));
	kh_auto(kh_free) const char **undo_argv = words_of(json_object_get(trigger, "undo_argv"));
	kh_auto(kh_free) const char **outputs = words_of(json_object_get(trigger, "outputs"));
	struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo_argv,
		.outputs = outputs,
		.why = "an interrupted run did not come to it",
	};
	if (!argv)
		return;
	plan->phase_start = 0; /* what any phase of this run came to is not wanted again */
	plan->stage = kh_json_get(trigger, "stage");
	kh_plan_trigger(plan, kh_json_get(trigger, "path"), &command, &ignored);
	plan->stage = "";
}

void kh_settle_adopt(const struct kh_history *history, struct kh_plan *plan)
{
	size_t index;
	json_t *trigger;
	for (size_t r = 0; r < history->run_count; r++) {
		const struct kh_run_record *run = &history->runs[r];
		if (run->state != KH_RUN_INTERRUPTED || run->record_count == 0)
			continue;
		json_array_foreach(run->triggers, index,
				   trigger) if (!was_done(run, kh_json_get(trigger, "path")))
			adopt(trigger, plan);
	}
}
