/* The stage `io`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/ethtool.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char *const rules_path = "/etc/udev/rules.d/60-kvmhost-io.rules";

/* A host with one disk of each kind. */
static void open_disks(struct stage_host *host, const char *yaml)
{
	stage_host_open(host, NULL, yaml);
	fixture_put(&host->fixture, "/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	fixture_put(&host->fixture, "/sys/block/sda/queue/rotational", "1\n");
	fixture_put(&host->fixture, "/sys/block/sda/queue/scheduler", "none [bfq] mq-deadline\n");
	fixture_put(&host->fixture, "/sys/block/sdb/queue/rotational", "0\n");
	fixture_put(&host->fixture, "/sys/block/sdb/queue/scheduler", "[none] mq-deadline\n");
	fixture_put(&host->fixture, "/sys/block/nvme0n1/queue/scheduler", "none [mq-deadline]\n");
	fixture_put(&host->fixture, "/sys/block/vda/queue/scheduler", "[none] mq-deadline\n");
	stage_host_configure(host, yaml);
	host->fixture.root.is_live = true;
}

static const char *planned(const struct stage_host *host, const char *disk)
{
	kh_auto(kh_free) char *path = kh_printf("/sys/block/%s/queue/scheduler", disk);
	for (size_t i = 0; i < host->plan.change_count; i++)
		if (strcmp(host->plan.changes[i].path, path) == 0)
			return host->plan.changes[i].value;
	return "unchanged";
}

static void each_class_of_disk_gets_its_scheduler(void **state)
{
	(void)state;
	struct stage_host host;
	open_disks(&host, "");
	stage_host_plan(&host, &kh_stage_io);
	assert_string_equal(planned(&host, "sda"), "mq-deadline");
	assert_string_equal(planned(&host, "sdb"), "mq-deadline");
	assert_string_equal(planned(&host, "nvme0n1"), "none");
	assert_string_equal(planned(&host, "vda"), "unchanged");
	stage_host_close(&host);
}

static void a_named_scheduler_goes_to_all_and_old_names_are_todays(void **state)
{
	(void)state;
	struct stage_host host;
	open_disks(&host, "grub: {elevator: noop}");
	stage_host_plan(&host, &kh_stage_io);
	assert_string_equal(planned(&host, "sda"), "none");
	assert_string_equal(planned(&host, "nvme0n1"), "none");
	kh_auto(kh_free) char *text = NULL;
	stage_host_apply(&host);
	text = fixture_get(&host.fixture, rules_path);
	expect_no_text(text, "noop");
	stage_host_close(&host);
}

static void todays_names_become_old_ones_where_the_disk_offers_only_those(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "centos7-ifcfg-bios", "grub: {elevator: mq-deadline}");
	fixture_put(&host.fixture, "/sys/block/sda/queue/scheduler", "noop deadline [cfq]\n");
	stage_host_configure(&host, "grub: {elevator: mq-deadline}");
	host.fixture.root.is_live = true;
	stage_host_plan(&host, &kh_stage_io);
	assert_string_equal(planned(&host, "sda"), "deadline");
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, rules_path);
	expect_text(text, "ATTR{queue/scheduler}=\"deadline\"");
	expect_text(text, "ATTR{queue/scheduler}=\"mq-deadline\"");
	stage_host_check(&host, &kh_stage_io);
	expect_text(kh_report_find(&host.report, "io.scheduler.sda")->persisted, rules_path);
	stage_host_close(&host);
}

static void a_scheduler_nobody_offers_is_skipped_with_the_offer(void **state)
{
	(void)state;
	struct stage_host host;
	open_disks(&host, "grub: {elevator: kyber}");
	expect_text(stage_host_plan(&host, &kh_stage_io),
		    "scheduler 'kyber' of disk 'sdb': the kernel offers only: none mq-deadline");
	assert_string_equal(planned(&host, "sdb"), "unchanged");
	stage_host_check(&host, &kh_stage_io);
	assert_string_equal(stage_host_status(&host, "io.scheduler.sdb"), "skip");
	stage_host_close(&host);
}

static void a_scheduler_in_a_module_is_loaded_and_listed(void **state)
{
	(void)state;
	static const char *const list = "/etc/modules-load.d/kvmhost-io.conf";
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "grub: {elevator: bfq}");
	stage_host_plan(&host, &kh_stage_io);
	bool has_module = kh_plan_has(&host.plan, list);
	if (!has_module) {
		stage_host_close(&host);
		skip();
	}
	host.fixture.root.is_live = true;
	stage_host_plan(&host, &kh_stage_io);
	assert_true(kh_plan_has(&host.plan, "bfq"));
	assert_string_equal(planned(&host, "sda"), "bfq");
	stage_host_apply(&host);
	/* loading it changes what is offered, but not what we write */
	fixture_put(&host.fixture, "/sys/block/sda/queue/scheduler", "none mq-deadline [bfq]\n");
	stage_host_configure(&host, "grub: {elevator: bfq}");
	stage_host_plan(&host, &kh_stage_io);
	assert_false(kh_plan_has(&host.plan, rules_path));
	assert_false(kh_plan_has(&host.plan, list));
	stage_host_configure(&host, "");
	stage_host_plan(&host, &kh_stage_io);
	assert_true(kh_plan_has(&host.plan, list));
	stage_host_close(&host);
}

static void the_second_plan_is_empty(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	stage_host_plan(&host, &kh_stage_io);
	assert_true(host.plan.change_count > 0);
	stage_host_apply(&host);
	stage_host_plan(&host, &kh_stage_io);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_io);
	assert_string_equal(stage_host_status(&host, "io.scheduler.sda"), "pass");
	stage_host_close(&host);
}

static void udev_reads_its_rules_again_only_when_they_change_and_it_runs(void **state)
{
	(void)state;
	struct stage_host host;
	open_disks(&host, "");
	fixture_put_mode(&host.fixture, "/usr/bin/udevadm", "", 0755);
	stage_host_plan(&host, &kh_stage_io);
	assert_false(kh_plan_has(&host.plan, "reload udev rules"));
	fixture_put(&host.fixture, "/run/udev/control", "");
	stage_host_plan(&host, &kh_stage_io);
	assert_true(kh_plan_has(&host.plan, "reload udev rules"));
	stage_host_apply(&host);
	stage_host_plan(&host, &kh_stage_io);
	assert_false(kh_plan_has(&host.plan, "reload udev rules"));
	stage_host_close(&host);
}

static void rules_that_come_after_ours_are_named(void **state)
{
	(void)state;
	struct stage_host host;
	open_disks(&host, "");
	fixture_put(&host.fixture, "/usr/lib/udev/rules.d/60-block-scheduler.rules",
		    "ATTR{queue/scheduler}=\"bfq\"\n");
	expect_no_text(stage_host_plan(&host, &kh_stage_io), "it wins");
	fixture_put(&host.fixture, "/etc/udev/rules.d/99-own.rules",
		    "KERNEL==\"sda\", ATTR{queue/scheduler}=\"bfq\"\n");
	expect_text(stage_host_plan(&host, &kh_stage_io),
		    "/etc/udev/rules.d/99-own.rules also sets");
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_io);
	assert_string_equal(stage_host_status(&host, "io.scheduler.sda"), "fail");
	expect_text(kh_report_find(&host.report, "io.scheduler.sda")->gap, "99-own.rules");
	stage_host_close(&host);
}

/* ---- offloads ---- */

static const char *nic_of(const struct stage_host *host)
{
	assert_non_null(host->facts.net.default_link);
	return host->facts.net.default_link;
}

static void offloads_need_ethtool(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "io: {tso: off}");
	nic_of(&host);
	fixture_remove(&host.fixture, "/usr/sbin/ethtool");
	assert_null(stage_host_plan(&host, &kh_stage_io));
	assert_int_equal(host.err.code, KH_HOST);
	assert_string_equal(host.err.hint, "install the package ethtool");
	stage_host_close(&host);
}

static void offloads_are_kept_by_a_rule_for_the_nic_with_this_mac(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "io: {tso: off, gso: on}");
	fixture_put_mode(&host.fixture, "/usr/sbin/ethtool", "", 0755);
	const struct kh_facts_link *nic = kh_facts_net_link(&host.facts.net, nic_of(&host));
	stage_host_plan(&host, &kh_stage_io);
	kh_auto(kh_free) char *now =
		kh_printf("left to do: [io] run '/usr/sbin/ethtool -K %s tso off'", nic->name);
	expect_text(host.text, now);
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, rules_path);
	kh_auto(kh_free) char *rule =
		kh_printf("DRIVERS==\"?*\", ATTR{address}==\"%s\", "
			  "RUN+=\"/usr/sbin/ethtool -K $name tso off gso on\"",
			  nic->mac);
	expect_text(text, rule);
	kh_auto(kh_free) char *id = kh_printf("io.offload.%s.tso", nic->name);
	stage_host_check(&host, &kh_stage_io);
	assert_string_equal(stage_host_status(&host, id), "skip");
	expect_text(kh_report_find(&host.report, id)->persisted, rules_path);
	stage_host_close(&host);
}

static void offloads_left_alone_are_neither_planned_nor_checked(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	expect_no_text(stage_host_plan(&host, &kh_stage_io), "ethtool");
	kh_auto(kh_free) char *id = kh_printf("io.offload.%s.tso", nic_of(&host));
	stage_host_check(&host, &kh_stage_io);
	assert_string_equal(stage_host_status(&host, id), "none");
	stage_host_close(&host);
}

static void offloads_of_another_root_are_not_read_from_this_machine(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	assert_int_equal(kh_ethtool_offload(&host.fixture.root, "lo", KH_OFFLOAD_TSO), -1);
	host.fixture.root.is_live = true;
	assert_int_equal(kh_ethtool_offload(&host.fixture.root, "no-such-link", KH_OFFLOAD_TSO),
			 -1);
	assert_int_equal(kh_ethtool_offload(&host.fixture.root, "a-name-that-is-much-too-long",
					    KH_OFFLOAD_GSO),
			 -1);
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_of_disk_gets_its_scheduler),
		cmocka_unit_test(a_named_scheduler_goes_to_all_and_old_names_are_todays),
		cmocka_unit_test(todays_names_become_old_ones_where_the_disk_offers_only_those),
		cmocka_unit_test(a_scheduler_nobody_offers_is_skipped_with_the_offer),
		cmocka_unit_test(a_scheduler_in_a_module_is_loaded_and_listed),
		cmocka_unit_test(the_second_plan_is_empty),
		cmocka_unit_test(udev_reads_its_rules_again_only_when_they_change_and_it_runs),
		cmocka_unit_test(rules_that_come_after_ours_are_named),
		cmocka_unit_test(offloads_need_ethtool),
		cmocka_unit_test(offloads_are_kept_by_a_rule_for_the_nic_with_this_mac),
		cmocka_unit_test(offloads_left_alone_are_neither_planned_nor_checked),
		cmocka_unit_test(offloads_of_another_root_are_not_read_from_this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
