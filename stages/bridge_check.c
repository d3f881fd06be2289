/* bridge_check.c - is the bridge there, does it carry the uplink, the address, the default route?
 */
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "stages/bridge.h"

static const char why_bridge[] = "guests reach the network through it";
static const char fix_apply[] = "kvmhost apply bridge";
static const char fix_reboot[] = "reboot";

struct look {
	const struct kh_context *context;
	struct kh_report *report;
	struct kh_bridge_port port;
	const char *name;                   /* of the bridge to look at */
	const struct kh_facts_link *bridge; /* NULL: not there */
	bool is_persisted;
};

static const char *const ids[] = {"network.bridge", "network.port", "network.address",
				  "network.route",  "network.mac",  "network.guard"};

static void skip_all(struct kh_report *report, size_t from, const char *reason)
{
	for (size_t i = from; i < KH_COUNT(ids); i++) {
		const struct kh_check_text text = {.expected = "a bridge with the host's address",
						   .found = reason,
						   .why = why_bridge};
		kh_report_add(report, ids[i], KH_SKIP, &text);
	}
}

static void check_bridge(const struct look *look)
{
	kh_auto(kh_free) char *expected = kh_printf("%s up", look->name);
	bool is_up = look->bridge && look->bridge->kind == KH_LINK_BRIDGE && look->bridge->is_up;
	bool waits = !look->bridge && look->is_persisted;
	kh_auto(kh_free) char *found = kh_printf("%s%s",
						 !look->bridge ? "not there"
						 : is_up       ? KH_WORD("up")
							       : "not up",
						 waits ? ": needs a reboot" : "");
	const struct kh_check_text text = {.expected = expected,
					   .found = found,
					   .why = why_bridge,
					   .fix = is_up   ? NULL
						  : waits ? fix_reboot
							  : fix_apply};
	kh_report_add(look->report, ids[0], is_up ? KH_PASS : waits ? KH_WARN : KH_FAIL, &text);
}

static void check_port(const struct look *look)
{
	kh_auto(kh_free) char *ports = kh_strv_join(&look->bridge->ports, " ");
	bool is_there = look->port.link && kh_strv_has(&look->bridge->ports, look->port.link->name);
	const struct kh_check_text text = {
		.expected = look->port.link ? look->port.link->name : "the uplink",
		.found = *ports ? ports : "no port",
		.why = "without the uplink the bridge leads nowhere",
		.fix = is_there ? NULL : fix_apply,
	};
	kh_report_add(look->report, ids[1], is_there ? KH_PASS : KH_FAIL, &text);
}

static bool has_all(const struct kh_strv *wanted, const struct kh_strv *found)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!kh_strv_has(found, wanted->items[i]))
			return false;
	return true;
}

static void check_address(const struct look *look)
{
	const struct kh_config_bridge *config = &look->context->config->bridge;
	kh_auto(kh_free) char *addresses = kh_strv_join(&look->bridge->addresses, " ");
	kh_auto(kh_free) char *given = kh_strv_join(&config->addresses, " ");
	bool is_static = config->address_mode == KH_ADDRESS_STATIC;
	bool is_good = is_static ? has_all(&config->addresses, &look->bridge->addresses)
				 : look->bridge->addresses.count > 0;
	const char *wanted = is_static ? given : is_good ? addresses : "an address";
	const struct kh_setting setting = {
		.id = ids[2],
		.wanted = wanted,
		.effective = is_good      ? wanted
			     : *addresses ? addresses
					  : "no address",
		.persisted = look->is_persisted ? wanted : NULL,
		.where = look->is_persisted ? kh_net_manager_name(look->context->facts->net.manager)
					    : NULL,
		.needs_reboot = look->is_persisted && !is_good && is_static,
		.why = "the host is reached at the bridge's address",
		.fix = fix_apply,
	};
	kh_report_setting(look->report, &setting);
}

static void check_route(const struct look *look)
{
	const struct kh_facts_net *net = &look->context->facts->net;
	bool is_over = net->default_link && strcmp(net->default_link, look->name) == 0;
	kh_auto(kh_free) char *expected = kh_printf("over %s", look->name);
	kh_auto(kh_free) char *found = net->default_link ? kh_printf("over %s", net->default_link)
							 : kh_strdup("no default route");
	bool is_wanted = strcmp(look->context->config->bridge.port, "auto") == 0 ||
			 look->context->config->bridge.gateways.count > 0 || net->default_link;
	const struct kh_check_text text = {.expected = expected,
					   .found = is_wanted ? found : "no default route wanted",
					   .why = "the default route goes where the address is",
					   .fix = is_over ? NULL : fix_apply};
	enum kh_status status = is_over ? KH_PASS : is_wanted ? KH_WARN : KH_SKIP;
	kh_report_add(look->report, ids[3], status, &text);
}

static void check_mac(const struct look *look)
{
	const char *of_port = look->port.link ? look->port.link->mac : NULL;
	const char *of_bridge = look->bridge->mac;
	bool is_known = of_port && of_bridge;
	bool is_same = is_known && strcasecmp(of_port, of_bridge) == 0;
	const struct kh_check_text text = {
		.expected = of_port ? of_port : "the uplink's",
		.found = of_bridge ? of_bridge : "not recorded",
		.why = "switches and DHCP servers know the host by the uplink's MAC address",
		.fix = !is_known || is_same ? NULL : fix_apply};
	kh_report_add(look->report, ids[4],
		      is_same    ? KH_PASS
		      : is_known ? KH_WARN
				 : KH_SKIP,
		      &text);
}

/* What the manager did not take over at a live switch; after a boot it has all from its files. */
static const char *untold_of(const struct look *look, const struct kh_net_state *state)
{
	const char *boot_id = look->context->facts->os.boot_id;
	bool is_of_this_boot = state->boot_id && boot_id && strcmp(state->boot_id, boot_id) == 0;
	return state->phase == KH_NET_CONFIRMED && is_of_this_boot ? state->why : NULL;
}

/* What the guard found: the texts of its states. */
static void add_guard(const struct look *look, const struct kh_net_record *record,
		      const struct kh_net_state *state)
{
	const char *time = state->time ? state->time : "an unknown time";
	const char *untold = untold_of(look, state);
	kh_auto(kh_free) char *expected = kh_printf("%s answers after the boot", record->bridge);
	kh_auto(kh_free) char *found = NULL;
	enum kh_status status = KH_WARN;
	const char *fix = NULL;
	switch (state->phase) {
	case KH_NET_WAITING:
		found = kh_strdup("armed: judges at the next boot");
		fix = fix_reboot;
		break;
	case KH_NET_ASKED:
	case KH_NET_SWITCHING:
	case KH_NET_SWITCHED:
		found = kh_printf("waits to be confirmed since %s", time);
		fix = "log in anew over ssh, or run kvmhost confirm in a new session";
		break;
	case KH_NET_CONFIRMED:
		found = untold ? kh_printf("confirmed at %s, but not taken over: %s", time, untold)
			       : kh_printf("confirmed at %s", time);
		status = untold ? KH_WARN : KH_PASS;
		fix = untold ? fix_reboot : NULL;
		break;
	case KH_NET_REVERTING:
	case KH_NET_REVERTED:
		found = kh_printf("put the old network back at %s: %s%s", time,
				  state->why ? state->why : "the network did not answer",
				  state->has_rebooted ? " (and rebooted)" : "");
		status = KH_FAIL;
		fix = "correct the bridge section of the configuration, then kvmhost apply bridge";
		break;
	}
	const struct kh_check_text text = {
		.expected = expected,
		.found = found,
		.why = "a network that does not answer is put back, so that nobody is locked out",
		.fix = fix};
	kh_report_add(look->report, ids[5], status, &text);
}

static void check_guard(const struct look *look)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_net_state_done) struct kh_net_state state = {0};
	char digest[KH_DIGEST_SIZE] = "";
	int found = kh_net_record_read(look->context->root, &record, digest, &problem);
	if (found == 1) {
		const struct kh_check_text text = {.expected = "a watched change",
						   .found = "kvmhost changed no network file",
						   .why = why_bridge};
		kh_report_add(look->report, ids[5], KH_SKIP, &text);
		return;
	}
	if (found < 0) {
		const struct kh_check_text text = {.expected = "a readable record",
						   .found = problem.message,
						   .why = "without it the guard cannot go back",
						   .fix = fix_apply};
		kh_report_add(look->report, ids[5], KH_FAIL, &text);
		return;
	}
	kh_net_state_read(look->context->root, digest, &state);
	add_guard(look, &record, &state);
}

static void check_present(const struct look *look)
{
	check_port(look);
	check_address(look);
	check_route(look);
	check_mac(look);
}

static void check_absent(const struct look *look)
{
	kh_auto(kh_free) char *reason = kh_printf("no %s yet", look->name);
	for (size_t i = 1; i + 1 < KH_COUNT(ids); i++) {
		const struct kh_check_text text = {
			.expected = look->name, .found = reason, .why = why_bridge};
		kh_report_add(look->report, ids[i], KH_SKIP, &text);
	}
}

int kh_bridge_check(const struct kh_context *context, struct kh_report *report,
		    struct kh_error *err)
{
	struct look look = {.context = context, .report = report};
	(void)err;
	if (context->facts->net.link_count == 0 || context->facts->os.is_container) {
		skip_all(report, 0,
			 context->facts->os.is_container ? "a container's network is its host's"
							 : "the links are not recorded");
		return 0;
	}
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	kh_auto(kh_bridge_port_done) struct kh_bridge_port port = {0};
	bool has_port = kh_bridge_find_port(context, &port, &problem) == 0;
	if (has_port && port.need == KH_BRIDGE_NONE && !port.master) {
		skip_all(report, 0, port.reason);
		return 0;
	}
	if (kh_bridge_is_left_out(context)) {
		struct kh_check_text text = {
			.expected = "a link with the default route that a known manager configures",
			.found = problem.message ? problem.message : "nobody known configures it",
			.why = "'port: auto' bridges the uplink where there is one",
			.fix = "name the uplink with bridge.port, or set 'port: none'"};
		kh_report_add(report, "network.bridge", KH_WARN, &text);
		check_guard(&look);
		return 0;
	}
	look.port = port; /* borrowed: port is cleaned up above */
	if (port.link == &port.made_up)
		look.port.link = &look.port.made_up;
	look.name = port.master ? port.master->name : context->config->bridge.name;
	look.bridge = kh_facts_net_link(&context->facts->net, look.name);
	look.is_persisted = has_port && kh_bridge_is_persisted(context);
	check_bridge(&look);
	if (look.bridge)
		check_present(&look);
	else
		check_absent(&look);
	check_guard(&look);
	return 0;
}
