/* trial_plan.h - what the stages that try something once have in common: `kernel` a kernel, `grub`
 * arguments. See grub/trial.h.
 */
#ifndef KH_STAGES_TRIAL_PLAN_H
#define KH_STAGES_TRIAL_PLAN_H

#include "core/stage.h"
#include "grub/trial.h"

/* A program of the host, by its name: a path, or KH_HOST. */
int kh_trial_plan_tool(const struct kh_context *context, const char *name, const char *package,
		       char **ret_path, struct kh_error *err);
/* grub-reboot (prefix "grub") or grub2-reboot ("grub2") for the entry with this id, while it is not
 * chosen. */
int kh_trial_plan_once(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
		       const char *id, const char *why, struct kh_error *err);
/* The choice for one boot taken back, where it is an entry whose id ends with this. */
int kh_trial_plan_not_once(const struct kh_context *context, struct kh_plan *plan,
			   const char *prefix, const char *id, struct kh_error *err);
/* The unit that calls `kvmhost confirm`, and the timer that reboots a trial's boot in which that
 * never comes to an end; unless another stage has planned them. */
int kh_trial_plan_units(const struct kh_context *context, struct kh_plan *plan,
			struct kh_error *err);
/* Fill in what the host has and must have again: boot_id (borrowed), had_*. */
void kh_trial_plan_remember(const struct kh_context *context, struct kh_trial *record);

#endif
