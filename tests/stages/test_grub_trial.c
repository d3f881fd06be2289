/* test_grub_trial.c - new kernel arguments on hosts that are booted: tried once, kept or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/cut.h"
#include "tests/stages/kernel_host.h"

#define NEW "6.12.104-kvmhost"
#define WORD "transparent_hugepage=madvise"
static const char debian[] = "debian12-ifupdown";
static const char rocky[] = "rocky9-bls-nm";
static const char yaml[] = "hugepages: {pools: []}\n";
static const char other[] = "hugepages: {pools: []}\ngrub: {transparent_hugepage: never}\n";
static const char both[] = "hugepages: {pools: []}\nkernel: {version: distro}\n";
static const char script[] = "/etc/grub.d/47_kvmhost_arguments";
static const char dropin[] = "/etc/default/grub.d/90-kvmhost.cfg";
static const char *const roots[] = {debian, rocky};

/* Where the tests call a root live, preflight wants root rights, as it should. */
static void need_root_rights(void)
{
	if (geteuid() != 0)
		skip();
}

static struct kernel_host *open_host(const char *root, const char *config)
{
	struct kernel_host *host = kernel_host_open(root, config);
	host->chosen = "grub";
	return host;
}

static void apply(struct kernel_host *host)
{
	if (kernel_host_apply(host) != KH_OK)
		fail_msg("%s", host->base.err.message);
}

static const char *plan_text(struct kernel_host *host)
{
	host->base.fixture.root.is_live = true;
	collect(host);
	const char *text = stage_host_plan(&host->base, &kh_stage_grub);
	host->base.fixture.root.is_live = false;
	assert_non_null(text);
	return text;
}

static void expect_settled(struct kernel_host *host)
{
	const char *text = plan_text(host);
	if (host->base.plan.change_count > 0)
		fail_msg("pending:\n%s", text);
}

static const char *status(struct kernel_host *host, const char *id)
{
	host->base.fixture.root.is_live = true;
	collect(host);
	stage_host_check(&host->base, &kh_stage_grub);
	host->base.fixture.root.is_live = false;
	return stage_host_status(&host->base, id);
}

static const char *found_of(struct kernel_host *host, const char *id)
{
	status(host, id);
	const struct kh_check *check = kh_report_find(&host->base.report, id);
	assert_non_null(check);
	return check->found;
}

static bool default_has(struct kernel_host *host, const char *word)
{
	kh_auto(kh_free) char *arguments = NULL;
	collect(host);
	kh_auto(kh_free) char *release = entry_of(host, NULL, &arguments);
	return kh_str_has_word(arguments, word);
}

static bool runs_with(struct kernel_host *host, const char *word)
{
	kh_auto(kh_free) char *line = kh_root_line(&host->base.fixture.root, "/proc/cmdline");
	return kh_str_has_word(line, word);
}

static void note(struct kernel_host *host, enum kh_trial_result result, const char *reason)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_trial trial;
	collect(host);
	kh_trial_read_arguments(&host->base.fixture.root, &host->base.facts, &trial);
	must(kh_trial_note(&host->base.fixture.root, &trial, result, reason, &err), &err);
	kh_trial_done(&trial);
}

static enum kh_trial_state state(struct kernel_host *host)
{
	struct kh_trial trial;
	collect(host);
	kh_trial_read_arguments(&host->base.fixture.root, &host->base.facts, &trial);
	enum kh_trial_state found = trial.state;
	kh_trial_done(&trial);
	return found;
}

/* Line by line, so that a difference is seen. */
static void expect_tree(const struct kernel_host *host, const char *before)
{
	kh_auto(kh_free) char *after = fixture_tree(&host->base.fixture);
	kh_auto(kh_strv_done) struct kh_strv old = {0}, new = {0};
	kh_strv_split_lines(&old, before);
	kh_strv_split_lines(&new, after);
	for (size_t i = 0; i < old.count; i++)
		if (!kh_strv_has(&new, old.items[i]))
			fail_msg("gone: %s", old.items[i]);
	for (size_t i = 0; i < new.count; i++)
		if (!kh_strv_has(&old, new.items[i]))
			fail_msg("new: %s", new.items[i]);
}

/* ---- tried, then kept ---- */

static void new_arguments_are_booted_once_and_then_become_the_default(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		apply(host);
		expect_settled(host);
		expect_ours_last(host);
		assert_false(default_has(host, WORD));
		assert_int_equal(state(host), KH_TRIAL_ARMED);
		assert_string_equal(status(host, "boot.trial"), "warn");
		assert_string_equal(status(host, "boot.arg.transparent_hugepage"), "warn");
		kernel_host_boot(host, false);
		assert_true(runs_with(host, WORD));
		assert_true(runs_with(host, "panic=30"));
		assert_int_equal(state(host), KH_TRIAL_BOOTED);
		expect_settled(host);
		assert_false(default_has(host, WORD));
		note(host, KH_TRIAL_RESULT_PROVED, "good");
		apply(host);
		expect_settled(host);
		assert_true(default_has(host, WORD));
		assert_false(default_has(host, "panic=30"));
		assert_string_equal(status(host, "boot.trial"), "pass");
		assert_string_equal(status(host, "boot.result"), "pass");
		kernel_host_boot(host, false);
		assert_true(runs_with(host, WORD));
		assert_false(runs_with(host, "panic=30"));
		expect_settled(host);
		kernel_host_close(host);
	}
}

static void the_distributions_own_update_grub_does_not_make_them_the_default(void **unused)
{
	(void)unused;
	need_root_rights();
	static const char *const update_grub[] = {"update-grub", NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kernel_host *host = open_host(debian, yaml);
	apply(host);
	must(kh_run(&host->runner, update_grub, 10, NULL, &err), &err);
	assert_false(default_has(host, WORD));
	expect_settled(host);
	kernel_host_close(host);
}

static void the_menu_has_the_entry_before_it_is_chosen(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	const char *made = strstr(ran, "update-grub");
	const char *chosen = strstr(ran, "grub-reboot kvmhost-trialarguments");
	assert_non_null(made);
	assert_non_null(chosen);
	assert_true(made < chosen);
	kernel_host_close(host);
}

/* ---- tried, and gone ---- */

static void arguments_that_do_not_come_up_are_not_tried_again_until_somebody_says_so(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		apply(host);
		kernel_host_boot(host, true);
		assert_false(runs_with(host, WORD));
		assert_int_equal(state(host), KH_TRIAL_FAILED);
		apply(host);
		expect_settled(host);
		kernel_host_boot(host, false);
		assert_false(runs_with(host, WORD));
		expect_text(plan_text(host), "failed their trial and are not tried again");
		assert_string_equal(status(host, "boot.trial"), "fail");
		expect_text(found_of(host, "boot.trial"), "the host came back without them");
		note(host, KH_TRIAL_RESULT_FAILED, "the host came back without them");
		note(host, KH_TRIAL_RESULT_RETRY, NULL);
		apply(host);
		expect_settled(host);
		kernel_host_boot(host, false);
		assert_true(runs_with(host, WORD));
		assert_int_equal(state(host), KH_TRIAL_BOOTED);
		kernel_host_close(host);
	}
}

/* GRUB takes the first entry where saved_entry names none. */
static void the_default_stays_the_old_entry_where_it_is_the_first_one(void **unused)
{
	(void)unused;
	need_root_rights();
	static const char *const saved[] = {"saved_entry=0\n", "saved_entry=gone\n", ""};
	for (size_t i = 0; i < KH_COUNT(saved); i++) {
		struct kernel_host *host = open_host(rocky, yaml);
		kh_auto(kh_free) char *text = kh_printf("# GRUB Environment Block\n%s", saved[i]);
		fixture_put(&host->base.fixture, "/boot/grub2/grubenv", text);
		apply(host);
		expect_settled(host);
		expect_ours_last(host);
		assert_false(default_has(host, WORD));
		kernel_host_boot(host, true);
		assert_false(runs_with(host, WORD));
		assert_int_equal(state(host), KH_TRIAL_FAILED);
		kernel_host_close(host);
	}
}

static void a_trial_that_grub_sorts_first_is_taken_away(void **unused)
{
	(void)unused;
	need_root_rights();
	static const char path[] = "/boot/loader/entries/"
				   "f2bab8799802a411076eb19731478698-kvmhost-trial-arguments.conf";
	struct kernel_host *host = open_host(rocky, yaml);
	fixture_put(&host->base.fixture, path, "title T\nlinux /vmlinuz-5.14.0\noptions x\n");
	apply(host);
	expect_settled(host);
	assert_false(kh_root_exists(&host->base.fixture.root, path));
	assert_int_equal(state(host), KH_TRIAL_ARMED);
	kernel_host_close(host);
}

static void a_boot_without_kvm_is_told_with_its_reason_and_its_time(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	apply(host);
	kernel_host_boot(host, false);
	note(host, KH_TRIAL_RESULT_FAILED, "there is no /dev/kvm");
	kernel_host_boot(host, false);
	assert_false(runs_with(host, WORD));
	expect_text(found_of(host, "boot.trial"), "they failed, 20");
	expect_text(found_of(host, "boot.trial"), "there is no /dev/kvm");
	apply(host);
	expect_settled(host);
	kernel_host_close(host);
}

static void other_arguments_than_the_failed_ones_are_tried(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		apply(host);
		kernel_host_boot(host, true);
		note(host, KH_TRIAL_RESULT_FAILED, "no");
		apply(host);
		stage_host_configure(&host->base, other);
		collect(host);
		apply(host);
		expect_settled(host);
		assert_int_equal(state(host), KH_TRIAL_ARMED);
		kernel_host_boot(host, false);
		assert_true(runs_with(host, "transparent_hugepage=never"));
		assert_int_equal(state(host), KH_TRIAL_BOOTED);
		kernel_host_close(host);
	}
}

static void what_is_taken_back_before_the_boot_leaves_no_choice(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		apply(host);
		stage_host_configure(&host->base, "hugepages: {pools: []}\ngrub: {trial: off}\n");
		collect(host);
		apply(host);
		expect_settled(host);
		assert_true(default_has(host, WORD));
		kh_auto(kh_free) char *next =
			kh_menu_variable(&host->base.fixture.root, "next_entry");
		assert_null(next);
		assert_false(kh_root_exists(&host->base.fixture.root, script));
		assert_int_equal(state(host), KH_TRIAL_NONE);
		kernel_host_close(host);
	}
}

/* ---- where nothing is tried ---- */

static void what_runs_already_is_written_at_once(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	fixture_put(&host->base.fixture, "/proc/cmdline", "ro quiet " WORD "\n");
	apply(host);
	assert_true(default_has(host, WORD));
	assert_true(kh_root_exists(&host->base.fixture.root, dropin));
	assert_string_equal(status(host, "boot.trial"), "none");
	kernel_host_close(host);
}

static void where_grub_cannot_take_the_choice_back_the_entry_is_offered(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	fixture_put(&host->base.fixture, "/proc/self/mountinfo",
		    "21 1 8:1 / / rw,relatime shared:1 - btrfs /dev/sda1 rw\n");
	apply(host);
	expect_settled(host);
	expect_text(plan_text(host), "/boot/grub is on btrfs");
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_no_text(ran, "grub-reboot");
	kernel_host_boot(host, false);
	assert_false(runs_with(host, WORD));
	assert_int_equal(state(host), KH_TRIAL_OFFERED);
	expect_settled(host);
	kernel_host_boot_entry(host, "kvmhost-trialarguments");
	assert_true(runs_with(host, WORD));
	note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	assert_true(default_has(host, WORD));
	kernel_host_close(host);
}

/* ---- rehearsed first ---- */

/* A QEMU that says this on its console. The build account has to reach it. */
static void put_qemu(struct kernel_host *host, const char *console)
{
	kh_auto(kh_free) char *text = kh_printf("#!/bin/sh\ncat <<'END'\n%s\nEND\n", console);
	assert_int_equal(chmod(host->base.fixture.path, 0711), 0);
	fixture_put_mode(&host->base.fixture, "/usr/bin/qemu-system-x86_64", text, 0755);
	fixture_put(&host->base.fixture, "/boot/initrd.img-6.1.0-56-amd64", "x");
	fixture_put(&host->base.fixture, "/boot/vmlinuz-6.1.0-56-amd64", "x");
}

static void a_boot_that_fails_in_qemu_is_a_refusal_and_nothing_is_chosen(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	put_qemu(host, "[    0.5] Kernel panic - not syncing: VFS");
	kh_auto(kh_free) char *before = fixture_get(&host->base.fixture, "/boot/grub/grub.cfg");
	expect_text(plan_text(host), "rehearse kernel '6.1.0-56-amd64'");
	assert_int_equal(kernel_host_apply(host), KH_HOST);
	expect_text(host->base.err.message, "fails its rehearsal in QEMU: it does not reach "
					    "userspace: Kernel panic - not syncing: VFS; "
					    "the last lines");
	kh_auto(kh_free) char *after = fixture_get(&host->base.fixture, "/boot/grub/grub.cfg");
	assert_string_equal(after, before);
	assert_false(kh_root_exists(&host->base.fixture.root, script));
	assert_int_equal(host->ran.count, 0);
	assert_int_equal(state(host), KH_TRIAL_NONE);
	put_qemu(host, "kvmhost-rehearsal: userspace\nkvmhost-rehearsal: module ext4: loaded\n"
		       "kvmhost-rehearsal: module ahci: loaded\nkvmhost-rehearsal: end");
	apply(host);
	expect_settled(host);
	assert_int_equal(state(host), KH_TRIAL_ARMED);
	assert_false(
		kh_root_exists(&host->base.fixture.root, "/var/cache/kvmhost/build/rehearsal"));
	kernel_host_close(host);
}

static void without_qemu_the_plan_says_that_nothing_is_rehearsed(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, yaml);
	fixture_remove(&host->base.fixture, "/usr/bin/qemu-system-x86_64");
	expect_text(plan_text(host), "is not rehearsed before its trial: there is no QEMU here");
	kernel_host_close(host);
}

/* ---- with a kernel ---- */

static void a_kernel_and_arguments_that_change_together_have_one_trial(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, both);
	host->chosen = "kernel grub";
	kernel_host_build(host, NEW, "1");
	apply(host);
	expect_settled(host);
	assert_int_equal(kernel_host_state(host), KH_TRIAL_ARMED);
	assert_false(default_has(host, WORD));
	assert_false(kh_root_exists(&host->base.fixture.root, script));
	expect_text(plan_text(host), "are tried together with the kernel");
	kernel_host_boot(host, false);
	assert_true(runs_with(host, WORD));
	expect_settled(host);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_settled(host);
	assert_true(default_has(host, WORD));
	kh_auto(kh_free) char *release = kernel_host_default(host);
	assert_string_equal(release, NEW);
	kernel_host_close(host);
}

static void after_a_kernel_that_failed_the_arguments_are_tried_with_the_old_one(void **unused)
{
	(void)unused;
	need_root_rights();
	struct kernel_host *host = open_host(debian, both);
	host->chosen = "kernel grub";
	kernel_host_build(host, NEW, "1");
	apply(host);
	kernel_host_boot(host, true);
	kernel_host_note(host, KH_TRIAL_RESULT_FAILED, "no");
	assert_false(runs_with(host, WORD));
	apply(host);
	expect_settled(host);
	kernel_host_boot(host, false);
	assert_true(runs_with(host, WORD));
	kh_auto(kh_free) char *running = kernel_host_running(host);
	assert_string_equal(running, "6.1.0-56-amd64");
	kernel_host_close(host);
}

/* Another image or initrd: the same machine, but 12 MiB less of MemTotal. */
static void take_memory(struct kernel_host *host)
{
	fixture_put(&host->base.fixture, "/proc/meminfo",
		    "MemTotal:       16324756 kB\nMemAvailable:   15507903 kB\n");
}

static void a_percentage_of_memory_that_each_kernel_counts_anew_is_one_trial(void **unused)
{
	(void)unused;
	need_root_rights();
	static const char half[] = "hugepages: {pools: [{size: 2M, percent: 50, reserve: boot}]}\n";
	static const char half_and_kernel[] =
		"hugepages: {pools: [{size: 2M, percent: 50, reserve: boot}]}\n"
		"kernel: {version: distro}\n";
	for (int is_joined = 0; is_joined < 2; is_joined++) {
		struct kernel_host *host = open_host(debian, is_joined ? half_and_kernel : half);
		host->chosen = is_joined ? "kernel grub" : "grub";
		if (is_joined)
			kernel_host_build(host, NEW, "1");
		apply(host);
		kernel_host_boot(host, false);
		assert_true(runs_with(host, "hugepages=3988"));
		take_memory(host);
		expect_settled(host);
		if (is_joined)
			kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
		else
			note(host, KH_TRIAL_RESULT_PROVED, "good");
		apply(host);
		assert_true(default_has(host, "hugepages=3988"));
		kernel_host_boot(host, false);
		expect_settled(host);
		kernel_host_close(host);
	}
}

/* ---- undo, and cut off ---- */

static void undo_gives_every_file_back_at_each_step(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		kh_auto(kh_free) char *before = fixture_tree(&host->base.fixture);
		apply(host);
		kh_auto(kh_free) char *armed = fixture_tree(&host->base.fixture);
		assert_int_equal(kernel_host_undo(host, 0, false), KH_OK);
		expect_tree(host, before);
		apply(host);
		expect_tree(host, armed);
		kernel_host_close(host);
	}
}

static void undo_takes_proved_arguments_back(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		apply(host);
		kernel_host_boot(host, false);
		note(host, KH_TRIAL_RESULT_PROVED, "good");
		apply(host);
		assert_true(default_has(host, WORD));
		assert_int_equal(kernel_host_undo(host, 1, false), KH_OK);
		assert_false(default_has(host, WORD));
		assert_false(kh_root_exists(&host->base.fixture.root, script));
		assert_false(kh_root_exists(&host->base.fixture.root, dropin));
		kernel_host_close(host);
	}
}

static void a_program_that_fails_leaves_the_old_default_and_the_next_run_goes_on(void **unused)
{
	(void)unused;
	need_root_rights();
	static const char *const programs_of[][2] = {{"update-grub", "grub-reboot"},
						     {"grub2-reboot", "grub2-reboot"}};
	for (size_t i = 0; i < KH_COUNT(roots); i++)
		for (size_t p = 0; p < 2; p++) {
			struct kernel_host *host = open_host(roots[i], yaml);
			host->failing = programs_of[i][p];
			assert_int_not_equal(kernel_host_apply(host), KH_OK);
			assert_false(default_has(host, WORD));
			kernel_host_boot(host, false);
			assert_false(runs_with(host, WORD));
			host->failing = NULL;
			apply(host);
			expect_settled(host);
			kernel_host_boot(host, false);
			assert_true(runs_with(host, WORD));
			kernel_host_close(host);
		}
}

/* ---- cut off ---- */

/* The power may go as soon as the boot is chosen. */
static void what_ends_the_boot_is_there_before_it_is_chosen(void **unused)
{
	(void)unused;
	need_root_rights();
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_host(roots[i], yaml);
		plan_text(host);
		size_t timer = 0, chosen = 0, record = 0;
		for (size_t c = 0; c < host->base.plan.change_count; c++) {
			const struct kh_change *change = &host->base.plan.changes[c];
			bool is_choice = change->kind == KH_CHANGE_RUN &&
					 kh_str_ends(change->path, "-reboot");
			timer = strstr(change->path, "wants/kvmhost-trial.timer") ? c : timer;
			record = strcmp(change->path, kh_trial_arguments_path) == 0 ? c : record;
			chosen = is_choice ? c : chosen;
		}
		assert_true(0 < timer && timer < chosen && chosen < record);
		kernel_host_close(host);
	}
}

static void apply_child(void *data)
{
	kernel_host_apply(data);
}

/* A sample of the calls: each takes a host of its own. */
static void cut_off_anywhere_while_it_is_armed_the_old_arguments_stay_the_default(void **unused)
{
	(void)unused;
	need_root_rights();
	enum { STEP = 7 };
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		bool is_cut = true;
		for (int n = 1; is_cut; n += STEP) {
			struct kernel_host *host = open_host(roots[i], yaml);
			is_cut = cut_run_killed(n, apply_child, host) == 1;
			assert_false(default_has(host, WORD));
			kernel_host_boot(host, false);
			kernel_host_boot(host, false);
			assert_false(runs_with(host, WORD));
			if (state(host) == KH_TRIAL_FAILED)
				note(host, KH_TRIAL_RESULT_RETRY, NULL);
			apply(host);
			expect_settled(host);
			kernel_host_boot(host, false);
			assert_true(runs_with(host, WORD));
			kernel_host_close(host);
		}
	}
}

static void cut_off_anywhere_while_it_becomes_the_default_the_next_run_goes_on(void **unused)
{
	(void)unused;
	need_root_rights();
	enum { STEP = 7 };
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		bool is_cut = true;
		for (int n = 1; is_cut; n += STEP) {
			struct kernel_host *host = open_host(roots[i], yaml);
			apply(host);
			kernel_host_boot(host, false);
			note(host, KH_TRIAL_RESULT_PROVED, "good");
			is_cut = cut_run_killed(n, apply_child, host) == 1;
			kernel_host_boot(host, false);
			assert_false(runs_with(host, "panic=30"));
			apply(host);
			expect_settled(host);
			assert_true(default_has(host, WORD));
			kernel_host_close(host);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_arguments_are_booted_once_and_then_become_the_default),
		cmocka_unit_test(the_distributions_own_update_grub_does_not_make_them_the_default),
		cmocka_unit_test(the_menu_has_the_entry_before_it_is_chosen),
		cmocka_unit_test(
			arguments_that_do_not_come_up_are_not_tried_again_until_somebody_says_so),
		cmocka_unit_test(the_default_stays_the_old_entry_where_it_is_the_first_one),
		cmocka_unit_test(a_trial_that_grub_sorts_first_is_taken_away),
		cmocka_unit_test(a_boot_without_kvm_is_told_with_its_reason_and_its_time),
		cmocka_unit_test(other_arguments_than_the_failed_ones_are_tried),
		cmocka_unit_test(what_is_taken_back_before_the_boot_leaves_no_choice),
		cmocka_unit_test(what_runs_already_is_written_at_once),
		cmocka_unit_test(where_grub_cannot_take_the_choice_back_the_entry_is_offered),
		cmocka_unit_test(a_boot_that_fails_in_qemu_is_a_refusal_and_nothing_is_chosen),
		cmocka_unit_test(without_qemu_the_plan_says_that_nothing_is_rehearsed),
		cmocka_unit_test(a_kernel_and_arguments_that_change_together_have_one_trial),
		cmocka_unit_test(
			after_a_kernel_that_failed_the_arguments_are_tried_with_the_old_one),
		cmocka_unit_test(a_percentage_of_memory_that_each_kernel_counts_anew_is_one_trial),
		cmocka_unit_test(undo_gives_every_file_back_at_each_step),
		cmocka_unit_test(undo_takes_proved_arguments_back),
		cmocka_unit_test(
			a_program_that_fails_leaves_the_old_default_and_the_next_run_goes_on),
		cmocka_unit_test(what_ends_the_boot_is_there_before_it_is_chosen),
		cmocka_unit_test(
			cut_off_anywhere_while_it_is_armed_the_old_arguments_stay_the_default),
		cmocka_unit_test(
			cut_off_anywhere_while_it_becomes_the_default_the_next_run_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
