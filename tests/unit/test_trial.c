/* test_trial.c - a kernel on trial: the record, the finding, what GRUB can write, the entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "grub/environment.h"
#include "grub/grub_cfg.h"
#include "grub/trial.h"
#include "grub/trial_entry.h"
#include "net/proof.h"
#include "stages/kernel.h"
#include "tests/lib/fixture.h"

#define OLD "6.1.0-56-amd64"
#define NEW "6.12.104-kvmhost"
/* What the entry of a kernel's trial has beside panic=30. */
#define ONE_BOOT                                                                                   \
	"softlockup_panic=1 hung_task_panic=1 nmi_watchdog=panic systemd.watchdog_sec=60 "         \
	"rd.shell=0 rd.emergency=reboot kvmhost.trial=kernel"

/* ---- the record and what came of it ---- */

static struct {
	struct fixture fixture;
	struct kh_facts facts;
	struct kh_trial trial;
} host;

static int open_host(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	fixture_open_empty(&host.fixture);
	fixture_put(&host.fixture, "/var/lib/kvmhost/keep", "");
	return 0;
}

static int close_host(void **state)
{
	(void)state;
	kh_trial_done(&host.trial);
	fixture_close(&host.fixture);
	return 0;
}

static enum kh_trial_state state_in(const char *boot, const char *release)
{
	kh_auto(kh_free) char *boot_id = kh_strdup(boot);
	kh_auto(kh_free) char *running = kh_strdup(release);
	host.facts.os.boot_id = boot_id;
	host.facts.os.kernel_release = running;
	kh_trial_done(&host.trial);
	kh_trial_read(&host.fixture.root, &host.facts, &host.trial);
	host.facts.os = (struct kh_facts_os){0};
	return host.trial.state;
}

static void arm(const char *boot, long long attempt, bool is_offered)
{
	char release[] = NEW, key[] = "k1", pinned[] = OLD;
	kh_auto(kh_free) char *boot_id = kh_strdup(boot);
	struct kh_trial record = {.release = release,
				  .key = key,
				  .pinned = pinned,
				  .boot_id = boot_id,
				  .attempt = attempt,
				  .is_offered = is_offered,
				  .had_route = true};
	kh_auto(kh_free) char *text = kh_trial_text(&record);
	fixture_put(&host.fixture, kh_trial_path, text);
}

static void note(enum kh_trial_result result, const char *reason)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_trial_note(&host.fixture.root, &host.trial, result, reason, &err), 0);
}

static void without_a_record_there_is_no_trial(void **state)
{
	(void)state;
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_NONE);
	assert_int_equal(host.trial.next_attempt, 1);
	fixture_put(&host.fixture, kh_trial_path, "{\"state\": ");
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_NONE);
	fixture_put(&host.fixture, kh_trial_path, "[]\n");
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_NONE);
}

static void the_record_is_read_back_as_it_was_written(void **state)
{
	(void)state;
	arm("b1", 3, false);
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_ARMED);
	assert_string_equal(host.trial.release, NEW);
	assert_string_equal(host.trial.key, "k1");
	assert_string_equal(host.trial.pinned, OLD);
	assert_string_equal(host.trial.boot_id, "b1");
	assert_int_equal(host.trial.attempt, 3);
	assert_true(host.trial.had_route);
}

static void the_next_boot_shows_what_became_of_an_armed_trial(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_ARMED);
	assert_int_equal(state_in("b2", NEW), KH_TRIAL_BOOTED);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_FAILED);
	assert_non_null(strstr(host.trial.reason, OLD));
	assert_false(host.trial.has_finding);
}

static void an_offered_kernel_waits_through_any_number_of_boots(void **state)
{
	(void)state;
	arm("b1", 1, true);
	assert_int_equal(state_in("b1", OLD), KH_TRIAL_OFFERED);
	assert_int_equal(state_in("b9", OLD), KH_TRIAL_OFFERED);
	assert_int_equal(state_in("b9", NEW), KH_TRIAL_BOOTED);
}

static void a_proved_kernel_stays_proved_whatever_runs(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b2", NEW), KH_TRIAL_BOOTED);
	note(KH_TRIAL_RESULT_PROVED, "good");
	assert_int_equal(state_in("b2", NEW), KH_TRIAL_PROVED);
	assert_int_equal(state_in("b3", OLD), KH_TRIAL_PROVED);
	assert_string_equal(host.trial.reason, "good");
}

static void a_failed_kernel_that_is_booted_by_hand_can_still_prove_itself(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b2", NEW), KH_TRIAL_BOOTED);
	note(KH_TRIAL_RESULT_FAILED, "no /dev/kvm");
	assert_int_equal(state_in("b3", OLD), KH_TRIAL_FAILED);
	assert_string_equal(host.trial.reason, "no /dev/kvm");
	assert_true(host.trial.has_finding);
	assert_int_equal(state_in("b4", NEW), KH_TRIAL_BOOTED);
}

static void a_retry_makes_the_trial_new_until_it_is_armed_again(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_FAILED);
	note(KH_TRIAL_RESULT_RETRY, host.trial.reason);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_NONE);
	assert_int_equal(host.trial.next_attempt, 2);
	arm("b2", 2, false);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_ARMED);
	assert_int_equal(state_in("b3", NEW), KH_TRIAL_BOOTED);
	assert_int_equal(state_in("b3", OLD), KH_TRIAL_FAILED);
}

static void a_failure_is_remembered_when_the_record_was_undone(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_FAILED);
	note(KH_TRIAL_RESULT_FAILED, host.trial.reason);
	fixture_remove(&host.fixture, kh_trial_path);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_FAILED);
	assert_string_equal(host.trial.key, "k1");
	note(KH_TRIAL_RESULT_RETRY, NULL);
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_NONE);
	assert_int_equal(host.trial.next_attempt, 2);
}

static void a_kernel_that_passed_is_tried_anew_when_its_record_was_undone(void **state)
{
	(void)state;
	arm("b1", 1, false);
	assert_int_equal(state_in("b2", NEW), KH_TRIAL_BOOTED);
	note(KH_TRIAL_RESULT_PROVED, "good");
	fixture_remove(&host.fixture, kh_trial_path);
	assert_int_equal(state_in("b3", OLD), KH_TRIAL_NONE);
	arm("b3", host.trial.next_attempt, false);
	assert_int_equal(state_in("b3", OLD), KH_TRIAL_ARMED);
}

static void only_all_of_the_arguments_make_it_the_one_boot(void **state)
{
	(void)state;
	char whole[] = "root=/dev/sda1 panic=30 softlockup_panic=1 hung_task_panic=1 "
		       "nmi_watchdog=panic systemd.watchdog_sec=60 rd.shell=0 rd.emergency=reboot "
		       "quiet";
	char part[] = "root=/dev/sda1 panic=30 quiet";
	host.facts.boot.cmdline = whole;
	assert_true(kh_trial_is_one_shot(&host.facts));
	host.facts.boot.cmdline = part;
	assert_false(kh_trial_is_one_shot(&host.facts));
	host.facts.boot.cmdline = NULL;
	assert_false(kh_trial_is_one_shot(&host.facts));
}

/* ---- the environment block ---- */

static void mount_boot(const char *line)
{
	kh_auto(kh_free) char *text = kh_printf(
		"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n%s\n", line ? line : "");
	fixture_put(&host.fixture, "/proc/self/mountinfo", text);
	fixture_put(&host.fixture, "/boot/grub/grubenv", "# GRUB Environment Block\n");
	fixture_put(&host.fixture, "/sys/class/block/sda1/dev", "8:1\n");
}

static void put_mapped(const char *uuid)
{
	fixture_put(&host.fixture, "/sys/class/block/dm-0/dev", "254:0\n");
	fixture_put(&host.fixture, "/sys/class/block/dm-0/dm/uuid", uuid);
}

static void expect_obstacle(const char *wanted)
{
	kh_auto(kh_free) char *found = kh_environment_obstacle(&host.fixture.root);
	assert_string_equal(found ? found : "none", wanted);
}

static void a_plain_partition_is_no_obstacle(void **state)
{
	(void)state;
	mount_boot(NULL);
	expect_obstacle("none");
}

static void what_grub_cannot_write_to_is_an_obstacle(void **state)
{
	(void)state;
	static const struct {
		const char *uuid, *wanted;
	} rows[] = {
		{"LVM-abc\n", "/boot/grub is on LVM"},
		{"CRYPT-LUKS2-abc\n", "/boot/grub is on an encrypted device"},
		{"DMRAID-x\n", "/boot/grub is on RAID"},
		{"part1-mpath-3600\n", "none"},
		{"other\n", "/boot/grub is on a device-mapper device"},
	};
	mount_boot("22 21 254:0 / /boot rw - ext4 /dev/mapper/vg-boot rw");
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		put_mapped(rows[i].uuid);
		expect_obstacle(rows[i].wanted);
	}
	fixture_put(&host.fixture, "/sys/class/block/md0/dev", "9:0\n");
	mount_boot("22 21 9:0 / /boot rw - ext4 /dev/md0 rw");
	expect_obstacle("/boot/grub is on RAID");
}

static void the_file_system_decides_too_and_the_innermost_mount_counts(void **state)
{
	(void)state;
	mount_boot(
		"22 21 0:30 /@boot /boot rw shared:2 master:1 - btrfs /dev/sda2 rw,subvol=/@boot");
	expect_obstacle("/boot/grub is on btrfs");
	mount_boot("22 21 0:30 / /bootstrap rw - btrfs /dev/sda2 rw");
	expect_obstacle("none");
	mount_boot("22 21 0:31 / /boot rw - zfs bpool/BOOT rw\n"
		   "23 22 8:1 / /boot/grub rw - vfat /dev/sda1 rw");
	expect_obstacle("none");
}

static void the_block_counts_where_a_link_leads(void **state)
{
	(void)state;
	mount_boot("22 21 254:0 / /boot rw - xfs /dev/mapper/rl-boot rw\n"
		   "23 22 8:1 / /boot/efi rw - vfat /dev/sda1 rw");
	put_mapped("LVM-abc\n");
	fixture_put(&host.fixture, "/boot/efi/EFI/rocky/grubenv", "# GRUB Environment Block\n");
	fixture_link(&host.fixture, "/boot/grub2/grubenv", "../efi/EFI/rocky/grubenv");
	expect_obstacle("none");
}

static void what_is_not_known_is_an_obstacle(void **state)
{
	(void)state;
	expect_obstacle("what /boot/grub is on is not known");
	mount_boot("22 21 7:7 / /boot rw - ext4 /dev/loop7 rw");
	expect_obstacle("the device /boot/grub is on is not known");
}

static void a_menu_that_ignores_the_choice_is_an_obstacle(void **state)
{
	(void)state;
	char cfg[] = "/boot/grub/grub.cfg";
	mount_boot(NULL);
	host.facts.boot.grub_cfg = cfg;
	fixture_put(&host.fixture, cfg, "set default=0\n");
	kh_auto(kh_free) char *found = kh_trial_obstacle(&host.fixture.root, &host.facts);
	assert_string_equal(found, "/boot/grub/grub.cfg does not look at a one-time choice "
				   "(next_entry)");
	fixture_put(&host.fixture, cfg, "if [ \"${next_entry}\" ] ; then\nfi\n");
	kh_auto(kh_free) char *none = kh_trial_obstacle(&host.fixture.root, &host.facts);
	assert_null(none);
}

/* ---- the entry ---- */

static void the_entry_of_the_trial_is_the_old_one_with_the_other_release(void **state)
{
	(void)state;
	struct fixture debian;
	struct kh_boot_entries entries, own;
	fixture_open(&debian, "debian12-ifupdown");
	kh_auto(kh_free) char *cfg = fixture_get(&debian, "/boot/grub/grub.cfg");
	kh_grub_cfg_parse(cfg, "/boot/grub/grub.cfg", NULL, &entries);
	const struct kh_boot_entry *source = kh_trial_entry_lasting(&entries, OLD);
	assert_non_null(source);
	assert_string_equal(source->path,
			    "gnulinux-advanced-46c61019-67c7-1a97-20f7-3e98b29e167d>"
			    "gnulinux-" OLD "-advanced-46c61019-67c7-1a97-20f7-3e98b29e167d");
	kh_auto(kh_free) char *arguments = kh_trial_entry_arguments(source->arguments, NULL);
	kh_auto(kh_free) char *text = kh_trial_entry_grub(cfg, source, KH_TRIAL_ID, NEW, arguments);
	kh_grub_cfg_parse(text, "script", NULL, &own);
	const struct kh_boot_entry *trial = kh_trial_entry_find(&own);
	assert_non_null(trial);
	assert_string_equal(trial->id, KH_TRIAL_ID);
	assert_string_equal(trial->title,
			    "Debian GNU/Linux, with Linux " NEW ", on trial by kvmhost");
	assert_string_equal(trial->kernel, "/boot/vmlinuz-" NEW);
	assert_string_equal(
		trial->arguments,
		"root=UUID=46c61019-67c7-1a97-20f7-3e98b29e167d ro  quiet panic=30 " ONE_BOOT);
	assert_int_equal(trial->kind, KH_ENTRY_OTHER);
	assert_non_null(strstr(text, "initrd\t/boot/initrd.img-" NEW "\n"));
	assert_non_null(strstr(text, "echo\t'Loading Linux " NEW " ...'\n"));
	assert_null(strstr(text, OLD));
	kh_boot_entries_done(&own);
	kh_boot_entries_done(&entries);
	fixture_close(&debian);
}

static void the_first_entry_does_not_last_for_it_boots_whatever_is_newest(void **state)
{
	(void)state;
	static const char cfg[] = "menuentry 'Debian' $menuentry_id_option 'gnulinux-simple-u' {\n"
				  "\tlinux /boot/vmlinuz-" OLD " ro\n}\n";
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(cfg, "grub.cfg", NULL, &entries);
	assert_non_null(kh_boot_entries_of_release(&entries, OLD));
	assert_null(kh_trial_entry_lasting(&entries, OLD));
	kh_boot_entries_done(&entries);
}

static void arguments_of_the_one_boot_replace_their_like(void **state)
{
	(void)state;
	kh_auto(kh_free) char *merged = kh_trial_entry_arguments("ro panic=0 quiet", NULL);
	assert_string_equal(merged, "ro panic=30 quiet " ONE_BOOT);
	kh_auto(kh_free) char *again = kh_trial_entry_arguments(merged, NULL);
	assert_string_equal(again, merged);
}

/* ---- the proof ---- */

static const char *answering;

static bool answers(struct kh_guard_world *world, const char *link, const char *address)
{
	(void)world;
	kh_auto(kh_free) char *both = kh_printf("%s %s", link, address);
	return answering && strcmp(answering, both) == 0;
}

static void the_network_is_there_when_the_gateway_answers(void **state)
{
	(void)state;
	struct kh_guard_world world = {.answers = answers};
	char eth[] = "eth0", gateway[] = "192.0.2.1", address[] = "192.0.2.10/24";
	char *addresses[] = {address};
	struct kh_facts_link links[] = {{.name = eth, .is_up = true}};
	struct kh_facts_net net = {.links = links, .link_count = 1};
	static const struct {
		bool has_route, has_address, is_up;
		const char *bridge, *answering, *wanted;
	} rows[] = {
		{true, true, true, NULL, "eth0 192.0.2.1", "none"},
		{true, true, true, NULL, NULL, "no ARP answer from gateway 192.0.2.1 on eth0"},
		{true, false, true, NULL, "eth0 192.0.2.1", "no address on eth0"},
		{true, true, false, NULL, "eth0 192.0.2.1", "eth0 is not up"},
		{false, true, true, NULL, "eth0 192.0.2.1", "no default route"},
		{true, true, true, "br0", "eth0 192.0.2.1", "no link br0"},
	};
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		links[0].is_up = rows[i].is_up;
		links[0].addresses = (struct kh_strv){addresses, rows[i].has_address ? 1 : 0};
		net.default_link = rows[i].has_route ? eth : NULL;
		net.gateway4 = rows[i].has_route ? gateway : NULL;
		answering = rows[i].answering;
		kh_auto(kh_free) char *missing =
			kh_proof_missing(&world, &net, rows[i].bridge, true);
		assert_string_equal(missing ? missing : "none", rows[i].wanted);
	}
	kh_auto(kh_free) char *unasked = kh_proof_missing(&world, &net, NULL, false);
	assert_null(unasked);
}

static void a_kernel_answers_for_kvm_and_for_settings_that_were_applied(void **state)
{
	(void)state;
	struct kh_report report = {0};
	struct kh_check_text text = {.expected = "x", .found = "y", .why = "z"};
	struct kh_setting unapplied = {.id = "sysctl.vm.swappiness",
				       .wanted = "10",
				       .effective = "60",
				       .why = "w",
				       .fix = "f"};
	kh_report_add(&report, "libvirt.daemon", KH_FAIL, &text);
	kh_report_add(&report, "kernel.trial", KH_FAIL, &text);
	kh_report_add(&report, "kvm.device", KH_WARN, &text);
	kh_report_setting(&report, &unapplied);
	kh_auto(kh_free) char *none = kh_kernel_find_failure(&report);
	assert_null(none);
	struct kh_setting applied = {.id = "ksm.run",
				     .wanted = "1",
				     .effective = "0",
				     .persisted = "1",
				     .why = "w",
				     .fix = "f"};
	kh_report_setting(&report, &applied);
	kh_auto(kh_free) char *setting = kh_kernel_find_failure(&report);
	assert_string_equal(setting, "check 'ksm.run' fails: 0");
	kh_report_done(&report);
	report = (struct kh_report){0};
	kh_report_add(&report, "kvm.device", KH_FAIL, &text);
	kh_auto(kh_free) char *device = kh_kernel_find_failure(&report);
	assert_string_equal(device, "check 'kvm.device' fails: y");
	kh_report_done(&report);
}

/* The power went after the kernel was chosen, and before the sysctls were written. */
static void a_kernel_does_not_answer_for_what_the_host_had_before(void **state)
{
	(void)state;
	struct kh_report report = {0};
	struct kh_setting before = {.id = "sysctl.vm.swappiness",
				    .wanted = "10",
				    .effective = "100",
				    .persisted = "100",
				    .where = "/etc/sysctl.conf:1",
				    .why = "w",
				    .fix = "f"};
	kh_report_setting(&report, &before);
	kh_auto(kh_free) char *none = kh_kernel_find_failure(&report);
	assert_null(none);
	before.persisted = "10";
	kh_report_setting(&report, &before);
	kh_auto(kh_free) char *fault = kh_kernel_find_failure(&report);
	assert_string_equal(fault, "check 'sysctl.vm.swappiness' fails: 100");
	kh_report_done(&report);
}

static void expect_failure_of_arguments(const char *id, bool had_kvm, const char *wanted)
{
	struct kh_report report = {0};
	struct kh_check_text text = {.expected = "x", .found = "y", .why = "z"};
	kh_report_add(&report, id, KH_FAIL, &text);
	kh_auto(kh_free) char *found = kh_kernel_find_failure_of_arguments(&report, had_kvm);
	assert_string_equal(found ? found : "none", wanted);
	kh_report_done(&report);
}

static void arguments_answer_for_what_they_decide_on(void **state)
{
	(void)state;
	expect_failure_of_arguments("hugepages.2M", false, "check 'hugepages.2M' fails: y");
	expect_failure_of_arguments("kvm.device", true, "check 'kvm.device' fails: y");
	expect_failure_of_arguments("kvm.device", false, "none");    /* nor was it there before */
	expect_failure_of_arguments("modules.virtio", true, "none"); /* a kernel without it */
	expect_failure_of_arguments("cpu.vmx", true, "none");
	expect_failure_of_arguments("kernel.config.KVM", true, "none");
	struct kh_report report = {0};
	struct kh_setting listed = {.id = "modules.virtio",
				    .wanted = "loaded",
				    .effective = "not loaded",
				    .persisted = "loaded",
				    .why = "w",
				    .fix = "f"};
	kh_report_setting(&report, &listed);
	kh_auto(kh_free) char *found = kh_kernel_find_failure_of_arguments(&report, true);
	assert_string_equal(found, "check 'modules.virtio' fails: not loaded");
	kh_report_done(&report);
}

/* ---- trials of arguments ---- */

static enum kh_trial_state arguments_in(const char *boot, const char *cmdline)
{
	kh_auto(kh_free) char *boot_id = kh_strdup(boot);
	kh_auto(kh_free) char *line = kh_strdup(cmdline);
	host.facts.os.boot_id = boot_id;
	host.facts.boot.cmdline = line;
	kh_trial_done(&host.trial);
	kh_trial_read_arguments(&host.fixture.root, &host.facts, &host.trial);
	host.facts.os = (struct kh_facts_os){0};
	host.facts.boot.cmdline = NULL;
	return host.trial.state;
}

static void arm_arguments(const char *boot, long long attempt, bool is_joined)
{
	char release[] = OLD, key[] = "0123456789abcdef", words[] = "a=1 b";
	kh_auto(kh_free) char *boot_id = kh_strdup(boot);
	struct kh_trial record = {.is_arguments = true,
				  .is_joined = is_joined,
				  .release = release,
				  .key = key,
				  .pinned = release,
				  .boot_id = boot_id,
				  .arguments = words,
				  .attempt = attempt,
				  .had_kvm = true};
	kh_auto(kh_free) char *text = kh_trial_text(&record);
	fixture_put(&host.fixture, kh_trial_arguments_path, text);
}

static void a_boot_of_arguments_is_known_by_its_mark_and_not_by_the_kernel(void **state)
{
	(void)state;
	arm_arguments("b1", 1, false);
	assert_int_equal(arguments_in("b1", "ro"), KH_TRIAL_ARMED);
	assert_string_equal(host.trial.arguments, "a=1 b");
	assert_true(host.trial.had_kvm);
	assert_false(host.trial.had_libvirt);
	assert_int_equal(arguments_in("b2", "ro kvmhost.trial=0123456789ab.1 x"), KH_TRIAL_BOOTED);
	assert_int_equal(arguments_in("b2", "ro kvmhost.trial=0123456789ab.2"), KH_TRIAL_FAILED);
	assert_int_equal(arguments_in("b2", "ro a=1 b"), KH_TRIAL_FAILED);
	assert_non_null(strstr(host.trial.reason, "came back without them"));
	note(KH_TRIAL_RESULT_FAILED, "no");
	assert_int_equal(state_in("b2", OLD), KH_TRIAL_NONE); /* a kernel's is another */
	assert_int_equal(arguments_in("b3", "ro"), KH_TRIAL_FAILED);
	assert_non_null(host.trial.time);
	kh_auto(kh_free) char *name = kh_trial_name(&host.trial);
	assert_string_equal(name, "the new kernel arguments");
}

static void arguments_that_a_kernel_takes_along_have_no_state_of_their_own(void **state)
{
	(void)state;
	arm_arguments("b1", 0, true);
	assert_int_equal(arguments_in("b1", "ro"), KH_TRIAL_NONE);
	assert_true(host.trial.is_joined);
	assert_int_equal(arguments_in("b2", "ro"), KH_TRIAL_NONE);
}

#define ON_HOST(test) cmocka_unit_test_setup_teardown(test, open_host, close_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HOST(without_a_record_there_is_no_trial),
		ON_HOST(the_record_is_read_back_as_it_was_written),
		ON_HOST(the_next_boot_shows_what_became_of_an_armed_trial),
		ON_HOST(an_offered_kernel_waits_through_any_number_of_boots),
		ON_HOST(a_proved_kernel_stays_proved_whatever_runs),
		ON_HOST(a_failed_kernel_that_is_booted_by_hand_can_still_prove_itself),
		ON_HOST(a_retry_makes_the_trial_new_until_it_is_armed_again),
		ON_HOST(a_failure_is_remembered_when_the_record_was_undone),
		ON_HOST(a_kernel_that_passed_is_tried_anew_when_its_record_was_undone),
		ON_HOST(only_all_of_the_arguments_make_it_the_one_boot),
		ON_HOST(a_plain_partition_is_no_obstacle),
		ON_HOST(what_grub_cannot_write_to_is_an_obstacle),
		ON_HOST(the_file_system_decides_too_and_the_innermost_mount_counts),
		ON_HOST(the_block_counts_where_a_link_leads),
		ON_HOST(what_is_not_known_is_an_obstacle),
		ON_HOST(a_menu_that_ignores_the_choice_is_an_obstacle),
		cmocka_unit_test(the_entry_of_the_trial_is_the_old_one_with_the_other_release),
		cmocka_unit_test(the_first_entry_does_not_last_for_it_boots_whatever_is_newest),
		cmocka_unit_test(arguments_of_the_one_boot_replace_their_like),
		cmocka_unit_test(the_network_is_there_when_the_gateway_answers),
		cmocka_unit_test(a_kernel_answers_for_kvm_and_for_settings_that_were_applied),
		cmocka_unit_test(a_kernel_does_not_answer_for_what_the_host_had_before),
		cmocka_unit_test(arguments_answer_for_what_they_decide_on),
		ON_HOST(a_boot_of_arguments_is_known_by_its_mark_and_not_by_the_kernel),
		ON_HOST(arguments_that_a_kernel_takes_along_have_no_state_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
