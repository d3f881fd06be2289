/* trial_plan.c - see trial_plan.h.
 *
 * Three things bring a boot that fails back to the old entry: the kernel's own panics (the words of
 * the one boot), `kvmhost confirm --unit`, which reboots when the proof fails, and, where userspace
 * comes up only as far as an emergency shell, the timer: it depends on nothing but systemd, so not
 * even on a program of ours.
 */
#include "stages/trial_plan.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "core/template.h"
#include "grub/menu.h"
#include "net/guard.h"

#define UNIT_DIR "/etc/systemd/system/"
static const char why_confirm[] =
	"after the trial boot it looks whether the host is what it is for";
static const char why_timer[] = "a trial boot in which that does not come to an end is rebooted";

/* Beside what `kvmhost confirm` waits itself: the network's own time to come up or not. */
enum { CONFIRM_WAIT_S = 120, BOOT_S = 660 };

static const struct {
	const char *name, *wants, *why; /* wants: the target that starts it, or NULL */
} units[] = {
	{"kvmhost-confirm.service", "multi-user.target.wants", why_confirm},
	{"kvmhost-trial.service", NULL, why_timer},
	{"kvmhost-trial.timer", "sysinit.target.wants", why_timer},
};

int kh_trial_plan_tool(const struct kh_context *context, const char *name, const char *package,
		       char **ret_path, struct kh_error *err)
{
	*ret_path = kh_root_which(context->root, name);
	if (!*ret_path && !context->root->is_live) /* it is only named there */
		*ret_path = kh_strdup(name);
	if (*ret_path)
		return 0;
	kh_fail(err, KH_HOST, 0, "program '%s' is missing", name);
	return kh_hint(err, "install %s", package);
}

/* ---- for one boot ---- */

static const char *package_of(const char *prefix)
{
	return strcmp(prefix, "grub") == 0 ? "grub2-common" : "grub2-tools-minimal";
}

int kh_trial_plan_once(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
		       const char *id, const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *next = kh_menu_variable(context->root, "next_entry");
	kh_auto(kh_free) char *reboot_name = kh_printf("%s-reboot", prefix);
	kh_auto(kh_free) char *editenv_name = kh_printf("%s-editenv", prefix);
	kh_auto(kh_free) char *reboot = NULL;
	kh_auto(kh_free) char *editenv = NULL;
	if (next && strcmp(next, id) == 0)
		return 0;
	if (kh_trial_plan_tool(context, reboot_name, package_of(prefix), &reboot, err) != 0 ||
	    kh_trial_plan_tool(context, editenv_name, package_of(prefix), &editenv, err) != 0)
		return -1;
	const char *const argv[] = {reboot, id, NULL};
	const char *const undo[] = {editenv, "-", "unset", "next_entry", NULL};
	const struct kh_plan_command command = {
		.argv = argv, .undo_argv = undo, .why = why, .is_required = true};
	return kh_plan_run(plan, &command, err);
}

int kh_trial_plan_not_once(const struct kh_context *context, struct kh_plan *plan,
			   const char *prefix, const char *id, struct kh_error *err)
{
	kh_auto(kh_free) char *next = kh_menu_variable(context->root, "next_entry");
	kh_auto(kh_free) char *name = kh_printf("%s-editenv", prefix);
	kh_auto(kh_free) char *editenv = NULL;
	if (!context->root->is_live || !next || !kh_str_ends(next, id))
		return 0;
	if (kh_trial_plan_tool(context, name, package_of(prefix), &editenv, err) != 0)
		return -1;
	const char *const argv[] = {editenv, "-", "unset", "next_entry", NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "the entry it chose is gone",
		.why = "the next boot is to try an entry that is not wanted any more",
		.is_required = true};
	return kh_plan_run(plan, &command, err);
}

/* ---- units ---- */

static int plan_unit(const struct kh_context *context, struct kh_plan *plan, size_t at,
		     const char *program, struct kh_error *err)
{
	long long deadline_s = BOOT_S + CONFIRM_WAIT_S + context->config->bridge.confirm_timeout_s;
	kh_auto(kh_free) char *deadline = kh_printf("%lld", deadline_s);
	kh_auto(kh_free) char *path = kh_printf(UNIT_DIR "%s", units[at].name);
	kh_auto(kh_free) char *source = kh_printf("%s.in", path + 1);
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {
		{"PROGRAM", program}, {"DEADLINE", deadline}, {NULL, NULL}};
	if (kh_template_fill(plan->root, source, values, &text, err) != 0 ||
	    kh_plan_put_file(plan, path, text, 0644, units[at].why, err) != 0)
		return -1;
	if (!units[at].wants)
		return 0;
	kh_auto(kh_free) char *link = kh_printf(UNIT_DIR "%s/%s", units[at].wants, units[at].name);
	return kh_plan_link(plan, link, path, units[at].why, err);
}

int kh_trial_plan_units(const struct kh_context *context, struct kh_plan *plan,
			struct kh_error *err)
{
	const char *program = NULL;
	if (!context->facts->os.has_systemd) {
		kh_plan_note(plan, KH_NOTE_LEFT,
			     "left to do: run 'kvmhost confirm' after the boot: there is no "
			     "systemd to do it");
		return 0;
	}
	if (kh_plan_is_claimed(plan, UNIT_DIR "kvmhost-confirm.service"))
		return 0;
	if (kh_guard_plan_program(plan, "it confirms what is on trial after the boot", &program,
				  err) != 0)
		return -1;
	for (size_t i = 0; i < KH_COUNT(units); i++)
		if (plan_unit(context, plan, i, program, err) != 0)
			return -1;
	return 0;
}

/* ---- the record ---- */

void kh_trial_plan_remember(const struct kh_context *context, struct kh_trial *record)
{
	static const char *const sockets[] = {"/run/libvirt/libvirt-sock",
					      "/run/libvirt/virtqemud-sock"};
	record->boot_id = context->facts->os.boot_id;
	record->had_route = context->facts->net.default_link != NULL;
	record->had_kvm = kh_root_exists(context->root, "/dev/kvm");
	for (size_t i = 0; i < KH_COUNT(sockets); i++)
		record->had_libvirt =
			record->had_libvirt || kh_probe_is_listening(context->root, sockets[i]);
}
