/* proof.c - see proof.h. */
#include "net/proof.h"

#include <string.h>

#include "core/base/mem.h"

static char *missing_link(const struct kh_facts_net *net, const char *name, bool wants_address)
{
	const struct kh_facts_link *link = kh_facts_net_link(net, name);
	if (!link)
		return kh_printf("no link %s", name);
	if (!link->is_up)
		return kh_printf("%s is not up", name);
	return wants_address && link->addresses.count == 0 ? kh_printf("no address on %s", name)
							   : NULL;
}

/* A link to one other side (a tunnel) has no gateway to ask. */
static char *missing_gateway(struct kh_guard_world *world, const struct kh_facts_net *net)
{
	const char *gateway = net->gateway4 ? net->gateway4 : net->gateway6;
	if (!gateway || world->answers(world, net->default_link, gateway))
		return NULL;
	return kh_printf("no %s answer from gateway %s on %s",
			 strchr(gateway, ':') ? "neighbour discovery" : "ARP", gateway,
			 net->default_link);
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Files that were written in this boot make the bridge at the next one, unless it was switched to.
 */
static bool is_made(const struct kh_root *root, const struct kh_net_record *record,
		    const struct kh_net_state *state, const char *boot_id)
{
	if (state->phase == KH_NET_WAITING && is_same(record->boot_id, boot_id))
		return false;
	return kh_net_record_progress(root, record) == KH_NET_WRITTEN;
}

char *kh_proof_bridge(const struct kh_root *root, const char *boot_id, bool is_to_blame)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_net_state_done) struct kh_net_state state = {0};
	char digest[KH_DIGEST_SIZE];
	if (kh_net_record_read(root, &record, digest, &ignored) != 0)
		return NULL;
	kh_net_state_read(root, digest, &state);
	bool is_reverted = state.phase == KH_NET_REVERTED || state.phase == KH_NET_REVERTING;
	bool is_blamed = is_to_blame && !state.is_cut_off && is_same(state.boot_id, boot_id);
	bool is_wanted = is_reverted ? is_blamed : is_made(root, &record, &state, boot_id);
	return is_wanted ? kh_strdup(record.bridge) : NULL;
}

char *kh_proof_missing(struct kh_guard_world *world, const struct kh_facts_net *net,
		       const char *bridge, bool wants_route)
{
	char *missing = bridge ? missing_link(net, bridge, false) : NULL;
	if (missing || !wants_route)
		return missing;
	if (!net->default_link)
		return kh_strdup("no default route");
	missing = missing_link(net, net->default_link, true);
	return missing ? missing : missing_gateway(world, net);
}
