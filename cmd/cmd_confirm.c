/* cmd_confirm.c - kvmhost confirm: is what is on trial good? Then it becomes the default.
 *
 * On trial is a kernel, or new kernel arguments, or both in one. At boot (--unit) nobody can be
 * asked: a trial that is not proved there ends in a reboot, which brings the old entry back by
 * itself. That happens once: the old entry is no trial's.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/confirm.h"
#include "core/base/mem.h"
#include "core/journal.h"
#include "grub/cmdline.h"
#include "grub/menu.h"
#include "net/guard.h"
#include "stages/grub.h"
#include "stages/kernel.h"

enum { REBOOT_TIMEOUT_S = 60 };

static void confirm_done(struct kh_confirm *confirm)
{
	kh_trial_done(&confirm->kernel);
	kh_trial_done(&confirm->arguments);
	kh_session_done(&confirm->session);
}

/* ---- what follows ---- */

/* The stages that decide on what is on trial. */
static void choose_stages(const struct kh_confirm *confirm, struct kh_strv *chosen)
{
	if (!confirm->trial->is_arguments)
		kh_strv_add(chosen, kh_stage_kernel.name);
	if (confirm->trial->is_arguments || confirm->arguments.is_joined)
		kh_strv_add(chosen, kh_stage_grub.name);
}

static int apply_stages(struct kh_confirm *confirm, const char *command, struct kh_error *err)
{
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	struct kh_sink sink = kh_sink_lines(confirm->options);
	choose_stages(confirm, &chosen);
	struct kh_engine engine = {.root = &confirm->session.root,
				   .config = &confirm->session.config,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .chosen = &chosen,
				   .command = command,
				   .skips_making = true};
	if (kh_lock_take(&confirm->session.root, command, &lock, err) != 0)
		return -1;
	signal(SIGHUP, SIG_IGN); /* as in apply */
	int result = kh_engine_apply(&engine, &outcome, err);
	kh_sink_end(&sink);
	if (result == 0 && outcome.done_count > 0)
		kh_print(stdout, "%zu change%s made (run %lld)\n", outcome.done_count,
			 outcome.done_count == 1 ? "" : "s", outcome.run);
	kh_print_refusals(&outcome);
	return result == 0 ? (int)kh_outcome_code(&outcome) : -1;
}

/* The configuration may have been changed since: what it wants now has not been proved. */
static bool is_wanted(const struct kh_confirm *confirm)
{
	const struct kh_context context = {.config = &confirm->session.config,
					   .facts = &confirm->session.facts,
					   .root = &confirm->session.root};
	return !confirm->trial->is_arguments || kh_grub_trial_is_of(&context, confirm->trial->key);
}

/* At every boot after the proof: the default is what was proved. */
static bool is_kept(const struct kh_confirm *confirm)
{
	const struct kh_root *root = &confirm->session.root;
	const struct kh_facts *facts = &confirm->session.facts;
	struct kh_boot_entries entries;
	kh_menu_read(root, &facts->boot, &entries);
	const struct kh_boot_entry *entry = kh_boot_entries_default(&entries);
	kh_auto(kh_free) char *release = entry ? kh_boot_release(entry->kernel) : NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	bool is_kept = entry && entry->arguments;
	kh_cmdline_split(confirm->trial->arguments ? confirm->trial->arguments : "", &words);
	for (size_t i = 0; is_kept && i < words.count; i++)
		is_kept = kh_cmdline_has_word(entry->arguments, words.items[i]);
	if (!confirm->trial->is_arguments)
		is_kept = release && strcmp(release, confirm->trial->release) == 0;
	kh_boot_entries_done(&entries);
	return is_kept;
}

static int keep(struct kh_confirm *confirm, struct kh_error *err)
{
	bool is_old = confirm->options->is_unit && confirm->trial->state == KH_TRIAL_PROVED;
	kh_auto(kh_history_done) struct kh_history history = {0};
	if (is_old && is_kept(confirm))
		return KH_OK;
	if (kh_history_read(&confirm->session.root, &history, err) != 0)
		return -1;
	/* Who put it back does not find it there again after a boot. */
	if (is_old && kh_history_is_undone(&history))
		return KH_OK;
	kh_auto(kh_free) char *name = kh_trial_name(confirm->trial);
	const char *are = confirm->trial->is_arguments ? "are" : "is";
	if (!is_wanted(confirm)) {
		if (is_old)
			return KH_OK; /* told once, when it was proved */
		kh_print(stderr, "the configuration wants other kernel arguments by now: 'kvmhost "
				 "apply' tries those\n");
		return KH_FINDINGS;
	}
	/* Finishing it means all of its stages, and is the operator's to begin. */
	if (kh_history_unfinished(&history, 0)) {
		kh_print(stderr,
			 "a run was interrupted: 'kvmhost apply' finishes it, and makes %s the "
			 "default\n",
			 name);
		return KH_FINDINGS;
	}
	int result = apply_stages(confirm, "confirm", err);
	if (result == 0)
		kh_print(stdout, "%s %s the default\n", name, are);
	return result;
}

/* Only a host that came here by the choice for one boot goes back by being rebooted. */
static bool must_go_back(const struct kh_confirm *confirm)
{
	return confirm->options->is_unit && !confirm->trial->is_offered &&
	       kh_trial_is_one_shot(&confirm->session.facts);
}

static int give_up(struct kh_confirm *confirm, const char *reason, struct kh_error *err)
{
	static const char *const reboot[] = {"systemctl", "reboot", NULL};
	kh_auto(kh_free) char *name = kh_trial_name(confirm->trial);
	if (kh_trial_note(&confirm->session.root, confirm->trial, KH_TRIAL_RESULT_FAILED, reason,
			  err) != 0)
		return -1;
	kh_print(stderr, "not proved: %s: %s\n", name, reason);
	if (must_go_back(confirm)) {
		kh_print(stderr, "rebooting into the entry before: kernel '%s'\n",
			 confirm->trial->pinned ? confirm->trial->pinned : "?");
		return kh_run(&kh_run_system, reboot, REBOOT_TIMEOUT_S, NULL, err) == 0
			       ? KH_FINDINGS
			       : -1;
	}
	kh_confirm_tell_timer(confirm);
	kh_print(stderr,
		 "nothing was changed: the next boot is the entry before, kernel '%s'; 'kvmhost "
		 "confirm' asks again, with --force it keeps this one\n",
		 confirm->trial->pinned ? confirm->trial->pinned : "?");
	return KH_FINDINGS;
}

static int confirm_running(struct kh_confirm *confirm, struct kh_error *err)
{
	kh_auto(kh_free) char *fault = kh_confirm_prove(confirm);
	kh_auto(kh_free) char *name = kh_trial_name(confirm->trial);
	if (fault && !confirm->options->is_forced)
		return give_up(confirm, fault, err);
	if (fault)
		kh_print(stderr, "kept by --force, although: %s\n", fault);
	kh_auto(kh_free) char *reason =
		fault ? kh_printf("kept by --force, although: %s", fault)
		      : kh_strdup("/dev/kvm, network and settings are good");
	if (kh_trial_note(&confirm->session.root, confirm->trial, KH_TRIAL_RESULT_PROVED, reason,
			  err) != 0)
		return -1;
	kh_confirm_tell_timer(confirm);
	kh_confirm_relax(confirm);
	kh_print(stdout, "%s %s proved %s\n", name, confirm->trial->is_arguments ? "have" : "has",
		 confirm->trial->is_arguments ? "themselves" : "itself");
	return keep(confirm, err);
}

static int tell_failed(struct kh_confirm *confirm, struct kh_error *err)
{
	const struct kh_trial *trial = confirm->trial;
	bool is_news = !trial->has_finding;
	kh_auto(kh_free) char *name = kh_trial_name(trial);
	if (is_news && kh_trial_note(&confirm->session.root, trial, KH_TRIAL_RESULT_FAILED,
				     trial->reason, err) != 0)
		return -1;
	kh_print(stderr, "%s failed %s trial: %s\n", name, trial->is_arguments ? "their" : "its",
		 trial->reason ? trial->reason : "?");
	kh_print(stderr, "%s not tried again; 'kvmhost confirm --retry' does that\n",
		 trial->is_arguments ? "they are" : "it is");
	return is_news || !confirm->options->is_unit ? KH_FINDINGS : KH_OK;
}

static int tell_waiting(const struct kh_confirm *confirm, const char *what)
{
	kh_auto(kh_free) char *name = kh_trial_name(confirm->trial);
	if (confirm->options->is_unit)
		return KH_OK;
	kh_print(stderr, "%s: %s\n", name, what);
	return KH_FINDINGS;
}

static int retry(struct kh_confirm *confirm, struct kh_error *err)
{
	kh_auto(kh_free) char *name = kh_trial_name(confirm->trial);
	if (confirm->trial->state != KH_TRIAL_FAILED) {
		kh_fail(err, KH_USAGE, 0, "nothing has failed its trial");
		return kh_hint(err,
			       "'kvmhost report' says how it stands: kernel.trial, boot.trial");
	}
	if (kh_trial_note(&confirm->session.root, confirm->trial, KH_TRIAL_RESULT_RETRY,
			  confirm->trial->reason, err) != 0)
		return -1;
	int result = apply_stages(confirm, "confirm --retry", err);
	if (result == 0)
		kh_print(stdout, "the next boot tries %s again\n", name);
	return result;
}

static int decide(struct kh_confirm *confirm, struct kh_error *err)
{
	if (confirm->options->wants_retry)
		return retry(confirm, err);
	switch (confirm->trial->state) {
	case KH_TRIAL_NONE:
		kh_print(stdout, "nothing is on trial\n");
		return KH_OK;
	case KH_TRIAL_OFFERED:
		return tell_waiting(confirm, "to be chosen in the boot menu");
	case KH_TRIAL_ARMED:
		return tell_waiting(confirm, "to be tried at the next boot: reboot first");
	case KH_TRIAL_BOOTED:
		return confirm_running(confirm, err);
	case KH_TRIAL_PROVED: /* cut off before it became the default, perhaps */
		return keep(confirm, err);
	case KH_TRIAL_FAILED:
		return tell_failed(confirm, err);
	}
	return KH_OK;
}

/* The one that there is most to say about: what runs unproved, then what waits, what failed and was
 * not told yet, what failed, what is proved. Of two alike it is the kernel's. */
static int urgency(const struct kh_trial *trial)
{
	switch (trial->state) {
	case KH_TRIAL_NONE:
		return 0;
	case KH_TRIAL_PROVED:
		return 1;
	case KH_TRIAL_FAILED:
		return trial->has_finding ? 2 : 4;
	case KH_TRIAL_OFFERED:
	case KH_TRIAL_ARMED:
		return 3;
	case KH_TRIAL_BOOTED:
		return 5;
	}
	return 0;
}

static struct kh_trial *choose_trial(struct kh_confirm *confirm)
{
	struct kh_trial *kernel = &confirm->kernel, *arguments = &confirm->arguments;
	if (confirm->options->wants_retry && kernel->state != arguments->state)
		return arguments->state == KH_TRIAL_FAILED ? arguments : kernel;
	return urgency(arguments) > urgency(kernel) ? arguments : kernel;
}

/* Somebody is here, in a session of his own: the bridge is what he came over. */
static int confirm_network(const struct kh_confirm *confirm, struct kh_error *err)
{
	int result = kh_guard_confirm(&confirm->session.root, getpid(), err);
	if (result == 1)
		kh_print(stdout, "the network is confirmed: it stays\n");
	return result < 0 ? -1 : 0;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(confirm_done) struct kh_confirm confirm = {.options = options,
							   .session = {.root = KH_ROOT_INIT}};
	struct kh_session *session = &confirm.session;
	if (kh_session_open(options, true, session, err) != 0)
		return -1;
	if (!session->root.is_live)
		return kh_fail(err, KH_HOST, 0, "confirm: works on the running machine only");
	if (geteuid() != 0) {
		kh_fail(err, KH_HOST, 0, "confirm: root rights are needed");
		return kh_hint(err, "run 'sudo kvmhost confirm'");
	}
	if (!options->is_unit && confirm_network(&confirm, err) != 0)
		return -1;
	kh_trial_read(&session->root, &session->facts, &confirm.kernel);
	kh_trial_read_arguments(&session->root, &session->facts, &confirm.arguments);
	confirm.trial = choose_trial(&confirm);
	return decide(&confirm, err);
}

const struct kh_command kh_command_confirm = {
	.name = "confirm",
	.arguments = "",
	.summary = "make what is on trial the default, when the host is what it is for",
	.options = KH_OPTION_FORCE | KH_OPTION_RETRY | KH_OPTION_UNIT,
	.run = run,
};
