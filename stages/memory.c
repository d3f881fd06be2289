/* memory.c - see memory.h. */
#include "stages/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/dropin.h"
#include "core/probe.h"
#include "core/sysctl.h"
#include "core/tmpfiles.h"

void kh_memory_note_sysctl(struct kh_plan *plan, const char *name, const char *our_file,
			   const char *value)
{
	kh_auto(kh_free) char *text = kh_printf("%s = %s\n", name, value);
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	kh_sysctl_winner_after(plan->root, name, our_file, text, &winner);
	if (!winner.path || strcmp(winner.path, our_file) == 0 ||
	    kh_sysctl_equal(winner.value, value))
		return;
	kh_plan_note(plan, KH_NOTE_WARNING,
		     "%s:%d sets %s = %s and is read after %s: it wins at boot over %s",
		     winner.path, winner.line, name, winner.value, our_file, value);
}

void kh_memory_note_tmpfiles(struct kh_plan *plan, const char *path, const char *our_file,
			     const char *value)
{
	kh_auto(kh_tmpfiles_setting_done) struct kh_tmpfiles_setting other = {0};
	kh_tmpfiles_winner(plan->root, path, &other);
	if (!other.file || strcmp(other.file, our_file) == 0 || strcmp(other.value, value) == 0)
		return;
	if (strcmp(kh_dropin_name(other.file), kh_dropin_name(our_file)) < 0 || other.is_glob)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s:%d sets %s to %s: it wins at boot over %s in %s", other.file,
			     other.line, path, other.value, value, our_file);
}

void kh_memory_note_tuned(struct kh_plan *plan, const char *knob)
{
	kh_auto(kh_free) char *setter = kh_tuned_setter(plan->root, knob);
	if (setter)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s sets %s too: tuned may put its value over ours after the boot",
			     setter, knob);
}

/* ---- for the report ---- */

static void fill(struct kh_memory_persisted *persisted, const char *file, int line,
		 const char *value, const char *wanted, const char *our_file)
{
	*persisted = (struct kh_memory_persisted){0};
	if (!file)
		return;
	persisted->value = kh_strdup(value);
	persisted->where = kh_printf("%s:%d", file, line);
	if (strcmp(file, our_file) != 0 && strcmp(value, wanted) != 0)
		persisted->gap = kh_printf("overridden by %s:%d", file, line);
}

void kh_memory_persisted_sysctl(const struct kh_root *root, const char *name, const char *wanted,
				const char *our_file, struct kh_memory_persisted *ret_persisted)
{
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting setting = {0};
	kh_sysctl_winner(root, name, &setting);
	fill(ret_persisted, setting.path, setting.line, setting.value, wanted, our_file);
}

void kh_memory_persisted_tmpfiles(const struct kh_root *root, const char *path, const char *wanted,
				  const char *our_file, struct kh_memory_persisted *ret_persisted)
{
	kh_auto(kh_tmpfiles_setting_done) struct kh_tmpfiles_setting setting = {0};
	kh_tmpfiles_winner(root, path, &setting);
	fill(ret_persisted, setting.file, setting.line, setting.value, wanted, our_file);
}

void kh_memory_persisted_done(struct kh_memory_persisted *persisted)
{
	free(persisted->value);
	free(persisted->where);
	free(persisted->gap);
	*persisted = (struct kh_memory_persisted){0};
}

const char *kh_memory_read_only(const struct kh_root *root, const char *path)
{
	if (!root->is_live || !kh_probe_is_read_only(root, path))
		return NULL;
	return kh_str_starts(path, "/proc/") ? "/proc/sys is mounted read-only here"
					     : "/sys is mounted read-only here";
}

/* ---- files ---- */

int kh_memory_put(struct kh_plan *plan, const char *path, const struct kh_template_value *values,
		  const char *why, struct kh_error *err)
{
	if (!values)
		return kh_plan_remove_file(plan, path, why, err);
	kh_auto(kh_free) char *template = kh_printf("%s.in", path + 1);
	kh_auto(kh_free) char *text = NULL;
	if (kh_template_fill(plan->root, template, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, 0644, why, err);
}

int kh_memory_read(const struct kh_root *root, const char *path, char **ret_text,
		   bool *ret_is_there, struct kh_error *err)
{
	size_t length = 0;
	kh_auto(kh_free) char *text = NULL;
	int found = kh_root_read(root, path, &text, &length, err);
	if (found < 0)
		return -1;
	if (found == 0 && strlen(text) != length)
		return kh_fail(err, KH_HOST, 0, "'%s' is not a text file: it holds NUL bytes",
			       path);
	*ret_is_there = found == 0;
	*ret_text = found == 0 ? kh_take(text) : kh_strdup("");
	return 0;
}
