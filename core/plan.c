/* plan.c - see plan.h. What a plan looks like to people and machines is in plan_text.c. */
#include "core/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/facts_memory.h"
#include "core/modules.h"

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
	while (plan->claim_count > claims)
		free(plan->claims[--plan->claim_count].path);
}

void kh_plan_done(struct kh_plan *plan)
{
	kh_plan_cut(plan, 0, 0, 0);
	free(plan->changes);
	free(plan->notes);
	free(plan->claims);
	*plan = (struct kh_plan){0};
}

/* Who decides on this path? The first to ask does; anybody after that is a mistake of ours. */
static int claim(struct kh_plan *plan, const char *path, struct kh_error *err)
{
	for (size_t i = 0; i < plan->claim_count; i++)
		if (strcmp(plan->claims[i].path, path) == 0)
			return kh_fail(err, KH_SYSTEM, 0,
				       "'%s' is planned by stage '%s' and by stage '%s'", path,
				       plan->claims[i].stage, plan->stage);
	struct kh_claim *added = kh_append(plan->claims, plan->claim_count);
	added->path = kh_strdup(path);
	added->stage = plan->stage;
	return 0;
}

static struct kh_change *add(struct kh_plan *plan, enum kh_change_kind kind, const char *path,
			     const char *why)
{
	struct kh_change *change = kh_append(plan->changes, plan->change_count);
	change->kind = kind;
	change->stage = kh_strdup(plan->stage);
	change->path = kh_strdup(path);
	change->why = kh_strdup(why);
	return change;
}

static bool has_change(const struct kh_plan *plan, enum kh_change_kind kind, const char *path)
{
	for (size_t i = 0; i < plan->change_count; i++)
		if (plan->changes[i].kind == kind && strcmp(plan->changes[i].path, path) == 0)
			return true;
	return false;
}

bool kh_plan_has(const struct kh_plan *plan, const char *path)
{
	kh_auto(kh_free) char *settled = kh_root_resolve(plan->root, path);
	for (size_t i = 0; i < plan->change_count; i++)
		if (strcmp(plan->changes[i].path, path) == 0 ||
		    (settled && strcmp(plan->changes[i].path, settled) == 0))
			return true;
	return false;
}

bool kh_plan_has_kind(const struct kh_plan *plan, enum kh_change_kind kind)
{
	for (size_t i = 0; i < plan->change_count; i++)
		if (plan->changes[i].kind == kind)
			return true;
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
		if (has_change(plan, KH_CHANGE_MAKE_DIR, parent) ||
		    (kh_str_starts(path, "/var/lib/kvmhost/") && is_state_dir(parent)))
			continue;
		struct stat status;
		int found = kh_root_stat(plan->root, parent, true, &status, err);
		if (found < 0)
			return -1;
		if (found == 0 && !S_ISDIR(status.st_mode))
			return kh_fail(err, KH_HOST, 0, "'%s' is not a directory", parent);
		if (found == 1)
			add(plan, KH_CHANGE_MAKE_DIR, parent, why)->mode = 0755;
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
	return claim(plan, settled, err) == 0 ? kh_take(settled) : NULL;
}

int kh_plan_put_bytes(struct kh_plan *plan, const char *path, const char *content, size_t length,
		      mode_t mode, const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *settled = settle(plan, path, err);
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (!settled || kh_file_look(plan->root, settled, &old, err) != 0)
		return -1;
	if (old.type != KH_FILE_ABSENT && old.type != KH_FILE_REGULAR)
		return kh_fail(err, KH_HOST, 0, "'%s' is not a regular file", settled);
	bool is_there = old.type == KH_FILE_REGULAR;
	bool has_mode = is_there && (mode == 0 || old.mode == mode);
	if (has_mode && old.length == length && memcmp(old.content, content, length) == 0)
		return 0;
	if (add_parents(plan, settled, why, err) != 0)
		return -1;
	struct kh_change *change = add(plan, KH_CHANGE_PUT_FILE, settled, why);
	change->mode = mode ? mode : is_there ? old.mode : 0644;
	change->content = kh_alloc(length + 1);
	memcpy(change->content, content, length);
	change->length = length;
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

int kh_plan_put_file(struct kh_plan *plan, const char *path, const char *content, mode_t mode,
		     const char *why, struct kh_error *err)
{
	return kh_plan_put_bytes(plan, path, content, strlen(content), mode, why, err);
}

int kh_plan_remove_file(struct kh_plan *plan, const char *path, const char *why,
			struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (claim(plan, path, err) != 0 || kh_file_look(plan->root, path, &old, err) != 0)
		return -1;
	if (old.type == KH_FILE_ABSENT)
		return 0;
	if (old.type != KH_FILE_REGULAR && old.type != KH_FILE_LINK)
		return kh_fail(err, KH_HOST, 0, "'%s' is not a regular file", path);
	struct kh_change *change = add(plan, KH_CHANGE_REMOVE_FILE, path, why);
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
	if (found == 0 || has_change(plan, KH_CHANGE_MAKE_DIR, path))
		return 0;
	if (add_parents(plan, path, why, err) != 0)
		return -1;
	add(plan, KH_CHANGE_MAKE_DIR, path, why)->mode = mode ? mode : 0755;
	return 0;
}

int kh_plan_link(struct kh_plan *plan, const char *path, const char *target, const char *why,
		 struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	if (claim(plan, path, err) != 0 || kh_file_look(plan->root, path, &old, err) != 0)
		return -1;
	if (old.type == KH_FILE_LINK && strcmp(old.target, target) == 0)
		return 0;
	if (old.type == KH_FILE_DIR || old.type == KH_FILE_OTHER)
		return kh_fail(err, KH_HOST, 0, "'%s' is in the way: not a file or link", path);
	if (add_parents(plan, path, why, err) != 0)
		return -1;
	struct kh_change *change = add(plan, KH_CHANGE_LINK, path, why);
	change->target = kh_strdup(target);
	change->old = old;
	old = (struct kh_file_state){0};
	return 0;
}

/* ---- running values and modules ---- */

static bool is_read_only(const struct kh_root *root, const char *path)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_PATH);
	struct statvfs system;
	return fd >= 0 && fstatvfs(fd, &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

static int set_value(struct kh_plan *plan, const char *path, const char *value, bool accepts_less,
		     const char *why, struct kh_error *err)
{
	if (claim(plan, path, err) != 0)
		return -1;
	kh_auto(kh_free) char *text = kh_root_line(plan->root, path);
	kh_auto(kh_free) char *now = kh_facts_chosen_word(text);
	if (now && (strcmp(now, value) == 0 || strcmp(text, value) == 0))
		return 0;
	if (!plan->root->is_live) {
		kh_plan_note(plan, KH_NOTE_LEFT, "left to the boot: set %s to %s (%s)", path, value,
			     why);
		return 0;
	}
	if (!kh_root_exists(plan->root, path)) {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "skipped: set %s to %s: this kernel has no such knob", path, value);
		return 0;
	}
	if (is_read_only(plan->root, path)) {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "skipped: set %s to %s: it is mounted read-only here", path, value);
		return 0;
	}
	struct kh_change *change = add(plan, KH_CHANGE_SET_VALUE, path, why);
	change->old_value = kh_take(now);
	change->value = kh_strdup(value);
	change->accepts_less = accepts_less;
	return 0;
}

int kh_plan_set_value(struct kh_plan *plan, const char *path, const char *value, const char *why,
		      struct kh_error *err)
{
	return set_value(plan, path, value, false, why, err);
}

int kh_plan_set_count(struct kh_plan *plan, const char *path, long long count, const char *why,
		      struct kh_error *err)
{
	kh_auto(kh_free) char *value = kh_printf("%lld", count);
	return set_value(plan, path, value, true, why, err);
}

/* One note for all modules of one reason: they are many, and come one after the other. */
static void leave_module(struct kh_plan *plan, const char *name, const char *why)
{
	static const char one[] = "left to the boot: load module ";
	static const char more[] = "left to the boot: load modules ";
	kh_auto(kh_free) char *end = kh_printf(" (%s)", why);
	struct kh_note *last = plan->note_count > 0 ? &plan->notes[plan->note_count - 1] : NULL;
	if (!last || strcmp(last->stage, plan->stage) != 0 || !kh_str_ends(last->text, end) ||
	    (!kh_str_starts(last->text, one) && !kh_str_starts(last->text, more))) {
		kh_plan_note(plan, KH_NOTE_LEFT, "%s%s%s", one, name, end);
		return;
	}
	const char *names = last->text + strlen(kh_str_starts(last->text, one) ? one : more);
	char *text = kh_printf("%s%.*s, %s%s", more, (int)(strlen(names) - strlen(end)), names,
			       name, end);
	free(last->text);
	last->text = text;
}

int kh_plan_load_module(struct kh_plan *plan, const char *name, const char *why,
			struct kh_error *err)
{
	(void)err;
	if (has_change(plan, KH_CHANGE_LOAD_MODULE, name))
		return 0;
	if (!plan->root->is_live) {
		leave_module(plan, name, why);
		return 0;
	}
	if (!kh_modules_is_loaded(plan->root, name))
		add(plan, KH_CHANGE_LOAD_MODULE, name, why);
	return 0;
}

/* ---- programs ---- */

/* Where they really are: what a program rewrites through a link is what has to be kept. */
static void copy_outputs(const struct kh_plan *plan, struct kh_strv *list,
			 const char *const *outputs)
{
	for (; outputs && *outputs; outputs++) {
		kh_auto(kh_free) char *settled = kh_root_resolve(plan->root, *outputs);
		const char *output = settled ? settled : *outputs;
		if (!kh_strv_has(list, output))
			kh_strv_add(list, output);
	}
}

static void copy_argv(struct kh_strv *list, const char *const *words)
{
	for (; words && *words; words++)
		kh_strv_add(list, *words);
}

static void leave_to_do(struct kh_plan *plan, const struct kh_plan_command *command)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	copy_argv(&words, command->argv);
	kh_auto(kh_free) char *line = kh_strv_join(&words, " ");
	kh_plan_note(plan, KH_NOTE_LEFT, "left to do: run '%s' (%s)", line, command->why);
}

int kh_plan_run(struct kh_plan *plan, const struct kh_plan_command *command, struct kh_error *err)
{
	if (!command->undo_argv && !command->no_undo)
		return kh_fail(err, KH_SYSTEM, 0, "stage '%s': '%s' has no undo and no reason why",
			       plan->stage, command->argv[0]);
	if (!plan->root->is_live) {
		leave_to_do(plan, command);
		return 0;
	}
	struct kh_change *change = add(plan, KH_CHANGE_RUN, command->argv[0], command->why);
	copy_argv(&change->argv, command->argv);
	copy_argv(&change->undo_argv, command->undo_argv);
	copy_outputs(plan, &change->outputs, command->outputs);
	return 0;
}

int kh_plan_trigger(struct kh_plan *plan, const char *name, const struct kh_plan_command *command,
		    struct kh_error *err)
{
	(void)err;
	for (size_t i = 0; i < plan->change_count; i++) {
		struct kh_change *change = &plan->changes[i];
		if (change->kind != KH_CHANGE_TRIGGER || strcmp(change->path, name) != 0)
			continue;
		copy_outputs(plan, &change->outputs, command->outputs);
		return 0;
	}
	if (!plan->root->is_live) {
		leave_to_do(plan, command);
		return 0;
	}
	struct kh_change *change = add(plan, KH_CHANGE_TRIGGER, name, command->why);
	copy_argv(&change->argv, command->argv);
	copy_argv(&change->undo_argv, command->undo_argv);
	copy_outputs(plan, &change->outputs, command->outputs);
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
