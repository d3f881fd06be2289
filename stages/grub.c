/* grub.c - kernel arguments, present exactly once after the next boot, whatever the boot loader.
 *
 * The wanted arguments (grub_args.c) are merged into the place the boot loader takes them from:
 *   grub.cfg made by update-grub (Debian)     a drop-in in /etc/default/grub.d, then update-grub
 *   grub.cfg made by grub2-mkconfig           /etc/default/grub edited, then grub2-mkconfig
 *   Boot Loader Specification entries         the entries edited, and what future kernels start
 * from GRUB legacy                               grub.conf edited Normal entries get them; recovery
 * entries, other systems' and one entry "as before kvmhost" do not.
 *
 * The result is what counts: plan() reads the menu back, entry by entry, and while a normal entry
 * lacks an argument (or has it twice, or with another value) it plans the generator again. A tool
 * that exits 0 and changes nothing is thus found by the engine's second plan.
 *
 * On a running host new arguments are booted once before all that (grub_trial.c).
 *
 * What an earlier run wrote and the configuration no longer wants is taken out again: the words are
 * remembered in /var/lib/kvmhost/kernel-arguments.
 */
#include "stages/grub.h"

#include <string.h>

#include "core/base/mem.h"
#include "grub/default_file.h"

static const char memory_path[] = KH_WRITTEN_ARGUMENTS;

void kh_grub_remember(const struct kh_root *root, const struct kh_cmdline_groups *groups,
		      struct kh_strv *ret_written, struct kh_strv *ret_stale)
{
	kh_auto(kh_free) char *line = kh_root_line(root, memory_path);
	kh_auto(kh_strv_done) struct kh_strv wanted = {0};
	kh_cmdline_split(line ? line : "", ret_written);
	kh_cmdline_wanted(groups, &wanted);
	for (size_t i = 0; i < ret_written->count; i++)
		if (!kh_strv_has(&wanted, ret_written->items[i]))
			kh_strv_add(ret_stale, ret_written->items[i]);
}

int kh_grub_open(const struct kh_context *context, struct kh_grub_work *ret_work,
		 struct kh_error *err)
{
	*ret_work = (struct kh_grub_work){.context = context};
	if (kh_grub_want(context, &ret_work->groups, err) != 0)
		return -1;
	kh_grub_remember(context->root, &ret_work->groups, &ret_work->written, &ret_work->stale);
	kh_menu_read(context->root, &context->facts->boot, &ret_work->entries);
	kh_grub_trial_judge(ret_work);
	return 0;
}

void kh_grub_done(struct kh_grub_work *work)
{
	kh_cmdline_groups_done(&work->groups);
	kh_strv_done(&work->written);
	kh_strv_done(&work->stale);
	kh_boot_entries_done(&work->entries);
	kh_grub_trial_done(work);
}

/* What stood there before we came is not ours to take out later. */
static bool is_ours(const struct kh_grub_work *work, const struct kh_cmdline_group *group)
{
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	for (size_t i = 0; i < group->words.count; i++)
		if (kh_strv_has(&work->written, group->words.items[i]))
			return true;
	return !source || !kh_cmdline_has(source->arguments, group);
}

static int remember(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	for (size_t i = 0; i < work->groups.count; i++)
		if (is_ours(work, &work->groups.items[i]))
			kh_strv_copy(&words, &work->groups.items[i].words);
	kh_auto(kh_free) char *joined = kh_strv_join(&words, " ");
	kh_auto(kh_free) char *line = kh_printf("%s\n", joined);
	return kh_plan_put_file(plan, memory_path, line, 0,
				"what is written now can be taken out when it is no longer wanted",
				err);
}

/* ---- what future kernels get ---- */

/* Recovery entries are generated from GRUB_CMDLINE_LINUX alone: where there are any, ours go into
 * the other variable. */
static const char *variable_for(const struct kh_facts_boot *boot, const char *text)
{
	kh_auto(kh_free) char *disabled =
		kh_default_file_value(text, "GRUB_DISABLE_RECOVERY", NULL);
	bool has_recovery = !disabled || strcmp(disabled, "true") != 0;
	return has_recovery && boot->loader == KH_LOADER_GRUB ? "GRUB_CMDLINE_LINUX_DEFAULT"
							      : "GRUB_CMDLINE_LINUX";
}

int kh_grub_plan_default_file(const struct kh_grub_work *work, struct kh_plan *plan,
			      struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (!boot->default_grub)
		return 0;
	kh_auto(kh_free) char *text = NULL;
	if (kh_root_read(work->context->root, boot->default_grub, &text, NULL, err) != 0)
		return err->message ? -1 : 0;
	kh_auto(kh_free) char *merged =
		kh_default_file_merge(text, variable_for(boot, text), &work->groups, &work->stale);
	return kh_plan_put_file(plan, boot->default_grub, merged, 0,
				"kernel arguments for every entry that is generated", err);
}

/* ---- the plan ---- */

static void note_overriders(const struct kh_grub_work *work, struct kh_plan *plan)
{
	kh_auto(kh_strv_done) struct kh_strv named = {0};
	for (size_t i = 0; i < work->groups.count; i++) {
		kh_auto(kh_free) char *who = kh_grub_overrider(work, &work->groups.items[i]);
		if (!who || kh_strv_has(&named, who))
			continue;
		kh_strv_add(&named, who);
		kh_plan_note(plan, KH_NOTE_WARNING, "kernel arguments are overridden by %s", who);
	}
}

static void note_reboot(const struct kh_grub_work *work, struct kh_plan *plan)
{
	const char *running = work->context->facts->boot.cmdline;
	kh_auto(kh_free) char *wrong = running ? kh_cmdline_judge(running, &work->groups) : NULL;
	if (wrong && plan->root->is_live && work->way == KH_GRUB_WRITE)
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "kernel arguments take effect at the next boot: the running kernel's "
			     "command line %s",
			     wrong);
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	kh_auto(kh_strv_done) struct kh_strv sentences = {0};
	kh_grub_stale_recipes(work->context, entry && entry->arguments ? entry->arguments : "",
			      &sentences);
	for (size_t i = 0; i < sentences.count; i++)
		kh_plan_note(plan, KH_NOTE_INFO, "stale: %s", sentences.items[i]);
}

static int plan_nothing(const struct kh_grub_work *work, struct kh_plan *plan)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_wanted(&work->groups, &words);
	kh_auto(kh_free) char *line = kh_strv_join(&words, " ");
	kh_plan_note(
		plan, KH_NOTE_INFO,
		"skipped: no boot loader here that kvmhost can configure; give the kernel '%s'",
		line);
	return 0;
}

static int plan_loader(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	if (kh_grub_trial_rehearse(work, plan, err) != 0)
		return -1;
	switch (work->context->facts->boot.loader) {
	case KH_LOADER_NONE:
		return plan_nothing(work, plan);
	case KH_LOADER_GRUB:
		return kh_grub_plan_mkconfig(work, plan, err);
	case KH_LOADER_GRUB_BLS:
		return kh_grub_plan_bls(work, plan, err);
	case KH_LOADER_GRUB_LEGACY:
		return kh_grub_plan_legacy(work, plan, err);
	}
	return 0;
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_grub_done) struct kh_grub_work work = {0};
	if (kh_grub_open(context, &work, err) != 0)
		return -1;
	bool has_loader = context->facts->boot.loader != KH_LOADER_NONE;
	kh_grub_trial_join(&work, plan);
	if (plan_loader(&work, plan, err) != 0)
		return -1;
	/* The memory last: cut off before it, the next run still knows what to take out. */
	if (has_loader && work.way == KH_GRUB_WRITE && remember(&work, plan, err) != 0)
		return -1;
	if (has_loader) {
		kh_grub_trial_note(&work, plan);
		note_overriders(&work, plan);
		note_reboot(&work, plan);
	}
	return 0;
}

const struct kh_stage kh_stage_grub = {
	.name = "grub",
	.summary = "kernel arguments: IOMMU, huge pages, THP, elevator, your own",
	.touches = "/etc/default/grub.d or /etc/default/grub, /etc/grub.d, grub.cfg, BLS entries",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = kh_grub_check,
};
