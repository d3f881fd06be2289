/* netlink.h - the kernel's links, addresses, routes and neighbours as whole messages.
 *
 * What the kernel tells about an address or a route is a header and attributes, and it takes the
 * same form back. So what is kept for the way back are the messages themselves: no attribute that
 * this program does not know gets lost. libnl carries them and checks their form.
 *
 * Source: rtnetlink(7), linux/rtnetlink.h; libnl's "Core Library Developer's Guide".
 */
#ifndef KH_NET_NETLINK_H
#define KH_NET_NETLINK_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct kh_netlink_message {
	int type; /* RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH */
	unsigned char
		*bytes; /* the family's header (struct ifaddrmsg, rtmsg, ndmsg) and attributes */
	size_t length;
};

struct kh_netlink_messages {
	struct kh_netlink_message *items;
	size_t count;
};

void kh_netlink_messages_done(struct kh_netlink_messages *list);
/* The bytes are copied. */
void kh_netlink_add(struct kh_netlink_messages *list, int type, const void *bytes, size_t length);

/* A socket to the routing tables; freed with kh_netlink_close. NULL with *err filled. */
struct nl_sock *kh_netlink_open(struct kh_error *err);
void kh_netlink_close(struct nl_sock **socket);

/* All of a kind: type is RTM_GETADDR, RTM_GETROUTE or RTM_GETNEIGH, family AF_INET or AF_INET6.
 * Appended to list. */
int kh_netlink_dump(struct nl_sock *socket, int type, int family, struct kh_netlink_messages *list,
		    struct kh_error *err);

/* Called before each change with the message's type; not NULL in tests only, which stop there. */
extern void (*kh_netlink_hook)(int type);

/* Send a change and wait for the kernel's answer. flags: NLM_F_CREATE and so on. Returns 0 or
 * libnl's error, negative (-NLE_EXIST); nl_geterror() says it in words. */
int kh_netlink_change(struct nl_sock *socket, int type, int flags, const void *bytes,
		      size_t length);

#endif
