/* facts_net_address.c - routes and addresses out of /proc/net.
 *
 * /proc/net/route has the main table's IPv4 routes, numbers in the machine's byte order, in
 * hexadecimal. fib_trie has every local IPv4 address without its link: an address belongs to the
 * link whose connected route holds it. /proc/net/ipv6_route and if_inet6 have links by name.
 * Source: net/ipv4/fib_trie.c, net/ipv6/{route,addrconf}.c of the kernel.
 */
#include "core/facts_net_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { ROUTE_IS_UP = 1, ROUTE_HAS_GATEWAY = 2, ROUTE_IS_REJECT = 0x200 };

struct route4 {
	char *link;
	uint32_t destination, gateway, mask; /* in network order, as read */
	unsigned long flags, metric;
};

struct routes4 {
	struct route4 *items;
	size_t count;
};

static void routes4_done(struct routes4 *routes)
{
	for (size_t i = 0; i < routes->count; i++)
		kh_free(&routes->items[i].link);
	kh_free(&routes->items);
}

static void read_lines(const struct kh_root *root, const char *path, struct kh_strv *lines)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_strv_split_lines(lines, text ? text : "");
}

static void read_routes4(const struct kh_root *root, struct routes4 *routes)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	read_lines(root, "/proc/net/route", &lines);
	for (size_t i = 1; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count < 8)
			continue;
		struct route4 *route = kh_append(routes->items, routes->count);
		route->link = kh_strdup(words.items[0]);
		route->destination = (uint32_t)strtoul(words.items[1], NULL, 16);
		route->gateway = (uint32_t)strtoul(words.items[2], NULL, 16);
		route->flags = strtoul(words.items[3], NULL, 16);
		route->metric = strtoul(words.items[6], NULL, 10);
		route->mask = (uint32_t)strtoul(words.items[7], NULL, 16);
	}
}

static char *address4_text(uint32_t address)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr in = {address};
	return kh_strdup(inet_ntop(AF_INET, &in, text, sizeof(text)));
}

static int prefix4(uint32_t mask)
{
	return __builtin_popcount(mask);
}

static void find_default4(const struct routes4 *routes, struct kh_facts_net *net)
{
	const struct route4 *best = NULL;
	for (size_t i = 0; i < routes->count; i++) {
		const struct route4 *route = &routes->items[i];
		if (route->destination != 0 || route->mask != 0 ||
		    (route->flags & (ROUTE_IS_UP | ROUTE_IS_REJECT)) != ROUTE_IS_UP)
			continue;
		if (!best || route->metric < best->metric)
			best = route;
	}
	if (!best)
		return;
	net->default_link = kh_strdup(best->link);
	if (best->flags & ROUTE_HAS_GATEWAY)
		net->gateway4 = address4_text(best->gateway);
}

/* 32 hexadecimal digits as an address: 0, or -1. */
static int address6_parse(const char *digits, struct in6_addr *ret_address)
{
	if (strlen(digits) != 32)
		return -1;
	for (int i = 0; i < 16; i++) {
		char pair[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
		char *end = NULL;
		ret_address->s6_addr[i] = (uint8_t)strtoul(pair, &end, 16);
		if (*end)
			return -1;
	}
	return 0;
}

static char *address6_text(const char *digits)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];
	if (address6_parse(digits, &address) != 0)
		return NULL;
	return kh_strdup(inet_ntop(AF_INET6, &address, text, sizeof(text)));
}

/* The columns: destination, prefix, source, prefix, gateway, metric, references, use, flags, link.
 */
static void find_default6(const struct kh_root *root, struct kh_facts_net *net)
{
	static const char none[] = "00000000000000000000000000000000";
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	unsigned long best = 0;
	kh_auto(kh_free) char *link = NULL;
	read_lines(root, "/proc/net/ipv6_route", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count < 10 || strcmp(words.items[0], none) != 0 ||
		    strcmp(words.items[1], "00") != 0 || strcmp(words.items[9], "lo") == 0)
			continue;
		unsigned long flags = strtoul(words.items[8], NULL, 16);
		unsigned long metric = strtoul(words.items[5], NULL, 16);
		if ((flags & (ROUTE_IS_UP | ROUTE_IS_REJECT)) != ROUTE_IS_UP ||
		    (link && metric >= best))
			continue;
		best = metric;
		kh_free(&link);
		kh_free(&net->gateway6);
		link = kh_strdup(words.items[9]);
		if (strcmp(words.items[4], none) != 0)
			net->gateway6 = address6_text(words.items[4]);
	}
	if (!net->default_link)
		net->default_link = kh_take(link);
}

void kh_facts_net_read_routes(const struct kh_root *root, struct kh_facts_net *net)
{
	kh_auto(routes4_done) struct routes4 routes = {0};
	read_routes4(root, &routes);
	find_default4(&routes, net);
	find_default6(root, net);
}

static struct kh_facts_link *find_link(struct kh_facts_net *net, const char *name)
{
	return (struct kh_facts_link *)kh_facts_net_link(net, name);
}

static void add_once(struct kh_strv *addresses, const char *address, int prefix)
{
	kh_auto(kh_free) char *text = kh_printf("%s/%d", address, prefix);
	if (!kh_strv_has(addresses, text))
		kh_strv_add(addresses, text);
}

static void add_address(struct kh_facts_net *net, const char *name, const char *address, int prefix)
{
	struct kh_facts_link *link = find_link(net, name);
	if (link)
		add_once(&link->addresses, address, prefix);
}

/* The connected route with the longest mask that holds the address; an address without one (a /32
 * with an on-link gateway) is the default link's. */
static void place_address4(const struct routes4 *routes, const char *text, struct kh_facts_net *net)
{
	struct in_addr in;
	if (inet_pton(AF_INET, text, &in) != 1 || (ntohl(in.s_addr) >> 24) == 127)
		return;
	const struct route4 *best = NULL;
	for (size_t i = 0; i < routes->count; i++) {
		const struct route4 *route = &routes->items[i];
		if (route->mask == 0 || (route->flags & ROUTE_HAS_GATEWAY) ||
		    (in.s_addr & route->mask) != route->destination)
			continue;
		if (!best || prefix4(route->mask) > prefix4(best->mask))
			best = route;
	}
	if (best)
		add_address(net, best->link, text, prefix4(best->mask));
	else if (net->default_link)
		add_address(net, net->default_link, text, 32);
}

static void read_trie(const struct kh_root *root, struct kh_facts_net *net)
{
	kh_auto(routes4_done) struct routes4 routes = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	read_routes4(root, &routes);
	read_lines(root, "/proc/net/fib_trie", &lines);
	const char *leaf = NULL;
	for (size_t i = 0; i < lines.count; i++) {
		const char *mark = strstr(lines.items[i], "|-- ");
		if (mark)
			leaf = mark + 4;
		else if (leaf && strstr(lines.items[i], "/32 host LOCAL"))
			place_address4(&routes, leaf, net);
	}
}

static void read_live4(struct kh_facts_net *net)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return;
	for (struct ifaddrs *at = all; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !at->ifa_netmask)
			continue;
		uint32_t address = ((struct sockaddr_in *)(void *)at->ifa_addr)->sin_addr.s_addr;
		uint32_t mask = ((struct sockaddr_in *)(void *)at->ifa_netmask)->sin_addr.s_addr;
		kh_auto(kh_free) char *text = address4_text(address);
		kh_auto(kh_free) char *name = kh_strndup(at->ifa_name, strcspn(at->ifa_name, ":"));
		if ((ntohl(address) >> 24) != 127)
			add_address(net, name, text, prefix4(mask));
	}
	freeifaddrs(all);
}

/* The columns: address, index, prefix, scope, flags, link; scope 00 is global, 20 the link. */
static void read_inet6(const struct kh_root *root, struct kh_facts_net *net)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	read_lines(root, "/proc/net/if_inet6", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count < 6)
			continue;
		struct kh_facts_link *link = find_link(net, words.items[5]);
		bool is_global = strcmp(words.items[3], "00") == 0;
		bool is_own = strcmp(words.items[3], "20") == 0;
		kh_auto(kh_free) char *text = address6_text(words.items[0]);
		if (link && text && (is_global || is_own))
			add_once(is_global ? &link->addresses : &link->own_addresses, text,
				 (int)strtoul(words.items[2], NULL, 16));
	}
}

void kh_facts_net_read_addresses(const struct kh_root *root, struct kh_facts_net *net)
{
	if (root->is_live)
		read_live4(net);
	else
		read_trie(root, net);
	read_inet6(root, net);
}
