/* report_migration_cpu.c - see report_compare.h: processors that guests can or cannot move between.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"
#include "core/report_migration.h"

/* "intel (vh1), amd (vh2)" when hosts that say differ, otherwise NULL. */
static char *differing(const struct kh_migration *judging, const char *path)
{
	const char *first = NULL;
	bool differs = false;
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	for (size_t i = 0; i < judging->count; i++) {
		const char *value = kh_migration_text(judging, i, path);
		if (!value)
			continue;
		first = first ? first : value;
		differs = differs || strcmp(value, first) != 0;
		kh_strv_addf(&parts, "%s (%s)", value, judging->reports[i].label);
	}
	return differs ? kh_strv_join(&parts, ", ") : NULL;
}

static void judge_processors(struct kh_migration *judging)
{
	kh_auto(kh_free) char *machines = differing(judging, "facts.os.machine");
	kh_auto(kh_free) char *vendors = differing(judging, "facts.cpu.vendor");
	if (machines)
		kh_migration_add(
			judging, KH_WORD("blocker"), KH_WORD("architecture"),
			kh_printf("guests of one architecture do not run on another: %s", machines),
			"keep such hosts in pools of their own");
	if (vendors)
		kh_migration_add(
			judging, KH_WORD("blocker"), "processor vendor",
			kh_printf("running guests cannot move between Intel and AMD: %s", vendors),
			"keep such hosts in pools of their own, or shut guests down to move them");
}

/* ---- flags ---- */

/* What /proc/cpuinfo lists and no guest sees: the host's power management and monitoring, how the
 * kernel itself works, and what only a hypervisor uses. Source: arch/x86/include/asm/cpufeatures.h
 * (words 3, 7, 8, 11, 21: Linux-defined). */
static const char *const unseen[] = {
	"acpi",
	"aperfmperf",
	"arat",
	"art",
	"bts",
	"cat_l2",
	"cat_l3",
	"cdp_l2",
	"cdp_l3",
	"constant_tsc",
	"cpb",
	"cpuid",
	"cqm",
	"cqm_llc",
	"cqm_mbm_local",
	"cqm_mbm_total",
	"cqm_occup_llc",
	"dca",
	"decodeassists",
	"ds_cpl",
	"dtes64",
	"dtherm",
	"dts",
	"epb",
	"ept",
	"ept_ad",
	"est",
	"extapic",
	"flexpriority",
	"flushbyasid",
	"hw_pstate",
	"hwp",
	"hwp_act_window",
	"hwp_epp",
	"hwp_notify",
	"hwp_pkg_req",
	"ibs",
	"ida",
	"intel_ppin",
	"intel_pt",
	"invpcid_single",
	"lbrv",
	"mba",
	"monitor",
	"mwaitx",
	"nonstop_tsc",
	"nonstop_tsc_s3",
	"nopl",
	"npt",
	"nrip_save",
	"pausefilter",
	"pbe",
	"pebs",
	"pfthreshold",
	"pln",
	"pti",
	"pts",
	"rapl",
	"rdt_a",
	"rep_good",
	"ring3mwait",
	"sdbg",
	"skinit",
	"smca",
	"smx",
	"split_lock_detect",
	"svm_lock",
	"tm",
	"tm2",
	"tpr_shadow",
	"tsc_known_freq",
	"tsc_reliable",
	"tsc_scale",
	"v_vmsave_vmload",
	"vgif",
	"vmcb_clean",
	"vnmi",
	"vpid",
	"wdt",
	"xtopology",
	"xtpr",
};

static bool has_flag(const json_t *flags, const char *flag)
{
	size_t index;
	json_t *value;
	json_array_foreach(flags, index, value)
	{
		const char *text = json_string_value(value);
		if (text && strcmp(text, flag) == 0)
			return true;
	}
	return false;
}

/* Flags that guests of others may see and this host has not; each once. */
static void missing_flags(const struct kh_migration *judging, size_t host, struct kh_strv *missing,
			  bool *ret_from)
{
	const json_t *own = kh_migration_value(judging, host, "facts.cpu.flags");
	size_t index;
	json_t *value;
	const char *vendor = kh_migration_text(judging, host, "facts.cpu.vendor");
	for (size_t i = 0; json_array_size(own) > 0 && i < judging->count; i++) {
		const char *other = kh_migration_text(judging, i, "facts.cpu.vendor");
		if (vendor && other && strcmp(vendor, other) != 0)
			continue; /* that alone keeps guests from moving */
		json_array_foreach(kh_migration_value(judging, i, "facts.cpu.flags"), index, value)
		{
			const char *flag = json_string_value(value);
			if (!flag || has_flag(own, flag) ||
			    kh_str_is_one_of(flag, unseen, KH_COUNT(unseen)))
				continue;
			ret_from[i] = true;
			if (!kh_strv_has(missing, flag))
				kh_strv_add(missing, flag);
		}
	}
}

static void judge_flags(struct kh_migration *judging)
{
	for (size_t i = 0; i < judging->count; i++) {
		kh_auto(kh_strv_done) struct kh_strv missing = {0};
		kh_auto(kh_free) bool *from = kh_alloc(judging->count * sizeof(bool));
		missing_flags(judging, i, &missing, from);
		if (missing.count == 0)
			continue;
		kh_strv_sort(&missing);
		kh_auto(kh_free) char *flags = kh_strv_join(&missing, " ");
		kh_auto(kh_free) char *others = kh_migration_labels(judging, from);
		kh_migration_add(
			judging, KH_WORD("blocker"), "CPU flags",
			kh_printf("guests of %s that see one of these cannot move to %s: %s",
				  others, judging->reports[i].label, flags),
			"give guests a CPU model that all hosts have: 'virsh hypervisor-cpu-baseline' "
			"finds it; not host-passthrough");
	}
}

void kh_migration_judge_cpu(struct kh_migration *judging)
{
	judge_processors(judging);
	judge_flags(judging);
}
