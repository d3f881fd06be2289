/* live_wanted.c - addresses and gateways that the configuration gives, instead of the port's. */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/base/mem.h"
#include "net/live_private.h"

long long kh_live_now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

bool kh_live_address_is_link_local(const struct kh_netlink_message *message)
{
	const struct ifaddrmsg *header = (void *)message->bytes;
	return message->length >= sizeof(*header) && header->ifa_family == AF_INET6 &&
	       header->ifa_scope == RT_SCOPE_LINK;
}

/* Send header and attributes; MESSAGE is freed. */
static int change(struct nl_sock *socket, int type, int flags, const void *header, size_t length,
		  struct nl_msg *attributes)
{
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	struct nlmsghdr *inner = nlmsg_hdr(attributes);
	static const char zeros[NLMSG_ALIGNTO];
	kh_str_add_bytes(&bytes, header, length);
	kh_str_add_bytes(&bytes, zeros, NLMSG_ALIGN(length) - length);
	kh_str_add_bytes(&bytes, nlmsg_data(inner), (size_t)nlmsg_datalen(inner));
	nlmsg_free(attributes);
	return kh_netlink_change(socket, type, flags, bytes.text, bytes.length);
}

/* The highest address of an IPv4 network: 192.0.2.127 of 192.0.2.10/25. */
static uint32_t broadcast_of(const struct nl_addr *address)
{
	uint32_t bits = 0;
	memcpy(&bits, nl_addr_get_binary_addr(address), sizeof(bits));
	unsigned prefix = nl_addr_get_prefixlen(address);
	return bits | htonl(prefix >= 32 ? 0 : UINT32_MAX >> prefix);
}

static int add_address(struct nl_sock *socket, const struct nl_addr *address, int ifindex)
{
	const struct ifaddrmsg header = {.ifa_family = (unsigned char)nl_addr_get_family(address),
					 .ifa_prefixlen =
						 (unsigned char)nl_addr_get_prefixlen(address),
					 .ifa_index = (unsigned)ifindex};
	unsigned length = nl_addr_get_len(address);
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	nla_put(message, IFA_LOCAL, (int)length, nl_addr_get_binary_addr(address));
	nla_put(message, IFA_ADDRESS, (int)length, nl_addr_get_binary_addr(address));
	if (header.ifa_family == AF_INET && header.ifa_prefixlen < 31)
		nla_put_u32(message, IFA_BROADCAST, broadcast_of(address));
	return change(socket, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header),
		      message);
}

int kh_live_add_wanted(struct nl_sock *socket, const struct kh_live *live, int ifindex,
		       struct kh_error *err)
{
	for (size_t i = 0; i < live->addresses.count; i++) {
		struct nl_addr *address = NULL;
		int result = nl_addr_parse(live->addresses.items[i], AF_UNSPEC, &address);
		if (result == 0)
			result = add_address(socket, address, ifindex);
		if (address)
			nl_addr_put(address);
		if (result < 0 && result != -NLE_EXIST)
			return kh_fail(err, KH_SYSTEM, 0, "address '%s': %s",
				       live->addresses.items[i], nl_geterror(result));
	}
	return 0;
}

/* onlink: as far as the kernel is concerned, whether the gateway is in reach is for the guard to
 * find out. */
static int add_gateway(struct nl_sock *socket, const struct nl_addr *gateway, int ifindex)
{
	enum { METRIC_OF_IPV6 = 1024 };
	const struct rtmsg header = {.rtm_family = (unsigned char)nl_addr_get_family(gateway),
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_protocol = RTPROT_STATIC,
				     .rtm_scope = RT_SCOPE_UNIVERSE,
				     .rtm_type = RTN_UNICAST,
				     .rtm_flags = RTNH_F_ONLINK};
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	bool is_v6 = header.rtm_family == AF_INET6;
	nla_put(message, RTA_GATEWAY, (int)nl_addr_get_len(gateway),
		nl_addr_get_binary_addr(gateway));
	nla_put_u32(message, RTA_OIF, (uint32_t)ifindex);
	if (is_v6)
		nla_put_u32(message, RTA_PRIORITY, METRIC_OF_IPV6);
	return change(socket, RTM_NEWROUTE, NLM_F_CREATE | (is_v6 ? NLM_F_APPEND : NLM_F_REPLACE),
		      &header, sizeof(header), message);
}

int kh_live_add_gateways(struct nl_sock *socket, const struct kh_live *live, int ifindex,
			 struct kh_error *err)
{
	for (size_t i = 0; i < live->gateways.count; i++) {
		struct nl_addr *gateway = NULL;
		int result = nl_addr_parse(live->gateways.items[i], AF_UNSPEC, &gateway);
		if (result == 0)
			result = add_gateway(socket, gateway, ifindex);
		if (gateway)
			nl_addr_put(gateway);
		if (result < 0 && result != -NLE_EXIST)
			return kh_fail(err, KH_SYSTEM, 0, "gateway '%s': %s",
				       live->gateways.items[i], nl_geterror(result));
	}
	return 0;
}
