/* plan_private.h - what plan.c, plan_running.c and plan_install.c share. */
#ifndef KH_PLAN_PRIVATE_H
#define KH_PLAN_PRIVATE_H

#include "core/plan.h"

/* Who decides on this path? The first to ask does; anybody after that is a mistake of ours. */
int kh_plan_claim(struct kh_plan *plan, const char *path, struct kh_error *err);
struct kh_change *kh_plan_add(struct kh_plan *plan, enum kh_change_kind kind, const char *path,
			      const char *why);
bool kh_plan_has_change(const struct kh_plan *plan, enum kh_change_kind kind, const char *path);
/* Will this directory be there because of what is planned so far? */
bool kh_plan_makes_dir(const struct kh_plan *plan, const char *path);

#endif
