/* test_kernel.c - stage kernel on hosts that are booted: pinned, tried once, kept or not. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/cut.h"
#include "tests/stages/kernel_host.h"

#define OLD "6.1.0-56-amd64"
#define NEW "6.12.104-kvmhost"
#define NEWER "6.12.105-kvmhost"
#define EL_OLD "5.14.0-570.12.1.el9_6.x86_64"
static const char debian[] = "debian12-ifupdown";
static const char rocky[] = "rocky9-bls-nm";
static const char yaml[] = "kernel: {version: distro}\n";
static const char script[] = "/etc/grub.d/46_kvmhost_trial";
static const char pin[] = "/etc/default/grub.d/zz-kvmhost-default.cfg";

/* Where the tests call a root live, preflight wants root rights, as it should. */
static void need_root_rights(void)
{
	if (geteuid() != 0)
		skip();
}

static struct kernel_host *open_built(const char *root)
{
	struct kernel_host *host = kernel_host_open(root, yaml);
	kernel_host_build(host, NEW, "1");
	return host;
}

static void apply(struct kernel_host *host)
{
	if (kernel_host_apply(host) != KH_OK)
		fail_msg("%s", host->base.err.message);
}

static void expect_default(struct kernel_host *host, const char *wanted)
{
	kh_auto(kh_free) char *found = kernel_host_default(host);
	assert_string_equal(found, wanted);
}

static void expect_running(struct kernel_host *host, const char *wanted)
{
	kh_auto(kh_free) char *found = kernel_host_running(host);
	assert_string_equal(found, wanted);
}

/* Line by line, so that a difference is seen. */
static void expect_tree(const struct kernel_host *host, const char *before)
{
	kh_auto(kh_free) char *after = fixture_tree(&host->base.fixture);
	kh_auto(kh_strv_done) struct kh_strv old = {0}, new = {0};
	kh_strv_split_lines(&old, before);
	kh_strv_split_lines(&new, after);
	for (size_t i = 0; i < old.count; i++) /* the boot's own is no file of the host's */
		if (!kh_strv_has(&new, old.items[i]) && !strstr(old.items[i], "/proc/cmdline"))
			fail_msg("gone: %s", old.items[i]);
	for (size_t i = 0; i < new.count; i++)
		if (!kh_strv_has(&old, new.items[i]) && !strstr(new.items[i], "/proc/cmdline"))
			fail_msg("new: %s", new.items[i]);
}

static void expect_settled(struct kernel_host *host)
{
	const char *text = kernel_host_plan(host);
	assert_non_null(text);
	if (host->base.plan.change_count > 0)
		fail_msg("pending:\n%s", text);
}

static void expect_refusal(struct kernel_host *host, const char *message)
{
	if (kernel_host_plan(host))
		fail_msg("not refused: %s", message);
	assert_int_equal(host->base.err.code, KH_HOST);
	assert_string_equal(host->base.err.message, message);
	assert_non_null(host->base.err.hint);
}

static bool exists(const struct kernel_host *host, const char *path)
{
	return kh_root_exists(&host->base.fixture.root, path);
}

static void expect_status(struct kernel_host *host, const char *id, const char *wanted)
{
	kernel_host_check(host);
	assert_string_equal(stage_host_status(&host->base, id), wanted);
}

/* ---- Debian: the way to a new default ---- */

static void the_old_kernel_is_pinned_first_and_the_new_one_chosen_once_last(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	expect_default(host, OLD);
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	assert_string_equal(ran, "/usr/sbin/update-grub\n"
				 "/usr/bin/run-parts --report --exit-on-error --arg=" NEW
				 " --arg=/boot/vmlinuz-" NEW " /etc/kernel/postinst.d\n"
				 "/usr/sbin/grub-reboot kvmhost-trial\n"
				 "/usr/sbin/update-grub");
	expect_default(host, OLD);
	assert_true(exists(host, "/lib/modules/" NEW "/modules.dep"));
	assert_true(exists(host, "/boot/initrd.img-" NEW));
	kh_auto(kh_free) char *dropin = fixture_get(&host->base.fixture, pin);
	expect_text(dropin, "GRUB_DEFAULT='gnulinux-advanced-u>gnulinux-" OLD "-advanced-u'\n");
	expect_ours_last(host);
	expect_settled(host);
	expect_text(host->base.text, "the next boot tries kernel '" NEW "'");
	assert_int_equal(kernel_host_state(host), KH_TRIAL_ARMED);
	kernel_host_close(host);
}

/* Without the pin, the menu that the hooks make would have it so. */
static void without_the_pin_the_newest_kernel_would_be_the_default(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	fixture_remove(&host->base.fixture, pin);
	const char *const argv[] = {"update-grub", NULL};
	assert_int_equal(kh_run(&host->runner, argv, 10, NULL, &host->base.err), 0);
	expect_default(host, NEW);
	kernel_host_close(host);
}

static void a_kernel_that_proved_itself_becomes_the_default(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	assert_int_equal(kernel_host_state(host), KH_TRIAL_BOOTED);
	expect_settled(host);
	expect_default(host, OLD);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEW);
	assert_false(exists(host, script));
	expect_settled(host);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	expect_settled(host);
	assert_int_equal(kernel_host_state(host), KH_TRIAL_PROVED);
	kernel_host_close(host);
}

static void an_unproved_kernel_is_booted_once_only(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	kernel_host_boot(host, false);
	expect_running(host, OLD);
	assert_int_equal(kernel_host_state(host), KH_TRIAL_FAILED);
	kernel_host_close(host);
}

static void a_kernel_that_failed_is_not_tried_again_until_somebody_says_so(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, true);
	expect_running(host, OLD);
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_no_text(ran, "grub-reboot");
	assert_false(exists(host, script));
	expect_default(host, OLD);
	expect_settled(host);
	expect_text(host->base.text, "warning: [kernel] kernel '" NEW "' failed its trial");
	expect_text(host->base.text, "kvmhost confirm --retry");
	kernel_host_note(host, KH_TRIAL_RESULT_RETRY, NULL);
	apply(host);
	assert_int_equal(kernel_host_state(host), KH_TRIAL_ARMED);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	kernel_host_close(host);
}

static void a_build_that_failed_does_not_keep_the_next_build_from_its_trial(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, true);
	apply(host);
	kernel_host_build(host, NEW, "2");
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_text(ran, "run-parts");
	kh_auto(kh_free) char *image = fixture_get(&host->base.fixture, "/boot/initrd.img-" NEW);
	assert_string_equal(image, "2");
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	kernel_host_close(host);
}

static void arguments_that_are_not_wanted_any_more_leave_the_trials_entry(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host =
		kernel_host_open(debian, "kernel: {version: distro}\ngrub: {extra: [nosmt]}\n");
	kernel_host_build(host, NEW, "1");
	apply(host);
	kh_auto(kh_free) char *with = fixture_get(&host->base.fixture, script);
	assert_non_null(strstr(with, " nosmt"));
	expect_settled(host);
	stage_host_configure(&host->base, yaml);
	apply(host);
	kh_auto(kh_free) char *without = fixture_get(&host->base.fixture, script);
	assert_null(strstr(without, " nosmt"));
	kh_auto(kh_free) char *menu = fixture_get(&host->base.fixture, "/boot/grub/grub.cfg");
	assert_null(strstr(menu, " nosmt"));
	expect_settled(host);
	kernel_host_close(host);
}

static void arguments_with_blanks_in_quotes_settle(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host =
		kernel_host_open(debian, "kernel: {version: distro}\n"
					 "grub: {extra: ['dyndbg=\"file drivers/usb/* +p\"']}\n");
	kernel_host_build(host, NEW, "1");
	apply(host);
	kh_auto(kh_free) char *with = fixture_get(&host->base.fixture, script);
	assert_non_null(strstr(with, "drivers/usb/* +p"));
	expect_settled(host);
	stage_host_configure(&host->base, yaml);
	apply(host);
	kh_auto(kh_free) char *without = fixture_get(&host->base.fixture, script);
	assert_null(strstr(without, "drivers/usb"));
	expect_settled(host);
	kernel_host_close(host);
}

static void arguments_that_every_entry_has_from_earlier_are_not_tried_when_unwanted(void **state)
{
	(void)state;
	need_root_rights();
	static const char *const update_grub[] = {"update-grub", NULL};
	struct kernel_host *host = kernel_host_open(debian, yaml);
	fixture_put(&host->base.fixture, "/etc/default/grub",
		    "GRUB_CMDLINE_LINUX=\"audit=0 nosmt\"\n");
	fixture_put(&host->base.fixture, "/var/lib/kvmhost/kernel-arguments", "nosmt\n");
	assert_int_equal(kh_run(&host->runner, update_grub, 10, NULL, &host->base.err), 0);
	kernel_host_build(host, NEW, "1");
	apply(host);
	kh_auto(kh_free) char *entry = fixture_get(&host->base.fixture, script);
	assert_non_null(strstr(entry, " audit=0"));
	assert_null(strstr(entry, " nosmt"));
	expect_settled(host);
	kernel_host_close(host);
}

static void arguments_that_the_host_has_of_its_own_stay_in_the_trials_entry(void **state)
{
	(void)state;
	need_root_rights();
	static const char *const update_grub[] = {"update-grub", NULL};
	struct kernel_host *host =
		kernel_host_open(debian, "kernel: {version: distro}\ngrub: {extra: [nosmt]}\n");
	fixture_put(&host->base.fixture, "/etc/default/grub", "GRUB_CMDLINE_LINUX=nosmt\n");
	assert_int_equal(kh_run(&host->runner, update_grub, 10, NULL, &host->base.err), 0);
	kernel_host_build(host, NEW, "1");
	apply(host);
	stage_host_configure(&host->base, yaml);
	apply(host);
	kh_auto(kh_free) char *without = fixture_get(&host->base.fixture, script);
	assert_non_null(strstr(without, " nosmt"));
	expect_settled(host);
	kernel_host_close(host);
}

static void the_next_kernel_falls_back_on_the_last_one_that_was_proved(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	kernel_host_build(host, NEWER, "3"); /* the running one is not proved yet */
	apply(host);
	expect_default(host, OLD);
	kernel_host_boot(host, false);
	expect_running(host, NEWER);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEWER);
	assert_true(exists(host, "/lib/modules/" NEW "/modules.dep"));
	kernel_host_build(host, NEW, "1"); /* back again */
	apply(host);
	expect_default(host, NEWER);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	kernel_host_close(host);
}

static void the_kernel_that_runs_needs_no_trial_boot_only_the_proof(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	fixture_remove(&host->base.fixture, kh_trial_path);
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_no_text(ran, "grub-reboot");
	assert_int_equal(kernel_host_state(host), KH_TRIAL_BOOTED);
	expect_settled(host);
	kernel_host_close(host);
}

/* The power went between the choice for one boot and the record of it. */
static void a_kernel_that_was_booted_without_a_record_is_nothing_to_fall_back_on(void **state)
{
	(void)state;
	need_root_rights();
	static const struct {
		const char *root, *old;
	} hosts[] = {{debian, OLD}, {rocky, EL_OLD}};
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct kernel_host *host = open_built(hosts[i].root);
		apply(host);
		fixture_remove(&host->base.fixture, kh_trial_path);
		kernel_host_boot(host, false);
		expect_running(host, NEW);
		apply(host);
		expect_default(host, hosts[i].old);
		expect_settled(host);
		assert_int_equal(kernel_host_state(host), KH_TRIAL_BOOTED);
		assert_null(take_choice(host));
		kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
		apply(host);
		expect_default(host, NEW);
		expect_settled(host);
		kernel_host_close(host);
	}
}

static void nor_is_it_when_another_one_is_wanted_by_then(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	fixture_remove(&host->base.fixture, kh_trial_path);
	kernel_host_boot(host, false);
	kernel_host_build(host, NEWER, "3");
	apply(host);
	expect_default(host, OLD);
	kernel_host_boot(host, false);
	expect_running(host, NEWER);
	kernel_host_close(host);
}

static void when_the_store_is_empty_the_trial_goes_on(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	fixture_remove(&host->base.fixture, "/var/cache/kvmhost/artifacts");
	expect_settled(host);
	kernel_host_boot(host, false);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEW);
	expect_settled(host);
	kernel_host_close(host);
}

static void an_operators_saved_default_is_pinned_too(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = kernel_host_open(debian, yaml);
	fixture_put(&host->base.fixture, "/etc/default/grub", "GRUB_DEFAULT=saved\n");
	fixture_put(&host->base.fixture, "/boot/grub/grubenv", "saved_entry=0\n");
	kernel_host_build(host, NEW, "1");
	expect_text(kernel_host_plan(host), "GRUB_DEFAULT=saved is overridden by");
	apply(host);
	expect_default(host, OLD);
	kernel_host_boot(host, true);
	expect_running(host, OLD);
	kernel_host_close(host);
}

/* ---- what goes wrong ---- */

static void hooks_that_fail_stop_the_work_before_the_kernel_is_chosen(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	host->failing = "run-parts";
	assert_int_equal(kernel_host_apply(host), KH_PROGRAM);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_no_text(ran, "grub-reboot");
	assert_false(exists(host, kh_trial_path));
	expect_default(host, OLD);
	kernel_host_boot(host, false);
	expect_running(host, OLD);
	host->failing = NULL;
	apply(host);
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	kernel_host_close(host);
}

static void a_menu_that_cannot_be_pinned_keeps_the_kernel_out(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	host->failing = "update-grub";
	assert_int_equal(kernel_host_apply(host), KH_PROGRAM);
	assert_false(exists(host, "/boot/vmlinuz-" NEW));
	kernel_host_close(host);
}

static void a_choice_that_was_not_written_is_found_out(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	host->idle = "grub-reboot";
	assert_int_equal(kernel_host_apply(host), KH_VERIFY);
	expect_text(host->base.err.message, "grub-reboot");
	kernel_host_close(host);
}

static void where_grub_cannot_take_the_choice_back_somebody_has_to_choose(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	fixture_put(&host->base.fixture, "/proc/self/mountinfo",
		    "21 1 254:0 / / rw - ext4 /dev/mapper/vg-root rw\n");
	fixture_put(&host->base.fixture, "/sys/class/block/dm-0/dev", "254:0\n");
	fixture_put(&host->base.fixture, "/sys/class/block/dm-0/dm/uuid", "LVM-abc\n");
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_no_text(ran, "grub-reboot");
	expect_settled(host);
	expect_text(host->base.text, "warning: [kernel] kernel '" NEW
				     "' is not tried by itself: /boot/grub is on LVM");
	expect_status(host, "kernel.trial", "warn");
	kernel_host_boot(host, false);
	expect_running(host, OLD);
	expect_settled(host);
	kernel_host_run_kernel(host, NEW);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEW);
	kernel_host_close(host);
}

static void a_kernel_of_the_running_ones_name_is_refused(void **state)
{
	(void)state;
	struct kernel_host *host = kernel_host_open(debian, yaml);
	kernel_host_build(host, OLD, "1");
	expect_refusal(host, "the running kernel is called '" OLD "' too");
	kernel_host_close(host);
}

static void a_kernel_that_somebody_else_installed_is_not_replaced(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	fixture_put(&host->base.fixture, "/lib/modules/" NEW "/modules.dep", "theirs");
	expect_refusal(host, "'/lib/modules/" NEW "' is there already, and kvmhost did not install "
			     "it");
	kernel_host_close(host);
}

static void an_unsigned_kernel_is_refused_under_secure_boot(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	fixture_put(&host->base.fixture, secure_boot, "\x06\x01\x01\x01\x01");
	expect_refusal(host, "Secure Boot is on, and kernel '" NEW "' is not signed");
	kernel_host_close(host);
}

static void a_drop_in_that_would_override_the_pin_is_refused(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	fixture_put(&host->base.fixture, "/etc/default/grub.d/zzz.cfg", "# x\nGRUB_DEFAULT=2\n");
	expect_refusal(host, "/etc/default/grub.d/zzz.cfg:2 sets GRUB_DEFAULT after "
			     "'/etc/default/grub.d/zz-kvmhost-default.cfg'");
	kernel_host_close(host);
}

static void a_menu_without_an_entry_of_the_running_kernels_own_is_refused(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	fixture_put(&host->base.fixture, "/boot/grub/grub.cfg",
		    "set default=0\nmenuentry 'Debian' --id gnulinux-simple-u {\n"
		    "\tlinux /boot/vmlinuz-" OLD " ro\n}\n");
	expect_refusal(host, "'/boot/grub/grub.cfg' has no entry of its own for kernel '" OLD "'");
	kernel_host_close(host);
}

static void another_systems_default_is_not_taken_away(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	kh_auto(kh_free) char *cfg = fixture_get(&host->base.fixture, "/boot/grub/grub.cfg");
	kh_auto(kh_free) char *more =
		kh_printf("set default='Windows'\n%s### BEGIN /etc/grub.d/30_os-prober ###\n"
			  "menuentry 'Windows' {\n\tchainloader +1\n}\n",
			  cfg);
	char *at = strstr(more, "set default=\"0\"");
	assert_non_null(at);
	memcpy(at, "set other=  \"0\"", strlen("set default=\"0\""));
	fixture_put(&host->base.fixture, "/boot/grub/grub.cfg", more);
	expect_refusal(host, "the boot menu's default is 'Windows', not a kernel of this system");
	kernel_host_close(host);
}

static void boot_loaders_that_choose_nothing_once_are_refused(void **state)
{
	(void)state;
	static const char *const roots[] = {"centos6-grub-legacy", "centos7-ifcfg-bios"};
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct kernel_host *host = open_built(roots[i]);
		assert_null(kernel_host_plan(host));
		assert_int_equal(host->base.err.code, KH_HOST);
		expect_text(host->base.err.message, "cannot be tried once");
		kernel_host_close(host);
	}
}

/* ---- undo ---- */

static void undo_gives_the_host_back_as_it_was(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	kh_auto(kh_free) char *before = fixture_tree(&host->base.fixture);
	apply(host);
	assert_int_equal(kernel_host_undo(host, 0, false), KH_OK);
	expect_tree(host, before);
	kernel_host_boot(host, false);
	expect_running(host, OLD);
	kernel_host_close(host);
}

static int play_safely(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	for (size_t i = 0; argv[i]; i++)
		if (strcmp(argv[i], "/etc/kernel/postrm.d") == 0)
			expect_default(runner->data, OLD);
	return play(runner, argv, timeout_s, ret_result, err);
}

/* The hooks remove the initramfs before they make the menu. */
static void undo_makes_another_kernel_the_default_before_the_proved_ones_files_go(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEW);
	kernel_host_boot_entry(host, "gnulinux-" OLD "-advanced-u");
	host->runner.run = play_safely;
	assert_int_equal(kernel_host_undo(host, 1, false), KH_OK);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	expect_text(ran, "/etc/kernel/postrm.d");
	expect_default(host, OLD);
	assert_false(exists(host, "/boot/vmlinuz-" NEW));
	kernel_host_close(host);
}

static void undo_is_refused_while_the_kernel_runs_that_would_go(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	assert_int_equal(kernel_host_undo(host, 0, false), KH_HOST);
	assert_string_equal(host->base.err.message,
			    "kernel '" NEW "' runs now, and its files would go");
	assert_true(exists(host, "/lib/modules/" NEW "/modules.dep"));
	assert_int_equal(host->ran.count, 0);
	assert_int_equal(kernel_host_undo(host, 0, true), KH_OK);
	assert_false(exists(host, "/lib/modules/" NEW "/modules.dep"));
	expect_default(host, OLD);
	kernel_host_close(host);
}

static void undo_of_the_confirmation_makes_the_old_kernel_the_default_again(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kernel_host_boot(host, false);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	assert_int_equal(kernel_host_undo(host, 0, false), KH_OK);
	expect_default(host, OLD);
	assert_true(exists(host, "/boot/vmlinuz-" NEW));
	kernel_host_close(host);
}

/* ---- cut off ---- */

/* The power may go as soon as the boot is chosen. */
static void what_ends_the_boot_is_there_before_it_is_chosen(void **state)
{
	(void)state;
	need_root_rights();
	static const char *const roots_of[] = {debian, rocky};
	for (size_t i = 0; i < KH_COUNT(roots_of); i++) {
		struct kernel_host *host = open_built(roots_of[i]);
		assert_non_null(kernel_host_plan(host));
		size_t timer = 0, chosen = 0, record = 0;
		for (size_t c = 0; c < host->base.plan.change_count; c++) {
			const struct kh_change *change = &host->base.plan.changes[c];
			bool is_choice = change->kind == KH_CHANGE_RUN &&
					 kh_str_ends(change->path, "-reboot");
			timer = strstr(change->path, "wants/kvmhost-trial.timer") ? c : timer;
			record = strcmp(change->path, kh_trial_path) == 0 ? c : record;
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

/* What the default is, by itself, and what the next boot is: the new kernel only when all that its
 * boot needs is there. */
static void expect_bootable(struct kernel_host *host)
{
	expect_default(host, OLD);
	kernel_host_boot(host, false);
	kh_auto(kh_free) char *running = kernel_host_running(host);
	if (strcmp(running, OLD) == 0)
		return;
	assert_string_equal(running, NEW);
	assert_true(exists(host, "/boot/initrd.img-" NEW));
	assert_true(exists(host, "/lib/modules/" NEW "/modules.dep"));
	kernel_host_boot(host, false);
	expect_running(host, OLD);
}

/* A sample of the calls: each takes a host of its own. */
static void cut_off_anywhere_the_host_boots_and_the_next_run_goes_on(void **state)
{
	(void)state;
	need_root_rights();
	enum { STEP = 9 };
	bool is_cut = true;
	for (int n = 1; is_cut; n += STEP) {
		struct kernel_host *host = open_built(debian);
		is_cut = cut_run_killed(n, apply_child, host) == 1;
		expect_bootable(host);
		if (kernel_host_state(host) == KH_TRIAL_FAILED)
			kernel_host_note(host, KH_TRIAL_RESULT_RETRY, NULL);
		apply(host);
		expect_settled(host);
		kernel_host_boot(host, false);
		expect_running(host, NEW);
		kernel_host_close(host);
	}
}

/* ---- Boot Loader Specification ---- */

static void with_bls_entries_the_same_holds_though_kernel_install_changes_the_default(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(rocky);
	apply(host);
	kh_auto(kh_free) char *ran = kernel_host_ran(host);
	assert_string_equal(
		ran, "/usr/bin/kernel-install add " NEW " /boot/vmlinuz-" NEW "\n"
		     "/usr/sbin/grub2-set-default f2bab8799802a411076eb19731478698-" EL_OLD "\n"
		     "/usr/sbin/grub2-reboot f2bab8799802a411076eb19731478698-kvmhost-trial");
	expect_default(host, EL_OLD);
	expect_ours_last(host);
	expect_settled(host);
	kh_auto(kh_free) char *entry = fixture_get(
		&host->base.fixture,
		"/boot/loader/entries/f2bab8799802a411076eb19731478698-kvmhost-trial.conf");
	expect_text(entry, "title Rocky Linux (" NEW ") 9.6 (Blue Onyx), on trial by kvmhost\n");
	expect_text(entry, "linux /vmlinuz-" NEW "\n");
	expect_text(entry, "initrd /initramfs-" NEW ".img $tuned_initrd\n");
	expect_text(entry, " rd.shell=0 rd.emergency=reboot kvmhost.trial=kernel\n");
	kernel_host_boot(host, false);
	expect_running(host, NEW);
	expect_settled(host);
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	apply(host);
	expect_default(host, NEW);
	expect_settled(host);
	kernel_host_close(host);
}

static void with_bls_entries_a_kernel_that_crashes_leaves_the_old_one(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(rocky);
	kh_auto(kh_free) char *before = fixture_tree(&host->base.fixture);
	apply(host);
	kernel_host_boot(host, true);
	expect_running(host, EL_OLD);
	apply(host);
	expect_settled(host);
	expect_default(host, EL_OLD);
	assert_int_equal(kernel_host_undo(host, -1, false), KH_OK);
	fixture_remove(&host->base.fixture, "/proc/sys/kernel/random/boot_id");
	fixture_put(&host->base.fixture, "/proc/sys/kernel/random/boot_id", "boot-1\n");
	expect_tree(host, before);
	kernel_host_close(host);
}

static void a_fixed_default_of_bls_entries_is_refused(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(rocky);
	kh_auto(kh_free) char *cfg = fixture_get(&host->base.fixture, "/boot/grub2/grub.cfg");
	char *at = strstr(cfg, "set default=\"${saved_entry}\"");
	assert_non_null(at);
	memset(at, ' ', strlen("set default=\"${saved_entry}\""));
	memcpy(at, "set default=\"0\"", strlen("set default=\"0\""));
	fixture_put(&host->base.fixture, "/boot/grub2/grub.cfg", cfg);
	expect_refusal(host, "'/boot/grub2/grub.cfg' has a fixed default '0'");
	kernel_host_close(host);
}

/* ---- elsewhere ---- */

static void below_another_root_the_files_are_installed_and_the_rest_is_said(void **state)
{
	(void)state;
	static const char *const roots[] = {"debian12-ifupdown", "rocky9-bls-nm",
					    "image-without-proc", "no-bootloader"};
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct stage_host *base;
		struct kernel_host *host = open_built(roots[i]);
		base = &host->base;
		const char *text = stage_host_plan(base, &kh_stage_kernel);
		if (!text)
			fail_msg("%s: %s", roots[i], base->err.message);
		expect_text(text, "left to do");
		expect_no_text(text, "trial.json");
		kh_auto(kh_strv_done) struct kh_strv chosen = {0};
		kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
		kh_strv_add(&chosen, "kernel");
		struct kh_engine engine = {.root = &base->fixture.root,
					   .config = &base->config,
					   .runner = &host->runner,
					   .chosen = &chosen,
					   .command = "apply kernel",
					   .skips_making = true};
		if (kh_engine_apply(&engine, &outcome, &base->err) != 0)
			fail_msg("%s: %s", roots[i], base->err.message);
		assert_true(exists(host, "/boot/vmlinuz-" NEW));
		assert_int_equal(host->ran.count, 0);
		assert_false(exists(host, kh_trial_path));
		kernel_host_close(host);
	}
}

static void the_report_tells_the_story(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = kernel_host_open(debian, yaml);
	expect_status(host, "kernel.chosen", "warn");
	expect_status(host, "kernel.trial", "none");
	kernel_host_build(host, NEW, "1");
	expect_status(host, "kernel.chosen", "fail");
	apply(host);
	expect_status(host, "kernel.chosen", "warn");
	expect_status(host, "kernel.trial", "warn");
	expect_status(host, "kernel.default", "pass");
	expect_status(host, "kernel.files", "pass");
	kernel_host_boot(host, true);
	expect_status(host, "kernel.trial", "fail");
	const struct kh_check *check = kh_report_find(&host->base.report, "kernel.trial");
	expect_text(check->found, "the boot came back with kernel '" OLD "'");
	expect_status(host, "kernel.chosen", "fail");
	kernel_host_note(host, KH_TRIAL_RESULT_RETRY, NULL);
	apply(host);
	kernel_host_boot(host, false);
	expect_status(host, "kernel.trial", "warn");
	expect_status(host, "kernel.chosen", "pass");
	kernel_host_note(host, KH_TRIAL_RESULT_PROVED, "good");
	expect_status(host, "kernel.default", "fail"); /* until it is applied */
	apply(host);
	expect_status(host, "kernel.default", "pass");
	expect_status(host, "kernel.trial", "pass");
	kernel_host_close(host);
}

static void an_exact_version_that_was_not_built_is_a_failure(void **state)
{
	(void)state;
	struct kernel_host *host = kernel_host_open(debian, "kernel: {version: 6.12.104}\n");
	expect_status(host, "kernel.chosen", "fail");
	kernel_host_close(host);
	host = kernel_host_open(debian, "kernel: {version: none}\n");
	expect_status(host, "kernel.chosen", "skip");
	kernel_host_close(host);
}

/* ---- the names of network cards ---- */

#define LINKS "/sys/class/net/"
static const char pin_link[] = "/etc/systemd/network/98-kvmhost-enp1s0.link";

static bool is_pinned(struct kernel_host *host)
{
	expect_text(kernel_host_plan(host), "install kernel-" NEW);
	return kh_plan_has(&host->base.plan, pin_link);
}

static void a_network_card_keeps_its_name_under_another_kernel(void **state)
{
	(void)state;
	need_root_rights();
	struct kernel_host *host = open_built(debian);
	apply(host);
	kh_auto(kh_free) char *text = fixture_get(&host->base.fixture, pin_link);
	expect_text(text, "\n[Match]\nMACAddress=");
	expect_text(text, "\nType=ether\n\n[Link]\nName=enp1s0\n");
	expect_settled(host);
	kernel_host_boot(host, false);
	fixture_put(&host->base.fixture, LINKS "enp1s0/addr_assign_type", "3\n");
	expect_settled(host);
	assert_int_equal(kernel_host_undo(host, 1, true), KH_OK);
	assert_false(kh_root_exists(&host->base.fixture.root, pin_link));
	kernel_host_close(host);
}

static void an_address_that_is_not_the_cards_own_pins_nothing(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	kh_auto(kh_free) char *mac = kh_root_line(&host->base.fixture.root, LINKS "enp1s0/address");
	assert_true(is_pinned(host));
	fixture_put(&host->base.fixture, LINKS "enp1s0/addr_assign_type", "3\n");
	assert_false(is_pinned(host));
	/* in a bond it has the bond's, and the bonding driver knows its own */
	kh_auto(kh_free) char *own = kh_printf("%s\n", mac);
	fixture_put(&host->base.fixture, LINKS "enp1s0/address", "02:00:00:00:00:09\n");
	fixture_put(&host->base.fixture, LINKS "enp1s0/bonding_slave/perm_hwaddr", own);
	assert_true(is_pinned(host));
	kh_auto(kh_free) char *match = kh_printf("MACAddress=%s", mac);
	expect_text(host->base.text, match);
	/* the other function of a card that is shared: a virtual one */
	fixture_put(&host->base.fixture, LINKS "enp1s0/device/physfn/vendor", "x");
	assert_false(is_pinned(host));
	kernel_host_close(host);
}

static void two_cards_with_one_address_are_not_pinned(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	kh_auto(kh_free) char *mac = kh_root_line(&host->base.fixture.root, LINKS "enp1s0/address");
	fixture_put(&host->base.fixture, LINKS "enp2s0/address", "02:00:00:00:00:01\n");
	fixture_put(&host->base.fixture, LINKS "enp2s0/addr_assign_type", "0\n");
	fixture_put(&host->base.fixture, LINKS "enp2s0/type", "1\n");
	fixture_put(&host->base.fixture, LINKS "enp2s0/device/vendor", "0x8086\n");
	assert_true(is_pinned(host));
	fixture_put(&host->base.fixture, LINKS "enp2s0/address", mac);
	assert_false(is_pinned(host));
	kernel_host_close(host);
}

static void who_named_the_card_already_is_left_alone(void **state)
{
	(void)state;
	static const char *const paths[] = {"/etc/udev/rules.d/70-persistent-net.rules",
					    "/etc/systemd/network/10-mine.link",
					    "/run/systemd/network/10-netplan-a.link"};
	for (size_t i = 0; i < KH_COUNT(paths); i++) {
		struct kernel_host *host = open_built(debian);
		kh_auto(kh_free) char *mac =
			kh_root_line(&host->base.fixture.root, LINKS "enp1s0/address");
		for (char *c = mac; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		fixture_put(&host->base.fixture, paths[i], mac);
		assert_false(is_pinned(host));
		kernel_host_close(host);
	}
}

static void names_that_the_kernel_gives_itself_are_not_pinned(void **state)
{
	(void)state;
	struct kernel_host *host = open_built(debian);
	host->base.fixture.root.is_live = true;
	struct kh_facts_net *net = &host->base.facts.net;
	const char *names[] = {"eth0", "lan0"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		for (size_t l = 0; l < net->link_count; l++)
			if (net->links[l].kind == KH_LINK_PHYSICAL) {
				kh_free(&net->links[l].name);
				net->links[l].name = kh_strdup(names[i]);
			}
		fixture_put(&host->base.fixture, LINKS "lan0/addr_assign_type", "0\n");
		fixture_put(&host->base.fixture, LINKS "eth0/addr_assign_type", "0\n");
		assert_non_null(stage_host_plan(&host->base, &kh_stage_kernel));
		assert_int_equal(
			kh_plan_has(&host->base.plan, "/etc/systemd/network/98-kvmhost-lan0.link"),
			i == 1);
		assert_false(
			kh_plan_has(&host->base.plan, "/etc/systemd/network/98-kvmhost-eth0.link"));
	}
	host->base.fixture.root.is_live = false;
	kernel_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_kernel_is_pinned_first_and_the_new_one_chosen_once_last),
		cmocka_unit_test(without_the_pin_the_newest_kernel_would_be_the_default),
		cmocka_unit_test(a_kernel_that_proved_itself_becomes_the_default),
		cmocka_unit_test(an_unproved_kernel_is_booted_once_only),
		cmocka_unit_test(a_kernel_that_failed_is_not_tried_again_until_somebody_says_so),
		cmocka_unit_test(a_build_that_failed_does_not_keep_the_next_build_from_its_trial),
		cmocka_unit_test(arguments_that_are_not_wanted_any_more_leave_the_trials_entry),
		cmocka_unit_test(arguments_with_blanks_in_quotes_settle),
		cmocka_unit_test(
			arguments_that_every_entry_has_from_earlier_are_not_tried_when_unwanted),
		cmocka_unit_test(arguments_that_the_host_has_of_its_own_stay_in_the_trials_entry),
		cmocka_unit_test(the_next_kernel_falls_back_on_the_last_one_that_was_proved),
		cmocka_unit_test(the_kernel_that_runs_needs_no_trial_boot_only_the_proof),
		cmocka_unit_test(
			a_kernel_that_was_booted_without_a_record_is_nothing_to_fall_back_on),
		cmocka_unit_test(nor_is_it_when_another_one_is_wanted_by_then),
		cmocka_unit_test(when_the_store_is_empty_the_trial_goes_on),
		cmocka_unit_test(an_operators_saved_default_is_pinned_too),
		cmocka_unit_test(hooks_that_fail_stop_the_work_before_the_kernel_is_chosen),
		cmocka_unit_test(a_menu_that_cannot_be_pinned_keeps_the_kernel_out),
		cmocka_unit_test(a_choice_that_was_not_written_is_found_out),
		cmocka_unit_test(where_grub_cannot_take_the_choice_back_somebody_has_to_choose),
		cmocka_unit_test(a_kernel_of_the_running_ones_name_is_refused),
		cmocka_unit_test(a_kernel_that_somebody_else_installed_is_not_replaced),
		cmocka_unit_test(an_unsigned_kernel_is_refused_under_secure_boot),
		cmocka_unit_test(a_drop_in_that_would_override_the_pin_is_refused),
		cmocka_unit_test(a_menu_without_an_entry_of_the_running_kernels_own_is_refused),
		cmocka_unit_test(another_systems_default_is_not_taken_away),
		cmocka_unit_test(boot_loaders_that_choose_nothing_once_are_refused),
		cmocka_unit_test(undo_gives_the_host_back_as_it_was),
		cmocka_unit_test(
			undo_makes_another_kernel_the_default_before_the_proved_ones_files_go),
		cmocka_unit_test(undo_is_refused_while_the_kernel_runs_that_would_go),
		cmocka_unit_test(undo_of_the_confirmation_makes_the_old_kernel_the_default_again),
		cmocka_unit_test(what_ends_the_boot_is_there_before_it_is_chosen),
		cmocka_unit_test(cut_off_anywhere_the_host_boots_and_the_next_run_goes_on),
		cmocka_unit_test(
			with_bls_entries_the_same_holds_though_kernel_install_changes_the_default),
		cmocka_unit_test(with_bls_entries_a_kernel_that_crashes_leaves_the_old_one),
		cmocka_unit_test(a_fixed_default_of_bls_entries_is_refused),
		cmocka_unit_test(below_another_root_the_files_are_installed_and_the_rest_is_said),
		cmocka_unit_test(the_report_tells_the_story),
		cmocka_unit_test(an_exact_version_that_was_not_built_is_a_failure),
		cmocka_unit_test(a_network_card_keeps_its_name_under_another_kernel),
		cmocka_unit_test(an_address_that_is_not_the_cards_own_pins_nothing),
		cmocka_unit_test(who_named_the_card_already_is_left_alone),
		cmocka_unit_test(names_that_the_kernel_gives_itself_are_not_pinned),
		cmocka_unit_test(two_cards_with_one_address_are_not_pinned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
