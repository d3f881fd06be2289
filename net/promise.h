/* promise.h - which addresses the network manager's files give.
 *
 * A link has addresses that its manager put there, and may have some that somebody else did: a
 * floating address of keepalived or pacemaker is on this host today and on another one tomorrow.
 * Only of the first kind is known that they come again after a boot. No file is understood for
 * that: an address that stands in one, outside of a comment, is taken to be given by it. So one
 * too many may be expected, but none too few.
 */
#ifndef KH_NET_PROMISE_H
#define KH_NET_PROMISE_H

#include "net/view.h"

/* Add those of the addresses ("192.0.2.10/25") that stand in a file of this manager. */
void kh_net_promised(const struct kh_net_view *view, enum kh_net_manager manager,
		     const struct kh_strv *addresses, struct kh_strv *promised);

#endif
