/* fuzz_net.c - any bytes as a network manager's file, as a lease, as the guard's record: never a
 * crash.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/ini.h"
#include "net/interfaces.h"
#include "net/netplan_yaml.h"
#include "tests/lib/fixture.h"
#include "tests/lib/replay.h"

/* What was taken apart can be put together again. */
static void check_interfaces(const char *text)
{
	kh_auto(kh_interfaces_done) struct kh_interfaces file = {0};
	kh_auto(kh_str_done) struct kh_str again = {0};
	kh_interfaces_parse(text, &file);
	for (size_t i = 0; i < file.block_count; i++)
		for (size_t l = 0; l < file.blocks[i].lines.count; l++)
			kh_str_add(&again, file.blocks[i].lines.items[l]);
	assert(strcmp(kh_str_text(&again), text) == 0);
}

static void check_ini(const char *text)
{
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_auto(kh_str_done) struct kh_str again = {0};
	kh_ini_parse(text, &ini);
	for (size_t i = 0; i < ini.line_count; i++)
		kh_str_add(&again, ini.lines[i].raw);
	assert(strcmp(kh_str_text(&again), text) == 0);
}

static void put_host(struct fixture *f)
{
	fixture_put(f, "/sys/class/net/ens3/address", "52:54:00:00:00:01\n");
	fixture_put(f, "/sys/class/net/ens3/type", "1\n");
	fixture_put(f, "/sys/class/net/ens3/ifindex", "2\n");
	fixture_put(f, "/sys/class/net/ens3/device/vendor", "0x8086\n");
}

static void ask(struct fixture *f, enum kh_net_manager manager, enum kh_address_mode mode)
{
	char *address = (char *)"192.0.2.9/25", *gateway = (char *)"192.0.2.1";
	struct kh_config_bridge config = {.name = (char *)"br0",
					  .port = (char *)"ens3",
					  .address_mode = mode,
					  .addresses = {&address, 1},
					  .gateways = {&gateway, 1}};
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	kh_auto(kh_dhcp_identity_done) struct kh_dhcp_identity dhcp = {0};
	kh_auto(kh_net_answer_done) struct kh_net_answer answer = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_net_view view;
	kh_facts_net_collect(&f->root, &net);
	kh_net_view_init(&view, &f->root, NULL);
	kh_dhcp_identity_read(&f->root, "ens3", 2, &dhcp);
	const struct kh_net_wish wish = {&view, &net, &config, kh_facts_net_link(&net, "ens3"),
					 &dhcp};
	int result = kh_net_backend_find(manager)->plan(&wish, &answer, &err);
	assert(result == 0 || err.message);
	assert(result != 0 || answer.carrier || answer.edit_count > 0);
}

static void check_record(const struct fixture *f)
{
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char digest[KH_DIGEST_SIZE];
	if (kh_net_record_read(&f->root, &record, digest, &err) != 0)
		return;
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	assert(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *path;
		enum kh_net_manager manager;
	} files[] = {
		{"/etc/network/interfaces", KH_NET_IFUPDOWN},
		{"/etc/netplan/01.yaml", KH_NET_NETPLAN},
		{"/etc/sysconfig/network-scripts/ifcfg-ens3", KH_NET_IFCFG},
		{"/etc/NetworkManager/system-connections/a.nmconnection", KH_NET_NETWORKMANAGER},
		{"/etc/systemd/network/10-a.network", KH_NET_NETWORKD},
		{"/run/systemd/netif/leases/2", KH_NET_NETWORKD},
		{"/proc/net/route", KH_NET_IFUPDOWN},
		{"/proc/net/fib_trie", KH_NET_IFUPDOWN},
		{"/proc/net/if_inet6", KH_NET_IFUPDOWN},
		{"/proc/net/ipv6_route", KH_NET_IFUPDOWN},
		{"/var/lib/kvmhost/guard.json", KH_NET_IFUPDOWN},
	};
	kh_auto(kh_free) char *text = kh_strndup((const char *)data, size);
	struct fixture f;
	check_interfaces(text);
	check_ini(text);
	fixture_open_empty(&f);
	put_host(&f);
	for (size_t i = 0; i < KH_COUNT(files); i++) {
		fixture_put(&f, files[i].path, text);
		ask(&f, files[i].manager, KH_ADDRESS_INHERIT);
		ask(&f, files[i].manager, KH_ADDRESS_STATIC);
	}
	check_record(&f);
	fixture_close(&f);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/net"};
	return replay_main(&replay, argc, argv);
}

#endif
