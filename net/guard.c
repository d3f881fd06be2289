/* guard.c - see guard.h. */
#include "net/guard.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/lock.h"
#include "core/base/mem.h"

enum { RESTART_TIMEOUT_S = 90, OLD_NETWORK_WAIT_S = 60, LOCK_TRIES = 10 };

/* ---- judging ---- */

static bool has_address(const struct kh_facts_link *link, const char *wanted)
{
	size_t length = strcspn(wanted, "/");
	for (size_t i = 0; i < link->addresses.count; i++)
		if (strncmp(link->addresses.items[i], wanted, length) == 0 &&
		    link->addresses.items[i][length] == '/')
			return true;
	return false;
}

static char *missing_address(const struct kh_net_record *record, const struct kh_facts_link *link)
{
	if (record->is_dynamic || record->addresses.count == 0)
		return link->addresses.count > 0 ? NULL
						 : kh_printf("no address on %s", record->bridge);
	for (size_t i = 0; i < record->addresses.count; i++)
		if (!has_address(link, record->addresses.items[i]))
			return kh_printf("no address %s on %s", record->addresses.items[i],
					 record->bridge);
	return NULL;
}

static char *missing_answer(struct kh_guard_world *world, const char *bridge, const char *gateway)
{
	if (world->answers(world, bridge, gateway))
		return NULL;
	return kh_printf("no %s answer from gateway %s on %s",
			 strchr(gateway, ':') ? "neighbour discovery" : "ARP", gateway, bridge);
}

static char *missing_route(struct kh_guard_world *world, const struct kh_net_record *record,
			   const struct kh_facts_net *net)
{
	for (size_t i = 0; i < record->gateways.count; i++) {
		char *missing = missing_answer(world, record->bridge, record->gateways.items[i]);
		if (missing)
			return missing;
	}
	if (!record->wants_route)
		return NULL;
	if (!net->default_link || strcmp(net->default_link, record->bridge) != 0)
		return kh_printf("no default route over %s", record->bridge);
	const char *gateway = net->gateway4 ? net->gateway4 : net->gateway6;
	if (record->gateways.count > 0 || !gateway)
		return NULL;
	return missing_answer(world, record->bridge, gateway);
}

char *kh_guard_missing(struct kh_guard_world *world, const struct kh_net_record *record,
		       const struct kh_facts_net *net)
{
	const struct kh_facts_link *link = kh_facts_net_link(net, record->bridge);
	if (!link)
		return kh_printf("no link %s", record->bridge);
	/* Any port: a new driver may have renamed the one that the record names. */
	if (link->ports.count == 0)
		return kh_printf("%s has no port (%s was to be it)", record->bridge, record->port);
	if (!link->is_up)
		return kh_printf("%s is not up", record->bridge);
	char *missing = missing_address(record, link);
	return missing ? missing : missing_route(world, record, net);
}

/* Returns what was missing at the end, or NULL as soon as nothing is. */
static char *wait_for_network(const struct kh_root *root, struct kh_guard_world *world,
			      const struct kh_net_record *record)
{
	long long deadline_ms = world->now_ms(world) + record->timeout_s * 1000;
	for (;;) {
		kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
		world->look(world, root, &net);
		kh_auto(kh_free) char *missing = kh_guard_missing(world, record, &net);
		if (!missing)
			return NULL;
		if (world->now_ms(world) >= deadline_ms)
			return kh_printf("%s within %lld s", missing, record->timeout_s);
		world->wait(world);
	}
}

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

static const char *const ifupdown_stop[][MOST_WORDS] = {{"systemctl", "stop", "networking.service"},
							{"ifdown", "--force", "BRIDGE"}};
static const char *const ifupdown_start[][MOST_WORDS] = {
	{"systemctl", "start", "networking.service"}, {"ifup", "-a"}, {"ifup", "PORT"}};
static const char *const nm_start[][MOST_WORDS] = {{"nmcli", "connection", "reload"},
						   {"nmcli", "connection", "delete", "BRIDGE"},
						   {"nmcli", "device", "connect", "PORT"}};
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

static void start_network(const struct kh_net_record *record, struct kh_runner *runner)
{
	switch (record->manager) {
	case KH_NET_IFUPDOWN:
		run_all(ifupdown_start, KH_COUNT(ifupdown_start), record, runner);
		break;
	case KH_NET_NETWORKMANAGER:
		run_all(nm_start, KH_COUNT(nm_start), record, runner);
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

/* The old network is good when it has what it had: a default route whose gateway answers, or, on a
 * host that had none, an address on the port. */
static bool has_old_network(struct kh_guard_world *world, const struct kh_net_record *record,
			    const struct kh_facts_net *net)
{
	const struct kh_facts_link *port = kh_facts_net_link(net, record->port);
	if (port && !port->master && port->addresses.count > 0 && !record->wants_route)
		return true;
	if (!net->default_link || strcmp(net->default_link, record->bridge) == 0)
		return false;
	const char *gateway = net->gateway4 ? net->gateway4 : net->gateway6;
	return !gateway || world->answers(world, net->default_link, gateway);
}

static bool wait_for_old_network(const struct kh_root *root, struct kh_guard_world *world,
				 const struct kh_net_record *record)
{
	long long deadline_ms = world->now_ms(world) + OLD_NETWORK_WAIT_S * 1000LL;
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

/* ---- all of it ---- */

struct watch {
	const struct kh_root *root;
	struct kh_runner *runner;
	struct kh_guard_world *world;
	struct kh_net_record record;
	char digest[KH_DIGEST_SIZE];
	struct kh_net_state state;
};

static void watch_done(struct watch *watch)
{
	kh_net_record_done(&watch->record);
	kh_net_state_done(&watch->state);
}

static int note(struct watch *watch, enum kh_net_phase phase, struct kh_error *err)
{
	char text[32];
	time_t now = time(NULL);
	struct tm parts;
	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	kh_free(&watch->state.time);
	watch->state.time = kh_strdup(text);
	watch->state.phase = phase;
	return kh_net_state_write(watch->root, watch->digest, &watch->state, err);
}

/* An apply that is at work ends by itself; who hangs is not waited for: the host is cut off. */
static void take_lock(const struct watch *watch, struct kh_lock *lock)
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
static int last_resort(struct watch *watch, struct kh_error *err)
{
	static const char *const commands[][MOST_WORDS] = {{"systemctl", "reboot"}, {"reboot"}};
	if (watch->state.has_rebooted)
		return note(watch, KH_NET_REVERTED, err);
	watch->state.has_rebooted = true;
	if (note(watch, KH_NET_REVERTED, err) != 0)
		return -1;
	run_all(commands, KH_COUNT(commands), &watch->record, watch->runner);
	return 0;
}

static int revert(struct watch *watch, struct kh_error *err)
{
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	take_lock(watch, &lock);
	if (note(watch, KH_NET_REVERTING, err) != 0)
		kh_error_done(err); /* a full disk must not keep the network away */
	stop_network(&watch->record, watch->runner);
	int result = kh_guard_restore(watch->root, &watch->record, err);
	watch->world->drop_link(watch->world, watch->record.bridge);
	start_network(&watch->record, watch->runner);
	bool is_back = wait_for_old_network(watch->root, watch->world, &watch->record);
	if (result != 0)
		return kh_wrap(err, "guard: put the old network back");
	return is_back ? note(watch, KH_NET_REVERTED, err) : last_resort(watch, err);
}

static bool is_armed(const struct watch *watch, const char *boot_id)
{
	return !watch->record.boot_id || !boot_id || strcmp(watch->record.boot_id, boot_id) != 0;
}

int kh_guard_watch(const struct kh_root *root, struct kh_runner *runner,
		   struct kh_guard_world *world, struct kh_error *err)
{
	kh_auto(watch_done) struct watch watch = {.root = root, .runner = runner, .world = world};
	int found = kh_net_record_read(root, &watch.record, watch.digest, err);
	if (found != 0)
		return found < 0 ? kh_wrap(err, "guard") : 0;
	kh_net_state_read(root, watch.digest, &watch.state);
	kh_auto(kh_free) char *boot_id = kh_root_line(root, "/proc/sys/kernel/random/boot_id");
	if (watch.state.phase == KH_NET_CONFIRMED || watch.state.phase == KH_NET_REVERTED ||
	    !is_armed(&watch, boot_id))
		return 0;
	kh_free(&watch.state.boot_id);
	watch.state.boot_id = kh_strdup(boot_id);
	if (watch.state.phase == KH_NET_REVERTING)
		return revert(&watch, err);
	watch.state.why = wait_for_network(root, world, &watch.record);
	if (!watch.state.why)
		return note(&watch, KH_NET_CONFIRMED, err);
	return revert(&watch, err);
}

int kh_guard_run(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	if (!root->is_live)
		return kh_fail(err, KH_HOST, 0, "guard: works on the running machine only");
	return kh_guard_watch(root, runner, &kh_guard_real_world, err);
}
