/* kernel_grub.c - stage kernel with a menu that update-grub makes (Debian, Ubuntu).
 *
 * The default is pinned by a drop-in that is sourced last and names the entry of one kernel by its
 * ids: GRUB_DEFAULT=0 and the first entry's id mean whatever is newest. The trial's entry is a
 * script of /etc/grub.d, after the fallback. Both are in the menu before the kernel is installed.
 * Source: grub-mkconfig and 10_linux of Debian 11-13; linux-image's postinst, which runs the hooks
 * in /etc/kernel; info grub, "Simple configuration" (GRUB_DEFAULT).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "grub/default_file.h"
#include "grub/grub_cfg.h"
#include "grub/trial_entry.h"
#include "stages/grub.h"
#include "stages/kernel.h"

static const char dropin_dir[] = "/etc/default/grub.d";
static const char pin_name[] = "zz-kvmhost-default.cfg";
static const char pin_path[] = "/etc/default/grub.d/zz-kvmhost-default.cfg";
static const char script_path[] = "/etc/grub.d/46_kvmhost_trial";
static const char trigger_name[] = "regenerate the boot menu for the kernels";

/* ---- the default ---- */

static const struct kh_boot_entry *default_entry(const struct kh_kernel_work *work)
{
	return kh_trial_entry_lasting(&work->entries, kh_kernel_default(work));
}

static int refuse_no_entry(const struct kh_kernel_work *work, struct kh_error *err)
{
	const char *release = kh_kernel_default(work);
	kh_fail(err, KH_HOST, 0, "'%s' has no entry of its own for kernel '%s'",
		work->context->facts->boot.grub_cfg, release ? release : "?");
	return kh_hint(err, "it has to stay the default, and has to be named for that: "
			    "'update-grub' makes the menu anew");
}

/* A drop-in behind ours that chooses the default as well. */
static int refuse_later(const struct kh_root *root, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, dropin_dir, &names);
	for (size_t i = names.count; i > 0 && strcmp(names.items[i - 1], pin_name) > 0; i--) {
		int line = 0;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dropin_dir, names.items[i - 1]);
		kh_auto(kh_free) char *text =
			kh_str_ends(path, ".cfg") ? kh_root_text(root, path) : NULL;
		kh_auto(kh_free) char *value =
			text ? kh_default_file_value(text, "GRUB_DEFAULT", &line) : NULL;
		if (!value)
			continue;
		kh_fail(err, KH_HOST, 0, "%s:%d sets GRUB_DEFAULT after '%s'", path, line,
			pin_path);
		return kh_hint(err,
			       "take it out there: the running kernel could not be kept as the "
			       "default");
	}
	return 0;
}

static void note_saved(const struct kh_kernel_work *work, struct kh_plan *plan)
{
	kh_auto(kh_free) char *text = kh_root_text(work->context->root, "/etc/default/grub");
	kh_auto(kh_free) char *value =
		text ? kh_default_file_value(text, "GRUB_DEFAULT", NULL) : NULL;
	if (value && strcmp(value, "saved") == 0 && kh_plan_has(plan, pin_path))
		kh_plan_note(plan, KH_NOTE_INFO,
			     "GRUB_DEFAULT=saved is overridden by %s: grub-set-default has no "
			     "effect while kvmhost chooses the kernel",
			     pin_path);
}

static int plan_default(const struct kh_kernel_work *work, struct kh_plan *plan,
			struct kh_error *err)
{
	const struct kh_boot_entry *entry = default_entry(work);
	kh_auto(kh_free) char *text = NULL;
	if (!entry && !work->context->root->is_live)
		return 0;
	if (!entry || strpbrk(entry->path, "'\"$\\`"))
		return refuse_no_entry(work, err);
	if (refuse_later(work->context->root, err) != 0)
		return -1;
	const struct kh_template_value values[] = {{"ENTRY", entry->path}, {NULL, NULL}};
	if (kh_template_fill(plan->root, "etc/default/grub.d/zz-kvmhost-default.cfg.in", values,
			     &text, err) != 0)
		return -1;
	const char *why = work->state == KH_TRIAL_PROVED
				  ? "the kernel has proved itself and becomes the default"
				  : "the kernel that is known to work stays the default";
	if (kh_plan_put_file(plan, pin_path, text, 0, why, err) != 0)
		return -1;
	note_saved(work, plan);
	return 0;
}

/* ---- the trial's entry ---- */

static const struct kh_boot_entry *source_of(const struct kh_kernel_work *work)
{
	return kh_trial_entry_lasting(&work->entries, work->pinned);
}

static bool is_script_good(const struct kh_kernel_work *work, const char *script)
{
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(script, script_path, NULL, &entries);
	bool is_good =
		kh_kernel_is_entry_good(work, kh_trial_entry_find(&entries), source_of(work));
	kh_boot_entries_done(&entries);
	return is_good;
}

static int plan_entry(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	static const char why[] = "an entry that boots the kernel on trial";
	const struct kh_root *root = work->context->root;
	const struct kh_boot_entry *source = source_of(work);
	kh_auto(kh_free) char *now = kh_root_text(root, script_path);
	kh_auto(kh_free) char *cfg = kh_root_text(root, work->context->facts->boot.grub_cfg);
	if (!kh_kernel_wants_entry(work))
		return kh_plan_remove_file(plan, script_path, "no kernel is on trial", err);
	if (now && is_script_good(work, now))
		return kh_plan_put_file(plan, script_path, now, 0755, why, err);
	if (!source || !cfg)
		return work->context->root->is_live ? refuse_no_entry(work, err) : 0;
	kh_auto(kh_free) char *arguments = kh_kernel_arguments(work, source->arguments);
	kh_auto(kh_free) char *entry =
		kh_trial_entry_grub(cfg, source, KH_TRIAL_ID, work->release, arguments);
	kh_auto(kh_free) char *script = NULL;
	const struct kh_template_value values[] = {{"ENTRY", entry}, {NULL, NULL}};
	if (kh_template_fill(root, "etc/grub.d/46_kvmhost_trial.in", values, &script, err) != 0)
		return -1;
	return kh_plan_put_file(plan, script_path, script, 0755, why, err);
}

/* ---- the menu ---- */

/* What the menu has that it should not have, or the other way round; NULL: nothing. */
static const char *menu_fault(const struct kh_kernel_work *work)
{
	const struct kh_boot_entry *wanted = default_entry(work);
	const struct kh_boot_entry *now = kh_boot_entries_default(&work->entries);
	const struct kh_boot_entry *trial = kh_trial_entry_find(&work->entries);
	if (wanted && now != wanted)
		return "another entry is the default";
	if (!trial != !kh_kernel_wants_entry(work))
		return trial ? "a trial that is over is in the menu"
			     : "the trial is not in the menu";
	if (trial && !kh_kernel_is_entry_good(work, trial, source_of(work)))
		return "the menu has another trial";
	return NULL;
}

static int plan_pin(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (plan_default(work, plan, err) != 0 || plan_entry(work, plan, err) != 0)
		return -1;
	const char *fault = menu_fault(work);
	if (!fault && !kh_plan_has(plan, pin_path) && !kh_plan_has(plan, script_path))
		return 0;
	const char *const argv[] = {boot->mkconfig, NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "undo makes the menu again when all files are back",
		.why = fault ? fault : "the default is pinned before another kernel is installed",
		.is_required = true};
	return kh_plan_run(plan, &command, err);
}

static int plan_hooks(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	static const char install_dir[] = "/etc/kernel/postinst.d";
	kh_auto(kh_free) char *run_parts = NULL;
	kh_auto(kh_free) char *release = kh_printf("--arg=%s", work->release);
	kh_auto(kh_free) char *image = kh_printf("--arg=/boot/vmlinuz-%s", work->release);
	if (work->context->root->is_live && !kh_root_is_dir(work->context->root, install_dir)) {
		kh_fail(err, KH_HOST, 0, "'%s' is missing: nothing here makes an initramfs",
			install_dir);
		return kh_hint(err, "install initramfs-tools");
	}
	if (kh_kernel_tool(work, "run-parts", "debianutils", &run_parts, err) != 0)
		return -1;
	const char *const argv[] = {run_parts,   "--report", "--exit-on-error", release, image,
				    install_dir, NULL};
	const char *const undo[] = {run_parts, "--report", release, image, "/etc/kernel/postrm.d",
				    NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo,
		.why = "the distribution's hooks make the initramfs and list the kernel in the menu",
		.is_required = true,
		.needed_release = work->release};
	return kh_plan_run(plan, &command, err);
}

static int plan_once(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err)
{
	return kh_kernel_plan_once(work, plan, "grub", KH_TRIAL_ID, err);
}

/* No outputs: whatever undo finds, the menu has to be made from the files as they are then. */
static int plan_finish(const struct kh_kernel_work *work, struct kh_plan *plan,
		       struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	bool is_changed = kh_kernel_is_new(work) || kh_plan_has(plan, pin_path) ||
			  kh_plan_has(plan, script_path);
	if (!is_changed || !work->context->root->is_live)
		return 0;
	const char *const argv[] = {boot->mkconfig, NULL};
	const struct kh_plan_command command = {.argv = argv,
						.why = "the menu lists the kernels there are"};
	return kh_plan_trigger(plan, trigger_name, &command, err);
}

const struct kh_kernel_loader kh_kernel_loader_grub = {
	.pin = plan_pin,
	.run_hooks = plan_hooks,
	.choose_once = plan_once,
	.finish = plan_finish,
};
