/* plan_install.c - planning a tree as one change; see installed.h and install.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/journal.h"
#include "core/plan_private.h"
#include "core/plan_tree.h"

/* ---- the record of now ---- */

/* Is all that the record says still so? Most often it is, and then there is no need to look at the
 * manifest, path by path. Claims are left in the plan then. Returns 0, 1: no, -1. */
static int check_recorded(struct kh_plan_tree *tree, struct kh_error *err)
{
	size_t claims = tree->plan->claim_count;
	kh_auto(kh_install_lines_done) struct kh_install_lines lines = {0};
	struct kh_install_file file;
	if (strcmp(kh_json_get(tree->record, "key"), tree->artifact->key) != 0)
		return 1;
	kh_install_lines_init(&lines, tree->record);
	while (kh_install_lines_next(&lines, &file)) {
		if (!kh_plan_tree_is_clean(file.path) ||
		    kh_install_compare(&tree->dir, file.path, &file, &file, false, NULL) != 0) {
			kh_plan_cut(tree->plan, tree->plan->change_count, tree->plan->note_count,
				    claims);
			return 1;
		}
		if (file.type != KH_FILE_DIR && kh_plan_claim(tree->plan, file.path, err) != 0)
			return -1;
	}
	return 0;
}

static void index_record(struct kh_plan_tree *tree)
{
	size_t index;
	json_t *file;
	tree->recorded = kh_install_files(tree->record);
	tree->known = json_object();
	json_array_foreach(tree->recorded, index, file)
	{
		json_object_set_nocheck(tree->known, kh_json_get(file, "path"), file);
	}
}

/* ---- what only the old artifact had ---- */

/* Where a path of the record is now: a directory above it may have become a link since, and then
 * it can be the very file that the new tree has. NULL: links in a circle. */
static char *settle(const struct kh_plan_tree *tree, const char *path)
{
	const char *slash = strrchr(path, '/');
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
	kh_auto(kh_free) char *real = kh_root_resolve(tree->plan->root, *parent ? parent : "/");
	return real ? kh_printf("%s%s", real[1] ? real : "", slash) : NULL;
}

static int add_removal(struct kh_plan_tree *tree, const char *path, const struct stat *status,
		       struct kh_error *err)
{
	bool is_dir = S_ISDIR(status->st_mode);
	if (!is_dir && kh_plan_claim(tree->plan, path, err) != 0)
		return -1;
	struct kh_install_entry *entry = kh_install_add(tree->install, path, KH_FILE_ABSENT);
	if (!is_dir)
		kh_plan_tree_take_old(tree, path, status, &entry->old);
	else
		entry->old = (struct kh_file_state){.type = KH_FILE_DIR,
						    .mode = status->st_mode & 07777,
						    .uid = status->st_uid,
						    .gid = status->st_gid};
	return 0;
}

static int remove_path(struct kh_plan_tree *tree, const struct kh_install_file *known,
		       const json_t *wanted, struct kh_error *err)
{
	struct stat status;
	kh_auto(kh_free) char *path =
		kh_plan_tree_is_clean(known->path) ? settle(tree, known->path) : NULL;
	if (!path || json_object_get(wanted, path) || kh_plan_is_claimed(tree->plan, path))
		return 0;
	int differs = kh_install_compare(&tree->dir, path, known, known, false, &status);
	if (differs < 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", path);
	bool was_dir = known->type == KH_FILE_DIR;
	if (status.st_mode == 0 || (was_dir && !S_ISDIR(status.st_mode)))
		return 0;
	if (differs == 0)
		return add_removal(tree, path, &status, err);
	kh_plan_note(tree->plan, KH_NOTE_INFO,
		     "%s stays: it came with %s, and somebody changed it since", path,
		     kh_json_get(tree->record, "program"));
	return 0;
}

/* Files, then the directories they were in, if we made those. wanted: the paths of the new tree. */
static int plan_removals(struct kh_plan_tree *tree, const json_t *wanted, struct kh_error *err)
{
	static const bool are_dirs[] = {false, true};
	size_t index;
	json_t *file;
	for (size_t pass = 0; pass < KH_COUNT(are_dirs); pass++)
		json_array_foreach(tree->recorded, index, file)
		{
			const struct kh_install_file known = kh_install_file_of(file);
			bool is_dir = known.type == KH_FILE_DIR;
			if (is_dir != are_dirs[pass] || (is_dir && !known.is_made) ||
			    json_object_get(wanted, known.path))
				continue;
			if (remove_path(tree, &known, wanted, err) != 0)
				return -1;
		}
	return 0;
}

static int remove_old(struct kh_plan_tree *tree, struct kh_error *err)
{
	size_t index;
	json_t *file;
	json_t *wanted = json_object();
	json_array_foreach(tree->files, index, file)
		json_object_set_nocheck(wanted, kh_json_get(file, "path"), file);
	int result = plan_removals(tree, wanted, err);
	json_decref(wanted);
	return result;
}

/* ---- the change ---- */

/* The record is the file of the change: journalled, put and undone as any other. */
static int add_change(struct kh_plan_tree *tree, const char *program, json_t *record,
		      const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_installed_path(program);
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	kh_auto(kh_free) char *text = record ? kh_install_record_text(record, tree->files) : NULL;
	json_decref(record);
	if (kh_file_look(tree->plan->root, path, &old, err) != 0 ||
	    kh_plan_claim(tree->plan, path, err) != 0)
		return -1;
	if (old.type != KH_FILE_ABSENT && old.type != KH_FILE_REGULAR)
		return kh_plan_tree_refuse(path, "it is not a regular file", err);
	struct kh_change *change =
		kh_plan_add(tree->plan, text ? KH_CHANGE_INSTALL : KH_CHANGE_UNINSTALL, path, why);
	change->mode = 0644;
	change->length = text ? strlen(text) : 0;
	change->content = kh_take(text);
	change->install = kh_take(tree->install);
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

static json_t *make_record(const struct kh_plan_tree *tree, const char *program)
{
	static const char *const copied[] = {"about", "wanted", "made", "distribution"};
	json_t *record = json_pack("{s:i, s:s, s:s}", "format", 1, "program", program, "key",
				   tree->artifact->key);
	for (size_t i = 0; i < KH_COUNT(copied); i++) {
		json_t *value = json_object_get(tree->artifact->manifest, copied[i]);
		if (value)
			json_object_set(record, copied[i], value);
	}
	return record;
}

static int check_program(const char *program, struct kh_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+-";
	if (program[0] == '.' || !*program || program[strspn(program, allowed)])
		return kh_fail(err, KH_SYSTEM, 0, "'%s' is no name of a program", program);
	return 0;
}

static char *make_name(const char *program, const json_t *record)
{
	const char *version = kh_json_get(json_object_get(record, "about"), "version");
	if (!*version)
		version = kh_json_get(json_object_get(record, "wanted"), "version");
	return kh_printf("%s%s%s", program, *version ? " " : "", version);
}

/* ---- after a run that was cut off ---- */

static void take_made(const struct kh_plan_tree *tree, const struct kh_run_record *run,
		      const json_t *intent, json_t *made)
{
	kh_auto(kh_error_done) struct kh_error damaged = KH_ERROR_INIT;
	json_t *entries = NULL;
	size_t index;
	json_t *entry;
	if (strcmp(kh_json_get(intent, "kind"), "directory") == 0)
		json_object_set_new(made, kh_json_get(intent, "path"), json_true());
	if (kh_journal_entries(tree->plan->root, run->id, intent, &entries, &damaged) != 0)
		return;
	json_array_foreach(entries, index, entry)
	{
		if (strcmp(kh_json_get(entry, "kind"), "directory") == 0)
			json_object_set_new(made, kh_json_get(entry, "path"), json_true());
	}
	json_decref(entries);
}

/* Directories that it had made before it was cut off are found now, and still are ours: whoever
 * uninstalls the program removes them. Only root can read the runs; a plan does without. */
static void record_made(struct kh_plan_tree *tree)
{
	kh_auto(kh_error_done) struct kh_error unreadable = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	size_t index;
	json_t *file, *made = json_object();
	if (kh_history_read(tree->plan->root, &history, &unreadable) == 0)
		for (size_t r = 0; r < history.run_count; r++)
			for (size_t i = 0; i < history.runs[r].record_count; i++)
				if (history.runs[r].state == KH_RUN_INTERRUPTED)
					take_made(tree, &history.runs[r],
						  history.runs[r].records[i].intent, made);
	json_array_foreach(tree->files, index, file)
	{
		if (json_object_get(file, "made") &&
		    json_object_get(made, kh_json_get(file, "path")))
			json_object_set_new(file, "made", json_true());
	}
	json_decref(made);
}

static int plan_files(struct kh_plan_tree *tree, struct kh_error *err)
{
	size_t index;
	json_t *file;
	tree->files = json_array();
	json_array_foreach(json_object_get(tree->artifact->manifest, "files"), index,
			   file) if (kh_plan_tree_add(tree, file, err) != 0) return -1;
	return remove_old(tree, err);
}

static int plan_artifact(struct kh_plan_tree *tree, const char *program, const char *why,
			 struct kh_error *err)
{
	tree->record = kh_installed_read(tree->plan->root, program);
	int is_other = check_recorded(tree, err);
	if (is_other <= 0)
		return is_other;
	index_record(tree);
	tree->install->name = make_name(program, tree->artifact->manifest);
	if (plan_files(tree, err) != 0)
		return -1;
	bool is_recorded = strcmp(kh_json_get(tree->record, "key"), tree->artifact->key) == 0;
	if (is_recorded && tree->install->count == 0)
		return 0;
	record_made(tree);
	if (kh_install_check_packages(tree->plan->root, &tree->foreign, err) != 0 ||
	    kh_install_check_room(tree->plan->root, tree->install, err) != 0)
		return -1;
	return add_change(tree, program, make_record(tree, program), why, err);
}

int kh_plan_install(struct kh_plan *plan, const char *program, const struct kh_artifact *artifact,
		    const char *why, struct kh_error *err)
{
	kh_auto(kh_plan_tree_done) struct kh_plan_tree tree = {
		.plan = plan, .artifact = artifact, .dir = KH_BATCH_DIR_INIT(plan->root)};
	size_t changes = plan->change_count, notes = plan->note_count, claims = plan->claim_count;
	tree.install = kh_alloc(sizeof(*tree.install));
	if (check_program(program, err) == 0 &&
	    kh_store_check_place(plan->root, artifact->tree, err) == 0 &&
	    plan_artifact(&tree, program, why, err) == 0)
		return 0;
	kh_plan_cut(plan, changes, notes, claims);
	return -1;
}

int kh_plan_uninstall(struct kh_plan *plan, const char *program, const char *why,
		      struct kh_error *err)
{
	kh_auto(kh_plan_tree_done) struct kh_plan_tree tree = {
		.plan = plan, .dir = KH_BATCH_DIR_INIT(plan->root)};
	size_t changes = plan->change_count, notes = plan->note_count, claims = plan->claim_count;
	if (check_program(program, err) != 0)
		return -1;
	tree.record = kh_installed_read(plan->root, program);
	if (!tree.record)
		return 0;
	index_record(&tree);
	tree.install = kh_alloc(sizeof(*tree.install));
	tree.install->name = make_name(program, tree.record);
	if (plan_removals(&tree, NULL, err) == 0 &&
	    kh_install_check_room(plan->root, tree.install, err) == 0 &&
	    add_change(&tree, program, NULL, why, err) == 0)
		return 0;
	kh_plan_cut(plan, changes, notes, claims);
	return -1;
}
