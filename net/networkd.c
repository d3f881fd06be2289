/* networkd.c - the bridge in the language of systemd-networkd.
 *
 * Three new files; the file that has the port's settings today stays as it is and is passed over,
 * because networkd takes the first file that fits and ours sort before it. It may serve other links
 * too (Name=en*), and undo has nothing to repair. The bridge's file carries its settings on.
 *
 * A port is matched by its MAC address, as new drivers rename links. The bridge has the same
 * address, so links of other types are kept out.
 *
 * Sources: systemd.network(5), systemd.netdev(5); "Type=!vlan bond bridge": as netplan writes it.
 */
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/ini.h"
#include "net/networkd_find.h"

static const char note[] = "# Made by kvmhost (stage bridge).\n";

/* Sections that speak of addresses and routes: the bridge's. All others ([SR-IOV], queues) are of
 * the hardware. */
static bool is_host_section(const char *section)
{
	static const char *const sections[] = {
		"Network",
		"Address",
		"Neighbor",
		"IPv6AddressLabel",
		"RoutingPolicyRule",
		"NextHop",
		"Route",
		"DHCP",
		"DHCPv4",
		"DHCPv6",
		"DHCPServer",
		"DHCPPrefixDelegation",
		"DHCPv6PrefixDelegation",
		"IPv6AcceptRA",
		"IPv6SendRA",
		"IPv6PrefixDelegation",
		"IPv6Prefix",
		"IPv6RoutePrefix",
		"DHCPServerStaticLease",
	};
	return kh_str_is_one_of(section, sections, KH_COUNT(sections));
}

/* Of [Network]: what hangs on the port itself. */
static bool is_port_key(const char *key)
{
	static const char *const keys[] = {"VLAN", "MACVLAN",  "MACVTAP", "IPVLAN", "IPVTAP",
					   "LLDP", "EmitLLDP", "Bridge",  "Bond",   "VRF"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

/* Does a block ("[Address]", "[Route]") hold what the configuration replaces? */
static bool is_replaced_block(const struct kh_net_wish *wish, const struct kh_ini *ini, int block)
{
	const char *section = "", *address = NULL, *gateway = NULL, *destination = NULL;
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		if (line->block != block || !line->key)
			continue;
		section = line->section;
		address = strcmp(line->key, "Address") == 0 ? line->value : address;
		gateway = strcmp(line->key, "Gateway") == 0 ? line->value : gateway;
		destination = strcmp(line->key, "Destination") == 0 ? line->value : destination;
	}
	if (strcmp(section, "Address") == 0 && address)
		return kh_net_replaces(wish, kh_net_family(address));
	bool is_default = !destination || strcmp(destination, "0.0.0.0/0") == 0 ||
			  strcmp(destination, "::/0") == 0;
	return strcmp(section, "Route") == 0 && gateway && is_default &&
	       kh_net_replaces(wish, kh_net_family(gateway));
}

/* A line of [Network] that the configuration replaces. */
static bool is_replaced_line(const struct kh_net_wish *wish, const struct kh_ini_line *line)
{
	bool is_ours = wish->config->address_mode != KH_ADDRESS_INHERIT;
	bool is_address = strcmp(line->key, "Address") == 0 || strcmp(line->key, "Gateway") == 0;
	if (strcmp(line->section, "Network") != 0 || !is_ours)
		return false;
	if (is_address)
		return kh_net_replaces(wish, kh_net_family(line->value));
	if (strcmp(line->key, "DNS") == 0)
		return wish->config->dns.count > 0;
	return strcmp(line->key, "DHCP") == 0;
}

static bool is_no(const char *value)
{
	static const char *const no[] = {"0", "no", "n", "false", "f", "off"};
	for (size_t i = 0; i < KH_COUNT(no); i++)
		if (strcasecmp(value, no[i]) == 0)
			return true;
	return false;
}

/* ---- the bridge's settings ---- */

static bool has_dhcp(const char *value, const char *family)
{
	return kh_ini_is_true(value) ||
	       (value && (strcmp(value, family) == 0 || strcmp(value, "both") == 0));
}

static void add_own_address(const struct kh_net_wish *wish, const struct kh_ini *port,
			    struct kh_str *out)
{
	const struct kh_config_bridge *config = wish->config;
	if (config->address_mode == KH_ADDRESS_INHERIT)
		return;
	const char *today = kh_ini_get(port, "Network", "DHCP");
	bool is_dhcp4 = config->address_mode == KH_ADDRESS_DHCP ||
			(has_dhcp(today, "ipv4") && !kh_net_replaces(wish, 4));
	bool is_dhcp6 = has_dhcp(today, "ipv6") && !kh_net_replaces(wish, 6);
	kh_str_addf(out, "\n[Network]\nDHCP=%s\n",
		    is_dhcp4 ? (is_dhcp6 ? "yes" : "ipv4") : (is_dhcp6 ? "ipv6" : "no"));
	for (size_t i = 0; i < config->addresses.count; i++)
		kh_str_addf(out, "Address=%s\n", config->addresses.items[i]);
	for (size_t i = 0; i < config->gateways.count; i++)
		kh_str_addf(out, "Gateway=%s\n", config->gateways.items[i]);
	for (size_t i = 0; i < config->dns.count; i++)
		kh_str_addf(out, "DNS=%s\n", config->dns.items[i]);
}

static bool is_dynamic(const struct kh_net_wish *wish, const struct kh_ini *port)
{
	const char *dhcp = kh_ini_get(port, "Network", "DHCP");
	switch (wish->config->address_mode) {
	case KH_ADDRESS_DHCP:
		return true;
	case KH_ADDRESS_STATIC:
		return false;
	case KH_ADDRESS_INHERIT:
		break;
	}
	return has_dhcp(dhcp, "ipv4") || has_dhcp(dhcp, "ipv6") ||
	       (!kh_ini_get(port, "Network", "Address") && !kh_ini_get(port, "Address", "Address"));
}

static void add_iaid(const struct kh_net_wish *wish, const char *section, uint32_t iaid,
		     bool *is_begun, struct kh_str *out)
{
	if (*is_begun)
		kh_str_add(out, "\n");
	else
		kh_str_addf(out,
			    "\n# The DHCP client identity of %s, so that lease and address stay.\n",
			    wish->port->name);
	kh_str_addf(out, "[%s]\nIAID=%u\n", section, iaid);
	*is_begun = true;
}

/* The client identity of today: only an automatic IAID would change with the link's name. One that
 * is set for IPv4 holds for IPv6 as well, unless that has its own. */
static void add_identity(const struct kh_net_wish *wish, const struct kh_ini *port,
			 struct kh_str *out)
{
	const struct kh_dhcp_identity *dhcp = wish->dhcp;
	bool is_set = kh_ini_get(port, "DHCP", "IAID") || kh_ini_get(port, "DHCPv4", "IAID");
	bool is_set6 = is_set || kh_ini_get(port, "DHCPv6", "IAID");
	bool has_both = dhcp && dhcp->has_iaid && is_dynamic(wish, port);
	bool is_begun = false;
	if (has_both && !is_set)
		add_iaid(wish, "DHCPv4", dhcp->iaid, &is_begun, out);
	if (dhcp && dhcp->has_iaid6 && !is_set6 && !kh_net_replaces(wish, 6))
		add_iaid(wish, "DHCPv6", dhcp->iaid6, &is_begun, out);
	else if (has_both && !is_set6)
		add_iaid(wish, "DHCPv6", dhcp->iaid, &is_begun, out);
}

/* Whether a running host asks DHCPv6, in a way that nobody tells the identity of. */
static void note_identity(const struct kh_net_wish *wish, const struct kh_ini *port,
			  struct kh_net_answer *answer)
{
	const struct kh_dhcp_identity *dhcp = wish->dhcp;
	bool is_known = (dhcp && (dhcp->has_iaid || dhcp->has_iaid6)) ||
			kh_ini_get(port, "DHCP", "IAID") || kh_ini_get(port, "DHCPv4", "IAID") ||
			kh_ini_get(port, "DHCPv6", "IAID");
	if (is_known || wish->port->ifindex < 0 || kh_net_replaces(wish, 6) ||
	    !has_dhcp(kh_ini_get(port, "Network", "DHCP"), "ipv6"))
		return;
	kh_strv_addf(&answer->notes,
		     "the DHCPv6 identity of '%s' is not known: '%s' may get another IPv6 address "
		     "than it has, unless IAID= in [DHCPv6] says it",
		     wish->port->name, wish->config->name);
}

static void add_link(const struct kh_ini *port, struct kh_str *out)
{
	static const char *const keys[] = {"MTUBytes", "RequiredForOnline",
					   "RequiredFamilyForOnline"};
	bool is_begun = false;
	for (size_t i = 0; i < KH_COUNT(keys); i++) {
		const char *value = kh_ini_get(port, "Link", keys[i]);
		if (!value)
			continue;
		kh_str_addf(out, "%s%s=%s\n", is_begun ? "" : "\n[Link]\n", keys[i], value);
		is_begun = true;
	}
}

/* A port is "enslaved", never "routable", and has no address of any family: who waits for that at
 * boot would wait in vain. Source: systemd.network(5), networkctl(1). */
static bool is_never_so(const struct kh_ini_line *line)
{
	if (!line->key || strcmp(line->section, "Link") != 0)
		return false;
	return strcmp(line->key, "RequiredFamilyForOnline") == 0 ||
	       (strcmp(line->key, "RequiredForOnline") == 0 && !is_no(line->value));
}

/* A line of the host's with the link that it names: what came in over the port, or left there, does
 * so over the bridge. Owned. */
static char *renamed(const struct kh_net_wish *wish, const struct kh_ini_line *line)
{
	static const char *const keys[] = {"IncomingInterface", "OutgoingInterface",
					   "UplinkInterface"};
	return line->key && kh_str_is_one_of(line->key, keys, KH_COUNT(keys))
		       ? kh_net_rename(line->raw, wish->port->name, wish->config->name)
		       : kh_strdup(line->raw);
}

/* Copy the sections of the host (or of the hardware), a blank line in front of each. */
static void copy_sections(const struct kh_net_wish *wish, const struct kh_ini *ini, bool of_host,
			  struct kh_str *out)
{
	const char *header = NULL; /* until something of its section is copied */
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		bool is_match = strcmp(line->section, "Match") == 0;
		header = line->is_header ? line->raw : header;
		if (line->is_header || line->block == 0 || is_match ||
		    is_host_section(line->section) != of_host || kh_ini_is_blank(line) ||
		    (of_host && is_replaced_block(wish, ini, line->block)))
			continue;
		if (line->key && of_host && strcmp(line->section, "Network") == 0 &&
		    (is_port_key(line->key) || is_replaced_line(wish, line)))
			continue;
		if (!of_host && is_never_so(line))
			continue;
		if (header)
			kh_str_addf(out, "\n%s", header);
		header = NULL;
		kh_auto(kh_free) char *raw = renamed(wish, line);
		kh_ini_add_raw(out, raw);
	}
}

static char *bridge_network(const struct kh_net_wish *wish, const struct kh_networkd_file *file,
			    const struct kh_ini *port)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_addf(&out, "%s# The settings of %s, from %s.\n[Match]\nName=%s\n", note,
		    wish->port->name, file->path, wish->config->name);
	add_link(port, &out);
	copy_sections(wish, port, true, &out);
	add_own_address(wish, port, &out);
	add_identity(wish, port, &out);
	return kh_str_take(&out);
}

static char *netdev(const struct kh_net_wish *wish)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_addf(&out, "%s[NetDev]\nName=%s\nKind=bridge\n", note, wish->config->name);
	if (wish->port->mac)
		kh_str_addf(&out, "MACAddress=%s\n", wish->port->mac);
	kh_str_add(&out, "\n[Bridge]\n");
	kh_str_add(&out, wish->config->stp ? "STP=yes\n" : "STP=no\nForwardDelaySec=0\n");
	return kh_str_take(&out);
}

/* ---- the port ---- */

static char *port_network(const struct kh_net_wish *wish, const struct kh_networkd_file *file,
			  const struct kh_ini *port)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const struct kh_facts_link *link = wish->port;
	kh_str_addf(&out, "%s# Stands before %s, so that %s is a port of %s.\n[Match]\n", note,
		    file->path, link->name, wish->config->name);
	if (kh_net_has_own_mac(wish))
		kh_str_addf(&out, "MACAddress=%s\nType=!vlan bond bridge\n", link->mac);
	else
		kh_str_addf(&out, "Name=%s\n", link->name);
	copy_sections(wish, port, false, &out);
	kh_str_addf(&out, "\n[Network]\nBridge=%s\nLinkLocalAddressing=no\n", wish->config->name);
	for (size_t i = 0; i < port->line_count; i++) {
		const struct kh_ini_line *line = &port->lines[i];
		if (line->key && strcmp(line->section, "Network") == 0 && is_port_key(line->key))
			kh_ini_add_raw(&out, line->raw);
	}
	return kh_str_take(&out);
}

/* ---- names ---- */

/* A prefix whose file for NAME sorts before OTHER (NULL: any will do), or NULL. */
static const char *prefix_before(const char *name, const char *other)
{
	static const char *const prefixes[] = {"05-kvmhost-", "00-kvmhost-", "00-00-kvmhost-",
					       "00-"};
	for (size_t i = 0; i < KH_COUNT(prefixes); i++) {
		kh_auto(kh_free) char *ours = kh_printf("%s%s.network", prefixes[i], name);
		if (!other || strcmp(ours, other) < 0)
			return prefixes[i];
	}
	return NULL;
}

/* A path that sorts before every file that may take the link, and before TAKEN (NULL: none). */
static int path_before(const struct kh_net_wish *wish, const struct kh_facts_link *link,
		       const char *taken, char **ret_path, struct kh_error *err)
{
	kh_auto(kh_free) char *fitting = kh_networkd_first(wish->view, link);
	const char *first = fitting;
	if (taken && (!first || strcmp(taken, first) < 0))
		first = taken;
	const char *prefix = prefix_before(link->name, first);
	if (!prefix) {
		kh_fail(err, KH_HOST, 0, "no file name sorts before '%s'", first);
		return kh_hint(err, "rename that file to '10-%s'", first);
	}
	*ret_path = kh_printf("/etc/systemd/network/%s%s.network", prefix, link->name);
	return 0;
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	const char *bridge = wish->config->name;
	kh_auto(kh_networkd_file_done) struct kh_networkd_file file = {0};
	if (kh_networkd_find(wish->view, wish->port, &file, err) != 0)
		return -1;
	if (!file.name) {
		kh_fail(err, KH_HOST, 0, "no .network file fits '%s'", wish->port->name);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	kh_auto(kh_ini_done) struct kh_ini port = {0};
	kh_ini_parse(file.text, &port);
	if (kh_ini_get(&port, "Network", "Bridge")) {
		answer->carrier = kh_strdup(kh_ini_get(&port, "Network", "Bridge"));
		return 0;
	}
	kh_auto(kh_free) char *taken = kh_networkd_about(wish->view, bridge);
	if (taken)
		return kh_net_taken(wish, taken, err);
	struct kh_facts_link future = {
		.name = (char *)bridge, .kind = KH_LINK_BRIDGE, .mac = wish->port->mac};
	kh_auto(kh_free) char *port_path = NULL;
	kh_auto(kh_free) char *bridge_path = NULL;
	if (path_before(wish, wish->port, file.name, &port_path, err) != 0 ||
	    path_before(wish, &future, NULL, &bridge_path, err) != 0)
		return -1;
	kh_auto(kh_free) char *netdev_path =
		kh_printf("/etc/systemd/network/05-kvmhost-%s.netdev", bridge);
	if (kh_net_view_exists(wish->view, netdev_path))
		return kh_net_taken(wish, netdev_path, err);
	kh_auto(kh_free) char *of_netdev = netdev(wish);
	kh_auto(kh_free) char *of_bridge = bridge_network(wish, &file, &port);
	kh_auto(kh_free) char *of_port = port_network(wish, &file, &port);
	kh_net_answer_edit(answer, netdev_path, of_netdev, 0, "the bridge");
	kh_net_answer_edit(answer, bridge_path, of_bridge, 0,
			   "the address moves from the port to the bridge");
	kh_net_answer_edit(answer, port_path, of_port, 0, "the uplink becomes the bridge's port");
	note_identity(wish, &port, answer);
	answer->is_dynamic = is_dynamic(wish, &port);
	return 0;
}

const struct kh_net_backend kh_net_networkd = {KH_NET_NETWORKD, plan};
