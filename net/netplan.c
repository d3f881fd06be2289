/* netplan.c - the bridge in the language of netplan.
 *
 * Netplan merges its files, lists by concatenation: a later file can add addresses but never take
 * one away. So the files that have the port's addresses are edited: the keys move, line by line,
 * from the port's entry to a bridges entry; everything else keeps its place.
 *
 * DHCP identity: networkd derives the IAID from the bridge's name, and netplan has no key for it.
 * It goes into a drop-in for the .network file that netplan generates.
 *
 * Source: netplan-yaml.md (netplan's YAML reference); generated names: netplan's src/networkd.c.
 */
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "net/netplan_edit.h"

static const char dir[] = "/etc/netplan";
static const char move_why[] = "the address moves from the port to the bridge";

/* ---- the port's entry ---- */

static bool has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

static bool fits(struct kh_netplan *yaml, const char *id, const yaml_node_t *value,
		 const struct kh_facts_link *link)
{
	const yaml_node_t *match = kh_netplan_get(yaml, value, "match");
	const char *mac = kh_netplan_text(kh_netplan_get(yaml, match, "macaddress"));
	const char *name = kh_netplan_text(kh_netplan_get(yaml, match, "name"));
	const char *driver = kh_netplan_text(kh_netplan_get(yaml, match, "driver"));
	const char *set_name = kh_netplan_text(kh_netplan_get(yaml, value, "set-name"));
	if (!match)
		return strcmp(id, link->name) == 0;
	if (mac && (!link->mac || strcasecmp(mac, link->mac) != 0))
		return false;
	bool is_renamed = set_name && strcmp(set_name, link->name) == 0;
	if (name && !is_renamed && fnmatch(name, link->name, 0) != 0)
		return false;
	if (driver && (!link->driver || fnmatch(driver, link->driver, 0) != 0))
		return false;
	return mac || name || driver;
}

static bool find_entry(struct kh_netplan *yaml, const struct kh_facts_link *link,
		       struct kh_netplan_entry *ret_entry)
{
	static const char *const sections[] = {"ethernets", "bonds", "vlans"};
	yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
	for (size_t s = 0; kh_netplan_key(yaml, network, s); s++) {
		yaml_node_t *section_key = kh_netplan_key(yaml, network, s);
		yaml_node_t *section = kh_netplan_value(yaml, network, s);
		const char *section_name = kh_netplan_text(section_key);
		if (!section_name || !kh_str_is_one_of(section_name, sections, KH_COUNT(sections)))
			continue;
		for (size_t i = 0; kh_netplan_key(yaml, section, i); i++) {
			yaml_node_t *key = kh_netplan_key(yaml, section, i);
			yaml_node_t *value = kh_netplan_value(yaml, section, i);
			const char *id = kh_netplan_text(key);
			if (!id || !fits(yaml, id, value, link))
				continue;
			*ret_entry = (struct kh_netplan_entry){section_key, key, value};
			return true;
		}
	}
	return false;
}

/* An entry that fits several links cannot become the port of one bridge. */
static int is_alone(struct kh_netplan *yaml, const struct kh_netplan_entry *entry, const char *path,
		    const struct kh_net_wish *wish, struct kh_error *err)
{
	const yaml_node_t *match = kh_netplan_get(yaml, entry->value, "match");
	const char *name = kh_netplan_text(kh_netplan_get(yaml, match, "name"));
	bool has_mac = kh_netplan_get(yaml, match, "macaddress") != NULL;
	if (!match || has_mac || (name && !has_wildcard(name)))
		return 0;
	for (size_t i = 0; i < wish->facts->link_count; i++) {
		const struct kh_facts_link *other = &wish->facts->links[i];
		if (other == wish->port || other->kind != KH_LINK_PHYSICAL ||
		    !fits(yaml, kh_netplan_text(entry->key), entry->value, other))
			continue;
		kh_fail(err, KH_HOST, 0, "'%s' in '%s' stands for '%s' and for '%s'",
			kh_netplan_text(entry->key), path, wish->port->name, other->name);
		return kh_hint(err, "give '%s' an entry of its own there", wish->port->name);
	}
	return 0;
}

/* The bridge that has this entry among its interfaces, or NULL. */
static const char *carrier_of(struct kh_netplan *yaml, const char *id)
{
	yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
	yaml_node_t *bridges = kh_netplan_get(yaml, network, "bridges");
	for (size_t i = 0; kh_netplan_key(yaml, bridges, i); i++) {
		yaml_node_t *value = kh_netplan_value(yaml, bridges, i);
		yaml_node_t *ports = kh_netplan_get(yaml, value, "interfaces");
		for (size_t p = 0; kh_netplan_item(yaml, ports, p); p++) {
			const char *port = kh_netplan_text(kh_netplan_item(yaml, ports, p));
			if (port && strcmp(port, id) == 0)
				return kh_netplan_text(kh_netplan_key(yaml, bridges, i));
		}
	}
	return NULL;
}

/* "br0:" without keys is no mapping: netplan refuses the file, and with it all of the network. */
static bool has_whole_bridges(struct kh_netplan *yaml)
{
	yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
	yaml_node_t *bridges = kh_netplan_get(yaml, network, "bridges");
	if (bridges && bridges->type != YAML_MAPPING_NODE)
		return false;
	for (size_t i = 0; kh_netplan_key(yaml, bridges, i); i++)
		if (kh_netplan_value(yaml, bridges, i)->type != YAML_MAPPING_NODE)
			return false;
	return true;
}

/* Read the result back: whatever way the file was written, it must say now what was meant. */
static int verify(const struct kh_net_wish *wish, const char *path, const char *text,
		  const char *id, bool has_bridge, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_netplan_done) struct kh_netplan yaml = {0};
	bool is_good = kh_netplan_load(path, text, &yaml, &ignored) == 0;
	struct kh_netplan_entry entry;
	if (is_good) {
		const char *carrier = carrier_of(&yaml, id);
		is_good = (has_bridge || (carrier && strcmp(carrier, wish->config->name) == 0)) &&
			  has_whole_bridges(&yaml) && find_entry(&yaml, wish->port, &entry);
	}
	for (size_t i = 0; is_good && kh_netplan_key(&yaml, entry.value, i); i++) {
		const char *name = kh_netplan_text(kh_netplan_key(&yaml, entry.value, i));
		bool is_off = name && strcmp(name, "dhcp4") == 0 &&
			      !kh_netplan_is_true(kh_netplan_value(&yaml, entry.value, i));
		is_good = name && (kh_netplan_is_port_key(name) || is_off);
	}
	if (is_good)
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' is written in a way that cannot be edited safely", path);
	return kh_hint(err, "write its sections in block style, a key on each line");
}

/* ---- all of it ---- */

static void list_files(const struct kh_net_wish *wish, struct kh_strv *paths)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_net_view_list(wish->view, dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".yaml") && names.items[i][0] != '.')
			kh_strv_addf(paths, "%s/%s", dir, names.items[i]);
}

/* What all files say together about the port. */
struct survey {
	struct kh_strv edited; /* paths of files with an entry of the port */
	bool is_dynamic, has_address, has_mac_identity, is_nm;
	char *carrier, *taken;
};

static void survey_done(struct survey *survey)
{
	kh_strv_done(&survey->edited);
	kh_free(&survey->carrier);
	kh_free(&survey->taken);
}

static void survey_entry(struct kh_netplan *yaml, const struct kh_netplan_entry *entry,
			 struct survey *survey)
{
	const char *identity =
		kh_netplan_text(kh_netplan_get(yaml, entry->value, "dhcp-identifier"));
	const char *renderer = kh_netplan_text(kh_netplan_get(yaml, entry->value, "renderer"));
	survey->is_dynamic = survey->is_dynamic ||
			     kh_netplan_is_true(kh_netplan_get(yaml, entry->value, "dhcp4")) ||
			     kh_netplan_is_true(kh_netplan_get(yaml, entry->value, "dhcp6"));
	survey->has_address =
		survey->has_address || kh_netplan_get(yaml, entry->value, "addresses");
	survey->has_mac_identity =
		survey->has_mac_identity || (identity && strcmp(identity, "mac") == 0);
	survey->is_nm = survey->is_nm || (renderer && strcmp(renderer, "NetworkManager") == 0);
}

static int survey_file(const struct kh_net_wish *wish, const char *path, struct survey *survey,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_net_view_text(wish->view, path);
	kh_auto(kh_netplan_done) struct kh_netplan yaml = {0};
	struct kh_netplan_entry entry;
	if (kh_netplan_load(path, text ? text : "", &yaml, err) != 0)
		return -1;
	yaml_node_t *network = kh_netplan_get(&yaml, kh_netplan_root(&yaml), "network");
	const char *renderer = kh_netplan_text(kh_netplan_get(&yaml, network, "renderer"));
	survey->is_nm = survey->is_nm || (renderer && strcmp(renderer, "NetworkManager") == 0);
	yaml_node_t *bridges = kh_netplan_get(&yaml, network, "bridges");
	if (kh_netplan_get(&yaml, bridges, wish->config->name) && !survey->taken)
		survey->taken = kh_strdup(path);
	bool has_entry = find_entry(&yaml, wish->port, &entry);
	const char *id = has_entry ? kh_netplan_text(entry.key) : wish->port->name;
	const char *carrier = carrier_of(&yaml, id);
	if (carrier && !survey->carrier)
		survey->carrier = kh_strdup(carrier);
	if (!has_entry)
		return 0;
	survey_entry(&yaml, &entry, survey);
	kh_strv_add(&survey->edited, path);
	return is_alone(&yaml, &entry, path, wish, err);
}

static int edit_file(const struct kh_net_wish *wish, const char *path, bool has_bridge,
		     struct kh_net_answer *answer, struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_net_view_text(wish->view, path);
	kh_auto(kh_netplan_done) struct kh_netplan yaml = {0};
	struct kh_netplan_entry entry;
	if (kh_netplan_load(path, text, &yaml, err) != 0 || !find_entry(&yaml, wish->port, &entry))
		return -1;
	kh_auto(kh_free) char *id = kh_strdup(kh_netplan_text(entry.key));
	struct kh_netplan_job job = {
		.wish = wish, .yaml = &yaml, .entry = &entry, .has_bridge = has_bridge};
	if (has_bridge && !kh_netplan_moves(&job))
		return 0;
	kh_auto(kh_free) char *result = kh_netplan_edit(&job);
	if (verify(wish, path, result, id, has_bridge, err) != 0)
		return -1;
	kh_net_answer_edit(answer, path, result, 0, move_why);
	return 0;
}

static void add_identity(const struct kh_net_wish *wish, const struct survey *survey,
			 struct kh_net_answer *answer)
{
	if (!wish->dhcp || !wish->dhcp->has_iaid || survey->is_nm || survey->has_mac_identity)
		return;
	kh_auto(kh_free) char *path = kh_printf(
		"/etc/systemd/network/10-netplan-%s.network.d/kvmhost.conf", wish->config->name);
	kh_auto(kh_free) char *text =
		kh_printf("# Made by kvmhost (stage bridge): the DHCP client identity of %s,\n"
			  "# so that lease and address stay.\n"
			  "[DHCPv4]\nIAID=%u\n\n[DHCPv6]\nIAID=%u\n",
			  wish->port->name, wish->dhcp->iaid, wish->dhcp->iaid);
	kh_net_answer_edit(answer, path, text, 0,
			   "the DHCP client identity in use, so that lease and address stay");
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	kh_auto(survey_done) struct survey survey = {0};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	list_files(wish, &paths);
	for (size_t i = 0; i < paths.count; i++)
		if (survey_file(wish, paths.items[i], &survey, err) != 0)
			return -1;
	if (survey.carrier) {
		answer->carrier = kh_take(survey.carrier);
		return 0;
	}
	if (survey.taken)
		return kh_net_taken(wish, survey.taken, err);
	if (survey.edited.count == 0) {
		kh_fail(err, KH_HOST, 0, "no file in '%s' has '%s'", dir, wish->port->name);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	survey.is_dynamic = survey.is_dynamic || !survey.has_address;
	if (wish->config->address_mode != KH_ADDRESS_INHERIT)
		survey.is_dynamic = wish->config->address_mode == KH_ADDRESS_DHCP;
	if (survey.is_dynamic)
		add_identity(wish, &survey, answer);
	for (size_t i = 0; i < survey.edited.count; i++)
		if (edit_file(wish, survey.edited.items[i], i > 0, answer, err) != 0)
			return -1;
	answer->is_dynamic = survey.is_dynamic;
	return 0;
}

const struct kh_net_backend kh_net_netplan = {KH_NET_NETPLAN, plan};
