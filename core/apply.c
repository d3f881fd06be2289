/* apply.c - the acting half of the engine; see engine.h.
 *
 * Per phase: collect facts, plan, and walk the changes: journal the intent, do it, journal that it
 * is done. Triggers wait until the last change of the phase. The journal says beforehand which
 * triggers will be wanted, so that a run cut off before them can be finished: an interrupted run is
 * settled by planning anew (what it had done drops out, what it had not is planned again) plus
 * those triggers, once all files are in place. An interrupted undo is carried to its end before
 * anything else.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/base/stop.h"
#include "core/engine_private.h"
#include "core/journal.h"
#include "core/packages.h"
#include "core/perform.h"

struct work {
	const struct kh_engine *engine;
	struct kh_outcome *outcome;
	struct kh_journal *journal; /* begun with the first change */
	struct kh_history history;  /* before this run */
	struct kh_error failed;     /* the first change of the running system that failed, if any */
	size_t step, total;         /* the change under way, of so many */
	const struct kh_facts *facts; /* of this phase */
	bool is_build;                /* only the store is filled */
};

static void work_done(struct work *work)
{
	kh_journal_free(&work->journal);
	kh_history_done(&work->history);
	kh_error_done(&work->failed);
}

static void tell(const struct work *work, enum kh_event_kind kind, const char *stage,
		 const char *text)
{
	struct kh_sink *sink = work->engine->sink;
	struct kh_event event = {.kind = kind,
				 .stage = stage,
				 .text = text,
				 .index = work->step,
				 .count = work->total};
	if (sink)
		sink->event(sink, &event);
}

/* What is told from deep inside the change under way. */
struct hearing {
	const struct work *work;
	const struct kh_change *change;
};

static void hear(void *data, const struct kh_progress *progress)
{
	const struct hearing *hearing = data;
	struct kh_sink *sink = hearing->work->engine->sink;
	struct kh_event event = {.kind = progress ? KH_EVENT_PROGRESS : KH_EVENT_TICK,
				 .stage = hearing->change->stage,
				 .text = progress ? progress->text : "",
				 .index = progress ? progress->done : 0,
				 .count = progress ? progress->count : 0,
				 .unit = progress ? progress->unit : NULL};
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

/* Values, modules and programs of the stages are of this boot only (and packages of the builds);
 * the files are what counts for the next one. So that one of them that is refused does not leave
 * the files half-way (and grub.cfg not made anew, at every further try), the work goes on, and the
 * failure is told at the end. */
static bool is_of_this_boot(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_SET_VALUE || change->kind == KH_CHANGE_LOAD_MODULE ||
	       (change->kind == KH_CHANGE_RUN && !change->is_required) ||
	       change->kind == KH_CHANGE_PACKAGES;
}

/* A change that failed may have had an effect all the same, which undo has to know. Takes details.
 */
static int take_failure(struct work *work, const struct kh_change *change, json_t *details,
			struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error unwritten = KH_ERROR_INIT;
	if (details && kh_journal_done_change(work->journal, details, &unwritten) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	if (err->sys == KH_PERFORM_UNTOUCHED && !change->install)
		kh_journal_untouched(work->journal, &unwritten); /* without it, undo asks */
	kh_wrap(err, "stage '%s'", change->stage);
	if (!is_of_this_boot(change))
		return -1;
	tell(work, KH_EVENT_WARNING, change->stage, err->message);
	if (work->failed.message)
		kh_error_done(err);
	else
		work->failed = *err;
	*err = (struct kh_error)KH_ERROR_INIT;
	return 0;
}

/* After all is done: what failed on the way is the result. */
static int give_failure(struct work *work, struct kh_error *err)
{
	if (!work->failed.message)
		return 0;
	kh_error_done(err);
	*err = work->failed;
	work->failed = (struct kh_error)KH_ERROR_INIT;
	return -1;
}

static bool is_made(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_FETCH || change->kind == KH_CHANGE_BUILD ||
	       change->kind == KH_CHANGE_REHEARSE;
}

static bool has_refused(const struct work *work, const char *stage)
{
	for (size_t i = 0; i < work->outcome->refusal_count; i++)
		if (strcmp(work->outcome->refusals[i].stage, stage) == 0)
			return true;
	return false;
}

/* A stage's first failure is its refusal; what fails besides is told. Takes the error over. */
static void refuse(struct work *work, const char *stage, struct kh_error *error)
{
	if (has_refused(work, stage))
		tell(work, KH_EVENT_WARNING, stage, error->message);
	else
		kh_engine_refuse(work->outcome, kh_stage_find(stage)->name, error, false, false);
	kh_error_done(error);
}

/* What fills the store changes nothing of the host: it is not journalled, and a failure is its
 * stage's refusal, so that stages that do not build on it go on. Unless somebody wants all to stop.
 */
static int make(struct work *work, const struct kh_change *change, struct kh_error *err)
{
	struct hearing hearing = {work, change};
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	struct kh_error error = KH_ERROR_INIT;
	struct kh_making making = {.root = work->engine->root,
				   .config = work->engine->config,
				   .facts = work->facts,
				   .runner = work->engine->runner,
				   .sink = work->engine->sink,
				   .stage = change->stage};
	work->step++;
	tell(work, KH_EVENT_CHANGE, change->stage, title);
	kh_progress_listen(hear, &hearing);
	int result = change->maker->make(&making, change->what, &error);
	kh_progress_listen(NULL, NULL);
	if (result != 0)
		kh_wrap(&error, "stage '%s'", change->stage);
	if (result != 0 && kh_stop_is_wanted()) {
		*err = error;
		return -1;
	}
	if (result != 0) {
		refuse(work, change->stage, &error);
		return 0;
	}
	tell(work, KH_EVENT_DONE, change->stage, title);
	work->outcome->made_count++;
	return 0;
}

static int perform(struct work *work, const struct kh_change *change, json_t **ret_details,
		   char **ret_warning, struct kh_error *err)
{
	struct hearing hearing = {work, change};
	kh_progress_listen(hear, &hearing);
	int result = kh_perform(work->engine->root, work->engine->runner, change, ret_details,
				ret_warning, err);
	kh_progress_listen(NULL, NULL);
	return result;
}

static int do_change(struct work *work, const struct kh_change *change, struct kh_error *err)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	work->step++;
	tell(work, KH_EVENT_CHANGE, change->stage, title);
	if (kh_journal_intent(work->journal, change, err) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	json_t *details = NULL;
	kh_auto(kh_free) char *warning = NULL;
	if (perform(work, change, &details, &warning, err) != 0)
		return take_failure(work, change, details, err);
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
		if ((change->kind == KH_CHANGE_TRIGGER) != are_triggers)
			continue;
		if (kh_stop_check(err) != 0)
			return -1;
		if (!is_made(change) && has_refused(work, change->stage))
			continue; /* what it planned behind something that could not be made */
		if ((is_made(change) ? make(work, change, err) : do_change(work, change, err)) != 0)
			return -1;
	}
	return 0;
}

/* The changes from `first` on, borrowed. */
static void take_part(const struct kh_plan *plan, size_t first, struct kh_plan *ret_part)
{
	*ret_part = *plan;
	ret_part->changes += first;
	ret_part->change_count -= first;
}

static int do_plan(struct work *work, const struct kh_plan *plan, struct kh_error *err)
{
	if (plan->change_count == 0)
		return 0;
	work->total = work->step + plan->change_count;
	size_t journalled = 0;
	for (size_t i = 0; i < plan->change_count; i++)
		journalled += !is_made(&plan->changes[i]);
	if (journalled == 0)
		return do_changes(work, plan, false, err);
	if (begin(work, plan->change_count, err) != 0 ||
	    kh_journal_triggers(work->journal, plan, err) != 0)
		return -1;
	return do_changes(work, plan, false, err) != 0 ? -1 : do_changes(work, plan, true, err);
}

/* ---- interrupted runs ---- */

static void tell_unfinished(const struct work *work, const struct kh_run_record *run)
{
	kh_auto(kh_free) char *text =
		kh_printf("run %lld (%s) was interrupted: finishing it", run->id, run->time);
	work->outcome->has_settled = true;
	tell(work, KH_EVENT_NOTE, "", text);
}

/* Carry interrupted undos to their end. */
static int settle_undos(struct work *work, struct kh_error *err)
{
	const struct kh_run_record *run = NULL;
	do {
		kh_history_done(&work->history);
		if (kh_history_read(work->engine->root, &work->history, err) != 0)
			return -1;
		run = kh_history_find(&work->history, KH_RUN_UNDO_INTERRUPTED);
		if (run)
			tell_unfinished(work, run);
		if (run && kh_settle_undo(work->engine, run, err) != 0)
			return -1;
	} while (run);
	return 0;
}

/* What a killed process may have left beside the files it was writing. */
static int clean_up(struct work *work, struct kh_error *err)
{
	for (size_t r = 0; r < work->history.run_count; r++) {
		const struct kh_run_record *run = &work->history.runs[r];
		if (run->state != KH_RUN_INTERRUPTED || run->record_count == 0)
			continue;
		tell_unfinished(work, run);
		if (kh_settle_clean(work->engine->root, run, err) != 0)
			return kh_wrap(err, "clean up after run %lld", run->id);
	}
	return 0;
}

/* Planning anew did the rest of the interrupted runs; their triggers are what it cannot see. */
static int settle_applies(struct work *work, struct kh_error *err)
{
	struct kh_plan part = work->outcome->plan;
	kh_settle_adopt(&work->history, &work->outcome->plan);
	take_part(&work->outcome->plan, part.change_count, &part);
	if (do_plan(work, &part, err) != 0)
		return -1;
	for (size_t r = 0; r < work->history.run_count; r++) {
		kh_auto(kh_journal_free) struct kh_journal *journal = NULL;
		const struct kh_run_record *run = &work->history.runs[r];
		if (run->state == KH_RUN_INTERRUPTED && run->record_count > 0 &&
		    (kh_journal_reopen(work->engine->root, run->id, &journal, err) != 0 ||
		     kh_journal_event(journal, "settled", 0, err) != 0))
			return kh_wrap(err, "finish interrupted run %lld", run->id);
	}
	return 0;
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
				     .is_apply = true,
				     .is_build = work->is_build,
				     .wants_rederive = work->engine->wants_rederive};
	work->facts = facts;
	size_t planned = work->outcome->plan.change_count;
	kh_engine_plan_phase(work->engine, &context, phase, work->outcome);
	struct kh_plan part;
	take_part(&work->outcome->plan, planned, &part);
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
		if ((change->kind == KH_CHANGE_SET_VALUE && change->accepts_less) ||
		    is_made(change) || has_refused(work, change->stage))
			continue; /* what was not made is a refusal, told as such */
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
	const struct kh_engine *engine = work->engine;
	if (kh_packages_wait(engine->root, KH_PACKAGES_WAIT_S, engine->sink, err) != 0)
		return -1;
	if (settle_undos(work, err) != 0 || clean_up(work, err) != 0)
		return -1;
	size_t before = work->outcome->done_count + work->outcome->made_count;
	collect(work->engine, facts);
	enum kh_phase first = work->engine->skips_making ? KH_PHASE_INSTALL : KH_PHASE_PREPARE;
	for (enum kh_phase phase = first; phase <= KH_PHASE_CONFIGURE; phase++) {
		size_t now = work->outcome->done_count + work->outcome->made_count;
		if (now > before)
			collect(work->engine, facts);
		before = now;
		if (do_phase(work, facts, phase, err) != 0)
			return -1;
	}
	if (settle_applies(work, err) != 0)
		return -1;
	if (!work->journal)
		return 0;
	if (kh_journal_end(work->journal, err) != 0)
		return -1;
	int result = verify(work, facts, err);
	return give_failure(work, err) != 0 ? -1 : result;
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

static int build(struct work *work, struct kh_facts *facts, struct kh_error *err)
{
	for (enum kh_phase phase = KH_PHASE_PREPARE; phase <= KH_PHASE_BUILD; phase++) {
		collect(work->engine, facts);
		if (do_phase(work, facts, phase, err) != 0)
			return -1;
	}
	if (work->journal && kh_journal_end(work->journal, err) != 0)
		return -1;
	return give_failure(work, err);
}

int kh_engine_build(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err)
{
	*ret_outcome = (struct kh_outcome){0};
	kh_plan_init(&ret_outcome->plan, engine->root);
	kh_auto(work_done) struct work work = {
		.engine = engine, .outcome = ret_outcome, .is_build = true};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	return build(&work, &facts, err);
}
