/* apply_private.h - what apply.c and apply_changes.c share: a run under way, and the walk over a
 * plan.
 */
#ifndef KH_APPLY_PRIVATE_H
#define KH_APPLY_PRIVATE_H

#include "core/engine_private.h"
#include "core/journal.h"

struct kh_apply {
	const struct kh_engine *engine;
	struct kh_outcome *outcome;
	struct kh_journal *journal; /* begun with the first change */
	struct kh_history history;  /* before this run */
	struct kh_error failed;     /* the first change of the running system that failed, if any */
	size_t step, total;         /* the change under way, of so many */
	const struct kh_facts *facts; /* of this phase */
	bool is_build;                /* only the store is filled */
};

void kh_apply_done(struct kh_apply *work);
void kh_apply_tell(const struct kh_apply *work, enum kh_event_kind kind, const char *stage,
		   const char *text);
bool kh_apply_is_made(const struct kh_change *change); /* fetched or built: fills the store */
bool kh_apply_has_refused(const struct kh_apply *work, const char *stage);
/* The changes from `first` on, borrowed. */
void kh_apply_take_part(const struct kh_plan *plan, size_t first, struct kh_plan *ret_part);
/* Make the changes of a plan, then pull its triggers. */
int kh_apply_do_plan(struct kh_apply *work, const struct kh_plan *plan, struct kh_error *err);
/* After all is done: what failed on the way is the result. */
int kh_apply_give_failure(struct kh_apply *work, struct kh_error *err);

#endif
