/* ksm.h - shared by ksm.c (plan), ksm_boot.c (at every boot) and ksm_check.c (report): the values
 * wanted on this host, and the way they get set at boot. */
#ifndef KH_STAGES_KSM_H
#define KH_STAGES_KSM_H

#include "core/rclocal.h"
#include "stages/memory.h"

enum kh_ksm_knob {
	KH_KSM_MERGE, /* in the order in which they are written */
	KH_KSM_PAGES,
	KH_KSM_SLEEP,
	KH_KSM_RUN,
	KH_KSM_KNOBS,
};

struct kh_ksm_wanted {
	const char *name;       /* file below /sys/kernel/mm/ksm */
	char *value;            /* NULL: left alone */
	const char *left_alone; /* why */
};

struct kh_ksm {
	struct kh_ksm_wanted wanted[KH_KSM_KNOBS];
	bool uses_tmpfiles;
	char *note; /* why not the way that was configured, or NULL */
	struct kh_rclocal_host host;
};

extern const char kh_ksm_drop_in[];

void kh_ksm_decide(const struct kh_context *context, struct kh_ksm *ret_ksm);
void kh_ksm_done(struct kh_ksm *ksm);
/* "/sys/kernel/mm/ksm/<name>", owned. */
char *kh_ksm_path(const struct kh_ksm_wanted *wanted);

/* Plan what sets the values at every boot; takes away what an earlier configuration needed. */
int kh_ksm_plan_boot(const struct kh_context *context, const struct kh_ksm *ksm,
		     struct kh_plan *plan, struct kh_error *err);
int kh_ksm_check(const struct kh_context *context, struct kh_report *report, struct kh_error *err);

#endif
