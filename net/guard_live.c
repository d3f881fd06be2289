/* guard_live.c - a live switch: asked for by apply, made and watched by a process of its own; see
 * guard.h. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "net/guard_private.h"
#include "net/takeover.h"

enum {
	START_TIMEOUT_S = 60,
	MADE_TIMEOUT_S = 180, /* with the manager's and the DHCP client's time */
	ASK_STEP_MS = 50,
	MOST_RESTARTS = 5,
};

static const char unit[] = "kvmhost-guard.service";
static const char unit_path[] = "/etc/systemd/system/kvmhost-guard.service";

/* ---- in the guard: the switch ---- */

static int fail_switch(struct kh_guard_watch *watch, const struct kh_error *problem,
		       struct kh_error *err)
{
	kh_free(&watch->state.why);
	watch->state.why = kh_strdup(problem->message);
	return kh_guard_revert(watch, err);
}

/* From apply's list to the switch it may take a minute (systemd reads its units): what came in
 * meanwhile came over the old network. */
static void add_connections(struct kh_guard_watch *watch)
{
	kh_auto(kh_strv_done) struct kh_strv now = {0};
	watch->world->connections(watch->world, watch->root, watch->record.ssh_port, &now);
	for (size_t i = 0; i < now.count; i++)
		if (!kh_strv_has(&watch->state.connections, now.items[i]))
			kh_strv_add(&watch->state.connections, now.items[i]);
}

/* A lease that nobody renews ends hours after all looked well, so that is no switch. What a manager
 * did not like besides shows in the network, and that is looked at next. */
static bool takes_over(struct kh_guard_watch *watch, const struct kh_live *live,
		       struct kh_error *problem)
{
	if (kh_takeover(watch->root, watch->runner, &watch->record, live, problem) == 0)
		return true;
	if (!watch->record.is_static && kh_live_is_leased(live))
		return false;
	kh_free(&watch->state.why);
	watch->state.why = kh_strdup(problem->message);
	kh_error_done(problem);
	return true;
}

int kh_guard_switch(struct kh_guard_watch *watch, struct kh_error *err)
{
	kh_auto(kh_live_done) struct kh_live live = {0};
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	int turned = kh_guard_turn(watch, KH_NET_SWITCHING, err);
	if (turned != 0)
		return turned < 0 ? -1 : 0;
	int found = kh_live_read(watch->root, &live, &problem);
	if (found > 0)
		kh_fail(&problem, KH_SYSTEM, 0, "there is no '%s'", kh_live_path);
	if (found != 0)
		return fail_switch(watch, &problem, err);
	if (live.clients.count > 0)
		kh_dhcp_client_stop(watch->root, live.port);
	if (kh_live_switch(watch->root, &live, &problem) != 0)
		return fail_switch(watch, &problem, err);
	add_connections(watch);
	if (!takes_over(watch, &live, &problem))
		return fail_switch(watch, &problem, err);
	/* Its programs may take longer than there is to log in. */
	watch->state.switched_ms = watch->world->now_ms(watch->world);
	if (kh_guard_turn(watch, KH_NET_SWITCHED, err) < 0) {
		kh_error_done(err);
		kh_fail(&problem, KH_SYSTEM, 0, "'%s' cannot be written", kh_net_state_path);
		return fail_switch(watch, &problem, err);
	}
	return kh_guard_judge(watch, true, err);
}

/* ---- starting it ---- */

/* The daemon: nothing of the session's is left. Its parent starts it again when it is killed; the
 * one that is started again finds what was being done, and takes it back or waits on. */
static void become_daemon(const struct kh_root *root, struct kh_runner *runner)
{
	setsid();
	signal(SIGHUP, SIG_IGN);
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != root->fd)
			close(fd);
	if (chdir("/") != 0)
		_exit(1);
	umask(022);
	for (int i = 0; i < MOST_RESTARTS; i++) {
		pid_t worker = fork();
		if (worker == 0) {
			struct kh_error ignored = KH_ERROR_INIT;
			_exit(kh_guard_watch(root, runner, &kh_guard_real_world, &ignored) != 0);
		}
		int status = 0;
		if (worker > 0 && waitpid(worker, &status, 0) == worker && WIFEXITED(status))
			break;
	}
	_exit(0);
}

static int start_daemon(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	pid_t child = fork();
	if (child == 0) {
		if (fork() == 0)
			become_daemon(root, runner);
		_exit(0);
	}
	if (child < 0)
		return kh_fail(err, KH_SYSTEM, 0, "the guard cannot be started");
	waitpid(child, NULL, 0);
	return 0;
}

static int start_unit(struct kh_runner *runner, struct kh_error *err)
{
	static const char *const reload[] = {"systemctl", "daemon-reload", NULL};
	static const char *const start[] = {"systemctl", "restart", "--no-block", unit, NULL};
	return kh_run(runner, reload, START_TIMEOUT_S, NULL, err) == 0
		       ? kh_run(runner, start, START_TIMEOUT_S, NULL, err)
		       : -1;
}

static int start(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	bool has_unit =
		kh_root_is_dir(root, "/run/systemd/system") && kh_root_exists(root, unit_path);
	if (has_unit && start_unit(runner, &problem) == 0)
		return 0;
	return start_daemon(root, runner, err);
}

/* ---- asking for it ---- */

static void wait_step(void)
{
	const struct timespec step = {0, ASK_STEP_MS * 1000000L};
	nanosleep(&step, NULL);
}

static int tell_reverted(const struct kh_net_state *state, struct kh_error *err)
{
	kh_fail(err, KH_SYSTEM, 0, "the old network is back: %s",
		state->why ? state->why : "the new one did not answer");
	return kh_hint(err, "'kvmhost report' says how it stands");
}

/* Until the guard has made the switch, or given it up. A guard that does not start at all finds, if
 * it does later, that it is not wanted any more. */
static int wait_for_switch(struct kh_guard_watch *watch, struct kh_error *err)
{
	for (int i = 0; i < MADE_TIMEOUT_S * 1000 / ASK_STEP_MS; i++, wait_step()) {
		kh_net_state_done(&watch->state);
		kh_net_state_read(watch->root, watch->digest, &watch->state);
		if (watch->state.phase == KH_NET_SWITCHED || watch->state.phase == KH_NET_CONFIRMED)
			return 0;
		if (watch->state.phase == KH_NET_REVERTED)
			return tell_reverted(&watch->state, err);
		bool is_silent = watch->state.phase == KH_NET_ASKED &&
				 i > START_TIMEOUT_S * 1000 / ASK_STEP_MS;
		if (!is_silent)
			continue;
		kh_free(&watch->state.why);
		watch->state.why = kh_strdup("the guard did not start, and nothing was switched");
		return kh_guard_revert(watch, err) == 0 ? tell_reverted(&watch->state, err) : -1;
	}
	return kh_fail(err, KH_SYSTEM, 0, "the guard did not end the switch within %d s",
		       MADE_TIMEOUT_S);
}

/* A lease that nobody renews on the bridge ends there, hours after all looked well. */
static int refuse_orphan(const struct kh_guard_watch *watch, const struct kh_live *live,
			 struct kh_error *err)
{
	/* It reads ifcfg files, too, and asks itself. */
	bool has_nm = watch->record.manager == KH_NET_IFCFG &&
		      kh_root_is_dir(watch->root, "/run/NetworkManager");
	if (live->clients.count > 0 || has_nm || !kh_live_is_leased(live))
		return 0;
	kh_fail(err, KH_HOST, 0,
		"the address of '%s' is leased, and the DHCP client that renews it is none that can "
		"be moved: nothing was switched",
		live->port);
	return kh_hint(err, "the bridge comes up at the next boot");
}

static int take_live(const struct kh_guard_watch *watch, struct kh_error *err)
{
	const struct kh_net_record *record = &watch->record;
	kh_auto(kh_live_done) struct kh_live live = {0};
	if (kh_live_take(watch->root, record->bridge, record->port, &live, err) != 0)
		return -1;
	live.wants_stp = record->wants_stp;
	if (record->is_static) {
		kh_strv_copy(&live.addresses, &record->addresses);
		kh_strv_copy(&live.gateways, &record->gateways);
	}
	/* NetworkManager's and networkd's clients are their own. */
	bool is_with_manager =
		record->manager != KH_NET_IFUPDOWN && record->manager != KH_NET_IFCFG;
	if (is_with_manager)
		kh_strv_done(&live.clients);
	else if (!record->is_static && refuse_orphan(watch, &live, err) != 0)
		return -1;
	return kh_live_write(watch->root, &live, err);
}

static bool is_port_of(const struct kh_net_record *record, const struct kh_root *root)
{
	kh_auto(kh_free) char *path =
		kh_printf("/sys/class/net/%s/brif/%s", record->bridge, record->port);
	return kh_root_exists(root, path);
}

static int ask(struct kh_guard_watch *watch, struct kh_error *err)
{
	if (is_port_of(&watch->record, watch->root))
		return 0;
	if (take_live(watch, err) != 0)
		return -1;
	kh_net_state_done(&watch->state);
	watch->state = (struct kh_net_state){.boot_id = kh_strdup(watch->boot_id)};
	kh_connection_list(watch->root, watch->record.ssh_port, &watch->state.connections);
	if (kh_guard_note(watch, KH_NET_ASKED, err) != 0 ||
	    start(watch->root, watch->runner, err) != 0)
		return -1;
	return wait_for_switch(watch, err);
}

static int open_live(const struct kh_root *root, struct kh_runner *runner,
		     struct kh_guard_watch *watch, struct kh_error *err)
{
	if (!root->is_live)
		return kh_fail(err, KH_HOST, 0, "guard: works on the running machine only");
	return kh_guard_open(root, runner, &kh_guard_real_world, watch, err);
}

int kh_guard_ask(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	kh_auto(kh_guard_watch_done) struct kh_guard_watch watch = {0};
	int opened = open_live(root, runner, &watch, err);
	if (opened > 0)
		return kh_fail(err, KH_HOST, 0, "guard: there is no '%s'", kh_net_record_path);
	return opened < 0 ? -1 : ask(&watch, err);
}

/* ---- undo ---- */

static void remove_findings(const struct kh_root *root)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (kh_root_exists(root, kh_live_path))
		(void)kh_file_remove(root, kh_live_path, &ignored);
	if (kh_root_exists(root, kh_net_state_path))
		(void)kh_file_remove(root, kh_net_state_path, &ignored);
}

int kh_guard_back(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	kh_auto(kh_guard_watch_done) struct kh_guard_watch watch = {0};
	int opened = open_live(root, runner, &watch, err);
	if (opened != 0)
		return opened < 0 ? -1 : 0;
	bool is_back = watch.state.phase == KH_NET_REVERTED;
	/* Before the links: a guard that watches must not act on what it then sees. */
	watch.state.phase = KH_NET_REVERTED;
	if (!is_back && kh_guard_note(&watch, KH_NET_REVERTED, err) != 0)
		return -1;
	kh_auto(kh_error_done) struct kh_error untold = KH_ERROR_INIT;
	int result = is_back ? 0
			     : kh_guard_move_back(root, runner, &watch.record, watch.boot_id,
						  &untold, err);
	if (result < 0)
		return -1;
	remove_findings(root);
	if (result > 0)
		return kh_fail(err, KH_HOST, 0, "'%s' goes away at the next boot",
			       watch.record.bridge);
	if (!untold.message)
		return 0;
	return kh_fail(err, untold.code, 0, "'%s' has its addresses back, but: %s",
		       watch.record.port, untold.message);
}

/* ---- confirm ---- */

static bool is_waiting(const struct kh_guard_watch *watch, bool is_this_boot)
{
	bool is_of_an_earlier_boot = !watch->record.boot_id || !watch->boot_id ||
				     strcmp(watch->record.boot_id, watch->boot_id) != 0;
	switch (watch->state.phase) {
	case KH_NET_WAITING:
		return is_of_an_earlier_boot &&
		       kh_net_record_progress(watch->root, &watch->record) != KH_NET_NOT_WRITTEN;
	case KH_NET_ASKED:
	case KH_NET_SWITCHING:
		return !is_this_boot;
	case KH_NET_SWITCHED:
		return true;
	case KH_NET_CONFIRMED:
	case KH_NET_REVERTING:
	case KH_NET_REVERTED:
		break;
	}
	return false;
}

static int refuse_session(const char *why, const struct kh_net_record *record, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "this session proves nothing about '%s': %s", record->bridge, why);
	return kh_hint(err, "log in anew and run 'kvmhost confirm' there; a new ssh connection "
			    "confirms by itself when the gateway answers");
}

int kh_guard_confirm(const struct kh_root *root, long long pid, struct kh_error *err)
{
	kh_auto(kh_guard_watch_done) struct kh_guard_watch watch = {0};
	kh_auto(kh_free) char *why = NULL;
	int opened = open_live(root, NULL, &watch, err);
	if (opened != 0)
		return opened < 0 ? -1 : 0;
	bool is_this_boot = watch.state.boot_id && watch.boot_id &&
			    strcmp(watch.state.boot_id, watch.boot_id) == 0;
	if (!is_waiting(&watch, is_this_boot))
		return 0;
	bool is_live = is_this_boot && watch.state.phase == KH_NET_SWITCHED;
	const struct kh_strv none = {0};
	if (!kh_connection_is_new_session(root, pid, is_live ? watch.state.switched_ms : 0,
					  is_live ? &watch.state.connections : &none, &why))
		return refuse_session(why, &watch.record, err);
	int turned = kh_guard_turn(&watch, KH_NET_CONFIRMED, err);
	if (turned == 0)
		return 1;
	if (turned < 0)
		return -1;
	return watch.state.phase == KH_NET_CONFIRMED
		       ? 1
		       : kh_fail(err, KH_HOST, 0, "too late: the old network is put back");
}
