/* apply_changes.c - the walk over a plan: intent, deed, done; see apply.c for the whole. */
#include <string.h>

#include "core/apply_private.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/perform.h"

void kh_apply_done(struct kh_apply *work)
{
	kh_journal_free(&work->journal);
	kh_history_done(&work->history);
	kh_error_done(&work->failed);
}

void kh_apply_tell(const struct kh_apply *work, enum kh_event_kind kind, const char *stage,
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

static int begin(struct kh_apply *work, size_t change_count, struct kh_error *err)
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
static int take_failure(struct kh_apply *work, const struct kh_change *change, json_t *details,
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
	kh_apply_tell(work, KH_EVENT_WARNING, change->stage, err->message);
	if (work->failed.message)
		kh_error_done(err);
	else
		work->failed = *err;
	*err = (struct kh_error)KH_ERROR_INIT;
	return 0;
}

/* After all is done: what failed on the way is the result. */
int kh_apply_give_failure(struct kh_apply *work, struct kh_error *err)
{
	if (!work->failed.message)
		return 0;
	kh_error_done(err);
	*err = work->failed;
	work->failed = (struct kh_error)KH_ERROR_INIT;
	return -1;
}

bool kh_apply_is_made(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_FETCH || change->kind == KH_CHANGE_BUILD ||
	       change->kind == KH_CHANGE_REHEARSE;
}

bool kh_apply_has_refused(const struct kh_apply *work, const char *stage)
{
	for (size_t i = 0; i < work->outcome->refusal_count; i++)
		if (strcmp(work->outcome->refusals[i].stage, stage) == 0)
			return true;
	return false;
}

/* A stage's first failure is its refusal; what fails besides is told. Takes the error over. */
static void refuse(struct kh_apply *work, const char *stage, struct kh_error *error)
{
	if (kh_apply_has_refused(work, stage))
		kh_apply_tell(work, KH_EVENT_WARNING, stage, error->message);
	else
		kh_engine_refuse(work->outcome, kh_stage_find(stage)->name, error, false, false);
	kh_error_done(error);
}

/* What fills the store changes nothing of the host: it is not journalled, and a failure is its
 * stage's refusal, so that stages that do not build on it go on. Unless somebody wants all to stop.
 */
static int make(struct kh_apply *work, const struct kh_change *change, struct kh_error *err)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	struct kh_error error = KH_ERROR_INIT;
	struct kh_making making = {.root = work->engine->root,
				   .config = work->engine->config,
				   .facts = work->facts,
				   .runner = work->engine->runner,
				   .sink = work->engine->sink,
				   .stage = change->stage};
	work->step++;
	kh_apply_tell(work, KH_EVENT_CHANGE, change->stage, title);
	kh_engine_listen(work->engine, change->stage);
	int result = change->maker->make(&making, change->what, &error);
	kh_engine_listen(NULL, NULL);
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
	kh_apply_tell(work, KH_EVENT_DONE, change->stage, title);
	work->outcome->made_count++;
	return 0;
}

static int do_change(struct kh_apply *work, const struct kh_change *change, struct kh_error *err)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	work->step++;
	kh_apply_tell(work, KH_EVENT_CHANGE, change->stage, title);
	if (kh_journal_intent(work->journal, change, err) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	json_t *details = NULL;
	kh_auto(kh_free) char *warning = NULL;
	kh_engine_listen(work->engine, change->stage);
	int result = kh_perform(work->engine->root, work->engine->runner, change, &details,
				&warning, err);
	kh_engine_listen(NULL, NULL);
	if (result != 0)
		return take_failure(work, change, details, err);
	if (kh_journal_done_change(work->journal, details, err) != 0)
		return kh_wrap(err, "stage '%s'", change->stage);
	if (warning)
		kh_apply_tell(work, KH_EVENT_WARNING, change->stage, warning);
	kh_apply_tell(work, KH_EVENT_DONE, change->stage, title);
	work->outcome->done_count++;
	return 0;
}

static int do_changes(struct kh_apply *work, const struct kh_plan *plan, bool are_triggers,
		      struct kh_error *err)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct kh_change *change = &plan->changes[i];
		if ((change->kind == KH_CHANGE_TRIGGER) != are_triggers)
			continue;
		if (kh_stop_check(err) != 0)
			return -1;
		if (!kh_apply_is_made(change) && kh_apply_has_refused(work, change->stage))
			continue; /* what it planned behind something that could not be made */
		if ((kh_apply_is_made(change) ? make(work, change, err)
					      : do_change(work, change, err)) != 0)
			return -1;
	}
	return 0;
}

/* The changes from `first` on, borrowed. */
void kh_apply_take_part(const struct kh_plan *plan, size_t first, struct kh_plan *ret_part)
{
	*ret_part = *plan;
	ret_part->changes += first;
	ret_part->change_count -= first;
}

int kh_apply_do_plan(struct kh_apply *work, const struct kh_plan *plan, struct kh_error *err)
{
	if (plan->change_count == 0)
		return 0;
	work->total = work->step + plan->change_count;
	size_t journalled = 0;
	for (size_t i = 0; i < plan->change_count; i++)
		journalled += !kh_apply_is_made(&plan->changes[i]);
	if (journalled == 0)
		return do_changes(work, plan, false, err);
	if (begin(work, plan->change_count, err) != 0 ||
	    kh_journal_triggers(work->journal, plan, err) != 0)
		return -1;
	return do_changes(work, plan, false, err) != 0 ? -1 : do_changes(work, plan, true, err);
}
