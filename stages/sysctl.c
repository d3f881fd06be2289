/* sysctl.c - the stage `sysctl`: kernel settings as a drop-in file and as running values.
 *
 * Ours is 90-kvmhost.conf: after the distribution's files, before the administrator's 99-*.conf,
 * which keep the last word; whoever overrides us is named. Keys that this kernel no longer has are
 * explained and left out, keys that only come with a module are written (udev sets them when it
 * comes).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "core/sysctl.h"
#include "core/template.h"
#include "stages/stages.h"

static const char *const sysctl_path = "/etc/sysctl.d/90-kvmhost.conf";
static const char *const why_setting = "set in the section sysctl of the configuration";

/* ---- what is known about keys ---- */

static const struct {
	const char *name, *why;
} reasons[] = {
	{"vm.swappiness", "guests' memory stays in RAM as long as possible"},
	{"net.ipv4.conf.all.arp_filter", "each interface answers ARP only for its own addresses"},
	{"net.ipv4.conf.default.arp_filter",
	 "each interface answers ARP only for its own addresses"},
	{"vm.overcommit_memory", "how much memory guests may be promised"},
	{"vm.max_map_count", "guests with many disks and devices need many mappings"},
	{"net.ipv4.ip_forward", "guests behind the host's own networks reach the outside"},
};

static const char *reason_for(const char *name)
{
	for (size_t i = 0; i < KH_COUNT(reasons); i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].why;
	return why_setting;
}

/* Moved to /sys/kernel/debug/sched in 5.13. Source: kernel/sched/debug.c; tuned's
 * plugin_scheduler.py keeps the same list. */
static const char *const moved_to_debugfs[] = {
	"kernel.sched_latency_ns",
	"kernel.sched_migration_cost_ns",
	"kernel.sched_min_granularity_ns",
	"kernel.sched_wakeup_granularity_ns",
	"kernel.sched_nr_migrate",
	"kernel.sched_tunable_scaling",
	"kernel.numa_balancing_scan_delay_ms",
	"kernel.numa_balancing_scan_period_max_ms",
	"kernel.numa_balancing_scan_period_min_ms",
	"kernel.numa_balancing_scan_size_mb",
};

static bool is_moved(const char *name)
{
	for (size_t i = 0; i < KH_COUNT(moved_to_debugfs); i++)
		if (strcmp(moved_to_debugfs[i], name) == 0)
			return true;
	return false;
}

enum { RELEASE_MOVED = 5013 }; /* 5.13 */

/* Why the kernel has no such key. needs_module: it may still come. */
static const char *explain_missing(const struct kh_context *context, const char *name,
				   bool *ret_may_come)
{
	const char *release = context->facts->os.kernel_release;
	*ret_may_come = true;
	if (kh_str_starts(name, "net.bridge."))
		return "it exists only while module 'br_netfilter' is loaded, which passes bridged "
		       "frames to the host's firewall; add the module to modules.load if that is "
		       "wanted";
	if (kh_str_starts(name, "net.netfilter."))
		return "it exists only while module 'nf_conntrack' is loaded";
	if (is_moved(name) && release && kh_facts_release_number(release) >= RELEASE_MOVED) {
		*ret_may_come = false;
		return "Linux 5.13 moved it to /sys/kernel/debug/sched, where no sysctl file "
		       "reaches it";
	}
	return "this kernel has no such knob";
}

/* ---- plan ---- */

static bool is_known_missing(const struct kh_context *context, const char *name)
{
	kh_auto(kh_free) char *path = kh_sysctl_path(name);
	return context->facts->os.is_booted && !kh_root_exists(context->root, path);
}

/* Is the setting worth a line in the file? */
static bool is_written(const struct kh_context *context, const char *name)
{
	bool may_come = true;
	if (is_known_missing(context, name))
		explain_missing(context, name, &may_come);
	return may_come;
}

static char *settings_text(const struct kh_context *context)
{
	struct kh_str text = {0};
	const struct kh_config *config = context->config;
	for (size_t i = 0; i < config->sysctl_count; i++) {
		const struct kh_config_sysctl *one = &config->sysctl[i];
		if (!is_written(context, one->name))
			continue;
		kh_str_addf(&text, "%s# %s\n%s = %s", text.length ? "\n\n" : "",
			    reason_for(one->name), one->name, one->value);
	}
	return kh_str_take(&text);
}

static int check_name(const struct kh_context *context, const struct kh_config_sysctl *one,
		      struct kh_error *err)
{
	kh_auto(kh_free) char *key = kh_printf("sysctl.%s", one->name);
	if (kh_sysctl_is_name(one->name) && !strchr(one->value, '\n'))
		return 0;
	return kh_fail(err, KH_CONFIG, 0, "%s: '%s' is not a sysctl",
		       kh_config_where(context->config, key), one->name);
}

static void note_overrides(const struct kh_context *context, const struct kh_config_sysctl *one,
			   const char *text, struct kh_plan *plan)
{
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting legacy = {0};
	kh_sysctl_winner_after(context->root, one->name, sysctl_path, text, &winner);
	if (winner.path && strcmp(winner.path, sysctl_path) != 0 &&
	    !kh_sysctl_equal(winner.value, one->value))
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s = %s is overridden at boot by %s:%d, which says %s", one->name,
			     one->value, winner.path, winner.line, winner.value);
	kh_auto(kh_free) char *tuned = kh_tuned_setter(context->root, one->name);
	if (tuned)
		kh_plan_note(plan, KH_NOTE_WARNING, "%s is also set by the active %s", one->name,
			     tuned);
	if (kh_sysctl_conf_is_read(context->root))
		return;
	kh_auto(kh_free) char *conf = kh_root_text(context->root, "/etc/sysctl.conf");
	kh_sysctl_find(conf ? conf : "", "/etc/sysctl.conf", one->name, &legacy);
	if (legacy.path)
		kh_plan_note(plan, KH_NOTE_INFO,
			     "/etc/sysctl.conf:%d also sets %s, but nothing reads that file at "
			     "boot here",
			     legacy.line, one->name);
}

/* Several numbers are read back with tabs between them: ask for them in that form. Owned. */
static char *as_printed(const char *value, const char *now)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	if (!now || !strchr(now, '\t'))
		return kh_strdup(value);
	kh_strv_split(&words, value, " \t\n");
	return kh_strv_join(&words, "\t");
}

static int plan_running(const struct kh_context *context, const struct kh_config_sysctl *one,
			struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_sysctl_path(one->name);
	kh_auto(kh_free) char *now = kh_root_line(context->root, path);
	bool may_come = true;
	if (is_known_missing(context, one->name)) {
		const char *why = explain_missing(context, one->name, &may_come);
		kh_plan_note(plan, KH_NOTE_INFO, "%s = %s %s: %s", one->name, one->value,
			     may_come ? "is only written to the file" : "is left out", why);
		return 0;
	}
	if (now && kh_sysctl_equal(now, one->value))
		return 0;
	kh_auto(kh_free) char *value = as_printed(one->value, now);
	return kh_plan_set_value(plan, path, value, reason_for(one->name), err);
}

static bool is_ours(const struct kh_context *context)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, sysctl_path);
	return text && strstr(text, "kvmhost");
}

static int plan_file(const struct kh_context *context, const char *settings, struct kh_plan *plan,
		     struct kh_error *err)
{
	if (!*settings)
		return is_ours(context)
			       ? kh_plan_remove_file(plan, sysctl_path,
						     "no sysctl is configured any more", err)
			       : 0;
	kh_auto(kh_free) char *text = NULL;
	const struct kh_template_value values[] = {{"SETTINGS", settings}, {NULL, NULL}};
	if (kh_template_fill(context->root, "etc/sysctl.d/90-kvmhost.conf.in", values, &text, err))
		return -1;
	return kh_plan_put_file(plan, sysctl_path, text, 0644,
				"the configured sysctls are set at every boot", err);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_config *config = context->config;
	for (size_t i = 0; i < config->sysctl_count; i++)
		if (check_name(context, &config->sysctl[i], err) != 0)
			return -1;
	kh_auto(kh_free) char *settings = settings_text(context);
	if (plan_file(context, settings, plan, err) != 0)
		return -1;
	for (size_t i = 0; i < config->sysctl_count; i++) {
		note_overrides(context, &config->sysctl[i], settings, plan);
		if (plan_running(context, &config->sysctl[i], plan, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- check ---- */

/* Why the value is not ours although our file says so, or will. Owned, or NULL. */
static char *gap_of(const struct kh_context *context, const struct kh_config_sysctl *one,
		    bool is_effective)
{
	kh_auto(kh_free) char *ours = kh_printf("%s = %s", one->name, one->value);
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	kh_sysctl_winner_after(context->root, one->name, sysctl_path, ours, &winner);
	if (winner.path && !kh_sysctl_equal(winner.value, one->value))
		return kh_printf("overridden by %s:%d", winner.path, winner.line);
	kh_auto(kh_free) char *tuned = kh_tuned_setter(context->root, one->name);
	if (tuned && !is_effective)
		return kh_printf("overridden by the active %s", tuned);
	kh_auto(kh_free) char *path = kh_sysctl_path(one->name);
	if (context->root->is_live && !is_effective && kh_probe_is_read_only(context->root, path))
		return kh_strdup("/proc/sys is mounted read-only here");
	return NULL;
}

/* Our text for a value that means the same. */
static const char *in_our_form(const char *value, const struct kh_config_sysctl *one)
{
	return value && kh_sysctl_equal(value, one->value) ? one->value : value;
}

static void check_one(const struct kh_context *context, const struct kh_config_sysctl *one,
		      struct kh_report *report)
{
	kh_auto(kh_free) char *id = kh_printf("sysctl.%s", one->name);
	kh_auto(kh_free) char *path = kh_sysctl_path(one->name);
	kh_auto(kh_free) char *now = kh_root_line(context->root, path);
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	kh_sysctl_winner(context->root, one->name, &winner);
	bool may_come = true, is_missing = is_known_missing(context, one->name);
	const char *effective = in_our_form(now, one);
	kh_auto(kh_free) char *where =
		winner.path ? kh_printf("%s:%d", winner.path, winner.line) : NULL;
	kh_auto(kh_free) char *gap = gap_of(context, one, effective == one->value);
	bool is_live = context->root->is_live;
	bool is_kept = winner.value && kh_sysctl_equal(winner.value, one->value);
	const struct kh_setting setting = {
		.id = id,
		.wanted = one->value,
		.effective = effective,
		.persisted = in_our_form(winner.value, one),
		.where = where,
		/* another root: what the file says comes with the boot */
		.needs_reboot = !is_live,
		.gap = gap,
		.no_knob = is_missing ? explain_missing(context, one->name, &may_come) : NULL,
		.why = reason_for(one->name),
		.fix = gap ? "take the other setting out, then: kvmhost apply sysctl"
		       : is_kept && !is_live ? "reboot"
					     : "kvmhost apply sysctl",
	};
	kh_report_setting(report, &setting);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	for (size_t i = 0; i < context->config->sysctl_count; i++)
		check_one(context, &context->config->sysctl[i], report);
	return 0;
}

const struct kh_stage kh_stage_sysctl = {
	.name = "sysctl",
	.summary = "kernel settings (sysctl): running values and a file for the boot",
	.touches = "/etc/sysctl.d/90-kvmhost.conf, /proc/sys",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = check,
};
