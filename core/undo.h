/* undo.h - put things back: reads the journal backwards.
 *
 * Files, directories, links and values get what was there before; what somebody changed since is
 * not overwritten without force: undo then changes nothing and names it. So it does when a kept
 * copy or the journal itself is damaged; with force the rest is put back and that is said. Modules
 * are unloaded when we loaded them in this boot and nobody uses them; programs are undone by their
 * own undo command; triggers run again after the files are back. Undoing a run reverts the later
 * ones first. Each step is journalled, so that an interrupted undo goes on where it stopped.
 */
#ifndef KH_UNDO_H
#define KH_UNDO_H

#include "core/engine.h"
#include "core/journal.h"

struct kh_undo {
	const struct kh_root *root;
	struct kh_runner *runner;
	struct kh_sink *sink;
	long long run; /* back to before this run; 0: the last one; -1: all */
	bool is_forced;
};

/* What would be put back, as text lines (for asking), newest first. */
int kh_undo_plan(const struct kh_undo *undo, struct kh_strv *ret_lines, struct kh_error *err);
/* Returns 0; *ret_count is the number of changes put back, also after an error. Errors: KH_HOST
 * when somebody changed something since (all of them named), put a directory in a file's place
 * (force does not remove it), or when the running kernel's files would go (struct kh_plan_command,
 * needed_release), KH_USAGE for a run that is not there. */
int kh_undo_apply(const struct kh_undo *undo, size_t *ret_count, struct kh_error *err);

#endif
