/* numa.c - automatic NUMA balancing: on by itself only where there is more than one node.
 *
 * Source: Documentation/admin-guide/sysctl/kernel.rst, numa_balancing (0 off, 1 on, 2 memory
 * tiering).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/sysctl.h"
#include "stages/memory.h"
#include "stages/stages.h"

static const char name[] = "kernel.numa_balancing";
static const char knob[] = "/proc/sys/kernel/numa_balancing";
static const char drop_in[] = "/etc/sysctl.d/90-kvmhost-numa.conf";

/* "1", "0", or NULL: leave it alone. ret_reason says why. */
static const char *wanted_value(const struct kh_context *context, const char **ret_reason)
{
	const struct kh_facts_memory *memory = &context->facts->memory;
	*ret_reason = NULL;
	if (context->config->numa.balancing != KH_AUTO)
		return context->config->numa.balancing == KH_ON ? "1" : "0";
	else if (memory->node_count == 0)
		*ret_reason = "no NUMA nodes are recorded here";
	else if (memory->node_count == 1)
		*ret_reason = "there is one NUMA node: nothing to balance";
	else if (memory->numa_balancing < 0)
		*ret_reason = "this kernel has no automatic NUMA balancing";
	else if (memory->numa_balancing > 1)
		*ret_reason = "it is set to memory tiering";
	else
		return "1";
	return NULL;
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	const char *reason = NULL;
	const char *value = wanted_value(context, &reason);
	if (!value) {
		kh_plan_note(plan, KH_NOTE_INFO, "%s is left alone: %s", name, reason);
		return kh_memory_put(plan, drop_in, NULL, reason, err);
	}
	const struct kh_template_value values[] = {{"VALUE", value}, {NULL, NULL}};
	const char *why = *value == '1' ? "memory follows the CPUs that use it"
					: "no scanning of guest memory for NUMA placement";
	if (kh_memory_put(plan, drop_in, values, why, err) != 0)
		return -1;
	kh_memory_note_sysctl(plan, name, drop_in, value);
	kh_memory_note_tuned(plan, name);
	return kh_plan_set_value(plan, knob, value, why, err);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	const char *reason = NULL;
	const char *value = wanted_value(context, &reason);
	if (!value) {
		kh_report_add(report, "numa.balancing", KH_SKIP,
			      &(struct kh_check_text){.found = reason});
		return 0;
	}
	kh_auto(kh_memory_persisted_done) struct kh_memory_persisted persisted = {0};
	kh_memory_persisted_sysctl(context->root, name, value, drop_in, &persisted);
	kh_auto(kh_free) char *effective = kh_root_line(context->root, knob);
	bool is_effective = effective && strcmp(effective, value) == 0;
	kh_auto(kh_free) char *setter = kh_tuned_setter(context->root, name);
	kh_auto(kh_free) char *by_tuned = setter ? kh_printf("set by %s", setter) : NULL;
	bool has_no_knob = context->facts->os.is_booted && !effective;
	kh_report_setting(
		report,
		&(struct kh_setting){
			.id = "numa.balancing",
			.wanted = value,
			.effective = effective,
			.persisted = persisted.value,
			.where = persisted.where,
			.needs_reboot = !context->root->is_live,
			.gap = is_effective    ? NULL
			       : by_tuned      ? by_tuned
			       : persisted.gap ? persisted.gap
					       : kh_memory_read_only(context->root, knob),
			.no_knob = has_no_knob ? "this kernel has no such knob" : NULL,
			.why = "guests without pinning run faster when their memory follows them",
			.fix = persisted.gap ? "take that setting out" : "kvmhost apply numa",
		});
	return 0;
}

static const char *const after[] = {"preflight", NULL};

const struct kh_stage kh_stage_numa = {
	.name = "numa",
	.summary = "automatic NUMA balancing",
	.touches = "/etc/sysctl.d/90-kvmhost-numa.conf, /proc/sys/kernel/numa_balancing",
	.after = after,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = check,
};
