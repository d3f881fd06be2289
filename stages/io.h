/* io.h - the parts of the stage `io`: schedulers of disks (io_sched.c), offloads of the NIC
 * (io_offload.c). Both give lines for one file of udev rules, plan running values, and check. */
#ifndef KH_STAGES_IO_H
#define KH_STAGES_IO_H

#include "core/stage.h"

extern const char *const kh_io_rules_path;
extern const char *const kh_io_modules_path;

/* ---- schedulers ---- */

/* The rules of all disk classes; those of absent disks too: one may be plugged in. */
void kh_io_sched_rules(const struct kh_context *context, struct kh_str *rules);
int kh_io_sched_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err);
/* The module of a scheduler that was asked for by name ("bfq"), or NULL: it is built in, or absent.
 */
const char *kh_io_sched_module(const struct kh_context *context);
void kh_io_sched_check(const struct kh_context *context, struct kh_report *report);

/* ---- offloads ---- */

/* Errors: KH_HOST when ethtool is not installed but an offload is configured. */
int kh_io_offload_rules(const struct kh_context *context, struct kh_plan *plan,
			struct kh_str *rules, struct kh_error *err);
int kh_io_offload_plan(const struct kh_context *context, struct kh_plan *plan,
		       struct kh_error *err);
void kh_io_offload_check(const struct kh_context *context, struct kh_report *report);

/* "PATH:LINE" of the first line of our rules that holds text, or NULL. Owned. */
char *kh_io_find_rule(const struct kh_context *context, const char *text);

#endif
