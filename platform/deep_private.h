/* deep_private.h - between the parts of the deep check. */
#ifndef KH_PLATFORM_DEEP_PRIVATE_H
#define KH_PLATFORM_DEEP_PRIVATE_H

#include "core/stage.h"

/* Write /var/lib/kvmhost/deep.json. */
int kh_deep_keep(const struct kh_context *context, bool is_good, const char *details,
		 struct kh_error *err);

#endif
