/* io.c - the stage `io`: I/O schedulers of disks and, on request, offloads of the NIC.
 *
 * `elevator=` on the kernel's command line does nothing since Linux 5.0 (the stage grub writes it
 * for older kernels only), so that udev rules are what makes schedulers last.
 */
#include "stages/io.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "stages/stages.h"

const char *const kh_io_rules_path = "/etc/udev/rules.d/60-kvmhost-io.rules";
const char *const kh_io_modules_path = "/etc/modules-load.d/kvmhost-io.conf";

char *kh_io_find_rule(const struct kh_context *context, const char *text)
{
	kh_auto(kh_free) char *rules = kh_root_text(context->root, kh_io_rules_path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, rules ? rules : "");
	for (size_t i = 0; i < lines.count; i++)
		if (lines.items[i][0] != '#' && strstr(lines.items[i], text))
			return kh_printf("%s:%zu", kh_io_rules_path, i + 1);
	return NULL;
}

/* udev reads its rules again; without a running udevd (containers) there is nobody to tell. */
static int plan_reload(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *udevadm = kh_root_which(context->root, "udevadm");
	bool is_running = !context->root->is_live ||
			  kh_root_exists(context->root, "/run/udev/control") ||
			  kh_root_exists(context->root, "/dev/.udev");
	if (!kh_plan_has(plan, kh_io_rules_path) || !udevadm || !is_running)
		return 0;
	/* CentOS 6's udev knows only the long form */
	const char *how = context->facts->os.has_systemd ? "--reload" : "--reload-rules";
	const char *const argv[] = {udevadm, "control", how, NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = argv,
		.why = "udev reads its rules again",
	};
	return kh_plan_trigger(plan, "reload udev rules", &command, err);
}

static int plan_rules(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str rules = {0};
	kh_io_sched_rules(context, &rules);
	if (kh_io_offload_rules(context, plan, &rules, err) != 0)
		return -1;
	kh_auto(kh_free) char *lines = kh_str_take(&rules);
	lines[strlen(lines) - 1] = '\0'; /* the template has the last newline */
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {{"RULES", lines}, {NULL, NULL}};
	if (kh_template_fill(context->root, "etc/udev/rules.d/60-kvmhost-io.rules.in", values,
			     &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, kh_io_rules_path, text, 0644,
				"every disk gets its I/O scheduler when it appears", err);
}

static int remove_module_list(const struct kh_context *context, struct kh_plan *plan,
			      struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, kh_io_modules_path);
	if (!text || !strstr(text, "kvmhost"))
		return 0;
	return kh_plan_remove_file(plan, kh_io_modules_path,
				   "the configured I/O scheduler is no module", err);
}

/* A scheduler that is a module: loaded now and early at every boot. */
static int plan_module(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	static const char *const why = "the configured I/O scheduler is a module";
	const char *module = kh_io_sched_module(context);
	if (!module)
		return remove_module_list(context, plan, err);
	kh_auto(kh_free) char *text = kh_printf("# Written by kvmhost (stage io).\n%s\n", module);
	if (kh_plan_put_file(plan, kh_io_modules_path, text, 0644, why, err) != 0)
		return -1;
	return kh_plan_load_module(plan, module, why, err);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	if (plan_module(context, plan, err) != 0 || plan_rules(context, plan, err) != 0 ||
	    kh_io_sched_plan(context, plan, err) != 0 ||
	    kh_io_offload_plan(context, plan, err) != 0)
		return -1;
	return plan_reload(context, plan, err);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	kh_io_sched_check(context, report);
	kh_io_offload_check(context, report);
	return 0;
}

const struct kh_stage kh_stage_io = {
	.name = "io",
	.summary = "I/O schedulers per class of disk; NIC offloads on request",
	.touches = "/etc/udev/rules.d/60-kvmhost-io.rules, /etc/modules-load.d/kvmhost-io.conf, "
		   "/sys/block/*/queue/scheduler",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = check,
};
