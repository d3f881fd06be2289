/* undo.c - see undo.h.
 *
 * Two passes over the same steps. The first changes nothing: it walks the records backwards and
 * keeps, per path, the state the path will have by then; where that is neither what the record left
 * nor what it found, somebody else changed it: a conflict. The second pass acts. A step whose path
 * is already as it was before counts as done, so an interrupted undo simply goes on.
 */
#include "core/undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/durable.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/packages.h"
#include "core/perform.h"
#include "core/undo_steps.h"

struct work {
	const struct kh_undo *undo;
	struct kh_history history;
	size_t count;             /* changes put back */
	struct kh_strv conflicts; /* paths somebody changed since; the titles for kh_undo_plan */
	struct kh_strv damaged;   /* what can not be put back: copies and records that are gone */
	struct kh_strv
		blocked;   /* files with something in their place that only a person may remove */
	json_t *simulated; /* path -> what it will be: see kh_undo_state_text */
	struct kh_undo_triggers triggers;
	long long undoing; /* the run whose journal says that its undo has begun */
};

static void work_done(struct work *work)
{
	kh_history_done(&work->history);
	kh_strv_done(&work->conflicts);
	kh_strv_done(&work->damaged);
	kh_strv_done(&work->blocked);
	json_decref(work->simulated);
	kh_undo_triggers_done(&work->triggers);
}

static bool has_records(const struct kh_run_record *run)
{
	return run->record_count + run->lost_count > 0 && run->state != KH_RUN_UNDONE;
}

/* The oldest run to put back, 0 when there is none. */
static int find_first(const struct work *work, long long *ret_first, struct kh_error *err)
{
	const struct kh_history *history = &work->history;
	long long wanted = work->undo->run, newest = 0, oldest = 0;
	bool is_known = false;
	for (size_t i = 0; i < history->run_count; i++) {
		const struct kh_run_record *run = &history->runs[i];
		is_known =
			is_known || (run->id == wanted && run->record_count + run->lost_count > 0);
		if (!has_records(run))
			continue;
		newest = run->id;
		oldest = oldest ? oldest : run->id;
	}
	if (wanted > 0 && !is_known) {
		kh_fail(err, KH_USAGE, 0, "there is no run %lld", wanted);
		return kh_hint(err, "'kvmhost history' lists the runs");
	}
	*ret_first = wanted > 0 ? wanted : wanted < 0 ? oldest : newest;
	return 0;
}

/* Call step for every record that is to be put back, newest first. */
static int walk(struct work *work, long long first,
		int (*step)(struct work *, const struct kh_run_record *, size_t, struct kh_error *),
		struct kh_error *err)
{
	for (size_t r = work->history.run_count; r > 0; r--) {
		const struct kh_run_record *run = &work->history.runs[r - 1];
		if (run->id < first || !has_records(run))
			continue;
		for (size_t i = run->record_count; i > 0; i--) {
			if (!run->records[i - 1].is_undone && step(work, run, i - 1, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- first pass ---- */

/* Is all there that putting this back will need? */
static void check_step(struct work *work, const struct kh_run_record *run,
		       const struct kh_record *record, const char *now, const char *after)
{
	const char *path = kh_json_get(record->intent, "path");
	kh_auto(kh_free) char *missing = NULL;
	if (strcmp(now, "directory") == 0 || strcmp(now, "other") == 0) {
		kh_strv_add(&work->blocked, path);
		return;
	}
	if (strcmp(now, after) != 0 && !kh_strv_has(&work->conflicts, path))
		kh_strv_add(&work->conflicts, path);
	if (!kh_undo_has_copy(work->undo->root, run, record, &missing))
		kh_strv_add(&work->damaged, missing);
}

/* What the path of this record will be, once it is put back. */
static int simulate_one(struct work *work, const struct kh_run_record *run,
			const struct kh_record *record, struct kh_error *err)
{
	const char *path = kh_json_get(record->intent, "path");
	kh_auto(kh_free) char *now = NULL;
	const char *known = json_string_value(json_object_get(work->simulated, path));
	if (known)
		now = kh_strdup(known);
	else if (kh_undo_state_now(work->undo->root, record, &now, err) != 0)
		return -1;
	kh_auto(kh_free) char *before = kh_undo_state_before(record);
	kh_auto(kh_free) char *after = kh_undo_state_after(record);
	if (strcmp(now, before) != 0)
		check_step(work, run, record, now, after);
	json_object_set_new(work->simulated, path, json_string(before));
	return 0;
}

/* The entries of a tree that are files or links; directories may stay. */
static int simulate_tree(struct work *work, const struct kh_run_record *run,
			 const struct kh_record *record, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error damaged = KH_ERROR_INIT;
	json_t *entries = NULL;
	if (kh_journal_entries(work->undo->root, run->id, record->intent, &entries, &damaged) !=
	    0) {
		kh_strv_add(&work->damaged, damaged.message);
		return 0;
	}
	int result = 0;
	for (size_t i = json_array_size(entries); i > 0 && result == 0; i--) {
		struct kh_record entry = {.intent = json_array_get(entries, i - 1)};
		if (kh_undo_is_guarded(&entry, run, work->undo->root))
			result = simulate_one(work, run, &entry, err);
	}
	json_decref(entries);
	return result;
}

static int simulate(struct work *work, const struct kh_run_record *run, size_t index,
		    struct kh_error *err)
{
	const struct kh_record *record = &run->records[index];
	if (!kh_undo_is_guarded(record, run, work->undo->root))
		return 0;
	if (simulate_one(work, run, record, err) != 0)
		return -1;
	return kh_undo_is_tree(record) ? simulate_tree(work, run, record, err) : 0;
}

static void look_for_lost(struct work *work, long long first)
{
	for (size_t r = work->history.run_count; r > 0; r--) {
		const struct kh_run_record *run = &work->history.runs[r - 1];
		if (run->id >= first && has_records(run) && run->lost_count > 0)
			kh_strv_addf(&work->damaged,
				     "run %lld: %zu of its changes cannot be read in the journal",
				     run->id, run->lost_count);
	}
}

static int refuse_blocked(const struct work *work, struct kh_error *err)
{
	kh_auto(kh_free) char *paths = kh_strv_join(&work->blocked, "', '");
	kh_fail(err, KH_HOST, 0, "not a file any more: '%s'", paths);
	return kh_hint(err, "nothing was put back; move away what is there now, then undo again");
}

static int refuse_damaged(const struct work *work, struct kh_error *err)
{
	kh_auto(kh_free) char *what = kh_strv_join(&work->damaged, "; ");
	kh_fail(err, KH_SYSTEM, 0, "%s", what);
	return kh_hint(err,
		       "nothing was put back; --force puts back the rest (what is kept of a run "
		       "is below %s)",
		       kh_runs_dir);
}

/* A step that takes the running kernel's files away: its modules could not be loaded any more. */
static int check_running(struct work *work, const struct kh_run_record *run, size_t index,
			 struct kh_error *err)
{
	const char *needed = kh_json_get(run->records[index].intent, "needed_release");
	kh_auto(kh_free) char *running =
		kh_root_line(work->undo->root, "/proc/sys/kernel/osrelease");
	if (work->undo->is_forced || !work->undo->root->is_live || !running || !*needed ||
	    strcmp(needed, running) != 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "kernel '%s' runs now, and its files would go", running);
	return kh_hint(err,
		       "nothing was put back; boot another kernel first (choose it in the boot "
		       "menu, or 'grub-reboot ENTRY' and reboot), or use --force");
}

/* What forbids the second pass, if anything. */
static int judge(struct work *work, long long first, struct kh_error *err)
{
	look_for_lost(work, first);
	if (work->blocked.count > 0)
		return refuse_blocked(work, err);
	if (work->damaged.count > 0 && !work->undo->is_forced)
		return refuse_damaged(work, err);
	if (work->conflicts.count == 0 || work->undo->is_forced)
		return 0;
	kh_auto(kh_free) char *paths = kh_strv_join(&work->conflicts, "', '");
	kh_fail(err, KH_HOST, 0, "changed by somebody since: '%s'", paths);
	return kh_hint(err,
		       "nothing was put back; look at what was changed there, or use --force to "
		       "overwrite it");
}

/* ---- second pass ---- */

static bool is_kind(const struct kh_record *record, enum kh_change_kind kind)
{
	return strcmp(kh_json_get(record->intent, "kind"), kh_plan_kind_name(kind)) == 0;
}

/* Before the journal says that it is undone: what programs wrote, and what the boot loader reads.
 */
static int make_durable(const struct kh_undo *undo, const struct kh_record *record,
			struct kh_error *err)
{
	if (is_kind(record, KH_CHANGE_RUN) || is_kind(record, KH_CHANGE_PACKAGES))
		return kh_durable_sync(undo->root, err);
	if (is_kind(record, KH_CHANGE_TRIGGER) || kh_undo_is_tree(record) ||
	    kh_durable_is_boot(kh_json_get(record->intent, "path")))
		kh_durable_boot(undo->root);
	return 0;
}

/* One that is cut off in its first step is gone on with, too. */
static int note_begun(struct work *work, const struct kh_run_record *run,
		      struct kh_journal *journal, struct kh_error *err)
{
	if (work->undoing == run->id)
		return 0;
	work->undoing = run->id;
	return kh_journal_event(journal, "undoing", 0, err);
}

/* A kernel's files go, and the menu may still boot it by default: it is made from the files that
 * are back by now before that, since the power may go in between. */
static int leave_kernel(const struct work *work, const struct kh_record *record,
			struct kh_error *err)
{
	const struct kh_undo *undo = work->undo;
	if (!*kh_json_get(record->intent, "needed_release"))
		return 0;
	if (kh_undo_run_triggers(undo, &work->triggers, err) != 0 && !undo->is_forced)
		return -1;
	kh_error_done(err);
	return kh_durable_sync(undo->root, err);
}

static int put_back(struct work *work, const struct kh_run_record *run, size_t index,
		    struct kh_error *err)
{
	const struct kh_undo *undo = work->undo;
	kh_auto(kh_journal_free) struct kh_journal *journal = NULL;
	kh_auto(kh_free) char *note = NULL;
	const struct kh_record *record = &run->records[index];
	if (kh_stop_check(err) != 0 || kh_journal_reopen(undo->root, run->id, &journal, err) != 0 ||
	    note_begun(work, run, journal, err) != 0 || leave_kernel(work, record, err) != 0 ||
	    kh_undo_step(undo, run, record, &work->triggers, &note, err) != 0 ||
	    make_durable(undo, record, err) != 0)
		return -1;
	struct kh_event event = {.kind = note ? KH_EVENT_WARNING : KH_EVENT_DONE,
				 .stage = kh_json_get(record->intent, "stage")};
	kh_auto(kh_free) char *text = note ? kh_take(note) : kh_undo_title(record);
	event.text = text;
	if (undo->sink)
		undo->sink->event(undo->sink, &event);
	work->count++;
	/* A trigger counts as undone only with the whole run: what it wants runs at the very end,
	 * and an undo that is cut off before that must want it again. */
	if (is_kind(record, KH_CHANGE_TRIGGER))
		return 0;
	return kh_journal_event(journal, "undo", record->number, err);
}

static bool has_run_program(const struct kh_run_record *run, const char *stage)
{
	for (size_t i = 0; i < run->record_count; i++)
		if (is_kind(&run->records[i], KH_CHANGE_RUN) &&
		    strcmp(kh_json_get(run->records[i].intent, "stage"), stage) == 0)
			return true;
	return false;
}

static bool has_trigger(const struct kh_run_record *run, const char *name)
{
	for (size_t i = 0; i < run->record_count; i++)
		if (is_kind(&run->records[i], KH_CHANGE_TRIGGER) &&
		    strcmp(kh_json_get(run->records[i].intent, "path"), name) == 0)
			return true;
	return false;
}

/* Programs that need no reverse leave it to their stage's trigger, which runs again when all files
 * are back (the boot menu). A run that was cut off had announced it, and did not come to it. */
static void want_announced(struct work *work, long long first)
{
	size_t index;
	json_t *trigger;
	for (size_t r = 0; r < work->history.run_count; r++) {
		const struct kh_run_record *run = &work->history.runs[r];
		if (run->id < first || !has_records(run) || !work->undo->root->is_live)
			continue;
		json_array_foreach(run->triggers, index, trigger)
		{
			json_t *argv = json_object_get(trigger, "undo_argv");
			if (has_run_program(run, kh_json_get(trigger, "stage")) &&
			    !has_trigger(run, kh_json_get(trigger, "path")))
				kh_undo_want_trigger(&work->triggers,
						     argv ? argv
							  : json_object_get(trigger, "argv"));
		}
	}
}

static int mark_undone(const struct work *work, long long first, struct kh_error *err)
{
	for (size_t r = work->history.run_count; r > 0; r--) {
		const struct kh_run_record *run = &work->history.runs[r - 1];
		if (run->id < first || !has_records(run))
			continue;
		kh_auto(kh_journal_free) struct kh_journal *journal = NULL;
		if (kh_journal_reopen(work->undo->root, run->id, &journal, err) != 0 ||
		    kh_journal_event(journal, "undone", 0, err) != 0)
			return -1;
	}
	return 0;
}

static int prepare(struct work *work, long long *ret_first, struct kh_error *err)
{
	work->simulated = json_object();
	if (kh_history_read(work->undo->root, &work->history, err) != 0)
		return -1;
	return find_first(work, ret_first, err);
}

int kh_undo_apply(const struct kh_undo *undo, size_t *ret_count, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.undo = undo};
	long long first = 0;
	if (prepare(&work, &first, err) != 0)
		return -1;
	*ret_count = 0;
	if (first == 0)
		return 0;
	if (kh_packages_wait(undo->root, KH_PACKAGES_WAIT_S, undo->sink, err) != 0)
		return -1;
	if (walk(&work, first, check_running, err) != 0)
		return -1;
	if (walk(&work, first, simulate, err) != 0)
		return kh_wrap(err, "undo");
	if (judge(&work, first, err) != 0)
		return -1;
	int result = walk(&work, first, put_back, err);
	*ret_count = work.count;
	if (result != 0) {
		kh_perform_explain(err);
		return kh_wrap(err, "undo");
	}
	want_announced(&work, first);
	if (kh_undo_run_triggers(undo, &work.triggers, err) != 0 ||
	    kh_durable_sync(undo->root, err) != 0 || mark_undone(&work, first, err) != 0)
		return kh_wrap(err, "undo");
	return 0;
}

static int add_title(struct work *work, const struct kh_run_record *run, size_t index,
		     struct kh_error *err)
{
	(void)err;
	kh_strv_add_owned(&work->conflicts, kh_undo_title(&run->records[index]));
	return 0;
}

int kh_undo_plan(const struct kh_undo *undo, struct kh_strv *ret_lines, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.undo = undo};
	long long first = 0;
	if (prepare(&work, &first, err) != 0)
		return -1;
	if (first > 0 && walk(&work, first, add_title, err) != 0)
		return -1;
	kh_strv_copy(ret_lines, &work.conflicts);
	return 0;
}
