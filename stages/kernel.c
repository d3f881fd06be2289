/* kernel.c - the chosen kernel: built, installed beside the running one, tried once, then kept.
 *
 * From the record of the trial and the running release follows what is wanted (grub/trial.h):
 *
 * - nothing yet: the default pinned to the running kernel, the tree, the distribution's hooks, an
 *   entry of its own that GRUB takes for one boot, the record, the unit;
 * - armed: the same; it waits for the boot;
 * - booted: the same, without the choice for one boot: `kvmhost confirm` has not passed it yet;
 * - proved: the kernel's normal entry is the default; the trial's entry is gone;
 * - failed: the old kernel is the default, the trial's entry is gone; it is not tried again;
 * - offered: as armed, but GRUB could not take back a choice for one boot: somebody chooses it.
 *
 * The order is what keeps a host bootable at every moment: the old kernel is pinned and in the menu
 * before the distribution's hooks see the new one (GRUB_DEFAULT=0 would make the newest the
 * default), and the choice for one boot is made when all it needs is there, the timer that ends it
 * included. The record comes last: before the choice it would make a failure of a boot that tried
 * nothing. Each step that the next one relies on stops the work when it fails.
 */
#include "stages/kernel.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "grub/menu.h"
#include "grub/trial_entry.h"
#include "platform/recipe.h"
#include "platform/rehearsal.h"
#include "stages/grub.h"

/* ---- what is there ---- */

static bool is_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The artifact that is wanted, or else (it is not in the store any more) what the record names. */
static int choose(struct kh_kernel_work *work, struct kh_error *err)
{
	const struct kh_context *context = work->context;
	int found = 1;
	if (strcmp(kh_source_wanted(context->config, "kernel"), "none") != 0)
		found = kh_recipe_find(context, &kh_recipe_kernel, &work->artifact, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		work->release = kh_strdup(kh_artifact_about(&work->artifact, "release"));
		work->key = kh_strdup(work->artifact.key);
	} else if (work->trial.key && work->trial.pinned) {
		work->release = kh_strdup(work->trial.release);
		work->key = kh_strdup(work->trial.key);
	} else {
		return 1;
	}
	if (*work->release && !strchr(work->release, '/'))
		return 0;
	return kh_fail(err, KH_HOST, 0, "artifact '%s' does not say which kernel it is", work->key);
}

/* A kernel of ours that runs already needs no trial boot, only the proof. */
static bool is_running(const struct kh_kernel_work *work)
{
	return is_text(work->context->facts->os.kernel_release, work->release) &&
	       is_text(work->installed_key, work->key);
}

/* What to fall back on: what runs, unless that is the chosen kernel itself, or one that a trial's
 * entry booted. It may run without a record: the power went when the boot was chosen and the record
 * not written yet. */
static char *find_fallback(const struct kh_kernel_work *work)
{
	const struct kh_facts *facts = work->context->facts;
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	kh_auto(kh_free) char *release = entry ? kh_boot_release(entry->kernel) : NULL;
	bool is_unproved = is_running(work) || kh_trial_is_one_shot(facts);
	if (is_unproved && kh_trial_entry_lasting(&work->entries, release))
		return kh_take(release);
	return kh_strdup(facts->os.kernel_release ? facts->os.kernel_release
						  : facts->boot.next_release);
}

static void judge(struct kh_kernel_work *work)
{
	const struct kh_trial *trial = &work->trial;
	bool is_same = is_text(trial->key, work->key);
	work->state = is_same ? trial->state : KH_TRIAL_NONE;
	if (work->state == KH_TRIAL_OFFERED && !work->obstacle)
		work->state = KH_TRIAL_NONE;
	/* What runs unproved is nothing to fall back on. */
	bool is_unproved = trial->state == KH_TRIAL_BOOTED;
	bool keeps_pin = trial->pinned && (work->state != KH_TRIAL_NONE || is_unproved);
	work->pinned = keeps_pin ? kh_strdup(trial->pinned) : find_fallback(work);
}

int kh_kernel_open(const struct kh_context *context, struct kh_kernel_work *ret_work,
		   struct kh_error *err)
{
	*ret_work = (struct kh_kernel_work){.context = context};
	kh_auto(kh_error_done) struct kh_error unwanted = KH_ERROR_INIT;
	kh_trial_read(context->root, context->facts, &ret_work->trial);
	int result = choose(ret_work, err);
	if (result != 0)
		return result;
	ret_work->program = kh_printf("kernel-%s", ret_work->release);
	json_t *installed = kh_installed_read(context->root, ret_work->program);
	ret_work->installed_key = installed ? kh_strdup(kh_json_get(installed, "key")) : NULL;
	json_decref(installed);
	ret_work->obstacle = kh_trial_obstacle(context->root, context->facts);
	kh_menu_read(context->root, &context->facts->boot, &ret_work->entries);
	judge(ret_work);
	/* Arguments that this host cannot have are refused by stage grub; a trial goes without. */
	kh_auto(kh_strv_done) struct kh_strv written = {0};
	if (kh_grub_want(context, &ret_work->groups, &unwanted) == 0)
		kh_grub_remember(context->root, &ret_work->groups, &written, &ret_work->stale);
	else
		kh_cmdline_groups_done(&ret_work->groups);
	return 0;
}

void kh_kernel_done(struct kh_kernel_work *work)
{
	kh_artifact_done(&work->artifact);
	kh_free(&work->release);
	kh_free(&work->key);
	kh_free(&work->program);
	kh_free(&work->installed_key);
	kh_free(&work->pinned);
	kh_free(&work->obstacle);
	kh_trial_done(&work->trial);
	kh_cmdline_groups_done(&work->groups);
	kh_strv_done(&work->stale);
	kh_boot_entries_done(&work->entries);
}

const char *kh_kernel_default(const struct kh_kernel_work *work)
{
	return work->state == KH_TRIAL_PROVED ? work->release : work->pinned;
}

bool kh_kernel_is_new(const struct kh_kernel_work *work)
{
	return work->state == KH_TRIAL_NONE && work->context->root->is_live;
}

bool kh_kernel_wants_entry(const struct kh_kernel_work *work)
{
	switch (work->state) {
	case KH_TRIAL_NONE:
		return !is_running(work) || !is_text(work->pinned, work->release);
	case KH_TRIAL_OFFERED:
	case KH_TRIAL_ARMED:
	case KH_TRIAL_BOOTED:
		return !is_text(work->pinned, work->release);
	case KH_TRIAL_PROVED:
	case KH_TRIAL_FAILED:
		return false;
	}
	return false;
}

char *kh_kernel_arguments(const struct kh_kernel_work *work, const char *arguments)
{
	kh_auto(kh_free) char *kept = kh_cmdline_drop(arguments ? arguments : "", &work->stale);
	kh_auto(kh_free) char *merged = kh_cmdline_merge(kept, &work->groups);
	return kh_trial_entry_arguments(merged, NULL);
}

/* What the trial's entry had as it was recorded, and only it, goes when it is not wanted any more.
 */
static bool has_stale(const struct kh_kernel_work *work, const struct kh_boot_entry *entry,
		      const struct kh_boot_entry *source)
{
	kh_auto(kh_strv_done) struct kh_strv before = {0}, all = {0};
	kh_cmdline_split(work->trial.arguments ? work->trial.arguments : "", &before);
	kh_cmdline_wanted(&work->groups, &all);
	kh_auto(kh_free) char *wanted = kh_strv_join(&all, " ");
	for (size_t i = 0; i < before.count; i++) {
		const char *word = before.items[i];
		bool is_own = source && source->arguments &&
			      kh_cmdline_has_word(source->arguments, word); /* the host's */
		if (!is_own && !kh_cmdline_has_word(wanted, word) &&
		    kh_cmdline_has_word(entry->arguments, word))
			return true;
	}
	return false;
}

bool kh_kernel_is_entry_good(const struct kh_kernel_work *work, const struct kh_boot_entry *entry,
			     const struct kh_boot_entry *source)
{
	kh_auto(kh_free) char *its = entry ? kh_boot_release(entry->kernel) : NULL;
	if (!is_text(its, work->release) || has_stale(work, entry, source))
		return false;
	kh_auto(kh_free) char *wanted = kh_kernel_arguments(work, entry->arguments);
	return strcmp(wanted, entry->arguments) == 0;
}

/* ---- the plan ---- */

static int plan_tree(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	if (!work->artifact.key)
		return 0;
	return kh_plan_install(plan, work->program, &work->artifact,
			       "the chosen kernel, beside the running one", err);
}

/* Without a boot loader that we know, installing is all that can be done. */
static int plan_files_only(const struct kh_kernel_work *work, struct kh_plan *plan,
			   struct kh_error *err)
{
	if (plan_tree(work, plan, err) != 0)
		return -1;
	kh_plan_note(plan, KH_NOTE_LEFT,
		     "left to do: make an initramfs for kernel '%s' and let it boot: no boot "
		     "loader here that kvmhost can configure",
		     work->release);
	return 0;
}

/* When the hooks have made its initramfs, and before it is chosen for a boot. */
static int rehearse(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_boot_entry *source = kh_trial_entry_lasting(&work->entries, work->pinned);
	kh_auto(kh_free) char *arguments =
		kh_kernel_arguments(work, source ? source->arguments : "");
	return kh_rehearsal_plan(work->context, plan, work->release, arguments, err);
}

static int plan_all(const struct kh_kernel_work *work, const struct kh_kernel_loader *loader,
		    struct kh_plan *plan, struct kh_error *err)
{
	bool is_missing = !kh_trial_entry_lasting(&work->entries, work->release);
	if (kh_kernel_plan_names(work, plan, err) != 0 || loader->pin(work, plan, err) != 0 ||
	    plan_tree(work, plan, err) != 0)
		return -1;
	if ((kh_kernel_is_new(work) || is_missing) && work->state != KH_TRIAL_FAILED &&
	    loader->run_hooks(work, plan, err) != 0)
		return -1;
	bool is_to_boot = kh_kernel_wants_entry(work) && !is_running(work);
	if (kh_kernel_is_new(work) && is_to_boot && rehearse(work, plan, err) != 0)
		return -1;
	if (kh_kernel_plan_units(work, plan, err) != 0)
		return -1;
	if (is_to_boot && !work->obstacle &&
	    (kh_kernel_is_new(work) || work->state == KH_TRIAL_ARMED) &&
	    loader->choose_once(work, plan, err) != 0)
		return -1;
	if (kh_kernel_plan_record(work, plan, err) != 0)
		return -1;
	kh_kernel_note_state(work, plan);
	return loader->finish(work, plan, err);
}

static int refuse_loader(const struct kh_facts_boot *boot, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "a kernel cannot be tried once with the boot loader of '%s'",
		boot->grub_cfg);
	return kh_hint(
		err, "it needs GRUB 2 with /etc/default/grub.d (Debian, Ubuntu) or with entries in "
		     "/boot/loader/entries; set 'kernel.version: none' to keep the "
		     "distribution's kernel");
}

static int plan_loader(const struct kh_kernel_work *work, struct kh_plan *plan,
		       struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	switch (boot->loader) {
	case KH_LOADER_NONE:
		return plan_files_only(work, plan, err);
	case KH_LOADER_GRUB:
		return kh_grub_uses_dropins(boot)
			       ? plan_all(work, &kh_kernel_loader_grub, plan, err)
			       : refuse_loader(boot, err);
	case KH_LOADER_GRUB_BLS:
		return plan_all(work, &kh_kernel_loader_bls, plan, err);
	case KH_LOADER_GRUB_LEGACY:
		return refuse_loader(boot, err);
	}
	return 0;
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_kernel_done) struct kh_kernel_work work = {0};
	int result = kh_kernel_open(context, &work, err);
	if (result != 0)
		return result < 0 ? -1 : 0;
	if (kh_kernel_refuse(&work, err) != 0)
		return -1;
	return plan_loader(&work, plan, err);
}

static int build(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	return kh_recipe_plan_build(context, &kh_recipe_kernel, plan, err);
}

/* Not after fetch: an artifact that is in the store, an imported one say, needs no source; where
 * one has to be built, build() says what is missing. */
const struct kh_stage kh_stage_kernel = {
	.name = "kernel",
	.summary = "the chosen kernel: built, installed beside the running one, tried once, kept",
	.touches = "/boot, /lib/modules, /etc/default/grub.d, /etc/grub.d, BLS entries, grubenv, "
		   "/etc/systemd/network",
	.after = kh_after_preflight,
	.phase = KH_PHASE_INSTALL,
	.build = build,
	.plan = plan,
	.check = kh_kernel_check,
};
