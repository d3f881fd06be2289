/* thp.c - transparent huge pages: the running value and what sets it at boot.
 *
 * Two things set it at boot: the kernel argument transparent_hugepage= (the grub stage owns it)
 * and, on systemd hosts, our tmpfiles.d line, which also holds when a boot entry lost the argument.
 * Source: Documentation/admin-guide/mm/transhuge.rst.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/bootargs.h"
#include "core/sysctl.h"
#include "stages/memory.h"
#include "stages/stages.h"

static const char knob[] = "/sys/kernel/mm/transparent_hugepage/enabled";
static const char drop_in[] = "/etc/tmpfiles.d/kvmhost-thp.conf";
static const char tuned_knob[] = "transparent_hugepages";

static const char *mode_name(enum kh_thp mode)
{
	switch (mode) {
	case KH_THP_ALWAYS:
		return "always";
	case KH_THP_MADVISE:
		return "madvise";
	case KH_THP_NEVER:
		return "never";
	}
	return "";
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	const char *mode = mode_name(context->config->grub.transparent_hugepage);
	const struct kh_template_value values[] = {{"MODE", mode}, {NULL, NULL}};
	if (context->facts->os.has_systemd) {
		if (kh_memory_put(plan, drop_in, values, "transparent huge pages at every boot",
				  err) != 0)
			return -1;
		kh_memory_note_tmpfiles(plan, knob, drop_in, mode);
	} else {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "without systemd's tmpfiles.d the kernel argument "
			     "transparent_hugepage=%s alone decides at boot",
			     mode);
	}
	kh_memory_note_tuned(plan, tuned_knob);
	return kh_plan_set_value(plan, knob, mode, "transparent huge pages now", err);
}

static bool has_argument(const char *arguments, void *data)
{
	char **ret_value = data;
	*ret_value = kh_bootargs_value(arguments, "transparent_hugepage");
	return *ret_value != NULL;
}

/* Without a tmpfiles.d line the kernel's argument counts, in the boot loader's files or as given.
 */
static void look_at_arguments(const struct kh_context *context,
			      struct kh_memory_persisted *persisted)
{
	const char *cmdline = context->facts->boot.cmdline;
	persisted->where =
		kh_bootargs_find(context->root, context->facts, has_argument, &persisted->value);
	if (!persisted->where && cmdline && has_argument(cmdline, &persisted->value))
		persisted->where = kh_strdup("/proc/cmdline");
}

/* Without systemd only the kernel's argument is left. */
static const char *fix_of(const struct kh_facts *facts)
{
	if (facts->os.has_systemd)
		return "kvmhost apply thp";
	return facts->boot.loader == KH_LOADER_NONE
		       ? "give the kernel the argument transparent_hugepage= in its boot loader"
		       : "kvmhost apply grub, then reboot";
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	const struct kh_facts *facts = context->facts;
	const char *mode = mode_name(context->config->grub.transparent_hugepage);
	kh_auto(kh_memory_persisted_done) struct kh_memory_persisted persisted = {0};
	kh_memory_persisted_tmpfiles(context->root, knob, mode, drop_in, &persisted);
	bool is_argument = !persisted.value;
	if (is_argument)
		look_at_arguments(context, &persisted);
	const char *effective = facts->memory.thp_enabled;
	bool is_effective = effective && strcmp(effective, mode) == 0;
	kh_auto(kh_free) char *setter = kh_tuned_setter(context->root, tuned_knob);
	kh_auto(kh_free) char *by_tuned = setter ? kh_printf("set by %s", setter) : NULL;
	const char *no_knob = facts->os.is_booted && !effective
				      ? "this kernel has no transparent huge pages"
				      : NULL;
	kh_report_setting(
		report,
		&(struct kh_setting){
			.id = "thp.enabled",
			.wanted = mode,
			.effective = effective,
			.persisted = persisted.value,
			.where = persisted.where,
			.needs_reboot = is_argument || !context->root->is_live,
			.gap = is_effective    ? NULL
			       : by_tuned      ? by_tuned
			       : persisted.gap ? persisted.gap
					       : kh_memory_read_only(context->root, knob),
			.no_knob = no_knob,
			.why = "guest memory in huge pages costs fewer TLB misses; 'madvise' leaves "
			       "the choice to QEMU",
			.fix = persisted.gap ? "take that setting out" : fix_of(facts),
		});
	return 0;
}

static const char *const after[] = {"preflight", NULL};

const struct kh_stage kh_stage_thp = {
	.name = "thp",
	.summary = "transparent huge pages, now and at boot",
	.touches = "/etc/tmpfiles.d/kvmhost-thp.conf, /sys/kernel/mm/transparent_hugepage/enabled",
	.after = after,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = check,
};
