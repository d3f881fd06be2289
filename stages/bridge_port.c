/* bridge_port.c - which link becomes the bridge's port, and which must not. */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "stages/bridge.h"

enum { ARPHRD_IS_ETHER = 1, ARPHRD_IS_INFINIBAND = 32 };

void kh_bridge_port_done(struct kh_bridge_port *port)
{
	kh_free(&port->reason);
	kh_free(&port->made_up.name);
}

static bool is_mac(const char *text)
{
	if (strlen(text) != strlen("aa:bb:cc:dd:ee:ff"))
		return false;
	for (size_t i = 0; text[i]; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static const struct kh_facts_link *link_of(const struct kh_context *context, const char *name)
{
	return kh_facts_net_link(&context->facts->net, name);
}

static int no_such_link(const struct kh_context *context, const char *wanted, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const struct kh_facts_net *net = &context->facts->net;
	for (size_t i = 0; i < net->link_count; i++)
		if (net->links[i].kind != KH_LINK_LOOPBACK)
			kh_strv_add(&names, net->links[i].name);
	kh_auto(kh_free) char *all = kh_strv_join(&names, ", ");
	kh_fail(err, KH_HOST, 0, "bridge.port: no link '%s' here", wanted);
	return kh_hint(err, "links of this host: %s (%s)", *all ? all : "no link but 'lo'",
		       kh_config_where(context->config, "bridge.port"));
}

static int find_auto(const struct kh_context *context, struct kh_bridge_port *port,
		     struct kh_error *err)
{
	port->link = link_of(context, context->facts->net.default_link);
	if (port->link)
		return 0;
	kh_fail(err, KH_HOST, 0, "bridge.port is 'auto', but no link has the default route");
	return kh_hint(err, "name the uplink: --set bridge.port=NAME, or set 'port: none'");
}

static int find_named(const struct kh_context *context, const char *name,
		      struct kh_bridge_port *port, struct kh_error *err)
{
	if (is_mac(name))
		port->link = kh_facts_net_mac(&context->facts->net, name);
	else
		port->link = link_of(context, name);
	if (port->link)
		return 0;
	/* A tree that never ran, such as an image being built, has no links to look at. */
	if (is_mac(name) || kh_root_is_dir(context->root, "/sys/class/net"))
		return no_such_link(context, name, err);
	port->made_up = (struct kh_facts_link){.name = kh_strdup(name),
					       .kind = KH_LINK_PHYSICAL,
					       .ifindex = -1,
					       .mtu = -1,
					       .hardware = ARPHRD_IS_ETHER};
	port->link = &port->made_up;
	return 0;
}

/* The default route may go over a bridge already: what carries it is then the bridge's first port.
 */
static void look_below_bridge(const struct kh_context *context, struct kh_bridge_port *port)
{
	if (port->link->kind != KH_LINK_BRIDGE)
		return;
	const struct kh_facts_link *bridge = port->link;
	port->master = bridge;
	port->link = NULL;
	for (size_t i = 0; i < bridge->ports.count && !port->link; i++) {
		const struct kh_facts_link *below = link_of(context, bridge->ports.items[i]);
		bool can_carry =
			below && (below->kind == KH_LINK_PHYSICAL || below->kind == KH_LINK_BOND ||
				  below->kind == KH_LINK_VLAN);
		if (can_carry)
			port->link = below;
	}
	if (port->link)
		return;
	port->need = KH_BRIDGE_NONE;
	port->reason = kh_printf("the default route goes over bridge '%s' already", bridge->name);
}

static int refuse_kind(const struct kh_facts_link *link, struct kh_error *err)
{
	static const char *const modes[] = {"active-backup", "balance-xor", "broadcast", "802.3ad"};
	if (link->kind == KH_LINK_LOOPBACK)
		return kh_fail(err, KH_HOST, 0, "bridge.port: '%s' is the loopback link",
			       link->name);
	if (link->is_wireless) {
		kh_fail(err, KH_HOST, 0, "'%s' is wireless: it cannot carry guests' addresses",
			link->name);
		return kh_hint(err, "use a wired link, or set 'port: none' and route");
	}
	if (link->hardware == ARPHRD_IS_INFINIBAND || (link->hardware > 0 && link->hardware != 1)) {
		kh_fail(err, KH_HOST, 0, "'%s' is no Ethernet link: it cannot be bridged",
			link->name);
		return kh_hint(err, "name an Ethernet link with bridge.port, or set 'port: none'");
	}
	if (link->kind != KH_LINK_BOND || !link->bond_mode)
		return 0;
	for (size_t i = 0; i < KH_COUNT(modes); i++)
		if (strcmp(modes[i], link->bond_mode) == 0)
			return 0;
	kh_fail(err, KH_HOST, 0,
		"bond '%s' in mode '%s' rewrites MAC addresses: it cannot be bridged", link->name,
		link->bond_mode);
	return kh_hint(err, "use active-backup or 802.3ad");
}

static int look_at_master(const struct kh_context *context, struct kh_bridge_port *port,
			  struct kh_error *err)
{
	const struct kh_facts_link *master = link_of(context, port->link->master);
	if (!master)
		return 0;
	if (master->kind != KH_LINK_BRIDGE) {
		kh_fail(err, KH_HOST, 0, "'%s' is in '%s'", port->link->name, master->name);
		return kh_hint(err, "use '%s' as bridge.port", master->name);
	}
	port->master = master;
	return 0;
}

/* A link of the bridge's name that is something else, or carries others. */
static int refuse_name(const struct kh_context *context, const struct kh_bridge_port *port,
		       struct kh_error *err)
{
	const char *name = context->config->bridge.name;
	const struct kh_facts_link *taken = link_of(context, name);
	if (!taken || port->master)
		return 0;
	if (strcmp(port->link->name, name) == 0)
		return kh_fail(err, KH_HOST, 0, "bridge.port and bridge.name are both '%s'", name);
	if (taken->kind == KH_LINK_BRIDGE && taken->ports.count == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' exists already and does not carry '%s'", name,
		port->link->name);
	return kh_hint(err, "give the bridge another name (bridge.name)");
}

int kh_bridge_find_port(const struct kh_context *context, struct kh_bridge_port *ret_port,
			struct kh_error *err)
{
	const struct kh_config_bridge *config = &context->config->bridge;
	*ret_port = (struct kh_bridge_port){.need = KH_BRIDGE_WANTED};
	if (strcmp(config->port, "none") == 0) {
		ret_port->need = KH_BRIDGE_NONE;
		ret_port->reason = kh_strdup("not wanted (bridge.port is 'none')");
		return 0;
	}
	int found = strcmp(config->port, "auto") == 0
			    ? find_auto(context, ret_port, err)
			    : find_named(context, config->port, ret_port, err);
	if (found != 0)
		return -1;
	look_below_bridge(context, ret_port);
	if (ret_port->need == KH_BRIDGE_NONE)
		return 0;
	if (refuse_kind(ret_port->link, err) != 0 || look_at_master(context, ret_port, err) != 0 ||
	    refuse_name(context, ret_port, err) != 0)
		return -1;
	if (!ret_port->master)
		return 0;
	ret_port->need = KH_BRIDGE_IN_USE;
	ret_port->reason = kh_printf("'%s' is a port of bridge '%s' already", ret_port->link->name,
				     ret_port->master->name);
	return 0;
}

bool kh_bridge_is_left_out(const struct kh_context *context)
{
	const struct kh_facts_net *net = &context->facts->net;
	return strcmp(context->config->bridge.port, "auto") == 0 &&
	       (!net->default_link ||
		kh_facts_net_manager(context->root, net->default_link) == KH_NET_NONE) &&
	       !kh_facts_net_link(net, context->config->bridge.name);
}
