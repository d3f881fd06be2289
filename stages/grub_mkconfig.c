/* grub_mkconfig.c - GRUB 2 whose grub.cfg is generated: by update-grub or by grub2-mkconfig.
 *
 * Debian's update-grub reads drop-ins after /etc/default/grub; ours is one of them
 * (grub_dropin.c). Elsewhere /etc/default/grub is edited. The fallback is a script in /etc/grub.d
 * that prints one entry, copied as it was before us; it comes last, so that numbered defaults stay
 * true. Source: grub-mkconfig of Debian 11-13, which sources every .cfg in /etc/default/grub.d.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "grub/grub_cfg.h"
#include "grub/trial_entry.h"
#include "stages/grub.h"

const char *const kh_grub_fallback_path = "/etc/grub.d/45_kvmhost_fallback";
static const char trigger_name[] = "regenerate grub.cfg";
static const char trial_path[] = "/etc/grub.d/47_kvmhost_arguments";

/* ---- the entry "as before kvmhost" ---- */

/* Is the fallback in our script good? The menu may not have been generated from it yet. */
static bool is_script_good(const struct kh_grub_work *work, const char *script)
{
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(script, kh_grub_fallback_path, NULL, &entries);
	const struct kh_boot_entry *entry = kh_boot_entries_fallback(&entries);
	kh_auto(kh_free) char *fault = kh_grub_fallback_fault(work, entry);
	bool is_good = entry && !fault;
	kh_boot_entries_done(&entries);
	return is_good;
}

static int plan_fallback(const struct kh_grub_work *work, struct kh_plan *plan,
			 struct kh_error *err)
{
	const struct kh_root *root = work->context->root;
	const char *cfg_path = work->context->facts->boot.grub_cfg;
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	kh_auto(kh_free) char *now = kh_root_text(root, kh_grub_fallback_path);
	if (now && is_script_good(work, now))
		return kh_plan_put_file(plan, kh_grub_fallback_path, now, 0755,
					"it must be executable", err);
	kh_auto(kh_free) char *cfg = kh_root_text(root, cfg_path);
	if (!source || !cfg) {
		kh_plan_note(plan, KH_NOTE_WARNING, "no entry '%s': %s has no normal entry to copy",
			     KH_FALLBACK_TITLE, cfg_path);
		return 0;
	}
	kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
	kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
	kh_auto(kh_free) char *entry =
		kh_grub_cfg_copy_entry(cfg, source, title, KH_FALLBACK_ID, arguments);
	const struct kh_template_value values[] = {{"ENTRY", entry}, {NULL, NULL}};
	kh_auto(kh_free) char *script = NULL;
	if (kh_template_fill(root, "etc/grub.d/45_kvmhost_fallback.in", values, &script, err) != 0)
		return -1;
	return kh_plan_put_file(plan, kh_grub_fallback_path, script, 0755,
				"an entry to boot as before, whatever the arguments do", err);
}

/* ---- the trial's entry ---- */

static bool is_trial_good(const struct kh_grub_work *work, const char *script)
{
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(script, trial_path, NULL, &entries);
	bool is_good = kh_grub_trial_is_good(work, kh_trial_entry_find_arguments(&entries));
	kh_boot_entries_done(&entries);
	return is_good;
}

static int plan_trial(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	static const char why[] = "an entry that tries the new kernel arguments";
	const struct kh_root *root = work->context->root;
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	kh_auto(kh_free) char *now = kh_root_text(root, trial_path);
	kh_auto(kh_free) char *cfg = kh_root_text(root, work->context->facts->boot.grub_cfg);
	if (work->way != KH_GRUB_TRY || !cfg)
		return kh_plan_remove_file(plan, trial_path, "no arguments are on trial", err);
	if (now && is_trial_good(work, now))
		return kh_plan_put_file(plan, trial_path, now, 0755, why, err);
	kh_auto(kh_free) char *arguments = kh_grub_trial_arguments(work, source->arguments);
	kh_auto(kh_free) char *release = kh_boot_release(source->kernel);
	kh_auto(kh_free) char *entry =
		kh_trial_entry_grub(cfg, source, KH_TRIAL_ARGUMENTS_ID, release, arguments);
	const struct kh_template_value values[] = {{"ENTRY", entry}, {NULL, NULL}};
	kh_auto(kh_free) char *script = NULL;
	if (kh_template_fill(root, "etc/grub.d/47_kvmhost_arguments.in", values, &script, err) != 0)
		return -1;
	return kh_plan_put_file(plan, trial_path, script, 0755, why, err);
}

/* ---- reading back ---- */

/* An entry that still has what is no longer wanted. Where somebody else says the same word it is
 * theirs, and generating again would not change it. */
static char *find_stale(const struct kh_grub_work *work)
{
	const struct kh_boot_entries *entries = &work->entries;
	kh_auto(kh_free) char *others = kh_grub_others_words(work->context->root);
	for (size_t i = 0; i < work->stale.count; i++) {
		const char *word = work->stale.items[i];
		for (size_t e = 0; e < entries->count && !kh_cmdline_has_word(others, word); e++)
			if (entries->items[e].kind == KH_ENTRY_NORMAL &&
			    kh_cmdline_has_word(entries->items[e].arguments, word))
				return kh_printf("entry '%s' in %s:%d still has '%s'",
						 entries->items[e].title, entries->items[e].file,
						 entries->items[e].line, word);
	}
	return NULL;
}

/* What is wrong with the generated menu, or NULL. Owned. */
static char *find_fault(const struct kh_grub_work *work, bool has_fallback)
{
	const struct kh_boot_entries *entries = &work->entries;
	const char *path = work->context->facts->boot.grub_cfg;
	const char *trial = kh_grub_trial_fault(work);
	if (trial)
		return kh_printf("%s: %s", path, trial);
	for (size_t i = 0; i < entries->count && work->way == KH_GRUB_WRITE; i++) {
		const struct kh_boot_entry *entry = &entries->items[i];
		if (entry->kind != KH_ENTRY_NORMAL)
			continue;
		kh_auto(kh_free) char *wrong = kh_cmdline_judge(entry->arguments, &work->groups);
		if (wrong)
			return kh_printf("entry '%s' in %s:%d %s", entry->title, path, entry->line,
					 wrong);
	}
	if (has_fallback && !kh_boot_entries_fallback(entries))
		return kh_printf("%s has no entry '%s'", path, KH_FALLBACK_TITLE);
	return work->way == KH_GRUB_WRITE ? find_stale(work) : NULL;
}

/* The trial is chosen for the next boot only when it is in the menu: so that comes first, and again
 * when it is undone (a trigger without outputs: the menu is made from the files as they are then).
 */
static int plan_trial_menu(const struct kh_grub_work *work, struct kh_plan *plan,
			   const struct kh_plan_command *made, bool is_changed,
			   struct kh_error *err)
{
	struct kh_plan_command command = *made;
	command.no_undo = "undo makes the menu again when all files are back";
	command.outputs = NULL;
	command.is_required = true;
	if (kh_plan_run(plan, &command, err) != 0 || kh_grub_trial_finish(work, plan, err) != 0)
		return -1;
	const struct kh_plan_command again = {.argv = made->argv, .why = made->why};
	return is_changed ? kh_plan_trigger(plan, trigger_name, &again, err) : 0;
}

static int plan_generator(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	bool is_changed = kh_plan_has(plan, kh_grub_dropin_path) ||
			  kh_plan_has(plan, kh_grub_fallback_path) ||
			  kh_plan_has(plan, trial_path) || kh_plan_has(plan, "/etc/default/grub");
	bool has_fallback = kh_plan_has(plan, kh_grub_fallback_path) ||
			    kh_root_exists(work->context->root, kh_grub_fallback_path);
	kh_auto(kh_free) char *fault = find_fault(work, has_fallback);
	if (!is_changed && !fault)
		return kh_grub_trial_finish(work, plan, err);
	const char *const direct[] = {boot->mkconfig, NULL};
	const char *const with_output[] = {boot->mkconfig, "-o", boot->grub_cfg, NULL};
	const char *const outputs[] = {boot->grub_cfg, NULL};
	struct kh_plan_command command = {.argv = kh_grub_uses_dropins(boot) ? direct : with_output,
					  .outputs = outputs,
					  .why = fault ? fault
						       : "what the menu is generated from changed"};
	if (work->way == KH_GRUB_TRY)
		return plan_trial_menu(work, plan, &command, is_changed, err);
	if (kh_grub_trial_finish(work, plan, err) != 0)
		return -1;
	return kh_plan_trigger(plan, trigger_name, &command, err);
}

int kh_grub_plan_mkconfig(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (!boot->mkconfig) {
		kh_fail(err, KH_HOST, 0, "'%s' is there, but nothing that generates it",
			boot->grub_cfg);
		return kh_hint(err, "install grub2-common (Debian) or grub2-tools (CentOS family)");
	}
	/* The fallback first: cut off after it, there is a way back already. */
	if (plan_fallback(work, plan, err) != 0)
		return -1;
	if (plan_trial(work, plan, err) != 0)
		return -1;
	int result = work->way != KH_GRUB_WRITE   ? 0
		     : kh_grub_uses_dropins(boot) ? kh_grub_plan_dropin(work, plan, err)
						  : kh_grub_plan_default_file(work, plan, err);
	return result == 0 ? plan_generator(work, plan, err) : -1;
}
