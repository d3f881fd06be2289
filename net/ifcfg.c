/* ifcfg.c - the bridge in the language of /etc/sysconfig/network-scripts.
 *
 * ifcfg-PORT keeps what belongs to the port and gets BRIDGE=; every other line moves to
 * ifcfg-BRIDGE as it is. The files that stand beside it (route-, route6-, rule-, rule6-, aliases)
 * take the bridge's name. The same files serve the network service and NetworkManager; each reads
 * its own spelling of the MAC address (MACADDR, BRIDGE_MACADDR).
 *
 * Sources: sysconfig.txt of initscripts, nm-settings-ifcfg-rh(5).
 */
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/ini.h"

static const char dir[] = "/etc/sysconfig/network-scripts";
static const char move_why[] = "the address moves from the port to the bridge";

static bool belongs_to_port(const char *key)
{
	static const char *const keys[] = {
		"DEVICE",       "NAME",          "UUID",
		"HWADDR",       "MACADDR",       "TYPE",
		"ONBOOT",       "BONDING_OPTS",  "BONDING_MASTER",
		"MASTER",       "SLAVE",         "VLAN",
		"VLAN_ID",      "PHYSDEV",       "REORDER_HDR",
		"ETHTOOL_OPTS", "ETHTOOL_DELAY", "NM_CONTROLLED",
		"USERCTL",      "HOTPLUG",       "MTU",
		"LINKDELAY",    "BRIDGE",        "SUBCHANNELS",
		"NETTYPE",      "OPTIONS",       "AUTOCONNECT_PRIORITY",
		"DEVTYPE",      "TEAM_CONFIG",
	};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys)) || kh_str_starts(key, "DCB") ||
	       kh_str_starts(key, "SRIOV") || kh_str_starts(key, "KEY_");
}

/* What both need: the bridge is as large, as wanted at boot and as managed as its port. */
static bool belongs_to_both(const char *key)
{
	static const char *const keys[] = {"MTU", "NM_CONTROLLED", "USERCTL",
					   "AUTOCONNECT_PRIORITY"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

/* IPADDR, IPADDR0, NETMASK1...: the key with a number behind it. */
static bool is_numbered(const char *key, const char *stem)
{
	size_t length = strlen(stem);
	return strncmp(key, stem, length) == 0 &&
	       strspn(key + length, "0123456789") == strlen(key + length);
}

static bool is_address4(const char *key)
{
	static const char *const stems[] = {"IPADDR",  "PREFIX",  "NETMASK",
					    "GATEWAY", "NETWORK", "BROADCAST"};
	for (size_t i = 0; i < KH_COUNT(stems); i++)
		if (is_numbered(key, stems[i]))
			return true;
	return strcmp(key, "BOOTPROTO") == 0;
}

static bool is_address6(const char *key)
{
	static const char *const keys[] = {
		"IPV6INIT", "IPV6ADDR",       "IPV6ADDR_SECONDARIES", "IPV6_AUTOCONF",
		"DHCPV6C",  "IPV6_DEFAULTGW", "IPV6_ADDR_GEN_MODE",   "DHCPV6C_OPTIONS"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

static bool is_replaced(const struct kh_net_wish *wish, const char *key)
{
	bool has_dns = wish->config->dns.count > 0 || wish->config->address_mode == KH_ADDRESS_DHCP;
	return (kh_net_replaces(wish, 4) && is_address4(key)) ||
	       (kh_net_replaces(wish, 6) && is_address6(key)) ||
	       (wish->config->address_mode != KH_ADDRESS_INHERIT && has_dns &&
		is_numbered(key, "DNS"));
}

/* ---- the configuration's own address ---- */

static void add_address4(const struct kh_net_wish *wish, struct kh_str *out)
{
	const struct kh_strv *addresses = &wish->config->addresses;
	int number = 0;
	kh_str_add(out, "BOOTPROTO=none\n");
	for (size_t i = 0; i < addresses->count; i++) {
		const char *address = addresses->items[i];
		const char *slash = strchr(address, '/');
		if (kh_net_family(address) != 4)
			continue;
		kh_auto(kh_free) char *suffix = number ? kh_printf("%d", number) : kh_strdup("");
		number++;
		kh_str_addf(out, "IPADDR%s=%.*s\n", suffix, (int)strcspn(address, "/"), address);
		kh_str_addf(out, "PREFIX%s=%s\n", suffix, slash ? slash + 1 : "32");
	}
	if (kh_net_gateway(wish, 4))
		kh_str_addf(out, "GATEWAY=%s\n", kh_net_gateway(wish, 4));
}

static void add_address6(const struct kh_net_wish *wish, struct kh_str *out)
{
	const struct kh_strv *addresses = &wish->config->addresses;
	kh_auto(kh_strv_done) struct kh_strv more = {0};
	kh_str_add(out, "IPV6INIT=yes\nIPV6_AUTOCONF=no\n");
	bool is_first = true;
	for (size_t i = 0; i < addresses->count; i++) {
		if (kh_net_family(addresses->items[i]) != 6)
			continue;
		if (is_first)
			kh_str_addf(out, "IPV6ADDR=%s\n", addresses->items[i]);
		else
			kh_strv_add(&more, addresses->items[i]);
		is_first = false;
	}
	kh_auto(kh_free) char *others = kh_strv_join(&more, " ");
	if (*others)
		kh_str_addf(out, "IPV6ADDR_SECONDARIES=\"%s\"\n", others);
	if (kh_net_gateway(wish, 6))
		kh_str_addf(out, "IPV6_DEFAULTGW=%s\n", kh_net_gateway(wish, 6));
}

static void add_own_address(const struct kh_net_wish *wish, struct kh_str *out)
{
	const struct kh_config_bridge *config = wish->config;
	if (config->address_mode == KH_ADDRESS_DHCP)
		kh_str_add(out, "BOOTPROTO=dhcp\n");
	else if (kh_net_replaces(wish, 4))
		add_address4(wish, out);
	if (kh_net_replaces(wish, 6))
		add_address6(wish, out);
	for (size_t i = 0; i < config->dns.count; i++)
		kh_str_addf(out, "DNS%zu=%s\n", i + 1, config->dns.items[i]);
}

/* ---- the two files ---- */

static void add_line(struct kh_str *out, const char *raw)
{
	kh_str_add(out, raw);
	if (!kh_str_ends(raw, "\n"))
		kh_str_add(out, "\n");
}

static char *bridge_text(const struct kh_net_wish *wish, const struct kh_ini *port)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const char *mac = wish->port->mac;
	kh_str_addf(&out, "DEVICE=%s\nTYPE=Bridge\nONBOOT=yes\n", wish->config->name);
	kh_str_add(&out, wish->config->stp ? "STP=yes\n" : "STP=no\nDELAY=0\n");
	if (mac)
		kh_str_addf(&out, "MACADDR=%s\nBRIDGE_MACADDR=%s\n", mac, mac);
	for (size_t i = 0; i < port->line_count; i++) {
		const struct kh_ini_line *line = &port->lines[i];
		if (line->key && !is_replaced(wish, line->key) &&
		    (!belongs_to_port(line->key) || belongs_to_both(line->key)))
			add_line(&out, line->raw);
	}
	add_own_address(wish, &out);
	return kh_str_take(&out);
}

/* "quoted", 'quoted' or plain */
static char *unquoted(const char *value)
{
	size_t length = value ? strlen(value) : 0;
	bool is_quoted = length >= 2 && (value[0] == '"' || value[0] == '\'') &&
			 value[length - 1] == value[0];
	return is_quoted ? kh_strndup(value + 1, length - 2) : kh_strdup(value ? value : "");
}

static char *port_text(const struct kh_net_wish *wish, const struct kh_ini *port)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (size_t i = 0; i < port->line_count; i++) {
		const struct kh_ini_line *line = &port->lines[i];
		if (line->key && !belongs_to_port(line->key))
			continue;
		kh_auto(kh_free) char *value = unquoted(line->value);
		if (line->key && strcmp(line->key, "ONBOOT") == 0 && !kh_ini_is_true(value))
			kh_str_add(&out, "ONBOOT=yes\n");
		else
			add_line(&out, line->raw);
	}
	/* ifup-eth wants HWADDR to be the address that the link has before MACADDR is set. */
	if (kh_net_has_own_mac(wish) && !kh_ini_get(port, "", "HWADDR") &&
	    !kh_ini_get(port, "", "MACADDR"))
		kh_str_addf(&out, "HWADDR=%s\n", wish->port->mac);
	kh_str_addf(&out, "BRIDGE=%s\n", wish->config->name);
	return kh_str_take(&out);
}

/* ---- the files beside them ---- */

static void move_file(const struct kh_net_wish *wish, struct kh_net_answer *answer,
		      const char *old_name, const char *new_name)
{
	kh_auto(kh_free) char *old_path = kh_printf("%s/%s", dir, old_name);
	kh_auto(kh_free) char *new_path = kh_printf("%s/%s", dir, new_name);
	kh_auto(kh_free) char *text = kh_net_view_text(wish->view, old_path);
	if (!text)
		return;
	kh_auto(kh_free) char *renamed = kh_net_rename(text, wish->port->name, wish->config->name);
	kh_net_answer_edit(answer, new_path, renamed, 0, move_why);
	kh_net_answer_edit(answer, old_path, NULL, 0, move_why);
}

static void move_companions(const struct kh_net_wish *wish, struct kh_net_answer *answer)
{
	static const char *const stems[] = {"route-", "route6-", "rule-", "rule6-"};
	const char *port = wish->port->name, *bridge = wish->config->name;
	for (size_t i = 0; i < KH_COUNT(stems); i++) {
		kh_auto(kh_free) char *old_name = kh_printf("%s%s", stems[i], port);
		kh_auto(kh_free) char *new_name = kh_printf("%s%s", stems[i], bridge);
		move_file(wish, answer, old_name, new_name);
	}
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *alias = kh_printf("ifcfg-%s:", port);
	kh_auto(kh_free) char *range = kh_printf("ifcfg-%s-range", port);
	kh_net_view_list(wish->view, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (!kh_str_starts(name, alias) && !kh_str_starts(name, range))
			continue;
		const char *rest = name + strlen("ifcfg-") + strlen(port);
		kh_auto(kh_free) char *old_path = kh_printf("%s/%s", dir, name);
		kh_auto(kh_free) char *new_path = kh_printf("%s/ifcfg-%s%s", dir, bridge, rest);
		kh_auto(kh_free) char *text = kh_net_view_text(wish->view, old_path);
		kh_auto(kh_free) char *label = kh_printf("%s%s", port, rest);
		kh_auto(kh_free) char *new_label = kh_printf("%s%s", bridge, rest);
		kh_auto(kh_free) char *renamed = kh_net_rename(text ? text : "", label, new_label);
		kh_net_answer_edit(answer, new_path, renamed, 0, move_why);
		kh_net_answer_edit(answer, old_path, NULL, 0, move_why);
	}
}

/* GATEWAYDEV=eth0 in /etc/sysconfig/network says which link the default route takes. */
static void move_gateway_device(const struct kh_net_wish *wish, struct kh_net_answer *answer)
{
	static const char path[] = "/etc/sysconfig/network";
	kh_auto(kh_free) char *text = kh_net_view_text(wish->view, path);
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(text ? text : "", &ini);
	kh_auto(kh_str_done) struct kh_str out = {0};
	bool has_changed = false;
	for (size_t i = 0; i < ini.line_count; i++) {
		const struct kh_ini_line *line = &ini.lines[i];
		bool is_device = line->key && (strcmp(line->key, "GATEWAYDEV") == 0 ||
					       strcmp(line->key, "IPV6_DEFAULTDEV") == 0);
		kh_auto(kh_free) char *raw =
			is_device ? kh_net_rename(line->raw, wish->port->name, wish->config->name)
				  : kh_strdup(line->raw);
		has_changed = has_changed || strcmp(raw, line->raw) != 0;
		kh_str_add(&out, raw);
	}
	if (has_changed)
		kh_net_answer_edit(answer, path, kh_str_text(&out), 0, "the default route's link");
}

/* Where the network service makes bridges with brctl, a host without it would come up without
 * network. */
static int need_brctl(const struct kh_net_wish *wish, struct kh_error *err)
{
	const struct kh_root *root = wish->view->root;
	kh_auto(kh_free) char *script = kh_printf("%s/ifup-eth", dir);
	kh_auto(kh_free) char *text = kh_root_text(root, script);
	kh_auto(kh_free) char *brctl = kh_root_which(root, "brctl");
	kh_auto(kh_free) char *nm = kh_root_which(root, "NetworkManager");
	kh_auto(kh_free) char *enabled = kh_root_readlink(
		root, "/etc/systemd/system/multi-user.target.wants/NetworkManager.service");
	if (!text || !strstr(text, "brctl") || brctl || (nm && enabled))
		return 0;
	kh_fail(err, KH_HOST, 0, "the network service makes bridges with brctl, which is missing");
	return kh_hint(err, "install bridge-utils");
}

static bool is_dynamic(const struct kh_net_wish *wish, const struct kh_ini *port)
{
	if (wish->config->address_mode != KH_ADDRESS_INHERIT)
		return wish->config->address_mode == KH_ADDRESS_DHCP;
	kh_auto(kh_free) char *proto = unquoted(kh_ini_get(port, "", "BOOTPROTO"));
	if (strcasecmp(proto, "dhcp") == 0 || strcasecmp(proto, "bootp") == 0)
		return true;
	kh_auto(kh_free) char *address = unquoted(kh_ini_get(port, "", "IPADDR"));
	return !*address && !kh_ini_get(port, "", "IPADDR0");
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	const char *name = wish->port->name;
	kh_auto(kh_free) char *port_path = kh_printf("%s/ifcfg-%s", dir, name);
	kh_auto(kh_free) char *bridge_path = kh_printf("%s/ifcfg-%s", dir, wish->config->name);
	kh_auto(kh_free) char *text = kh_net_view_text(wish->view, port_path);
	if (!text) {
		kh_fail(err, KH_HOST, 0, "no '%s'", port_path);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	kh_auto(kh_ini_done) struct kh_ini port = {0};
	kh_ini_parse(text, &port);
	kh_auto(kh_free) char *carrier = unquoted(kh_ini_get(&port, "", "BRIDGE"));
	if (*carrier) {
		answer->carrier = kh_take(carrier);
		return 0;
	}
	if (kh_net_view_exists(wish->view, bridge_path))
		return kh_net_taken(wish, bridge_path, err);
	if (need_brctl(wish, err) != 0)
		return -1;
	kh_auto(kh_free) char *of_bridge = bridge_text(wish, &port);
	kh_auto(kh_free) char *of_port = port_text(wish, &port);
	kh_net_answer_edit(answer, bridge_path, of_bridge, 0, move_why);
	move_companions(wish, answer);
	move_gateway_device(wish, answer);
	kh_net_answer_edit(answer, port_path, of_port, 0, "it becomes the bridge's port");
	answer->is_dynamic = is_dynamic(wish, &port);
	return 0;
}

const struct kh_net_backend kh_net_ifcfg = {KH_NET_IFCFG, plan};
