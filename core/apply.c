/* apply.c - the acting half of the engine; see engine.h.
 *
 * Per phase: collect facts, plan, and walk the changes: journal the intent, do it, journal that it is
 * done. Triggers wait until the last change of the phase. The journal says beforehand which triggers
 * will be wanted, so that a run cut off before them can be finished: an interrupted run is settled by
 * planning anew (what it had done drops out, what it had not is planned again) plus those triggers.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/engine_private.h"
#include "core/journal.h"
#include "core/perform.h"
#include "core/undo.h"

struct work {
	const struct kh_engine *engine;
	struct kh_outcome *outcome;
	struct kh_journal *journal; /* begun with the first change */
	size_t total;               /* changes of this phase */
};

static void work_done(struct work *work)
{
	kh_journal_free(&work->journal);
}

static void tell(const struct work *work, enum kh_event_kind kind, const char *stage,
		 const char *text)
{
	struct kh_sink *sink = work->engine->sink;
	struct kh_event event = {kind, stage, text, work->outcome->done_count + 1, work->total};
	if (sink)
		sink->event(sink, &event);
}

static int begin(struct work *work, size_t change_count, struct kh_error *err)
{
	if (work->journal)
		return 0;
	kh_auto(kh_free) char *config = kh_config_json(work->engine->config);
	char digest[KH_DIGEST_SIZE];
	kh_digest_bytes(config, strlen(config), digest);
	const char *command = work->engine->command ? work->engine->command : "apply";
	if (kh_journal_begin(work->engine->root, command, digest, change_count, &work->journal,
			     err) != 0)
		return -1;
	work->outcome->run = kh_journal_id(work->journal);
	return 0;
}

static int do_change(struct work *work, const struct kh_change *change, struct kh_error *err)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	tell(work, KH_EVENT_CHANGE, change->stage, title);
	if (kh_journal_intent(work->journal, change, err) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	json_t *details = NULL;
	kh_auto(kh_free) char *warning = NULL;
	if (kh_perform(work->engine->root, work->engine->runner, change, &details, &warning, err) !=
	    0) {
		json_decref(details);
		return kh_wrap(err, "stage '%s'", change->stage);
	}
	if (kh_journal_done_change(work->journal, details, err) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	if (warning)
		tell(work, KH_EVENT_WARNING, change->stage, warning);
	tell(work, KH_EVENT_DONE, change->stage, title);
	work->outcome->done_count++;
	return 0;
}

static int do_changes(struct work *work, const struct kh_plan *plan, bool are_triggers,
		      struct kh_error *err)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct kh_change *change = &plan->changes[i];
		if ((change->kind == KH_CHANGE_TRIGGER) == are_triggers &&
		    do_change(work, change, err) != 0)
			return -1;
	}
	return 0;
}

static int do_plan(struct work *work, const struct kh_plan *plan, struct kh_error *err)
{
	if (plan->change_count == 0)
		return 0;
	work->total = work->outcome->done_count + plan->change_count;
	if (begin(work, plan->change_count, err) != 0 ||
	    kh_journal_triggers(work->journal, plan, err) != 0)
		return -1;
	return do_changes(work, plan, false, err) != 0 ? -1 : do_changes(work, plan, true, err);
}

/* ---- interrupted runs ---- */

static void copy_words(const json_t *list, struct kh_strv *words)
{
	size_t index;
	json_t *word;
	json_array_foreach(list, index, word)
		kh_strv_add(words, json_string_value(word) ? json_string_value(word) : "");
}

static bool was_done(const struct kh_run_record *run, const char *trigger)
{
	for (size_t i = 0; i < run->record_count; i++) {
		const struct kh_record *record = &run->records[i];
		if (record->is_done && strcmp(kh_json_get(record->intent, "kind"), "trigger") == 0 &&
		    strcmp(kh_json_get(record->intent, "path"), trigger) == 0)
			return true;
	}
	return false;
}

/* The triggers an interrupted run did not come to, planned again. */
static void adopt_triggers(const struct kh_run_record *run, struct kh_plan *plan)
{
	size_t index;
	json_t *trigger;
	json_array_foreach(run->triggers, index, trigger)
	{
		const char *name = kh_json_get(trigger, "path");
		if (was_done(run, name))
			continue;
		struct kh_change *change = kh_append(plan->changes, plan->change_count);
		change->kind = KH_CHANGE_TRIGGER;
		change->stage = kh_strdup(kh_json_get(trigger, "stage"));
		change->path = kh_strdup(name);
		change->why = kh_strdup("an interrupted run did not come to it");
		copy_words(json_object_get(trigger, "argv"), &change->argv);
		copy_words(json_object_get(trigger, "undo_argv"), &change->undo_argv);
		copy_words(json_object_get(trigger, "outputs"), &change->outputs);
	}
}

/* What a killed process may have left beside the files it was writing. */
static int clean_up(const struct kh_root *root, const struct kh_run_record *run,
		    struct kh_error *err)
{
	for (size_t i = 0; i < run->record_count; i++) {
		const char *path = kh_json_get(run->records[i].intent, "path");
		if (!run->records[i].is_done && path[0] == '/' &&
		    kh_file_clean(root, path, err) != 0)
			return -1;
	}
	return 0;
}

static int settle_apply(struct work *work, const struct kh_run_record *run, struct kh_plan *extra,
			struct kh_error *err)
{
	kh_auto(kh_journal_free) struct kh_journal *journal = NULL;
	if (clean_up(work->engine->root, run, err) != 0 ||
	    kh_journal_reopen(work->engine->root, run->id, &journal, err) != 0)
		return -1;
	adopt_triggers(run, extra);
	/* Settled only once the triggers are part of a run of their own: see kh_engine_apply. */
	if (extra->change_count > 0 && do_plan(work, extra, err) != 0)
		return -1;
	return kh_journal_event(journal, "settled", 0, err);
}

static int settle_undo(struct work *work, const struct kh_run_record *run, struct kh_error *err)
{
	struct kh_undo undo = {.root = work->engine->root,
			       .runner = work->engine->runner,
			       .sink = work->engine->sink,
			       .run = run->id};
	size_t count = 0;
	return kh_undo_apply(&undo, &count, err);
}

/* Every run that was cut off: an undo is carried to its end, an apply is finished by planning anew. */
static int settle(struct work *work, struct kh_error *err)
{
	for (;;) {
		kh_auto(kh_history_done) struct kh_history history = {0};
		if (kh_history_read(work->engine->root, &history, err) != 0)
			return -1;
		const struct kh_run_record *run = kh_history_unfinished(&history, work->outcome->run);
		if (!run)
			return 0;
		work->outcome->has_settled = true;
		kh_auto(kh_free) char *text =
			kh_printf("run %lld (%s) was interrupted: finishing it", run->id, run->time);
		tell(work, KH_EVENT_NOTE, "", text);
		kh_auto(kh_plan_done) struct kh_plan extra = {0};
		kh_plan_init(&extra, work->engine->root);
		int result = run->state == KH_RUN_UNDO_INTERRUPTED
				     ? settle_undo(work, run, err)
				     : settle_apply(work, run, &extra, err);
		if (result != 0)
			return kh_wrap(err, "finish interrupted run %lld", run->id);
	}
}

/* ---- phases ---- */

static void collect(const struct kh_engine *engine, struct kh_facts *facts)
{
	kh_facts_done(facts);
	*facts = (struct kh_facts){0};
	kh_facts_collect(engine->root, facts);
}

/* Plan a phase into a plan of its own, act on it, and keep its notes in the outcome's plan. */
static int do_phase(struct work *work, const struct kh_facts *facts, enum kh_phase phase,
		    struct kh_error *err)
{
	struct kh_context context = {.config = work->engine->config,
				     .facts = facts,
				     .root = work->engine->root,
				     .is_apply = true};
	size_t planned = work->outcome->plan.change_count;
	kh_engine_plan_phase(work->engine, &context, phase, work->outcome);
	struct kh_plan part = work->outcome->plan;
	part.changes += planned;
	part.change_count -= planned;
	return do_plan(work, &part, err);
}

static int verify(struct work *work, struct kh_facts *facts, struct kh_error *err)
{
	collect(work->engine, facts);
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	if (kh_engine_plan(work->engine, facts, &again, err) != 0)
		return -1;
	for (size_t i = 0; i < again.plan.change_count; i++) {
		const struct kh_change *change = &again.plan.changes[i];
		if (change->kind == KH_CHANGE_SET_VALUE && change->accepts_less)
			continue;
		kh_auto(kh_free) char *title = kh_plan_change_title(change);
		kh_strv_addf(&work->outcome->residue, "[%s] %s: %s", change->stage, title,
			     change->why);
	}
	if (work->outcome->residue.count == 0)
		return 0;
	return kh_fail(err, KH_VERIFY, 0,
		       "%zu change%s did not have the wanted effect; the first: %s",
		       work->outcome->residue.count, work->outcome->residue.count == 1 ? "" : "s",
		       work->outcome->residue.items[0]);
}

static int apply(struct work *work, struct kh_facts *facts, struct kh_error *err)
{
	if (settle(work, err) != 0)
		return -1;
	size_t before = work->outcome->done_count;
	collect(work->engine, facts);
	for (enum kh_phase phase = KH_PHASE_PREPARE; phase <= KH_PHASE_CONFIGURE; phase++) {
		if (work->outcome->done_count > before)
			collect(work->engine, facts);
		before = work->outcome->done_count;
		if (do_phase(work, facts, phase, err) != 0)
			return -1;
	}
	if (!work->journal)
		return 0;
	return kh_journal_end(work->journal, err) != 0 ? -1 : verify(work, facts, err);
}

int kh_engine_apply(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err)
{
	*ret_outcome = (struct kh_outcome){0};
	kh_plan_init(&ret_outcome->plan, engine->root);
	kh_auto(work_done) struct work work = {.engine = engine, .outcome = ret_outcome};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	return apply(&work, &facts, err);
}
