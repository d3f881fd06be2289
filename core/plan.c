/* plan.c - files and notes of a plan; see plan.h. What is of the running system is in
 * plan_running.c, what a plan looks like to people and machines in plan_text.c. */
#include "core/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/install.h"
#include "core/plan_private.h"

void kh_plan_init(struct kh_plan *plan, const struct kh_root *root)
{
	*plan = (struct kh_plan){.root = root, .stage = ""};
}

static void change_done(struct kh_change *change)
{
	free(change->stage);
	free(change->path);
	free(change->why);
	kh_file_state_done(&change->old);
	free(change->content);
	free(change->target);
	free(change->old_value);
	free(change->value);
	kh_strv_done(&change->argv);
	kh_strv_done(&change->undo_argv);
	kh_strv_done(&change->outputs);
	free(change->needed_release);
	json_decref(change->what);
	kh_install_free(change->install);
}

void kh_plan_cut(struct kh_plan *plan, size_t changes, size_t notes, size_t claims)
{
	while (plan->change_count > changes)
		change_done(&plan->changes[--plan->change_count]);
	while (plan->note_count > notes) {
		struct kh_note *note = &plan->notes[--plan->note_count];
		free(note->stage);
		free(note->text);
	}
	while (plan->claim_count > claims) {
		char *path = plan->claims[--plan->claim_count].path;
		json_object_del(plan->claimed, path);
		free(path);
	}
}

void kh_plan_done(struct kh_plan *plan)
{
	kh_plan_cut(plan, 0, 0, 0);
	free(plan->changes);
	free(plan->notes);
	free(plan->claims);
	json_decref(plan->claimed);
	*plan = (struct kh_plan){0};
}

static const char *claimant(const struct kh_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->claim_count; i++)
		if (strcmp(plan->claims[i].path, path) == 0)
			return plan->claims[i].stage;
	return "";
}

bool kh_plan_is_claimed(const struct kh_plan *plan, const char *path)
{
	return json_object_get(plan->claimed, path) != NULL;
}

/* The journal and the guard's record are JSON: what they cannot name nobody could put back. */
static int check_name(const char *what, const char *name, struct kh_error *err)
{
	json_t *text = json_string(name);
	bool is_text = text != NULL;
	json_decref(text);
	if (is_text)
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s': %s is not UTF-8", name, what);
	return kh_hint(err, "it could not be put back later: give it another name");
}

int kh_plan_claim(struct kh_plan *plan, const char *path, struct kh_error *err)
{
	if (check_name("its name", path, err) != 0)
		return -1;
	if (kh_plan_is_claimed(plan, path))
		return kh_fail(err, KH_SYSTEM, 0, "'%s' is planned by stage '%s' and by stage '%s'",
			       path, claimant(plan, path), plan->stage);
	if (!plan->claimed)
		plan->claimed = json_object();
	json_object_set_new_nocheck(plan->claimed, path, json_true());
	struct kh_claim *added = kh_append(plan->claims, plan->claim_count);
	added->path = kh_strdup(path);
	added->stage = plan->stage;
	return 0;
}

struct kh_change *kh_plan_add(struct kh_plan *plan, enum kh_change_kind kind, const char *path,
			      const char *why)
{
	struct kh_change *change = kh_append(plan->changes, plan->change_count);
	change->kind = kind;
	change->stage = kh_strdup(plan->stage);
	change->path = kh_strdup(path);
	change->why = kh_strdup(why);
	return change;
}

bool kh_plan_has_change(const struct kh_plan *plan, enum kh_change_kind kind, const char *path)
{
	for (size_t i = 0; i < plan->change_count; i++)
		if (plan->changes[i].kind == kind && strcmp(plan->changes[i].path, path) == 0)
			return true;
	return false;
}

static bool changes_path(const struct kh_change *change, const char *path)
{
	if (strcmp(change->path, path) == 0)
		return true;
	for (size_t i = 0; change->install && i < change->install->count; i++)
		if (strcmp(change->install->entries[i].path, path) == 0)
			return true;
	return false;
}

bool kh_plan_has(const struct kh_plan *plan, const char *path)
{
	kh_auto(kh_free) char *settled = kh_root_resolve(plan->root, path);
	for (size_t i = 0; i < plan->change_count; i++)
		if (changes_path(&plan->changes[i], path) ||
		    (settled && changes_path(&plan->changes[i], settled)))
			return true;
	return false;
}

bool kh_plan_makes_dir(const struct kh_plan *plan, const char *path)
{
	for (size_t c = 0; c < plan->change_count; c++) {
		const struct kh_install *install = plan->changes[c].install;
		if (plan->changes[c].kind == KH_CHANGE_MAKE_DIR &&
		    strcmp(plan->changes[c].path, path) == 0)
			return true;
		for (size_t i = 0; install && i < install->count; i++)
			if (install->entries[i].type == KH_FILE_DIR &&
			    strcmp(install->entries[i].path, path) == 0)
				return true;
	}
	return false;
}

/* ---- files ---- */

/* kvmhost's own state directory is made by the journal, and stays. */
static bool is_state_dir(const char *path)
{
	return kh_str_starts("/var/lib/kvmhost", path);
}

/* Plan the directories above PATH that are missing, outermost first. */
static int add_parents(struct kh_plan *plan, const char *path, const char *why,
		       struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (kh_plan_makes_dir(plan, parent) ||
		    (kh_str_starts(path, "/var/lib/kvmhost/") && is_state_dir(parent)))
			continue;
		struct stat status;
		int found = kh_root_stat(plan->root, parent, true, &status, err);
		if (found < 0)
			return -1;
		if (found == 0 && !S_ISDIR(status.st_mode))
			return kh_fail(err, KH_HOST, 0, "'%s' is not a directory", parent);
		if (found == 1)
			kh_plan_add(plan, KH_CHANGE_MAKE_DIR, parent, why)->mode = 0755;
	}
	return 0;
}

/* The path after following links, claimed for this stage. */
static char *settle(struct kh_plan *plan, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *settled = kh_root_resolve(plan->root, path);
	if (!settled) {
		kh_fail(err, KH_HOST, errno, "'%s'", path);
		return NULL;
	}
	return kh_plan_claim(plan, settled, err) == 0 ? kh_take(settled) : NULL;
}

/* An edit is made of what was read as text, and text ends at a NUL character: what comes after it
 * in a file of somebody else would be lost. A file that is named after us is written anew as a
 * whole.
 */
static int check_text(const char *path, const struct kh_file_state *old, struct kh_error *err)
{
	if (old->type != KH_FILE_REGULAR || strstr(path, "kvmhost") ||
	    !memchr(old->content, '\0', old->length))
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' has NUL characters: it is damaged, or no text file", path);
	return kh_hint(err, "it was left as it is; look what is in it and put it right");
}

static int put(struct kh_plan *plan, const char *path, const char *content, size_t length,
	       mode_t mode, bool is_text, const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *settled = settle(plan, path, err);
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (!settled || kh_file_look(plan->root, settled, &old, err) != 0)
		return -1;
	if (old.type != KH_FILE_ABSENT && old.type != KH_FILE_REGULAR)
		return kh_fail(err, KH_HOST, 0, "'%s' is not a regular file", settled);
	if (is_text && check_text(settled, &old, err) != 0)
		return -1;
	bool is_there = old.type == KH_FILE_REGULAR;
	bool has_mode = is_there && (mode == 0 || old.mode == mode);
	if (has_mode && old.length == length && memcmp(old.content, content, length) == 0)
		return 0;
	if (add_parents(plan, settled, why, err) != 0)
		return -1;
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_PUT_FILE, settled, why);
	change->mode = mode ? mode : is_there ? old.mode : 0644;
	change->content = kh_alloc(length + 1);
	memcpy(change->content, content, length);
	change->length = length;
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

int kh_plan_put_bytes(struct kh_plan *plan, const char *path, const char *content, size_t length,
		      mode_t mode, const char *why, struct kh_error *err)
{
	return put(plan, path, content, length, mode, false, why, err);
}

int kh_plan_put_file(struct kh_plan *plan, const char *path, const char *content, mode_t mode,
		     const char *why, struct kh_error *err)
{
	return put(plan, path, content, strlen(content), mode, true, why, err);
}

int kh_plan_remove_file(struct kh_plan *plan, const char *path, const char *why,
			struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (kh_plan_claim(plan, path, err) != 0 || kh_file_look(plan->root, path, &old, err) != 0)
		return -1;
	if (old.type == KH_FILE_ABSENT)
		return 0;
	if (old.type != KH_FILE_REGULAR && old.type != KH_FILE_LINK)
		return kh_fail(err, KH_HOST, 0, "'%s' is not a regular file", path);
	if (old.target && check_name("the target of the link", old.target, err) != 0)
		return -1;
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_REMOVE_FILE, path, why);
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

int kh_plan_make_dir(struct kh_plan *plan, const char *path, mode_t mode, const char *why,
		     struct kh_error *err)
{
	struct stat status;
	int found = kh_root_stat(plan->root, path, true, &status, err);
	if (found < 0)
		return -1;
	if (found == 0 && !S_ISDIR(status.st_mode))
		return kh_fail(err, KH_HOST, 0, "'%s' is not a directory", path);
	if (found == 0 || kh_plan_makes_dir(plan, path))
		return 0;
	if (add_parents(plan, path, why, err) != 0)
		return -1;
	kh_plan_add(plan, KH_CHANGE_MAKE_DIR, path, why)->mode = mode ? mode : 0755;
	return 0;
}

int kh_plan_link(struct kh_plan *plan, const char *path, const char *target, const char *why,
		 struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (kh_plan_claim(plan, path, err) != 0 || kh_file_look(plan->root, path, &old, err) != 0)
		return -1;
	if (old.type == KH_FILE_LINK && strcmp(old.target, target) == 0)
		return 0;
	if (old.type == KH_FILE_DIR || old.type == KH_FILE_OTHER)
		return kh_fail(err, KH_HOST, 0, "'%s' is in the way: not a file or link", path);
	if (old.target && check_name("the target of the link", old.target, err) != 0)
		return -1;
	if (add_parents(plan, path, why, err) != 0)
		return -1;
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_LINK, path, why);
	change->target = kh_strdup(target);
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

/* ---- notes ---- */

void kh_plan_note(struct kh_plan *plan, enum kh_note_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = kh_vprintf(format, args);
	va_end(args);
	for (size_t i = 0; i < plan->note_count; i++)
		if (strcmp(plan->notes[i].text, text) == 0 &&
		    strcmp(plan->notes[i].stage, plan->stage) == 0) {
			free(text);
			return;
		}
	struct kh_note *note = kh_append(plan->notes, plan->note_count);
	note->kind = kind;
	note->stage = kh_strdup(plan->stage);
	note->text = text;
}
