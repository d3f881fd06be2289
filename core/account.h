/* account.h - the account that unpacks and builds: never root.
 *
 * build.user names an account; `auto` is a number without a name, so that nothing has to be created
 * on the host and nothing is left behind. The number is kept as the owner of STORE/build, and so is
 * the same in every later run: what was built stays the builder's. It is taken from the range that
 * systemd gives to units with DynamicUser=, where no account, process or unit of this host uses it.
 *
 * Without root rights the caller's own account does it. Source trees (STORE/sources) and builds
 * (STORE/build) belong to this account.
 *
 * Source: systemd, "Users, Groups, UIDs and GIDs on systemd systems": 61184...65519 are dynamic
 * service users; /run/systemd/dynamic-uid/UID locks one that is in use.
 */
#ifndef KH_ACCOUNT_H
#define KH_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/config.h"

enum { KH_ACCOUNT_FIRST = 61184, KH_ACCOUNT_LAST = 65519 };

struct kh_account {
	uid_t uid; /* never 0 */
	gid_t gid;
	bool is_own; /* the caller's own account: nothing is to be switched */
};

/* Choose the account and make STORE/build (with its parents) as its directory. Safe to repeat.
 * Errors: KH_CONFIG with the position of build.user for an account that does not exist or is root;
 * KH_HOST for a store that others could exchange (kh_store_check_place); KH_SYSTEM. */
int kh_account_choose(const struct kh_root *root, const struct kh_config *config,
		      struct kh_account *ret_account, struct kh_error *err);

/* The first number from `first` on that nothing on this host uses; 0: none. For tests, too. */
uid_t kh_account_free_number(const struct kh_root *root, uid_t first);

#endif
