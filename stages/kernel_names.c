/* kernel_names.c - stage kernel: network cards keep their names under another kernel.
 *
 * Names such as enp3s0 are made at boot of what the kernel tells about the card; another kernel may
 * tell something else, and files that name the card then configure nothing. So each is pinned by
 * its address, in a .link file that sorts just before systemd's default: what the operator or
 * netplan has for the card comes first and wins.
 *
 * Only physical cards: bonds, VLANs and bridges share the address of a card below them, and Type=
 * keeps the file from being theirs. The address is the card's own, not the one a bond gave it;
 * where that is not known, or two cards have the same one (Hyper-V), nothing is pinned. Nor is a
 * name that the kernel gives by itself (eth0): udev cannot take one that another card has at that
 * moment.
 *
 * Source: systemd.link(5), [Match] and Name=; Documentation/ABI/testing/sysfs-class-net
 * (addr_assign_type: 0 is the permanent address), and -bonding (perm_hwaddr).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "stages/kernel.h"

static bool is_kernels_name(const char *name)
{
	static const char *const prefixes[] = {"eth", "usb", "wlan"};
	for (size_t i = 0; i < KH_COUNT(prefixes); i++)
		if (kh_str_starts(name, prefixes[i]) &&
		    kh_str_number(name + strlen(prefixes[i])) >= 0)
			return true;
	return false;
}

/* The card's own address, or NULL: not known. Owned. */
static char *own_address(const struct kh_root *root, const struct kh_facts_link *link)
{
	char *of_port =
		kh_root_linef(root, "/sys/class/net/%s/bonding_slave/perm_hwaddr", link->name);
	if (of_port)
		return of_port;
	kh_auto(kh_free) char *assigned =
		kh_root_linef(root, "/sys/class/net/%s/addr_assign_type", link->name);
	return assigned && strcmp(assigned, "0") == 0 ? kh_strdup(link->mac) : NULL;
}

static bool is_card(const struct kh_root *root, const struct kh_facts_link *link)
{
	kh_auto(kh_free) char *parent = kh_printf("/sys/class/net/%s/device/physfn", link->name);
	return link->kind == KH_LINK_PHYSICAL && link->hardware == 1 && !link->is_wireless &&
	       !kh_root_exists(root, parent) && !is_kernels_name(link->name);
}

static bool is_shared(const struct kh_context *context, const struct kh_facts_link *link,
		      const char *address)
{
	const struct kh_facts_net *net = &context->facts->net;
	for (size_t i = 0; i < net->link_count; i++) {
		const struct kh_facts_link *other = &net->links[i];
		if (other == link || other->kind != KH_LINK_PHYSICAL)
			continue;
		kh_auto(kh_free) char *its = own_address(context->root, other);
		if (its && strcmp(its, address) == 0)
			return true;
	}
	return false;
}

/* Does a file of the operator's, of netplan's or of udev's old way name the card already? */
static bool is_named(const struct kh_root *root, const char *address)
{
	static const char rules[] = "/etc/udev/rules.d/70-persistent-net.rules";
	static const char *const dirs[] = {"/etc/systemd/network", "/run/systemd/network"};
	kh_auto(kh_free) char *text = kh_root_text(root, rules);
	if (text && strcasestr(text, address))
		return true;
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_root_list(root, dirs[d], &names);
		for (size_t i = 0; i < names.count; i++) {
			kh_auto(kh_free) char *path = kh_printf("%s/%s", dirs[d], names.items[i]);
			kh_auto(kh_free) char *link =
				kh_str_ends(path, ".link") ? kh_root_text(root, path) : NULL;
			if (link && !strstr(path, "/98-kvmhost-") && strcasestr(link, address))
				return true;
		}
	}
	return false;
}

static int plan_name(const struct kh_context *context, struct kh_plan *plan,
		     const struct kh_facts_link *link, struct kh_error *err)
{
	kh_auto(kh_free) char *address = own_address(context->root, link);
	if (!address || is_shared(context, link, address) || is_named(context->root, address))
		return 0;
	const struct kh_template_value values[] = {
		{"MAC", address}, {"NAME", link->name}, {NULL, NULL}};
	kh_auto(kh_free) char *path =
		kh_printf("/etc/systemd/network/98-kvmhost-%s.link", link->name);
	kh_auto(kh_free) char *text = NULL;
	if (kh_template_fill(plan->root, "etc/systemd/network/98-kvmhost.link.in", values, &text,
			     err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, 0644,
				"the network card keeps its name under another kernel", err);
}

int kh_kernel_plan_names(const struct kh_kernel_work *work, struct kh_plan *plan,
			 struct kh_error *err)
{
	const struct kh_context *context = work->context;
	const struct kh_facts_net *net = &context->facts->net;
	const char *running = context->facts->os.kernel_release;
	/* The names are those of the kernel that is left, not of one that may have changed them. */
	if (!context->root->is_live || !context->facts->os.has_systemd ||
	    work->state == KH_TRIAL_FAILED || (running && strcmp(running, work->release) == 0))
		return 0;
	for (size_t i = 0; i < net->link_count; i++)
		if (is_card(context->root, &net->links[i]) &&
		    plan_name(context, plan, &net->links[i], err) != 0)
			return -1;
	return 0;
}
