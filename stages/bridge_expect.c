/* bridge_expect.c - what the network has to look like for the guard to be content. */
#include <string.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/promise.h"
#include "stages/bridge.h"

/* Those of IPv4 only: addresses of router advertisements come and go. Of these, what the files
 * give; an address that somebody else puts on the link (keepalived) may be on another host by then.
 * Where the files name none, one of those found has to be there. */
static void expect_addresses(const struct kh_net_view *view, const struct kh_facts_link *today,
			     struct kh_net_record *record)
{
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	for (size_t i = 0; i < today->addresses.count; i++)
		if (kh_net_family(today->addresses.items[i]) == 4)
			kh_strv_add(&found, today->addresses.items[i]);
	kh_net_promised(view, record->manager, &found, &record->addresses);
	record->is_any_enough = record->addresses.count == 0 && found.count > 1;
	if (record->addresses.count == 0)
		kh_strv_copy(&record->addresses, &found);
}

void kh_bridge_expect(const struct kh_context *context, const struct kh_bridge_port *port,
		      const struct kh_net_view *view, struct kh_net_record *record)
{
	const struct kh_config_bridge *config = &context->config->bridge;
	const struct kh_facts_net *net = &context->facts->net;
	const struct kh_facts_link *today = port->master ? port->master : port->link;
	bool has_default = net->default_link && strcmp(net->default_link, today->name) == 0;
	record->had_ipv4 = has_default && net->gateway4;
	record->wants_route = has_default || config->gateways.count > 0;
	if (config->address_mode == KH_ADDRESS_STATIC) {
		kh_strv_copy(&record->addresses, &config->addresses);
		kh_strv_copy(&record->gateways, &config->gateways);
		return;
	}
	/* What the bridge has today may be of an earlier configuration that named its addresses. */
	bool is_of_configuration = port->master && view->record && view->record->is_static;
	if (record->is_dynamic || is_of_configuration)
		return;
	expect_addresses(view, today, record);
	if (has_default && (net->gateway4 || net->gateway6))
		kh_strv_add(&record->gateways, net->gateway4 ? net->gateway4 : net->gateway6);
}
