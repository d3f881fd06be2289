/* netplan_edit.c - see netplan_edit.h; the whole of it in netplan.c. */
#include "net/netplan_edit.h"

#include <string.h>

#include "core/base/mem.h"

bool kh_netplan_is_port_key(const char *key)
{
	static const char *const keys[] = {
		"match",
		"set-name",
		"wakeonlan",
		"macaddress",
		"mtu",
		"renderer",
		"auth",
		"emit-lldp",
		"interfaces",
		"parameters",
		"id",
		"link",
		"openvswitch",
		"infiniband-mode",
		"virtual-function-count",
		"embedded-switch-mode",
		"delay-virtual-functions-rebind",
	};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys)) || kh_str_ends(key, "-offload");
}

static bool belongs_to_both(const char *key)
{
	return strcmp(key, "mtu") == 0 || strcmp(key, "renderer") == 0;
}

/* ---- the bridge's entry ---- */

static void indent(struct kh_str *out, int columns)
{
	for (int i = 0; i < columns; i++)
		kh_str_add(out, " ");
}

static int family_of_default(const char *to)
{
	if (strcmp(to, "0.0.0.0/0") == 0 || strcmp(to, "0/0") == 0)
		return 4;
	return strcmp(to, "::/0") == 0 ? 6 : 0;
}

static bool is_replaced_route(const struct kh_netplan_job *job, const yaml_node_t *route)
{
	const char *to = kh_netplan_text(kh_netplan_get(job->yaml, route, "to"));
	const char *via = kh_netplan_text(kh_netplan_get(job->yaml, route, "via"));
	int family = to ? family_of_default(to) : 0;
	if (to && via && strcmp(to, "default") == 0)
		family = kh_net_family(via);
	return family && kh_net_replaces(job->wish, family);
}

static bool is_replaced_address(const struct kh_netplan_job *job, const yaml_node_t *address)
{
	const char *text = kh_netplan_text(address);
	if (!text)
		text = kh_netplan_text(kh_netplan_key(job->yaml, address, 0));
	return text && kh_net_replaces(job->wish, kh_net_family(text));
}

/* The items of a list of the port that stay valid, as flow text with commas. */
static void keep_items(const struct kh_netplan_job *job, const char *key, struct kh_strv *items)
{
	bool is_routes = strcmp(key, "routes") == 0;
	const yaml_node_t *list = kh_netplan_get(job->yaml, job->entry->value, key);
	for (size_t i = 0; kh_netplan_item(job->yaml, list, i); i++) {
		const yaml_node_t *item = kh_netplan_item(job->yaml, list, i);
		if (is_routes ? is_replaced_route(job, item) : is_replaced_address(job, item))
			continue;
		kh_auto(kh_str_done) struct kh_str text = {0};
		kh_netplan_flow(job->yaml, item, &text);
		kh_strv_add(items, kh_str_text(&text));
	}
}

static void add_list(const struct kh_netplan_job *job, const char *key, const struct kh_strv *items,
		     struct kh_str *out)
{
	kh_auto(kh_free) char *joined = kh_strv_join(items, ", ");
	if (items->count == 0)
		return;
	indent(out, job->child);
	kh_str_addf(out, "%s: [%s]\n", key, joined);
}

static void add_key(const struct kh_netplan_job *job, const char *text, struct kh_str *out)
{
	indent(out, job->child);
	kh_str_addf(out, "%s\n", text);
}

static void add_own_address(const struct kh_netplan_job *job, struct kh_str *out)
{
	const struct kh_config_bridge *config = job->wish->config;
	kh_auto(kh_strv_done) struct kh_strv addresses = {0};
	kh_auto(kh_strv_done) struct kh_strv routes = {0};
	if (config->address_mode == KH_ADDRESS_INHERIT)
		return;
	bool is_first = !job->has_bridge;
	if (is_first && config->address_mode == KH_ADDRESS_DHCP)
		add_key(job, "dhcp4: true", out);
	for (size_t i = 0; is_first && i < config->addresses.count; i++)
		kh_strv_addf(&addresses, "\"%s\"", config->addresses.items[i]);
	keep_items(job, "addresses", &addresses);
	add_list(job, "addresses", &addresses, out);
	keep_items(job, "routes", &routes);
	for (size_t i = 0; is_first && i < config->gateways.count; i++)
		kh_strv_addf(&routes, "{to: \"%s\", via: \"%s\"}",
			     kh_net_family(config->gateways.items[i]) == 4 ? "0.0.0.0/0" : "::/0",
			     config->gateways.items[i]);
	add_list(job, "routes", &routes, out);
	if (!is_first || config->dns.count == 0)
		return;
	kh_auto(kh_free) char *dns = kh_strv_join(&config->dns, "\", \"");
	indent(out, job->child);
	kh_str_addf(out, "nameservers: {addresses: [\"%s\"]}\n", dns);
}

static bool is_replaced(const struct kh_netplan_job *job, const char *key)
{
	const struct kh_net_wish *wish = job->wish;
	bool has_dns = wish->config->dns.count > 0;
	if (wish->config->address_mode == KH_ADDRESS_INHERIT)
		return false;
	if (strcmp(key, "addresses") == 0 || strcmp(key, "routes") == 0)
		return true; /* add_own_address writes what remains of them */
	if (strcmp(key, "nameservers") == 0)
		return has_dns;
	return (kh_net_replaces(wish, 4) &&
		(strcmp(key, "dhcp4") == 0 || strcmp(key, "gateway4") == 0)) ||
	       (kh_net_replaces(wish, 6) &&
		(strcmp(key, "dhcp6") == 0 || strcmp(key, "gateway6") == 0));
}

static void add_bridge_keys(const struct kh_netplan_job *job, struct kh_str *out)
{
	const char *mac = job->wish->port->mac;
	indent(out, job->child);
	kh_str_addf(out, "interfaces: [%s]\n", kh_netplan_text(job->entry->key));
	if (mac) {
		indent(out, job->child);
		kh_str_addf(out, "macaddress: \"%s\"\n", mac);
	}
	add_key(job,
		job->wish->config->stp ? "parameters: {stp: true}"
				       : "parameters: {stp: false, forward-delay: 0}",
		out);
}

/* The keys that move, as they are where the entry is in block style. */
static void add_moved_keys(const struct kh_netplan_job *job, struct kh_str *out)
{
	const yaml_node_t *value = job->entry->value;
	for (size_t i = 0; kh_netplan_key(job->yaml, value, i); i++) {
		const yaml_node_t *key = kh_netplan_key(job->yaml, value, i);
		const char *name = kh_netplan_text(key);
		if (!name || (kh_netplan_is_port_key(name) && !belongs_to_both(name)) ||
		    is_replaced(job, name))
			continue;
		if (kh_netplan_is_block(value)) {
			kh_netplan_copy(job->yaml, key, job->child - (int)key->start_mark.column,
					out);
			continue;
		}
		indent(out, job->child);
		kh_str_addf(out, "%s: ", name);
		kh_netplan_flow(job->yaml, kh_netplan_value(job->yaml, value, i), out);
		kh_str_add(out, "\n");
	}
}

/* ---- the edited file ---- */

struct cut { /* lines that go, and text that comes in front of a line */
	bool *is_gone;
	size_t insert_at;
	struct kh_str insert;
};

static void cut_done(struct cut *cut)
{
	kh_free(&cut->is_gone);
	kh_str_done(&cut->insert);
}

/* What remains of the port's entry: in block style its lines, otherwise one new line. */
static void shrink_entry(const struct kh_netplan_job *job, struct cut *cut, struct kh_str *remains)
{
	const yaml_node_t *value = job->entry->value, *entry_key = job->entry->key;
	kh_auto(kh_strv_done) struct kh_strv kept = {0};
	for (size_t i = 0; kh_netplan_key(job->yaml, value, i); i++) {
		const yaml_node_t *key = kh_netplan_key(job->yaml, value, i);
		const char *name = kh_netplan_text(key);
		bool stays = name && kh_netplan_is_port_key(name);
		for (size_t l = key->start_mark.line;
		     !stays && kh_netplan_is_block(value) && l < kh_netplan_end(job->yaml, key);
		     l++)
			cut->is_gone[l] = true;
		if (!stays)
			continue;
		kh_auto(kh_str_done) struct kh_str text = {0};
		kh_str_addf(&text, "%s: ", name);
		kh_netplan_flow(job->yaml, kh_netplan_value(job->yaml, value, i), &text);
		kh_strv_add(&kept, kh_str_text(&text));
	}
	if (kh_netplan_is_block(value)) {
		const yaml_node_t *first = kh_netplan_key(job->yaml, value, 0);
		if (kept.count == 0) {
			indent(remains, (int)first->start_mark.column);
			kh_str_add(remains, "dhcp4: false\n");
		}
		return;
	}
	for (size_t l = entry_key->start_mark.line; l < kh_netplan_end(job->yaml, entry_key); l++)
		cut->is_gone[l] = true;
	kh_auto(kh_free) char *joined = kh_strv_join(&kept, ", ");
	indent(remains, (int)entry_key->start_mark.column);
	kh_str_addf(remains, "%s: {%s}\n", kh_netplan_text(entry_key), joined);
}

/* Where the bridge's entry goes, and how far right: at the end of "bridges", or a new one at the
 * end. */
static void place_bridge(struct kh_netplan_job *job, struct cut *cut, struct kh_str *header)
{
	yaml_node_t *network = kh_netplan_get(job->yaml, kh_netplan_root(job->yaml), "network");
	int section_column = (int)job->entry->section_key->start_mark.column;
	int entry_column = (int)job->entry->key->start_mark.column;
	int step = entry_column - section_column;
	const yaml_node_t *bridges = kh_netplan_get(job->yaml, network, "bridges");
	const yaml_node_t *last = kh_netplan_key(job->yaml, network, 0);
	for (size_t i = 0; kh_netplan_key(job->yaml, network, i); i++) {
		const yaml_node_t *key = kh_netplan_key(job->yaml, network, i);
		bool is_bridges =
			strcmp(kh_netplan_text(key) ? kh_netplan_text(key) : "", "bridges") == 0;
		if (is_bridges || !kh_netplan_is_block(bridges))
			last = key;
		if (is_bridges)
			break;
	}
	cut->insert_at = kh_netplan_end(job->yaml, last);
	if (!kh_netplan_is_block(bridges)) {
		indent(header, section_column);
		kh_str_add(header, "bridges:\n");
	} else {
		entry_column = (int)kh_netplan_key(job->yaml, bridges, 0)->start_mark.column;
	}
	job->child = entry_column + step;
	indent(header, entry_column);
	kh_str_addf(header, "%s:\n", job->wish->config->name);
}

/* netplan takes no entry without keys ("expected mapping"). */
static void insert_bridge(struct kh_netplan_job *job, struct cut *cut)
{
	kh_auto(kh_str_done) struct kh_str header = {0};
	kh_auto(kh_str_done) struct kh_str keys = {0};
	place_bridge(job, cut, &header);
	if (!job->has_bridge)
		add_bridge_keys(job, &keys);
	add_own_address(job, &keys);
	add_moved_keys(job, &keys);
	if (*kh_str_text(&keys))
		kh_str_addf(&cut->insert, "%s%s", kh_str_text(&header), kh_str_text(&keys));
}

bool kh_netplan_moves(const struct kh_netplan_job *job)
{
	const yaml_node_t *value = job->entry->value;
	for (size_t i = 0; kh_netplan_key(job->yaml, value, i); i++) {
		const char *name = kh_netplan_text(kh_netplan_key(job->yaml, value, i));
		if (name && (!kh_netplan_is_port_key(name) || belongs_to_both(name)))
			return true;
	}
	return false;
}

char *kh_netplan_edit(struct kh_netplan_job *job)
{
	kh_auto(cut_done) struct cut cut = {0};
	kh_auto(kh_str_done) struct kh_str remains = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	const struct kh_strv *lines = &job->yaml->lines;
	cut.is_gone = kh_alloc(lines->count + 1);
	insert_bridge(job, &cut);
	shrink_entry(job, &cut, &remains);
	size_t remains_at = kh_netplan_end(job->yaml, job->entry->key);
	for (size_t i = 0; i <= lines->count; i++) {
		if (i == remains_at)
			kh_str_add(&out, kh_str_text(&remains));
		if (i == cut.insert_at)
			kh_str_add(&out, kh_str_text(&cut.insert));
		if (i == lines->count || cut.is_gone[i])
			continue;
		kh_str_add(&out, lines->items[i]);
		if (!kh_str_ends(lines->items[i], "\n"))
			kh_str_add(&out, "\n");
	}
	return kh_str_take(&out);
}
