/* test_net_facts.c - links, addresses, routes and managers of the recorded hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/facts_net.h"
#include "tests/lib/fixture.h"

static void the_uplink_and_its_manager_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *host, *link, *gateway4;
		enum kh_net_manager manager;
	} cases[] = {
		{"debian12-ifupdown", "enp1s0", "192.0.2.1", KH_NET_IFUPDOWN},
		{"debian13-networkd", "eno1", "198.51.100.1", KH_NET_NETWORKD},
		{"ubuntu2404-netplan", "enp65s0f0", "192.0.2.1", KH_NET_NETPLAN},
		{"centos7-ifcfg-bios", "em1", "192.0.2.1", KH_NET_IFCFG},
		{"rocky9-bls-nm", "eno12399np0", "192.0.2.1", KH_NET_NETWORKMANAGER},
		{"numa2-intel", "bond0", "198.51.100.1", KH_NET_IFUPDOWN},
		{"half-applied", "br0", "192.0.2.1", KH_NET_IFUPDOWN},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct fixture f;
		kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
		fixture_open(&f, cases[i].host);
		kh_facts_net_collect(&f.root, &net);
		assert_string_equal(net.default_link, cases[i].link);
		assert_string_equal(net.gateway4, cases[i].gateway4);
		assert_int_equal(net.manager, cases[i].manager);
		fixture_close(&f);
	}
}

static void a_link_has_its_addresses_of_both_families(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open(&f, "debian13-networkd");
	kh_facts_net_collect(&f.root, &net);
	const struct kh_facts_link *link = kh_facts_net_link(&net, "eno1");
	assert_true(kh_strv_has(&link->addresses, "198.51.100.20/24"));
	assert_true(kh_strv_has(&link->addresses, "2001:db8:13::20/64"));
	assert_int_equal(link->addresses.count, 2);
	assert_string_equal(net.gateway6, "2001:db8:13::1");
	fixture_close(&f);
}

static void an_address_of_the_link_itself_is_kept_apart(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open_empty(&f);
	fixture_put(&f, "/sys/class/net/eth0/type", "1\n");
	fixture_put(&f, "/proc/net/if_inet6",
		    "fe800000000000000000000000000010 02 40 20 80     eth0\n"
		    "20010db8000000000000000000000010 02 40 00 80     eth0\n");
	kh_facts_net_collect(&f.root, &net);
	const struct kh_facts_link *link = kh_facts_net_link(&net, "eth0");
	assert_int_equal(link->addresses.count, 1);
	assert_true(kh_strv_has(&link->addresses, "2001:db8::10/64"));
	assert_int_equal(link->own_addresses.count, 1);
	assert_true(kh_strv_has(&link->own_addresses, "fe80::10/64"));
	fixture_close(&f);
}

static void bonds_bridges_and_vlans_are_told_apart(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open(&f, "numa2-intel");
	kh_facts_net_collect(&f.root, &net);
	const struct kh_facts_link *bond = kh_facts_net_link(&net, "bond0");
	assert_int_equal(bond->kind, KH_LINK_BOND);
	assert_string_equal(bond->bond_mode, "802.3ad");
	assert_true(kh_strv_has(&bond->ports, "ens1f0"));
	assert_int_equal(kh_facts_net_link(&net, "bond0.30")->kind, KH_LINK_VLAN);
	assert_int_equal(kh_facts_net_link(&net, "lo")->kind, KH_LINK_LOOPBACK);
	assert_string_equal(kh_facts_net_link(&net, "ens1f0")->master, "bond0");
	assert_int_equal(kh_facts_net_link(&net, "ens1f0")->kind, KH_LINK_PHYSICAL);
	assert_null(kh_facts_net_link(&net, "bonding_masters"));
	fixture_close(&f);

	kh_facts_net_done(&net);
	fixture_open(&f, "half-applied");
	kh_facts_net_collect(&f.root, &net);
	const struct kh_facts_link *bridge = kh_facts_net_link(&net, "br0");
	assert_int_equal(bridge->kind, KH_LINK_BRIDGE);
	assert_true(kh_strv_has(&bridge->ports, "enp1s0"));
	fixture_close(&f);
}

static void whose_address_a_card_has_is_known(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open(&f, "debian13-networkd");
	fixture_put(&f, "/sys/class/net/eno1/addr_assign_type", "3\n");
	fixture_remove(&f, "/sys/class/net/lo/addr_assign_type");
	kh_facts_net_collect(&f.root, &net);
	assert_int_equal(kh_facts_net_link(&net, "eno1")->mac_type, 3);
	assert_int_equal(kh_facts_net_link(&net, "eno2")->mac_type, 0);
	assert_int_equal(kh_facts_net_link(&net, "lo")->mac_type, -1);
	fixture_close(&f);
}

/* The bridge has its port's MAC address; who asks by address means the card. */
static void a_mac_address_finds_the_card_not_the_bridge(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open(&f, "half-applied");
	kh_facts_net_collect(&f.root, &net);
	const char *mac = kh_facts_net_link(&net, "enp1s0")->mac;
	assert_string_equal(kh_facts_net_mac(&net, mac)->name, "enp1s0");
	assert_null(kh_facts_net_mac(&net, "00:00:5e:00:53:01"));
	fixture_close(&f);
}

static void an_empty_root_has_no_network(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open_empty(&f);
	kh_facts_net_collect(&f.root, &net);
	assert_int_equal(net.link_count, 0);
	assert_null(net.default_link);
	assert_int_equal(net.manager, KH_NET_NONE);
	json_t *json = kh_facts_net_json(&net);
	assert_non_null(json);
	json_decref(json);
	fixture_close(&f);
}

/* ifupdown has the link, in whichever file that its own one reads. */
static void a_stanza_is_found_in_every_file_that_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *main, *path;
		enum kh_net_manager manager;
	} cases[] = {
		{"source /etc/network/hosts/*.cfg\n", "/etc/network/hosts/a.cfg", KH_NET_IFUPDOWN},
		{"source hosts/*.cfg\n", "/etc/network/hosts/a.cfg", KH_NET_IFUPDOWN},
		{"source-directory /etc/network/hosts/\n", "/etc/network/hosts/a", KH_NET_IFUPDOWN},
		{"source-directory hosts\n", "/etc/network/hosts/a.cfg", KH_NET_NONE},
		{"auto lo\n", "/etc/network/interfaces.d/a", KH_NET_NONE},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct fixture f;
		fixture_open_empty(&f);
		fixture_put(&f, "/etc/network/interfaces", cases[i].main);
		fixture_put(&f, cases[i].path, "source interfaces\niface eth0 inet dhcp\n");
		assert_int_equal(kh_facts_net_manager(&f.root, "eth0"), cases[i].manager);
		fixture_close(&f);
	}
}

static void the_route_with_the_lowest_metric_wins(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	fixture_open_empty(&f);
	fixture_put(&f, "/proc/net/route",
		    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		    "b\t00000000\t020200C0\t0003\t0\t0\t200\t00000000\n"
		    "c\t00000000\t030200C0\t0203\t0\t0\t1\t00000000\n"
		    "a\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\nshort line\n");
	kh_facts_net_collect(&f.root, &net);
	assert_string_equal(net.default_link, "a");
	assert_string_equal(net.gateway4, "192.0.2.1");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_uplink_and_its_manager_are_found),
		cmocka_unit_test(a_link_has_its_addresses_of_both_families),
		cmocka_unit_test(an_address_of_the_link_itself_is_kept_apart),
		cmocka_unit_test(bonds_bridges_and_vlans_are_told_apart),
		cmocka_unit_test(whose_address_a_card_has_is_known),
		cmocka_unit_test(a_mac_address_finds_the_card_not_the_bridge),
		cmocka_unit_test(an_empty_root_has_no_network),
		cmocka_unit_test(a_stanza_is_found_in_every_file_that_is_read),
		cmocka_unit_test(the_route_with_the_lowest_metric_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
