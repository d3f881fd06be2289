/* kernel_bls.c - stage kernel with Boot Loader Specification entries (CentOS Stream, Rocky, Alma,
 * Fedora).
 *
 * The default is saved_entry of the environment block, set by grub2-set-default to the id of one
 * kernel's entry, before kernel-install runs and again after it: its plugins may make the new
 * kernel the default (UPDATEDEFAULT of /etc/sysconfig/kernel). Source: kernel-install(8);
 * 20-grub.install of Fedora's grub2; info grub, "Invoking grub-set-default".
 */
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/bls_order.h"
#include "grub/grub_cfg.h"
#include "grub/menu.h"
#include "grub/trial_entry.h"
#include "stages/kernel.h"

static const char tools[] = "grub2-tools-minimal";

static const struct kh_boot_entry *entry_of(const struct kh_kernel_work *work, const char *release)
{
	return kh_trial_entry_lasting(&work->entries, release);
}

/* ---- the default ---- */

/* The menu has to follow saved_entry. */
static int refuse_fixed(const struct kh_kernel_work *work, const char *id, struct kh_error *err)
{
	const char *path = work->context->facts->boot.grub_cfg;
	kh_auto(kh_free) char *cfg = kh_root_text(work->context->root, path);
	kh_auto(kh_free) char *chosen = cfg ? kh_grub_cfg_default(cfg, id) : NULL;
	if (!chosen || strcmp(chosen, id) == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' has a fixed default '%s'", path, chosen);
	return kh_hint(err,
		       "set GRUB_DEFAULT=saved in /etc/default/grub and run 'grub2-mkconfig -o "
		       "%s': the default has to follow grub2-set-default",
		       path);
}

static int set_default(const struct kh_kernel_work *work, struct kh_plan *plan, const char *id,
		       bool is_again, struct kh_error *err)
{
	kh_auto(kh_free) char *saved = kh_menu_variable(work->context->root, "saved_entry");
	kh_auto(kh_free) char *set = NULL;
	kh_auto(kh_free) char *editenv = NULL;
	if (kh_kernel_tool(work, "grub2-set-default", tools, &set, err) != 0 ||
	    kh_kernel_tool(work, "grub2-editenv", tools, &editenv, err) != 0)
		return -1;
	const char *const argv[] = {set, id, NULL};
	const char *const back[] = {set, saved, NULL};
	const char *const unset[] = {editenv, "-", "unset", "saved_entry", NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = is_again ? NULL
			     : saved  ? back
				      : unset,
		.no_undo = is_again ? "the first one has it" : NULL,
		.why = is_again ? "the hooks may have made the new kernel the default"
		       : work->state == KH_TRIAL_PROVED
			       ? "the kernel has proved itself and becomes the default"
			       : "the kernel that is known to work stays the default",
		.is_required = true};
	return kh_plan_run(plan, &command, err);
}

static int plan_default(const struct kh_kernel_work *work, struct kh_plan *plan, bool is_again,
			struct kh_error *err)
{
	const char *release = kh_kernel_default(work);
	const struct kh_boot_entry *entry = entry_of(work, release);
	kh_auto(kh_free) char *saved = kh_menu_variable(work->context->root, "saved_entry");
	if (!entry && !work->context->root->is_live)
		return 0;
	if (!entry) {
		kh_fail(err, KH_HOST, 0, "no entry in '%s' is that of kernel '%s'", kh_bls_dir,
			release ? release : "?");
		return kh_hint(err, "it has to stay the default: 'kernel-install add' makes one");
	}
	if (refuse_fixed(work, entry->id, err) != 0)
		return -1;
	if (!is_again && saved && strcmp(saved, entry->id) == 0)
		return 0;
	return set_default(work, plan, entry->id, is_again, err);
}

/* ---- the trial's entry ---- */

static int remove_entry(const struct kh_kernel_work *work, struct kh_plan *plan,
			struct kh_error *err)
{
	const struct kh_boot_entry *now = kh_trial_entry_find(&work->entries);
	return now ? kh_plan_remove_file(plan, now->file, "no kernel is on trial", err) : 0;
}

static int plan_entry(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_boot_entry *source = entry_of(work, work->pinned);
	const struct kh_boot_entry *now = kh_trial_entry_find(&work->entries);
	if (!kh_kernel_wants_entry(work))
		return remove_entry(work, plan, err);
	if (kh_kernel_is_entry_good(work, now, source) || !source)
		return 0;
	kh_auto(kh_free) char *text = NULL;
	int found = kh_root_read(work->context->root, source->file, &text, NULL, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	kh_auto(kh_free) char *id = kh_bls_new_id(&work->entries, source, KH_TRIAL_ID);
	kh_auto(kh_free) char *path =
		now ? kh_strdup(now->file) : kh_printf("%s/%s.conf", kh_bls_dir, id);
	kh_auto(kh_free) char *arguments = kh_kernel_arguments(work, source->arguments);
	kh_auto(kh_free) char *entry = kh_trial_entry_bls(text, source, work->release, arguments);
	return kh_plan_put_file(plan, path, entry, 0644, "an entry that boots the kernel on trial",
				err);
}

static int plan_pin(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	return plan_default(work, plan, false, err) != 0 ? -1 : plan_entry(work, plan, err);
}

/* ---- the rest ---- */

static int plan_hooks(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *tool = NULL;
	kh_auto(kh_free) char *image = kh_printf("/boot/vmlinuz-%s", work->release);
	if (kh_kernel_tool(work, "kernel-install", "systemd-udev", &tool, err) != 0)
		return -1;
	const char *const argv[] = {tool, "add", work->release, image, NULL};
	const char *const undo[] = {tool, "remove", work->release, NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo,
		.why = "the distribution's hooks make the initramfs and the kernel's entry",
		.is_required = true,
		.needed_release = work->release};
	if (kh_plan_run(plan, &command, err) != 0)
		return -1;
	return plan_default(work, plan, true, err);
}

static int plan_once(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_boot_entry *now = kh_trial_entry_find(&work->entries);
	const struct kh_boot_entry *source = entry_of(work, work->pinned);
	if (!now && !source)
		return 0;
	kh_auto(kh_free) char *id =
		now ? kh_strdup(now->id) : kh_bls_new_id(&work->entries, source, KH_TRIAL_ID);
	return kh_kernel_plan_once(work, plan, "grub2", id, err);
}

static int plan_finish(const struct kh_kernel_work *work, struct kh_plan *plan,
		       struct kh_error *err)
{
	(void)work;
	(void)plan;
	(void)err;
	return 0;
}

const struct kh_kernel_loader kh_kernel_loader_bls = {
	.pin = plan_pin,
	.run_hooks = plan_hooks,
	.choose_once = plan_once,
	.finish = plan_finish,
};
