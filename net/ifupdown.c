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
#include "net/ifupdown_stanza.h"

static const char put_why[] = "the address moves from the port to the bridge";

static bool has_port(const struct kh_interfaces *file, const char *port)
{
	for (size_t i = 0; i < file->block_count; i++)
		if (file->blocks[i].is_stanza && (strcmp(file->blocks[i].name, port) == 0 ||
						  kh_ifupdown_is_label(file->blocks[i].name, port)))
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

static void rewrite_file(struct kh_ifupdown_job *job, const char *path,
			 const struct kh_interfaces *file)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (size_t i = 0; i < file->block_count; i++) {
		const struct kh_interfaces_block *block = &file->blocks[i];
		kh_ifupdown_rewrite(job, block, &out);
		if (!block->is_stanza || strcmp(block->name, job->port) != 0 ||
		    !is_last(file, i, job->port) || strcmp(path, job->last_path) != 0)
			continue;
		kh_ifupdown_add_missing(job, &out);
		kh_ifupdown_add_end(job, &out);
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
		bool is_ours = kh_ifupdown_is_command(words.items[0]) &&
			       kh_strv_has(&words, "master") &&
			       strstr(block->lines.items[i], "ip link set");
		if ((is_ports || is_ours) && kh_strv_has(&words, port))
			return block->name;
	}
	return NULL;
}

static int look_at(const struct kh_interfaces *file, const char *path, struct kh_ifupdown_job *job,
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
		if (block->is_stanza && strcmp(block->name, port) == 0)
			job->last_path = path;
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

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	struct kh_ifupdown_job job = {
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
