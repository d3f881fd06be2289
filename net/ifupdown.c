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
#include "net/ifupdown_line.h"
#include "net/ifupdown_refuse.h"
#include "net/ifupdown_stanza.h"

static const char put_why[] = "the address moves from the port to the bridge";

static bool is_of_port(const struct kh_interfaces_block *block, const char *port)
{
	return block->is_stanza && strcmp(block->name, port) == 0;
}

static bool has_port(const struct kh_interfaces *file, const char *port)
{
	for (size_t i = 0; i < file->block_count; i++)
		if (file->blocks[i].is_stanza && (strcmp(file->blocks[i].name, port) == 0 ||
						  kh_ifupdown_is_label(file->blocks[i].name, port)))
			return true;
	return false;
}

static void rewrite(struct kh_ifupdown_job *job, const struct kh_interfaces_set *set)
{
	kh_auto(kh_strv_done) struct kh_strv texts = {0};
	for (size_t i = 0; i < set->place_count; i++) {
		kh_auto(kh_str_done) struct kh_str out = {0};
		kh_ifupdown_rewrite(job, kh_interfaces_at(set, i), &out);
		if (job->has_port && i == job->last) {
			kh_ifupdown_add_missing(job, &out);
			kh_ifupdown_add_end(job, &out);
		}
		kh_strv_add_owned(&texts, kh_str_take(&out));
	}
	for (size_t f = 0; f < set->file_count; f++) {
		kh_auto(kh_str_done) struct kh_str whole = {0};
		if (!has_port(&set->files[f], job->port))
			continue;
		for (size_t i = 0; i < set->place_count; i++)
			if (set->places[i].file == f)
				kh_str_add(&whole, texts.items[i]);
		kh_net_answer_edit(job->answer, set->paths.items[f], kh_str_text(&whole), 0,
				   put_why);
	}
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
		bool is_ours = kh_ifupdown_is_command(words.items[0]) &&
			       kh_strv_has(&words, "master") &&
			       strstr(block->lines.items[i], "ip link set");
		if ((is_ports || is_ours) && kh_strv_has(&words, port))
			return block->name;
	}
	return NULL;
}

/* "auto" or its other name, with the link in the list. */
static bool is_auto(const struct kh_interfaces_block *block, const char *link)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(block->lines.items[0], &words);
	return words.count > 1 &&
	       (strcmp(words.items[0], "auto") == 0 || strcmp(words.items[0], "allow-auto") == 0) &&
	       kh_strv_has(&words, link);
}

static void look_at(const struct kh_interfaces_set *set, size_t place, struct kh_ifupdown_job *job)
{
	const struct kh_interfaces_block *block = kh_interfaces_at(set, place);
	const char *path = set->paths.items[set->places[place].file];
	const char *carrier = block->is_stanza ? carrier_in(block, job->port) : NULL;
	if (carrier && !job->answer->carrier)
		job->answer->carrier = kh_strdup(carrier);
	if (block->is_stanza && strcmp(block->name, job->bridge) == 0)
		job->taken = path;
	if (!job->has_port && is_auto(block, job->port))
		job->is_up_first = true;
	if (is_of_port(block, job->port)) {
		job->has_port = true;
		job->last = place;
	}
}

static int collect(struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
		   struct kh_error *err)
{
	for (size_t i = 0; i < set->place_count; i++) {
		const struct kh_interfaces_block *block = kh_interfaces_at(set, i);
		const char *path = set->paths.items[set->places[i].file];
		if (kh_ifupdown_refuse(job, set, i, err) != 0)
			return -1;
		if (is_of_port(block, job->port) && kh_ifupdown_collect(job, block, path, err) != 0)
			return -1;
	}
	return 0;
}

/* Without resolvconf or systemd-resolved nobody reads dns-nameservers: the file itself is the
 * place. */
static void edit_resolv_conf(struct kh_ifupdown_job *job)
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

static int plan_with(struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
		     struct kh_error *err)
{
	for (size_t i = 0; i < set->place_count; i++)
		look_at(set, i, job);
	if (job->answer->carrier)
		return 0;
	if (job->taken)
		return kh_net_taken(job->wish, job->taken, err);
	if (!job->has_port) {
		kh_fail(err, KH_HOST, 0,
			"no 'iface %s' in /etc/network/interfaces or what it reads", job->port);
		return kh_hint(err, "name the uplink with bridge.port, or set 'port: none'");
	}
	if (collect(job, set, err) != 0)
		return -1;
	edit_resolv_conf(job);
	rewrite(job, set);
	job->answer->is_dynamic = job->is_dhcp;
	return 0;
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	kh_auto(kh_interfaces_set_done) struct kh_interfaces_set set = {0};
	struct kh_ifupdown_job job = {
		.wish = wish,
		.answer = answer,
		.port = wish->port->name,
		.bridge = wish->config->name,
		.has_tools = kh_net_view_exists(wish->view, "/lib/bridge-utils/ifupdown.sh") ||
			     kh_net_view_exists(wish->view, "/usr/sbin/brctl") ||
			     kh_net_view_exists(wish->view, "/sbin/brctl"),
	};
	kh_interfaces_load(wish->view, &set);
	int result = plan_with(&job, &set, err);
	kh_strv_done(&job.port_lines);
	return result;
}

const struct kh_net_backend kh_net_ifupdown = {KH_NET_IFUPDOWN, plan};
