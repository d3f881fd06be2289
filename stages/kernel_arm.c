/* kernel_arm.c - stage kernel: the choice for one boot, the record of the trial, who confirms it.
 */
#include <string.h>

#include "core/base/mem.h"
#include "stages/kernel.h"
#include "stages/trial_plan.h"

int kh_kernel_tool(const struct kh_kernel_work *work, const char *name, const char *package,
		   char **ret_path, struct kh_error *err)
{
	return kh_trial_plan_tool(work->context, name, package, ret_path, err);
}

int kh_kernel_plan_once(const struct kh_kernel_work *work, struct kh_plan *plan, const char *prefix,
			const char *id, struct kh_error *err)
{
	return kh_trial_plan_once(work->context, plan, prefix, id,
				  "the next boot tries the chosen kernel, once", err);
}

/* ---- the record ---- */

static int plan_new_record(const struct kh_kernel_work *work, struct kh_plan *plan,
			   struct kh_error *err)
{
	const struct kh_facts *facts = work->context->facts;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_wanted(&work->groups, &words);
	kh_auto(kh_free) char *arguments = kh_strv_join(&words, " ");
	struct kh_trial record = {.release = work->release,
				  .key = work->key,
				  .pinned = work->pinned,
				  .boot_id = facts->os.boot_id,
				  .arguments = arguments,
				  .attempt = work->trial.next_attempt,
				  .is_offered = work->obstacle != NULL};
	kh_trial_plan_remember(work->context, &record);
	kh_auto(kh_free) char *text = kh_trial_text(&record);
	return kh_plan_put_file(plan, kh_trial_path, text, 0644,
				"what is tried, and what to go back to", err);
}

int kh_kernel_plan_units(const struct kh_kernel_work *work, struct kh_plan *plan,
			 struct kh_error *err)
{
	return work->context->root->is_live ? kh_trial_plan_units(work->context, plan, err) : 0;
}

int kh_kernel_plan_record(const struct kh_kernel_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	return kh_kernel_is_new(work) ? plan_new_record(work, plan, err) : 0;
}

/* ---- what is said ---- */

static void note_new(const struct kh_kernel_work *work, struct kh_plan *plan)
{
	const char *running = work->context->facts->os.kernel_release;
	if (!work->context->root->is_live)
		kh_plan_note(
			plan, KH_NOTE_LEFT,
			"left to do: 'kvmhost apply kernel' on that host, booted, tries kernel "
			"'%s' once",
			work->release);
	else if (running && strcmp(running, work->release) == 0)
		kh_plan_note(plan, KH_NOTE_INFO, "kernel '%s' runs: 'kvmhost confirm' keeps it",
			     work->release);
	else if (work->obstacle)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"kernel '%s' is not tried by itself: %s, where GRUB cannot take back a "
			"choice for one boot; choose '%s' in the boot menu, and 'kvmhost "
			"confirm' then keeps it",
			work->release, work->obstacle, KH_TRIAL_TITLE);
	else
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "the next boot tries kernel '%s'; '%s' stays the default until "
			     "'kvmhost confirm' has passed it",
			     work->release, work->pinned);
}

void kh_kernel_note_state(const struct kh_kernel_work *work, struct kh_plan *plan)
{
	switch (work->state) {
	case KH_TRIAL_NONE:
	case KH_TRIAL_OFFERED:
	case KH_TRIAL_ARMED:
		note_new(work, plan);
		return;
	case KH_TRIAL_BOOTED:
		kh_plan_note(plan, KH_NOTE_INFO,
			     "kernel '%s' is on trial and not proved yet: 'kvmhost confirm' does "
			     "that; '%s' stays the default",
			     work->release, work->pinned);
		return;
	case KH_TRIAL_PROVED:
		return;
	case KH_TRIAL_FAILED:
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"kernel '%s' failed its trial and is not tried again ('kvmhost confirm "
			"--retry' does): %s",
			work->release, work->trial.reason ? work->trial.reason : "?");
		return;
	}
}
