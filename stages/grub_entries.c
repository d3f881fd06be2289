/* grub_entries.c - boot menus whose entries are files of their own: Boot Loader Specification
 * entries and GRUB legacy's grub.conf.
 *
 * The entries are edited as files, not through grubby: an edit is a diff in the plan, atomic,
 * journalled, undone byte for byte, and works below another root; grubby does the same edit with
 * none of these. What future kernels start from gets the arguments too: /etc/kernel/cmdline
 * (kernel-install) and /etc/default/grub (grub2-mkconfig --update-bls-cmdline, and kernels' own
 * scripts).
 */
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/bls_order.h"
#include "grub/legacy.h"
#include "grub/trial_entry.h"
#include "stages/grub.h"

static const char why_entry[] = "kernel arguments of this entry";
static const char why_fallback[] = "an entry to boot as before, whatever the arguments do";
static const char kernel_cmdline[] = "/etc/kernel/cmdline";

static char *merge(const struct kh_grub_work *work, const char *arguments)
{
	kh_auto(kh_free) char *kept = kh_cmdline_drop(arguments, &work->stale);
	return kh_cmdline_merge(kept, &work->groups);
}

/* ---- Boot Loader Specification ---- */

/* $kernelopts, and $default_kernelopts where there are no options, stand for a list of their own.
 * While nothing in it is in our way the word stays, so that the entry goes on following it;
 * otherwise its value takes its place. */
static char *merge_options(const struct kh_grub_work *work, const struct kh_boot_entry *entry,
			   const char *options)
{
	if (!kh_bls_has_list(options))
		return merge(work, options);
	kh_auto(kh_free) char *stripped = kh_cmdline_strip(entry->arguments, &work->groups);
	kh_auto(kh_free) char *short_form = merge(work, options);
	kh_auto(kh_free) char *own = kh_cmdline_strip(options, &work->groups);
	bool is_free = strlen(entry->arguments) - strlen(stripped) == strlen(options) - strlen(own);
	return is_free ? kh_take(short_form) : merge(work, entry->arguments);
}

static int plan_bls_entry(const struct kh_grub_work *work, const struct kh_boot_entry *entry,
			  struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	int found = kh_root_read(work->context->root, entry->file, &text, NULL, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	kh_auto(kh_free) char *options = kh_bls_options(text);
	kh_auto(kh_free) char *merged = merge_options(work, entry, options);
	kh_auto(kh_free) char *edited = kh_bls_set_options(text, merged);
	return kh_plan_put_file(plan, entry->file, edited, 0, why_entry, err);
}

static char *new_path(const struct kh_grub_work *work, const struct kh_boot_entry *source,
		      const char *id)
{
	kh_auto(kh_free) char *name = kh_bls_new_id(&work->entries, source, id);
	return kh_printf("%s/%s.conf", kh_bls_dir, name);
}

static int plan_bls_fallback(const struct kh_grub_work *work, struct kh_plan *plan,
			     struct kh_error *err)
{
	const struct kh_boot_entry *now = kh_boot_entries_fallback(&work->entries);
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	kh_auto(kh_free) char *fault = kh_grub_fallback_fault(work, now);
	if (now && !fault)
		return 0;
	if (!source) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "no entry '%s': there is no normal entry to copy", KH_FALLBACK_TITLE);
		return 0;
	}
	kh_auto(kh_free) char *text = NULL;
	if (kh_root_read(work->context->root, source->file, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	kh_auto(kh_free) char *path =
		now ? kh_strdup(now->file) : new_path(work, source, KH_FALLBACK_ID);
	kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
	kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
	kh_auto(kh_free) char *copy = kh_bls_copy(text, title, arguments);
	return kh_plan_put_file(plan, path, copy, 0, fault ? fault : why_fallback, err);
}

/* kernel-install joins all lines but comments: the first gets ours, the others lose our keys. */
static void merge_line(const struct kh_grub_work *work, const char *line, bool *is_merged,
		       struct kh_str *out)
{
	if (line[strspn(line, " \t")] == '#' || line[strspn(line, " \t")] == '\0') {
		kh_str_add(out, line);
		return;
	}
	kh_auto(kh_free) char *kept = kh_cmdline_drop(line, &work->stale);
	kh_auto(kh_free) char *edited = *is_merged ? kh_cmdline_strip(kept, &work->groups)
						   : kh_cmdline_merge(kept, &work->groups);
	kh_str_add(out, edited);
	*is_merged = true;
}

static int plan_kernel_cmdline(const struct kh_grub_work *work, struct kh_plan *plan,
			       struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	int found = kh_root_read(work->context->root, kernel_cmdline, &text, NULL, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	kh_auto(kh_str_done) struct kh_str edited = {0};
	bool is_merged = false;
	for (const char *at = text; *at; at += *at == '\n') {
		size_t length = strcspn(at, "\n");
		kh_auto(kh_free) char *line = kh_strndup(at, length);
		merge_line(work, line, &is_merged, &edited);
		at += length;
		kh_str_add(&edited, *at ? "\n" : "");
	}
	return kh_plan_put_file(plan, kernel_cmdline, kh_str_text(&edited), 0,
				"kernel arguments of future kernels", err);
}

static int remove_misplaced(const struct kh_grub_work *work, struct kh_plan *plan,
			    struct kh_error *err)
{
	for (size_t i = 0; i < work->entries.count; i++) {
		const struct kh_boot_entry *entry = &work->entries.items[i];
		if (kh_str_ends(entry->id, KH_TRIAL_ARGUMENTS_OLD_ID) &&
		    kh_plan_remove_file(plan, entry->file,
					"it is before the normal entries in GRUB's menu", err) != 0)
			return -1;
	}
	return 0;
}

/* The entry that tries new arguments, put or taken away. */
static int plan_bls_trial(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	const struct kh_boot_entry *now = kh_trial_entry_find_arguments(&work->entries);
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	if (remove_misplaced(work, plan, err) != 0)
		return -1;
	if (work->way != KH_GRUB_TRY)
		return now ? kh_plan_remove_file(plan, now->file, "no arguments are on trial", err)
			   : 0;
	kh_auto(kh_free) char *text = NULL;
	if (kh_grub_trial_is_good(work, now))
		return 0;
	if (kh_root_read(work->context->root, source->file, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	kh_auto(kh_free) char *path =
		now ? kh_strdup(now->file) : new_path(work, source, KH_TRIAL_ARGUMENTS_ID);
	kh_auto(kh_free) char *release = kh_boot_release(source->kernel);
	kh_auto(kh_free) char *arguments = kh_grub_trial_arguments(work, source->arguments);
	kh_auto(kh_free) char *entry = kh_trial_entry_bls(text, source, release, arguments);
	return kh_plan_put_file(plan, path, entry, 0644,
				"an entry that tries the new kernel arguments", err);
}

static void note_unread(const struct kh_grub_work *work, struct kh_plan *plan)
{
	for (size_t i = 0; i < work->entries.count; i++) {
		const struct kh_boot_entry *entry = &work->entries.items[i];
		kh_auto(kh_free) char *text = kh_root_text(work->context->root, entry->file);
		if (entry->kind == KH_ENTRY_NORMAL && text && kh_bls_options_count(text) > 1)
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "%s has several lines 'options': GRUB takes the first only, "
				     "and that is the one that is edited",
				     entry->file);
	}
}

int kh_grub_plan_bls(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	note_unread(work, plan);
	if (plan_bls_fallback(work, plan, err) != 0 || plan_bls_trial(work, plan, err) != 0 ||
	    kh_grub_trial_finish(work, plan, err) != 0)
		return -1;
	if (work->way != KH_GRUB_WRITE)
		return 0;
	for (size_t i = 0; i < work->entries.count; i++)
		if (work->entries.items[i].kind == KH_ENTRY_NORMAL &&
		    plan_bls_entry(work, &work->entries.items[i], plan, err) != 0)
			return -1;
	if (plan_kernel_cmdline(work, plan, err) != 0)
		return -1;
	return kh_grub_plan_default_file(work, plan, err);
}

/* ---- GRUB legacy ---- */

/* A fallback whose kernel is gone is left where it is, so that the numbers of the entries stay: it
 * is made anew behind it. */
static char *add_legacy_fallback(const struct kh_grub_work *work, const char *text)
{
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	bool is_there = false;
	for (size_t i = 0; i < work->entries.count; i++) {
		const struct kh_boot_entry *entry = &work->entries.items[i];
		if (entry->kind != KH_ENTRY_FALLBACK)
			continue;
		kh_auto(kh_free) char *fault = kh_grub_fallback_fault(work, entry);
		is_there = is_there || !fault;
	}
	if (!source || is_there)
		return kh_strdup(text);
	kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
	kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
	return kh_legacy_add_copy(text, source, title, arguments);
}

int kh_grub_plan_legacy(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const char *path = work->context->facts->boot.grub_cfg;
	kh_auto(kh_free) char *text = NULL;
	if (kh_root_read(work->context->root, path, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	char *longer = add_legacy_fallback(work, text);
	kh_free(&text);
	text = longer;
	/* From the end, so that the places of the entries before stay true. */
	for (size_t i = work->entries.count; i > 0; i--) {
		const struct kh_boot_entry *entry = &work->entries.items[i - 1];
		if (entry->kind != KH_ENTRY_NORMAL)
			continue;
		kh_auto(kh_free) char *merged = merge(work, entry->arguments);
		if (strcmp(merged, entry->arguments) == 0)
			continue;
		char *edited = kh_legacy_set_arguments(text, entry, merged);
		kh_free(&text);
		text = edited;
	}
	return kh_plan_put_file(plan, path, text, 0, "kernel arguments of the normal entries", err);
}
