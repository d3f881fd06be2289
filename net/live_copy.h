/* live_copy.h - an address, route or neighbour of one link, said of another.
 *
 * Every attribute goes along as the kernel gave it, but for the link's index and name, for what the
 * kernel says and does not take back (counters, ages), and for these:
 *
 *   addresses   IPv6: without duplicate address detection. The same host had it a moment ago on the
 *               same wire, and for the second that the detection takes it could not be used.
 *   routes      IPv6 routes that expire were made from router advertisements. The copy gets a worse
 *               metric: the kernel (or whoever makes them) makes its own at the next advertisement,
 *               and the copy, which nobody refreshes, goes when its time is over.
 *   neighbours  are said to be stale: used at once, and checked.
 */
#ifndef KH_NET_LIVE_COPY_H
#define KH_NET_LIVE_COPY_H

#include "core/base/str.h"
#include "net/netlink.h"

struct kh_live_end {
	int ifindex;
	const char *name;
};

struct kh_live_way {
	struct kh_live_end from, to;
	bool has_own_routes; /* the routes to the addresses' networks are copied: none by itself */
	/* A DHCP client looks after the IPv4 addresses, so they do not expire by themselves:
	 * dhclient's script does not renew one that is there already. */
	bool has_client;
	long long age_s; /* since the messages were read: lifetimes are that much shorter */
};

/* Each: is MESSAGE one of way->from that is to go along? Then out gets the header and attributes
 * for way->to. */
bool kh_live_copy_address(const struct kh_netlink_message *message, const struct kh_live_way *way,
			  struct kh_str *out);
bool kh_live_copy_route(const struct kh_netlink_message *message, const struct kh_live_way *way,
			struct kh_str *out);
bool kh_live_copy_neighbour(const struct kh_netlink_message *message, const struct kh_live_way *way,
			    struct kh_str *out);

/* Is it an IPv4 address of this link that goes unless somebody renews it? */
bool kh_live_address_is_leased(const struct kh_netlink_message *message, int ifindex);

/* What else has to be known of a route. */
bool kh_live_route_is_of(const struct kh_netlink_message *message, int ifindex);
bool kh_live_route_is_direct(const struct kh_netlink_message *message); /* without a gateway */
bool kh_live_route_is_default(const struct kh_netlink_message *message);
/* Same table, destination, type of service and metric: the kernel tells such routes of IPv4 apart
 * by their order only. */
bool kh_live_route_is_twin(const struct kh_netlink_message *a, const struct kh_netlink_message *b);

/* AF_INET or AF_INET6: the first byte of each of these headers. */
int kh_live_family(const struct kh_netlink_message *message);

#endif
