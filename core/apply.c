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

#include "core/apply_private.h"
#include "core/base/mem.h"
#include "core/packages.h"

/* ---- interrupted runs ---- */

static void tell_unfinished(const struct kh_apply *work, const struct kh_run_record *run)
{
	kh_auto(kh_free) char *text =
		kh_printf("run %lld (%s) was interrupted: finishing it", run->id, run->time);
	work->outcome->has_settled = true;
	kh_apply_tell(work, KH_EVENT_NOTE, "", text);
}

/* Carry interrupted undos to their end. */
static int settle_undos(struct kh_apply *work, struct kh_error *err)
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
static int clean_up(struct kh_apply *work, struct kh_error *err)
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
static int settle_applies(struct kh_apply *work, struct kh_error *err)
{
	struct kh_plan part = work->outcome->plan;
	kh_settle_adopt(&work->history, &work->outcome->plan);
	kh_apply_take_part(&work->outcome->plan, part.change_count, &part);
	if (kh_apply_do_plan(work, &part, err) != 0)
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
static int do_phase(struct kh_apply *work, const struct kh_facts *facts, enum kh_phase phase,
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
	kh_apply_take_part(&work->outcome->plan, planned, &part);
	return kh_apply_do_plan(work, &part, err);
}

static bool was_planned(const struct kh_plan *plan, const struct kh_change *change)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct kh_change *one = &plan->changes[i];
		kh_auto(kh_free) char *other = kh_plan_change_title(one);
		bool is_same_file = one->length == change->length &&
				    (one->length == 0 ||
				     memcmp(one->content, change->content, one->length) == 0);
		if (one->kind == change->kind && strcmp(other, title) == 0 && is_same_file)
			return true;
	}
	return false;
}

static int give_residue(const struct kh_strv *residue, size_t planned, struct kh_error *err)
{
	const char *plural = residue->count == 1 ? "" : "s";
	if (residue->count == 0)
		return 0;
	if (planned > 0)
		return kh_fail(err, KH_VERIFY, 0,
			       "%zu change%s did not have the wanted effect; the first: %s",
			       residue->count, plural, residue->items[0]);
	kh_fail(err, KH_VERIFY, 0,
		"the host changed meanwhile and now wants %zu change%s that nobody planned; the "
		"first: %s",
		residue->count, plural, residue->items[0]);
	return kh_hint(err, "'kvmhost apply' once more");
}

static int verify(struct kh_apply *work, struct kh_facts *facts, struct kh_error *err)
{
	size_t planned = 0;
	collect(work->engine, facts);
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	if (kh_engine_plan(work->engine, facts, &again, err) != 0)
		return -1;
	for (size_t i = 0; i < again.plan.change_count; i++) {
		const struct kh_change *change = &again.plan.changes[i];
		if ((change->kind == KH_CHANGE_SET_VALUE && change->accepts_less) ||
		    kh_apply_is_made(change) || kh_apply_has_refused(work, change->stage))
			continue; /* what was not made is a refusal, told as such */
		kh_auto(kh_free) char *title = kh_plan_change_title(change);
		kh_strv_addf(&work->outcome->residue, "[%s] %s: %s", change->stage, title,
			     change->why);
		planned += was_planned(&work->outcome->plan, change);
	}
	return give_residue(&work->outcome->residue, planned, err);
}

static int apply(struct kh_apply *work, struct kh_facts *facts, struct kh_error *err)
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
	return kh_apply_give_failure(work, err) != 0 ? -1 : result;
}

int kh_engine_apply(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err)
{
	*ret_outcome = (struct kh_outcome){0};
	kh_plan_init(&ret_outcome->plan, engine->root);
	kh_auto(kh_apply_done) struct kh_apply work = {.engine = engine, .outcome = ret_outcome};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	return apply(&work, &facts, err);
}

static int build(struct kh_apply *work, struct kh_facts *facts, struct kh_error *err)
{
	for (enum kh_phase phase = KH_PHASE_PREPARE; phase <= KH_PHASE_BUILD; phase++) {
		collect(work->engine, facts);
		if (do_phase(work, facts, phase, err) != 0)
			return -1;
	}
	if (work->journal && kh_journal_end(work->journal, err) != 0)
		return -1;
	return kh_apply_give_failure(work, err);
}

int kh_engine_build(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err)
{
	*ret_outcome = (struct kh_outcome){0};
	kh_plan_init(&ret_outcome->plan, engine->root);
	kh_auto(kh_apply_done) struct kh_apply work = {
		.engine = engine, .outcome = ret_outcome, .is_build = true};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	return build(&work, &facts, err);
}
