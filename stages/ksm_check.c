/* ksm_check.c - the ksm stage's part of the report. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "stages/ksm.h"

/* What rc.local sets, provided that it is run at boot. */
static void look_in_rc_local(const struct kh_context *context, const struct kh_ksm *ksm,
			     const char *path, struct kh_memory_persisted *persisted)
{
	const char *script = ksm->host.path;
	if (ksm->host.why_not || !kh_root_is_executable(context->root, script))
		return;
	int line = 0;
	kh_auto(kh_free) char *text = kh_root_text(context->root, script);
	persisted->value = text ? kh_rclocal_value(text, path, &line) : NULL;
	if (persisted->value)
		persisted->where = kh_printf("%s:%d", script, line);
}

/* rc.local runs after systemd-tmpfiles, so its word counts. Nobody's word: KSM is off at boot. */
static void look(const struct kh_context *context, const struct kh_ksm *ksm,
		 const struct kh_ksm_wanted *wanted, struct kh_memory_persisted *persisted)
{
	kh_auto(kh_free) char *path = kh_ksm_path(wanted);
	*persisted = (struct kh_memory_persisted){0};
	look_in_rc_local(context, ksm, path, persisted);
	if (!persisted->value && context->facts->os.has_systemd)
		kh_memory_persisted_tmpfiles(context->root, path, wanted->value, kh_ksm_drop_in,
					     persisted);
	if (!persisted->value && !context->config->ksm.run) {
		persisted->value = kh_strdup("0");
		persisted->where = kh_strdup("the kernel's default");
	}
	if (persisted->value && !persisted->gap && strcmp(persisted->value, wanted->value) != 0)
		persisted->gap = kh_printf("overridden by %s", persisted->where);
}

static void check_knob(const struct kh_context *context, const struct kh_ksm *ksm,
		       const struct kh_ksm_wanted *wanted, struct kh_report *report)
{
	const struct kh_facts *facts = context->facts;
	kh_auto(kh_free) char *id = kh_printf("ksm.%s", wanted->name);
	if (!wanted->value) {
		kh_report_add(report, id, KH_SKIP,
			      &(struct kh_check_text){.found = wanted->left_alone});
		return;
	}
	kh_auto(kh_memory_persisted_done) struct kh_memory_persisted persisted = {0};
	look(context, ksm, wanted, &persisted);
	kh_auto(kh_free) char *path = kh_ksm_path(wanted);
	kh_auto(kh_free) char *now = kh_root_line(context->root, path);
	bool is_off = !context->config->ksm.run && now && strcmp(now, "2") == 0;
	bool is_effective = now && (is_off || strcmp(now, wanted->value) == 0);
	bool is_merge = wanted == &ksm->wanted[KH_KSM_MERGE];
	bool is_stuck = is_merge && facts->memory.ksm.pages_shared > 0;
	bool has_no_knob = facts->os.is_booted && !now;
	kh_report_setting(
		report,
		&(struct kh_setting){
			.id = id,
			.wanted = wanted->value,
			.effective = is_effective ? wanted->value : now,
			.persisted = persisted.value,
			.where = persisted.where,
			.needs_reboot = !context->root->is_live || is_stuck,
			.gap = persisted.gap  ? persisted.gap
			       : is_effective ? NULL
					      : kh_memory_read_only(context->root, path),
			.no_knob = has_no_knob ? "this kernel has no such knob" : NULL,
			.why = "guests with the same pages share them; each merge costs CPU",
			.fix = persisted.gap ? "take that setting out" : "kvmhost apply ksm",
		});
}

static void check_saving(const struct kh_context *context, struct kh_report *report)
{
	const struct kh_facts_ksm *now = &context->facts->memory.ksm;
	if (!now->is_present || now->pages_sharing < 0) {
		kh_report_add(report, "ksm.saving", KH_SKIP,
			      &(struct kh_check_text){.found = "KSM's counters are not there"});
		return;
	}
	kh_auto(kh_str_done) struct kh_str found = {0};
	kh_str_addf(&found, "%lld pages (%lld MiB) saved", now->pages_sharing,
		    now->pages_sharing * 4 / 1024);
	if (now->general_profit >= 0)
		kh_str_addf(&found, ", profit %lld MiB", now->general_profit / (1024 * 1024));
	kh_report_add(report, "ksm.saving", KH_PASS,
		      &(struct kh_check_text){
			      .expected = KH_WORD("information"),
			      .found = kh_str_text(&found),
			      .why = "KSM is worth its CPU time only where it saves memory",
		      });
}

int kh_ksm_check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	kh_auto(kh_ksm_done) struct kh_ksm ksm = {0};
	kh_ksm_decide(context, &ksm);
	check_knob(context, &ksm, &ksm.wanted[KH_KSM_RUN], report);
	for (int i = 0; i < KH_KSM_RUN; i++)
		check_knob(context, &ksm, &ksm.wanted[i], report);
	check_saving(context, report);
	return 0;
}
