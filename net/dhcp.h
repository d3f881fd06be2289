/* dhcp.h - who this host is to its DHCP server today.
 *
 * A server gives the same address to the same client identifier (option 61), and where none is
 * sent, to the same MAC address. RFC 4361 identifiers are "ff", a 32-bit IAID and the host's DUID.
 * The DUID belongs to the host and stays; the IAID is made from the interface's name by
 * systemd-networkd and NetworkManager, and so changes when the address moves to a bridge, unless it
 * is given explicitly.
 *
 * Sources: RFC 2132 9.14, RFC 4361; systemd src/libsystemd-network/dhcp-identifier.c
 * (dhcp_identifier_set_iaid) and sd-dhcp-lease.c (dhcp_lease_save: CLIENTID=),
 * src/network/networkd-state-file.c (link_save: DHCP6_CLIENT_IAID=); NetworkManager
 * src/libnm-core-impl/nm-utils (nm_utils_create_dhcp_iaid).
 */
#ifndef KH_NET_DHCP_H
#define KH_NET_DHCP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/root.h"

enum kh_dhcp_client_id {
	KH_DHCP_UNKNOWN, /* no lease is recorded */
	KH_DHCP_MAC,     /* 01 and the MAC address, or none: stays with the MAC */
	KH_DHCP_DUID,    /* ff, IAID, DUID */
	KH_DHCP_OTHER,   /* anything else: from an explicit setting, which moves with the others */
};

struct kh_dhcp_identity {
	enum kh_dhcp_client_id kind;
	bool has_iaid;
	uint32_t iaid;      /* as networkd's IAID= and NetworkManager's dhcp-iaid take it */
	bool has_iaid6;     /* networkd's DHCPv6 client runs: it sends its IAID whatever is sent for
			       IPv4 */
	uint32_t iaid6;     /* as [DHCPv6] IAID= takes it */
	bool has_dhclient;  /* dhclient keeps a lease file for the link: its DUID is in there */
	char *dhclient_dir; /* where: "/var/lib/dhcp"; or NULL */
};

/* Of the link with this name and index (-1: not known), from what its DHCP client left behind. */
void kh_dhcp_identity_read(const struct kh_root *root, const char *link, long long ifindex,
			   struct kh_dhcp_identity *ret_identity);
void kh_dhcp_identity_done(struct kh_dhcp_identity *identity);

/* The IAID that NetworkManager and systemd derive from an interface's name. */
uint32_t kh_dhcp_iaid_of_name(const char *name);

#endif
