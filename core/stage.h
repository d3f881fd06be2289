/* stage.h - what a stage is: a pure function from configuration and facts to changes.
 *
 * A stage never changes anything and never prints: plan() adds changes to the plan (plan.h) and
 * check() adds checks to the report (report.h). Both read below context->root only. Idempotence
 * comes from the plan: a change whose wanted state is already there drops out. A stage that refuses
 * fails with KH_HOST and a hint; those that come after it by `after` are then skipped, the others
 * go on.
 */
#ifndef KH_STAGE_H
#define KH_STAGE_H

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/config.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/report.h"

struct kh_context {
	const struct kh_config *config;
	const struct kh_facts *facts;
	const struct kh_root *root;
	bool is_apply;       /* the plan is about to be carried out: set by the engine */
	bool is_build;       /* `kvmhost build`: only the store is filled */
	bool wants_rederive; /* --rederive: a kept base configuration is made anew */
};

/* What is known only after doing ends a phase: facts are collected again before the next. In the
 * phase BUILD a stage is asked by its build(), in all others by plan(). */
enum kh_phase {
	KH_PHASE_PREPARE,
	KH_PHASE_FETCH,
	KH_PHASE_BUILD,
	KH_PHASE_INSTALL,
	KH_PHASE_CONFIGURE,
};

struct kh_stage {
	const char *name;    /* "hugepages": configuration section, log tag, file name */
	const char *summary; /* one line, for `kvmhost stages` */
	const char *touches; /* what it may touch, for `kvmhost stages` */
	const char *const
		*after; /* NULL, or NULL-terminated names of stages that must come first */
	enum kh_phase phase;
	/* Each may be NULL. */
	/* What has to be built before its phase: kh_plan_make() only. */
	int (*build)(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err);
	int (*plan)(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err);
	int (*check)(const struct kh_context *context, struct kh_report *report,
		     struct kh_error *err);
};

extern const struct kh_stage *const kh_stages[]; /* in the order of work; NULL-terminated */
const struct kh_stage *kh_stage_find(const char *name);

#endif
