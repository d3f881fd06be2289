/* facts_net_address.h - the part of facts_net that reads routes and addresses; called by it only.
 */
#ifndef KH_FACTS_NET_ADDRESS_H
#define KH_FACTS_NET_ADDRESS_H

#include "core/facts_net.h"

/* Fill default_link, gateway4, gateway6. */
void kh_facts_net_read_routes(const struct kh_root *root, struct kh_facts_net *net);
/* Fill the addresses of the links. */
void kh_facts_net_read_addresses(const struct kh_root *root, struct kh_facts_net *net);

#endif
