/* lock.h - one kvmhost at a time per root.
 *
 * An advisory lock (flock) on /run/kvmhost.lock, or below another root on /var/lib/kvmhost/lock; it
 * holds the holder's pid and command, for the message the second one gets. Released with the
 * process.
 */
#ifndef KH_BASE_LOCK_H
#define KH_BASE_LOCK_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"

struct kh_lock {
	int fd;
};

#define KH_LOCK_INIT                                                                               \
	{                                                                                          \
		-1                                                                                 \
	}

/* Error KH_SYSTEM names the holder: "another kvmhost is at work: pid 1234, 'apply'". */
int kh_lock_take(const struct kh_root *root, const char *command, struct kh_lock *ret_lock,
		 struct kh_error *err);
/* Does another one hold it now? ret_holder: "pid 1234, 'apply'", owned. Takes and changes nothing.
 * false also where that cannot be seen (no rights). */
bool kh_lock_is_held(const struct kh_root *root, char **ret_holder);
void kh_lock_done(struct kh_lock *lock);

#endif
