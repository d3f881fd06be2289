/* undo_install.c - going back from a tree: everything that came goes, everything that was replaced
 * or removed comes back, in one batch; see undo_steps.h. */
#include <stdlib.h>
#include <string.h>

#include "core/base/batch.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/undo_steps.h"

struct work {
	const struct kh_undo *undo;
	const struct kh_run_record *run;
	struct kh_batch_op *ops; /* as many as there are entries, at most */
	struct kh_file_state *olds;
	char **copies;
	size_t count;
	json_t *entries;
	struct kh_strv notes;
};

static void work_done(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		kh_file_state_done(&work->olds[i]);
		free(work->copies[i]);
	}
	free(work->ops);
	free(work->olds);
	free(work->copies);
	json_decref(work->entries);
	kh_strv_done(&work->notes);
}

static bool is_as_before(const struct kh_file_state *now, const struct kh_file_state *old)
{
	if (now->type != old->type)
		return false;
	if (old->type == KH_FILE_LINK)
		return now->target && strcmp(now->target, old->target) == 0;
	return old->type != KH_FILE_REGULAR ||
	       (now->mode == old->mode && now->uid == old->uid && now->gid == old->gid &&
		now->mtime.tv_sec == old->mtime.tv_sec &&
		now->mtime.tv_nsec == old->mtime.tv_nsec && strcmp(now->digest, old->digest) == 0);
}

static void add_op(struct work *work, const char *path, const struct kh_file_state *now)
{
	const struct kh_file_state *old = &work->olds[work->count];
	bool is_dir = now->type == KH_FILE_DIR;
	work->ops[work->count] = (struct kh_batch_op){.path = path,
						      .type = old->type,
						      .is_dir = is_dir && old->type != KH_FILE_DIR,
						      .from = work->copies[work->count],
						      .digest = old->digest,
						      .target = old->target,
						      .meta = old};
	work->count++;
}

/* May this entry be put back, now that the first pass has allowed undo? What is forced and cannot
 * be done stays as it is. */
static bool is_blocked(struct work *work, const json_t *entry, const struct kh_file_state *now)
{
	const char *path = kh_json_get(entry, "path");
	const char *kind = kh_json_get(entry, "kind");
	bool is_dir_entry = strcmp(kind, "directory") == 0 || strcmp(kind, "rmdir") == 0;
	if (is_dir_entry && now->type != KH_FILE_DIR && now->type != KH_FILE_ABSENT) {
		kh_strv_addf(&work->notes, "%s stays: it is no directory any more", path);
		return true;
	}
	struct kh_record record = {.intent = (json_t *)entry};
	kh_auto(kh_free) char *missing = NULL;
	if (!work->undo->is_forced ||
	    kh_undo_has_copy(work->undo->root, work->run, &record, &missing))
		return false;
	kh_strv_addf(&work->notes, "%s stays as it is: %s", path, missing);
	return true;
}

static int add_entry(struct work *work, const json_t *entry, struct kh_error *err)
{
	const char *path = kh_json_get(entry, "path");
	kh_auto(kh_file_state_done) struct kh_file_state now = {0};
	if (kh_file_look_digest(work->undo->root, path, &now, err) != 0)
		return -1;
	if (is_blocked(work, entry, &now))
		return 0;
	struct kh_file_state *old = &work->olds[work->count];
	if (kh_journal_old_state(work->undo->root, work->run->id, json_object_get(entry, "old"),
				 old, &work->copies[work->count], err) != 0)
		return -1;
	if (!is_as_before(&now, old)) {
		add_op(work, path, &now);
		return 0;
	}
	kh_file_state_done(old);
	kh_free(&work->copies[work->count]);
	return 0;
}

static void note_directories(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->ops[i].has_stayed)
			kh_strv_addf(&work->notes,
				     "directory %s stays: it is in use, or somebody put something "
				     "there",
				     work->ops[i].path);
}

/* All that can be said in one line: the first few. */
static void give_notes(struct work *work, char **ret_note)
{
	enum { MOST_NOTES = 5 };
	size_t more = work->notes.count > MOST_NOTES ? work->notes.count - MOST_NOTES : 0;
	if (work->notes.count == 0)
		return;
	if (*ret_note)
		kh_strv_insert(&work->notes, 0, *ret_note);
	while (work->notes.count > MOST_NOTES)
		kh_strv_remove(&work->notes, work->notes.count - 1);
	if (more > 0)
		kh_strv_addf(&work->notes, "and %zu more", more);
	kh_free(ret_note);
	*ret_note = kh_strv_join(&work->notes, "; ");
}

int kh_undo_install(const struct kh_undo *undo, const struct kh_run_record *run,
		    const struct kh_record *record, char **ret_note, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.undo = undo, .run = run};
	if (kh_journal_entries(undo->root, run->id, record->intent, &work.entries, err) != 0) {
		if (!undo->is_forced)
			return -1;
		kh_free(ret_note);
		*ret_note = kh_printf("the files of %s stay: %s",
				      kh_json_get(record->intent, "name"), err->message);
		kh_error_done(err);
		return 0;
	}
	size_t index, count = json_array_size(work.entries);
	json_t *entry;
	work.ops = kh_alloc(count * sizeof(*work.ops));
	work.olds = kh_alloc(count * sizeof(*work.olds));
	work.copies = kh_alloc(count * sizeof(*work.copies));
	if (kh_journal_clean_entries(undo->root, work.entries, err) != 0)
		return -1;
	json_array_foreach(work.entries, index,
			   entry) if (add_entry(&work, entry, err) != 0) return -1;
	if (kh_batch_do(undo->root, work.ops, work.count, err) != 0)
		return -1;
	note_directories(&work);
	give_notes(&work, ret_note);
	return 0;
}
