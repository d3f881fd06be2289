/* build_log.h - where the output of a build goes.
 *
 * /var/log/kvmhost/build/PROGRAM-TIME.log on the running host as root, STORE/log/ otherwise. The
 * last few of each program are kept, and no more than KH_BUILD_LOGS_BYTES of all together but for
 * the newest; one log ends at KH_BUILD_LOG_BYTES, with a line that says so. So nobody has to rotate
 * them.
 */
#ifndef KH_PLATFORM_BUILD_LOG_H
#define KH_PLATFORM_BUILD_LOG_H

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/config.h"

enum {
	KH_BUILD_LOGS_KEPT = 5,
	KH_BUILD_LOG_BYTES = 32 << 20,
	KH_BUILD_LOGS_BYTES = 96 << 20,
};

/* The host path of a new log. Owned. */
char *kh_build_log_path(const struct kh_root *root, const struct kh_config *config,
			const char *program);
/* Remove all but the newest logs of the program in the directory of log_path, and the oldest of all
 * programs that are too much; never that of log_path. What cannot be removed stays. */
void kh_build_log_prune(const char *log_path, const char *program);

#endif
