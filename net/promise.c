/* promise.c - see promise.h. */
#include "net/promise.h"

#include <string.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/interfaces.h"

/* Sources: netplan(5), nm-settings-keyfile(5), systemd.network(5), sysconfig.txt of initscripts. */
static const struct {
	enum kh_net_manager manager;
	const char *dir;
} places[] = {
	{KH_NET_NETPLAN, "/etc/netplan"},
	{KH_NET_NETPLAN, "/run/netplan"},
	{KH_NET_NETPLAN, "/usr/lib/netplan"},
	{KH_NET_NETWORKMANAGER, "/etc/NetworkManager/system-connections"},
	{KH_NET_NETWORKMANAGER, "/run/NetworkManager/system-connections"},
	{KH_NET_NETWORKMANAGER, "/usr/lib/NetworkManager/system-connections"},
	{KH_NET_NETWORKD, "/etc/systemd/network"},
	{KH_NET_NETWORKD, "/run/systemd/network"},
	{KH_NET_NETWORKD, "/usr/lib/systemd/network"},
	{KH_NET_IFCFG, "/etc/sysconfig/network-scripts"},
};

/* The text without its comments, in all of these languages. */
static char *without_comments(const char *text)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		const char *start = line + strspn(line, " \t");
		char *comment = strstr(line, " #");
		if (comment)
			*comment = '\0';
		if (*start != '#' && *start != ';')
			kh_str_addf(&out, "%s\n", line);
	}
	return kh_str_take(&out);
}

static void add_file(const struct kh_net_view *view, const char *path, struct kh_str *all)
{
	kh_auto(kh_free) char *text = kh_net_view_text(view, path);
	kh_auto(kh_free) char *plain = without_comments(text ? text : "");
	kh_str_add(all, plain);
}

/* With the drop-ins of its files: NAME.d/x.conf. */
static void add_dir(const struct kh_net_view *view, const char *dir, bool is_below,
		    struct kh_str *all)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_net_view_list(view, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		bool is_dir = kh_root_is_dir(view->root, path);
		if (!is_dir)
			add_file(view, path, all);
		else if (!is_below && kh_str_ends(path, ".d"))
			add_dir(view, path, true, all);
	}
}

static char *all_of(const struct kh_net_view *view, enum kh_net_manager manager)
{
	kh_auto(kh_str_done) struct kh_str all = {0};
	kh_auto(kh_interfaces_set_done) struct kh_interfaces_set set = {0};
	if (manager == KH_NET_IFUPDOWN)
		kh_interfaces_load(view, &set);
	for (size_t i = 0; i < set.paths.count; i++)
		add_file(view, set.paths.items[i], &all);
	for (size_t i = 0; i < KH_COUNT(places); i++)
		if (places[i].manager == manager)
			add_dir(view, places[i].dir, false, &all);
	return kh_str_take(&all);
}

void kh_net_promised(const struct kh_net_view *view, enum kh_net_manager manager,
		     const struct kh_strv *addresses, struct kh_strv *promised)
{
	kh_auto(kh_free) char *text = all_of(view, manager);
	for (size_t i = 0; i < addresses->count; i++) {
		const char *address = addresses->items[i];
		kh_auto(kh_free) char *name = kh_strndup(address, strcspn(address, "/"));
		if (kh_net_names(text ? text : "", name))
			kh_strv_add(promised, address);
	}
}
