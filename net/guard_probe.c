/* guard_probe.c - the guard's senses on the running machine: links, neighbours, time.
 *
 * Whether a gateway answers: a datagram to its discard port makes the kernel resolve the address;
 * one that it knows already it is told to ask again. The neighbour table then says whether it
 * answered. No raw socket, nothing sent that a router would mind. Source: arp(7), rtnetlink(7)
 * (ndm_state).
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "net/connection.h"
#include "net/guard.h"

enum { DISCARD_PORT = 9, PROBE_TRIES = 9, PROBE_FIRST_MS = 10, PROBE_STEP_MS = 150 };

static void sleep_ms(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

static void socket_done(struct nl_sock **socket)
{
	if (*socket)
		nl_socket_free(*socket);
}

static struct nl_sock *route_socket(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	if (socket && nl_connect(socket, NETLINK_ROUTE) < 0) {
		nl_socket_free(socket);
		return NULL;
	}
	return socket;
}

/* Make the kernel look for the neighbour. */
static void poke(const char *link, const char *address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(DISCARD_PORT),
				  .sin6_scope_id = if_nametoindex(link)};
	bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
	if (!is_v6 && inet_pton(AF_INET, address, &v4.sin_addr) != 1)
		return;
	kh_auto(kh_close) int fd =
		socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link) + 1);
	const struct sockaddr *to = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t length = is_v6 ? sizeof(v6) : sizeof(v4);
	ssize_t ignored = sendto(fd, "", 1, MSG_NOSIGNAL, to, length);
	(void)ignored;
}

/* The kernel's entry of the neighbour; NULL: it never looked for it. */
static struct rtnl_neigh *entry_of(struct nl_sock *socket, int ifindex, const char *address)
{
	struct nl_cache *cache = NULL;
	struct nl_addr *wanted = NULL;
	struct rtnl_neigh *entry = NULL;
	if (rtnl_neigh_alloc_cache(socket, &cache) < 0)
		return NULL;
	if (nl_addr_parse(address, AF_UNSPEC, &wanted) == 0) {
		entry = rtnl_neigh_get(cache, ifindex, wanted);
		nl_addr_put(wanted);
	}
	nl_cache_free(cache);
	return entry;
}

static int state_of(struct nl_sock *socket, int ifindex, const char *address)
{
	struct rtnl_neigh *entry = entry_of(socket, ifindex, address);
	int state = entry ? rtnl_neigh_get_state(entry) : NUD_NONE;
	if (entry)
		rtnl_neigh_put(entry);
	return state < 0 ? NUD_NONE : state;
}

/* What the kernel knows from before is no answer: it is made to ask again. In the state "probe" the
 * entry stays in use meanwhile. Returns false where there is none to ask again about. */
static bool ask_again(struct nl_sock *socket, int ifindex, const char *address)
{
	const int known = NUD_REACHABLE | NUD_STALE | NUD_DELAY;
	struct rtnl_neigh *entry = entry_of(socket, ifindex, address);
	if (!entry)
		return false;
	bool is_known = (rtnl_neigh_get_state(entry) & known) != 0;
	if (is_known) {
		rtnl_neigh_unset_state(entry, known);
		rtnl_neigh_set_state(entry, NUD_PROBE);
		is_known = rtnl_neigh_add(socket, entry, NLM_F_REPLACE) == 0;
	}
	rtnl_neigh_put(entry);
	return is_known;
}

static bool answers(struct kh_guard_world *world, const char *link, const char *address)
{
	const int good = NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP;
	(void)world;
	kh_auto(socket_done) struct nl_sock *socket = route_socket();
	int ifindex = (int)if_nametoindex(link);
	if (!socket || ifindex == 0)
		return false;
	if (!ask_again(socket, ifindex, address))
		poke(link, address);
	for (int i = 0; i < PROBE_TRIES; i++) {
		if ((state_of(socket, ifindex, address) & good) != 0)
			return true;
		sleep_ms(i == 0 ? PROBE_FIRST_MS : PROBE_STEP_MS);
	}
	return false;
}

static void drop_link(struct kh_guard_world *world, const char *name)
{
	(void)world;
	kh_auto(socket_done) struct nl_sock *socket = route_socket();
	struct rtnl_link *link = rtnl_link_alloc();
	if (socket && link && if_nametoindex(name) != 0) {
		rtnl_link_set_name(link, name);
		rtnl_link_delete(socket, link);
	}
	if (link)
		rtnl_link_put(link);
}

static void look(struct kh_guard_world *world, const struct kh_root *root,
		 struct kh_facts_net *ret_net)
{
	(void)world;
	kh_facts_net_collect(root, ret_net);
}

/* Short: a connection that was made and closed is in the kernel's table for a moment only. */
static void wait_moment(struct kh_guard_world *world)
{
	(void)world;
	sleep_ms(50);
}

static void connections(struct kh_guard_world *world, const struct kh_root *root,
			const char *own_port, struct kh_strv *list)
{
	(void)world;
	kh_connection_list(root, own_port, list);
}

static long long now_ms(struct kh_guard_world *world)
{
	struct timespec now;
	(void)world;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

struct kh_guard_world kh_guard_real_world = {
	.look = look,
	.answers = answers,
	.drop_link = drop_link,
	.wait = wait_moment,
	.now_ms = now_ms,
	.connections = connections,
};
