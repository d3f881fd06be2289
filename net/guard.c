/* guard.c - what the guard waits for, and when it stops waiting; see guard.h. */
#include "net/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/journal.h"
#include "net/guard_private.h"

enum { LOOK_EVERY_MS = 250 };

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

/* A router advertises IPv6 within a second, to a host whose DHCP failed as well: where IPv4 led out
 * before, it has to do so again, unless the configuration gives the addresses. */
static bool wants_ipv4(const struct kh_net_record *record)
{
	return record->had_ipv4 && !record->is_static;
}

static bool has_ipv4(const struct kh_facts_link *link)
{
	for (size_t i = 0; i < link->addresses.count; i++)
		if (!strchr(link->addresses.items[i], ':'))
			return true;
	return false;
}

static char *missing_of_all(const struct kh_net_record *record, const struct kh_facts_link *link)
{
	for (size_t i = 0; i < record->addresses.count; i++) {
		bool is_there = has_address(link, record->addresses.items[i]);
		if (is_there && record->is_any_enough)
			return NULL;
		if (!is_there && !record->is_any_enough)
			return kh_printf("no address %s on %s", record->addresses.items[i],
					 record->bridge);
	}
	if (!record->is_any_enough)
		return NULL;
	kh_auto(kh_free) char *all = kh_strv_join(&record->addresses, ", ");
	return kh_printf("none of the addresses %s on %s", all, record->bridge);
}

static char *missing_address(const struct kh_net_record *record, const struct kh_facts_link *link)
{
	if (wants_ipv4(record) && !has_ipv4(link))
		return kh_printf("no IPv4 address on %s", record->bridge);
	if (record->is_dynamic || record->addresses.count == 0)
		return link->addresses.count > 0 ? NULL
						 : kh_printf("no address on %s", record->bridge);
	return missing_of_all(record, link);
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
	if (wants_ipv4(record) && !net->gateway4)
		return kh_printf("no IPv4 default route over %s", record->bridge);
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

/* ---- noting ---- */

static void put_time(struct kh_net_state *state)
{
	char text[32];
	time_t now = time(NULL);
	struct tm parts;
	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	kh_free(&state->time);
	state->time = kh_strdup(text);
}

int kh_guard_note(struct kh_guard_watch *watch, enum kh_net_phase phase, struct kh_error *err)
{
	put_time(&watch->state);
	watch->state.phase = phase;
	return kh_net_state_write(watch->root, watch->digest, &watch->state, err);
}

static bool is_decided(enum kh_net_phase phase)
{
	return phase == KH_NET_CONFIRMED || phase == KH_NET_REVERTED;
}

/* The directory is the lock: `kvmhost confirm` and the guard decide one after the other. */
static int open_lock(const struct kh_root *root)
{
	int fd = kh_root_open_at(root, "/var/lib/kvmhost", O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

int kh_guard_turn(struct kh_guard_watch *watch, enum kh_net_phase phase, struct kh_error *err)
{
	kh_auto(kh_close) int lock = open_lock(watch->root);
	struct kh_net_state now = {0};
	kh_net_state_read(watch->root, watch->digest, &now);
	bool is_late = is_decided(now.phase) ||
		       (now.phase == KH_NET_REVERTING && phase != KH_NET_REVERTING);
	if (is_late)
		watch->state.phase = now.phase;
	kh_net_state_done(&now);
	if (is_late)
		return 1;
	return kh_guard_note(watch, phase, err);
}

/* ---- waiting ---- */

static enum kh_net_phase phase_on_disk(const struct kh_guard_watch *watch)
{
	struct kh_net_state now = {0};
	kh_net_state_read(watch->root, watch->digest, &now);
	enum kh_net_phase phase = now.phase;
	kh_net_state_done(&now);
	return phase;
}

struct wait {
	long long start_ms, good_ms; /* good_ms: since when all but the login is there; -1 */
	long long timeout_ms, next_look_ms;
	bool is_live;
	struct kh_strv seen; /* new connections from outside to sshd: they may be over again */
	bool has_login;      /* one of them came over the bridge */
};

static void wait_done(struct wait *wait)
{
	kh_strv_done(&wait->seen);
}

/* After a boot the time to log in begins when the host can be reached: sshd may start late. */
static long long deadline_ms(const struct wait *wait)
{
	long long from_ms = !wait->is_live && wait->good_ms >= 0 ? wait->good_ms : wait->start_ms;
	return from_ms + wait->timeout_ms;
}

static void look_for_login(const struct kh_guard_watch *watch, struct wait *wait)
{
	kh_auto(kh_strv_done) struct kh_strv now = {0};
	if (wait->has_login)
		return;
	watch->world->connections(watch->world, watch->root, watch->record.ssh_port, &now);
	for (size_t i = 0; i < now.count; i++) {
		if (kh_strv_has(&watch->state.connections, now.items[i]) ||
		    kh_strv_has(&wait->seen, now.items[i]))
			continue;
		kh_strv_add(&wait->seen, now.items[i]);
		wait->next_look_ms = 0;
	}
}

static bool came_over_bridge(const struct kh_guard_watch *watch, const struct kh_facts_net *net,
			     const struct kh_strv *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		if (kh_connection_is_over(seen->items[i], net, watch->record.bridge))
			return true;
	return false;
}

/* What is missing now, or NULL: the network is proved. */
static char *look(const struct kh_guard_watch *watch, struct wait *wait)
{
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	watch->world->look(watch->world, watch->root, &net);
	wait->has_login = wait->has_login || came_over_bridge(watch, &net, &wait->seen);
	char *missing = kh_guard_missing(watch->world, &watch->record, &net);
	if (missing)
		return missing;
	if (wait->good_ms < 0)
		wait->good_ms = watch->world->now_ms(watch->world);
	bool is_enough = wait->has_login || (!wait->is_live && !watch->record.wants_login);
	return is_enough ? NULL
			 : kh_printf("%s is up, but no new ssh connection from outside and no "
				     "'kvmhost confirm'",
				     watch->record.bridge);
}

/* One look, when it is time for one. Returns 0: it stays; 1: it is to be taken back, and why; 2:
 * wait on. */
static int step(struct kh_guard_watch *watch, struct wait *wait, char **ret_why)
{
	look_for_login(watch, wait);
	long long now_ms = watch->world->now_ms(watch->world);
	if (now_ms < wait->next_look_ms)
		return 2;
	wait->next_look_ms = now_ms + LOOK_EVERY_MS;
	enum kh_net_phase phase = phase_on_disk(watch);
	if (is_decided(phase) || phase == KH_NET_REVERTING)
		return 0;
	kh_auto(kh_free) char *missing = look(watch, wait);
	if (!missing)
		return 0;
	if (watch->world->now_ms(watch->world) < deadline_ms(wait))
		return 2;
	*ret_why = kh_printf("%s within %lld s", missing, watch->record.timeout_s);
	return 1;
}

/* Until the network is proved, somebody confirmed it, or the time is over: 1, and why it is to be
 * taken back. */
static int wait_for_proof(struct kh_guard_watch *watch, bool is_live, char **ret_why)
{
	struct kh_guard_world *world = watch->world;
	kh_auto(wait_done) struct wait wait = {.start_ms = is_live ? watch->state.switched_ms
								   : world->now_ms(world),
					       .good_ms = -1,
					       .timeout_ms = watch->record.timeout_s * 1000,
					       .is_live = is_live};
	int result = step(watch, &wait, ret_why);
	for (; result == 2; result = step(watch, &wait, ret_why))
		world->wait(world);
	return result;
}

int kh_guard_judge(struct kh_guard_watch *watch, bool is_live, struct kh_error *err)
{
	char *why = NULL;
	int result = wait_for_proof(watch, is_live, &why);
	if (result == 0)
		return kh_guard_turn(watch, KH_NET_CONFIRMED, err) < 0 ? -1 : 0;
	kh_free(&watch->state.why);
	watch->state.why = why;
	return kh_guard_revert(watch, err);
}

/* ---- all of it ---- */

void kh_guard_watch_done(struct kh_guard_watch *watch)
{
	kh_net_record_done(&watch->record);
	kh_net_state_done(&watch->state);
	kh_free(&watch->boot_id);
}

int kh_guard_open(const struct kh_root *root, struct kh_runner *runner,
		  struct kh_guard_world *world, struct kh_guard_watch *watch, struct kh_error *err)
{
	*watch = (struct kh_guard_watch){.root = root, .runner = runner, .world = world};
	int found = kh_net_record_read(root, &watch->record, watch->digest, err);
	if (found != 0)
		return found < 0 ? kh_wrap(err, "guard") : 1;
	kh_net_state_read(root, watch->digest, &watch->state);
	watch->boot_id = kh_root_line(root, "/proc/sys/kernel/random/boot_id");
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A boot came after the change: the manager has made the network from its files, and nothing that
 * was open before counts. Where the power went before the first file was written, the network is
 * the old one, and what finishes the run is judged at a later boot. */
static int judge_boot(struct kh_guard_watch *watch, struct kh_error *err)
{
	enum kh_net_progress progress = kh_net_record_progress(watch->root, &watch->record);
	bool is_begun = watch->state.phase != KH_NET_WAITING || progress != KH_NET_NOT_WRITTEN;
	if (is_same(watch->record.boot_id, watch->boot_id) || !is_begun)
		return 0;
	watch->state.is_cut_off = progress == KH_NET_PARTLY_WRITTEN;
	kh_free(&watch->state.boot_id);
	watch->state.boot_id = kh_strdup(watch->boot_id);
	kh_strv_done(&watch->state.connections);
	return kh_guard_judge(watch, false, err);
}

/* Between the first and the last file that an undo put back, the power made a network that is
 * neither the old one nor the one that was confirmed. A file that the operator put back himself is
 * no undo's: then what is there stays. */
static bool is_undo_cut_off(const struct kh_guard_watch *watch)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	return !is_same(watch->state.boot_id, watch->boot_id) &&
	       !is_same(watch->record.boot_id, watch->boot_id) &&
	       kh_net_record_progress(watch->root, &watch->record) == KH_NET_PARTLY_WRITTEN &&
	       kh_history_read(watch->root, &history, &ignored) == 0 &&
	       kh_history_find(&history, KH_RUN_UNDO_INTERRUPTED);
}

/* The old network is what the undo was for: it comes back unless the bridge works. */
static int judge_undo(struct kh_guard_watch *watch, struct kh_error *err)
{
	watch->record.wants_login = false;
	return kh_guard_note(watch, KH_NET_WAITING, err) == 0 ? judge_boot(watch, err) : -1;
}

static int revert_cut_off(struct kh_guard_watch *watch, struct kh_error *err)
{
	kh_free(&watch->state.why);
	watch->state.why = kh_strdup("the switch was cut off");
	return kh_guard_revert(watch, err);
}

static int go_on(struct kh_guard_watch *watch, struct kh_error *err)
{
	bool is_this_boot = is_same(watch->state.boot_id, watch->boot_id);
	switch (watch->state.phase) {
	case KH_NET_CONFIRMED:
		return is_undo_cut_off(watch) ? judge_undo(watch, err) : 0;
	case KH_NET_REVERTED:
		return 0;
	case KH_NET_REVERTING:
		return kh_guard_revert(watch, err);
	case KH_NET_WAITING:
		return judge_boot(watch, err);
	case KH_NET_ASKED:
		return is_this_boot ? kh_guard_switch(watch, err) : judge_boot(watch, err);
	case KH_NET_SWITCHING:
		return is_this_boot ? revert_cut_off(watch, err) : judge_boot(watch, err);
	case KH_NET_SWITCHED:
		return is_this_boot ? kh_guard_judge(watch, true, err) : judge_boot(watch, err);
	}
	return 0;
}

int kh_guard_watch(const struct kh_root *root, struct kh_runner *runner,
		   struct kh_guard_world *world, struct kh_error *err)
{
	kh_auto(kh_guard_watch_done) struct kh_guard_watch watch = {0};
	int opened = kh_guard_open(root, runner, world, &watch, err);
	if (opened != 0)
		return opened < 0 ? -1 : 0;
	return go_on(&watch, err);
}

int kh_guard_run(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	if (!root->is_live)
		return kh_fail(err, KH_HOST, 0, "guard: works on the running machine only");
	return kh_guard_watch(root, runner, &kh_guard_real_world, err);
}
