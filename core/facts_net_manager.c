/* facts_net_manager.c - who configures the links of this host.
 *
 * Looked up in the order of how binding each sign is. ifupdown's stanza for the link counts before
 * all: NetworkManager and networkd leave a link alone that /etc/network/interfaces names (Debian's
 * defaults). Netplan writes for others at each boot, so its files come before what it generates. An
 * ifcfg file for the link is read by the network service and by NetworkManager alike. What remains
 * is decided by which service is enabled and has files.
 */
#include <ctype.h>
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

/* ---- ifupdown: the files that /etc/network/interfaces reads, and those that these read ---- */

enum { MOST_FILES = 256 };

/* source-directory takes names of these characters only. Source: interfaces(5). */
static bool is_plain_name(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_' && *name != '-')
			return false;
	return true;
}

/* Add the files of DIR that the pattern takes; pattern NULL: the rule of source-directory. */
static void add_matching(const struct kh_root *root, const char *dir, const char *pattern,
			 struct kh_strv *paths)
{
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	kh_root_list(root, dir, &found);
	for (size_t i = 0; i < found.count && paths->count < MOST_FILES; i++) {
		const char *name = found.items[i];
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, name);
		bool is_taken =
			pattern ? fnmatch(pattern, name, FNM_PERIOD) == 0 : is_plain_name(name);
		if (is_taken && !kh_strv_has(paths, path) && !kh_root_is_dir(root, path))
			kh_strv_add(paths, path);
	}
}

/* "source PATTERN", "source-directory DIR"; a relative name is meant beside the file. */
static void add_sourced(const struct kh_root *root, const char *from, const char *line,
			struct kh_strv *paths)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line, " \t");
	bool is_directory = words.count > 1 && strcmp(words.items[0], "source-directory") == 0;
	if (words.count < 2 || (!is_directory && strcmp(words.items[0], "source") != 0))
		return;
	for (size_t i = 1; i < words.count; i++) {
		const char *name = words.items[i];
		int dir_length = name[0] == '/' ? 0 : (int)(strrchr(from, '/') + 1 - from);
		kh_auto(kh_free) char *path = kh_printf("%.*s%s", dir_length, from, name);
		while (path[1] && kh_str_ends(path, "/"))
			path[strlen(path) - 1] = '\0';
		if (is_directory || kh_root_is_dir(root, path)) {
			add_matching(root, path, NULL, paths);
			continue;
		}
		char *slash = strrchr(path, '/');
		*slash = '\0';
		add_matching(root, path, slash + 1, paths);
	}
}

static bool is_ifupdown(const struct kh_root *root, const char *link)
{
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_strv_add(&paths, "/etc/network/interfaces");
	for (size_t i = 0; i < paths.count; i++) { /* grows as it goes */
		kh_auto(kh_free) char *path = kh_strdup(paths.items[i]);
		kh_auto(kh_free) char *text = kh_root_text(root, path);
		kh_auto(kh_strv_done) struct kh_strv lines = {0};
		if (has_stanza(text, link))
			return true;
		kh_strv_split_lines(&lines, text ? text : "");
		for (size_t n = 0; n < lines.count; n++)
			add_sourced(root, path, lines.items[n], &paths);
	}
	return false;
}

/* ---- ifcfg ---- */

static const char ifcfg_dir[] = "/etc/sysconfig/network-scripts";

static bool has_any_ifcfg(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	kh_root_list(root, ifcfg_dir, &found);
	for (size_t i = 0; i < found.count; i++)
		if (kh_str_starts(found.items[i], "ifcfg-") &&
		    strcmp(found.items[i], "ifcfg-lo") != 0)
			return true;
	return false;
}

/* Does the file name another link? Without DEVICE= it is that of its name. */
static bool is_of_another(const char *text, const char *link)
{
	static const char key[] = "DEVICE=";
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t");
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		if (!kh_str_starts(line, key))
			continue;
		kh_strv_split(&words, line + strlen(key), " \t\r\"'");
		return words.count > 0 && strcmp(words.items[0], link) != 0;
	}
	return false;
}

/* A file of another name that is meant for the link (DEVICE=, HWADDR=) is not found here: who plans
 * a bridge for NetworkManager looks for it (net/nmkeyfile_find.c). */
static bool is_ifcfg(const struct kh_root *root, const char *link)
{
	if (!link)
		return has_any_ifcfg(root);
	kh_auto(kh_free) char *path = kh_printf("%s/ifcfg-%s", ifcfg_dir, link);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	return text ? !is_of_another(text, link) : kh_root_exists(root, path);
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
