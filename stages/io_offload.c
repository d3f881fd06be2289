/* io_offload.c - segmentation offloads of the bridge's port, on request; see io.h.
 *
 * The rule matches the NIC by its MAC and by having a driver, since the bridge above it takes the
 * same MAC. ethtool does the setting: now as a command with its reverse, at every boot from the
 * rule.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/ethtool.h"
#include "stages/io.h"

static const char *const why_offload = "configured in the section io";

struct offload {
	const char *name;
	enum kh_offload kind;
	enum kh_tri wanted;
};

enum { OFFLOAD_COUNT = 2 };

static void list_offloads(const struct kh_context *context, struct offload ret[OFFLOAD_COUNT])
{
	ret[0] = (struct offload){"tso", KH_OFFLOAD_TSO, context->config->io.tso};
	ret[1] = (struct offload){"gso", KH_OFFLOAD_GSO, context->config->io.gso};
}

static const char *on_off(bool is_on)
{
	return is_on ? "on" : "off";
}

/* The uplink itself, or the port of the bridge that is the uplink; NULL: not known. */
static const struct kh_facts_link *find_nic(const struct kh_context *context)
{
	const struct kh_facts_net *net = &context->facts->net;
	const struct kh_facts_link *link =
		net->default_link ? kh_facts_net_link(net, net->default_link) : NULL;
	if (!link || link->kind != KH_LINK_BRIDGE)
		return link;
	for (size_t i = 0; i < link->ports.count; i++) {
		const struct kh_facts_link *port = kh_facts_net_link(net, link->ports.items[i]);
		if (port && port->kind != KH_LINK_OTHER)
			return port;
	}
	return NULL;
}

/* "tso off gso off", "" when nothing is asked for. Owned. */
static char *wanted_words(const struct kh_context *context)
{
	struct kh_str words = {0};
	struct offload offloads[OFFLOAD_COUNT];
	list_offloads(context, offloads);
	for (size_t i = 0; i < OFFLOAD_COUNT; i++)
		if (offloads[i].wanted != KH_AUTO)
			kh_str_addf(&words, "%s%s %s", words.length ? " " : "", offloads[i].name,
				    on_off(offloads[i].wanted == KH_ON));
	return kh_str_take(&words);
}

static char *match_of(const struct kh_facts_link *nic)
{
	if (nic->kind == KH_LINK_PHYSICAL && nic->mac)
		return kh_printf("DRIVERS==\"?*\", ATTR{address}==\"%s\"", nic->mac);
	return kh_printf("KERNEL==\"%s\"", nic->name);
}

int kh_io_offload_rules(const struct kh_context *context, struct kh_plan *plan,
			struct kh_str *rules, struct kh_error *err)
{
	const struct kh_facts_link *nic = find_nic(context);
	kh_auto(kh_free) char *words = wanted_words(context);
	kh_auto(kh_free) char *ethtool = kh_root_which(context->root, "ethtool");
	if (!*words)
		return 0;
	if (!nic) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "skipped: NIC offloads (%s): no link has the default route", words);
		return 0;
	}
	if (!ethtool) {
		kh_fail(err, KH_HOST, 0,
			"io.tso and io.gso need 'ethtool', which is not installed");
		return kh_hint(err, "install the package ethtool");
	}
	kh_auto(kh_free) char *match = match_of(nic);
	kh_str_addf(rules, "ACTION==\"add\", SUBSYSTEM==\"net\", %s, RUN+=\"%s -K $name %s\"\n",
		    match, ethtool, words);
	return 0;
}

static int plan_one(const struct kh_context *context, const struct kh_facts_link *nic,
		    const char *ethtool, const struct offload *offload, struct kh_plan *plan,
		    struct kh_error *err)
{
	int now = kh_ethtool_offload(context->root, nic->name, offload->kind);
	bool is_on = offload->wanted == KH_ON;
	if (context->root->is_live && now < 0) {
		kh_plan_note(plan, KH_NOTE_INFO, "skipped: %s of '%s': it cannot be read",
			     offload->name, nic->name);
		return 0;
	}
	if (now == is_on)
		return 0;
	const char *const argv[] = {ethtool, "-K", nic->name, offload->name, on_off(is_on), NULL};
	const char *const undo_argv[] = {ethtool,       "-K",           nic->name,
					 offload->name, on_off(!is_on), NULL};
	const struct kh_plan_command command = {
		.argv = argv, .undo_argv = undo_argv, .why = why_offload};
	return kh_plan_run(plan, &command, err);
}

int kh_io_offload_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_facts_link *nic = find_nic(context);
	kh_auto(kh_free) char *ethtool = kh_root_which(context->root, "ethtool");
	struct offload offloads[OFFLOAD_COUNT];
	list_offloads(context, offloads);
	if (!nic || !ethtool)
		return 0;
	for (size_t i = 0; i < OFFLOAD_COUNT; i++)
		if (offloads[i].wanted != KH_AUTO &&
		    plan_one(context, nic, ethtool, &offloads[i], plan, err) != 0)
			return -1;
	return 0;
}

static void check_one(const struct kh_context *context, const struct kh_facts_link *nic,
		      const struct offload *offload, struct kh_report *report)
{
	int now = kh_ethtool_offload(context->root, nic->name, offload->kind);
	const char *wanted = on_off(offload->wanted == KH_ON);
	kh_auto(kh_free) char *id = kh_printf("io.offload.%s.%s", nic->name, offload->name);
	kh_auto(kh_free) char *match = match_of(nic);
	kh_auto(kh_free) char *words = wanted_words(context);
	kh_auto(kh_free) char *start = kh_printf("SUBSYSTEM==\"net\", %s, RUN+=\"", match);
	kh_auto(kh_free) char *end = kh_printf("-K $name %s\"", words);
	kh_auto(kh_free) char *place = kh_io_find_rule(context, start);
	kh_auto(kh_free) char *command = kh_io_find_rule(context, end);
	bool is_kept = place && command && strcmp(place, command) == 0;
	const struct kh_setting setting = {
		.id = id,
		.wanted = wanted,
		.effective = now < 0 ? NULL : on_off(now),
		.persisted = is_kept ? wanted : NULL,
		.where = is_kept ? place : NULL,
		.why = why_offload,
		.fix = "kvmhost apply io",
	};
	kh_report_setting(report, &setting);
}

void kh_io_offload_check(const struct kh_context *context, struct kh_report *report)
{
	const struct kh_facts_link *nic = find_nic(context);
	struct offload offloads[OFFLOAD_COUNT];
	list_offloads(context, offloads);
	for (size_t i = 0; nic && i < OFFLOAD_COUNT; i++)
		if (offloads[i].wanted != KH_AUTO)
			check_one(context, nic, &offloads[i], report);
}
