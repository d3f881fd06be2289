/* test_net_backends.c - what each back end writes, to the byte, on the recorded hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "tests/lib/netcase.h"

static const char *const hosts[] = {
	"debian12-ifupdown",  "debian13-networkd",
	"ubuntu2404-netplan", "centos7-ifcfg-bios",
	"centos7-ifcfg-uefi", "centos6-grub-legacy",
	"rocky9-bls-nm",      "numa2-intel",
	"hand-edited",        "no-virt",
};

static void every_host_gets_the_files_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct netcase c;
		netcase_open(&c, hosts[i]);
		netcase_ask(&c, NULL);
		netcase_golden(&c, hosts[i]);
		netcase_close(&c);
	}
}

static void a_static_address_replaces_that_of_the_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct netcase c;
		kh_auto(kh_free) char *name = kh_printf("%s.static", hosts[i]);
		netcase_open(&c, hosts[i]);
		netcase_static(&c, "192.0.2.99/25", "192.0.2.1", "192.0.2.53");
		kh_strv_add(&c.config.addresses, "2001:db8::99/64");
		c.config.stp = true;
		netcase_ask(&c, NULL);
		netcase_golden(&c, name);
		netcase_close(&c);
	}
}

static void dhcp_replaces_the_address_of_the_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct netcase c;
		kh_auto(kh_free) char *name = kh_printf("%s.dhcp", hosts[i]);
		netcase_open(&c, hosts[i]);
		c.config.address_mode = KH_ADDRESS_DHCP;
		netcase_ask(&c, NULL);
		netcase_golden(&c, name);
		netcase_close(&c);
	}
}

/* What was written is understood again: the port is carried, nothing more is to do. */
static void the_result_is_recognised_as_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(hosts); i++) {
		struct netcase c;
		netcase_open(&c, hosts[i]);
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, 0);
		assert_null(c.answer.carrier);
		kh_auto(kh_free) char *port = kh_strdup(c.facts.default_link);
		netcase_apply(&c);
		netcase_ask(&c, port);
		assert_int_equal(c.result, 0);
		assert_non_null(c.answer.carrier);
		assert_string_equal(c.answer.carrier, "br0");
		assert_int_equal(c.answer.edit_count, 0);
		netcase_close(&c);
	}
}

static void a_bridge_made_by_hand_is_recognised(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, "half-applied");
	netcase_ask(&c, "enp1s0");
	assert_string_equal(c.answer.carrier, "br0");
	netcase_close(&c);
}

static void a_name_that_is_in_use_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, "debian12-ifupdown");
	fixture_put(&c.fixture, "/etc/network/interfaces.d/guests",
		    "iface br0 inet static\n\taddress 198.51.100.1/24\n\tbridge_ports none\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "'/etc/network/interfaces.d/guests' has a 'br0' already, "
			    "and 'enp1s0' is not its port");
	netcase_close(&c);
}

/* ---- ifupdown ---- */

static void bridge_utils_are_used_where_they_are(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, "debian12-ifupdown");
	fixture_put(&c.fixture, "/lib/bridge-utils/ifupdown.sh", "#!/bin/sh\n");
	netcase_ask(&c, NULL);
	const char *text = netcase_text(&c, "/etc/network/interfaces");
	assert_non_null(strstr(text,
			       "iface br0 inet dhcp\n\tbridge_ports enp1s0\n\tbridge_stp off\n"
			       "\tbridge_fd 0\n\thwaddress 3c:ec:ef:4a:10:01\n"));
	assert_null(strstr(text, "ip link add"));
	netcase_close(&c);
}

/* More of /etc/network/interfaces than "iface eth0 inet dhcp", and what is said of it. */
static void expect_ifupdown_refusal(const char *more, const char *message, const char *hint)
{
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
	kh_auto(kh_free) char *text = kh_printf("%s\niface eth0 inet dhcp\n", more);
	fixture_put(&c.fixture, "/etc/network/interfaces", text);
	fixture_put(&c.fixture, "/run/network/interfaces.d/eth0", "iface eth0 inet6 auto\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_int_equal(c.err.code, KH_HOST);
	assert_string_equal(c.err.message, message);
	assert_string_equal(c.err.hint, hint);
	netcase_close(&c);
}

static void a_mapped_port_is_refused(void **state)
{
	(void)state;
	static const char hint[] = "write the bridge by hand, or replace the mapping by an 'iface "
				   "eth0' stanza";
	static const char message[] = "'/etc/network/interfaces' maps 'eth0' to logical interfaces";
	expect_ifupdown_refusal("mapping eth0\n\tscript /x\niface eth0-home inet dhcp", message,
				hint);
	expect_ifupdown_refusal("mapping wl* et[gh]*\n\tscript /x", message, hint);
	expect_ifupdown_refusal("mapping br?\n\tscript /x",
				"'/etc/network/interfaces' maps 'br0' to logical interfaces", hint);
}

static void options_that_are_inherited_are_not_lost(void **state)
{
	(void)state;
	expect_ifupdown_refusal("iface eth1 inet static inherits eth0\n\taddress 192.0.2.1/25",
				"'/etc/network/interfaces': 'eth1' inherits the options of 'eth0', "
				"which move to the bridge",
				"write them into the stanza of 'eth1'");
	expect_ifupdown_refusal(
		"iface wired inet dhcp\n\tmtu 9000\niface office inet dhcp inherits wired\n"
		"iface eth0 inet dhcp inherits office",
		"'/etc/network/interfaces': 'eth0' inherits options from 'office' that have to "
		"stay with the link",
		"write them into the stanza of 'eth0'");
}

static void a_template_without_settings_of_the_link_stays_one(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces",
		    "iface office inet dhcp\n\tmetric 10\niface eth0 inet dhcp inherits office\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_non_null(strstr(netcase_text(&c, "/etc/network/interfaces"),
			       "iface br0 inet dhcp inherits office\n"));
	netcase_close(&c);
}

static void a_stanza_that_does_not_outlast_a_boot_is_refused(void **state)
{
	(void)state;
	expect_ifupdown_refusal(
		"source-directory /run/network/interfaces.d",
		"'/run/network/interfaces.d/eth0' has 'eth0', but does not outlast a boot",
		"put 'iface eth0' into /etc/network/interfaces, and end what writes that file");
}

static void labels_follow_the_address(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces",
		    "auto eth0 eth0:1\niface eth0 inet static\n  address 192.0.2.10/25\n"
		    "iface eth0:1 inet static\n  address 192.0.2.11/25\n");
	netcase_ask(&c, NULL);
	const char *text = netcase_text(&c, "/etc/network/interfaces");
	assert_non_null(strstr(text, "auto eth0 br0:1\n"));
	assert_non_null(strstr(text, "iface br0:1 inet static\n  address 192.0.2.11/25\n"));
	netcase_close(&c);
}

static const char bond[] =
	"auto bond0\niface bond0 inet6 static\n\taddress 2001:db8::10/64\n\tmtu 1400\n\n"
	"iface bond0 inet static\n\taddress 192.0.2.10/25\n\tmtu 9000\n\tbond-slaves ens1 ens2\n"
	"\tbond-mode 802.3ad\n\tup ethtool -K bond0 tso off\n";

/* ifup applies the options of every stanza of a link; a bond without them has no slaves. */
static void the_lines_of_the_port_are_kept_whichever_stanza_has_them(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "bond0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces", bond);
	netcase_ask(&c, NULL);
	netcase_golden(&c, "ifupdown-second-stanza");
	netcase_close(&c);
}

/* What "source" names is read in its midst: the first stanza may be in the second file. */
static void the_first_stanza_is_the_first_that_ifupdown_reads(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "bond0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces",
		    "source interfaces.d/*\niface bond0 inet6 static\n\taddress 2001:db8::10/64\n"
		    "\tbond-mode 802.3ad\n\tup ethtool -K bond0 tso off\n");
	fixture_put(&c.fixture, "/etc/network/interfaces.d/bond",
		    "auto bond0\niface bond0 inet static\n\taddress 192.0.2.10/25\n"
		    "\tbond-mode 802.3ad\n\tbond-slaves ens1 ens2\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "ifupdown-source-order");
	netcase_close(&c);
}

static void an_option_of_the_port_with_two_values_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "bond0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces",
		    "iface bond0 inet static\n\taddress 192.0.2.10/25\n\tbond-mode 1\n"
		    "iface bond0 inet6 auto\n\tbond-mode 802.3ad\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "'/etc/network/interfaces': 'bond-mode' stands in several stanzas of "
			    "'bond0', with different values");
	netcase_close(&c);
}

static const char commands[] =
	"auto eth0\niface eth0 inet static\n\taddress 192.0.2.10/25\n"
	"\tpre-up echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra\n"
	"\tup sysctl -q -w net.ipv4.conf.eth0.rp_filter=0 >/dev/null 2>&1\n"
	"\tup ip link set dev eth0 txqueuelen 5000; ip route add 10.0.0.0/8 via 192.0.2.1 \\\n"
	"\t\tdev eth0\n"
	"\tup [ -x /sbin/ethtool ] && /sbin/ethtool -K ${IFACE} tso off >/dev/null 2>&1 || true\n"
	"\tup ip -d l set eth0 promisc on\n"
	"\tpre-up echo 4 > /sys/class/net/eth0/device/sriov_numvfs\n"
	"\tup for i in rx tx; do ethtool -K \"$IFACE\" $i off; done\n";

/* Their lines may need the bridge, as if it were the link that was there before ifup. */
static void the_bridge_is_made_before_the_lines_of_the_operator_run(void **state)
{
	(void)state;
	for (int has_tools = 0; has_tools < 2; has_tools++) {
		struct netcase c;
		netcase_open(&c, NULL);
		netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
		fixture_put(&c.fixture, "/etc/network/interfaces", commands);
		if (has_tools)
			fixture_put(&c.fixture, "/lib/bridge-utils/ifupdown.sh", "#!/bin/sh\n");
		netcase_ask(&c, NULL);
		netcase_golden(&c, has_tools ? "ifupdown-commands-tools" : "ifupdown-commands");
		netcase_close(&c);
	}
}

static void a_line_of_the_port_and_of_the_bridge_is_refused(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"up ip link set dev eth0 up && ip route add 10.0.0.0/8 via 192.0.2.1",
		"up sh -c 'ethtool -K eth0 tso off; ip route add 10.0.0.0/8 via 192.0.2.1'",
		"up n=5000; ip link set dev eth0 txqueuelen $n; ip route add 10.0.0.0/8 dev eth0",
	};
	for (size_t i = 0; i < KH_COUNT(lines); i++) {
		struct netcase c;
		netcase_open(&c, NULL);
		netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
		kh_auto(kh_free) char *text = kh_printf(
			"iface eth0 inet static\n\taddress 192.0.2.10/25\n\t%s\n", lines[i]);
		kh_auto(kh_free) char *message =
			kh_printf("'/etc/network/interfaces': one line has commands for 'eth0' "
				  "and for its addresses: %s",
				  lines[i]);
		fixture_put(&c.fixture, "/etc/network/interfaces", text);
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, -1);
		assert_string_equal(c.err.message, message);
		netcase_close(&c);
	}
}

/* The links that ifup makes are made in the order of the "auto" lines. */
static void a_port_that_ifup_makes_is_up_before_the_bridge(void **state)
{
	(void)state;
	static const char first[] = "auto bond0\niface bond0 inet dhcp\n\tbond-slaves ens1\n";
	static const char last[] = "iface bond0 inet dhcp\n\tbond-slaves ens1\nauto bond0\n";
	static const struct {
		const char *text;
		bool has_tools, is_asked;
	} cases[] = {{first, false, false}, {last, false, true}, {last, true, true}};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct netcase c;
		netcase_open(&c, NULL);
		netcase_link(&c, "bond0", "52:54:00:00:00:01", true);
		fixture_remove(&c.fixture, "/sys/class/net/bond0/device");
		fixture_put(&c.fixture, "/sys/class/net/bond0/bonding/mode", "802.3ad 4\n");
		fixture_put(&c.fixture, "/etc/network/interfaces", cases[i].text);
		if (cases[i].has_tools)
			fixture_put(&c.fixture, "/lib/bridge-utils/ifupdown.sh", "#!/bin/sh\n");
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, 0);
		const char *text = netcase_text(&c, "/etc/network/interfaces");
		bool is_asked = strstr(text, "iface br0 inet dhcp\n"
					     "\tpre-up ifup bond0 || true\n") != NULL;
		assert_int_equal(is_asked, cases[i].is_asked);
		netcase_close(&c);
	}
}

/* wordexp(3) takes wildcards in directories, too. */
static void what_a_pattern_of_directories_names_is_read(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "eth0", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/etc/network/interfaces",
		    "auto eth0\niface eth0 inet static\n\taddress 192.0.2.10/25\n"
		    "source /etc/net*k/*.d/v6.cfg\nsource-directory /etc/network/mor?\n"
		    "source /etc/network/not\n");
	fixture_put(&c.fixture, "/etc/network/interfaces.d/v6.cfg",
		    "iface eth0 inet6 static\n\taddress 2001:db8::10/64\n");
	fixture_put(&c.fixture, "/etc/network/more/v6",
		    "iface eth0 inet6 static\n\taddress 2001:db8::11/64\n");
	fixture_put(&c.fixture, "/etc/network/more/v6.cfg", "iface eth0 inet6 auto\n");
	fixture_put(&c.fixture, "/etc/network/not/v6", "iface eth0 inet6 auto\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_string_equal(netcase_text(&c, "/etc/network/interfaces.d/v6.cfg"),
			    "iface br0 inet6 static\n\taddress 2001:db8::10/64\n");
	assert_string_equal(netcase_text(&c, "/etc/network/more/v6"),
			    "iface br0 inet6 static\n\taddress 2001:db8::11/64\n"
			    "\tpost-down ip link del dev br0\n");
	assert_int_equal(c.answer.edit_count, 3);
	netcase_close(&c);
}

/* ---- networkd ---- */

static const char wildcard[] = "[Match]\nName=en*\n\n[Link]\nMTUBytes=9000\n\n[Network]\nDHCP=yes\n"
			       "VLAN=v7\n";

static void a_file_for_many_links_is_passed_over_not_changed(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "ens3", "52:54:00:00:00:01", true);
	fixture_link(&c.fixture,
		     "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
		     "/lib/systemd/system/systemd-networkd.service");
	fixture_put(&c.fixture, "/etc/systemd/network/00-wired.network", wildcard);
	fixture_put(&c.fixture, "/etc/systemd/network/00-wired.network.d/dns.conf",
		    "[Network]\nDNS=192.0.2.9\n");
	fixture_put(&c.fixture, "/run/systemd/netif/leases/2",
		    "ADDRESS=192.0.2.57\nCLIENTID=ffb55e67ff00020000ab11\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "networkd-wildcard");
	netcase_close(&c);
}

static void a_match_that_cannot_be_judged_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "ens3", "52:54:00:00:00:01", true);
	fixture_link(&c.fixture,
		     "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
		     "/lib/systemd/system/systemd-networkd.service");
	fixture_put(&c.fixture, "/etc/systemd/network/10-x.network",
		    "[Match]\nPath=pci-0000:01:00.0\n[Network]\nDHCP=yes\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "cannot tell whether '/etc/systemd/network/10-x.network' "
			    "is meant for 'ens3': it has 'Path='");
	netcase_close(&c);
}

static void networkd(struct netcase *c)
{
	netcase_open(c, NULL);
	netcase_link(c, "eno1", "52:54:00:00:00:01", true);
	fixture_put(&c->fixture, "/etc/systemd/network/90-default.network",
		    "[Match]\nName=en*\n[Network]\nDHCP=yes\n");
	fixture_link(&c->fixture,
		     "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
		     "/lib/systemd/system/systemd-networkd.service");
}

/* Does 10-static.network with this [Match] serve eno1, or else the file behind it? */
static void expect_match(const char *conditions, bool is_fit)
{
	struct netcase c;
	networkd(&c);
	kh_auto(kh_free) char *text = kh_printf(
		"[Match]\n%s\n[Network]\nAddress=192.0.2.10/25\nGateway=192.0.2.1\n", conditions);
	fixture_put(&c.fixture, "/etc/systemd/network/10-static.network", text);
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	bool is_static = strstr(netcase_text(&c, "/etc/systemd/network/05-kvmhost-br0.network"),
				"Address=192.0.2.10/25\n") != NULL;
	if (is_static != is_fit)
		fail_msg("'%s' is misjudged", conditions);
	assert_int_equal(c.answer.is_dynamic, !is_fit);
	netcase_close(&c);
}

/* Checked against networkd 252. */
static void a_match_is_judged_as_networkd_judges_it(void **state)
{
	(void)state;
	expect_match("Name=eno1\nKind=!*", true); /* a card has no kind */
	expect_match("Name=eno1\nKind=*", false);
	expect_match("Name=eno1\nDriver=!virtio_net", true); /* and this one no driver */
	expect_match("Name=eno1\nDriver=igb", false);
	expect_match("Name=eno1\nType=!vlan bond bridge", true);
	expect_match("Name=!eno1 eno2", false);
	expect_match("Name=!eno2", true);
	expect_match("Name=eno2\nName=eno1", true); /* lines add up */
	expect_match("Name=eno1\nName=!eno*", false);
	expect_match("Name=eno2\nName=\nType=ether", true); /* an empty one begins anew */
	expect_match("Name=\"eno1\"\nType=ether", false);
	expect_match("Name=eno1\nType=\"ether\"", true);
	expect_match("MACAddress=52-54-00-00-00-01", true);
	expect_match("MACAddress=52:54:00:00:00:02 5254.0000.0001", true);
	expect_match("PermanentMACAddress=52:54:00:00:00:02", false);
}

static void a_condition_of_a_drop_in_counts(void **state)
{
	(void)state;
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, "/etc/systemd/network/10-static.network",
		    "[Match]\nType=ether\n[Network]\nAddress=192.0.2.10/25\n");
	fixture_put(&c.fixture, "/etc/systemd/network/10-static.network.d/a.conf",
		    "[Match]\nName=eno2\n");
	netcase_ask(&c, NULL);
	assert_true(c.answer.is_dynamic);
	netcase_close(&c);
}

static void a_masked_file_is_masked_in_a_tree_without_dev_null(void **state)
{
	(void)state;
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, "/usr/lib/systemd/network/10-static.network",
		    "[Match]\nName=eno1\n[Network]\nAddress=192.0.2.10/25\n");
	fixture_link(&c.fixture, "/etc/systemd/network/10-static.network", "/dev/null");
	netcase_ask(&c, NULL);
	assert_true(c.answer.is_dynamic);
	netcase_close(&c);
}

static void an_empty_match_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, "/etc/systemd/network/10-all.network",
		    "[Network]\nAddress=192.0.2.10/25\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "cannot tell whether '/etc/systemd/network/10-all.network' is meant "
			    "for 'eno1': its [Match] is empty, which stands for every link or for "
			    "none, depending on the version of systemd");
	netcase_close(&c);
}

/* Of alternative names nothing is seen here, nor of what Path= and Host= speak of. */
static void the_file_that_networkd_took_is_believed(void **state)
{
	(void)state;
	static const char *const conditions[] = {"Name=enp1s0", "Path=pci-0000:01:00.0", "Host=x",
						 "Name=eno1\nKind=!*"};
	for (size_t i = 0; i < KH_COUNT(conditions); i++) {
		struct netcase c;
		networkd(&c);
		kh_auto(kh_free) char *text =
			kh_printf("[Match]\n%s\n[Network]\nAddress=192.0.2.10/25\n", conditions[i]);
		fixture_put(&c.fixture, "/usr/lib/systemd/network/20-static.network", text);
		fixture_put(&c.fixture, "/etc/systemd/network/10-x.network",
			    "[Match]\nPath=pci-0000:02:00.0\n[Network]\nDHCP=no\n");
		fixture_put(&c.fixture, "/run/systemd/netif/links/2",
			    "ADMIN_STATE=configured\n"
			    "NETWORK_FILE=/usr/lib/systemd/network/20-static.network\n");
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, 0);
		assert_false(c.answer.is_dynamic);
		assert_non_null(netcase_text(&c, "/etc/systemd/network/05-kvmhost-eno1.network"));
		netcase_close(&c);
	}
}

static void a_name_in_any_file_of_networkd_is_in_use(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text;
		bool is_taken;
	} files[] = {
		{"/etc/systemd/network/50-br0.netdev", "[NetDev]\nName=br0\nKind=bridge\n", true},
		{"/usr/lib/systemd/network/g.netdev", "[NetDev]\nKind=vlan\nName=br0\n", true},
		{"/etc/systemd/network/50-br0.network", "[Match]\nName=x br0\n", true},
		{"/run/systemd/network/50-p.network", "[Match]\nName=eno9\n[Network]\nBridge=br0\n",
		 true},
		{"/etc/systemd/network/50-all.network", "[Match]\nName=br*\n", false},
		{"/etc/systemd/network/50-br0.netdev", "", false},
	};
	for (size_t i = 0; i < KH_COUNT(files); i++) {
		struct netcase c;
		networkd(&c);
		fixture_put(&c.fixture, files[i].path, files[i].text);
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, files[i].is_taken ? -1 : 0);
		kh_auto(kh_free) char *message = kh_printf(
			"'%s' has a 'br0' already, and 'eno1' is not its port", files[i].path);
		if (files[i].is_taken)
			assert_string_equal(c.err.message, message);
		netcase_close(&c);
	}
}

/* As if it had been written then, in seconds since 1970. */
static void date(struct netcase *c, const char *path, time_t when)
{
	const struct timespec times[] = {{when, 0}, {when, 0}};
	assert_int_equal(utimensat(c->fixture.root.fd, path + 1, times, 0), 0);
}

static void another_file_than_networkd_took_is_refused(void **state)
{
	(void)state;
	static const char links[] = "/run/systemd/netif/links/2";
	static const char ours[] = "/etc/systemd/network/10-static.network";
	static const char theirs[] = "/etc/systemd/network/90-default.network";
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, ours, "[Match]\nName=eno1\n[Network]\nAddress=192.0.2.10/25\n");
	fixture_put(&c.fixture, links, "NETWORK_FILE=/etc/systemd/network/90-default.network\n");
	date(&c, ours, 1000);
	date(&c, theirs, 1000);
	date(&c, links, 1001);
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "systemd-networkd took '90-default.network' for 'eno1', and by the "
			    "files it would take another now");
	date(&c, ours, 1002); /* it cannot have read that yet, and will at the next boot */
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_false(c.answer.is_dynamic);
	date(&c, ours, 1000);
	fixture_put(&c.fixture, links, "NETWORK_FILE=/run/systemd/network/05-gone.network\n");
	date(&c, links, 1001);
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_false(c.answer.is_dynamic);
	netcase_close(&c);
}

/* What the port and the bridge get of 10-static.network; owned by the case. */
static void ask_static(struct netcase *c, const char *sections, const char **ret_port,
		       const char **ret_bridge)
{
	networkd(c);
	kh_auto(kh_free) char *text =
		kh_printf("[Match]\nName=eno1\n\n[Network]\nAddress=192.0.2.10/25\n\n%s", sections);
	fixture_put(&c->fixture, "/etc/systemd/network/10-static.network", text);
	netcase_ask(c, NULL);
	assert_int_equal(c->result, 0);
	*ret_port = netcase_text(c, "/etc/systemd/network/05-kvmhost-eno1.network");
	*ret_bridge = netcase_text(c, "/etc/systemd/network/05-kvmhost-br0.network");
}

static void what_a_port_never_becomes_is_not_waited_for(void **state)
{
	(void)state;
	struct netcase c;
	const char *port, *bridge;
	ask_static(&c, "[Link]\nRequiredForOnline=routable\nRequiredFamilyForOnline=ipv4\n", &port,
		   &bridge);
	assert_null(strstr(port, "[Link]"));
	assert_non_null(strstr(bridge, "[Link]\nRequiredForOnline=routable\n"
				       "RequiredFamilyForOnline=ipv4\n"));
	netcase_close(&c);
	ask_static(&c, "[Link]\nRequiredForOnline=no\nMTUBytes=9000\n", &port, &bridge);
	assert_non_null(strstr(port, "[Link]\nRequiredForOnline=no\nMTUBytes=9000\n"));
	netcase_close(&c);
}

static void rules_of_policy_routing_name_the_bridge(void **state)
{
	(void)state;
	struct netcase c;
	const char *port, *bridge;
	ask_static(&c,
		   "[RoutingPolicyRule]\nIncomingInterface=eno1\nTable=7\n\n"
		   "[RoutingPolicyRule]\nOutgoingInterface=eno10\nTable=8\n\n"
		   "[RoutingPolicyRule]\nOutgoingInterface = eno1\nTable=9\n",
		   &port, &bridge);
	assert_non_null(strstr(bridge, "[RoutingPolicyRule]\nIncomingInterface=br0\nTable=7\n\n"
				       "[RoutingPolicyRule]\nOutgoingInterface=eno10\nTable=8\n\n"
				       "[RoutingPolicyRule]\nOutgoingInterface = br0\nTable=9\n"));
	netcase_close(&c);
}

static void the_identity_for_dhcpv6_stays_as_well(void **state)
{
	(void)state;
	static const char bridge[] = "/etc/systemd/network/05-kvmhost-br0.network";
	static const char comment[] =
		"# The DHCP client identity of eno1, so that lease and address stay.\n";
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, "/etc/systemd/network/10-a.network",
		    "[Match]\nName=eno1\n[Network]\nDHCP=ipv6\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.answer.notes.count, 1);
	assert_string_equal(c.answer.notes.items[0],
			    "the DHCPv6 identity of 'eno1' is not known: 'br0' may get another "
			    "IPv6 address than it has, unless IAID= in [DHCPv6] says it");
	fixture_put(&c.fixture, "/run/systemd/netif/links/2", "DHCP6_CLIENT_IAID=0xd223b24d\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.answer.notes.count, 0);
	kh_auto(kh_free) char *wanted = kh_printf("%s[DHCPv6]\nIAID=3525554765\n", comment);
	assert_string_equal(strstr(netcase_text(&c, bridge), "# The DHCP"), wanted);
	/* each family has its own, and what is set is left alone */
	fixture_put(&c.fixture, "/etc/systemd/network/10-a.network",
		    "[Match]\nName=eno1\n[Network]\nDHCP=yes\n");
	fixture_put(&c.fixture, "/run/systemd/netif/leases/2",
		    "ADDRESS=192.0.2.57\nCLIENTID=ff0000000700020000ab11\n");
	netcase_ask(&c, NULL);
	assert_non_null(strstr(netcase_text(&c, bridge),
			       "[DHCPv4]\nIAID=7\n\n[DHCPv6]\nIAID=3525554765\n"));
	fixture_put(&c.fixture, "/etc/systemd/network/10-a.network",
		    "[Match]\nName=eno1\n[Network]\nDHCP=yes\n[DHCPv6]\nIAID=9\n");
	netcase_ask(&c, NULL);
	assert_non_null(strstr(netcase_text(&c, bridge), "[DHCPv4]\nIAID=7\n"));
	assert_null(strstr(netcase_text(&c, bridge), "IAID=3525554765"));
	netcase_close(&c);
}

/* ---- a MAC address that is not the card's own ---- */

static void an_address_that_was_set_finds_no_card(void **state)
{
	(void)state;
	static const char *const types[] = {"1", "2", "3"};
	for (size_t i = 0; i < KH_COUNT(types); i++) {
		struct netcase c;
		networkd(&c);
		fixture_put(&c.fixture, "/sys/class/net/eno1/addr_assign_type", types[i]);
		netcase_ask(&c, NULL);
		assert_non_null(
			strstr(netcase_text(&c, "/etc/systemd/network/05-kvmhost-eno1.network"),
			       "[Match]\nName=eno1\n"));
		fixture_put(&c.fixture, "/sys/class/net/eno1/addr_assign_type", "0");
		netcase_ask(&c, NULL);
		assert_non_null(
			strstr(netcase_text(&c, "/etc/systemd/network/05-kvmhost-eno1.network"),
			       "[Match]\nMACAddress=52:54:00:00:00:01\n"));
		netcase_close(&c);
	}
}

/* networkd itself may have set it, after it compared. */
static void a_match_with_an_address_that_was_set_is_not_judged(void **state)
{
	(void)state;
	struct netcase c;
	networkd(&c);
	fixture_put(&c.fixture, "/sys/class/net/eno1/addr_assign_type", "3");
	fixture_put(&c.fixture, "/etc/systemd/network/10-static.network",
		    "[Match]\nPermanentMACAddress=02:00:5e:00:00:07\n[Link]\n"
		    "MACAddress=52:54:00:00:00:01\n[Network]\nAddress=192.0.2.10/25\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "cannot tell whether '/etc/systemd/network/10-static.network' is meant "
			    "for 'eno1': it has 'PermanentMACAddress='");
	fixture_put(&c.fixture, "/run/systemd/netif/links/2",
		    "NETWORK_FILE=/etc/systemd/network/10-static.network\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_false(c.answer.is_dynamic);
	netcase_close(&c);
}

static void a_port_of_ifcfg_with_another_address_gets_no_hwaddr(void **state)
{
	(void)state;
	static const char path[] = "/etc/sysconfig/network-scripts/ifcfg-eth0";
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "eth0", "52:54:00:00:00:99", true);
	fixture_put(&c.fixture, path,
		    "DEVICE=eth0\nBOOTPROTO=dhcp\nMACADDR=52:54:00:00:00:99\nONBOOT=yes\n");
	netcase_ask(&c, NULL);
	assert_string_equal(netcase_text(&c, path), "DEVICE=eth0\nMACADDR=52:54:00:00:00:99\n"
						    "ONBOOT=yes\nBRIDGE=br0\n");
	fixture_put(&c.fixture, path, "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n");
	netcase_ask(&c, NULL);
	assert_string_equal(netcase_text(&c, path), "DEVICE=eth0\nONBOOT=yes\n"
						    "HWADDR=52:54:00:00:00:99\nBRIDGE=br0\n");
	fixture_put(&c.fixture, "/sys/class/net/eth0/addr_assign_type", "3");
	netcase_ask(&c, NULL);
	assert_string_equal(netcase_text(&c, path), "DEVICE=eth0\nONBOOT=yes\nBRIDGE=br0\n");
	netcase_close(&c);
}

/* ---- netplan ---- */

static void netplan(struct netcase *c, const char *text)
{
	netcase_open(c, NULL);
	netcase_link(c, "ens3", "52:54:00:00:00:01", true);
	fixture_put(&c->fixture, "/etc/netplan/01.yaml", text);
}

static void comments_and_other_entries_of_netplan_stay(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network: # all of it\n  version: 2\n  ethernets:\n    ens4: {dhcp4: no}\n"
		    "    # the uplink\n    ens3:\n      mtu: 9000 # jumbo\n      addresses:\n"
		    "      - 192.0.2.10/25 # ours\n      - 2001:db8::10/64\n      routes:\n"
		    "        - to: default\n          via: 192.0.2.1\n      nameservers:\n"
		    "        addresses: [192.0.2.2]\n    ens5:\n      dhcp4: true\n  vlans:\n"
		    "    v7: {id: 7, link: ens3}\n# the end\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "netplan-comments");
	netcase_close(&c);
}

static void a_flow_entry_of_netplan_is_split(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network:\n  ethernets:\n    ens3: {dhcp4: true, match: {macaddress: "
		    "\"52:54:00:00:00:01\"}, dhcp4-overrides: {route-metric: 50}}\n  bridges:\n"
		    "        br7:\n            interfaces: [ens7]\n  version: 2\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "netplan-flow");
	netcase_close(&c);
}

static void netplan_in_one_line_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "{network: {version: 2, ethernets: {ens3: {dhcp4: true}}}}\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_int_equal(c.err.code, KH_HOST);
	netcase_close(&c);
}

static void a_netplan_entry_for_two_links_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network:\n  ethernets:\n    all:\n      match: {name: \"ens*\"}\n"
		    "      dhcp4: true\n");
	netcase_link(&c, "ens4", "52:54:00:00:00:02", false);
	netcase_ask(&c, "ens3");
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message,
			    "'all' in '/etc/netplan/01.yaml' stands for 'ens3' and for 'ens4'");
	netcase_close(&c);
}

/* netplan refuses a bridge without keys, and then all files. */
static void a_further_file_of_netplan_gets_no_empty_bridge(void **state)
{
	(void)state;
	static const char wol[] = "network:\n  version: 2\n  ethernets:\n    ens3:\n"
				  "      match:\n        macaddress: \"52:54:00:00:00:01\"\n"
				  "      wakeonlan: true\n";
	struct netcase c;
	netplan(&c, "network:\n  version: 2\n  ethernets:\n    ens3:\n      dhcp4: true\n");
	fixture_put(&c.fixture, "/etc/netplan/60-wol.yaml", wol);
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_non_null(netcase_text(&c, "/etc/netplan/01.yaml"));
	assert_null(netcase_text(&c, "/etc/netplan/60-wol.yaml"));
	netcase_close(&c);
}

static void what_a_further_file_of_netplan_loses_leaves_no_empty_bridge(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network:\n  version: 2\n  ethernets:\n    ens3:\n"
		    "      addresses: [192.0.2.10/25]\n");
	fixture_put(&c.fixture, "/etc/netplan/60-more.yaml",
		    "network:\n  ethernets:\n    ens3:\n      wakeonlan: true\n"
		    "      gateway4: 192.0.2.1\n");
	netcase_static(&c, "192.0.2.99/25", "192.0.2.1", NULL);
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_string_equal(netcase_text(&c, "/etc/netplan/60-more.yaml"),
			    "network:\n  ethernets:\n    ens3:\n      wakeonlan: true\n");
	netcase_close(&c);
}

static void a_bridge_of_netplan_without_keys_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network:\n  version: 2\n  ethernets:\n    ens3:\n      dhcp4: true\n"
		    "  bridges:\n    br7:\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(
		c.err.message,
		"'/etc/netplan/01.yaml' is written in a way that cannot be edited safely");
	netcase_close(&c);
}

static const char lan_match[] =
	"network:\n  version: 2\n  ethernets:\n    lan:\n      match:\n"
	"        macaddress: \"52:54:00:00:00:01\"\n      set-name: ens3\n      dhcp4: false\n";
static const char lan_address[] =
	"network:\n  version: 2\n  ethernets:\n    lan:\n      addresses: [192.0.2.10/25]\n"
	"      routes:\n        - {to: default, via: 192.0.2.1}\n";

/* An id is one definition, whichever files its keys are in. */
static void a_definition_of_netplan_is_edited_in_all_its_files(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network: {version: 2}\n");
	fixture_put(&c.fixture, "/etc/netplan/50-a.yaml", lan_match);
	fixture_put(&c.fixture, "/etc/netplan/60-b.yaml", lan_address);
	netcase_ask(&c, NULL);
	netcase_golden(&c, "netplan-merged");
	netcase_close(&c);
}

static void settings_of_netplan_outside_of_etc_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *hint;
	} cases[] = {
		{"/run/netplan/60-b.yaml",
		 "put them into a file in '/etc/netplan', and end what writes this one"},
		{"/lib/netplan/40-b.yaml",
		 "copy it to '/etc/netplan': there it counts instead of this one"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct netcase c;
		kh_auto(kh_free) char *message = kh_printf(
			"'%s' has settings of 'lan', and is no file to edit", cases[i].path);
		netplan(&c, lan_match);
		fixture_put(&c.fixture, cases[i].path, lan_address);
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, -1);
		assert_string_equal(c.err.message, message);
		assert_string_equal(c.err.hint, cases[i].hint);
		netcase_close(&c);
	}
}

static void a_hidden_file_of_netplan_does_not_count(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, lan_match);
	fixture_put(&c.fixture, "/etc/netplan/60-b.yaml", lan_address);
	fixture_put(&c.fixture, "/lib/netplan/60-b.yaml",
		    "network: {ethernets: {lan: {dhcp6: true}}}\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_int_equal(c.answer.edit_count, 2);
	assert_false(c.answer.is_dynamic);
	fixture_put(&c.fixture, "/run/netplan/60-b.yaml", "network: {version: 2}\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	assert_null(netcase_text(&c, "/etc/netplan/60-b.yaml"));
	netcase_close(&c);
}

static void two_definitions_of_netplan_for_one_link_are_refused(void **state)
{
	(void)state;
	struct netcase c;
	netplan(&c, "network:\n  ethernets:\n    zz-default:\n      match: {name: \"en*\"}\n"
		    "      dhcp4: true\n");
	fixture_put(&c.fixture, "/etc/netplan/02.yaml",
		    "network:\n  ethernets:\n    ens3:\n      addresses: [192.0.2.10/25]\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message, "'zz-default' in '/etc/netplan/01.yaml' and 'ens3' in "
					   "'/etc/netplan/02.yaml' both stand for 'ens3'");
	netcase_close(&c);
}

/* ---- NetworkManager ---- */

static void an_untied_profile_is_left_and_outranked(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "ens3", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
	fixture_put(
		&c.fixture, "/etc/NetworkManager/system-connections/any.nmconnection",
		"[connection]\nid=any\nuuid=1\ntype=ethernet\nautoconnect-priority=5\n\n[ipv4]\n"
		"method=auto\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "nm-untied");
	netcase_close(&c);
}

static void two_equal_profiles_are_refused(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "ens3", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
	for (int i = 0; i < 2; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/etc/NetworkManager/system-connections/%d.nmconnection", i);
		fixture_put(&c.fixture, path, "[connection]\ntype=ethernet\ninterface-name=ens3\n");
	}
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, -1);
	assert_string_equal(c.err.message, "several NetworkManager profiles could serve 'ens3'");
	netcase_close(&c);
}

static void without_a_profile_the_bridge_asks_dhcp(void **state)
{
	(void)state;
	struct netcase c;
	netcase_open(&c, NULL);
	netcase_link(&c, "ens3", "52:54:00:00:00:01", true);
	fixture_put(&c.fixture, "/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
	netcase_ask(&c, NULL);
	netcase_golden(&c, "nm-none");
	netcase_close(&c);
}

/* A host of NetworkManager; active: the UUID that it says serves the link, or NULL. */
static void nm_host(struct netcase *c, const char *active)
{
	kh_auto(kh_free) char *device =
		kh_printf("[device]\nmanaged=true\n%s%s\n", active ? "connection-uuid=" : "",
			  active ? active : "");
	netcase_open(c, NULL);
	netcase_link(c, "ens3", "52:54:00:00:00:01", true);
	fixture_put(&c->fixture, "/run/NetworkManager/devices/2", device);
}

static void expect_refusal(struct netcase *c, const char *message)
{
	netcase_ask(c, NULL);
	assert_int_equal(c->result, -1);
	assert_int_equal(c->err.code, KH_HOST);
	assert_string_equal(c->err.message, message);
	assert_int_equal(c->answer.edit_count, 0);
}

/* NetworkManager goes by DEVICE=, HWADDR= and UUID=: without the file, a static host became one of
 * DHCP. */
static void an_ifcfg_file_of_another_name_is_not_overlooked(void **state)
{
	(void)state;
	static const struct {
		const char *active, *text;
	} cases[] = {
		{NULL, "DEVICE=ens3\nONBOOT=yes\nIPADDR=192.0.2.10\nPREFIX=25\n"},
		{NULL, "HWADDR=\"52:54:00:00:00:01\"\nIPADDR=192.0.2.10\n"},
		{"5fb06bd0", "NAME=lan\nUUID='5fb06bd0'\nIPADDR=192.0.2.10\n"},
		{"5fb06bd0", "DEVICE=\"ens3\"\nIPADDR=192.0.2.10\n"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct netcase c;
		nm_host(&c, cases[i].active);
		fixture_put(&c.fixture, "/etc/sysconfig/network-scripts/ifcfg-lan", cases[i].text);
		expect_refusal(&c, "'/etc/sysconfig/network-scripts/ifcfg-lan' configures 'ens3', "
				   "and its name does not say so");
		netcase_close(&c);
	}
}

static void ifcfg_files_that_serve_another_link_do_not_matter(void **state)
{
	(void)state;
	struct netcase c;
	nm_host(&c, NULL);
	fixture_put(&c.fixture, "/etc/sysconfig/network-scripts/ifcfg-lan", "DEVICE=ens4\n");
	fixture_put(&c.fixture, "/etc/sysconfig/network-scripts/ifcfg-ens3", "DEVICE=ens4\n");
	fixture_put(&c.fixture, "/etc/sysconfig/network-scripts/ifcfg-old.bak", "DEVICE=ens3\n");
	fixture_put(&c.fixture, "/etc/sysconfig/network-scripts/ifcfg-off",
		    "DEVICE=ens3\nONBOOT=no\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.manager, KH_NET_NETWORKMANAGER);
	assert_int_equal(c.result, 0);
	netcase_close(&c);
}

static void a_profile_that_is_in_no_file_is_refused(void **state)
{
	(void)state;
	struct netcase c;
	nm_host(&c, "5fb06bd0");
	fixture_put(&c.fixture, "/etc/NetworkManager/system-connections/other.nmconnection",
		    "[connection]\nuuid=other\ntype=ethernet\ninterface-name=ens3\n");
	expect_refusal(&c, "NetworkManager's profile of 'ens3' (5fb06bd0) is in no file");
	fixture_put(&c.fixture, "/run/NetworkManager/system-connections/auto.nmconnection",
		    "[connection]\nuuid=5fb06bd0\ntype=ethernet\ninterface-name=ens3\n");
	netcase_ask(&c, NULL);
	assert_int_equal(c.result, 0);
	netcase_close(&c);
}

static const char wired_path[] = "/etc/NetworkManager/system-connections/wired.nmconnection";
static const char nm_bridge[] = "/etc/NetworkManager/system-connections/br0.nmconnection";

/* The bridge's profile, where the port's has these lines after those of [connection]. */
static const char *nm_bridge_of(struct netcase *c, const char *lines)
{
	kh_auto(kh_free) char *text = kh_printf("[connection]\nid=wired\nuuid=1\ntype=ethernet\n"
						"interface-name=ens3\n\n%s",
						lines);
	fixture_put(&c->fixture, wired_path, text);
	netcase_ask(c, "ens3");
	assert_int_equal(c->result, 0);
	return netcase_text(c, nm_bridge);
}

/* With two uplinks, the bridge's own default metric (425) loses against the other one. */
static void the_bridge_wins_where_its_port_won(void **state)
{
	(void)state;
	struct netcase c;
	nm_host(&c, NULL);
	netcase_link(&c, "ens4", "52:54:00:00:00:02", false);
	const char *text = nm_bridge_of(&c, "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n");
	assert_non_null(strstr(text, "[ipv4]\nmethod=auto\nroute-metric=99\n"));
	assert_non_null(strstr(text, "[ipv6]\nmethod=disabled\n"));
	assert_null(strstr(strstr(text, "[ipv6]"), "route-metric"));
	text = nm_bridge_of(&c, "[ipv4]\nroute-metric=50\n");
	assert_non_null(strstr(text, "[ipv4]\nroute-metric=50\nmethod=auto\n\n[ipv6]"));
	fixture_put(&c.fixture, "/proc/net/route",
		    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		    "ens4\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\n");
	text = nm_bridge_of(&c, "[ipv4]\nmethod=auto\n");
	assert_non_null(strstr(text, "[ipv4]\nmethod=auto\nroute-metric=101\n"));
	netcase_close(&c);
}

/* Whatever its file is called; our own is no reason. */
static void a_name_that_another_profile_has_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text;
	} cases[] = {
		{"/etc/NetworkManager/system-connections/bridge-br0.nmconnection",
		 "[connection]\nid=lan\ntype=bridge\ninterface-name=br0\n"},
		{"/run/NetworkManager/system-connections/x.nmconnection",
		 "[connection]\nid=br0\ntype=vlan\ninterface-name=v7\n"},
		{"/etc/sysconfig/network-scripts/ifcfg-lan", "DEVICE=\"br0\"\nTYPE=Bridge\n"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct netcase c;
		kh_auto(kh_free) char *message = kh_printf(
			"'%s' has a 'br0' already, and 'ens3' is not its port", cases[i].path);
		nm_host(&c, NULL);
		fixture_put(&c.fixture, cases[i].path, cases[i].text);
		expect_refusal(&c, message);
		fixture_put(&c.fixture, cases[i].path, "[connection]\nid=br01\n");
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, 0);
		fixture_put(&c.fixture, cases[i].path,
			    "[connection]\nid=br0\ninterface-name=br0\n[.nmmeta]\n"
			    "nm-generated=true\nvolatile=true\n");
		netcase_ask(&c, NULL);
		assert_int_equal(c.result, 0);
		netcase_close(&c);
	}
}

/* [ipv4] takes servers of IPv4 only: the others go into [ipv6], where that is on. */
static void name_servers_of_both_families_are_kept(void **state)
{
	(void)state;
	struct netcase c;
	nm_host(&c, NULL);
	netcase_static(&c, "192.0.2.10/25", "192.0.2.1", "192.0.2.2");
	kh_strv_add(&c.config.dns, "2001:db8::53");
	const char *text = nm_bridge_of(&c, "[ipv6]\nmethod=auto\ndns=2001:db8::1;\n");
	assert_non_null(strstr(text, "address1=192.0.2.10/25,192.0.2.1\ndns=192.0.2.2;\n"));
	assert_non_null(strstr(text, "[ipv6]\nmethod=auto\ndns=2001:db8::53;\n"));
	assert_null(strstr(text, "2001:db8::1;"));
	text = nm_bridge_of(&c, "[ipv6]\nmethod=disabled\n");
	assert_null(strstr(text, "2001:db8::53"));
	assert_true(kh_strv_has(&c.answer.notes,
				"left out, as IPv6 is switched off in NetworkManager's profile: "
				"the name servers 2001:db8::53"));
	netcase_close(&c);
}

static void a_gateway_of_the_configuration_is_used(void **state)
{
	(void)state;
	struct netcase c;
	static const char lines[] = "[ipv4]\nnever-default=true\nmethod=auto\n\n"
				    "[ipv6]\nnever-default=true\nmethod=auto\n";
	nm_host(&c, NULL);
	netcase_static(&c, "192.0.2.10/25", "192.0.2.1", NULL);
	const char *text = nm_bridge_of(&c, lines);
	assert_non_null(strstr(text, "[ipv4]\nmethod=manual\n"));
	assert_non_null(strstr(text, "[ipv6]\nnever-default=true\n"));
	kh_strv_done(&c.config.gateways);
	text = nm_bridge_of(&c, lines);
	assert_non_null(strstr(text, "[ipv4]\nnever-default=true\nmethod=manual\n"));
	netcase_close(&c);
}

/* ---- DHCP identity ---- */

/* Known from the leases of many machines: the identifiers of these names begin with these bytes. */
static void the_iaid_of_a_name_is_that_of_systemd(void **state)
{
	(void)state;
	assert_int_equal(kh_dhcp_iaid_of_name("enp0s3"), 0xe2343f3e);
	assert_int_equal(kh_dhcp_iaid_of_name("ens3"), 0xb55e67ff);
}

static void names_are_replaced_as_whole_words_only(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text =
		kh_net_rename("dev eth0 via eth0.5, eth01 (eth0) /eth0/", "eth0", "br0");
	assert_string_equal(text, "dev br0 via eth0.5, eth01 (br0) /br0/");
}

static void names_are_replaced_in_settings(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text = kh_net_rename(
		"net.ipv4.conf.eth0.rp_filter net/ipv6/neigh/eth0/x net.ipv4.conf.eth0/5.forwarding",
		"eth0", "br0");
	assert_string_equal(text, "net.ipv4.conf.br0.rp_filter net/ipv6/neigh/br0/x "
				  "net.ipv4.conf.eth0/5.forwarding");
	kh_auto(kh_free) char *vlan = kh_net_rename(
		"net.ipv4.conf.eth0/5.rp_filter net.ipv4.conf.eth0.forwarding", "eth0.5", "br0.5");
	assert_string_equal(vlan, "net.ipv4.conf.br0/5.rp_filter net.ipv4.conf.eth0.forwarding");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_host_gets_the_files_expected),
		cmocka_unit_test(a_static_address_replaces_that_of_the_port),
		cmocka_unit_test(dhcp_replaces_the_address_of_the_port),
		cmocka_unit_test(the_result_is_recognised_as_done),
		cmocka_unit_test(a_bridge_made_by_hand_is_recognised),
		cmocka_unit_test(a_name_that_is_in_use_is_refused),
		cmocka_unit_test(bridge_utils_are_used_where_they_are),
		cmocka_unit_test(a_mapped_port_is_refused),
		cmocka_unit_test(options_that_are_inherited_are_not_lost),
		cmocka_unit_test(a_template_without_settings_of_the_link_stays_one),
		cmocka_unit_test(a_stanza_that_does_not_outlast_a_boot_is_refused),
		cmocka_unit_test(labels_follow_the_address),
		cmocka_unit_test(the_lines_of_the_port_are_kept_whichever_stanza_has_them),
		cmocka_unit_test(the_first_stanza_is_the_first_that_ifupdown_reads),
		cmocka_unit_test(an_option_of_the_port_with_two_values_is_refused),
		cmocka_unit_test(the_bridge_is_made_before_the_lines_of_the_operator_run),
		cmocka_unit_test(a_line_of_the_port_and_of_the_bridge_is_refused),
		cmocka_unit_test(a_port_that_ifup_makes_is_up_before_the_bridge),
		cmocka_unit_test(what_a_pattern_of_directories_names_is_read),
		cmocka_unit_test(a_file_for_many_links_is_passed_over_not_changed),
		cmocka_unit_test(a_match_that_cannot_be_judged_is_refused),
		cmocka_unit_test(a_match_is_judged_as_networkd_judges_it),
		cmocka_unit_test(a_condition_of_a_drop_in_counts),
		cmocka_unit_test(a_masked_file_is_masked_in_a_tree_without_dev_null),
		cmocka_unit_test(an_empty_match_is_refused),
		cmocka_unit_test(a_name_in_any_file_of_networkd_is_in_use),
		cmocka_unit_test(what_a_port_never_becomes_is_not_waited_for),
		cmocka_unit_test(rules_of_policy_routing_name_the_bridge),
		cmocka_unit_test(the_identity_for_dhcpv6_stays_as_well),
		cmocka_unit_test(an_address_that_was_set_finds_no_card),
		cmocka_unit_test(a_match_with_an_address_that_was_set_is_not_judged),
		cmocka_unit_test(a_port_of_ifcfg_with_another_address_gets_no_hwaddr),
		cmocka_unit_test(the_file_that_networkd_took_is_believed),
		cmocka_unit_test(another_file_than_networkd_took_is_refused),
		cmocka_unit_test(comments_and_other_entries_of_netplan_stay),
		cmocka_unit_test(a_flow_entry_of_netplan_is_split),
		cmocka_unit_test(netplan_in_one_line_is_refused),
		cmocka_unit_test(a_netplan_entry_for_two_links_is_refused),
		cmocka_unit_test(a_further_file_of_netplan_gets_no_empty_bridge),
		cmocka_unit_test(what_a_further_file_of_netplan_loses_leaves_no_empty_bridge),
		cmocka_unit_test(a_bridge_of_netplan_without_keys_is_refused),
		cmocka_unit_test(a_definition_of_netplan_is_edited_in_all_its_files),
		cmocka_unit_test(settings_of_netplan_outside_of_etc_are_refused),
		cmocka_unit_test(a_hidden_file_of_netplan_does_not_count),
		cmocka_unit_test(two_definitions_of_netplan_for_one_link_are_refused),
		cmocka_unit_test(an_untied_profile_is_left_and_outranked),
		cmocka_unit_test(two_equal_profiles_are_refused),
		cmocka_unit_test(without_a_profile_the_bridge_asks_dhcp),
		cmocka_unit_test(an_ifcfg_file_of_another_name_is_not_overlooked),
		cmocka_unit_test(ifcfg_files_that_serve_another_link_do_not_matter),
		cmocka_unit_test(a_profile_that_is_in_no_file_is_refused),
		cmocka_unit_test(the_bridge_wins_where_its_port_won),
		cmocka_unit_test(a_name_that_another_profile_has_is_refused),
		cmocka_unit_test(name_servers_of_both_families_are_kept),
		cmocka_unit_test(a_gateway_of_the_configuration_is_used),
		cmocka_unit_test(the_iaid_of_a_name_is_that_of_systemd),
		cmocka_unit_test(names_are_replaced_as_whole_words_only),
		cmocka_unit_test(names_are_replaced_in_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
