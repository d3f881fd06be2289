/* guard_revert.c - the old network comes back; see guard.h.
 *
 * After a boot the files are put back and the manager restarted. In the boot of a live switch the
 * kernel has what it had within milliseconds (live.h), and only then the manager is told.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/lock.h"
#include "core/base/mem.h"
#include "net/guard_private.h"
#include "net/takeover.h"

enum { RESTART_TIMEOUT_S = 90, OLD_NETWORK_WAIT_S = 60, MOVED_BACK_WAIT_S = 5, LOCK_TRIES = 200 };

/* ---- putting back ---- */

/* What somebody wrote after us is not thrown away: a copy is kept. */
static int keep_foreign(const struct kh_root *root, const struct kh_net_file *file, size_t number,
			struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_root_text(root, file->path);
	if (!text || kh_net_file_is_written(root, file) || kh_net_file_is_before(root, file))
		return 0;
	kh_auto(kh_free) char *path = kh_printf("/var/lib/kvmhost/guard.kept.%zu", number);
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0600, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, path, text, strlen(text), &meta, err);
}

static int restore_file(const struct kh_root *root, const struct kh_net_file *file,
			struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state now = {0};
	if (kh_file_look(root, file->path, &now, err) != 0)
		return -1;
	if (!file->before)
		return now.type == KH_FILE_ABSENT ? 0 : kh_file_remove(root, file->path, err);
	struct kh_file_state meta = {.type = KH_FILE_REGULAR,
				     .mode = file->mode,
				     .uid = file->uid,
				     .gid = file->gid,
				     .xattrs = now.xattrs,
				     .xattr_count = now.xattr_count};
	return kh_file_put(root, file->path, file->before, strlen(file->before), &meta, err);
}

/* A file that cannot be restored must not keep the others from it: the first error is told. The
 * files are put back in the reverse order of writing. */
int kh_guard_restore(const struct kh_root *root, const struct kh_net_record *record,
		     struct kh_error *err)
{
	int result = 0;
	for (size_t i = record->file_count; i > 0; i--) {
		kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
		const struct kh_net_file *file = &record->files[i - 1];
		(void)keep_foreign(root, file, i, &problem);
		if (restore_file(root, file, &problem) == 0)
			continue;
		if (result == 0)
			kh_fail(err, problem.code, 0, "%s", problem.message);
		result = -1;
	}
	return result;
}

/* ---- restarting, in the manager's way ---- */

enum { MOST_WORDS = 6 };

/* A unit that is still starting is stopped without its ExecStop: what ifupdown's state file says of
 * the port then stays, and a later ifup does nothing. */
static const char *const ifupdown_stop[][MOST_WORDS] = {{"systemctl", "stop", "networking.service"},
							{"ifdown", "--force", "BRIDGE"},
							{"ifdown", "--force", "PORT"}};
static const char *const ifupdown_start[][MOST_WORDS] = {
	{"systemctl", "start", "networking.service"}, {"ifup", "-a"}, {"ifup", "PORT"}};
static const char *const nm_start[][MOST_WORDS] = {{"nmcli", "connection", "reload"},
						   {"nmcli", "connection", "delete", "BRIDGE"},
						   {"nmcli", "device", "connect", "PORT"}};
/* The ports come with their bridge: its profile says so (nmkeyfile.c). */
static const char *const nm_start_bridge[][MOST_WORDS] = {{"nmcli", "connection", "reload"},
							  {"nmcli", "connection", "up", "BRIDGE"}};
static const char *const networkd_start[][MOST_WORDS] = {
	{"networkctl", "reload"}, {"systemctl", "restart", "systemd-networkd.service"}};
static const char *const netplan_start[][MOST_WORDS] = {{"netplan", "apply"}};
static const char *const ifcfg_stop[][MOST_WORDS] = {{"ifdown", "BRIDGE"}};
static const char *const ifcfg_start[][MOST_WORDS] = {{"nmcli", "connection", "reload"},
						      {"systemctl", "restart", "network.service"},
						      {"service", "network", "restart"},
						      {"ifup", "PORT"}};

static const char *word_of(const char *word, const struct kh_net_record *record)
{
	if (word && strcmp(word, "PORT") == 0)
		return record->port;
	return word && strcmp(word, "BRIDGE") == 0 ? record->bridge : word;
}

/* Run them all; one that is missing or fails is no reason to stop: the network is looked at after.
 */
static void run_all(const char *const (*commands)[MOST_WORDS], size_t count,
		    const struct kh_net_record *record, struct kh_runner *runner)
{
	for (size_t i = 0; i < count; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		const char *argv[MOST_WORDS + 1] = {NULL};
		for (size_t w = 0; w < MOST_WORDS && commands[i][w]; w++)
			argv[w] = word_of(commands[i][w], record);
		(void)kh_run(runner, argv, RESTART_TIMEOUT_S, NULL, &ignored);
	}
}

static void stop_network(const struct kh_net_record *record, struct kh_runner *runner)
{
	if (record->manager == KH_NET_IFUPDOWN)
		run_all(ifupdown_stop, KH_COUNT(ifupdown_stop), record, runner);
	if (record->manager == KH_NET_IFCFG)
		run_all(ifcfg_stop, KH_COUNT(ifcfg_stop), record, runner);
}

/* Is the bridge part of the old network, too: was a setting of it changed? What the files go back
 * to is then kvmhost's own earlier writing, and names it. */
static bool had_bridge(const struct kh_net_record *record)
{
	for (size_t i = 0; i < record->file_count; i++) {
		const struct kh_net_file *file = &record->files[i];
		bool is_ours =
			file->before && (!file->base || strcmp(file->before, file->base) != 0);
		if (is_ours && kh_net_names(file->before, record->bridge))
			return true;
	}
	return false;
}

/* "delete" takes the profile away that was put back, if there is one. */
static void start_nm(const struct kh_net_record *record, struct kh_runner *runner)
{
	if (had_bridge(record))
		run_all(nm_start_bridge, KH_COUNT(nm_start_bridge), record, runner);
	else
		run_all(nm_start, KH_COUNT(nm_start), record, runner);
}

static void start_network(const struct kh_net_record *record, struct kh_runner *runner)
{
	switch (record->manager) {
	case KH_NET_IFUPDOWN:
		run_all(ifupdown_start, KH_COUNT(ifupdown_start), record, runner);
		break;
	case KH_NET_NETWORKMANAGER:
		start_nm(record, runner);
		break;
	case KH_NET_NETWORKD:
		run_all(networkd_start, KH_COUNT(networkd_start), record, runner);
		break;
	case KH_NET_NETPLAN:
		run_all(netplan_start, KH_COUNT(netplan_start), record, runner);
		break;
	case KH_NET_IFCFG:
		run_all(ifcfg_start, KH_COUNT(ifcfg_start), record, runner);
		break;
	case KH_NET_NONE:
		break;
	}
}

/* The link that carried the old network has an address, and is what it was: a bridge with a port,
 * or the port alone. */
static bool has_old_link(const struct kh_net_record *record, const struct kh_facts_net *net)
{
	bool is_bridge = had_bridge(record);
	const struct kh_facts_link *link =
		kh_facts_net_link(net, is_bridge ? record->bridge : record->port);
	return link && link->addresses.count > 0 &&
	       (is_bridge ? link->ports.count > 0 : !link->master);
}

/* The old network is good when it has what it had: a default route (IPv4, where it was that) whose
 * gateway answers, or, on a host that had none, an address. A default route over the bridge is the
 * old one only where the bridge was there before. */
static bool has_old_network(struct kh_guard_world *world, const struct kh_net_record *record,
			    const struct kh_facts_net *net)
{
	if (!record->wants_route && has_old_link(record, net))
		return true;
	if (!net->default_link ||
	    (strcmp(net->default_link, record->bridge) == 0 && !had_bridge(record)))
		return false;
	if (record->had_ipv4 && !net->gateway4)
		return false;
	const char *gateway = net->gateway4 ? net->gateway4 : net->gateway6;
	return !gateway || world->answers(world, net->default_link, gateway);
}

static bool wait_for_old_network(const struct kh_root *root, struct kh_guard_world *world,
				 const struct kh_net_record *record, long long wait_s)
{
	long long deadline_ms = world->now_ms(world) + wait_s * 1000;
	for (;;) {
		kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
		world->look(world, root, &net);
		if (has_old_network(world, record, &net))
			return true;
		if (world->now_ms(world) >= deadline_ms)
			return false;
		world->wait(world);
	}
}

/* An apply that is at work ends by itself; who hangs is not waited for: the host is cut off. */
static void take_lock(const struct kh_guard_watch *watch, struct kh_lock *lock)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		if (kh_lock_take(watch->root, "guard", lock, &ignored) == 0)
			return;
		watch->world->wait(watch->world);
	}
}

/* A restart that did not help: a boot with the old files is the last resort. It is noted first, so
 * that it happens once. */
static int last_resort(struct kh_guard_watch *watch, struct kh_error *err)
{
	static const char *const commands[][MOST_WORDS] = {{"systemctl", "reboot"}, {"reboot"}};
	if (watch->state.has_rebooted)
		return kh_guard_note(watch, KH_NET_REVERTED, err);
	watch->state.has_rebooted = true;
	if (kh_guard_note(watch, KH_NET_REVERTED, err) != 0)
		return -1;
	run_all(commands, KH_COUNT(commands), &watch->record, watch->runner);
	return 0;
}

static int restart_with_old_files(struct kh_guard_watch *watch, struct kh_error *err)
{
	stop_network(&watch->record, watch->runner);
	int result = kh_guard_restore(watch->root, &watch->record, err);
	watch->world->drop_link(watch->world, watch->record.bridge);
	start_network(&watch->record, watch->runner);
	return result;
}

/* In the boot of the switch: the kernel first. Returns 1 when there is no record of it. */
int kh_guard_move_back(const struct kh_root *root, struct kh_runner *runner,
		       const struct kh_net_record *record, const char *boot_id,
		       struct kh_error *untold, struct kh_error *err)
{
	kh_auto(kh_live_done) struct kh_live live = {0};
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	if (kh_live_read(root, &live, &problem) != 0)
		return 1;
	if (!live.boot_id || !boot_id || strcmp(live.boot_id, boot_id) != 0)
		return 1;
	int restored = kh_guard_restore(root, record, err);
	kh_dhcp_client_stop(root, live.clients.count > 0 ? live.bridge : "");
	int moved = kh_live_back(root, &live, &problem);
	(void)kh_takeover_back(root, runner, record, &live, untold);
	if (restored == 0 && moved != 0)
		kh_fail(err, problem.code, 0, "%s", problem.message);
	return restored == 0 && moved == 0 ? 0 : -1;
}

/* Its DHCP client runs on the port, unless the manager could not be told. */
static bool has_clients(const struct kh_root *root)
{
	kh_auto(kh_live_done) struct kh_live live = {0};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	return kh_live_read(root, &live, &ignored) == 0 && live.clients.count > 0;
}

int kh_guard_revert(struct kh_guard_watch *watch, struct kh_error *err)
{
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT, untold = KH_ERROR_INIT;
	int turned = kh_guard_turn(watch, KH_NET_REVERTING, &problem);
	if (turned == 1) /* confirmed in the last moment */
		return 0;
	/* otherwise: a full disk must not keep the network away */
	take_lock(watch, &lock);
	int result = kh_guard_move_back(watch->root, watch->runner, &watch->record, watch->boot_id,
					&untold, err);
	/* A lease that nobody renews is not what there was. */
	bool is_moved = result == 0 && !(untold.message && has_clients(watch->root));
	if (result >= 0 && !is_moved)
		result = restart_with_old_files(watch, err);
	bool is_back = wait_for_old_network(watch->root, watch->world, &watch->record,
					    is_moved ? MOVED_BACK_WAIT_S : OLD_NETWORK_WAIT_S);
	if (!is_back && !is_moved && result != 0) {
		kh_error_done(err);
		result = restart_with_old_files(watch, err);
		is_back = wait_for_old_network(watch->root, watch->world, &watch->record,
					       OLD_NETWORK_WAIT_S);
	}
	if (result != 0)
		return kh_wrap(err, "guard: put the old network back");
	/* All is as it was before the switch, whether somebody answers or not: a boot would not
	 * make it more so. */
	return is_back || is_moved ? kh_guard_note(watch, KH_NET_REVERTED, err)
				   : last_resort(watch, err);
}
