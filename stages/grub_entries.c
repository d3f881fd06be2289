/* grub_entries.c - boot menus whose entries are files of their own: Boot Loader Specification entries
 * and GRUB legacy's grub.conf.
 *
 * The entries are edited as files, not through grubby: an edit is a diff in the plan, atomic, journalled,
 * undone byte for byte, and works below another root; grubby does the same edit with none of these.
 * What future kernels start from gets the arguments too: /etc/kernel/cmdline (kernel-install) and
 * /etc/default/grub (grub2-mkconfig --update-bls-cmdline, and kernels' own scripts).
 */
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/legacy.h"
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

/* $kernelopts stands for a list of its own. While nothing in it is in our way the word stays, so that
 * the entry goes on following it; otherwise its value takes its place. */
static char *merge_options(const struct kh_grub_work *work, const struct kh_boot_entry *entry,
			   const char *options)
{
	if (!strstr(options, "$kernelopts"))
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

static int plan_bls_fallback(const struct kh_grub_work *work, struct kh_plan *plan,
			     struct kh_error *err)
{
	const struct kh_root *root = work->context->root;
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	if (kh_boot_entries_fallback(&work->entries))
		return 0;
	if (!source) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "no entry '" KH_FALLBACK_TITLE "': there is no normal entry to copy");
		return 0;
	}
	kh_auto(kh_free) char *text = NULL;
	if (kh_root_read(root, source->file, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	kh_auto(kh_free) char *machine = kh_root_line(root, "/etc/machine-id");
	kh_auto(kh_free) char *path =
		kh_printf("%s/%s-" KH_FALLBACK_ID ".conf", kh_bls_dir,
			  machine && *machine ? machine : "00000000000000000000000000000000");
	kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
	kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
	kh_auto(kh_free) char *copy = kh_bls_copy(text, title, arguments);
	return kh_plan_put_file(plan, path, copy, 0, why_fallback, err);
}

static int plan_kernel_cmdline(const struct kh_grub_work *work, struct kh_plan *plan,
			       struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	int found = kh_root_read(work->context->root, kernel_cmdline, &text, NULL, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	kh_auto(kh_free) char *line = kh_strndup(text, strcspn(text, "\n"));
	kh_auto(kh_free) char *merged = merge(work, line);
	kh_auto(kh_free) char *edited = kh_printf("%s%s", merged, text + strlen(line));
	return kh_plan_put_file(plan, kernel_cmdline, edited, 0, "kernel arguments of future kernels",
				err);
}

int kh_grub_plan_bls(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	if (plan_bls_fallback(work, plan, err) != 0)
		return -1;
	for (size_t i = 0; i < work->entries.count; i++)
		if (work->entries.items[i].kind == KH_ENTRY_NORMAL &&
		    plan_bls_entry(work, &work->entries.items[i], plan, err) != 0)
			return -1;
	if (plan_kernel_cmdline(work, plan, err) != 0)
		return -1;
	return kh_grub_plan_default_file(work, plan, err);
}

/* ---- GRUB legacy ---- */

int kh_grub_plan_legacy(const struct kh_grub_work *work, struct kh_plan *plan,
			struct kh_error *err)
{
	const char *path = work->context->facts->boot.grub_cfg;
	kh_auto(kh_free) char *text = NULL;
	if (kh_root_read(work->context->root, path, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	if (source && !kh_boot_entries_fallback(&work->entries)) {
		kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
		kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
		char *longer = kh_legacy_add_copy(text, source, title, arguments);
		kh_free(&text);
		text = longer;
	}
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
