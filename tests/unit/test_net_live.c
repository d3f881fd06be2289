/* test_net_live.c - what proves that somebody came in over the new network, and the record of a
 * live switch. The switch itself needs a kernel: tests/net. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>

#include "core/base/mem.h"
#include "net/connection.h"
#include "net/dhcp_client.h"
#include "net/live.h"
#include "net/takeover.h"
#include "tests/lib/fixture.h"

static const char heading[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";

static void put_tables(struct fixture *host, const char *v4, const char *v6)
{
	kh_auto(kh_free) char *of_v4 = kh_printf("%s%s", heading, v4);
	kh_auto(kh_free) char *of_v6 = kh_printf("%s%s", heading, v6);
	fixture_put(host, "/proc/net/tcp", of_v4);
	fixture_put(host, "/proc/net/tcp6", of_v6);
}

static void expect_connections(const struct fixture *host, const char *wanted)
{
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	kh_connection_list(&host->root, NULL, &found);
	kh_auto(kh_free) char *text = kh_strv_join(&found, ", ");
	assert_string_equal(text, wanted);
}

/* 192.0.2.10 is 0A0200C0 and 198.51.100.7 is 076433C6 in the byte order of the kernel's table. */
static void connections_from_outside_to_sshd_are_listed(void **state)
{
	(void)state;
	struct fixture host;
	fixture_open_empty(&host);
	put_tables(&host,
		   "   0: 00000000:0016 00000000:0000 0A 0 0 0 0 0 1\n"  /* listens */
		   "   1: 0A0200C0:0016 076433C6:C3AC 01 0 0 0 0 0 2\n"  /* is open */
		   "   2: 0A0200C0:0016 076433C6:C3AD 06 0 0 0 0 0 0\n"  /* was closed just now */
		   "   3: 0A0200C0:0016 076433C6:C3AE 03 0 0 0 0 0 0\n"  /* is only asked for */
		   "   4: 0A0200C0:0050 076433C6:C3AF 01 0 0 0 0 0 3\n"  /* to another port */
		   "   5: 0100007F:0016 0100007F:C3B0 01 0 0 0 0 0 4\n"  /* from here */
		   "   6: 0A0200C0:0016 0A0200C0:C3B1 01 0 0 0 0 0 5\n", /* from here as well */
		   "   0: B80D0120000000000000000010000000:0016 "
		   "B80D0120000000000000000007000000:C3B2 01 0 0 0 0 0 6\n"
		   "   1: 0000000000000000FFFF00000A0200C0:0016 "
		   "0000000000000000FFFF0000076433C6:C3B3 01 0 0 0 0 0 7\n"
		   "   2: broken\n");
	expect_connections(&host, "192.0.2.10 22 198.51.100.7 50092, "
				  "192.0.2.10 22 198.51.100.7 50093, "
				  "2001:db8::10 22 2001:db8::7 50098, "
				  "192.0.2.10 22 198.51.100.7 50099");
	fixture_close(&host);
}

static void the_ports_are_those_of_sshds_configuration(void **state)
{
	(void)state;
	struct fixture host;
	fixture_open_empty(&host);
	fixture_put(&host, "/etc/ssh/sshd_config", "#Port 22\nPort 2222\r\nListenAddress ::\n");
	fixture_put(&host, "/etc/ssh/sshd_config.d/a.conf", "ListenAddress 192.0.2.10:8022\n");
	fixture_put(&host, "/etc/ssh/sshd_config.d/b.old", "Port 80\n");
	put_tables(&host,
		   "   0: 0A0200C0:0016 076433C6:0001 01 0 0 0 0 0 2\n"
		   "   1: 0A0200C0:08AE 076433C6:0002 01 0 0 0 0 0 2\n"
		   "   2: 0A0200C0:1F56 076433C6:0003 01 0 0 0 0 0 2\n"
		   "   3: 0A0200C0:0050 076433C6:0004 01 0 0 0 0 0 2\n",
		   "");
	expect_connections(&host, "192.0.2.10 2222 198.51.100.7 2, 192.0.2.10 8022 198.51.100.7 3");
	fixture_close(&host);
}

/* The ports 22, 2222, 8022, 4022 and 80 of this host, each connected to. */
static void put_five_ports(struct fixture *host)
{
	put_tables(host,
		   "   0: 0A0200C0:0016 076433C6:0001 01 0 0 0 0 0 2\n"
		   "   1: 0A0200C0:08AE 076433C6:0002 01 0 0 0 0 0 2\n"
		   "   2: 0A0200C0:1F56 076433C6:0003 01 0 0 0 0 0 2\n"
		   "   3: 0A0200C0:0FB6 076433C6:0004 01 0 0 0 0 0 2\n"
		   "   4: 0A0200C0:0050 076433C6:0005 01 0 0 0 0 0 2\n",
		   "");
}

static void the_ports_of_a_socket_unit_count_as_well(void **state)
{
	(void)state;
	struct fixture host;
	fixture_open_empty(&host);
	put_five_ports(&host);
	fixture_put(&host, "/usr/lib/systemd/system/ssh.socket",
		    "[Socket]\nListenStream=22\nListenStream=/run/80\nListenStream=vsock::80\n");
	fixture_put(&host, "/etc/systemd/system/ssh.socket.d/override.conf",
		    "[Socket]\nListenStream=\n#ListenStream=80\nListenStream = 2222\r\n");
	fixture_put(&host, "/run/systemd/generator/ssh.socket.d/addresses.conf",
		    "[Socket]\nListenStream=0.0.0.0:8022\n");
	fixture_put(&host, "/run/systemd/system/sshd.socket", "ListenStream=[::]:4022\n");
	fixture_put(&host, "/etc/systemd/system/ssh.socket.d/old", "ListenStream=80\n");
	expect_connections(&host, "192.0.2.10 22 198.51.100.7 1, 192.0.2.10 2222 198.51.100.7 2, "
				  "192.0.2.10 8022 198.51.100.7 3, 192.0.2.10 4022 198.51.100.7 4");
	fixture_close(&host);
}

static void the_port_of_the_administrators_session_counts_as_well(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	fixture_open_empty(&host);
	put_five_ports(&host);
	fixture_put(&host, "/etc/ssh/sshd_config", "Port 2222\n");
	kh_connection_list(&host.root, "4022", &found);
	kh_auto(kh_free) char *text = kh_strv_join(&found, ", ");
	assert_string_equal(text, "192.0.2.10 2222 198.51.100.7 2, 192.0.2.10 4022 198.51.100.7 4");
	fixture_close(&host);
}

/* ---- sessions ---- */

static void put_process(struct fixture *host, int pid, int parent, int started_ticks,
			const char *environment)
{
	kh_auto(kh_free) char *stat_path = kh_printf("/proc/%d/stat", pid);
	kh_auto(kh_free) char *environ_path = kh_printf("/proc/%d/environ", pid);
	kh_auto(kh_free) char *stat =
		kh_printf("%d (a ) b) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid,
			  parent, started_ticks);
	fixture_put(host, stat_path, stat);
	fixture_put(host, environ_path, environment);
}

static void expect_session(const struct fixture *host, const struct kh_strv *before,
			   const char *why_not)
{
	kh_auto(kh_free) char *why = NULL;
	bool is_new = kh_connection_is_new_session(&host->root, 30, 60000, before, &why);
	assert_int_equal(is_new, why_not == NULL);
	if (why_not)
		assert_string_equal(why, why_not);
}

/* sudo takes SSH_CONNECTION away: the shell it was typed in has it. */
static void the_port_of_a_session_is_found(void **state)
{
	(void)state;
	struct fixture host;
	fixture_open_empty(&host);
	put_process(&host, 20, 10, 5900, "SSH_CONNECTION=198.51.100.7 50122 192.0.2.10 2222");
	put_process(&host, 30, 20, 6500, "HOME=/root");
	kh_auto(kh_free) char *port = kh_connection_port_of(&host.root, 30);
	assert_string_equal(port, "2222");
	assert_null(kh_connection_port_of(&host.root, 10));
	assert_null(kh_connection_our_port(&host.root));
	fixture_close(&host);
}

/* The switch was a minute after the start, tick 6000. */
static void a_session_is_as_old_as_its_login(void **state)
{
	(void)state;
	struct fixture host;
	const struct kh_strv none = {0};
	fixture_open_empty(&host);
	put_tables(&host, "", "");
	put_process(&host, 10, 1, 100, "");   /* sshd */
	put_process(&host, 20, 10, 5900, ""); /* of one connection, before the switch */
	put_process(&host, 30, 20, 6500, ""); /* sudo kvmhost confirm */
	expect_session(&host, &none, "it began before the switch");
	put_process(&host, 20, 10, 6100, "");
	expect_session(&host, &none, NULL);
	put_process(&host, 30, 1, 5900, ""); /* started by init itself */
	expect_session(&host, &none, "it began before the switch");
	fixture_close(&host);
}

static void an_ssh_session_is_new_when_its_connection_is(void **state)
{
	(void)state;
	struct fixture host;
	const struct kh_strv none = {0};
	kh_auto(kh_strv_done) struct kh_strv before = {0};
	fixture_open_empty(&host);
	put_tables(&host, "   1: 0A0200C0:0016 076433C6:C3AC 01 0 0 0 0 0 2\n", "");
	put_process(&host, 10, 1, 100, "");
	put_process(&host, 20, 10, 6100, "SSH_CONNECTION=198.51.100.7 50092 192.0.2.10 22");
	put_process(&host, 30, 20, 6500, "");
	expect_session(&host, &none, NULL);
	kh_strv_add(&before, "192.0.2.10 22 198.51.100.7 50092");
	expect_session(&host, &before, "its ssh connection was open before the switch");
	put_tables(&host, "", ""); /* a shell of tmux: whoever opened it has left */
	expect_session(&host, &none,
		       "its ssh connection is not open, or does not come from outside");
	fixture_close(&host);
}

/* ---- the record of a live switch ---- */

static void fill(struct kh_live *live)
{
	static const unsigned char address[] = {AF_INET, 24, 0, 0, 7, 0, 0, 0};
	*live = (struct kh_live){.boot_id = kh_strdup("boot-1"),
				 .bridge = kh_strdup("br0"),
				 .port = kh_strdup("eth0"),
				 .ifindex = 7,
				 .mac = {2, 0, 0x5e, 0x10, 0, 0xff},
				 .mtu = 9000,
				 .taken_s = 77,
				 .wants_stp = true};
	kh_strv_add(&live->settings, "ipv6/conf/%s/accept_ra=2");
	kh_strv_add(&live->clients, "dhclient\n-4\neth0");
	kh_netlink_add(&live->known, RTM_NEWADDR, address, sizeof(address));
}

static void the_way_back_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_live_done) struct kh_live live = {0}, read = {0};
	fixture_open_empty(&host);
	fixture_put(&host, "/var/lib/kvmhost/.keep", "");
	assert_int_equal(kh_live_read(&host.root, &read, &err), 1);
	fill(&live);
	assert_int_equal(kh_live_write(&host.root, &live, &err), 0);
	assert_int_equal(kh_live_read(&host.root, &read, &err), 0);
	assert_string_equal(read.boot_id, "boot-1");
	assert_string_equal(read.port, "eth0");
	assert_int_equal(read.ifindex, 7);
	assert_memory_equal(read.mac, live.mac, 6);
	assert_int_equal(read.mtu, 9000);
	assert_true(read.wants_stp);
	assert_string_equal(read.clients.items[0], "dhclient\n-4\neth0");
	assert_string_equal(read.settings.items[0], "ipv6/conf/%s/accept_ra=2");
	assert_int_equal(read.known.count, 1);
	assert_int_equal(read.known.items[0].type, RTM_NEWADDR);
	assert_int_equal(read.known.items[0].length, 8);
	assert_memory_equal(read.known.items[0].bytes, live.known.items[0].bytes, 8);
	fixture_close(&host);
}

static void a_damaged_way_back_is_an_error(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"bridge\": \"br0\", \"port\": \"eth0\", \"ifindex\": 7, \"mac\": \"02005e1000\"}",
		("{\"bridge\": \"br0\", \"port\": \"eth0\", \"ifindex\": 7, \"mac\": \"02005e100001\", "
		 "\"known\": [[20, \"0\"]]}"),
	};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		struct fixture host;
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_live_done) struct kh_live live = {0};
		fixture_open_empty(&host);
		fixture_put(&host, kh_live_path, texts[i]);
		assert_int_equal(kh_live_read(&host.root, &live, &err), -1);
		assert_string_equal(err.message, "'/var/lib/kvmhost/guard.live' is damaged");
		fixture_close(&host);
	}
}

/* ---- copying ---- */

static void a_message_that_is_cut_short_is_not_copied(void **state)
{
	(void)state;
	const struct kh_live_way way = {.from = {7, "eth0"}, .to = {8, "br0"}};
	unsigned char bytes[64] = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	const struct kh_netlink_message message = {.bytes = bytes, .length = 4};
	assert_false(kh_live_copy_address(&message, &way, &out));
	assert_false(kh_live_copy_route(&message, &way, &out));
	assert_false(kh_live_copy_neighbour(&message, &way, &out));
	assert_int_equal(out.length, 0);
}

static void an_address_goes_along_with_its_label_and_lifetime(void **state)
{
	(void)state;
	struct {
		struct ifaddrmsg header;
		struct rtattr label_head;
		char label[8];
		struct rtattr life_head;
		struct ifa_cacheinfo life;
	} message = {.header = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 7},
		     .label_head = {4 + 7, IFA_LABEL},
		     .label = "eth0:1",
		     .life_head = {4 + sizeof(struct ifa_cacheinfo), IFA_CACHEINFO},
		     .life = {.ifa_prefered = 900, .ifa_valid = 1000}};
	struct kh_live_way way = {.from = {7, "eth0"}, .to = {8, "br0"}, .age_s = 100};
	kh_auto(kh_str_done) struct kh_str out = {0};
	const struct kh_netlink_message bytes = {
		.type = RTM_NEWADDR, .bytes = (void *)&message, .length = sizeof(message)};
	assert_true(kh_live_copy_address(&bytes, &way, &out));
	struct ifaddrmsg header;
	struct ifa_cacheinfo life;
	memcpy(&header, out.text, sizeof(header));
	assert_int_equal(header.ifa_index, 8);
	assert_string_equal(out.text + sizeof(header) + 4, "br0:1");
	memcpy(&life, out.text + sizeof(header) + 4 + 8 + 4, sizeof(life));
	assert_int_equal(life.ifa_valid, 900);
	assert_int_equal(life.ifa_prefered, 800);
	way.from.ifindex = 9; /* of another link */
	assert_false(kh_live_copy_address(&bytes, &way, &out));
}

static void an_address_that_goes_by_itself_is_leased(void **state)
{
	(void)state;
	struct {
		struct ifaddrmsg header;
		struct rtattr head;
		struct ifa_cacheinfo life;
	} message = {.header = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 7},
		     .head = {4 + sizeof(struct ifa_cacheinfo), IFA_CACHEINFO},
		     .life = {.ifa_prefered = 900, .ifa_valid = 1000}};
	kh_auto(kh_live_done) struct kh_live live = {.ifindex = 7};
	assert_false(kh_live_is_leased(&live));
	kh_netlink_add(&live.known, RTM_NEWADDR, &message, sizeof(message));
	assert_true(kh_live_is_leased(&live));
	live.ifindex = 8; /* not the port's */
	assert_false(kh_live_is_leased(&live));
	live.ifindex = 7;
	kh_netlink_messages_done(&live.known);
	message.life.ifa_valid = UINT32_MAX;
	kh_netlink_add(&live.known, RTM_NEWADDR, &message, sizeof(message));
	assert_false(kh_live_is_leased(&live));
	kh_netlink_messages_done(&live.known);
	message.life.ifa_valid = 1000; /* an advertisement's: the kernel renews it */
	message.header.ifa_family = AF_INET6;
	kh_netlink_add(&live.known, RTM_NEWADDR, &message, sizeof(message));
	assert_false(kh_live_is_leased(&live));
}

/* ---- who is told ---- */

static int note_command(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
			struct kh_run_result *ret_result, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str line = {0};
	(void)timeout_s;
	(void)err;
	for (size_t i = 0; argv[i]; i++)
		kh_str_addf(&line, "%s%s", i ? " " : "", argv[i]);
	kh_strv_add(runner->data, kh_str_text(&line));
	*ret_result = (struct kh_run_result){.output = kh_strdup("")};
	return 0;
}

/* As dhcpcd 9.4.1 shows itself; with privilege separation it has helpers. */
static void put_dhcpcd(struct fixture *host, const char *pid, const char *title)
{
	kh_auto(kh_free) char *cmdline = kh_printf("/proc/%s/cmdline", pid);
	kh_auto(kh_free) char *comm = kh_printf("/proc/%s/comm", pid);
	kh_auto(kh_free) char *ns = kh_printf("/proc/%s/ns/net", pid);
	fixture_put(host, cmdline, title);
	fixture_put(host, comm, "dhcpcd\n");
	fixture_link(host, ns, "net:[1]");
}

static void a_dhcpcd_is_found_by_its_title(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_strv_done) struct kh_strv clients = {0}, commands = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_runner runner = {note_command, &commands};
	fixture_open_empty(&host);
	fixture_link(&host, "/proc/self/ns/net", "net:[1]");
	put_dhcpcd(&host, "70", "dhcpcd: enp1s0 [ip4]");
	put_dhcpcd(&host, "71", "dhcpcd: [BPF ARP] enp1s0 192.0.2.57");
	put_dhcpcd(&host, "72", "dhcpcd: enp1s0 [ip6]");
	put_dhcpcd(&host, "73", "dhcpcd: enp1s01 [ip4]");
	put_dhcpcd(&host, "74", "dhcpcd: [manager] [ip4] [ip6]");
	put_dhcpcd(&host, "75", "dhcpcd: enp1s0 [ip4] [ip6]");
	fixture_put(&host, "/proc/75/comm", "sleep\n");
	fixture_put(&host, "/var/lib/dhcpcd/enp1s0.lease", "lease");
	kh_dhcp_client_find(&host.root, "enp1s0", &clients);
	assert_int_equal(clients.count, 2);
	assert_string_equal(clients.items[0], "dhcpcd\n-b\n-4\nenp1s0");
	assert_string_equal(clients.items[1], "dhcpcd\n-b\n-6\nenp1s0");
	const struct kh_dhcp_move move = {.from = "enp1s0", .to = "br0"};
	assert_int_equal(kh_dhcp_client_start(&host.root, &runner, &clients, &move, &err), 0);
	assert_int_equal(commands.count, 2);
	assert_string_equal(commands.items[0], "dhcpcd -b -4 br0");
	kh_auto(kh_free) char *lease = fixture_get(&host, "/var/lib/dhcpcd/br0.lease");
	assert_string_equal(lease, "lease");
	fixture_close(&host);
}

static void a_client_that_goes_back_does_not_give_up(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_strv_done) struct kh_strv clients = {0}, commands = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_runner runner = {note_command, &commands};
	const struct kh_dhcp_move move = {.from = "eth0", .to = "eth0", .is_patient = true};
	fixture_open_empty(&host);
	kh_strv_add(&clients, "/sbin/dhclient\n-4\n-lf\n/var/lib/dhcp/dhclient.eth0.leases\neth0");
	kh_strv_add(&clients, "dhclient\n-nw\neth0");
	kh_strv_add(&clients, "udhcpc\n-n\n-i\neth0");
	kh_strv_add(&clients, "dhcpcd\n-b\neth0");
	assert_int_equal(kh_dhcp_client_start(&host.root, &runner, &clients, &move, &err), 0);
	assert_int_equal(commands.count, 4);
	assert_string_equal(commands.items[0],
			    "/sbin/dhclient -nw -4 -lf /var/lib/dhcp/dhclient.eth0.leases eth0");
	assert_string_equal(commands.items[1], "dhclient -nw eth0");
	assert_string_equal(commands.items[2], "udhcpc -b -n -i eth0");
	assert_string_equal(commands.items[3], "dhcpcd -b eth0");
	fixture_close(&host);
}

/* words: separated by blanks */
static void put_program(struct fixture *host, const char *pid, const char *words, const char *exe,
			unsigned uid)
{
	kh_auto(kh_free) char *cmdline = kh_printf("%s/proc/%s/cmdline", host->path, pid);
	kh_auto(kh_free) char *status_path = kh_printf("/proc/%s/status", pid);
	kh_auto(kh_free) char *status = kh_printf("Name:\tx\nUid:\t%u\t0\t0\t0\n", uid);
	kh_auto(kh_free) char *exe_path = kh_printf("/proc/%s/exe", pid);
	kh_auto(kh_free) char *ns = kh_printf("/proc/%s/ns/net", pid);
	fixture_put(host, status_path, status);
	fixture_link(host, exe_path, exe);
	fixture_link(host, ns, "net:[1]");
	kh_auto(kh_fclose) FILE *file = fopen(cmdline, "we");
	assert_non_null(file);
	for (const char *at = words; *at; at++)
		fputc(*at == ' ' ? '\0' : *at, file);
	fputc('\0', file);
}

/* Whoever starts a program chooses what it is called. */
static void only_roots_own_clients_are_started_again(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_strv_done) struct kh_strv clients = {0};
	fixture_open_empty(&host);
	fixture_link(&host, "/proc/self/ns/net", "net:[1]");
	put_program(&host, "80", "dhclient -sf /tmp/evil eth0", "/usr/sbin/dhclient", getuid() + 1);
	put_program(&host, "81", "dhclient -sf /tmp/evil eth0", "/usr/bin/sudo", getuid());
	put_program(&host, "82", "/sbin/dhclient -4 eth0", "/usr/sbin/dhclient (deleted)",
		    getuid());
	put_program(&host, "83", "udhcpc -i eth0", "/usr/bin/busybox", getuid());
	put_program(&host, "84", "dhclient eth1", "/usr/sbin/dhclient", getuid());
	kh_dhcp_client_find(&host.root, "eth0", &clients);
	assert_int_equal(clients.count, 2);
	assert_string_equal(clients.items[0], "/sbin/dhclient\n-4\neth0");
	assert_string_equal(clients.items[1], "udhcpc\n-i\neth0");
	fixture_close(&host);
}

static void the_profile_that_netplan_generates_is_brought_up(void **state)
{
	(void)state;
	static const enum kh_net_manager managers[] = {KH_NET_NETPLAN, KH_NET_NETWORKMANAGER};
	static const char *const ids[] = {"netplan-br0", "br0"};
	for (size_t i = 0; i < KH_COUNT(managers); i++) {
		struct fixture host;
		kh_auto(kh_strv_done) struct kh_strv commands = {0};
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_live_done) struct kh_live live = {.bridge = kh_strdup("br0"),
							     .port = kh_strdup("eth0")};
		struct kh_runner runner = {note_command, &commands};
		const struct kh_net_record record = {.manager = managers[i]};
		fixture_open_empty(&host);
		fixture_put(&host, "/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
		assert_int_equal(kh_takeover(&host.root, &runner, &record, &live, &err), 0);
		kh_auto(kh_free) char *last = kh_printf("nmcli --wait 30 connection up %s", ids[i]);
		assert_string_equal(commands.items[commands.count - 1], last);
		fixture_close(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_from_outside_to_sshd_are_listed),
		cmocka_unit_test(the_ports_are_those_of_sshds_configuration),
		cmocka_unit_test(the_ports_of_a_socket_unit_count_as_well),
		cmocka_unit_test(the_port_of_the_administrators_session_counts_as_well),
		cmocka_unit_test(the_port_of_a_session_is_found),
		cmocka_unit_test(a_session_is_as_old_as_its_login),
		cmocka_unit_test(an_ssh_session_is_new_when_its_connection_is),
		cmocka_unit_test(the_way_back_is_read_as_it_was_written),
		cmocka_unit_test(a_damaged_way_back_is_an_error),
		cmocka_unit_test(a_message_that_is_cut_short_is_not_copied),
		cmocka_unit_test(an_address_goes_along_with_its_label_and_lifetime),
		cmocka_unit_test(an_address_that_goes_by_itself_is_leased),
		cmocka_unit_test(a_dhcpcd_is_found_by_its_title),
		cmocka_unit_test(a_client_that_goes_back_does_not_give_up),
		cmocka_unit_test(only_roots_own_clients_are_started_again),
		cmocka_unit_test(the_profile_that_netplan_generates_is_brought_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
