/* live_private.h - between the files of live.h. */
#ifndef KH_NET_LIVE_PRIVATE_H
#define KH_NET_LIVE_PRIVATE_H

#include "net/live.h"

/* Seconds since the machine was started, sleep included. */
long long kh_live_now_s(void);

/* fe80::/10: every link has its own. */
bool kh_live_address_is_link_local(const struct kh_netlink_message *message);

/* The addresses and gateways that the configuration gives (live_wanted.c). */
int kh_live_add_wanted(struct nl_sock *socket, const struct kh_live *live, int ifindex,
		       struct kh_error *err);
int kh_live_add_gateways(struct nl_sock *socket, const struct kh_live *live, int ifindex,
			 struct kh_error *err);

#endif
