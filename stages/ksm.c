/* ksm.c - kernel samepage merging: what is wanted on this host, and the running values. The lines
 * for every boot are in ksm_boot.c, the report's part in ksm_check.c.
 *
 * The order of the values counts: merge_across_nodes can only change while nothing is merged, and
 * run comes last. Where the kernel's advisor is at work (6.8), pages_to_scan is its business.
 * Source: Documentation/admin-guide/mm/ksm.rst.
 */
#include "stages/ksm.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "stages/stages.h"

/* ---- what is wanted here ---- */

static void decide_merge(const struct kh_context *context, struct kh_ksm_wanted *wanted)
{
	size_t node_count = context->facts->memory.node_count;
	enum kh_tri merge = context->config->ksm.merge_across_nodes;
	if (merge != KH_AUTO)
		wanted->value = kh_strdup(merge == KH_ON ? "1" : "0");
	else if (node_count > 1)
		wanted->value = kh_strdup("0");
	else
		wanted->left_alone = node_count == 1 ? "there is one NUMA node"
						     : "no NUMA nodes are recorded here";
}

static void decide_values(const struct kh_context *context, struct kh_ksm_wanted *wanted)
{
	const struct kh_config_ksm *config = &context->config->ksm;
	const char *advisor = context->facts->memory.ksm.advisor_mode;
	wanted[KH_KSM_RUN].value = kh_strdup(config->run ? "1" : "0");
	if (!config->run) {
		for (int i = 0; i < KH_KSM_RUN; i++)
			wanted[i].left_alone = "KSM is off";
		return;
	}
	decide_merge(context, &wanted[KH_KSM_MERGE]);
	wanted[KH_KSM_SLEEP].value = kh_printf("%lld", config->sleep_millisecs);
	if (advisor && strcmp(advisor, "none") != 0)
		wanted[KH_KSM_PAGES].left_alone = "the kernel's advisor sets it";
	else
		wanted[KH_KSM_PAGES].value = kh_printf("%lld", config->pages_to_scan);
}

/* Why rc.local cannot carry our lines, or NULL. */
static char *rc_local_obstacle(const struct kh_context *context, const struct kh_rclocal_host *host)
{
	if (host->why_not)
		return kh_strdup(host->why_not);
	kh_auto(kh_free) char *text = kh_root_text(context->root, host->path);
	kh_auto(kh_free) char *copy = kh_strdup(text ? text : "");
	if (!*kh_str_trim(copy) || kh_rclocal_has_shell(text))
		return NULL;
	return kh_printf("%s does not begin with the line of a shell", host->path);
}

static void decide_way(const struct kh_context *context, struct kh_ksm *ksm)
{
	bool wants_tmpfiles = context->config->ksm.persist == KH_KSM_TMPFILES;
	bool has_systemd = context->facts->os.has_systemd;
	kh_rclocal_look(context->root, has_systemd, &ksm->host);
	kh_auto(kh_free) char *obstacle = rc_local_obstacle(context, &ksm->host);
	ksm->uses_tmpfiles = has_systemd && (wants_tmpfiles || obstacle);
	if (wants_tmpfiles && !has_systemd)
		ksm->note = kh_strdup("tmpfiles.d needs systemd: rc.local is used instead");
	else if (!wants_tmpfiles && obstacle && has_systemd)
		ksm->note = kh_printf("%s: tmpfiles.d is used instead of rc.local", obstacle);
	else if (obstacle && !has_systemd)
		ksm->note = kh_printf("%s: our lines may not be run", obstacle);
}

void kh_ksm_decide(const struct kh_context *context, struct kh_ksm *ret_ksm)
{
	struct kh_ksm ksm = {.wanted = {
				     [KH_KSM_MERGE] = {.name = "merge_across_nodes"},
				     [KH_KSM_PAGES] = {.name = "pages_to_scan"},
				     [KH_KSM_SLEEP] = {.name = "sleep_millisecs"},
				     [KH_KSM_RUN] = {.name = "run"},
			     }};
	decide_values(context, ksm.wanted);
	decide_way(context, &ksm);
	*ret_ksm = ksm;
}

void kh_ksm_done(struct kh_ksm *ksm)
{
	for (int i = 0; i < KH_KSM_KNOBS; i++)
		free(ksm->wanted[i].value);
	free(ksm->note);
	kh_rclocal_host_done(&ksm->host);
	*ksm = (struct kh_ksm){0};
}

char *kh_ksm_path(const struct kh_ksm_wanted *wanted)
{
	return kh_printf("/sys/kernel/mm/ksm/%s", wanted->name);
}

/* ---- now ---- */

/* Returns 1 when the value has to wait for a boot. */
static int waits_for_boot(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_ksm_wanted *wanted)
{
	const struct kh_facts_ksm *now = &context->facts->memory.ksm;
	if (strcmp(wanted->name, "merge_across_nodes") != 0 || !context->root->is_live)
		return 0;
	bool differs = now->merge_across_nodes >= 0 &&
		       now->merge_across_nodes != kh_str_number(wanted->value);
	if (!differs || now->pages_shared <= 0)
		return 0;
	kh_plan_note(plan, KH_NOTE_REBOOT,
		     "merge_across_nodes can change only while nothing is merged, and %lld pages "
		     "are; unmerging them now would cost memory at once",
		     now->pages_shared);
	return 1;
}

static int plan_values(const struct kh_context *context, const struct kh_ksm *ksm,
		       struct kh_plan *plan, struct kh_error *err)
{
	for (int i = 0; i < KH_KSM_KNOBS; i++) {
		const struct kh_ksm_wanted *wanted = &ksm->wanted[i];
		kh_auto(kh_free) char *path = kh_ksm_path(wanted);
		if (!wanted->value) {
			if (context->config->ksm.run)
				kh_plan_note(plan, KH_NOTE_INFO, "%s is left alone: %s",
					     wanted->name, wanted->left_alone);
			continue;
		}
		if (waits_for_boot(context, plan, wanted))
			continue;
		if (kh_plan_set_value(plan, path, wanted->value, "kernel samepage merging", err) !=
		    0)
			return -1;
	}
	return 0;
}

static int plan_now(const struct kh_context *context, const struct kh_ksm *ksm,
		    struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_facts_ksm *now = &context->facts->memory.ksm;
	if (context->facts->os.is_booted && !now->is_present) {
		kh_plan_note(plan, KH_NOTE_INFO, "this kernel has no KSM (CONFIG_KSM)");
		return 0;
	}
	if (context->config->ksm.run)
		return plan_values(context, ksm, plan, err);
	if (now->run != 1) /* 0, and 2 (stopped and unmerged), are both off */
		return 0;
	kh_plan_note(plan, KH_NOTE_INFO,
		     "pages merged so far stay merged: writing 2 to "
		     "/sys/kernel/mm/ksm/run unmerges them and takes their memory");
	return plan_values(context, ksm, plan, err);
}

/* ---- what goes badly with it ---- */

static void note_services(struct kh_plan *plan)
{
	static const char *const services[] = {"ksmtuned.service", "ksm.service"};
	for (size_t i = 0; i < KH_COUNT(services); i++) {
		kh_auto(kh_free) char *link =
			kh_printf("/etc/systemd/system/multi-user.target.wants/%s", services[i]);
		kh_auto(kh_free) char *target = kh_root_readlink(plan->root, link);
		if (target)
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "%s is enabled and sets KSM by itself: it will fight with "
				     "these settings; 'systemctl disable --now %s' ends that",
				     services[i], services[i]);
	}
}

static void note_conflicts(const struct kh_context *context, struct kh_plan *plan)
{
	const struct kh_facts_memory *memory = &context->facts->memory;
	long long swap_kib = memory->swap_total_kib > 0 ? memory->swap_total_kib : 0;
	note_services(plan);
	if (!context->config->ksm.run)
		return;
	kh_plan_note(
		plan, KH_NOTE_INFO,
		"merged pages are a side channel between guests: set ksm.run: false where they "
		"do not trust each other");
	if (context->config->grub.transparent_hugepage == KH_THP_ALWAYS)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "KSM splits huge pages that transparent_hugepage: always makes: they "
			     "work against each other; use madvise, or ksm.run: false");
	if (memory->total_kib > 0 && memory->committed_kib > memory->total_kib + swap_kib)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"more memory is promised than RAM and swap hold: when merged pages come "
			"apart again, processes are killed; add swap");
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_ksm_done) struct kh_ksm ksm = {0};
	kh_ksm_decide(context, &ksm);
	if (ksm.note && context->config->ksm.run)
		kh_plan_note(plan, KH_NOTE_INFO, "%s", ksm.note);
	if (kh_ksm_plan_boot(context, &ksm, plan, err) != 0 ||
	    plan_now(context, &ksm, plan, err) != 0)
		return -1;
	note_conflicts(context, plan);
	return 0;
}

static const char *const after[] = {"preflight", NULL};

const struct kh_stage kh_stage_ksm = {
	.name = "ksm",
	.summary = "kernel samepage merging, now and at every boot",
	.touches = "/etc/rc.local or /etc/tmpfiles.d/kvmhost-ksm.conf, /sys/kernel/mm/ksm/*",
	.after = after,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = kh_ksm_check,
};
