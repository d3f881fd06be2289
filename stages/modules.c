/* modules.c - the stage `modules`: loaded now and at every boot, in the configured order.
 *
 * The order is ours, dependencies are libkmod's. Built-in counts as present and stays in the list
 * (the next kernel may have it as a module). What this kernel does not have is left out of the
 * list, since a name that cannot be loaded makes systemd-modules-load fail at every boot. A vendor
 * module that the CPU cannot use is not tried now, but listed: after a change in the firmware it
 * comes by itself.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "stages/modules_want.h"
#include "stages/stages.h"

static const char *const why_load = "virtio, vhost and kvm are there at every boot, in this order";
static const char *const why_options = "modules are loaded with the configured options";

/* ---- loading ---- */

static int refuse(const struct kh_want_module *module, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "module '%s' is required: %s", module->name, module->reason);
	return kh_hint(err, "install a kernel that has it, or take it out of modules.require");
}

static bool runs_release(const struct kh_context *context, const struct kh_want *want)
{
	const char *running = context->facts->os.kernel_release;
	return running && want->release && strcmp(running, want->release) == 0;
}

static bool waits_for_boot(const struct kh_context *context, const struct kh_want *want,
			   const struct kh_want_module *module)
{
	return context->root->is_live && !context->facts->os.is_container &&
	       module->state == KH_WANT_LOADABLE && !runs_release(context, want);
}

static void note_waiting(const struct kh_context *context, const struct kh_want *want,
			 struct kh_plan *plan)
{
	kh_auto(kh_strv_done) struct kh_strv waiting = {0};
	for (size_t i = 0; i < want->module_count; i++)
		if (waits_for_boot(context, want, &want->modules[i]))
			kh_strv_add(&waiting, want->modules[i].name);
	kh_auto(kh_free) char *names = kh_strv_join(&waiting, ", ");
	if (waiting.count > 0)
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "loaded at the next boot, since the running kernel's modules are not "
			     "installed: %s",
			     names);
}

static int plan_load(const struct kh_context *context, const struct kh_want *want,
		     const struct kh_want_module *module, struct kh_plan *plan,
		     struct kh_error *err)
{
	bool is_live = context->root->is_live;
	if (is_live && context->facts->os.is_container) {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "skipped: load module '%s': in a container, modules are the host's",
			     module->name);
		return 0;
	}
	if (waits_for_boot(context, want, module))
		return 0; /* said once for all: note_waiting */
	return kh_plan_load_module(plan, module->name, why_load, err);
}

static int plan_module(const struct kh_context *context, const struct kh_want *want,
		       const struct kh_want_module *module, struct kh_plan *plan,
		       struct kh_error *err)
{
	switch (module->state) {
	case KH_WANT_LOADED:
	case KH_WANT_BUILTIN:
	case KH_WANT_UNKNOWN:
		return 0;
	case KH_WANT_LOADABLE:
		return plan_load(context, want, module, plan, err);
	case KH_WANT_BLOCKED:
		kh_plan_note(plan, KH_NOTE_WARNING, "module '%s' is not loaded: %s", module->name,
			     module->reason);
		return 0;
	case KH_WANT_ABSENT:
		if (module->is_required)
			return refuse(module, err);
		kh_plan_note(plan, KH_NOTE_INFO, "skipped: module '%s': %s", module->name,
			     module->reason);
		return 0;
	}
	return 0;
}

static void note_general(const struct kh_want *want, struct kh_plan *plan)
{
	kh_auto(kh_strv_done) struct kh_strv built_in = {0};
	for (size_t i = 0; i < want->module_count; i++)
		if (want->modules[i].state == KH_WANT_BUILTIN)
			kh_strv_add(&built_in, want->modules[i].name);
	kh_auto(kh_free) char *names = kh_strv_join(&built_in, ", ");
	if (built_in.count > 0)
		kh_plan_note(plan, KH_NOTE_INFO, "built into the kernel, nothing to load: %s",
			     names);
	if (want->is_vendor_left)
		kh_plan_note(plan, KH_NOTE_LEFT,
			     "left to the boot: kvm_intel or kvm_amd (the CPU is not known here; "
			     "udev loads the one that fits)");
	if (!want->tree)
		kh_plan_note(plan, KH_NOTE_INFO,
			     "no kernel modules below '/lib/modules': whether the configured ones "
			     "exist is not checked");
}

/* ---- the file that loads them at boot ---- */

static bool is_ours(const struct kh_context *context, const char *path)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, path);
	return text && strstr(text, "kvmhost");
}

static int remove_ours(const struct kh_context *context, struct kh_plan *plan, const char *path,
		       struct kh_error *err)
{
	if (!is_ours(context, path))
		return 0;
	return kh_plan_remove_file(plan, path, "nothing is configured for it any more", err);
}

static int plan_list(const struct kh_context *context, const struct kh_want *want,
		     struct kh_plan *plan, struct kh_error *err)
{
	const char *path = kh_want_load_path(context);
	bool is_script = strcmp(path, kh_want_load_script) == 0;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < want->module_count; i++)
		if (want->modules[i].state != KH_WANT_ABSENT)
			kh_strv_add(&names, want->modules[i].name);
	if (names.count == 0)
		return remove_ours(context, plan, path, err);
	kh_auto(kh_free) char *joined = kh_strv_join(&names, is_script ? " " : "\n");
	kh_auto(kh_free) char *template = kh_printf("%s.in", path + 1);
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {{"MODULES", joined}, {NULL, NULL}};
	if (kh_template_fill(context->root, template, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, is_script ? 0755 : 0644, why_load, err);
}

/* ---- options ---- */

static int check_syntax(const struct kh_context *context, const struct kh_config_option *option,
			struct kh_error *err)
{
	kh_auto(kh_free) char *key = kh_printf("modules.options.%s", option->module);
	if (!strpbrk(option->module, "/ \t\n") && !strpbrk(option->name, "/= \t\n") &&
	    !strpbrk(option->value, " \t\n"))
		return 0;
	return kh_fail(err, KH_CONFIG, 0, "%s: '%s.%s': white space or '/' cannot be in an option",
		       kh_config_where(context->config, key), option->module, option->name);
}

static bool is_zero_copy(const char *module, const char *name)
{
	return kh_modules_same(module, "vhost_net") &&
	       kh_modules_same(name, "experimental_zcopytx");
}

/* The kernel's way of writing the value: "1" is "Y" where it prints booleans. */
static const char *as_printed(const char *value, const char *now)
{
	bool is_boolean = strcmp(now, "Y") == 0 || strcmp(now, "N") == 0;
	if (!is_boolean)
		return value;
	if (kh_want_same_value(value, "1"))
		return "Y";
	return kh_want_same_value(value, "0") ? "N" : value;
}

/* The value a loaded module runs with. */
static int plan_running(const struct kh_context *context, const struct kh_want *want,
			const struct kh_config_option *option, struct kh_plan *plan,
			struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_want_parameter_path(option);
	kh_auto(kh_free) char *now = kh_root_line(context->root, path);
	struct stat status;
	if (!now || kh_want_same_value(now, option->value))
		return 0;
	if (!context->root->is_live) {
		kh_plan_note(plan, KH_NOTE_LEFT,
			     "left to the boot: module '%s' with %s=%s (%s was recorded)",
			     option->module, option->name, option->value, now);
		return 0;
	}
	if (kh_root_stat(context->root, path, true, &status, err) != 0)
		return -1;
	if (status.st_mode & S_IWUSR)
		return kh_plan_set_value(plan, path, as_printed(option->value, now), why_options,
					 err);
	if (want->tree && kh_modules_look(want->tree, option->module) == KH_MODULE_BUILTIN)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"module '%s' is built into the kernel, where modprobe.d does not reach "
			"it: add '%s.%s=%s' to grub.extra",
			option->module, option->module, option->name, option->value);
	else
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "module '%s' was loaded with %s=%s: %s takes effect when it is loaded "
			     "again",
			     option->module, option->name, now, option->value);
	return 0;
}

/* Options of this stage as "options" lines; those the kernel does not know are noted instead. */
static int collect_options(const struct kh_context *context, const struct kh_want *want,
			   struct kh_plan *plan, struct kh_str *lines, struct kh_error *err)
{
	const struct kh_config_modules *modules = &context->config->modules;
	for (size_t i = 0; i < modules->option_count; i++) {
		const struct kh_config_option *option = &modules->options[i];
		kh_auto(kh_free) char *reason = NULL;
		if (check_syntax(context, option, err) != 0)
			return -1;
		if (!kh_want_takes_option(context, want, option, &reason)) {
			kh_plan_note(plan, KH_NOTE_WARNING, "option %s.%s=%s is not written: %s",
				     option->module, option->name, option->value, reason);
			continue;
		}
		if (is_zero_copy(option->module, option->name))
			kh_plan_note(
				plan, KH_NOTE_WARNING,
				"vhost_net.experimental_zcopytx is off since Linux 5.1 because "
				"it can stall and leak: leave it out");
		kh_str_addf(lines, "%soptions %s %s=%s", lines->length ? "\n" : "", option->module,
			    option->name, option->value);
		if (plan_running(context, want, option, plan, err) != 0)
			return -1;
	}
	return 0;
}

/* Lines of other files that decide a configured option, and stale ones. */
static void note_others(const struct kh_context *context, const char *text, struct kh_plan *plan)
{
	const struct kh_config_modules *modules = &context->config->modules;
	kh_auto(kh_modprobe_done) struct kh_modprobe modprobe = {0};
	kh_modprobe_read(context->root, kh_want_modprobe_path, text, &modprobe);
	for (size_t i = 0; i < modules->option_count; i++) {
		const struct kh_config_option *option = &modules->options[i];
		kh_auto(kh_free) char *value = NULL;
		const struct kh_modprobe_line *line =
			kh_modprobe_option(&modprobe, option->module, option->name, &value);
		if (line && !kh_want_same_value(value, option->value))
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "option %s.%s=%s is overridden by %s:%d, which says %s",
				     option->module, option->name, option->value, line->path,
				     line->line, value);
	}
	const struct kh_modprobe_line *stale =
		kh_modprobe_option(&modprobe, "vhost_net", "experimental_zcopytx", NULL);
	if (stale && strcmp(stale->path, kh_want_modprobe_path) != 0)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "stale: %s:%d sets vhost_net.experimental_zcopytx, which is off since "
			     "Linux 5.1 because it can stall and leak",
			     stale->path, stale->line);
}

static int plan_options(const struct kh_context *context, const struct kh_want *want,
			struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str lines = {0};
	if (collect_options(context, want, plan, &lines, err) != 0)
		return -1;
	note_others(context, kh_str_text(&lines), plan);
	if (lines.length == 0)
		return remove_ours(context, plan, kh_want_modprobe_path, err);
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {{"OPTIONS", kh_str_text(&lines)}, {NULL, NULL}};
	if (kh_template_fill(context->root, "etc/modprobe.d/kvmhost.conf.in", values, &text, err))
		return -1;
	return kh_plan_put_file(plan, kh_want_modprobe_path, text, 0644, why_options, err);
}

/* Options first: a module loaded by this run then has them. */
static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_want_done) struct kh_want want = {0};
	if (kh_want_collect(context, &want, err) != 0)
		return -1;
	note_general(&want, plan);
	if (plan_options(context, &want, plan, err) != 0 ||
	    plan_list(context, &want, plan, err) != 0)
		return -1;
	for (size_t i = 0; i < want.module_count; i++)
		if (plan_module(context, &want, &want.modules[i], plan, err) != 0)
			return -1;
	note_waiting(context, &want, plan);
	return 0;
}

const struct kh_stage kh_stage_modules = {
	.name = "modules",
	.summary = "kernel modules: loaded now and at every boot, with their options",
	.touches = "/etc/modules-load.d/kvmhost.conf (/etc/sysconfig/modules/kvmhost.modules where "
		   "there is no systemd), /etc/modprobe.d/kvmhost.conf, loaded modules",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = kh_modules_check,
};
