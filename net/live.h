/* live.h - the host moves onto the bridge, and back, while it runs.
 *
 *   kh_live_take    reads the port as it is: addresses, routes, neighbours, settings. That is the
 *                   way back; it is on disk (kh_live_write) before the first change.
 *   kh_live_switch  makes the bridge and moves everything.
 *   kh_live_back    puts the port back as it was read. From any point that a switch reached, and
 *                   again after it was cut off itself.
 *
 * The order, so that few packets are lost: the bridge is complete (MAC address, settings,
 * addresses, neighbours) and up before the port is put in. From then on what comes in arrives at
 * the bridge; the routes follow, each replaced in one step where the kernel can do that, and only
 * then do the addresses go from the port. The MAC address stays, so neither switches nor neighbours
 * have to learn anything; they are told all the same (live_announce.c).
 *
 * Only the running kernel is changed here: files and managers are others' (guard.h, takeover.h).
 */
#ifndef KH_NET_LIVE_H
#define KH_NET_LIVE_H

#include "core/base/root.h"
#include "net/live_copy.h"

extern const char *const kh_live_path; /* "/var/lib/kvmhost/guard.live" */

struct kh_live {
	char *boot_id;
	char *bridge, *port;
	int ifindex; /* of the port */
	unsigned char mac[6];
	unsigned mtu;
	long long taken_s; /* seconds since boot, for the age of lifetimes */
	bool had_bridge;   /* an empty bridge of that name was there: it stays */
	bool wants_stp;
	struct kh_strv settings;  /* "ipv6/conf/%s/accept_ra=1": of the port, %s its name */
	struct kh_strv addresses; /* wanted instead of the port's, of their family; or none */
	struct kh_strv gateways;  /* with them */
	struct kh_strv clients;   /* DHCP clients on the port: words joined by "\n" */
	struct kh_netlink_messages known; /* addresses, routes, neighbours of the port */
};

void kh_live_done(struct kh_live *live);

/* Read the port. Errors: KH_HOST when there is no such link, KH_SYSTEM. */
int kh_live_take(const struct kh_root *root, const char *bridge, const char *port,
		 struct kh_live *ret_live, struct kh_error *err);

/* Has the port an IPv4 address that goes unless somebody renews it? */
bool kh_live_is_leased(const struct kh_live *live);

/* Keep it, on disk; read it: 0, 1 when there is none, -1. */
int kh_live_write(const struct kh_root *root, const struct kh_live *live, struct kh_error *err);
int kh_live_read(const struct kh_root *root, struct kh_live *ret_live, struct kh_error *err);

/* Move onto the bridge. An error leaves whatever was done: kh_live_back() follows. */
int kh_live_switch(const struct kh_root *root, const struct kh_live *live, struct kh_error *err);
/* All of it is tried; the first error is told. */
int kh_live_back(const struct kh_root *root, const struct kh_live *live, struct kh_error *err);

/* Have the kernel tell all who listen about LINK again, with nothing changed. */
void kh_live_nudge(const char *link);

/* ---- its parts ---- */

/* Settings of a link below /proc/sys/net (live_settings.c). */
void kh_live_settings_read(const struct kh_root *root, const char *link, struct kh_strv *settings);
/* Give them to LINK; those that are missing or refused are left out. */
void kh_live_settings_write(const struct kh_root *root, const char *link,
			    const struct kh_strv *settings);

/* Tell the wire where the addresses of LINK are: gratuitous ARP, unsolicited neighbour
 * advertisements (live_announce.c). What cannot be sent is left out. */
void kh_live_announce(const char *link);

#endif
