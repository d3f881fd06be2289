/* facts_net_manager.c - who configures the links of this host.
 *
 * Looked up in the order of how binding each sign is. ifupdown's stanza for the link counts before
 * all: NetworkManager and networkd leave a link alone that /etc/network/interfaces names (Debian's
 * defaults). Netplan writes for others at each boot, so its files come before what it generates. An
 * ifcfg file for the link is read by the network service and by NetworkManager alike. What remains
 * is decided by which service is enabled and has files.
 */
#include <fnmatch.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_net.h"

static const char *const names[] = {
	[KH_NET_NONE] = "none",
	[KH_NET_IFUPDOWN] = "ifupdown",
	[KH_NET_NETWORKMANAGER] = "NetworkManager",
	[KH_NET_NETWORKD] = "systemd-networkd",
	[KH_NET_NETPLAN] = "netplan",
	[KH_NET_IFCFG] = "ifcfg",
};

const char *kh_net_manager_name(enum kh_net_manager manager)
{
	return names[manager];
}

static bool has_file_like(const struct kh_root *root, const char *dir, const char *pattern)
{
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_root_list(root, dir, &files);
	for (size_t i = 0; i < files.count; i++)
		if (fnmatch(pattern, files.items[i], FNM_PERIOD) == 0)
			return true;
	return false;
}

/* Does the text hold a stanza "iface LINK ..."? link NULL: one of any link but lo. */
static bool has_stanza(const char *text, const char *link)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count < 2 || strcmp(words.items[0], "iface") != 0)
			continue;
		if (link ? strcmp(words.items[1], link) == 0 : strcmp(words.items[1], "lo") != 0)
			return true;
	}
	return false;
}

static bool is_ifupdown(const struct kh_root *root, const char *link)
{
	kh_auto(kh_free) char *main_text = kh_root_text(root, "/etc/network/interfaces");
	if (!main_text)
		return false;
	if (has_stanza(main_text, link))
		return true;
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_root_list(root, "/etc/network/interfaces.d", &files);
	for (size_t i = 0; i < files.count; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/etc/network/interfaces.d/%s", files.items[i]);
		kh_auto(kh_free) char *text = kh_root_text(root, path);
		if (has_stanza(text, link))
			return true;
	}
	return false;
}

static bool is_ifcfg(const struct kh_root *root, const char *link)
{
	if (!link)
		return has_file_like(root, "/etc/sysconfig/network-scripts", "ifcfg-[!l]*");
	kh_auto(kh_free) char *path = kh_printf("/etc/sysconfig/network-scripts/ifcfg-%s", link);
	return kh_root_exists(root, path);
}

static bool is_enabled(const struct kh_root *root, const char *unit)
{
	static const char *const targets[] = {
		"multi-user.target.wants", "network-online.target.wants", "sockets.target.wants"};
	for (size_t i = 0; i < KH_COUNT(targets); i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/etc/systemd/system/%s/%s", targets[i], unit);
		kh_auto(kh_free) char *target = kh_root_readlink(root, path);
		if (target)
			return true;
	}
	return false;
}

static bool is_network_manager(const struct kh_root *root)
{
	return (kh_root_exists(root, "/usr/sbin/NetworkManager") ||
		kh_root_exists(root, "/sbin/NetworkManager") ||
		has_file_like(root, "/etc/NetworkManager/system-connections", "*.nmconnection")) &&
	       (is_enabled(root, "NetworkManager.service") ||
		kh_root_is_dir(root, "/run/NetworkManager/devices"));
}

static bool is_networkd(const struct kh_root *root)
{
	return is_enabled(root, "systemd-networkd.service") ||
	       kh_root_is_dir(root, "/run/systemd/netif/links");
}

/* What NetworkManager itself says of a running link: its file is there with "managed=true". */
static bool is_managed_by_nm(const struct kh_root *root, const char *link)
{
	long long index = kh_root_numberf(root, "/sys/class/net/%s/ifindex", link ? link : "-");
	kh_auto(kh_free) char *text =
		kh_root_linef(root, "/run/NetworkManager/devices/%lld", index);
	return text && strstr(text, "managed=true") != NULL;
}

enum kh_net_manager kh_facts_net_manager(const struct kh_root *root, const char *link)
{
	if (is_ifupdown(root, link))
		return KH_NET_IFUPDOWN;
	if (has_file_like(root, "/etc/netplan", "*.yaml"))
		return KH_NET_NETPLAN;
	if (is_ifcfg(root, link))
		return KH_NET_IFCFG;
	if (is_managed_by_nm(root, link))
		return KH_NET_NETWORKMANAGER;
	bool has_network_files = has_file_like(root, "/etc/systemd/network", "*.network");
	if (is_network_manager(root) && !(is_networkd(root) && has_network_files))
		return KH_NET_NETWORKMANAGER;
	if (is_networkd(root))
		return KH_NET_NETWORKD;
	if (link)
		return kh_facts_net_manager(root, NULL);
	if (has_network_files)
		return KH_NET_NETWORKD;
	if (has_file_like(root, "/etc/NetworkManager/system-connections", "*.nmconnection"))
		return KH_NET_NETWORKMANAGER;
	return KH_NET_NONE;
}
