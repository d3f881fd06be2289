/* ifupdown_stanza.c - see ifupdown_stanza.h; the whole of it in ifupdown.c. */
#include "net/ifupdown_stanza.h"

#include <string.h>

#include "core/base/mem.h"
#include "net/ifupdown_line.h"

/* ---- option lines ---- */

/* Options that say which address: another address from the configuration replaces them. */
static bool is_address_option(const char *key)
{
	static const char *const keys[] = {
		"address",   "netmask",     "gateway",    "broadcast",
		"network",   "pointopoint", "scope",      "preferred-lifetime",
		"accept_ra", "autoconf",    "privext",    "request_prefix",
		"metric",    "hostname",    "leasehours", "leasetime",
		"vendor",    "client",      "dhcp",       "dad-attempts"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

static bool is_dns_option(const char *key)
{
	return kh_str_starts(key, "dns-") || kh_str_starts(key, "dns_");
}

/* Does the configuration's address replace what this option says? */
static bool is_replaced(const struct kh_ifupdown_job *job, const char *key)
{
	const struct kh_config_bridge *config = job->wish->config;
	bool has_dns = config->address_mode == KH_ADDRESS_DHCP || config->dns.count > 0;
	return is_address_option(key) || (has_dns && is_dns_option(key));
}

static void add_line(const char *line, struct kh_str *out)
{
	kh_str_add(out, line);
	if (!kh_str_ends(line, "\n"))
		kh_str_add(out, "\n");
}

/* ---- the bridge's own lines ---- */

static void add_tool_lines(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	kh_str_addf(out, "\tbridge_ports %s\n", job->port);
	kh_str_addf(out, "\tbridge_stp %s\n", job->wish->config->stp ? "on" : "off");
	if (!job->wish->config->stp)
		kh_str_add(out, "\tbridge_fd 0\n");
}

/* "ip link add" fails when the bridge is there (ifup again): that is fine, the next lines tell. */
static void add_bridge_itself(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	kh_str_addf(out, "\tpre-up ip link show dev %s >/dev/null 2>&1 || ", job->bridge);
	kh_str_addf(out, "ip link add name %s type bridge\n", job->bridge);
}

static void add_ip_lines(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	const char *bridge = job->bridge;
	add_bridge_itself(job, out);
	kh_str_addf(out, "\tpre-up ip link set dev %s type bridge %s\n", bridge,
		    job->wish->config->stp ? "stp_state 1" : "stp_state 0 forward_delay 0");
	kh_str_addf(out, "\tpre-up ip link set dev %s master %s\n", job->port, bridge);
	/* A port needs no IPv6 address; a kernel without IPv6 has nothing to switch off. */
	kh_str_addf(out, "\tpre-up ip link set dev %s addrgenmode none || true\n", job->port);
	kh_str_addf(out, "\tpre-up ip link set dev %s up\n", job->port);
}

static void add_lease_lines(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	const struct kh_dhcp_identity *dhcp = job->wish->dhcp;
	static const char *const clients[] = {"dhclient", "dhclient6"};
	if (!dhcp || !dhcp->has_dhclient)
		return;
	for (size_t i = 0; i < KH_COUNT(clients); i++) {
		kh_auto(kh_free) char *old =
			kh_printf("%s/%s.%s.leases", dhcp->dhclient_dir, clients[i], job->port);
		kh_auto(kh_free) char *new_file =
			kh_printf("%s/%s.%s.leases", dhcp->dhclient_dir, clients[i], job->bridge);
		kh_str_addf(out,
			    "\tpre-up [ -e %s ] || [ ! -e %s ] || "
			    "sed 's/\"%s\"/\"%s\"/' %s > %s\n",
			    new_file, old, job->port, job->bridge, old, new_file);
	}
}

/* ifup -a goes by the order of the "auto" lines. A bond or VLAN that ifup makes has to be there
 * when the bridge takes it; to ifup again is nothing. (interfaces(5), "VLAN INTERFACES", has the
 * same.) */
static void add_port_first(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	if (job->wish->port->kind != KH_LINK_PHYSICAL && !job->is_up_first)
		kh_str_addf(out, "\tpre-up ifup %s || true\n", job->port);
}

/* What the bridge's first stanza has beside the address, in front of the operator's lines: theirs
 * may need the bridge. bridge-utils make it in if-pre-up.d, which is after all pre-up lines
 * (ifup(8)), and take one that is there. */
static void add_bridge_lines(struct kh_ifupdown_job *job, struct kh_str *out, bool is_dhcp)
{
	if (job->is_begun)
		return;
	job->is_begun = true;
	add_port_first(job, out);
	if (job->has_tools && job->has_pre_up)
		add_bridge_itself(job, out);
	if (job->has_tools)
		add_tool_lines(job, out);
	else
		add_ip_lines(job, out);
	if (job->wish->port->mac)
		kh_str_addf(out, "\thwaddress %s\n", job->wish->port->mac);
	if (is_dhcp)
		add_lease_lines(job, out);
}

static void add_auto(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	if (!job->is_begun)
		kh_str_addf(out, "auto %s\n", job->bridge);
}

static void add_static_stanza(struct kh_ifupdown_job *job, struct kh_str *out, const char *address,
			      bool with_gateway)
{
	int family = kh_net_family(address);
	add_auto(job, out);
	kh_str_addf(out, "iface %s %s static\n", job->bridge, family == 4 ? "inet" : "inet6");
	kh_str_addf(out, "\taddress %s\n", address);
	const char *gateway = with_gateway ? kh_net_gateway(job->wish, family) : NULL;
	if (gateway)
		kh_str_addf(out, "\tgateway %s\n", gateway);
	kh_auto(kh_free) char *dns = kh_strv_join(&job->wish->config->dns, " ");
	if (*dns && !job->is_begun)
		kh_str_addf(out, "\tdns-nameservers %s\n", dns);
	add_bridge_lines(job, out, false);
}

/* The configuration's addresses of one family, once: a stanza each, as interfaces(5) has it. */
static void add_own_addresses(struct kh_ifupdown_job *job, struct kh_str *out, int family)
{
	bool *has_written = family == 4 ? &job->has_written4 : &job->has_written6;
	const struct kh_config_bridge *config = job->wish->config;
	if (*has_written)
		return;
	*has_written = true;
	if (config->address_mode == KH_ADDRESS_DHCP) {
		add_auto(job, out);
		kh_str_addf(out, "iface %s inet dhcp\n", job->bridge);
		add_bridge_lines(job, out, true);
		job->is_dhcp = true;
		return;
	}
	bool is_first = true;
	for (size_t i = 0; i < config->addresses.count; i++) {
		if (kh_net_family(config->addresses.items[i]) != family)
			continue;
		if (!is_first || job->is_begun)
			kh_str_add(out, "\n");
		add_static_stanza(job, out, config->addresses.items[i], is_first);
		is_first = false;
	}
}

/* ---- one stanza of the port ---- */

/* The option lines that are not the port's alone, with the port's name replaced. */
static void copy_options(const struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			 bool without_address, struct kh_str *out)
{
	for (size_t i = 1; i < block->lines.count; i++) {
		const char *line = block->lines.items[i];
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_interfaces_words(line, &words);
		kh_auto(kh_free) char *of_port = NULL;
		kh_auto(kh_free) char *of_bridge = NULL;
		kh_ifupdown_divide(line, &of_port, &of_bridge); /* collecting has refused */
		if (words.count == 0)
			kh_str_add(out, line);
		if (!of_bridge || (without_address && is_replaced(job, words.items[0])))
			continue;
		kh_auto(kh_free) char *renamed = kh_net_rename(of_bridge, job->port, job->bridge);
		add_line(renamed, out);
	}
}

/* In inet6 stanzas it is the protocol's (ifupdown's inet6.defn), not the link's. */
static bool is_link_mtu(const struct kh_interfaces_block *block, const char *key)
{
	return strcmp(key, "mtu") == 0 && strcmp(block->family, "inet6") != 0;
}

/* Is the line there already? -1: the same option is, with another value. */
static int find_port_line(const struct kh_ifupdown_job *job, const char *line)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(line, &words);
	kh_auto(kh_free) char *text = kh_strv_join(&words, " ");
	for (size_t i = 0; i < job->port_lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv other = {0};
		kh_interfaces_words(job->port_lines.items[i], &other);
		kh_auto(kh_free) char *other_text = kh_strv_join(&other, " ");
		if (strcmp(text, other_text) == 0)
			return 1;
		if (strcmp(words.items[0], other.items[0]) == 0 &&
		    !kh_ifupdown_is_command(words.items[0]))
			return -1;
	}
	return 0;
}

static int refuse_mixed(const struct kh_ifupdown_job *job, const char *path, const char *line,
			struct kh_error *err)
{
	kh_auto(kh_free) char *copy = kh_strdup(line);
	kh_fail(err, KH_HOST, 0, "'%s': one line has commands for '%s' and for its addresses: %s",
		path, job->port, kh_str_trim(copy));
	return kh_hint(err, "give each of them a line of its own: those for the link stay with it, "
			    "the others move to the bridge");
}

static int collect_line(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			const char *line, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *of_port = NULL;
	kh_auto(kh_free) char *of_bridge = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(line, &words);
	if (kh_ifupdown_divide(line, &of_port, &of_bridge) != 0)
		return refuse_mixed(job, path, line, err);
	if (of_bridge && strcmp(words.items[0], "pre-up") == 0)
		job->has_pre_up = true;
	if (of_bridge && is_link_mtu(block, words.items[0]))
		of_port = kh_strdup(line);
	int found = of_port ? find_port_line(job, of_port) : 1;
	if (found == 0)
		kh_strv_add(&job->port_lines, of_port);
	if (found >= 0)
		return 0;
	kh_fail(err, KH_HOST, 0,
		"'%s': '%s' stands in several stanzas of '%s', with different values", path,
		words.items[0], job->port);
	return kh_hint(err, "leave the one that is meant");
}

int kh_ifupdown_collect(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			const char *path, struct kh_error *err)
{
	for (size_t i = 1; i < block->lines.count; i++)
		if (collect_line(job, block, block->lines.items[i], path, err) != 0)
			return -1;
	return 0;
}

/* The port's own stanza, in front of the bridge's first one: up, without an address. */
static void add_port_stanza(const struct kh_ifupdown_job *job, struct kh_str *out)
{
	if (job->is_begun)
		return;
	kh_str_addf(out, "iface %s inet manual\n", job->port);
	for (size_t i = 0; i < job->port_lines.count; i++)
		add_line(job->port_lines.items[i], out);
	kh_str_add(out, "\n");
}

static bool is_dynamic(const struct kh_interfaces_block *block)
{
	return strcmp(block->method, "dhcp") == 0 || strcmp(block->method, "auto") == 0;
}

static void rewrite_stanza(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			   struct kh_str *out)
{
	int family = strcmp(block->family, "inet6") == 0 ? 6 : 4;
	add_port_stanza(job, out);
	if (kh_net_replaces(job->wish, family)) {
		add_own_addresses(job, out, family);
		copy_options(job, block, true, out);
		return;
	}
	kh_auto(kh_free) char *header =
		kh_net_rename(block->lines.items[0], job->port, job->bridge);
	add_auto(job, out);
	add_line(header, out);
	bool is_dhcp = strcmp(block->method, "dhcp") == 0;
	add_bridge_lines(job, out, is_dhcp);
	copy_options(job, block, false, out);
	job->is_dhcp = job->is_dhcp || is_dynamic(block);
}

/* "enp1s0:0" is an address label of enp1s0. */
bool kh_ifupdown_is_label(const char *name, const char *port)
{
	return kh_str_starts(name, port) && name[strlen(port)] == ':';
}

/* Labels in stanzas and "auto" lines follow the address: "enp1s0:0" -> "br0:0". */
static void rename_labels(const struct kh_ifupdown_job *job, const char *line, struct kh_str *out)
{
	const char *from = line;
	kh_auto(kh_free) char *label = kh_printf("%s:", job->port);
	for (const char *at = strstr(from, label); at; at = strstr(from, label)) {
		kh_str_add_bytes(out, from, (size_t)(at - from));
		bool is_whole = at == line || strchr(" \t", at[-1]);
		kh_str_addf(out, "%s:", is_whole ? job->bridge : job->port);
		from = at + strlen(label);
	}
	kh_str_add(out, from);
}

void kh_ifupdown_rewrite(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			 struct kh_str *out)
{
	if (block->is_stanza && strcmp(block->name, job->port) == 0) {
		rewrite_stanza(job, block, out);
		return;
	}
	bool is_label = block->is_stanza && kh_ifupdown_is_label(block->name, job->port);
	for (size_t i = 0; i < block->lines.count; i++) {
		kh_auto(kh_free) char *line =
			is_label && i > 0
				? kh_net_rename(block->lines.items[i], job->port, job->bridge)
				: kh_strdup(block->lines.items[i]);
		rename_labels(job, line, out);
	}
}

/* A family that the configuration gives and the port never had. */
void kh_ifupdown_add_missing(struct kh_ifupdown_job *job, struct kh_str *out)
{
	if (!job->is_begun)
		return;
	for (int family = 4; family <= 6; family += 2)
		if (kh_net_replaces(job->wish, family))
			add_own_addresses(job, out, family);
}

/* In the last stanza: ifdown works through them in this order, and the others need the link. */
void kh_ifupdown_add_end(struct kh_ifupdown_job *job, struct kh_str *out)
{
	if (job->is_begun && !job->has_tools)
		kh_str_addf(out, "\tpost-down ip link del dev %s\n", job->bridge);
}
