/* facts_net.h - links, addresses, default routes, and who manages them.
 *
 * Sources: /sys/class/net, /proc/net/{route,ipv6_route,fib_trie,if_inet6}, /etc/resolv.conf, and
 * for the manager the files of each, so that recorded hosts read the same way. On the live root the
 * IPv4 addresses come from getifaddrs(3): fib_trie does not say which link an address is on when
 * two links share a subnet.
 */
#ifndef KH_FACTS_NET_H
#define KH_FACTS_NET_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

enum kh_link_kind {
	KH_LINK_OTHER,
	KH_LINK_PHYSICAL, /* has a device below */
	KH_LINK_BRIDGE,
	KH_LINK_BOND,
	KH_LINK_VLAN,
	KH_LINK_LOOPBACK,
};

enum kh_net_manager {
	KH_NET_NONE,
	KH_NET_IFUPDOWN,       /* /etc/network/interfaces */
	KH_NET_NETWORKMANAGER, /* keyfiles */
	KH_NET_NETWORKD,       /* .network files */
	KH_NET_NETPLAN,        /* /etc/netplan/ *.yaml */
	KH_NET_IFCFG,          /* /etc/sysconfig/network-scripts, by the network service or by NM */
};

struct kh_facts_link {
	char *name;
	enum kh_link_kind kind;
	char *mac; /* lower case, or NULL */
	/* 0: the address is the card's own; 1: made up, 2: another link's, 3: set by somebody, so
	 * that it is another one after a boot or before that was done; -1: unknown. Source:
	 * Documentation/ABI/testing/sysfs-class-net (addr_assign_type). */
	long long mac_type;
	long long ifindex, mtu;
	long long hardware; /* ARPHRD_ number: 1 Ethernet, 32 InfiniBand; -1: unknown */
	bool is_up;         /* operstate up or unknown-but-running */
	bool is_wireless;
	char *master;                 /* the bridge or bond it is in, or NULL */
	char *driver;                 /* or NULL */
	char *bond_mode;              /* of a bond: "active-backup"; or NULL */
	long long node, speed_mbit;   /* -1: unknown */
	struct kh_strv ports;         /* of a bridge or bond */
	struct kh_strv addresses;     /* "192.0.2.10/25", "2001:db8::1/64" (global scope) */
	struct kh_strv own_addresses; /* "fe80::10/64": good on this link only; not in the JSON */
};

struct kh_facts_net {
	struct kh_facts_link *links; /* by name */
	size_t link_count;
	char *default_link; /* the link with the default route (IPv4 first, lowest metric), or NULL
			     */
	char *gateway4, *gateway6;   /* of the default routes, or NULL */
	struct kh_strv dns;          /* nameservers of /etc/resolv.conf */
	enum kh_net_manager manager; /* who has default_link, or would configure links here */
};

void kh_facts_net_collect(const struct kh_root *root, struct kh_facts_net *ret_net);
void kh_facts_net_done(struct kh_facts_net *net);
json_t *kh_facts_net_json(const struct kh_facts_net *net);

const struct kh_facts_link *kh_facts_net_link(const struct kh_facts_net *net, const char *name);
/* The link that has this MAC address and is no bridge, bond or VLAN on top of another; or NULL. */
const struct kh_facts_link *kh_facts_net_mac(const struct kh_facts_net *net, const char *mac);

/* Who configures LINK (NULL: links in general) below this root. By the files, which decide at the
 * next boot, not by what happens to run: an ifupdown stanza, netplan, an ifcfg file, then what is
 * enabled of NetworkManager and networkd. */
enum kh_net_manager kh_facts_net_manager(const struct kh_root *root, const char *link);
const char *kh_net_manager_name(enum kh_net_manager manager);

#endif
