/* engine_private.h - what engine.c, apply.c and settle.c share. */
#ifndef KH_ENGINE_PRIVATE_H
#define KH_ENGINE_PRIVATE_H

#include "core/engine.h"
#include "core/journal.h"

/* From now on progress (base/progress.h) is told to the engine's sink, as of this stage; engine
 * NULL: no more. */
void kh_engine_listen(const struct kh_engine *engine, const char *stage);
bool kh_engine_is_chosen(const struct kh_engine *engine, const struct kh_stage *stage);
/* Ask the chosen stages of a phase; plans and refusals are added to the outcome. */
void kh_engine_plan_phase(const struct kh_engine *engine, const struct kh_context *context,
			  enum kh_phase phase, struct kh_outcome *outcome);
/* A stage refused or failed; takes the error over. */
void kh_engine_refuse(struct kh_outcome *outcome, const char *stage, struct kh_error *error,
		      bool is_skipped, bool is_unseen);
/* Carry an interrupted undo to its end. */
int kh_settle_undo(const struct kh_engine *engine, const struct kh_run_record *run,
		   struct kh_error *err);
/* Remove what an interrupted run left beside the files it was writing. */
int kh_settle_clean(const struct kh_root *root, const struct kh_run_record *run,
		    struct kh_error *err);
/* Add the triggers that interrupted runs did not come to, unless the plan has them. */
void kh_settle_adopt(const struct kh_history *history, struct kh_plan *plan);

#endif
