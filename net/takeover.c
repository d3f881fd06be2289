/* takeover.c - see takeover.h.
 *
 * Sources: ifup(8) (/run/network/ifstate: "IFACE=LOGICAL" lines, and a file for each interface);
 * nmcli(1); networkctl(1), systemd.network(5) (KeepConfiguration=); netplan-generate(8), and its
 * src/nm.c (the id of a profile: "netplan-ID").
 */
#include "net/takeover.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "net/dhcp_client.h"

static const char runtime_dir[] = "/run/systemd/network";

enum { PROGRAM_TIMEOUT_S = 45, NUDGES = 5 };

struct takeover {
	const struct kh_root *root;
	struct kh_runner *runner;
	const struct kh_net_record *record;
	const struct kh_live *live;
	const char *from, *to; /* links */
	struct kh_error *err;  /* the first one */
};

static void run(const struct takeover *takeover, const char *const *argv)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	if (kh_run(takeover->runner, argv, PROGRAM_TIMEOUT_S, NULL, &problem) != 0 &&
	    !takeover->err->message)
		kh_fail(takeover->err, problem.code, 0, "%s", problem.message);
}

static void put(const struct takeover *takeover, const char *path, const char *text)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	if (kh_file_put(takeover->root, path, text, strlen(text), &meta, &problem) != 0 &&
	    !takeover->err->message)
		kh_fail(takeover->err, problem.code, 0, "%s", problem.message);
}

/* ---- ifupdown ---- */

static void remove_state(const struct takeover *takeover, const char *link)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("/run/network/ifstate.%s", link);
	if (kh_root_exists(takeover->root, path))
		(void)kh_file_remove(takeover->root, path, &ignored);
}

/* In the new network the bridge is what is up, and in the old one the port. */
static void tell_ifupdown(const struct takeover *takeover)
{
	static const char path[] = "/run/network/ifstate";
	kh_auto(kh_free) char *text = kh_root_text(takeover->root, path);
	kh_auto(kh_free) char *old = kh_printf("%s=", takeover->from);
	kh_auto(kh_free) char *now = kh_printf("%s=", takeover->to);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	if (!text)
		return; /* ifupdown is at work at no time: its file would be there */
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (!kh_str_starts(lines.items[i], old) && !kh_str_starts(lines.items[i], now))
			kh_str_addf(&out, "%s\n", lines.items[i]);
	kh_str_addf(&out, "%s=%s\n", takeover->to, takeover->to);
	put(takeover, path, kh_str_text(&out));
	remove_state(takeover, takeover->from);
	kh_auto(kh_free) char *own = kh_printf("/run/network/ifstate.%s", takeover->to);
	kh_auto(kh_free) char *line = kh_printf("%s\n", takeover->to);
	put(takeover, own, line);
}

static void move_clients(const struct takeover *takeover)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	const char *port = takeover->live->port;
	/* A lease over the bridge proves it; on the way back the cable may be out for now. */
	const struct kh_dhcp_move move = {
		.from = port, .to = takeover->to, .is_patient = takeover->to == port};
	if (kh_dhcp_client_start(takeover->root, takeover->runner, &takeover->live->clients, &move,
				 &problem) != 0 &&
	    !takeover->err->message)
		kh_fail(takeover->err, problem.code, 0, "%s", problem.message);
}

/* ---- networkd ---- */

/* networkd joins a .netdev file to the link that there is already when it next hears of the link;
 * until then the port waits for its bridge. */
static void nudge_bridge(const struct takeover *takeover)
{
	static const struct timespec step = {0, 200000000};
	for (int i = 0; i < NUDGES && takeover->to == takeover->live->bridge; i++) {
		nanosleep(&step, NULL);
		kh_live_nudge(takeover->to);
	}
}

/* networkd takes addresses that it did not make away from a link that it begins with, until its own
 * DHCP client has got the same again. A drop-in of this boot says not to. */
static void keep_addresses(const struct takeover *takeover, const char *network_file)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *dir = kh_printf("%s/%s.d", runtime_dir, network_file);
	kh_auto(kh_free) char *path = kh_printf("%s/kvmhost-live.conf", dir);
	if (!kh_root_is_dir(takeover->root, runtime_dir))
		(void)kh_file_make_dir(takeover->root, runtime_dir, 0755, &ignored);
	if (!kh_root_is_dir(takeover->root, dir))
		(void)kh_file_make_dir(takeover->root, dir, 0755, &ignored);
	put(takeover, path, "[Network]\nKeepConfiguration=yes\n");
}

static void reload_networkd(const struct takeover *takeover)
{
	static const char *const reload[] = {"networkctl", "reload", NULL};
	kh_auto(kh_strv_done) struct kh_strv made = {0};
	for (size_t i = 0; i < takeover->record->file_count; i++)
		if (kh_str_ends(takeover->record->files[i].path, ".network"))
			keep_addresses(takeover, strrchr(takeover->record->files[i].path, '/') + 1);
	/* What netplan generates. */
	kh_root_list(takeover->root, runtime_dir, &made);
	for (size_t i = 0; i < made.count; i++)
		if (kh_str_ends(made.items[i], ".network"))
			keep_addresses(takeover, made.items[i]);
	run(takeover, reload);
	nudge_bridge(takeover);
}

/* ---- NetworkManager ---- */

/* Profiles are known by their ids: that of the bridge is its name (nmkeyfile.c), or what netplan
 * generates. */
static void reload_nm(const struct takeover *takeover)
{
	bool is_netplan = takeover->record->manager == KH_NET_NETPLAN;
	kh_auto(kh_free) char *id = kh_printf("%s%s", is_netplan ? "netplan-" : "", takeover->to);
	const char *const reload[] = {"nmcli", "connection", "reload", NULL};
	const char *const up[] = {"nmcli", "--wait", "30", "connection", "up", id, NULL};
	const char *const connect[] = {"nmcli",   "--wait",     "30", "device",
				       "connect", takeover->to, NULL};
	run(takeover, reload);
	run(takeover, strcmp(takeover->to, takeover->live->bridge) == 0 ? up : connect);
}

/* ---- all ---- */

static bool is_running(const struct takeover *takeover, const char *path)
{
	return kh_root_is_dir(takeover->root, path);
}

static void reload_netplan(const struct takeover *takeover)
{
	static const char *const generate[] = {"netplan", "generate", NULL};
	run(takeover, generate);
	if (is_running(takeover, "/run/systemd/netif"))
		reload_networkd(takeover);
	if (is_running(takeover, "/run/NetworkManager"))
		reload_nm(takeover);
}

static int tell(const struct takeover *takeover)
{
	switch (takeover->record->manager) {
	case KH_NET_IFUPDOWN:
		tell_ifupdown(takeover);
		move_clients(takeover);
		break;
	case KH_NET_IFCFG:
		move_clients(takeover);
		if (is_running(takeover, "/run/NetworkManager"))
			reload_nm(takeover);
		break;
	case KH_NET_NETWORKMANAGER:
		reload_nm(takeover);
		break;
	case KH_NET_NETWORKD:
		reload_networkd(takeover);
		break;
	case KH_NET_NETPLAN:
		reload_netplan(takeover);
		break;
	case KH_NET_NONE:
		break;
	}
	return takeover->err->message ? -1 : 0;
}

int kh_takeover(const struct kh_root *root, struct kh_runner *runner,
		const struct kh_net_record *record, const struct kh_live *live,
		struct kh_error *err)
{
	const struct takeover takeover = {root,       runner,       record, live,
					  live->port, live->bridge, err};
	return tell(&takeover);
}

int kh_takeover_back(const struct kh_root *root, struct kh_runner *runner,
		     const struct kh_net_record *record, const struct kh_live *live,
		     struct kh_error *err)
{
	const struct takeover takeover = {root,         runner,     record, live,
					  live->bridge, live->port, err};
	return tell(&takeover);
}
