/* cmd_confirm.c - kvmhost confirm: is the kernel on trial good? Then it becomes the default.
 *
 * Good is: it is the one that runs, a virtual machine can be created, the network is there, and no
 * check fails that a kernel answers for. At boot (--unit) all that may take a while to come up, and
 * nobody can be asked. A kernel without the network where there was one before leaves nobody a way
 * in: the host is then rebooted, which brings the old kernel back by itself.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/kvm_probe.h"
#include "net/guard.h"
#include "net/proof.h"
#include "stages/kernel.h"

enum { WAIT_S = 120, REBOOT_TIMEOUT_S = 60 };

struct work {
	const struct kh_options *options;
	struct kh_session session;
	struct kh_trial trial;
	bool is_unreachable; /* the last look found no network */
};

static void work_done(struct work *work)
{
	kh_trial_done(&work->trial);
	kh_session_done(&work->session);
}

/* ---- the proof ---- */

static char *find_kvm_fault(const struct kh_root *root)
{
	struct kh_kvm_probe probe = {0};
	char *fault = NULL;
	kh_kvm_probe_run(root, &probe);
	if (!probe.exists)
		fault = kh_strdup("there is no /dev/kvm");
	else if (!probe.can_open)
		fault = kh_printf("/dev/kvm cannot be opened: %s", strerror(probe.open_errno));
	else if (!probe.can_create_vm)
		fault = kh_printf("/dev/kvm makes no virtual machine: %s",
				  strerror(probe.create_errno));
	kh_kvm_probe_done(&probe);
	return fault;
}

static char *find_network_fault(struct work *work)
{
	kh_auto(kh_free) char *bridge =
		kh_proof_bridge(&work->session.root, work->session.facts.os.boot_id);
	char *fault = kh_proof_missing(&kh_guard_real_world, &work->session.facts.net, bridge,
				       work->trial.had_route);
	work->is_unreachable = fault != NULL;
	return fault;
}

static char *find_failed_check(struct work *work)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_report_done) struct kh_report report = {0};
	struct kh_engine engine = {.root = &work->session.root, .config = &work->session.config};
	if (kh_engine_report(&engine, &work->session.facts, &report, &err) != 0)
		return kh_strdup(err.message);
	return kh_kernel_find_failure(&report);
}

/* What is wrong now, or NULL. Owned. */
static char *look(struct work *work)
{
	kh_facts_done(&work->session.facts);
	work->session.facts = (struct kh_facts){0};
	kh_facts_collect(&work->session.root, &work->session.facts);
	char *fault = find_network_fault(work);
	if (!fault)
		fault = find_kvm_fault(&work->session.root);
	return fault ? fault : find_failed_check(work);
}

/* At boot: again and again until nothing is wrong, or for as long as the network's own guard may
 * need to put the old network back. */
static char *prove(struct work *work)
{
	struct kh_guard_world *world = &kh_guard_real_world;
	long long wait_s = WAIT_S + work->session.config.bridge.confirm_timeout_s;
	long long deadline_ms = world->now_ms(world) + wait_s * 1000;
	for (;;) {
		char *fault = look(work);
		if (!fault || !work->options->is_unit || world->now_ms(world) >= deadline_ms)
			return fault;
		kh_free(&fault);
		world->wait(world);
	}
}

/* ---- what follows ---- */

static int apply_stage(struct work *work, const char *command, struct kh_error *err)
{
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	struct kh_sink sink = kh_sink_lines(work->options);
	kh_strv_add(&chosen, kh_stage_kernel.name);
	struct kh_engine engine = {.root = &work->session.root,
				   .config = &work->session.config,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .chosen = &chosen,
				   .command = command,
				   .skips_making = true};
	if (kh_lock_take(&work->session.root, command, &lock, err) != 0)
		return -1;
	signal(SIGHUP, SIG_IGN); /* as in apply */
	int result = kh_engine_apply(&engine, &outcome, err);
	if (result == 0 && outcome.done_count > 0)
		printf("%zu change%s made (run %lld)\n", outcome.done_count,
		       outcome.done_count == 1 ? "" : "s", outcome.run);
	kh_print_refusals(&outcome);
	return result == 0 ? (int)kh_outcome_code(&outcome) : -1;
}

static int keep(struct work *work, struct kh_error *err)
{
	printf("kernel '%s' has proved itself\n", work->trial.release);
	int result = apply_stage(work, "confirm", err);
	if (result == 0)
		printf("kernel '%s' is the default\n", work->trial.release);
	return result;
}

/* Only a host that came here by the choice for one boot goes back by being rebooted; and only one
 * that nobody can reach. */
static bool must_go_back(const struct work *work)
{
	return work->options->is_unit && work->is_unreachable && work->trial.had_route &&
	       !work->trial.is_offered && kh_trial_is_one_shot(&work->session.facts);
}

static int give_up(struct work *work, const char *reason, struct kh_error *err)
{
	static const char *const reboot[] = {"systemctl", "reboot", NULL};
	if (kh_trial_note(&work->session.root, &work->trial, KH_TRIAL_RESULT_FAILED, reason, err) !=
	    0)
		return -1;
	fprintf(stderr, "kernel '%s' is not proved: %s\n", work->trial.release, reason);
	if (must_go_back(work)) {
		fprintf(stderr, "nobody can reach this host: rebooting into kernel '%s'\n",
			work->trial.pinned);
		return kh_run(&kh_run_system, reboot, REBOOT_TIMEOUT_S, NULL, err) == 0
			       ? KH_FINDINGS
			       : -1;
	}
	fprintf(stderr,
		"nothing was changed: the next boot is kernel '%s'; 'kvmhost confirm' asks "
		"again, with --force it keeps this one\n",
		work->trial.pinned);
	return KH_FINDINGS;
}

static int confirm_running(struct work *work, struct kh_error *err)
{
	kh_auto(kh_free) char *fault = prove(work);
	if (fault && !work->options->is_forced)
		return give_up(work, fault, err);
	if (fault)
		fprintf(stderr, "kept by --force, although: %s\n", fault);
	kh_auto(kh_free) char *reason =
		fault ? kh_printf("kept by --force, although: %s", fault)
		      : kh_strdup("/dev/kvm, network and settings are good");
	if (kh_trial_note(&work->session.root, &work->trial, KH_TRIAL_RESULT_PROVED, reason, err) !=
	    0)
		return -1;
	return keep(work, err);
}

static int tell_failed(struct work *work, struct kh_error *err)
{
	bool is_news = !work->trial.has_finding;
	if (is_news && kh_trial_note(&work->session.root, &work->trial, KH_TRIAL_RESULT_FAILED,
				     work->trial.reason, err) != 0)
		return -1;
	fprintf(stderr, "kernel '%s' failed its trial: %s\n", work->trial.release,
		work->trial.reason ? work->trial.reason : "?");
	fprintf(stderr, "it is not tried again; 'kvmhost confirm --retry' does that\n");
	return is_news || !work->options->is_unit ? KH_FINDINGS : KH_OK;
}

static int tell_waiting(const struct work *work, const char *what)
{
	if (work->options->is_unit)
		return KH_OK;
	fprintf(stderr, "kernel '%s' %s\n", work->trial.release, what);
	return KH_FINDINGS;
}

static int retry(struct work *work, struct kh_error *err)
{
	if (work->trial.state != KH_TRIAL_FAILED) {
		kh_fail(err, KH_USAGE, 0, "no kernel has failed its trial");
		return kh_hint(err, "'kvmhost report kernel' says how it stands");
	}
	if (kh_trial_note(&work->session.root, &work->trial, KH_TRIAL_RESULT_RETRY,
			  work->trial.reason, err) != 0)
		return -1;
	int result = apply_stage(work, "confirm --retry", err);
	if (result == 0)
		printf("the next boot tries kernel '%s' again\n", work->trial.release);
	return result;
}

static int decide(struct work *work, struct kh_error *err)
{
	if (work->options->wants_retry)
		return retry(work, err);
	switch (work->trial.state) {
	case KH_TRIAL_NONE:
		printf("no kernel is on trial\n");
		return KH_OK;
	case KH_TRIAL_OFFERED:
		return tell_waiting(work, "waits to be chosen in the boot menu");
	case KH_TRIAL_ARMED:
		return tell_waiting(work, "is tried at the next boot: reboot first");
	case KH_TRIAL_BOOTED:
		return confirm_running(work, err);
	case KH_TRIAL_PROVED: /* cut off before it became the default, perhaps */
		return keep(work, err);
	case KH_TRIAL_FAILED:
		return tell_failed(work, err);
	}
	return KH_OK;
}

/* Somebody is here, in a session of his own: the bridge is what he came over. */
static int confirm_network(const struct work *work, struct kh_error *err)
{
	int result = kh_guard_confirm(&work->session.root, getpid(), err);
	if (result == 1)
		printf("the network is confirmed: it stays\n");
	return result < 0 ? -1 : 0;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.options = options,
					       .session = {.root = KH_ROOT_INIT}};
	if (kh_session_open(options, true, &work.session, err) != 0)
		return -1;
	if (!work.session.root.is_live)
		return kh_fail(err, KH_HOST, 0, "confirm: works on the running machine only");
	if (geteuid() != 0) {
		kh_fail(err, KH_HOST, 0, "confirm: root rights are needed");
		return kh_hint(err, "run 'sudo kvmhost confirm'");
	}
	if (!options->is_unit && confirm_network(&work, err) != 0)
		return -1;
	kh_trial_read(&work.session.root, &work.session.facts, &work.trial);
	return decide(&work, err);
}

const struct kh_command kh_command_confirm = {
	.name = "confirm",
	.arguments = "",
	.summary = "make the kernel on trial the default, when the host is what it is for",
	.options = KH_OPTION_FORCE | KH_OPTION_RETRY | KH_OPTION_UNIT,
	.run = run,
};
