/* plan_running.c - the changes of a plan that are of the running system: values of /proc and /sys,
 * modules, programs; see plan.h. Below another root each of them is a note. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/facts_memory.h"
#include "core/journal.h"
#include "core/modules.h"
#include "core/plan_private.h"

/* ---- values and modules ---- */

static bool is_read_only(const struct kh_root *root, const char *path)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_PATH);
	struct statvfs system;
	return fd >= 0 && fstatvfs(fd, &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

static int set_value(struct kh_plan *plan, const char *path, const char *value, bool accepts_less,
		     const char *why, struct kh_error *err)
{
	if (kh_plan_claim(plan, path, err) != 0)
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
	if (accepts_less && now && kh_history_was_refused(plan->root, path, value, now)) {
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "%s: %s of %s obtained, and no more could be had: memory is in use or "
			     "fragmented; a reboot usually helps",
			     path, now, value);
		return 0;
	}
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_SET_VALUE, path, why);
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
	kh_auto(kh_free) char *end = kh_printf(KH_WORD(" (%s)"), why);
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
	if (kh_plan_has_change(plan, KH_CHANGE_LOAD_MODULE, name))
		return 0;
	if (!plan->root->is_live) {
		leave_module(plan, name, why);
		return 0;
	}
	if (!kh_modules_is_loaded(plan->root, name))
		kh_plan_add(plan, KH_CHANGE_LOAD_MODULE, name, why);
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
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_RUN, command->argv[0], command->why);
	copy_argv(&change->argv, command->argv);
	copy_argv(&change->undo_argv, command->undo_argv);
	copy_outputs(plan, &change->outputs, command->outputs);
	change->is_required = command->is_required;
	change->needed_release = kh_strdup(command->needed_release);
	return 0;
}

int kh_plan_trigger(struct kh_plan *plan, const char *name, const struct kh_plan_command *command,
		    struct kh_error *err)
{
	(void)err;
	for (size_t i = plan->phase_start; i < plan->change_count; i++) {
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
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_TRIGGER, name, command->why);
	copy_argv(&change->argv, command->argv);
	copy_argv(&change->undo_argv, command->undo_argv);
	copy_outputs(plan, &change->outputs, command->outputs);
	return 0;
}

/* ---- what is made ---- */

static void leave_making(struct kh_plan *plan, enum kh_change_kind kind, const char *name,
			 const char *why)
{
	if (kind == KH_CHANGE_FETCH)
		kh_plan_note(plan, KH_NOTE_LEFT, "left to do: fetch %s (%s)", name, why);
	else if (kind == KH_CHANGE_BUILD)
		kh_plan_note(plan, KH_NOTE_LEFT, "left to do: build %s (%s)", name, why);
	else
		kh_plan_note(plan, KH_NOTE_LEFT, "left to do: rehearse %s (%s)", name, why);
}

int kh_plan_make(struct kh_plan *plan, enum kh_change_kind kind, const char *name,
		 const struct kh_maker *maker, json_t *what, const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *claim = kh_printf("%s %s", kh_plan_kind_name(kind), name);
	if (kh_plan_claim(plan, claim, err) != 0) {
		json_decref(what);
		return -1;
	}
	if (!plan->root->is_live) {
		json_decref(what);
		leave_making(plan, kind, name, why);
		return 0;
	}
	struct kh_change *change = kh_plan_add(plan, kind, name, why);
	change->maker = maker;
	change->what = what;
	return 0;
}

int kh_plan_packages(struct kh_plan *plan, const struct kh_strv *names, const char *place,
		     const char *why, struct kh_error *err)
{
	if (names->count == 0)
		return 0;
	if (kh_plan_claim(plan, "packages", err) != 0)
		return -1;
	if (!plan->root->is_live) {
		kh_auto(kh_free) char *text = kh_strv_join(names, " ");
		kh_plan_note(plan, KH_NOTE_LEFT, "left to do: install packages %s (%s)", text, why);
		return 0;
	}
	struct kh_change *change = kh_plan_add(plan, KH_CHANGE_PACKAGES, "packages", why);
	kh_strv_copy(&change->argv, names);
	if (place)
		change->what = json_pack("{s:s}", "place", place);
	return 0;
}
