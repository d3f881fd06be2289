/* undo_steps.h - one step of undo: what a path was before and after a change, and how to go back.
 */
#ifndef KH_UNDO_STEPS_H
#define KH_UNDO_STEPS_H

#include "core/journal.h"
#include "core/undo.h"

/* Programs to run once all files are back. */
struct kh_undo_triggers {
	json_t *commands; /* array of argument vectors, each once; or NULL */
};
void kh_undo_want_trigger(struct kh_undo_triggers *triggers, json_t *argv);
void kh_undo_triggers_done(struct kh_undo_triggers *triggers);
int kh_undo_run_triggers(const struct kh_undo *undo, const struct kh_undo_triggers *triggers,
			 struct kh_error *err);

/* May somebody else's change be lost by putting this back? Files and links always, running values
 * only within the boot that set them (and when it is known what they became), the rest never. */
bool kh_undo_is_guarded(const struct kh_record *record, const struct kh_run_record *run,
			const struct kh_root *root);

/* A state as comparable text: "file 0644 DIGEST", "link TARGET", "absent", "value 10". Owned. */
char *kh_undo_state_before(const struct kh_record *record);
char *kh_undo_state_after(const struct kh_record *record);
int kh_undo_state_now(const struct kh_root *root, const struct kh_record *record, char **ret_text,
		      struct kh_error *err);

/* Is the kept copy there, as it was kept? Otherwise ret_missing says what is the matter. */
bool kh_undo_has_copy(const struct kh_root *root, const struct kh_run_record *run,
		      const struct kh_record *record, char **ret_missing);

/* Does it install or remove a whole tree? Then its own state is that of the record file, and the
 * entries (kh_journal_entries) are looked at like records. */
bool kh_undo_is_tree(const struct kh_record *record);
/* Put back what a tree replaced and removed, take away what came; undo_install.c. */
int kh_undo_install(const struct kh_undo *undo, const struct kh_run_record *run,
		    const struct kh_record *record, char **ret_note, struct kh_error *err);

char *kh_undo_title(const struct kh_record *record); /* "put back /etc/fstab" */

/* ret_note: what could not be put back and why that is no harm; NULL when all went well. */
int kh_undo_step(const struct kh_undo *undo, const struct kh_run_record *run,
		 const struct kh_record *record, struct kh_undo_triggers *triggers, char **ret_note,
		 struct kh_error *err);

#endif
