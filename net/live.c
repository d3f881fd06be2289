/* live.c - moving onto the bridge and back; see live.h. */
/* before the kernel's headers, which then leave out what it has */
#include <net/if.h>

#include "net/live.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "net/live_private.h"

enum { CREATE = NLM_F_CREATE | NLM_F_EXCL };

static int say(struct kh_error *err, int result, const char *what, const char *link)
{
	return kh_fail(err, KH_SYSTEM, 0, "%s '%s': %s", what, link, nl_geterror(result));
}

/* ---- links ---- */

/* Send what was put into MESSAGE (which is freed) for the link with this index. */
static int change_link(struct nl_sock *socket, int type, int flags, const struct ifinfomsg *header,
		       struct nl_msg *attributes)
{
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add_bytes(&bytes, header, sizeof(*header));
	if (attributes) {
		struct nlmsghdr *inner = nlmsg_hdr(attributes);
		kh_str_add_bytes(&bytes, nlmsg_data(inner), (size_t)nlmsg_datalen(inner));
		nlmsg_free(attributes);
	}
	return kh_netlink_change(socket, type, flags, bytes.text, bytes.length);
}

static struct nl_msg *bridge_attributes(const struct kh_live *live)
{
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	nla_put_string(message, IFLA_IFNAME, live->bridge);
	nla_put(message, IFLA_ADDRESS, sizeof(live->mac), live->mac);
	nla_put_u32(message, IFLA_MTU, live->mtu);
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	nla_put_string(message, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
	/* Without the spanning tree a port forwards at once; it is switched on at the end. */
	nla_put_u32(message, IFLA_BR_STP_STATE, 0);
	nla_put_u32(message, IFLA_BR_FORWARD_DELAY, 0);
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	return message;
}

static int make_bridge(struct nl_sock *socket, const struct kh_live *live, struct kh_error *err)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC,
					 .ifi_index = (int)if_nametoindex(live->bridge)};
	int flags = live->had_bridge ? 0 : CREATE;
	int result = change_link(socket, RTM_NEWLINK, flags, &header, bridge_attributes(live));
	return result < 0 ? say(err, result, "make bridge", live->bridge) : 0;
}

static int start_stp(struct nl_sock *socket, const struct kh_live *live, struct kh_error *err)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC,
					 .ifi_index = (int)if_nametoindex(live->bridge)};
	if (!live->wants_stp)
		return 0;
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	nla_put_string(message, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
	nla_put_u32(message, IFLA_BR_STP_STATE, 1);
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	int result = change_link(socket, RTM_NEWLINK, 0, &header, message);
	return result < 0 ? say(err, result, "spanning tree on", live->bridge) : 0;
}

static int set_up(struct nl_sock *socket, int ifindex)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC,
					 .ifi_index = ifindex,
					 .ifi_flags = IFF_UP,
					 .ifi_change = IFF_UP};
	return change_link(socket, RTM_NEWLINK, 0, &header, NULL);
}

static int set_master(struct nl_sock *socket, int ifindex, unsigned master)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	nla_put_u32(message, IFLA_MASTER, master);
	return change_link(socket, RTM_NEWLINK, 0, &header, message);
}

static int delete_link(struct nl_sock *socket, int ifindex)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	return change_link(socket, RTM_DELLINK, 0, &header, NULL);
}

/* A new alias is news to the kernel even if it is the old one: none. */
void kh_live_nudge(const char *link)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_netlink_close) struct nl_sock *socket = kh_netlink_open(&ignored);
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC,
					 .ifi_index = (int)if_nametoindex(link)};
	if (!socket || header.ifi_index == 0)
		return;
	struct nl_msg *message = nlmsg_alloc_simple(0, 0);
	nla_put(message, IFLA_IFALIAS, 0, NULL);
	(void)change_link(socket, RTM_NEWLINK, 0, &header, message);
}

/* ---- onto the bridge ---- */

/* Of a family whose addresses the configuration gives? */
static bool is_replaced(const struct kh_live *live, int family)
{
	for (size_t i = 0; i < live->addresses.count; i++)
		if ((strchr(live->addresses.items[i], ':') != NULL) == (family == AF_INET6))
			return true;
	return false;
}

static int copy_addresses(struct nl_sock *socket, const struct kh_live *live,
			  const struct kh_live_way *way, struct kh_error *err)
{
	for (size_t i = 0; i < live->known.count; i++) {
		const struct kh_netlink_message *message = &live->known.items[i];
		kh_auto(kh_str_done) struct kh_str copy = {0};
		/* That of the link itself (fe80::) stays, whatever is configured. */
		bool is_own = is_replaced(live, kh_live_family(message)) &&
			      !kh_live_address_is_link_local(message);
		if (message->type != RTM_NEWADDR || is_own ||
		    !kh_live_copy_address(message, way, &copy))
			continue;
		int result = kh_netlink_change(socket, RTM_NEWADDR, CREATE, copy.text, copy.length);
		if (result < 0 && result != -NLE_EXIST)
			return say(err, result, "address on", way->to.name);
	}
	return kh_live_add_wanted(socket, live, way->to.ifindex, err);
}

static void copy_neighbours(struct nl_sock *socket, const struct kh_live *live,
			    const struct kh_live_way *way)
{
	for (size_t i = 0; i < live->known.count; i++) {
		const struct kh_netlink_message *message = &live->known.items[i];
		kh_auto(kh_str_done) struct kh_str copy = {0};
		if (message->type != RTM_NEWNEIGH || !kh_live_copy_neighbour(message, way, &copy))
			continue;
		/* One that is missing is asked for again: nothing to fail for. */
		(void)kh_netlink_change(socket, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
					copy.text, copy.length);
	}
}

static bool has_twin(const struct kh_netlink_messages *all, const struct kh_netlink_message *route,
		     int ifindex)
{
	for (size_t i = 0; i < all->count; i++)
		if (!kh_live_route_is_of(&all->items[i], ifindex) &&
		    kh_live_route_is_twin(&all->items[i], route))
			return true;
	return false;
}

/* IPv4 replaces a route in one step, unless a twin over another link would be what is replaced.
 * IPv6 always takes the first of the same metric, whosesoever: there both exist for a moment. */
static int move_route(struct nl_sock *socket, const struct kh_netlink_messages *all,
		      const struct kh_netlink_message *route, const struct kh_live_way *way,
		      struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str copy = {0};
	if (!kh_live_copy_route(route, way, &copy))
		return 0;
	bool is_single =
		kh_live_family(route) == AF_INET && !has_twin(all, route, way->from.ifindex);
	int flags = NLM_F_CREATE | (is_single ? NLM_F_REPLACE : NLM_F_APPEND);
	int result = kh_netlink_change(socket, RTM_NEWROUTE, flags, copy.text, copy.length);
	if (result < 0 && result != -NLE_EXIST)
		return say(err, result, "route over", way->to.name);
	if (!is_single)
		(void)kh_netlink_change(socket, RTM_DELROUTE, 0, route->bytes, route->length);
	return 0;
}

static bool is_moved(const struct kh_live *live, const struct kh_netlink_message *route)
{
	if (!is_replaced(live, kh_live_family(route)))
		return true;
	/* A gateway that was asked for stands instead of today's; and networks that the old
	 * addresses were in are the new addresses' to name. */
	return !kh_live_route_is_default(route) && !kh_live_route_is_direct(route);
}

static int move_routes(struct nl_sock *socket, const struct kh_live *live,
		       const struct kh_netlink_messages *now, const struct kh_live_way *way,
		       bool are_direct, struct kh_error *err)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct kh_netlink_message *route = &now->items[i];
		kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
		if (kh_live_route_is_direct(route) != are_direct || !is_moved(live, route) ||
		    move_route(socket, now, route, way, &problem) == 0)
			continue;
		/* With another address, a gateway of the old one may be out of reach. */
		if (is_replaced(live, kh_live_family(route)))
			continue;
		return kh_fail(err, problem.code, 0, "%s", problem.message);
	}
	return 0;
}

static int delete_addresses(struct nl_sock *socket, int ifindex, const char *link,
			    struct kh_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct kh_netlink_messages now = {0};
	int failed = 0;
	for (size_t f = 0; f < KH_COUNT(families); f++)
		failed |= kh_netlink_dump(socket, RTM_GETADDR, families[f], &now, err);
	for (size_t i = now.count; i > 0; i--) {
		const struct ifaddrmsg *header = (void *)now.items[i - 1].bytes;
		int result =
			(int)header->ifa_index != ifindex
				? 0
				: kh_netlink_change(socket, RTM_DELADDR, 0, now.items[i - 1].bytes,
						    now.items[i - 1].length);
		/* A secondary one goes with its first. */
		if (result < 0 && result != -NLE_NOADDR && result != -NLE_OBJ_NOTFOUND && !failed)
			failed = say(err, result, "take the address from", link);
	}
	kh_netlink_messages_done(&now);
	return failed;
}

/* The port has no IP of its own any more: no address that is made by itself, no advertisement that
 * is listened to. */
static void silence_port(const struct kh_root *root, const char *port)
{
	kh_auto(kh_strv_done) struct kh_strv off = {0};
	kh_strv_add(&off, "ipv6/conf/%s/disable_ipv6=1");
	kh_live_settings_write(root, port, &off);
}

/* From the moment that the port is in, until the routes are moved, packets are lost. */
static int cross(struct nl_sock *socket, const struct kh_live *live, const struct kh_live_way *way,
		 const struct kh_netlink_messages *routes, struct kh_error *err)
{
	int result = set_master(socket, live->ifindex, (unsigned)way->to.ifindex);
	if (result < 0)
		return say(err, result, "put into the bridge the port", live->port);
	if (move_routes(socket, live, routes, way, true, err) != 0 ||
	    move_routes(socket, live, routes, way, false, err) != 0)
		return -1;
	return kh_live_add_gateways(socket, live, way->to.ifindex, err);
}

static int switch_over(const struct kh_root *root, struct nl_sock *socket,
		       const struct kh_live *live, struct kh_netlink_messages *routes,
		       struct kh_error *err)
{
	if (make_bridge(socket, live, err) != 0)
		return -1;
	const struct kh_live_way way = {
		.from = {live->ifindex, live->port},
		.to = {(int)if_nametoindex(live->bridge), live->bridge},
		.has_own_routes = true,
		.has_client = live->clients.count > 0,
		.age_s = kh_live_now_s() - live->taken_s,
	};
	kh_live_settings_write(root, live->bridge, &live->settings);
	if (copy_addresses(socket, live, &way, err) != 0)
		return -1;
	int result = set_up(socket, way.to.ifindex);
	if (result < 0)
		return say(err, result, "start the bridge", live->bridge);
	copy_neighbours(socket, live, &way);
	if (kh_netlink_dump(socket, RTM_GETROUTE, AF_INET, routes, err) != 0 ||
	    kh_netlink_dump(socket, RTM_GETROUTE, AF_INET6, routes, err) != 0 ||
	    cross(socket, live, &way, routes, err) != 0 ||
	    delete_addresses(socket, live->ifindex, live->port, err) != 0)
		return -1;
	silence_port(root, live->port);
	kh_live_announce(live->bridge);
	return start_stp(socket, live, err);
}

int kh_live_switch(const struct kh_root *root, const struct kh_live *live, struct kh_error *err)
{
	kh_auto(kh_netlink_close) struct nl_sock *socket = kh_netlink_open(err);
	struct kh_netlink_messages routes = {0};
	if (!socket)
		return -1;
	int result = switch_over(root, socket, live, &routes, err);
	kh_netlink_messages_done(&routes);
	return result == 0 ? 0 : kh_wrap(err, "move '%s' onto '%s'", live->port, live->bridge);
}

/* ---- back ---- */

static void keep_first(struct kh_error *err, int result, const char *what, const char *link)
{
	if (result < 0 && !err->message)
		say(err, result, what, link);
}

static void restore_of(struct nl_sock *socket, const struct kh_live *live,
		       const struct kh_live_way *way, int type, int are_direct,
		       struct kh_error *err)
{
	for (size_t i = 0; i < live->known.count; i++) {
		const struct kh_netlink_message *message = &live->known.items[i];
		kh_auto(kh_str_done) struct kh_str copy = {0};
		if (message->type != type ||
		    (are_direct >= 0 && kh_live_route_is_direct(message) != are_direct))
			continue;
		bool is_wanted = type == RTM_NEWADDR ? kh_live_copy_address(message, way, &copy)
				 : type == RTM_NEWROUTE
					 ? kh_live_copy_route(message, way, &copy)
					 : kh_live_copy_neighbour(message, way, &copy);
		int flags = NLM_F_CREATE | (type == RTM_NEWNEIGH ? NLM_F_REPLACE : NLM_F_EXCL);
		int result =
			is_wanted ? kh_netlink_change(socket, type, flags, copy.text, copy.length)
				  : 0;
		if (result != -NLE_EXIST)
			keep_first(err, result,
				   type == RTM_NEWADDR ? "address on" : "route or neighbour over",
				   live->port);
	}
}

/* By its name, should a driver have given it a new index meanwhile. */
static int port_index(const struct kh_live *live)
{
	return (int)if_nametoindex(live->port);
}

static int leave_bridge(struct nl_sock *socket, const struct kh_live *live, int port,
			struct kh_error *err)
{
	int bridge = (int)if_nametoindex(live->bridge);
	keep_first(err, set_master(socket, port, 0), "take from the bridge the port", live->port);
	if (bridge > 0 && live->had_bridge)
		return delete_addresses(socket, bridge, live->bridge, err);
	if (bridge > 0)
		keep_first(err, delete_link(socket, bridge), "remove the bridge", live->bridge);
	return 0;
}

int kh_live_back(const struct kh_root *root, const struct kh_live *live, struct kh_error *err)
{
	kh_auto(kh_netlink_close) struct nl_sock *socket = kh_netlink_open(err);
	int port = port_index(live);
	if (!socket)
		return -1;
	if (port == 0)
		return kh_fail(err, KH_SYSTEM, 0, "there is no link '%s' any more", live->port);
	/* The messages still name the old index. */
	const struct kh_live_way way = {
		.from = {live->ifindex, live->port},
		.to = {port, live->port},
		.has_client = live->clients.count > 0,
		.age_s = kh_live_now_s() - live->taken_s,
	};
	(void)leave_bridge(socket, live, port, err);
	kh_live_settings_write(root, live->port, &live->settings);
	keep_first(err, set_up(socket, port), "start", live->port);
	restore_of(socket, live, &way, RTM_NEWADDR, -1, err);
	restore_of(socket, live, &way, RTM_NEWROUTE, 1, err);
	restore_of(socket, live, &way, RTM_NEWROUTE, 0, err);
	restore_of(socket, live, &way, RTM_NEWNEIGH, -1, err);
	kh_live_announce(live->port);
	return err->message ? kh_wrap(err, "move '%s' back", live->port) : 0;
}
