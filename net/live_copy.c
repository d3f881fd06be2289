/* live_copy.c - see live_copy.h. */
#include "net/live_copy.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/mem.h"

enum {
	TABLE_LOCAL = 255,
	EXPIRES_TICKS_PER_S = 100, /* USER_HZ: in what rta_cacheinfo counts */
	EXPIRING_METRIC = 1024,    /* added to that of routes that expire */
	LEAST_LIFETIME_S = 60,
};

int kh_live_family(const struct kh_netlink_message *message)
{
	return message->length > 0 ? message->bytes[0] : AF_UNSPEC;
}

/* ---- attributes ---- */

static struct nlattr *first(const struct kh_netlink_message *message, size_t header, int *ret_left)
{
	size_t skip = (size_t)NLMSG_ALIGN(header);
	*ret_left = message->length > skip ? (int)(message->length - skip) : 0;
	return (struct nlattr *)(void *)(message->bytes + skip);
}

static struct nlattr *find(const struct kh_netlink_message *message, size_t header, int type)
{
	int left;
	struct nlattr *at = first(message, header, &left);
	return left > 0 ? nla_find(at, left, type) : NULL;
}

static uint32_t number(const struct nlattr *attribute, uint32_t fallback)
{
	return attribute && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : fallback;
}

static void add_header(struct kh_str *out, const void *header, size_t length)
{
	static const char zeros[NLMSG_ALIGNTO];
	kh_str_add_bytes(out, header, length);
	kh_str_add_bytes(out, zeros, NLMSG_ALIGN(length) - length);
}

static void add(struct kh_str *out, int type, const void *bytes, size_t length)
{
	static const char zeros[NLA_ALIGNTO];
	struct nlattr head = {.nla_len = (uint16_t)(NLA_HDRLEN + length),
			      .nla_type = (uint16_t)type};
	kh_str_add_bytes(out, &head, sizeof(head));
	kh_str_add_bytes(out, bytes, length);
	kh_str_add_bytes(out, zeros, (size_t)NLA_ALIGN(length) - length);
}

static void add_same(struct kh_str *out, struct nlattr *attribute)
{
	add(out, attribute->nla_type, nla_data(attribute), (size_t)nla_len(attribute));
}

static void add_number(struct kh_str *out, int type, uint32_t value)
{
	add(out, type, &value, sizeof(value));
}

/* ---- addresses ---- */

static uint32_t shorter(uint32_t lifetime_s, long long age_s)
{
	if (lifetime_s == UINT32_MAX || lifetime_s == 0)
		return lifetime_s;
	long long left_s = (long long)lifetime_s - age_s;
	return (uint32_t)(left_s > LEAST_LIFETIME_S ? left_s : LEAST_LIFETIME_S);
}

static void add_lifetime(struct kh_str *out, struct nlattr *attribute, long long age_s)
{
	struct ifa_cacheinfo info = {0};
	if ((size_t)nla_len(attribute) < sizeof(info))
		return;
	memcpy(&info, nla_data(attribute), sizeof(info));
	info.ifa_valid = shorter(info.ifa_valid, age_s);
	info.ifa_prefered = shorter(info.ifa_prefered, age_s);
	if (info.ifa_prefered > info.ifa_valid)
		info.ifa_prefered = info.ifa_valid;
	info.cstamp = info.tstamp = 0;
	add(out, IFA_CACHEINFO, &info, sizeof(info));
}

bool kh_live_address_is_leased(const struct kh_netlink_message *message, int ifindex)
{
	struct ifaddrmsg header;
	struct ifa_cacheinfo info;
	if (message->length < sizeof(header))
		return false;
	memcpy(&header, message->bytes, sizeof(header));
	struct nlattr *attribute = find(message, sizeof(header), IFA_CACHEINFO);
	if (header.ifa_family != AF_INET || (int)header.ifa_index != ifindex || !attribute ||
	    (size_t)nla_len(attribute) < sizeof(info))
		return false;
	memcpy(&info, nla_data(attribute), sizeof(info));
	return info.ifa_valid != UINT32_MAX;
}

/* "eth0:1" becomes "br0:1". */
static void add_label(struct kh_str *out, struct nlattr *attribute, const struct kh_live_way *way)
{
	const char *label = nla_get_string(attribute);
	size_t length = strlen(way->from.name);
	bool is_of_link = strncmp(label, way->from.name, length) == 0 &&
			  (label[length] == '\0' || label[length] == ':');
	kh_auto(kh_free) char *text =
		kh_printf("%s%s", way->to.name, is_of_link ? label + length : "");
	if (strlen(text) < 16) /* IFNAMSIZ; without one it is the link's name */
		add(out, IFA_LABEL, text, strlen(text) + 1);
}

static uint32_t address_flags(uint32_t flags, int family, const struct kh_live_way *way)
{
	uint32_t kept = IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
	if (family == AF_INET6)
		kept |= IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR;
	flags &= kept;
	if (family == AF_INET6)
		flags |= IFA_F_NODAD;
	return way->has_own_routes ? flags | IFA_F_NOPREFIXROUTE : flags;
}

bool kh_live_copy_address(const struct kh_netlink_message *message, const struct kh_live_way *way,
			  struct kh_str *out)
{
	struct ifaddrmsg header;
	if (message->length < sizeof(header))
		return false;
	memcpy(&header, message->bytes, sizeof(header));
	uint32_t flags = number(find(message, sizeof(header), IFA_FLAGS), header.ifa_flags);
	if ((int)header.ifa_index != way->from.ifindex || (flags & IFA_F_DADFAILED) != 0)
		return false;
	flags = address_flags(flags, header.ifa_family, way);
	header.ifa_index = (uint32_t)way->to.ifindex;
	header.ifa_flags = (uint8_t)flags;
	add_header(out, &header, sizeof(header));
	int left;
	struct nlattr *at;
	for (at = first(message, sizeof(header), &left); nla_ok(at, left); at = nla_next(at, &left))
		switch (nla_type(at)) {
		case IFA_CACHEINFO:
			if (header.ifa_family != AF_INET || !way->has_client)
				add_lifetime(out, at, way->age_s);
			break;
		case IFA_LABEL:
			add_label(out, at, way);
			break;
		case IFA_ADDRESS:
		case IFA_LOCAL:
		case IFA_BROADCAST:
		case IFA_RT_PRIORITY:
			add_same(out, at);
			break;
		}
	add_number(out, IFA_FLAGS, flags);
	return true;
}

/* ---- routes ---- */

static bool has_hop(struct nlattr *multipath, int ifindex)
{
	struct rtnexthop *hop = nla_data(multipath);
	int left = nla_len(multipath);
	for (; RTNH_OK(hop, left); left -= NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
		if (hop->rtnh_ifindex == ifindex)
			return true;
	return false;
}

bool kh_live_route_is_of(const struct kh_netlink_message *message, int ifindex)
{
	struct nlattr *multipath = find(message, sizeof(struct rtmsg), RTA_MULTIPATH);
	if (multipath && has_hop(multipath, ifindex))
		return true;
	return (int)number(find(message, sizeof(struct rtmsg), RTA_OIF), 0) == ifindex;
}

bool kh_live_route_is_direct(const struct kh_netlink_message *message)
{
	return !find(message, sizeof(struct rtmsg), RTA_GATEWAY) &&
	       !find(message, sizeof(struct rtmsg), RTA_VIA) &&
	       !find(message, sizeof(struct rtmsg), RTA_MULTIPATH);
}

bool kh_live_route_is_default(const struct kh_netlink_message *message)
{
	return message->length >= sizeof(struct rtmsg) &&
	       ((const struct rtmsg *)(void *)message->bytes)->rtm_dst_len == 0;
}

static uint32_t table_of(const struct kh_netlink_message *message)
{
	const struct rtmsg *header = (const struct rtmsg *)(void *)message->bytes;
	return number(find(message, sizeof(*header), RTA_TABLE), header->rtm_table);
}

static uint32_t metric_of(const struct kh_netlink_message *message)
{
	return number(find(message, sizeof(struct rtmsg), RTA_PRIORITY), 0);
}

bool kh_live_route_is_twin(const struct kh_netlink_message *a, const struct kh_netlink_message *b)
{
	const struct rtmsg *of_a = (const struct rtmsg *)(void *)a->bytes;
	const struct rtmsg *of_b = (const struct rtmsg *)(void *)b->bytes;
	if (a->length < sizeof(*of_a) || b->length < sizeof(*of_b))
		return false;
	struct nlattr *to_a = find(a, sizeof(*of_a), RTA_DST);
	struct nlattr *to_b = find(b, sizeof(*of_b), RTA_DST);
	bool is_same_target = to_a && to_b ? nla_len(to_a) == nla_len(to_b) &&
						     memcmp(nla_data(to_a), nla_data(to_b),
							    (size_t)nla_len(to_a)) == 0
					   : to_a == to_b;
	return of_a->rtm_family == of_b->rtm_family && of_a->rtm_dst_len == of_b->rtm_dst_len &&
	       of_a->rtm_tos == of_b->rtm_tos && is_same_target && table_of(a) == table_of(b) &&
	       metric_of(a) == metric_of(b);
}

/* Seconds until the route goes; 0: never. */
static uint32_t expiry_s(const struct kh_netlink_message *message, long long age_s)
{
	struct nlattr *attribute = find(message, sizeof(struct rtmsg), RTA_CACHEINFO);
	struct rta_cacheinfo info = {0};
	if (kh_live_family(message) != AF_INET6 || !attribute ||
	    (size_t)nla_len(attribute) < sizeof(info))
		return 0;
	memcpy(&info, nla_data(attribute), sizeof(info));
	if (info.rta_expires <= 0)
		return 0;
	return shorter((uint32_t)info.rta_expires / EXPIRES_TICKS_PER_S + 1, age_s);
}

static void add_hops(struct kh_str *out, struct nlattr *attribute, const struct kh_live_way *way)
{
	kh_auto(kh_free) unsigned char *copy = kh_alloc((size_t)nla_len(attribute) + 1);
	memcpy(copy, nla_data(attribute), (size_t)nla_len(attribute));
	struct rtnexthop *hop = (struct rtnexthop *)(void *)copy;
	int left = nla_len(attribute);
	for (; RTNH_OK(hop, left); left -= NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		if (hop->rtnh_ifindex == way->from.ifindex)
			hop->rtnh_ifindex = way->to.ifindex;
		hop->rtnh_flags &= RTNH_F_ONLINK;
	}
	add(out, RTA_MULTIPATH, copy, (size_t)nla_len(attribute));
}

/* Ages and counters, and what belongs to the table's own keeping. */
static bool is_left_out(int type)
{
	return type == RTA_CACHEINFO || type == RTA_NH_ID || type == RTA_IIF || type == RTA_UID ||
	       type == RTA_MARK || type == RTA_EXPIRES;
}

static void add_route_attribute(struct kh_str *out, struct nlattr *at,
				const struct kh_live_way *way, bool expires)
{
	int type = nla_type(at);
	if (type == RTA_OIF)
		add_number(out, RTA_OIF, (uint32_t)way->to.ifindex);
	else if (type == RTA_MULTIPATH)
		add_hops(out, at, way);
	else if (type == RTA_PRIORITY)
		add_number(out, RTA_PRIORITY, number(at, 0) + (expires ? EXPIRING_METRIC : 0));
	else if (!is_left_out(type))
		add_same(out, at);
}

/* The tables of the host's own addresses are the kernel's, and follow the addresses. */
static bool is_wanted(const struct kh_netlink_message *message, const struct rtmsg *header)
{
	return table_of(message) != TABLE_LOCAL && (header->rtm_flags & RTM_F_CLONED) == 0 &&
	       header->rtm_type == RTN_UNICAST;
}

bool kh_live_copy_route(const struct kh_netlink_message *message, const struct kh_live_way *way,
			struct kh_str *out)
{
	struct rtmsg header;
	if (message->length < sizeof(header))
		return false;
	memcpy(&header, message->bytes, sizeof(header));
	if (!is_wanted(message, &header) || !kh_live_route_is_of(message, way->from.ifindex))
		return false;
	uint32_t expires_s = expiry_s(message, way->age_s);
	header.rtm_flags &= RTNH_F_ONLINK;
	add_header(out, &header, sizeof(header));
	int left;
	struct nlattr *at;
	for (at = first(message, sizeof(header), &left); nla_ok(at, left); at = nla_next(at, &left))
		add_route_attribute(out, at, way, expires_s > 0);
	if (expires_s > 0)
		add_number(out, RTA_EXPIRES, expires_s);
	return true;
}

/* ---- neighbours ---- */

bool kh_live_copy_neighbour(const struct kh_netlink_message *message, const struct kh_live_way *way,
			    struct kh_str *out)
{
	const int known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	struct ndmsg header;
	if (message->length < sizeof(header))
		return false;
	memcpy(&header, message->bytes, sizeof(header));
	if (header.ndm_ifindex != way->from.ifindex || (header.ndm_state & known) == 0 ||
	    (header.ndm_flags & NTF_PROXY) != 0)
		return false;
	header.ndm_ifindex = way->to.ifindex;
	header.ndm_state = header.ndm_state == NUD_PERMANENT ? NUD_PERMANENT : NUD_STALE;
	header.ndm_flags &= NTF_ROUTER;
	add_header(out, &header, sizeof(header));
	int left;
	struct nlattr *at;
	for (at = first(message, sizeof(header), &left); nla_ok(at, left); at = nla_next(at, &left))
		if (nla_type(at) == NDA_DST || nla_type(at) == NDA_LLADDR)
			add_same(out, at);
	return true;
}
