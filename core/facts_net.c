/* facts_net.c - see facts_net.h. The addresses and routes are in facts_net_address.c. */
#include "core/facts_net.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/facts_net_address.h"

static const char *const kind_names[] = {
	[KH_LINK_OTHER] = "other", [KH_LINK_PHYSICAL] = "physical", [KH_LINK_BRIDGE] = "bridge",
	[KH_LINK_BOND] = "bond",   [KH_LINK_VLAN] = "vlan",         [KH_LINK_LOOPBACK] = "loopback",
};

/* A number that may carry a sign, as speed and numa_node do; unknown is -1. */
static long long signed_number(const struct kh_root *root, const char *link, const char *attribute)
{
	kh_auto(kh_free) char *text = kh_root_linef(root, "/sys/class/net/%s/%s", link, attribute);
	if (!text || text[0] == '-')
		return -1;
	return kh_str_number(text);
}

static bool has(const struct kh_root *root, const char *link, const char *attribute)
{
	kh_auto(kh_free) char *path = kh_printf("/sys/class/net/%s/%s", link, attribute);
	return kh_root_exists(root, path);
}

/* The last component of a symbolic link: owned, or NULL. */
static char *link_end(const struct kh_root *root, const char *link, const char *attribute)
{
	kh_auto(kh_free) char *path = kh_printf("/sys/class/net/%s/%s", link, attribute);
	kh_auto(kh_free) char *target = kh_root_readlink(root, path);
	if (!target)
		return NULL;
	const char *slash = strrchr(target, '/');
	return kh_strdup(slash ? slash + 1 : target);
}

/* DEVTYPE of the link's uevent: "bridge", "bond", "vlan", "wlan"; owned, or NULL. */
static char *device_type(const struct kh_root *root, const char *link)
{
	kh_auto(kh_free) char *text = kh_root_linef(root, "/sys/class/net/%s/uevent", link);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		if (kh_str_starts(lines.items[i], "DEVTYPE="))
			return kh_strdup(lines.items[i] + strlen("DEVTYPE="));
	return NULL;
}

static bool is_vlan(const struct kh_root *root, const char *link, const char *type)
{
	kh_auto(kh_free) char *path = kh_printf("/proc/net/vlan/%s", link);
	return (type && strcmp(type, "vlan") == 0) || kh_root_exists(root, path);
}

static enum kh_link_kind kind_of(const struct kh_root *root, const struct kh_facts_link *link,
				 const char *type)
{
	enum { ARPHRD_IS_LOOPBACK = 772 };
	if (strcmp(link->name, "lo") == 0 || link->hardware == ARPHRD_IS_LOOPBACK)
		return KH_LINK_LOOPBACK;
	if (has(root, link->name, "bridge") || (type && strcmp(type, "bridge") == 0))
		return KH_LINK_BRIDGE;
	if (has(root, link->name, "bonding") || (type && strcmp(type, "bond") == 0))
		return KH_LINK_BOND;
	if (is_vlan(root, link->name, type))
		return KH_LINK_VLAN;
	return has(root, link->name, "device") ? KH_LINK_PHYSICAL : KH_LINK_OTHER;
}

/* Virtual links stay "unknown" while they run (a link without a carrier notion): their flags tell.
 */
static bool is_running(const struct kh_root *root, const char *name)
{
	enum { IFF_IS_UP = 1 };
	kh_auto(kh_free) char *state = kh_root_linef(root, "/sys/class/net/%s/operstate", name);
	if (!state || strcmp(state, "unknown") != 0)
		return state && strcmp(state, "up") == 0;
	kh_auto(kh_free) char *flags = kh_root_linef(root, "/sys/class/net/%s/flags", name);
	return flags && (strtoul(flags, NULL, 16) & IFF_IS_UP) != 0;
}

static void read_ports(const struct kh_root *root, struct kh_facts_link *link)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *path = kh_printf("/sys/class/net/%s", link->name);
	kh_root_list(root, path, &names);
	if (link->kind != KH_LINK_BRIDGE && link->kind != KH_LINK_BOND)
		return;
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_starts(names.items[i], "lower_"))
			kh_strv_add(&link->ports, names.items[i] + strlen("lower_"));
	if (link->ports.count > 0)
		return;
	kh_auto(kh_free) char *brif = kh_printf("/sys/class/net/%s/brif", link->name);
	kh_root_list(root, brif, &link->ports);
	kh_auto(kh_free) char *slaves =
		kh_root_linef(root, "/sys/class/net/%s/bonding/slaves", link->name);
	kh_strv_split(&link->ports, slaves ? slaves : "", " \t\n");
}

/* "active-backup 1" -> "active-backup" */
static char *bond_mode(const struct kh_root *root, const char *name)
{
	char *mode = kh_root_linef(root, "/sys/class/net/%s/bonding/mode", name);
	if (mode)
		mode[strcspn(mode, " ")] = '\0';
	return mode;
}

static void read_mac(const struct kh_root *root, struct kh_facts_link *link)
{
	kh_auto(kh_free) char *mac = kh_root_linef(root, "/sys/class/net/%s/address", link->name);
	if (!mac || !*mac || strcmp(mac, "00:00:00:00:00:00") == 0)
		return;
	for (char *at = mac; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	link->mac = kh_take(mac);
}

static void read_link(const struct kh_root *root, const char *name, struct kh_facts_link *link)
{
	kh_auto(kh_free) char *type = device_type(root, name);
	link->name = kh_strdup(name);
	link->ifindex = signed_number(root, name, "ifindex");
	link->mac_type = signed_number(root, name, "addr_assign_type");
	link->mtu = signed_number(root, name, "mtu");
	link->hardware = signed_number(root, name, "type");
	link->speed_mbit = signed_number(root, name, "speed");
	link->node = signed_number(root, name, "device/numa_node");
	link->kind = kind_of(root, link, type);
	link->is_wireless = (type && strcmp(type, "wlan") == 0) || has(root, name, "wireless") ||
			    has(root, name, "phy80211");
	link->is_up = is_running(root, name);
	link->master = link_end(root, name, "master");
	link->driver = link_end(root, name, "device/driver");
	link->bond_mode = link->kind == KH_LINK_BOND ? bond_mode(root, name) : NULL;
	read_mac(root, link);
	read_ports(root, link);
}

static void read_links(const struct kh_root *root, struct kh_facts_net *net)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/sys/class/net", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("/sys/class/net/%s", names.items[i]);
		if (kh_root_is_dir(root, path)) /* bonding_masters is a file */
			read_link(root, names.items[i], kh_append(net->links, net->link_count));
	}
}

static void read_dns(const struct kh_root *root, struct kh_facts_net *net)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/resolv.conf");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count >= 2 && strcmp(words.items[0], "nameserver") == 0)
			kh_strv_add(&net->dns, words.items[1]);
	}
}

void kh_facts_net_collect(const struct kh_root *root, struct kh_facts_net *ret_net)
{
	*ret_net = (struct kh_facts_net){0};
	read_links(root, ret_net);
	kh_facts_net_read_routes(root, ret_net);
	kh_facts_net_read_addresses(root, ret_net);
	read_dns(root, ret_net);
	ret_net->manager = kh_facts_net_manager(root, ret_net->default_link);
}

static void link_done(struct kh_facts_link *link)
{
	kh_free(&link->name);
	kh_free(&link->mac);
	kh_free(&link->master);
	kh_free(&link->driver);
	kh_free(&link->bond_mode);
	kh_strv_done(&link->ports);
	kh_strv_done(&link->addresses);
	kh_strv_done(&link->own_addresses);
}

void kh_facts_net_done(struct kh_facts_net *net)
{
	for (size_t i = 0; i < net->link_count; i++)
		link_done(&net->links[i]);
	kh_free(&net->links);
	kh_free(&net->default_link);
	kh_free(&net->gateway4);
	kh_free(&net->gateway6);
	kh_strv_done(&net->dns);
	*net = (struct kh_facts_net){0};
}

const struct kh_facts_link *kh_facts_net_link(const struct kh_facts_net *net, const char *name)
{
	for (size_t i = 0; name && i < net->link_count; i++)
		if (strcmp(net->links[i].name, name) == 0)
			return &net->links[i];
	return NULL;
}

const struct kh_facts_link *kh_facts_net_mac(const struct kh_facts_net *net, const char *mac)
{
	const struct kh_facts_link *found = NULL;
	for (size_t i = 0; i < net->link_count; i++) {
		const struct kh_facts_link *link = &net->links[i];
		if (!link->mac || strcasecmp(link->mac, mac) != 0)
			continue;
		if (link->kind == KH_LINK_PHYSICAL)
			return link;
		if (!found && link->kind == KH_LINK_OTHER)
			found = link;
	}
	return found;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *number_or_null(long long number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *list_json(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *link_json(const struct kh_facts_link *link)
{
	json_t *object = json_object();
	json_object_set_new(object, "name", json_string(link->name));
	json_object_set_new(object, "kind", json_string(kind_names[link->kind]));
	json_object_set_new(object, "mac", text_or_null(link->mac));
	json_object_set_new(object, "mtu", number_or_null(link->mtu));
	json_object_set_new(object, "up", json_boolean(link->is_up));
	json_object_set_new(object, "wireless", json_boolean(link->is_wireless));
	json_object_set_new(object, "master", text_or_null(link->master));
	json_object_set_new(object, "driver", text_or_null(link->driver));
	if (link->bond_mode)
		json_object_set_new(object, "bond_mode", json_string(link->bond_mode));
	json_object_set_new(object, "node", number_or_null(link->node));
	json_object_set_new(object, "speed_mbit", number_or_null(link->speed_mbit));
	json_object_set_new(object, "ports", list_json(&link->ports));
	json_object_set_new(object, "addresses", list_json(&link->addresses));
	return object;
}

json_t *kh_facts_net_json(const struct kh_facts_net *net)
{
	json_t *links = json_array();
	for (size_t i = 0; i < net->link_count; i++)
		json_array_append_new(links, link_json(&net->links[i]));
	json_t *object = json_object();
	json_object_set_new(object, "links", links);
	json_object_set_new(object, "default_link", text_or_null(net->default_link));
	json_object_set_new(object, "gateway4", text_or_null(net->gateway4));
	json_object_set_new(object, "gateway6", text_or_null(net->gateway6));
	json_object_set_new(object, "dns", list_json(&net->dns));
	json_object_set_new(object, "manager", json_string(kh_net_manager_name(net->manager)));
	return object;
}
