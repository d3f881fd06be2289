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
#include <string.h>

#include "core/base/mem.h"
#include "net/netplan_files.h"

static const char dir[] = "/etc/netplan";
static const char move_why[] = "the address moves from the port to the bridge";

/* ---- what all files say together ---- */

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
			  has_whole_bridges(&yaml) && kh_netplan_find(&yaml, id, &entry);
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

/* ---- the port's definition ---- */

/* A definition that fits several links cannot become the port of one bridge. */
static int is_alone(const struct kh_net_wish *wish, const struct kh_netplan_files *files,
		    const char *id, struct kh_error *err)
{
	if (!kh_netplan_is_wide(files, id))
		return 0;
	for (size_t i = 0; i < wish->facts->link_count; i++) {
		const struct kh_facts_link *other = &wish->facts->links[i];
		kh_auto(kh_strv_done) struct kh_strv ids = {0};
		if (other == wish->port || other->kind != KH_LINK_PHYSICAL)
			continue;
		kh_netplan_ids(files, other, &ids);
		if (!kh_strv_has(&ids, id))
			continue;
		kh_fail(err, KH_HOST, 0, "'%s' in '%s' stands for '%s' and for '%s'", id,
			kh_netplan_path_of(files, id), wish->port->name, other->name);
		return kh_hint(err, "give '%s' an entry of its own there", wish->port->name);
	}
	return 0;
}

/* Which of two definitions a link gets is decided by the renderer, and may change with its version.
 */
static int choose_id(const struct kh_net_wish *wish, const struct kh_netplan_files *files,
		     const struct kh_strv *ids, struct kh_error *err)
{
	if (ids->count == 0) {
		kh_fail(err, KH_HOST, 0, "no file in '%s' has '%s'", dir, wish->port->name);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	if (ids->count == 1)
		return is_alone(wish, files, ids->items[0], err);
	kh_fail(err, KH_HOST, 0, "'%s' in '%s' and '%s' in '%s' both stand for '%s'", ids->items[0],
		kh_netplan_path_of(files, ids->items[0]), ids->items[1],
		kh_netplan_path_of(files, ids->items[1]), wish->port->name);
	return kh_hint(err, "leave one entry that matches '%s'", wish->port->name);
}

/* The bridge that has one of them already, or NULL. */
static const char *carrier_in(const struct kh_netplan_files *files, const struct kh_strv *ids,
			      const char *port)
{
	for (size_t f = 0; f < files->count; f++) {
		struct kh_netplan *yaml = &files->items[f].yaml;
		const char *carrier = ids->count == 0 ? carrier_of(yaml, port) : NULL;
		for (size_t i = 0; !carrier && i < ids->count; i++)
			carrier = carrier_of(yaml, ids->items[i]);
		if (carrier)
			return carrier;
	}
	return NULL;
}

static const char *taken_in(const struct kh_netplan_files *files, const char *bridge)
{
	for (size_t i = 0; i < files->count; i++) {
		struct kh_netplan *yaml = &files->items[i].yaml;
		yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
		if (kh_netplan_get(yaml, kh_netplan_get(yaml, network, "bridges"), bridge))
			return files->items[i].path;
	}
	return NULL;
}

/* ---- the edits ---- */

/* What lies in /run is gone at the next boot, and the package manager replaces what lies in /lib.
 */
static int refuse_elsewhere(const char *path, const char *id, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "'%s' has settings of '%s', and is no file to edit", path, id);
	if (kh_str_starts(path, "/run/"))
		return kh_hint(err, "put them into a file in '%s', and end what writes this one",
			       dir);
	return kh_hint(err, "copy it to '%s': there it counts instead of this one", dir);
}

static int edit_file(const struct kh_net_wish *wish, struct kh_netplan_file *file, const char *id,
		     bool *has_bridge, struct kh_net_answer *answer, struct kh_error *err)
{
	struct kh_netplan_entry entry;
	struct kh_netplan_job job = {
		.wish = wish, .yaml = &file->yaml, .entry = &entry, .has_bridge = *has_bridge};
	if (!kh_netplan_find(&file->yaml, id, &entry))
		return 0;
	bool is_ours = kh_str_starts(file->path, "/etc/");
	if (!kh_netplan_moves(&job) && (*has_bridge || !is_ours))
		return 0;
	if (!is_ours)
		return refuse_elsewhere(file->path, id, err);
	kh_auto(kh_free) char *result = kh_netplan_edit(&job);
	if (verify(wish, file->path, result, id, *has_bridge, err) != 0)
		return -1;
	*has_bridge = true;
	kh_net_answer_edit(answer, file->path, result, 0, move_why);
	return 0;
}

static bool is_nm(const struct kh_netplan_files *files, const char *id)
{
	const char *renderer = kh_netplan_word(files, id, NULL, "renderer");
	for (size_t i = files->count; !renderer && i > 0; i--) {
		struct kh_netplan *yaml = &files->items[i - 1].yaml;
		yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
		renderer = kh_netplan_text(kh_netplan_get(yaml, network, "renderer"));
	}
	return renderer && strcmp(renderer, "NetworkManager") == 0;
}

static void add_identity(const struct kh_net_wish *wish, const struct kh_netplan_files *files,
			 const char *id, struct kh_net_answer *answer)
{
	const char *identity = kh_netplan_word(files, id, NULL, "dhcp-identifier");
	if (!wish->dhcp || !wish->dhcp->has_iaid || is_nm(files, id) ||
	    (identity && strcmp(identity, "mac") == 0))
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

static bool is_dynamic(const struct kh_net_wish *wish, const struct kh_netplan_files *files,
		       const char *id)
{
	if (wish->config->address_mode != KH_ADDRESS_INHERIT)
		return wish->config->address_mode == KH_ADDRESS_DHCP;
	return kh_netplan_is_yes(kh_netplan_word(files, id, NULL, "dhcp4")) ||
	       kh_netplan_is_yes(kh_netplan_word(files, id, NULL, "dhcp6")) ||
	       !kh_netplan_says(files, id, "addresses");
}

static int edit_all(const struct kh_net_wish *wish, struct kh_netplan_files *files, const char *id,
		    struct kh_net_answer *answer, struct kh_error *err)
{
	bool has_bridge = false;
	answer->is_dynamic = is_dynamic(wish, files, id);
	if (answer->is_dynamic)
		add_identity(wish, files, id, answer);
	for (size_t i = 0; i < files->count; i++)
		if (edit_file(wish, &files->items[i], id, &has_bridge, answer, err) != 0)
			return -1;
	return has_bridge ? 0 : refuse_elsewhere(kh_netplan_path_of(files, id), id, err);
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	kh_auto(kh_netplan_files_done) struct kh_netplan_files files = {0};
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	if (kh_netplan_files_load(wish->view, &files, err) != 0)
		return -1;
	kh_netplan_ids(&files, wish->port, &ids);
	const char *carrier = carrier_in(&files, &ids, wish->port->name);
	const char *taken = taken_in(&files, wish->config->name);
	if (carrier) {
		answer->carrier = kh_strdup(carrier);
		return 0;
	}
	if (taken)
		return kh_net_taken(wish, taken, err);
	if (choose_id(wish, &files, &ids, err) != 0)
		return -1;
	return edit_all(wish, &files, ids.items[0], answer, err);
}

const struct kh_net_backend kh_net_netplan = {KH_NET_NETPLAN, plan};
