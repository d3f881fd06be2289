/* test_bridge.c - the bridge stage: what it plans, refuses, and leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "net/guard.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char plain[] = "bridge: {name: br0}\n";
static const char *const hosts[] = {
	"debian12-ifupdown",  "debian13-networkd",  "ubuntu2404-netplan",
	"centos7-ifcfg-bios", "centos7-ifcfg-uefi", "centos6-grub-legacy",
	"rocky9-bls-nm",      "numa2-intel",        "hand-edited",
};

static void use_small_program(struct stage_host *host)
{
	static char path[512];
	fixture_put(&host->fixture, "/tmp/program", "this stands for kvmhost\n");
	snprintf(path, sizeof(path), "%s/tmp/program", host->fixture.path);
	kh_guard_program_source = path;
}

static void open_host(struct stage_host *host, const char *root, const char *yaml)
{
	stage_host_open(host, root, yaml);
	if (strcmp(root, "recorded-proc-sys") != 0) /* the journal makes it before any change */
		fixture_put(&host->fixture, "/var/lib/kvmhost/.keep", "");
	use_small_program(host);
}

static void every_host_ends_with_an_empty_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct stage_host host;
		open_host(&host, hosts[i], plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		assert_true(host.plan.change_count > 3);
		stage_host_apply(&host);
		stage_host_configure(&host, plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		assert_int_equal(host.plan.change_count, 0);
		expect_text(host.text, "moves to 'br0' at the next boot");
		stage_host_close(&host);
	}
}

/* Where a run was cut does not matter: the rest of the plan leads to the same tree. */
static void a_cut_run_is_finished_the_same_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		kh_auto(kh_free) char *whole = NULL;
		for (size_t cut = 1; cut < 12; cut++) {
			struct stage_host host;
			open_host(&host, hosts[i], plain);
			assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
			size_t count = host.plan.change_count;
			if (cut < count)
				host.plan.change_count = cut;
			if (cut > 1)
				stage_host_apply(&host);
			host.plan.change_count = count;
			stage_host_configure(&host, plain);
			assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
			stage_host_apply(&host);
			kh_auto(kh_free) char *record =
				fixture_get(&host.fixture, kh_net_record_path);
			kh_auto(kh_free) char *tree = fixture_tree(&host.fixture);
			kh_auto(kh_free) char *all = kh_printf("%s%s", tree, record);
			if (!whole)
				whole = kh_strdup(all);
			assert_string_equal(all, whole);
			stage_host_close(&host);
		}
	}
}

/* The record stands on disk before the first network file is touched. */
static void the_guard_is_planned_before_the_network(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	size_t record = 0, service = 0, network = 0;
	for (size_t i = 0; i < host.plan.change_count; i++) {
		const char *path = host.plan.changes[i].path;
		record = strcmp(path, kh_net_record_path) == 0 ? i : record;
		service = strcmp(path, "/etc/systemd/system/kvmhost-guard.service") == 0 ? i
											 : service;
		network = strcmp(path, "/etc/network/interfaces") == 0 ? i : network;
	}
	assert_true(record < network && service < network && network > 0);
	assert_true(kh_plan_has(&host.plan, "/usr/local/sbin/kvmhost"));
	stage_host_apply(&host);
	kh_auto(kh_free) char *unit =
		fixture_get(&host.fixture, "/etc/systemd/system/kvmhost-guard.service");
	expect_text(unit, "ExecStart=/usr/local/sbin/kvmhost guard\n");
	expect_no_text(unit, "After=network-online.target");
	stage_host_close(&host);
}

static void an_installed_program_is_used(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	fixture_put_mode(&host.fixture, "/usr/sbin/kvmhost", "x", 0755);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	expect_text(host.text, "ExecStart=/usr/sbin/kvmhost guard");
	assert_false(kh_plan_has(&host.plan, "/usr/local/sbin/kvmhost"));
	stage_host_close(&host);
}

static void without_systemd_an_init_script_starts_the_guard(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "centos6-grub-legacy", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_true(kh_plan_has(&host.plan, "/etc/init.d/kvmhost-guard") ||
		    kh_plan_has(&host.plan, "/etc/rc.d/init.d/kvmhost-guard"));
	stage_host_close(&host);
}

static void cloud_init_is_switched_off(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "ubuntu2404-netplan", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	kh_auto(kh_free) char *text =
		fixture_get(&host.fixture, "/etc/cloud/cloud.cfg.d/99-kvmhost-network.cfg");
	expect_text(text, "network: {config: disabled}\n");
	stage_host_close(&host);
}

static void a_switched_off_cloud_init_is_left_alone(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "ubuntu2404-netplan", plain);
	fixture_put(&host.fixture, "/etc/cloud/cloud.cfg.d/50-own.cfg",
		    "network: {config: disabled}\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	expect_no_text(host.text, "99-kvmhost-network.cfg");
	stage_host_close(&host);
}

static void what_only_looks_like_a_switched_off_cloud_init_is_not(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"#network:\n#  config: disabled\n",
		"manage_etc_hosts: true\n# network: {config: disabled}\n",
		"apt:\n  network:\n    config: disabled\n",
		"network: [config: disabled\n",
	};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		struct stage_host host;
		open_host(&host, "ubuntu2404-netplan", plain);
		fixture_put(&host.fixture, "/etc/cloud/cloud.cfg.d/50-site.cfg", texts[i]);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		expect_text(host.text, "99-kvmhost-network.cfg");
		stage_host_close(&host);
	}
}

static void a_later_file_switches_cloud_init_on_again(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "ubuntu2404-netplan", plain);
	fixture_put(&host.fixture, "/etc/cloud/cloud.cfg.d/50-own.cfg",
		    "network: {config: disabled}\n");
	fixture_put(&host.fixture, "/etc/cloud/cloud.cfg.d/60-site.cfg",
		    "network:\n  config:\n    version: 2\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	expect_text(host.text, "99-kvmhost-network.cfg");
	stage_host_close(&host);
}

/* ---- what is left alone ---- */

static void a_bridge_that_carries_the_uplink_is_left_alone(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "half-applied", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	expect_text(host.text, "'enp1s0' is a port of bridge 'br0' already: nothing to do");
	stage_host_close(&host);
}

static void no_bridge_is_made_when_none_is_wanted(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", "bridge: {port: none}\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_bridge);
	assert_string_equal(stage_host_status(&host, "network.bridge"), "skip");
	stage_host_close(&host);
}

static void a_recorded_host_is_not_refused(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "recorded-proc-sys", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_bridge);
	stage_host_close(&host);
}

/* ---- what is refused ---- */

static void expect_refusal(struct stage_host *host, const char *message)
{
	assert_null(stage_host_plan(host, &kh_stage_bridge));
	assert_int_equal(host->err.code, KH_HOST);
	assert_non_null(host->err.hint);
	expect_text(host->err.message, message);
}

static void what_would_be_a_guess_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{"bridge: {port: eth9}\n", "bridge.port: no link 'eth9' here"},
		{"bridge: {port: '00:00:5e:00:53:01'}\n", "no link '00:00:5e:00:53:01' here"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct stage_host host;
		open_host(&host, "debian12-ifupdown", cases[i].yaml);
		expect_refusal(&host, cases[i].message);
		stage_host_close(&host);
	}
}

/* 'auto' where there is nothing to bridge is no reason to stop; the reason is said. */
static void expect_left_out(struct stage_host *host, const char *reason)
{
	assert_non_null(stage_host_plan(host, &kh_stage_bridge));
	assert_int_equal(host->plan.change_count, 0);
	expect_text(host->text, "no bridge: ");
	expect_text(host->text, reason);
}

static void a_host_without_default_route_is_asked_for_the_port(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "image-without-proc", plain);
	expect_left_out(&host, "bridge.port is 'auto', but no link has the default route");
	stage_host_configure(&host, "bridge: {port: enp1s0}\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_true(kh_plan_has(&host.plan, "/etc/systemd/network/05-kvmhost-enp1s0.network"));
	stage_host_close(&host);
}

static struct kh_facts_link *uplink(struct stage_host *host)
{
	return (struct kh_facts_link *)kh_facts_net_link(&host->facts.net,
							 host->facts.net.default_link);
}

static void links_that_cannot_be_bridged_are_refused(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "numa2-intel", plain);
	kh_free(&uplink(&host)->bond_mode);
	uplink(&host)->bond_mode = kh_strdup("balance-alb");
	expect_refusal(&host, "bond 'bond0' in mode 'balance-alb' rewrites MAC addresses");
	stage_host_close(&host);

	open_host(&host, "debian12-ifupdown", plain);
	uplink(&host)->is_wireless = true;
	expect_refusal(&host, "'enp1s0' is wireless");
	stage_host_close(&host);

	open_host(&host, "debian12-ifupdown", plain);
	uplink(&host)->hardware = 32;
	expect_refusal(&host, "'enp1s0' is no Ethernet link");
	stage_host_close(&host);

	open_host(&host, "numa2-intel", "bridge: {port: ens1f0}\n");
	expect_refusal(&host, "'ens1f0' is in 'bond0'");
	expect_text(host.err.hint, "use 'bond0'");
	stage_host_close(&host);
}

static void a_named_port_of_an_unknown_manager_is_refused(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	fixture_remove(&host.fixture, "/etc/network");
	expect_left_out(&host, "cannot tell who configures 'enp1s0'");
	stage_host_configure(&host, "bridge: {port: enp1s0}\n");
	expect_refusal(&host, "cannot tell who configures 'enp1s0'");
	stage_host_close(&host);
}

/* ---- after the guard went back ---- */

static void put_state(struct stage_host *host, enum kh_net_phase phase, const char *why)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	char digest[KH_DIGEST_SIZE];
	assert_int_equal(kh_net_record_read(&host->fixture.root, &record, digest, &err), 0);
	struct kh_net_state now = {
		.phase = phase, .why = (char *)why, .time = (char *)"2026-11-21T10:00:00Z"};
	assert_int_equal(kh_net_state_write(&host->fixture.root, digest, &now, &err), 0);
	if (phase == KH_NET_REVERTED)
		assert_int_equal(kh_guard_restore(&host->fixture.root, &record, &err), 0);
}

static void what_the_guard_took_back_is_not_tried_again(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	put_state(&host, KH_NET_REVERTED,
		  "no ARP answer from gateway 192.0.2.1 on br0 within 120 s");
	stage_host_configure(&host, plain);
	expect_refusal(&host, "the guard put the old network back: no ARP answer from gateway");
	stage_host_check(&host, &kh_stage_bridge);
	assert_string_equal(stage_host_status(&host, "network.guard"), "fail");

	/* Another configuration is another attempt. */
	static const char other[] =
		"bridge: {address: {address: 192.0.2.10/25, gateway: 192.0.2.1}}\n";
	stage_host_configure(&host, other);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	expect_text(host.text, "the guard put the old network back at the last attempt");
	assert_true(kh_plan_has(&host.plan, kh_net_record_path));
	stage_host_apply(&host);
	stage_host_configure(&host, other);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void a_confirmed_bridge_plans_nothing(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	put_state(&host, KH_NET_CONFIRMED, NULL);
	stage_host_configure(&host, plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_bridge);
	assert_string_equal(stage_host_status(&host, "network.guard"), "pass");
	assert_string_equal(stage_host_status(&host, "network.bridge"), "warn");
	stage_host_close(&host);
}

/* The power went between the first and the last file. */
static void what_was_cut_off_is_tried_again(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	char digest[KH_DIGEST_SIZE];
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	put_state(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	assert_int_equal(kh_net_record_read(&host.fixture.root, &record, digest, &err), 0);
	const struct kh_net_state now = {.phase = KH_NET_REVERTED, .is_cut_off = true};
	assert_int_equal(kh_net_state_write(&host.fixture.root, digest, &now, &err), 0);
	stage_host_configure(&host, plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	expect_text(host.text, "the guard put the old network back at the last attempt");
	assert_true(kh_plan_has(&host.plan, "/etc/network/interfaces"));
	stage_host_close(&host);
}

/* With the record of the boot before, `kvmhost confirm` would confirm a bridge that nobody saw. */
static void what_is_finished_in_a_later_boot_is_judged_in_the_one_after(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct stage_host host;
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_net_record_done) struct kh_net_record record = {0}, first = {0};
		char digest[KH_DIGEST_SIZE];
		open_host(&host, hosts[i], plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		size_t count = host.plan.change_count;
		host.plan.change_count = count - 1;
		stage_host_apply(&host);
		host.plan.change_count = count;
		assert_int_equal(kh_net_record_read(&host.fixture.root, &first, digest, &err), 0);
		fixture_put(&host.fixture, "/proc/sys/kernel/random/boot_id", "boot-2\n");
		stage_host_configure(&host, plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		stage_host_apply(&host);
		assert_int_equal(kh_net_record_read(&host.fixture.root, &record, digest, &err), 0);
		assert_string_equal(record.boot_id, "boot-2");
		for (size_t f = 0; f < record.file_count; f++) /* the way back is still the old */
			if (first.files[f].before)
				assert_string_equal(record.files[f].before, first.files[f].before);
			else
				assert_null(record.files[f].before);
		stage_host_configure(&host, plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		assert_int_equal(host.plan.change_count, 0);
		stage_host_close(&host);
	}
}

/* Two bridges with the host's address would come up at the next boot. */
static void a_bridge_is_not_renamed(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct stage_host host;
		open_host(&host, hosts[i], plain);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		stage_host_apply(&host);
		stage_host_configure(&host, "bridge: {name: br1}\n");
		expect_refusal(&host, "bridge.name is 'br1', but this host has been given 'br0'");
		put_state(&host, KH_NET_REVERTED, "x");
		kh_error_done(&host.err);
		assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
		expect_text(host.text, "the guard put the old network back");
		stage_host_close(&host);
	}
}

/* The record of a second change leads back to the first, not to before it. */
static void changed_settings_are_guarded_from_where_they_start(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	kh_auto(kh_free) char *first = fixture_get(&host.fixture, "/etc/network/interfaces");
	put_state(&host, KH_NET_CONFIRMED, NULL);
	stage_host_configure(&host, "bridge: {stp: true}\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	kh_auto(kh_free) char *second = fixture_get(&host.fixture, "/etc/network/interfaces");
	expect_text(second, "stp_state 1");
	put_state(&host, KH_NET_REVERTED, "x");
	kh_auto(kh_free) char *back = fixture_get(&host.fixture, "/etc/network/interfaces");
	assert_string_equal(back, first);
	stage_host_close(&host);
}

/* Who edits a file after us owns it: we neither write over it nor lead back to before it. */
static void an_edit_of_the_operator_stays(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, "/etc/network/interfaces");
	kh_auto(kh_free) char *edited = kh_printf("%s\tup echo mine\n", text);
	fixture_put(&host.fixture, "/etc/network/interfaces", edited);
	stage_host_configure(&host, plain);
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void the_report_finds_a_running_bridge(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "half-applied", plain);
	stage_host_check(&host, &kh_stage_bridge);
	assert_string_equal(stage_host_status(&host, "network.bridge"), "pass");
	assert_string_equal(stage_host_status(&host, "network.port"), "pass");
	assert_string_equal(stage_host_status(&host, "network.address"), "pass");
	assert_string_equal(stage_host_status(&host, "network.route"), "pass");
	assert_string_equal(stage_host_status(&host, "network.guard"), "skip");
	stage_host_close(&host);
}

/* The record of the guard with this configuration, on a host with or without an ssh server. */
static void expect_in_record(const char *yaml, bool has_server, const char *part)
{
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", yaml);
	fixture_remove(&host.fixture, "/usr/sbin/sshd");
	if (has_server)
		fixture_put_mode(&host.fixture, "/usr/sbin/sshd", "", 0755);
	const char *text = stage_host_plan(&host, &kh_stage_bridge);
	assert_non_null(text);
	expect_text(text, part);
	stage_host_close(&host);
}

/* What the record expects of a host of ifupdown that has two addresses, both on the uplink. */
static char *expected_addresses(const char *interfaces, bool is_any_enough)
{
	struct stage_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	char digest[KH_DIGEST_SIZE];
	open_host(&host, "debian12-ifupdown", plain);
	fixture_put(&host.fixture, "/etc/network/interfaces", interfaces);
	kh_strv_done(&uplink(&host)->addresses);
	kh_strv_add(&uplink(&host)->addresses, "192.0.2.10/25");
	kh_strv_add(&uplink(&host)->addresses, "192.0.2.100/32");
	assert_non_null(stage_host_plan(&host, &kh_stage_bridge));
	stage_host_apply(&host);
	assert_int_equal(kh_net_record_read(&host.fixture.root, &record, digest, &err), 0);
	assert_int_equal(record.is_any_enough, is_any_enough);
	stage_host_close(&host);
	return kh_strv_join(&record.addresses, " ");
}

static void an_address_that_no_file_names_is_not_expected_of_the_bridge(void **state)
{
	(void)state;
	kh_auto(kh_free) char *floating = expected_addresses(
		"# 192.0.2.100 is keepalived's\nauto enp1s0\niface enp1s0 inet static\n"
		"\taddress 192.0.2.10/25\n\tgateway 192.0.2.1\n",
		false);
	assert_string_equal(floating, "192.0.2.10/25");
	kh_auto(kh_free) char *both = expected_addresses(
		"auto enp1s0\niface enp1s0 inet static\n\taddress 192.0.2.10/25\n"
		"\tgateway 192.0.2.1\n\tup ip addr add 192.0.2.100/32 dev enp1s0\n",
		false);
	assert_string_equal(both, "192.0.2.10/25 192.0.2.100/32");
	kh_auto(kh_free) char *none = expected_addresses(
		"auto enp1s0\niface enp1s0 inet manual\n\tup /usr/local/sbin/addresses\n", true);
	assert_string_equal(none, "192.0.2.10/25 192.0.2.100/32");
}

static void a_login_is_waited_for_where_one_can_come_unless_the_gateway_is_enough(void **state)
{
	(void)state;
	expect_in_record(plain, true, "\"login\": true");
	expect_in_record(plain, false, "\"login\": false");
	expect_in_record("bridge: {confirm: gateway}\n", true, "\"login\": false");
}

static void the_report_misses_a_bridge_that_is_not_there(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", plain);
	stage_host_check(&host, &kh_stage_bridge);
	assert_string_equal(stage_host_status(&host, "network.bridge"), "fail");
	assert_string_equal(stage_host_status(&host, "network.port"), "skip");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_host_ends_with_an_empty_plan),
		cmocka_unit_test(a_cut_run_is_finished_the_same_way),
		cmocka_unit_test(the_guard_is_planned_before_the_network),
		cmocka_unit_test(an_installed_program_is_used),
		cmocka_unit_test(
			a_login_is_waited_for_where_one_can_come_unless_the_gateway_is_enough),
		cmocka_unit_test(an_address_that_no_file_names_is_not_expected_of_the_bridge),
		cmocka_unit_test(without_systemd_an_init_script_starts_the_guard),
		cmocka_unit_test(cloud_init_is_switched_off),
		cmocka_unit_test(a_switched_off_cloud_init_is_left_alone),
		cmocka_unit_test(what_only_looks_like_a_switched_off_cloud_init_is_not),
		cmocka_unit_test(a_later_file_switches_cloud_init_on_again),
		cmocka_unit_test(a_bridge_that_carries_the_uplink_is_left_alone),
		cmocka_unit_test(no_bridge_is_made_when_none_is_wanted),
		cmocka_unit_test(a_recorded_host_is_not_refused),
		cmocka_unit_test(what_would_be_a_guess_is_refused),
		cmocka_unit_test(a_host_without_default_route_is_asked_for_the_port),
		cmocka_unit_test(links_that_cannot_be_bridged_are_refused),
		cmocka_unit_test(a_named_port_of_an_unknown_manager_is_refused),
		cmocka_unit_test(what_the_guard_took_back_is_not_tried_again),
		cmocka_unit_test(a_confirmed_bridge_plans_nothing),
		cmocka_unit_test(what_was_cut_off_is_tried_again),
		cmocka_unit_test(what_is_finished_in_a_later_boot_is_judged_in_the_one_after),
		cmocka_unit_test(a_bridge_is_not_renamed),
		cmocka_unit_test(changed_settings_are_guarded_from_where_they_start),
		cmocka_unit_test(an_edit_of_the_operator_stays),
		cmocka_unit_test(the_report_finds_a_running_bridge),
		cmocka_unit_test(the_report_misses_a_bridge_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
