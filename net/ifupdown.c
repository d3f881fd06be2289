/* ifupdown.c - the bridge in the language of /etc/network/interfaces.
 *
 * The port's stanzas become the bridge's: same place, same lines, same spacing, another name. What
 * belongs to the port itself (bonding, VLAN, ethtool) stays in a manual stanza put in front. The
 * bridge is made by bridge-utils where they are installed, else by ip(8) in pre-up lines.
 *
 * DHCP: ifupdown calls dhclient with -i, which sends a DUID that dhclient keeps in the lease file
 * *of the interface*: for br0 it would make up a new one, and the server would see a new client. So
 * the port's lease file becomes the bridge's, once, before dhclient first runs.
 *
 * Sources: interfaces(5), bridge-utils-interfaces(5), dhclient(8), ifupdown's inet.defn.
 */
#include <string.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/interfaces.h"

static const char put_why[] = "the address moves from the port to the bridge";

struct job {
	const struct kh_net_wish *wish;
	struct kh_net_answer *answer;
	const char *port, *bridge;
	bool has_tools;    /* bridge-utils */
	bool is_begun;     /* the bridge's first stanza is written */
	bool is_dhcp;      /* of some stanza of the bridge */
	bool has_written4; /* the configuration's own addresses are written */
	bool has_written6;
	const char *taken; /* a file that has a stanza of the bridge's name, or NULL */
};

/* ---- whose is an option line? ---- */

static bool starts_with_any(const char *word, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kh_str_starts(word, prefixes[i]))
			return true;
	return false;
}

static bool is_command(const char *key)
{
	static const char *const keys[] = {"pre-up", "up",       "post-up",
					   "down",   "pre-down", "post-down"};
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static bool belongs_to_port(const struct kh_strv *words, const char *line)
{
	static const char *const prefixes[] = {"bond-",     "bond_",     "slaves",   "vlan-",
					       "vlan_",     "wpa-",      "wireless", "ethernet-",
					       "link-",     "hardware-", "offload-", "ethtool",
					       "hwaddress", "raw-device"};
	if (is_command(words->items[0]))
		return strstr(line, "ethtool") || strstr(line, "ip link") ||
		       strstr(line, "ifenslave") || strstr(line, "vconfig");
	return starts_with_any(words->items[0], prefixes, KH_COUNT(prefixes));
}

/* Options that say which address: another address from the configuration replaces them. */
static bool is_address_option(const char *key)
{
	static const char *const keys[] = {
		"address",   "netmask",     "gateway",    "broadcast",
		"network",   "pointopoint", "scope",      "preferred-lifetime",
		"accept_ra", "autoconf",    "privext",    "request_prefix",
		"metric",    "hostname",    "leasehours", "leasetime",
		"vendor",    "client",      "dhcp",       "dad-attempts"};
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static bool is_dns_option(const char *key)
{
	return kh_str_starts(key, "dns-") || kh_str_starts(key, "dns_");
}

/* Does the configuration's address replace what this option says? */
static bool is_replaced(const struct job *job, const char *key)
{
	const struct kh_config_bridge *config = job->wish->config;
	bool has_dns = config->address_mode == KH_ADDRESS_DHCP || config->dns.count > 0;
	return is_address_option(key) || (has_dns && is_dns_option(key));
}

/* ---- the bridge's own lines ---- */

static void add_tool_lines(const struct job *job, struct kh_str *out)
{
	kh_str_addf(out, "\tbridge_ports %s\n", job->port);
	kh_str_addf(out, "\tbridge_stp %s\n", job->wish->config->stp ? "on" : "off");
	if (!job->wish->config->stp)
		kh_str_add(out, "\tbridge_fd 0\n");
}

/* "ip link add" fails when the bridge is there (ifup again): that is fine, the next lines tell. */
static void add_ip_lines(const struct job *job, struct kh_str *out)
{
	const char *bridge = job->bridge;
	kh_str_addf(out, "\tpre-up ip link show dev %s >/dev/null 2>&1 || ", bridge);
	kh_str_addf(out, "ip link add name %s type bridge\n", bridge);
	kh_str_addf(out, "\tpre-up ip link set dev %s type bridge %s\n", bridge,
		    job->wish->config->stp ? "stp_state 1" : "stp_state 0 forward_delay 0");
	kh_str_addf(out, "\tpre-up ip link set dev %s master %s\n", job->port, bridge);
	/* A port needs no IPv6 address; a kernel without IPv6 has nothing to switch off. */
	kh_str_addf(out, "\tpre-up ip link set dev %s addrgenmode none || true\n", job->port);
	kh_str_addf(out, "\tpre-up ip link set dev %s up\n", job->port);
	kh_str_addf(out, "\tpost-down ip link del dev %s\n", bridge);
}

static void add_lease_lines(const struct job *job, struct kh_str *out)
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

/* What the bridge's first stanza has beside the address. */
static void add_bridge_lines(struct job *job, struct kh_str *out, bool is_dhcp)
{
	if (job->is_begun)
		return;
	job->is_begun = true;
	if (job->has_tools)
		add_tool_lines(job, out);
	else
		add_ip_lines(job, out);
	if (job->wish->port->mac)
		kh_str_addf(out, "\thwaddress %s\n", job->wish->port->mac);
	if (is_dhcp)
		add_lease_lines(job, out);
}

static void add_auto(const struct job *job, struct kh_str *out)
{
	if (!job->is_begun)
		kh_str_addf(out, "auto %s\n", job->bridge);
}

static void add_static_stanza(struct job *job, struct kh_str *out, const char *address,
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
static void add_own_addresses(struct job *job, struct kh_str *out, int family)
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

/* The option lines of one owner, as they are; the bridge's with the port's name replaced. */
static void copy_options(const struct job *job, const struct kh_interfaces_block *block,
			 bool of_port, bool without_address, struct kh_str *out)
{
	for (size_t i = 1; i < block->lines.count; i++) {
		const char *line = block->lines.items[i];
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_interfaces_words(line, &words);
		if (words.count == 0 && !of_port)
			kh_str_add(out, line);
		if (words.count == 0)
			continue;
		bool is_ports = belongs_to_port(&words, line);
		bool is_both = strcmp(words.items[0], "mtu") == 0;
		if ((is_ports != of_port && !is_both) ||
		    (without_address && is_replaced(job, words.items[0])))
			continue;
		kh_auto(kh_free) char *renamed =
			of_port ? kh_strdup(line) : kh_net_rename(line, job->port, job->bridge);
		kh_str_add(out, renamed);
		if (!kh_str_ends(renamed, "\n"))
			kh_str_add(out, "\n");
	}
}

/* The port's own stanza, in front of the bridge's first one: up, without an address. */
static void add_port_stanza(struct job *job, const struct kh_interfaces_block *block,
			    struct kh_str *out)
{
	if (job->is_begun)
		return;
	kh_str_addf(out, "iface %s inet manual\n", job->port);
	copy_options(job, block, true, false, out);
	kh_str_add(out, "\n");
}

static bool is_dynamic(const struct kh_interfaces_block *block)
{
	return strcmp(block->method, "dhcp") == 0 || strcmp(block->method, "auto") == 0;
}

static void rewrite_stanza(struct job *job, const struct kh_interfaces_block *block,
			   struct kh_str *out)
{
	int family = strcmp(block->family, "inet6") == 0 ? 6 : 4;
	add_port_stanza(job, block, out);
	if (kh_net_replaces(job->wish, family)) {
		add_own_addresses(job, out, family);
		copy_options(job, block, false, true, out);
		return;
	}
	kh_auto(kh_free) char *header =
		kh_net_rename(block->lines.items[0], job->port, job->bridge);
	add_auto(job, out);
	kh_str_add(out, header);
	if (!kh_str_ends(header, "\n"))
		kh_str_add(out, "\n");
	bool is_dhcp = strcmp(block->method, "dhcp") == 0;
	copy_options(job, block, false, false, out);
	add_bridge_lines(job, out, is_dhcp);
	job->is_dhcp = job->is_dhcp || is_dynamic(block);
}

/* "enp1s0:0" is an address label of enp1s0. */
static bool is_label_of(const char *name, const char *port)
{
	return kh_str_starts(name, port) && name[strlen(port)] == ':';
}

/* Labels in stanzas and "auto" lines follow the address: "enp1s0:0" -> "br0:0". */
static void rename_labels(const struct job *job, const char *line, struct kh_str *out)
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

static void rewrite_block(struct job *job, const struct kh_interfaces_block *block,
			  struct kh_str *out)
{
	if (block->is_stanza && strcmp(block->name, job->port) == 0) {
		rewrite_stanza(job, block, out);
		return;
	}
	bool is_label = block->is_stanza && is_label_of(block->name, job->port);
	for (size_t i = 0; i < block->lines.count; i++) {
		kh_auto(kh_free) char *line =
			is_label && i > 0
				? kh_net_rename(block->lines.items[i], job->port, job->bridge)
				: kh_strdup(block->lines.items[i]);
		rename_labels(job, line, out);
	}
}

/* A family that the configuration gives and the port never had. */
static void add_missing_families(struct job *job, struct kh_str *out)
{
	if (!job->is_begun)
		return;
	for (int family = 4; family <= 6; family += 2)
		if (kh_net_replaces(job->wish, family))
			add_own_addresses(job, out, family);
}

/* ---- the files ---- */

static bool has_port(const struct kh_interfaces *file, const char *port)
{
	for (size_t i = 0; i < file->block_count; i++)
		if (file->blocks[i].is_stanza && (strcmp(file->blocks[i].name, port) == 0 ||
						  is_label_of(file->blocks[i].name, port)))
			return true;
	return false;
}

/* Is this the last stanza of the port in the file? */
static bool is_last(const struct kh_interfaces *file, size_t at, const char *port)
{
	for (size_t i = at + 1; i < file->block_count; i++)
		if (file->blocks[i].is_stanza && strcmp(file->blocks[i].name, port) == 0)
			return false;
	return true;
}

static void rewrite_file(struct job *job, const char *path, const struct kh_interfaces *file)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (size_t i = 0; i < file->block_count; i++) {
		const struct kh_interfaces_block *block = &file->blocks[i];
		rewrite_block(job, block, &out);
		if (block->is_stanza && strcmp(block->name, job->port) == 0 &&
		    is_last(file, i, job->port))
			add_missing_families(job, &out);
	}
	kh_net_answer_edit(job->answer, path, kh_str_text(&out), 0, put_why);
}

/* The bridge whose stanza takes the port already, or NULL. */
static const char *carrier_in(const struct kh_interfaces_block *block, const char *port)
{
	for (size_t i = 1; i < block->lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_interfaces_words(block->lines.items[i], &words);
		if (words.count < 2)
			continue;
		bool is_ports = strcmp(words.items[0], "bridge_ports") == 0 ||
				strcmp(words.items[0], "bridge-ports") == 0;
		bool is_ours = is_command(words.items[0]) && kh_strv_has(&words, "master") &&
			       strstr(block->lines.items[i], "ip link set");
		if ((is_ports || is_ours) && kh_strv_has(&words, port))
			return block->name;
	}
	return NULL;
}

static int look_at(const struct kh_interfaces *file, const char *path, struct job *job,
		   struct kh_error *err)
{
	const char *port = job->port;
	struct kh_net_answer *answer = job->answer;
	for (size_t i = 0; i < file->block_count; i++) {
		const struct kh_interfaces_block *block = &file->blocks[i];
		const char *carrier = block->is_stanza ? carrier_in(block, port) : NULL;
		if (carrier && !answer->carrier)
			answer->carrier = kh_strdup(carrier);
		if (block->is_stanza && strcmp(block->name, job->bridge) == 0)
			job->taken = path;
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_interfaces_words(block->lines.items[0], &words);
		if (words.count > 1 && strcmp(words.items[0], "mapping") == 0 &&
		    kh_strv_has(&words, port)) {
			kh_fail(err, KH_HOST, 0, "'%s' maps '%s' to logical interfaces", path,
				port);
			return kh_hint(err,
				       "write the bridge by hand, or replace the mapping by an "
				       "'iface %s' stanza",
				       port);
		}
	}
	return 0;
}

/* Without resolvconf or systemd-resolved nobody reads dns-nameservers: the file itself is the
 * place. */
static void edit_resolv_conf(struct job *job)
{
	const struct kh_net_view *view = job->wish->view;
	const struct kh_strv *dns = &job->wish->config->dns;
	kh_auto(kh_free) char *program = kh_root_which(view->root, "resolvconf");
	kh_auto(kh_free) char *target = kh_root_readlink(view->root, "/etc/resolv.conf");
	kh_auto(kh_free) char *text = kh_net_view_text(view, "/etc/resolv.conf");
	if (job->wish->config->address_mode != KH_ADDRESS_STATIC || dns->count == 0 || program ||
	    target)
		return;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		if (!kh_str_starts(lines.items[i], "nameserver"))
			kh_str_addf(&out, "%s\n", lines.items[i]);
	for (size_t i = 0; i < dns->count; i++)
		kh_str_addf(&out, "nameserver %s\n", dns->items[i]);
	kh_net_answer_edit(job->answer, "/etc/resolv.conf", kh_str_text(&out), 0,
			   "name servers of the bridge: no resolvconf here takes them over");
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	struct job job = {
		.wish = wish,
		.answer = answer,
		.port = wish->port->name,
		.bridge = wish->config->name,
		.has_tools = kh_net_view_exists(wish->view, "/lib/bridge-utils/ifupdown.sh") ||
			     kh_net_view_exists(wish->view, "/usr/sbin/brctl") ||
			     kh_net_view_exists(wish->view, "/sbin/brctl"),
	};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_interfaces_files(wish->view, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		kh_auto(kh_free) char *text = kh_net_view_text(wish->view, paths.items[i]);
		kh_auto(kh_interfaces_done) struct kh_interfaces file = {0};
		kh_interfaces_parse(text ? text : "", &file);
		if (look_at(&file, paths.items[i], &job, err) != 0)
			return -1;
	}
	if (answer->carrier)
		return 0;
	if (job.taken)
		return kh_net_taken(wish, job.taken, err);
	edit_resolv_conf(&job);
	for (size_t i = 0; i < paths.count; i++) {
		kh_auto(kh_free) char *text = kh_net_view_text(wish->view, paths.items[i]);
		kh_auto(kh_interfaces_done) struct kh_interfaces file = {0};
		kh_interfaces_parse(text ? text : "", &file);
		if (has_port(&file, job.port))
			rewrite_file(&job, paths.items[i], &file);
	}
	if (!job.is_begun) {
		kh_fail(err, KH_HOST, 0,
			"no 'iface %s' in /etc/network/interfaces or what it reads", job.port);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	answer->is_dynamic = job.is_dhcp;
	return 0;
}

const struct kh_net_backend kh_net_ifupdown = {KH_NET_IFUPDOWN, plan};
