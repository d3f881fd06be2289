/* build_log.h - where the output of a build goes.
 *
 * /var/log/kvmhost/build/PROGRAM-TIME.log on the running host as root, STORE/log/ otherwise. The
 * last few of each program are kept.
 */
#ifndef KH_PLATFORM_BUILD_LOG_H
#define KH_PLATFORM_BUILD_LOG_H

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/config.h"

enum { KH_BUILD_LOGS_KEPT = 5 };

/* The host path of a new log. Owned. */
char *kh_build_log_path(const struct kh_root *root, const struct kh_config *config,
			const char *program);
/* Remove all but the newest logs of the program in the directory of log_path. What cannot be
 * removed stays. */
void kh_build_log_prune(const char *log_path, const char *program);

#endif
