/* engine.c - planning and reporting over the stages; see engine.h. Applying is apply.c. */
#include "core/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/engine_private.h"
#include "core/probe.h"

const struct kh_stage *kh_stage_find(const char *name)
{
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++)
		if (strcmp((*stage)->name, name) == 0)
			return *stage;
	return NULL;
}

bool kh_engine_is_chosen(const struct kh_engine *engine, const struct kh_stage *stage)
{
	return !engine->chosen || engine->chosen->count == 0 ||
	       kh_strv_has(engine->chosen, stage->name);
}

static const struct kh_refusal *refusal_of(const struct kh_outcome *outcome, const char *stage)
{
	for (size_t i = 0; i < outcome->refusal_count; i++)
		if (strcmp(outcome->refusals[i].stage, stage) == 0)
			return &outcome->refusals[i];
	return NULL;
}

void kh_engine_refuse(struct kh_outcome *outcome, const char *stage, struct kh_error *error,
		      bool is_skipped, bool is_unseen)
{
	if (is_unseen)
		kh_hint(error,
			"without root rights this is not seen: 'sudo kvmhost plan' shows it");
	struct kh_refusal *refusal = kh_append(outcome->refusals, outcome->refusal_count);
	refusal->stage = stage;
	refusal->error = *error;
	refusal->is_skipped = is_skipped;
	refusal->is_unseen = is_unseen;
	*error = (struct kh_error)KH_ERROR_INIT;
}

static bool takes_part(const struct kh_stage *stage, enum kh_phase phase)
{
	return phase == KH_PHASE_BUILD ? stage->build != NULL : stage->phase == phase;
}

/* Plan one stage; what it had planned when it failed is dropped again. */
static int plan_stage(const struct kh_stage *stage, enum kh_phase phase,
		      const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	int (*ask)(const struct kh_context *, struct kh_plan *, struct kh_error *) =
		phase == KH_PHASE_BUILD ? stage->build : stage->plan;
	if (!ask)
		return 0;
	size_t changes = plan->change_count, notes = plan->note_count, claims = plan->claim_count;
	plan->stage = stage->name;
	int result = ask(context, plan, err);
	plan->stage = "";
	if (result == 0)
		return 0;
	kh_plan_cut(plan, changes, notes, claims);
	return kh_wrap(err, "stage '%s'", stage->name);
}

/* A stage that was not chosen, but must come before one that was: is it in place? */
static int check_needed(const struct kh_context *context, const struct kh_stage *stage,
			const char *needed_name, struct kh_outcome *outcome, struct kh_error *err)
{
	const struct kh_stage *needed = kh_stage_find(needed_name);
	struct kh_plan scratch;
	kh_plan_init(&scratch, context->root);
	int result = needed ? plan_stage(needed, needed->phase, context, &scratch, err) : 0;
	size_t pending = scratch.change_count;
	kh_plan_done(&scratch);
	if (result != 0)
		return -1;
	if (pending == 0)
		return 0;
	outcome->plan.stage = stage->name;
	kh_plan_note(&outcome->plan, KH_NOTE_WARNING,
		     "builds on stage '%s', which has %zu pending change%s: run 'kvmhost apply %s'",
		     needed_name, pending, pending == 1 ? "" : "s", needed_name);
	outcome->plan.stage = "";
	return 0;
}

/* Returns 0 when all stages it comes after are fine, 1 when one refused (err says so). */
static int check_after(const struct kh_engine *engine, const struct kh_context *context,
		       const struct kh_stage *stage, struct kh_outcome *outcome,
		       struct kh_error *err)
{
	for (const char *const *after = stage->after; after && *after; after++) {
		const struct kh_refusal *refusal = refusal_of(outcome, *after);
		if (refusal) {
			kh_fail(err, refusal->error.code, 0,
				"stage '%s': skipped, because it comes after stage '%s'",
				stage->name, *after);
			err->sys = refusal->error.sys;
			return 1;
		}
		const struct kh_stage *needed = kh_stage_find(*after);
		if (needed && !kh_engine_is_chosen(engine, needed) &&
		    check_needed(context, stage, *after, outcome, err) != 0) {
			kh_wrap(err, "stage '%s' needs", stage->name);
			return 1;
		}
	}
	return 0;
}

/* Files that only root may read stop nobody from planning the rest. */
static bool is_for_root_only(const struct kh_context *context, const struct kh_error *error)
{
	return !context->is_apply && (error->sys == EACCES || error->sys == EPERM) &&
	       !kh_probe_is_superuser();
}

void kh_engine_plan_phase(const struct kh_engine *engine, const struct kh_context *context,
			  enum kh_phase phase, struct kh_outcome *outcome)
{
	outcome->plan.phase_start = outcome->plan.change_count;
	for (const struct kh_stage *const *at = kh_stages; *at; at++) {
		const struct kh_stage *stage = *at;
		if (!takes_part(stage, phase) || !kh_engine_is_chosen(engine, stage) ||
		    refusal_of(outcome, stage->name))
			continue;
		struct kh_error error = KH_ERROR_INIT;
		if (check_after(engine, context, stage, outcome, &error) != 0)
			kh_engine_refuse(outcome, stage->name, &error, true,
					 is_for_root_only(context, &error));
		else if (plan_stage(stage, phase, context, &outcome->plan, &error) != 0)
			kh_engine_refuse(outcome, stage->name, &error, false,
					 is_for_root_only(context, &error));
	}
}

int kh_engine_plan(const struct kh_engine *engine, const struct kh_facts *facts,
		   struct kh_outcome *ret_outcome, struct kh_error *err)
{
	(void)err;
	kh_auto(kh_error_done) struct kh_error unreadable = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	struct kh_context context = {.config = engine->config,
				     .facts = facts,
				     .root = engine->root,
				     .wants_rederive = engine->wants_rederive};
	*ret_outcome = (struct kh_outcome){0};
	kh_plan_init(&ret_outcome->plan, engine->root);
	for (enum kh_phase phase = KH_PHASE_PREPARE; phase <= KH_PHASE_CONFIGURE; phase++)
		kh_engine_plan_phase(engine, &context, phase, ret_outcome);
	/* Only root may read the runs; a plan by anybody else goes without. */
	if (kh_history_read(engine->root, &history, &unreadable) == 0)
		kh_settle_adopt(&history, &ret_outcome->plan);
	return 0;
}

int kh_engine_report(const struct kh_engine *engine, const struct kh_facts *facts,
		     struct kh_report *ret_report, struct kh_error *err)
{
	struct kh_context context = {
		.config = engine->config, .facts = facts, .root = engine->root};
	ret_report->require = &engine->config->report.require;
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++) {
		ret_report->stage = (*stage)->name;
		if ((*stage)->check && kh_engine_is_chosen(engine, *stage) &&
		    (*stage)->check(&context, ret_report, err) != 0)
			return kh_wrap(err, "stage '%s'", (*stage)->name);
	}
	ret_report->stage = NULL;
	return 0;
}

void kh_outcome_done(struct kh_outcome *outcome)
{
	kh_plan_done(&outcome->plan);
	for (size_t i = 0; i < outcome->refusal_count; i++)
		kh_error_done(&outcome->refusals[i].error);
	free(outcome->refusals);
	kh_strv_done(&outcome->residue);
	*outcome = (struct kh_outcome){0};
}

enum kh_code kh_outcome_code(const struct kh_outcome *outcome)
{
	for (size_t i = 0; i < outcome->refusal_count; i++)
		if (!outcome->refusals[i].is_skipped && !outcome->refusals[i].is_unseen)
			return outcome->refusals[i].error.code;
	for (size_t i = 0; i < outcome->refusal_count; i++)
		if (!outcome->refusals[i].is_unseen)
			return outcome->refusals[i].error.code;
	return KH_OK;
}
