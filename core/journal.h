/* journal.h - the memory between runs: what was done, in order, with what was there before.
 *
 * /var/lib/kvmhost/runs/NNNN/journal.jsonl, append-only, one JSON object a line, fsynced:
 * `begin` (version, time, configuration digest), per change `intent` (kind, path, why, stage,
 * owner, mode, digest and kept copy of the old, digest of the new), the deed, `done`; then `end`.
 * Kept copies lie beside it as NNN.old. What a whole tree changes is too much for a line that is
 * read at every start: its entries are in NNN.entries, their copies NNN.MMM.old. Space is reserved
 * first, so that recording a result cannot fail for lack of it. A run without `end` was
 * interrupted. undo appends `undo` per change and `undone` at the end. Runs that changed nothing
 * are not recorded. Reading needs no configuration.
 */
#ifndef KH_JOURNAL_H
#define KH_JOURNAL_H

#include <jansson.h>

#include "core/base/run.h"
#include "core/engine.h"
#include "core/plan.h"

extern const char *const kh_state_dir; /* "/var/lib/kvmhost" */
extern const char *const kh_runs_dir;  /* the runs below it */

enum kh_run_state { KH_RUN_ENDED, KH_RUN_INTERRUPTED, KH_RUN_UNDONE, KH_RUN_UNDO_INTERRUPTED };

struct kh_record {     /* one change of a run, as read back */
	size_t number; /* in its run, from 1 */
	json_t *intent;
	bool is_done;
	bool is_undone;
	json_t *done; /* or NULL */
};

struct kh_run_record {
	long long id;
	enum kh_run_state state;
	char *time;    /* "2026-11-21T10:00:00Z" */
	char *version; /* of kvmhost */
	char *command;
	char *boot_id; /* of the boot it ran in, or NULL */
	struct kh_record *records;
	size_t record_count;
	size_t lost_count; /* changes whose intent cannot be read any more: a damaged journal */
	json_t *triggers;  /* array: those wanted after the changes, as in their intents; or NULL */
};

struct kh_history {
	struct kh_run_record *runs; /* oldest first */
	size_t run_count;
};

int kh_history_read(const struct kh_root *root, struct kh_history *ret_history,
		    struct kh_error *err);
void kh_history_done(struct kh_history *history);
/* The newest run that was interrupted, or whose undo was, and is not settled; or NULL. except: a
 * run that is under way (0: none). */
const struct kh_run_record *kh_history_unfinished(const struct kh_history *history,
						  long long except);
/* Was the last thing that changed this host an undo? */
bool kh_history_is_undone(const struct kh_history *history);
/* The newest run in this state, or NULL. */
const struct kh_run_record *kh_history_find(const struct kh_history *history,
					    enum kh_run_state state);
/* Did a run of this boot ask for this value and get no more than `obtained`? Then asking again
 * changes nothing. false also when the runs cannot be read (not root). */
bool kh_history_was_refused(const struct kh_root *root, const char *path, const char *value,
			    const char *obtained);
const char *kh_run_state_name(enum kh_run_state state);
json_t *kh_history_json(const struct kh_history *history);

/* ---- writing, for the engine ---- */

struct kh_journal;
/* Start run's journal: makes the directories, reserves space for about change_count changes. */
int kh_journal_begin(const struct kh_root *root, const char *command, const char *config_digest,
		     size_t change_count, struct kh_journal **ret_journal, struct kh_error *err);
int kh_journal_intent(struct kh_journal *journal, const struct kh_change *change,
		      struct kh_error *err);
/* details (may be NULL, reference is taken over): what only doing showed. */
int kh_journal_done_change(struct kh_journal *journal, json_t *details, struct kh_error *err);
/* The change under way was refused before it did anything: there is nothing to undo of it. */
int kh_journal_untouched(struct kh_journal *journal, struct kh_error *err);
/* What the phase will want once after its changes: a run that is cut off before them can be
 * finished. */
int kh_journal_triggers(struct kh_journal *journal, const struct kh_plan *plan,
			struct kh_error *err);
int kh_journal_end(struct kh_journal *journal, struct kh_error *err);
/* Go on writing in the journal of an earlier run: for undo and for settling an interrupted one. */
int kh_journal_reopen(const struct kh_root *root, long long id, struct kh_journal **ret_journal,
		      struct kh_error *err);
/* event: "undo" (number counts from 1), "undoing" (a step that takes long begins), "undone",
 * "settled" (number 0: none). */
int kh_journal_event(struct kh_journal *journal, const char *event, size_t number,
		     struct kh_error *err);
long long kh_journal_id(const struct kh_journal *journal);
void kh_journal_free(struct kh_journal **journal);

/* Keep a state: its description as JSON, its content (if any) as the file `copy` of the run's
 * directory. NULL with *err filled. */
json_t *kh_journal_keep_state(const struct kh_root *root, const char *directory,
			      const struct kh_file_state *state, const char *copy,
			      struct kh_error *err);
/* The state of a file that an intent keeps ("old"), without its content: ret_copy is the path of
 * the kept copy (owned; left alone when it was no regular file). A copy that is missing or does not
 * have the digest it was kept with is an error. */
int kh_journal_old_state(const struct kh_root *root, long long run, const json_t *kept,
			 struct kh_file_state *ret_state, char **ret_copy, struct kh_error *err);
/* The entries of an intent that installs or removes a tree, each like an intent of its own: "kind"
 * (also "rmdir"), "path", "old", "mode", "digest", "target"; an empty array for other intents. An
 * error when they are missing or damaged. A new reference. */
int kh_journal_entries(const struct kh_root *root, long long run, const json_t *intent,
		       json_t **ret_entries, struct kh_error *err);
/* Remove what an interrupted change or undo of these entries left beside their paths. */
int kh_journal_clean_entries(const struct kh_root *root, const json_t *entries,
			     struct kh_error *err);

#endif
