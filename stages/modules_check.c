/* modules_check.c - what the report says about modules: each wanted one, their order, their
 * options. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/dropin.h"
#include "core/kvm_probe.h"
#include "stages/modules_want.h"

static const char *const why_module = "guests need it: virtio and vhost for I/O, kvm for the CPU";
static const char *const fix_apply = "kvmhost apply modules";

/* ---- where modules are listed for the boot ---- */

static const char *const load_dirs[] = {"/etc/modules-load.d",           "/run/modules-load.d",
					"/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d",
					"/lib/modules-load.d",           NULL};

/* The names in one line of a list: the whole line, or the words of our script's "for" line. */
static void line_names(const char *line, struct kh_strv *names)
{
	static const char *const loop = "for module in ";
	kh_auto(kh_free) char *copy = kh_strdup(line);
	char *text = kh_str_trim(copy);
	if (!kh_str_starts(text, loop)) {
		if (*text && !strpbrk(text, "#; \t"))
			kh_strv_add(names, text);
		return;
	}
	text[strcspn(text, ";")] = '\0';
	kh_strv_split(names, text + strlen(loop), " \t");
}

/* "PATH:LINE" of the line that names module, or NULL. Owned. */
static char *place_in(const struct kh_root *root, const char *path, const char *module)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		line_names(lines.items[i], &names);
		for (size_t k = 0; k < names.count; k++)
			if (kh_modules_same(names.items[k], module))
				return kh_printf("%s:%zu", path, i + 1);
	}
	return NULL;
}

static char *place_of(const struct kh_context *context, const char *module)
{
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_strv_add(&paths, kh_want_load_path(context));
	kh_dropin_list(context->root, load_dirs, ".conf", NULL, &paths);
	kh_strv_add(&paths, "/etc/modules");
	for (size_t i = 0; i < paths.count; i++) {
		char *place = place_in(context->root, paths.items[i], module);
		if (place)
			return place;
	}
	return NULL;
}

/* ---- one module ---- */

static void add_absent(const struct kh_want_module *module, const char *id,
		       struct kh_report *report)
{
	const struct kh_check_text text = {
		.expected = KH_WORD("loaded"),
		.found = module->reason,
		.why = why_module,
		.fix = module->is_required ? "install a kernel that has this module" : NULL,
	};
	kh_report_add(report, id, module->is_required ? KH_FAIL : KH_SKIP, &text);
}

static const char *effective_state(const struct kh_context *context,
				   const struct kh_want_module *module)
{
	if (module->state == KH_WANT_BUILTIN)
		return "built in";
	if (!context->facts->os.is_booted)
		return NULL;
	return module->state == KH_WANT_LOADED ? KH_WORD("loaded") : "not loaded";
}

/* Is this a vendor's module on a host whose /dev/kvm works, proven, without the vendor's flag? */
static bool works_without(const struct kh_context *context, const struct kh_want_module *module)
{
	if (!kh_modules_same(module->name, "kvm_intel") &&
	    !kh_modules_same(module->name, "kvm_amd"))
		return false;
	kh_auto(kh_kvm_probe_done) struct kh_kvm_probe kvm;
	kh_kvm_probe_run(context->root, &kvm);
	return kvm.can_create_vm;
}

/* Why nobody can say or do anything about this module here, or NULL. */
static const char *no_knob_reason(const struct kh_context *context,
				  const struct kh_want_module *module)
{
	bool is_container = context->root->is_live && context->facts->os.is_container;
	bool is_there = module->state == KH_WANT_LOADED || module->state == KH_WANT_BUILTIN;
	if (module->state == KH_WANT_BLOCKED && works_without(context, module))
		return "/dev/kvm creates virtual machines without it (paravirtualised)";
	if (module->state == KH_WANT_UNKNOWN)
		return "no modules of the running kernel are installed here";
	return is_container && !is_there ? "in a container, modules are the host's" : NULL;
}

static void check_module(const struct kh_context *context, const struct kh_want *want,
			 const struct kh_want_module *module, struct kh_report *report)
{
	kh_auto(kh_free) char *id = kh_printf("modules.%s", module->name);
	if (module->state == KH_WANT_ABSENT) {
		add_absent(module, id, report);
		return;
	}
	bool is_builtin = module->state == KH_WANT_BUILTIN;
	const char *wanted = is_builtin ? "built in" : KH_WORD("loaded");
	const char *running = context->facts->os.kernel_release;
	bool is_running = want->release && running && strcmp(want->release, running) == 0;
	kh_auto(kh_free) char *place = is_builtin ? NULL : place_of(context, module->name);
	bool waits = module->state == KH_WANT_LOADABLE && (!context->root->is_live || !is_running);
	const char *no_knob = no_knob_reason(context, module);
	const struct kh_setting setting = {
		.id = id,
		.wanted = wanted,
		.effective = no_knob ? NULL : effective_state(context, module),
		.persisted = is_builtin || place ? wanted : NULL,
		.where = place,
		.needs_reboot = waits,
		.gap = module->reason,
		.no_knob = no_knob,
		.why = why_module,
		.fix = module->reason   ? "remove the reason, then: kvmhost apply modules"
		       : place && waits ? "reboot"
					: fix_apply,
	};
	kh_report_setting(report, &setting);
}

/* ---- their order ---- */

/* The wanted ones among the names that the file lists, in its order. */
static void listed_in_order(const struct kh_context *context, const struct kh_want *want,
			    struct kh_strv *ret_names)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, kh_want_load_path(context));
	kh_auto(kh_strv_done) struct kh_strv lines = {0}, names = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		line_names(lines.items[i], &names);
	for (size_t i = 0; i < names.count; i++)
		for (size_t k = 0; k < want->module_count; k++)
			if (kh_modules_same(names.items[i], want->modules[k].name))
				kh_strv_add(ret_names, want->modules[k].name);
}

static void check_order(const struct kh_context *context, const struct kh_want *want,
			struct kh_report *report)
{
	kh_auto(kh_strv_done) struct kh_strv wanted = {0}, found = {0};
	for (size_t i = 0; i < want->module_count; i++)
		if (want->modules[i].state != KH_WANT_ABSENT)
			kh_strv_add(&wanted, want->modules[i].name);
	listed_in_order(context, want, &found);
	kh_auto(kh_free) char *expected = kh_strv_join(&wanted, " ");
	kh_auto(kh_free) char *is = kh_strv_join(&found, " ");
	bool is_same = strcmp(expected, is) == 0;
	kh_auto(kh_free) char *place = kh_printf(
		"%s (%s)", found.count > 0 ? is : KH_WORD("nothing"), kh_want_load_path(context));
	const struct kh_check_text text = {
		.expected = expected,
		.found = place,
		.why = "the boot loads them in the order of the list",
		.fix = is_same ? NULL : fix_apply,
	};
	kh_report_add(report, "modules.order",
		      wanted.count == 0 ? KH_SKIP
		      : is_same         ? KH_PASS
					: KH_WARN,
		      &text);
}

/* ---- options ---- */

/* "MODULE.NAME=VALUE" on the kernel's command line comes after all files. Owned value, or NULL. */
static char *boot_option(const struct kh_context *context, const struct kh_config_option *option)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	const char *cmdline = context->facts->boot.cmdline;
	kh_auto(kh_free) char *prefix = kh_printf("%s.%s=", option->module, option->name);
	char *value = NULL;
	kh_strv_split(&words, cmdline ? cmdline : "", " \t\n");
	for (size_t i = 0; i < words.count; i++) {
		if (!kh_str_starts(words.items[i], prefix))
			continue;
		free(value);
		value = kh_strdup(words.items[i] + strlen(prefix));
	}
	return value;
}

struct option_place {
	char *value; /* in the form of the wanted one where they mean the same */
	char *where;
};

static void option_place_done(struct option_place *place)
{
	kh_free(&place->value);
	kh_free(&place->where);
}

static void find_option(const struct kh_context *context, const struct kh_want *want,
			const struct kh_config_option *option, struct option_place *ret_place)
{
	*ret_place = (struct option_place){0};
	char *boot = boot_option(context, option);
	if (boot) {
		*ret_place = (struct option_place){boot, kh_strdup("the kernel's command line")};
		return;
	}
	const struct kh_modprobe_line *line = kh_modprobe_option(&want->modprobe, option->module,
								 option->name, &ret_place->value);
	if (line)
		ret_place->where = kh_printf("%s:%d", line->path, line->line);
}

/* Who decides otherwise even where our file says so: a file after it, or the command line. Owned,
 * or NULL. */
static char *find_override(const struct kh_context *context, const struct kh_config_option *option)
{
	kh_auto(kh_modprobe_done) struct kh_modprobe modprobe = {0};
	kh_auto(kh_free) char *ours =
		kh_printf("options %s %s=%s", option->module, option->name, option->value);
	kh_auto(kh_free) char *value = boot_option(context, option);
	if (value)
		return kh_want_same_value(value, option->value)
			       ? NULL
			       : kh_strdup("overridden by the kernel's command line");
	kh_modprobe_read(context->root, kh_want_modprobe_path, ours, &modprobe);
	const struct kh_modprobe_line *line =
		kh_modprobe_option(&modprobe, option->module, option->name, &value);
	if (!line || kh_want_same_value(value, option->value))
		return NULL;
	return kh_printf("overridden by %s:%d", line->path, line->line);
}

/* Our value where it means the same, so that "Y" is not reported as other than "1". */
static const char *in_our_form(const char *value, const struct kh_config_option *option)
{
	return value && kh_want_same_value(value, option->value) ? option->value : value;
}

static void check_option(const struct kh_context *context, const struct kh_want *want,
			 const struct kh_config_option *option, struct kh_report *report)
{
	kh_auto(kh_free) char *id = kh_printf("modules.option.%s.%s", option->module, option->name);
	kh_auto(kh_free) char *path = kh_want_parameter_path(option);
	kh_auto(kh_free) char *now = kh_root_line(context->root, path);
	kh_auto(kh_free) char *reason = NULL;
	kh_auto(option_place_done) struct option_place place = {0};
	find_option(context, want, option, &place);
	const char *persisted = in_our_form(place.value, option);
	bool is_kept = persisted && strcmp(persisted, option->value) == 0;
	if (kh_want_takes_option(context, want, option, &reason) && !now &&
	    !kh_modules_is_loaded(context->root, option->module))
		reason = kh_printf("module '%s' is not loaded", option->module);
	kh_auto(kh_free) char *gap = is_kept ? NULL : find_override(context, option);
	const struct kh_setting setting = {
		.id = id,
		.wanted = option->value,
		.effective = in_our_form(now, option),
		.persisted = persisted,
		.where = place.where,
		.needs_reboot = true,
		.gap = gap,
		.no_knob = reason,
		.why = "set in modules.options",
		.fix = is_kept ? "reboot, or unload the module while no guest runs" : fix_apply,
	};
	kh_report_setting(report, &setting);
}

int kh_modules_check(const struct kh_context *context, struct kh_report *report,
		     struct kh_error *err)
{
	const struct kh_config_modules *modules = &context->config->modules;
	kh_auto(kh_want_done) struct kh_want want = {0};
	if (kh_want_collect(context, &want, err) != 0)
		return -1;
	for (size_t i = 0; i < want.module_count; i++)
		check_module(context, &want, &want.modules[i], report);
	check_order(context, &want, report);
	for (size_t i = 0; i < modules->option_count; i++)
		check_option(context, &want, &modules->options[i], report);
	return 0;
}
