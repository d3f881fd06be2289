/* kernel_arm.c - stage kernel: the choice for one boot, the record of the trial, who confirms it.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "grub/menu.h"
#include "net/guard.h"
#include "stages/kernel.h"

static const char unit_path[] = "/etc/systemd/system/kvmhost-confirm.service";
static const char unit_link[] =
	"/etc/systemd/system/multi-user.target.wants/kvmhost-confirm.service";
static const char unit_why[] = "after the trial boot it looks whether the host is what it is for";

int kh_kernel_tool(const struct kh_kernel_work *work, const char *name, const char *package,
		   char **ret_path, struct kh_error *err)
{
	*ret_path = kh_root_which(work->context->root, name);
	if (!*ret_path && !work->context->root->is_live) /* it is only named there */
		*ret_path = kh_strdup(name);
	if (*ret_path)
		return 0;
	kh_fail(err, KH_HOST, 0, "program '%s' is missing", name);
	return kh_hint(err, "install %s", package);
}

/* ---- for one boot ---- */

int kh_kernel_plan_once(const struct kh_kernel_work *work, struct kh_plan *plan, const char *prefix,
			const char *id, struct kh_error *err)
{
	const char *package = strcmp(prefix, "grub") == 0 ? "grub2-common" : "grub2-tools-minimal";
	kh_auto(kh_free) char *next = kh_menu_variable(work->context->root, "next_entry");
	kh_auto(kh_free) char *reboot_name = kh_printf("%s-reboot", prefix);
	kh_auto(kh_free) char *editenv_name = kh_printf("%s-editenv", prefix);
	kh_auto(kh_free) char *reboot = NULL;
	kh_auto(kh_free) char *editenv = NULL;
	if (next && strcmp(next, id) == 0)
		return 0;
	if (kh_kernel_tool(work, reboot_name, package, &reboot, err) != 0 ||
	    kh_kernel_tool(work, editenv_name, package, &editenv, err) != 0)
		return -1;
	const char *const argv[] = {reboot, id, NULL};
	const char *const undo[] = {editenv, "-", "unset", "next_entry", NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo,
		.why = "the next boot tries the chosen kernel, once",
		.is_required = true};
	return kh_plan_run(plan, &command, err);
}

/* ---- the record ---- */

static int plan_new_record(const struct kh_kernel_work *work, struct kh_plan *plan,
			   struct kh_error *err)
{
	const struct kh_facts *facts = work->context->facts;
	const struct kh_trial record = {.release = work->release,
					.key = work->key,
					.pinned = work->pinned,
					.boot_id = facts->os.boot_id,
					.attempt = work->trial.next_attempt,
					.is_offered = work->obstacle != NULL,
					.had_route = facts->net.default_link != NULL};
	kh_auto(kh_free) char *text = kh_trial_text(&record);
	return kh_plan_put_file(plan, kh_trial_path, text, 0644,
				"what is tried, and what to go back to", err);
}

static int plan_unit(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const char *program = NULL;
	if (!work->context->facts->os.has_systemd) {
		kh_plan_note(plan, KH_NOTE_LEFT,
			     "left to do: run 'kvmhost confirm' after the boot: there is no "
			     "systemd to do it");
		return 0;
	}
	if (kh_guard_plan_program(plan, "it confirms the kernel on trial after the boot", &program,
				  err) != 0)
		return -1;
	const struct kh_template_value values[] = {{"PROGRAM", program}, {NULL, NULL}};
	kh_auto(kh_free) char *text = NULL;
	if (kh_template_fill(plan->root, "etc/systemd/system/kvmhost-confirm.service.in", values,
			     &text, err) != 0 ||
	    kh_plan_put_file(plan, unit_path, text, 0644, unit_why, err) != 0)
		return -1;
	return kh_plan_link(plan, unit_link, unit_path, unit_why, err);
}

/* The unit before the record: cut off between the two, there is nothing to confirm yet. */
int kh_kernel_plan_record(const struct kh_kernel_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	if (!work->context->root->is_live)
		return 0;
	if (plan_unit(work, plan, err) != 0)
		return -1;
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
			"choice for one boot; choose '" KH_TRIAL_TITLE
			"' in the boot menu, and 'kvmhost confirm' then keeps it",
			work->release, work->obstacle);
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
