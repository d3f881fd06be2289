/* test_config.c - what a configuration means: defaults, file, --set, and the texts made from the
 * table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "core/config_help.h"
#include "core/config_keys.h"
#include "tests/lib/fixture.h"

/* Load text (NULL: no file) and settings (NULL-terminated, or NULL); must succeed. */
static void load(const char *text, const char *const *settings, struct kh_config *config)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv list = {0};
	for (; settings && *settings; settings++)
		kh_strv_add(&list, *settings);
	size_t length = text ? strlen(text) : 0;
	if (kh_config_load_text("k.yaml", text, length, &list, config, &err) < 0)
		fail_msg("%s", err.message);
}

static void expect_bad_setting(const char *file, const char *setting, const char *message,
			       const char *hint)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	kh_auto(kh_strv_done) struct kh_strv list = {0};
	kh_strv_add(&list, setting);
	assert_int_equal(
		kh_config_load_text("k.yaml", file, file ? strlen(file) : 0, &list, &config, &err),
		-1);
	assert_int_equal(err.code, KH_USAGE);
	assert_string_equal(err.message, message);
	if (hint)
		assert_string_equal(err.hint, hint);
	else
		assert_null(err.hint);
}

static void expect_list(const struct kh_strv *list, const char *joined)
{
	kh_auto(kh_free) char *text = kh_strv_join(list, " ");
	assert_string_equal(text, joined);
}

static char *read_file(const char *path)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_root root = KH_ROOT_INIT;
	char *text = NULL;
	assert_int_equal(kh_root_open("tests/fuzz/corpus/config", &root, &err), 0);
	assert_int_equal(kh_root_read(&root, path, &text, NULL, &err), 0);
	kh_root_done(&root);
	return text;
}

static void the_default_suits_any_host(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load(NULL, NULL, &config);
	expect_list(&config.modules.load, "virtio virtio_ring virtio_pci virtio_blk virtio_net "
					  "virtio_balloon vhost_net kvm kvm_vendor");
	expect_list(&config.modules.require, "kvm kvm_vendor");
	assert_int_equal(config.modules.option_count, 2);
	assert_string_equal(config.bridge.name, "br0");
	assert_string_equal(config.bridge.port, "auto");
	assert_int_equal(config.bridge.address_mode, KH_ADDRESS_INHERIT);
	assert_false(config.bridge.stp);
	assert_int_equal(config.bridge.activate, KH_ACTIVATE_REBOOT);
	assert_int_equal(config.bridge.confirm_timeout_s, 120);
	assert_int_equal(config.grub.iommu, KH_IOMMU_AUTO);
	assert_int_equal(config.grub.transparent_hugepage, KH_THP_MADVISE);
	assert_int_equal(config.grub.elevator, KH_ELEVATOR_AUTO);
	assert_int_equal(config.hugepages.default_size_bytes, 0);
	assert_int_equal(config.hugepages.pool_count, 0);
	assert_true(config.ksm.run);
	assert_int_equal(config.ksm.pages_to_scan, 200);
	assert_int_equal(config.ksm.sleep_millisecs, 20);
	assert_int_equal(config.ksm.merge_across_nodes, KH_AUTO);
	assert_int_equal(config.ksm.persist, KH_KSM_RC_LOCAL);
	assert_int_equal(config.sysctl_count, 1);
	assert_string_equal(config.sysctl[0].name, "vm.swappiness");
	assert_string_equal(config.sysctl[0].value, "10");
	assert_int_equal(config.io.tso, KH_AUTO);
	assert_int_equal(config.numa.balancing, KH_AUTO);
	assert_int_equal(config.report.require.count, 0);
	assert_null(config.path);
	assert_string_equal(kh_config_where(&config, "ksm.run"), "built-in default");
}

static void the_example_of_the_manual_means_what_it_says(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text = read_file("/issue.yaml");
	kh_auto(kh_config_done) struct kh_config config = {0}, defaults = {0};
	load(text, NULL, &config);
	assert_int_equal(config.hugepages.pool_count, 2);
	const struct kh_config_pool *small = &config.hugepages.pools[0], *large = small + 1;
	assert_int_equal(small->size_bytes, 2 << 20);
	assert_int_equal(small->amount, KH_POOL_COUNT);
	assert_int_equal(small->count, 512);
	assert_string_equal(small->mount, "/dev/hugepages");
	assert_int_equal(small->reserve, KH_RESERVE_AUTO);
	assert_int_equal(small->node, -1);
	assert_int_equal(large->size_bytes, 1 << 30);
	assert_int_equal(large->count, 1);
	assert_string_equal(large->mount, "/dev/hugepages1G");
	assert_int_equal(large->reserve, KH_RESERVE_BOOT);
	assert_string_equal(large->where, "k.yaml:23:7");
	expect_list(&config.report.require, "cpu.pdpe1gb cpu.aes");
	/* In all the rest the example shows the defaults. */
	load(text, (const char *const[]){"hugepages.pools=[]", "report.require=", NULL}, &defaults);
	kh_auto(kh_config_done) struct kh_config none = {0};
	load(NULL, NULL, &none);
	kh_auto(kh_free) char *left = kh_config_json(&defaults);
	kh_auto(kh_free) char *right = kh_config_json(&none);
	assert_string_equal(left, right);
}

static void on_and_off_are_words_and_booleans(void **state)
{
	(void)state;
	static const char *const yes[] = {"on", "true", "yes", "On", "TRUE", "'on'"};
	static const char *const no[] = {"off", "false", "no", "Off", "FALSE", "\"off\""};
	for (size_t i = 0; i < KH_COUNT(yes); i++) {
		kh_auto(kh_free) char *on =
			kh_printf("numa: {balancing: %s}\ngrub: {iommu: %s}\nbridge: {stp: %s}\n",
				  yes[i], yes[i], yes[i]);
		kh_auto(kh_free) char *off =
			kh_printf("numa: {balancing: %s}\ngrub: {iommu: %s}\nksm: {run: %s}\n",
				  no[i], no[i], no[i]);
		kh_auto(kh_config_done) struct kh_config first = {0}, second = {0};
		load(on, NULL, &first);
		load(off, NULL, &second);
		assert_int_equal(first.numa.balancing, KH_ON);
		assert_int_equal(first.grub.iommu, KH_IOMMU_ON);
		assert_true(first.bridge.stp);
		assert_int_equal(second.numa.balancing, KH_OFF);
		assert_int_equal(second.grub.iommu, KH_IOMMU_OFF);
		assert_false(second.ksm.run);
	}
}

static void a_static_address_may_be_one_or_a_list(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config one = {0}, many = {0};
	load("bridge:\n  address: {address: 192.0.2.10/25, gateway: 192.0.2.1, dns: [192.0.2.2]}\n",
	     NULL, &one);
	assert_int_equal(one.bridge.address_mode, KH_ADDRESS_STATIC);
	expect_list(&one.bridge.addresses, "192.0.2.10/25");
	expect_list(&one.bridge.gateways, "192.0.2.1");
	expect_list(&one.bridge.dns, "192.0.2.2");
	load("bridge:\n  address:\n    address: [192.0.2.10/32, '2001:db8::10/64']\n"
	     "    gateway: [192.0.2.1, 'fe80::1']\n    dns: '2001:db8::53'\n",
	     NULL, &many);
	expect_list(&many.bridge.addresses, "192.0.2.10/32 2001:db8::10/64");
	expect_list(&many.bridge.gateways, "192.0.2.1 fe80::1");
	expect_list(&many.bridge.dns, "2001:db8::53");
}

static void a_port_may_be_a_name_or_a_mac_address(void **state)
{
	(void)state;
	static const char *const ports[][2] = {
		{"none", "none"},
		{"enp6s0f0np0", "enp6s0f0np0"},
		{"bond0.100", "bond0.100"},
		{"52:54:00:AB:CD:EF", "52:54:00:ab:cd:ef"},
		{"52-54-00-ab-cd-ef", "52:54:00:ab:cd:ef"},
		{"12:34:56:12:34:56", "12:34:56:12:34:56"},
	};
	for (size_t i = 0; i < KH_COUNT(ports); i++) {
		kh_auto(kh_free) char *text = kh_printf("bridge: {port: %s}\n", ports[i][0]);
		kh_auto(kh_config_done) struct kh_config config = {0};
		load(text, NULL, &config);
		assert_string_equal(config.bridge.port, ports[i][1]);
	}
}

static void pools_may_be_given_by_percent_or_guests_and_per_node(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("hugepages:\n  default_size: 1024M\n  pools:\n"
	     "  - {size: 2MB, percent: 50, node: 0}\n"
	     "  - {size: 1G, for_guests: 16G, node: 1, reserve: runtime, mount: /mnt/huge/}\n",
	     NULL, &config);
	const struct kh_config_pool *pools = config.hugepages.pools;
	assert_int_equal(config.hugepages.default_size_bytes, 1 << 30);
	assert_int_equal(pools[0].amount, KH_POOL_PERCENT);
	assert_int_equal(pools[0].percent, 50);
	assert_int_equal(pools[0].node, 0);
	assert_null(pools[0].mount);
	assert_int_equal(pools[1].amount, KH_POOL_FOR_GUESTS);
	assert_true(pools[1].for_guests_bytes == 16ULL << 30);
	assert_int_equal(pools[1].reserve, KH_RESERVE_RUNTIME);
	assert_string_equal(pools[1].mount, "/mnt/huge");
}

static void lists_and_mappings_replace_the_default_and_sections_do_not(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("sysctl: {net.ipv4.ip_forward: true}\nmodules: {options: {kvm-intel: {ept: 1}}}\n"
	     "bridge:\n  stp: on\nksm:\nreport:\n  require:\n",
	     NULL, &config);
	assert_int_equal(config.sysctl_count, 1);
	assert_string_equal(config.sysctl[0].name, "net.ipv4.ip_forward");
	assert_string_equal(config.sysctl[0].value, "1");
	assert_int_equal(config.modules.option_count, 1);
	assert_string_equal(config.modules.options[0].module, "kvm_intel");
	assert_string_equal(config.bridge.name, "br0");
	assert_true(config.ksm.run);
}

static void a_setting_wins_over_the_file(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("bridge: {stp: true, name: br1}\nsysctl: {vm.swappiness: 60}\n"
	     "hugepages:\n  pools:\n  - {size: 2M, count: 5}\n",
	     (const char *const[]){"bridge.stp=off", "hugepages.pools=[]", "sysctl.vm.swappiness=1",
				   "sysctl.kernel.domainname=a=b",
				   "modules.options.kvm_intel.nested=0",
				   "modules.options.kvm_amd={npt: 1}", "grub.extra=[\"a=b\", c]",
				   "bridge.port=52:54:00:12:34:56", "ksm={run: false}",
				   "numa.balancing=on", NULL},
	     &config);
	assert_false(config.bridge.stp);
	assert_string_equal(config.bridge.name, "br1");
	assert_int_equal(config.hugepages.pool_count, 0);
	assert_int_equal(config.sysctl_count, 2);
	assert_string_equal(config.sysctl[0].value, "1");
	assert_string_equal(config.sysctl[1].name, "kernel.domainname");
	assert_string_equal(config.sysctl[1].value, "a=b");
	assert_int_equal(config.modules.option_count, 2);
	assert_string_equal(config.modules.options[0].value, "0");
	assert_string_equal(config.modules.options[1].name, "npt");
	expect_list(&config.grub.extra, "a=b c");
	assert_string_equal(config.bridge.port, "52:54:00:12:34:56");
	assert_false(config.ksm.run);
	assert_int_equal(config.ksm.pages_to_scan, 200);
	assert_int_equal(config.numa.balancing, KH_ON);
}

static void what_is_not_loaded_is_not_required(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config file = {0}, setting = {0};
	load("modules: {load: [vhost_net, kvm]}\n", NULL, &file);
	expect_list(&file.modules.require, "kvm");
	load("modules: {require: [kvm]}\n", (const char *const[]){"modules.load=[]", NULL},
	     &setting);
	expect_list(&setting.modules.require, "");
}

static void every_given_key_keeps_its_place(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("bridge:\n  name: br0\n  stp: true\nsysctl: {vm.swappiness: 10}\n"
	     "modules:\n  options:\n    kvm: {halt_poll_ns: 0}\n"
	     "hugepages:\n  pools:\n    - {size: 2M, count: 5}\n",
	     (const char *const[]){"bridge.name=br1", "ksm={run: no}", NULL}, &config);
	assert_string_equal(kh_config_where(&config, "bridge.stp"), "k.yaml:3:8");
	assert_string_equal(kh_config_where(&config, "bridge.name"), "--set bridge.name");
	assert_string_equal(kh_config_where(&config, "ksm.run"), "--set ksm");
	assert_string_equal(kh_config_where(&config, "sysctl.vm.swappiness"), "k.yaml:4:25");
	assert_string_equal(kh_config_where(&config, "modules.options.kvm.halt_poll_ns"),
			    "k.yaml:7:25");
	assert_string_equal(kh_config_where(&config, "hugepages.pools[0]"), "k.yaml:10:7");
	assert_string_equal(kh_config_where(&config, "hugepages.pools[0].count"), "k.yaml:10:25");
	assert_string_equal(kh_config_where(&config, "bridge.port"), "built-in default");
}

static void a_replaced_list_forgets_its_places(void **state)
{
	(void)state;
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("hugepages:\n  pools:\n    - {size: 2M, count: 5}\n",
	     (const char *const[]){"hugepages={pools: []}", NULL}, &config);
	assert_string_equal(kh_config_where(&config, "hugepages.pools"), "--set hugepages");
	assert_string_equal(kh_config_where(&config, "hugepages.pools[0].count"),
			    "built-in default");
}

static void a_bad_setting_is_shown_as_typed(void **state)
{
	(void)state;
	expect_bad_setting(NULL, "bridge.stp=maybe",
			   "--set bridge.stp: 'bridge.stp' must be true or false, not 'maybe'\n"
			   "bridge.stp=maybe\n           ^",
			   NULL);
	expect_bad_setting(NULL, "bridge.spt=true", "--set: unknown key 'bridge.spt'",
			   "did you mean 'stp'?");
	expect_bad_setting(NULL, "brige.stp=true", "--set: unknown key 'brige.stp'",
			   "did you mean 'bridge'?");
	expect_bad_setting(NULL, "bridge.stp.on=true", "--set: unknown key 'bridge.stp.on'",
			   "'stp' has no keys below it");
	expect_bad_setting(NULL, "stp=true", "--set: unknown key 'stp'",
			   "'stp' belongs below 'bridge'");
	expect_bad_setting(NULL, "bridge.stp", "--set 'bridge.stp' is not KEY=VALUE",
			   "for example --set bridge.stp=true");
	expect_bad_setting(NULL, "=5", "--set '=5' is not KEY=VALUE",
			   "for example --set bridge.stp=true");
	expect_bad_setting(NULL, "hugepages.pools.0.count=5",
			   "--set: 'hugepages.pools.0.count': a list is set as a whole",
			   "--set hugepages.pools='[{size: 2M, count: 512}]'");
	expect_bad_setting(NULL, "hugepages.pools=[{size: 2M}",
			   "--set hugepages.pools: expected ',' or ']' in this list\n"
			   "hugepages.pools=[{size: 2M}\n                ^",
			   "a comma is missing, or the '[' is not closed");
	expect_bad_setting(NULL, "sysctl.vm=10",
			   "--set sysctl.vm: 'sysctl' cannot have 'vm': a sysctl name reads like "
			   "'vm.swappiness'\nsysctl.vm=10\n          ^",
			   NULL);
	expect_bad_setting(NULL, "bridge.name=",
			   "--set bridge.name: 'bridge.name' has no value\nbridge.name=\n"
			   "            ^",
			   "leave the key out for its default, br0");
	expect_bad_setting("bridge: {name: eth0}\n", "bridge.port=eth0",
			   "--set bridge.port: the bridge cannot be its own port\n"
			   "bridge.port=eth0\n            ^",
			   NULL);
	expect_bad_setting("bridge:\n  address: {address: 192.0.2.10/24}\n",
			   "bridge.address.gateway=fe80::1",
			   "--set bridge.address.gateway: 'bridge.address.gateway' is IPv6, but no "
			   "address is\nbridge.address.gateway=fe80::1\n                       ^",
			   NULL);
	expect_bad_setting("bridge:\n  address: {address: [192.0.2.10/25, 198.51.100.9/24]}\n",
			   "bridge.address.gateway=192.0.2.129",
			   "--set bridge.address.gateway: 'bridge.address.gateway' is "
			   "'192.0.2.129', which is in no network of 'bridge.address'\n"
			   "bridge.address.gateway=192.0.2.129\n                       ^",
			   NULL);
	expect_bad_setting("bridge:\n  address: {address: '2001:db8::10/64'}\n",
			   "bridge.address.gateway=2001:db8:0:1::1",
			   "--set bridge.address.gateway: 'bridge.address.gateway' is "
			   "'2001:db8:0:1::1', which is in no network of 'bridge.address'\n"
			   "bridge.address.gateway=2001:db8:0:1::1\n                       ^",
			   NULL);
}

static void the_json_loads_again_as_the_same(void **state)
{
	(void)state;
	static const char *const files[] = {"/issue.yaml", "/static.yaml", "/pools.yaml",
					    "/rest.yaml",  "/empty.yaml",  "/bom-crlf.yaml"};
	for (size_t i = 0; i < KH_COUNT(files); i++) {
		kh_auto(kh_free) char *text = read_file(files[i]);
		kh_auto(kh_config_done) struct kh_config config = {0}, again = {0};
		load(text, NULL, &config);
		kh_auto(kh_free) char *json = kh_config_json(&config);
		load(json, NULL, &again);
		kh_auto(kh_free) char *json_again = kh_config_json(&again);
		assert_string_equal(json, json_again);
	}
}

/* ---- files ---- */

static void no_file_at_the_default_path_is_fine(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct fixture f;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	assert_int_equal(kh_config_load(&f.root, NULL, NULL, &config, &err), 0);
	assert_null(config.path);
	fixture_close(&f);
}

static void the_file_at_the_default_path_is_read_below_the_root(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct fixture f;
	fixture_open_empty(&f);
	fixture_put(&f, "/etc/kvmhost/kvmhost.yaml", "bridge: {name: br7}\n");
	kh_auto(kh_config_done) struct kh_config config = {0}, broken = {0};
	assert_int_equal(kh_config_load(&f.root, NULL, NULL, &config, &err), 0);
	assert_string_equal(config.bridge.name, "br7");
	kh_auto(kh_free) char *path = kh_printf("%s/etc/kvmhost/kvmhost.yaml", f.path);
	assert_string_equal(config.path, path);
	fixture_put(&f, "/etc/kvmhost/kvmhost.yaml", "bridge: {nam: br7}\n");
	assert_int_equal(kh_config_load(&f.root, NULL, NULL, &broken, &err), -1);
	kh_auto(kh_free) char *message =
		kh_printf("%s:1:10: unknown key 'nam'\nbridge: {nam: br7}\n         ^", path);
	assert_string_equal(err.message, message);
	fixture_close(&f);
}

static void a_named_file_must_exist(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct fixture f;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	kh_auto(kh_free) char *missing = kh_printf("%s/no.yaml", f.path);
	assert_int_equal(kh_config_load(&f.root, missing, NULL, &config, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	kh_auto(kh_free) char *message =
		kh_printf("read configuration '%s': No such file or directory", missing);
	assert_string_equal(err.message, message);
	assert_int_equal(kh_config_load(&f.root, f.path, NULL, &config, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	fixture_close(&f);
}

static void an_empty_file_is_refused_as_what_a_power_cut_leaves(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct fixture f;
	fixture_open_empty(&f);
	fixture_put(&f, "/etc/kvmhost/kvmhost.yaml", "");
	kh_auto(kh_config_done) struct kh_config config = {0};
	kh_auto(kh_free) char *path = kh_printf("%s/etc/kvmhost/kvmhost.yaml", f.path);
	kh_auto(kh_free) char *message = kh_printf("%s:1:1: configuration file is empty", path);
	assert_int_equal(kh_config_load(&f.root, NULL, NULL, &config, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_string_equal(err.message, message);
	kh_error_done(&err);
	assert_int_equal(kh_config_load(&f.root, path, NULL, &config, &err), -1);
	assert_string_equal(err.message, message);
	fixture_put(&f, "/etc/kvmhost/kvmhost.yaml", "{}\n");
	assert_int_equal(kh_config_load(&f.root, path, NULL, &config, &err), 0);
	fixture_close(&f);
}

static void the_null_device_stands_for_no_file(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct fixture f;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	assert_int_equal(kh_config_load(&f.root, "/dev/null", NULL, &config, &err), 0);
	assert_null(config.path);
	fixture_close(&f);
}

/* ---- texts made from the key table ---- */

static void expect_default(const char *text)
{
	kh_auto(kh_config_done) struct kh_config config = {0}, none = {0};
	load(text, NULL, &config);
	load(NULL, NULL, &none);
	kh_auto(kh_free) char *left = kh_config_json(&config);
	kh_auto(kh_free) char *right = kh_config_json(&none);
	assert_string_equal(left, right);
}

static void the_starter_means_the_same_as_no_file_on_every_host(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	for (size_t i = 0; i < names.count; i++) {
		struct fixture f;
		fixture_open(&f, names.items[i]);
		struct kh_facts facts = {0};
		kh_facts_collect(&f.root, &facts);
		kh_auto(kh_free) char *text = kh_config_starter(&facts, NULL);
		expect_default(text);
		kh_facts_done(&facts);
		fixture_close(&f);
	}
}

/* A host with two nodes, 1G pages, and names that try to leave their comment. */
static void fill_facts(struct kh_facts *facts)
{
	static struct kh_facts_node nodes[] = {{0, NULL, 32 << 20, 0, 0},
					       {1, NULL, 32 << 20, 0, 0}};
	static char *flags[] = {(char *)"pdpe1gb"};
	static char *addresses[] = {(char *)"192.0.2.10/25", (char *)"2001:db8::10/64"};
	static struct kh_facts_link link = {.name = (char *)"eth0",
					    .mac = (char *)"52:54:00:12:34:56",
					    .addresses = {addresses, 2}};
	static struct kh_facts_disk_one disk = {
		.name = (char *)"sda", .class = KH_DISK_ROTATIONAL, .size_bytes = 2000000000000};
	*facts = (struct kh_facts){
		.os = {.name = (char *)"x\nksm: {run: false}", .hostname = (char *)"a\r\nb\033[m"},
		.cpu = {.count = 32, .flags = {flags, 1}},
		.memory = {.total_kib = 64 << 20, .nodes = nodes, .node_count = 2},
		.net = {.links = &link,
			.link_count = 1,
			.default_link = (char *)"eth0",
			.gateway4 = (char *)"192.0.2.1",
			.gateway6 = (char *)"fe80::1"},
		.disk = {&disk, 1},
	};
}

/* The commented lines that begin at marker, as a configuration below section. */
static char *uncomment(const char *starter, const char *section, const char *marker)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_addf(&text, "%s:\n", section);
	const char *at = strstr(starter, marker);
	assert_non_null(at);
	kh_strv_split_lines(&lines, at);
	for (size_t i = 1; i < lines.count && kh_str_starts(lines.items[i], "  #   "); i++)
		kh_str_addf(&text, "%s\n", lines.items[i] + 4);
	return kh_str_take(&text);
}

static void the_starter_knows_this_host(void **state)
{
	(void)state;
	struct kh_facts facts;
	fill_facts(&facts);
	kh_auto(kh_free) char *text = kh_config_starter(&facts, NULL);
	expect_default(text);
	assert_non_null(strstr(text, "64.0 GiB, node 0: 32.0 GiB, node 1: 32.0 GiB"));
	assert_non_null(strstr(text, "sda (rotating, 2000 GB"));
	assert_non_null(strstr(text, "  # On this host auto is eth0, 52:54:00:12:34:56.\n"));
	assert_null(strchr(text, '\033'));
	kh_auto(kh_config_done) struct kh_config address = {0}, pools = {0};
	kh_auto(kh_free) char *address_text =
		uncomment(text, "bridge", "  # What this host has today");
	load(address_text, NULL, &address);
	expect_list(&address.bridge.addresses, "192.0.2.10/25 2001:db8::10/64");
	expect_list(&address.bridge.gateways, "192.0.2.1 fe80::1");
	kh_auto(kh_free) char *pools_text =
		uncomment(text, "hugepages", "  # Half of this host's memory in pages of 1G");
	load(pools_text, NULL, &pools);
	assert_int_equal(pools.hugepages.pool_count, 2);
	assert_int_equal(pools.hugepages.pools[1].count, 16);
	assert_int_equal(pools.hugepages.pools[1].node, 1);
	assert_int_equal(pools.hugepages.pools[1].reserve, KH_RESERVE_BOOT);
}

/* Call with every dotted key of the table. */
static void each_key(const struct kh_config_key *table, const char *parent,
		     void (*visit)(const struct kh_config_key *, const char *))
{
	for (; table->name; table++) {
		kh_auto(kh_free) char *dotted = kh_printf("%s%s", parent, table->name);
		visit(table, dotted);
		kh_auto(kh_free) char *below = kh_printf("%s.", dotted);
		if (table->nested)
			each_key(table->nested, below, visit);
	}
}

static void has_help(const struct kh_config_key *key, const char *dotted)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	assert_int_equal(kh_config_help_text(dotted, &text, &err), 0);
	assert_true(kh_str_starts(text, dotted));
	assert_non_null(key->doc);
	assert_true(kh_str_ends(key->doc, "."));
	assert_ptr_equal(kh_config_key_find(dotted, NULL), key);
}

static void every_key_has_help(void **state)
{
	(void)state;
	each_key(kh_config_keys, "", has_help);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL, *unknown = NULL;
	assert_int_equal(kh_config_help_text(NULL, &text, &err), 0);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		assert_true(strlen(lines.items[i]) <= 79);
	assert_int_equal(kh_config_help_text("brigde.stp", &unknown, &err), -1);
	assert_string_equal(err.hint, "did you mean 'bridge'?");
}

static const char *manual;

static void is_in_manual(const struct kh_config_key *key, const char *dotted)
{
	if (key->type == KH_KEY_SECTION || !strchr(dotted, '.') || strstr(dotted, "pools."))
		return;
	kh_auto(kh_free) char *line = kh_printf(".It Cm %s\n", dotted);
	assert_non_null(strstr(manual, line));
}

static void every_key_is_in_the_manual(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text = kh_config_man_text();
	manual = text;
	each_key(kh_config_keys, "", is_in_manual);
	assert_true(kh_str_starts(text, ".Sh OPTIONS\n.Ss sources\n"));
	assert_null(strstr(text, "\n\n")); /* mdoc has no empty lines */
}

static void the_schema_has_every_key_and_the_defaults(void **state)
{
	(void)state;
	kh_auto(kh_free) char *text = kh_config_schema_json();
	json_t *schema = json_loads(text, 0, NULL);
	assert_non_null(schema);
	json_t *sections = json_object_get(schema, "properties");
	json_t *bridge = json_object_get(json_object_get(sections, "bridge"), "properties");
	json_t *timeout = json_object_get(bridge, "confirm_timeout");
	assert_int_equal(json_integer_value(json_object_get(timeout, "default")), 120);
	assert_int_equal(json_integer_value(json_object_get(timeout, "maximum")), 3600);
	json_t *hugepages = json_object_get(json_object_get(sections, "hugepages"), "properties");
	json_t *pool = json_object_get(json_object_get(hugepages, "pools"), "items");
	assert_int_equal(json_array_size(json_object_get(pool, "oneOf")), 3);
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_suits_any_host),
		cmocka_unit_test(the_example_of_the_manual_means_what_it_says),
		cmocka_unit_test(on_and_off_are_words_and_booleans),
		cmocka_unit_test(a_static_address_may_be_one_or_a_list),
		cmocka_unit_test(a_port_may_be_a_name_or_a_mac_address),
		cmocka_unit_test(pools_may_be_given_by_percent_or_guests_and_per_node),
		cmocka_unit_test(lists_and_mappings_replace_the_default_and_sections_do_not),
		cmocka_unit_test(a_setting_wins_over_the_file),
		cmocka_unit_test(what_is_not_loaded_is_not_required),
		cmocka_unit_test(every_given_key_keeps_its_place),
		cmocka_unit_test(a_replaced_list_forgets_its_places),
		cmocka_unit_test(a_bad_setting_is_shown_as_typed),
		cmocka_unit_test(the_json_loads_again_as_the_same),
		cmocka_unit_test(no_file_at_the_default_path_is_fine),
		cmocka_unit_test(the_file_at_the_default_path_is_read_below_the_root),
		cmocka_unit_test(a_named_file_must_exist),
		cmocka_unit_test(an_empty_file_is_refused_as_what_a_power_cut_leaves),
		cmocka_unit_test(the_null_device_stands_for_no_file),
		cmocka_unit_test(the_starter_means_the_same_as_no_file_on_every_host),
		cmocka_unit_test(the_starter_knows_this_host),
		cmocka_unit_test(every_key_has_help),
		cmocka_unit_test(every_key_is_in_the_manual),
		cmocka_unit_test(the_schema_has_every_key_and_the_defaults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
