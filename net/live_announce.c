/* live_announce.c - gratuitous ARP and unsolicited neighbour advertisements; see live.h.
 *
 * Source: RFC 5227 (an ARP announcement asks for one's own address), RFC 4861 4.4 and 7.2.6.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "net/live.h"

struct arp_frame { /* of Ethernet and IPv4 */
	uint16_t hardware, protocol;
	uint8_t hardware_length, protocol_length;
	uint16_t operation;
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
} __attribute__((packed));

static void announce_v4(int ifindex, const unsigned char *mac, const struct sockaddr_in *address)
{
	struct arp_frame frame = {.hardware = htons(ARPHRD_ETHER),
				  .protocol = htons(ETHERTYPE_IP),
				  .hardware_length = 6,
				  .protocol_length = 4,
				  .operation = htons(ARPOP_REQUEST)};
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETHERTYPE_ARP),
				 .sll_ifindex = ifindex,
				 .sll_halen = 6};
	memcpy(frame.sender_mac, mac, 6);
	memcpy(frame.sender_ip, &address->sin_addr, 4);
	memcpy(frame.target_ip, &address->sin_addr, 4);
	memset(to.sll_addr, 0xff, 6);
	kh_auto(kh_close) int fd =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETHERTYPE_ARP));
	ssize_t ignored = fd < 0 ? 0
				 : sendto(fd, &frame, sizeof(frame), MSG_DONTWAIT,
					  (struct sockaddr *)&to, sizeof(to));
	(void)ignored;
}

struct advertisement {
	struct nd_neighbor_advert body;
	uint8_t option, option_length; /* target link-layer address, in units of 8 bytes */
	uint8_t mac[6];
};

static void announce_v6(int ifindex, const unsigned char *mac, const struct sockaddr_in6 *address)
{
	struct advertisement packet = {.option = ND_OPT_TARGET_LINKADDR, .option_length = 1};
	packet.body.nd_na_type = ND_NEIGHBOR_ADVERT;
	packet.body.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	packet.body.nd_na_target = address->sin6_addr;
	memcpy(packet.mac, mac, 6);
	struct sockaddr_in6 from = *address;
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)ifindex};
	from.sin6_scope_id = (uint32_t)ifindex;
	from.sin6_port = 0;
	const int hops = 255; /* RFC 4861: no router let it through */
	kh_auto(kh_close) int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	if (fd < 0 || inet_pton(AF_INET6, "ff02::1", &to.sin6_addr) != 1 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) != 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof(ifindex)) != 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		return;
	ssize_t ignored = sendto(fd, &packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&to,
				 sizeof(to));
	(void)ignored;
}

/* The link's own entry in the list has its MAC address. */
static const struct sockaddr_ll *hardware_of(const struct ifaddrs *list, const char *link)
{
	for (; list; list = list->ifa_next)
		if (list->ifa_addr && list->ifa_addr->sa_family == AF_PACKET &&
		    strcmp(list->ifa_name, link) == 0)
			return (const struct sockaddr_ll *)(void *)list->ifa_addr;
	return NULL;
}

void kh_live_announce(const char *link)
{
	struct ifaddrs *list = NULL;
	int ifindex = (int)if_nametoindex(link);
	if (ifindex == 0 || getifaddrs(&list) != 0)
		return;
	const struct sockaddr_ll *hardware = hardware_of(list, link);
	for (const struct ifaddrs *at = list; hardware && at; at = at->ifa_next) {
		bool is_here = at->ifa_addr && strcmp(at->ifa_name, link) == 0;
		const void *address = at->ifa_addr;
		if (is_here && at->ifa_addr->sa_family == AF_INET)
			announce_v4(ifindex, hardware->sll_addr, address);
		if (is_here && at->ifa_addr->sa_family == AF_INET6)
			announce_v6(ifindex, hardware->sll_addr, address);
	}
	freeifaddrs(list);
}
