/* proof.h - is this host on the network, after a boot that changed something?
 *
 * It is when there is a default route over a link that is up and has an address, and the gateway
 * answers (ARP or neighbour discovery); with a bridge configured, that link is the bridge, unless
 * the route goes elsewhere on purpose (then the bridge only has to be up).
 */
#ifndef KH_NET_PROOF_H
#define KH_NET_PROOF_H

#include "net/guard.h"

/* The bridge that kvmhost's network files make in this boot, or NULL: they are not written, or only
 * in part (the power went), or since the boot; or the guard took them back: in an earlier boot, or
 * in any when what is proved is not to blame for that. Owned. */
char *kh_proof_bridge(const struct kh_root *root, const char *boot_id, bool is_to_blame);
/* What is missing: owned text, or NULL: nothing. bridge: its name, or NULL: none is wanted.
 * wants_route: there was a default route before. */
char *kh_proof_missing(struct kh_guard_world *world, const struct kh_facts_net *net,
		       const char *bridge, bool wants_route);

#endif
