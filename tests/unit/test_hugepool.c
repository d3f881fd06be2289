/* test_hugepool.c - pools in pages, what is refused, and huge pages in kernel arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/hugeargs.h"
#include "core/hugepool.h"
#include "tests/lib/fixture.h"

enum { GIB = 1048576 /* KiB */ };

/* A host: 16 GiB, two nodes of 8 GiB each when asked, every page size. */
struct host {
	struct kh_facts facts;
	struct kh_facts_node nodes[8];
	struct kh_config config;
	struct kh_config_pool pools[4];
	struct kh_hugepools result;
	struct kh_error err;
};

static struct host *new_host(void)
{
	struct host *host = kh_alloc(sizeof(*host));
	host->facts.memory.total_kib = 16 * GIB;
	host->facts.cpu.count = 8;
	kh_strv_split(&host->facts.cpu.flags, "fpu pse pdpe1gb", " ");
	host->config.hugepages.pools = host->pools;
	return host;
}

static void free_host(struct host *host)
{
	kh_hugepool_done(&host->result);
	kh_error_done(&host->err);
	kh_strv_done(&host->facts.cpu.flags);
	free(host);
}

static void give_nodes(struct host *host)
{
	for (int i = 0; i < 2; i++)
		host->nodes[i] = (struct kh_facts_node){i, NULL, 8 * GIB, 7 * GIB, 0};
	host->facts.memory.nodes = host->nodes;
	host->facts.memory.node_count = 2;
}

static struct kh_config_pool *add_pool(struct host *host, const char *size, long long count)
{
	static char where[] = "kvmhost.yaml:21:7";
	struct kh_config_pool *pool = &host->pools[host->config.hugepages.pool_count++];
	unsigned long long bytes = 0;
	assert_int_equal(kh_str_size(size, &bytes), 0);
	*pool = (struct kh_config_pool){
		.size_bytes = bytes, .count = count, .node = -1, .where = where};
	return pool;
}

static void resolve(struct host *host)
{
	int result = kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err);
	if (result != 0)
		print_error("%s\n", host->err.message);
	assert_int_equal(result, 0);
}

static void refuse(struct host *host, const char *message)
{
	int result = kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err);
	assert_int_equal(result, -1);
	assert_int_equal(host->err.code, KH_HOST);
	assert_string_equal(host->err.message, message);
	free_host(host);
}

static void amounts_become_pages(void **state)
{
	(void)state;
	struct host *host = new_host();
	add_pool(host, "2M", 512);
	struct kh_config_pool *guests = add_pool(host, "1G", 0);
	guests->amount = KH_POOL_FOR_GUESTS;
	guests->for_guests_bytes = (3ull << 30) + 1;
	resolve(host);
	assert_int_equal(host->result.pools[0].pages, 512);
	assert_int_equal(host->result.pools[1].pages, 4);
	free_host(host);
}

static void percent_is_of_ram_or_of_the_nodes_ram(void **state)
{
	(void)state;
	struct host *host = new_host();
	give_nodes(host);
	struct kh_config_pool *pool = add_pool(host, "2M", 0);
	pool->amount = KH_POOL_PERCENT;
	pool->percent = 10;
	resolve(host);
	assert_int_equal(host->result.pools[0].pages, 819);
	kh_hugepool_done(&host->result);
	pool->node = 1;
	resolve(host);
	assert_int_equal(host->result.pools[0].pages, 409);
	free_host(host);
}

/* 50 % of 16 GiB less 12 MiB, whatever the kernel's image took of it, is 4093 pages. */
static struct host *new_host_with_half_of_its_memory(enum kh_pool_reserve reserve)
{
	struct host *host = new_host();
	host->facts.memory.total_kib -= 12 * 1024;
	host->facts.boot.loader = KH_LOADER_GRUB;
	struct kh_config_pool *pool = add_pool(host, "2M", 0);
	pool->amount = KH_POOL_PERCENT;
	pool->percent = 50;
	pool->reserve = reserve;
	return host;
}

static void expect_pages(struct host *host, long long pages)
{
	kh_hugepool_done(&host->result);
	resolve(host);
	assert_int_equal(host->result.pools[0].pages, pages);
}

static void a_percentage_in_the_arguments_keeps_its_pages(void **state)
{
	(void)state;
	static char before[] = "quiet hugepagesz=2M hugepages=4096", tried[] = "hugepages=4090",
		    far[] = "hugepages=4134", near[] = "hugepages=4133";
	struct host *host = new_host_with_half_of_its_memory(KH_RESERVE_BOOT);
	expect_pages(host, 4093);
	host->facts.boot.cmdline = before;
	expect_pages(host, 4096);
	host->facts.boot.next_arguments = far;
	expect_pages(host, 4096);
	host->facts.boot.next_arguments = near;
	expect_pages(host, 4133);
	host->facts.boot.written_arguments = before;
	expect_pages(host, 4096);
	host->facts.boot.tried_arguments = tried;
	expect_pages(host, 4090);
	host->pools[0].percent = 60; /* another percentage is another number */
	expect_pages(host, 4911);
	free_host(host);
}

static void a_percentage_in_our_files_keeps_its_pages(void **state)
{
	(void)state;
	static char arguments[] = "hugepages=4090";
	struct kh_facts_pool there[] = {
		{.size_kib = 2048, .node = -1, .written_pages = -1},
		{.size_kib = 2048, .node = 1, .written_pages = 2045},
	};
	struct host *host = new_host_with_half_of_its_memory(KH_RESERVE_AUTO);
	give_nodes(host);
	host->facts.memory.pools = there;
	host->facts.memory.pool_count = 2;
	host->facts.boot.next_arguments = arguments; /* not what reserves them */
	expect_pages(host, 4093);
	host->facts.memory.written_pages = 4096;
	expect_pages(host, 4096);
	host->facts.memory.written_pages = -1;
	there[0].written_pages = 4095;
	expect_pages(host, 4095);
	host->pools[0].node = 1;
	expect_pages(host, 2045);
	free_host(host);
}

static void a_percentage_in_large_pages_is_kept_across_a_page(void **state)
{
	(void)state;
	static char arguments[] = "hugepagesz=1G hugepages=8";
	struct host *host = new_host_with_half_of_its_memory(KH_RESERVE_BOOT);
	host->pools[0].size_bytes = 1 << 30;
	expect_pages(host, 7);
	host->facts.boot.next_arguments = arguments;
	expect_pages(host, 8);
	host->facts.memory.total_kib = 16 * GIB / 100 * 98;
	expect_pages(host, 7);
	free_host(host);
}

static void pages_are_not_kept_where_that_leaves_the_host_too_little(void **state)
{
	(void)state;
	static char arguments[] = "hugepagesz=2M hugepages=7372";
	struct host *host = new_host_with_half_of_its_memory(KH_RESERVE_BOOT);
	host->pools[0].percent = 90;
	host->facts.boot.next_arguments = arguments;
	expect_pages(host, 7367);
	free_host(host);
}

static void gigabyte_pools_are_reserved_at_boot_unless_asked_otherwise(void **state)
{
	(void)state;
	struct host *host = new_host();
	add_pool(host, "2M", 1);
	struct kh_config_pool *pool = add_pool(host, "1G", 1);
	resolve(host);
	assert_false(host->result.pools[0].is_boot);
	assert_true(host->result.pools[1].is_boot);
	kh_hugepool_done(&host->result);
	pool->reserve = KH_RESERVE_RUNTIME;
	host->pools[0].reserve = KH_RESERVE_BOOT;
	resolve(host);
	assert_true(host->result.pools[0].is_boot);
	assert_false(host->result.pools[1].is_boot);
	free_host(host);
}

static void node_pools_are_reserved_at_boot_where_the_kernel_understands_that(void **state)
{
	(void)state;
	struct host *host = new_host();
	static char old_release[] = "5.10.0-30-amd64", new_release[] = "6.1.0-18-amd64";
	give_nodes(host);
	add_pool(host, "1G", 1)->node = 0;
	host->facts.os.kernel_release = old_release;
	resolve(host);
	assert_false(host->result.pools[0].is_boot);
	kh_hugepool_done(&host->result);
	host->facts.boot.next_release = new_release;
	resolve(host);
	assert_true(host->result.pools[0].is_boot);
	free_host(host);
}

static void the_default_size_is_left_alone_except_for_boot_pools_of_1g_only(void **state)
{
	(void)state;
	struct host *host = new_host();
	resolve(host);
	assert_int_equal(host->result.default_size_kib, 0);
	add_pool(host, "1G", 1);
	kh_hugepool_done(&host->result);
	resolve(host);
	assert_int_equal(host->result.default_size_kib, GIB);
	add_pool(host, "2M", 1);
	kh_hugepool_done(&host->result);
	resolve(host);
	assert_int_equal(host->result.default_size_kib, 0);
	host->config.hugepages.default_size_bytes = 2 << 20;
	kh_hugepool_done(&host->result);
	resolve(host);
	assert_int_equal(host->result.default_size_kib, 2048);
	free_host(host);
}

static void a_size_the_cpu_lacks_is_refused(void **state)
{
	(void)state;
	struct host *host = new_host();
	kh_strv_remove(&host->facts.cpu.flags, 2);
	add_pool(host, "1G", 1);
	refuse(host, "kvmhost.yaml:21:7: this CPU has no 1G pages (flag 'pdpe1gb' is missing)");
	host = new_host();
	kh_strv_remove(&host->facts.cpu.flags, 2);
	host->config.hugepages.default_size_bytes = 1 << 30;
	refuse(host, "built-in default: this CPU has no 1G pages (flag 'pdpe1gb' is missing)");
	host = new_host();
	add_pool(host, "4M", 1);
	refuse(host, "kvmhost.yaml:21:7: x86-64 has no huge pages of 4M");
}

static void without_cpuinfo_the_kernels_pools_tell_the_sizes(void **state)
{
	(void)state;
	struct kh_facts_pool pools[] = {{.size_kib = 2048, .node = -1}};
	struct host *host = new_host();
	host->facts.cpu.count = 0;
	add_pool(host, "2M", 1);
	resolve(host);
	assert_true(host->result.pools[0].is_size_unknown);
	kh_hugepool_done(&host->result);
	host->facts.memory.pools = pools;
	host->facts.memory.pool_count = 1;
	resolve(host);
	assert_false(host->result.pools[0].is_size_unknown);
	add_pool(host, "1G", 1);
	refuse(host, "kvmhost.yaml:21:7: this kernel has no 1G pages (no "
		     "'/sys/kernel/mm/hugepages/hugepages-1048576kB')");
}

static void a_total_that_starves_the_host_is_refused_with_numbers(void **state)
{
	(void)state;
	struct host *host = new_host();
	add_pool(host, "1G", 14);
	resolve(host); /* 2 GiB stay: more than 10 % */
	kh_hugepool_done(&host->result);
	host->pools[0].count = 15;
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.hint,
			    "set aside at most 14746 MiB: 1 GiB and 10 % of RAM stay free");
	refuse(host, "kvmhost.yaml:21:7: huge pages of 15360 MiB leave the host 1024 of 16384 MiB "
		     "RAM; 1638 MiB must stay");
	host = new_host();
	host->facts.memory.total_kib = 2 * GIB;
	add_pool(host, "2M", 513);
	refuse(host,
	       "kvmhost.yaml:21:7: huge pages of 1026 MiB leave the host 1022 of 2048 MiB RAM; "
	       "1024 MiB must stay");
	host = new_host();
	add_pool(host, "1G", INT64_MAX);
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	free_host(host);
}

static void a_total_that_starves_a_node_is_refused(void **state)
{
	(void)state;
	struct host *host = new_host();
	give_nodes(host);
	add_pool(host, "1G", 5)->node = 1;
	add_pool(host, "2M", 2048); /* 2 GiB a node */
	resolve(host);
	kh_hugepool_done(&host->result);
	host->pools[0].count = 6;
	refuse(host,
	       "kvmhost.yaml:21:7: huge pages of 8192 MiB leave NUMA node 1 0 of 8192 MiB RAM; "
	       "1024 MiB must stay");
}

/* ---- pages that are not of this configuration ---- */

/* 16 GiB, of which others take 8, and a pool of 7: 1 GiB would be left. */
static struct host *new_shared_host(void)
{
	struct host *host = new_host();
	host->facts.boot.loader = KH_LOADER_GRUB;
	add_pool(host, "2M", 3584);
	return host;
}

static const char by_arguments[] =
	"kvmhost.yaml:21:7: huge pages of 7168 MiB, and 8192 MiB that are not of this "
	"configuration (8 pages of 1G by the kernel's arguments), leave the host 1024 of 16384 MiB "
	"RAM; 1638 MiB must stay";
static const char there_now[] =
	"kvmhost.yaml:21:7: huge pages of 7168 MiB, and 8192 MiB that are not of this "
	"configuration (8 pages of 1G that are there now), leave the host 1024 of 16384 MiB RAM; "
	"1638 MiB must stay";
static char eight[] = "ro hugepagesz=1G hugepages=8 quiet";

static void pages_of_somebody_elses_arguments_are_counted(void **state)
{
	(void)state;
	struct host *host = new_shared_host();
	host->facts.boot.next_arguments = eight;
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.hint,
			    "set aside at most 6554 MiB, or give the others back: take "
			    "'hugepages=' out of the kernel's arguments; write 0 to nr_hugepages "
			    "below /sys/kernel/mm/hugepages, and take out what set it");
	refuse(host, by_arguments);
	host = new_shared_host();
	host->facts.boot.loader = KH_LOADER_NONE; /* what runs is all there is to know */
	host->facts.boot.cmdline = eight;
	refuse(host, by_arguments);
	host = new_shared_host();
	kh_strv_split(&host->config.grub.extra, "hugepagesz=1G hugepages=8", " ");
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.message, by_arguments);
	kh_strv_done(&host->config.grub.extra);
	free_host(host);
}

static void arguments_that_are_replaced_or_taken_out_are_not_counted(void **state)
{
	(void)state;
	struct host *host = new_shared_host();
	static char words[] = "hugepagesz=1G hugepages=8";
	host->facts.boot.next_arguments = eight;
	host->facts.boot.written_arguments = words; /* an earlier configuration's */
	resolve(host);
	host->facts.boot.written_arguments = NULL;
	host->pools[0].reserve = KH_RESERVE_BOOT;
	kh_hugepool_done(&host->result);
	resolve(host);
	host->pools[0].reserve = KH_RESERVE_AUTO;
	host->config.hugepages.default_size_bytes = 2 << 20;
	kh_hugepool_done(&host->result);
	resolve(host);
	free_host(host);
}

static void pages_that_are_there_are_counted_unless_they_go_with_this_boot(void **state)
{
	(void)state;
	struct kh_facts_pool there = {
		.size_kib = GIB, .node = -1, .total_pages = 9, .surplus_pages = 1};
	struct host *host = new_shared_host();
	host->facts.memory.pools = &there;
	host->facts.memory.pool_count = 1;
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.message, there_now);
	host->facts.boot.cmdline = eight; /* and not in the next one's arguments */
	resolve(host);
	host->facts.boot.cmdline = NULL;
	there.written_pages = 8;
	kh_hugepool_done(&host->result);
	resolve(host);
	free_host(host);
}

static void pages_of_a_configured_size_are_not_counted_twice(void **state)
{
	(void)state;
	struct kh_facts_pool there = {.size_kib = 2048, .node = -1, .total_pages = 7168};
	static char arguments[] = "ro hugepages=7168";
	struct host *host = new_host();
	host->facts.memory.pools = &there;
	host->facts.memory.pool_count = 1;
	host->facts.boot.loader = KH_LOADER_GRUB;
	host->facts.boot.next_arguments = arguments;
	host->facts.boot.cmdline = arguments;
	add_pool(host, "2M", 7168);
	resolve(host);
	free_host(host);
}

static void pages_on_nodes_that_the_configuration_does_not_set_are_counted(void **state)
{
	(void)state;
	struct host *host = new_host();
	static char each[] = "hugepagesz=1G hugepages=0:2,1:5", all[] = "hugepagesz=1G hugepages=8";
	give_nodes(host);
	host->facts.boot.loader = KH_LOADER_GRUB;
	host->facts.boot.next_arguments = each;
	struct kh_config_pool *pool = add_pool(host, "1G", 6);
	pool->node = 0;
	pool->reserve = KH_RESERVE_RUNTIME;
	resolve(host); /* 6 and 5 */
	kh_hugepool_done(&host->result);
	host->facts.boot.next_arguments = all;
	resolve(host); /* 6 and the half of 8 */
	kh_hugepool_done(&host->result);
	add_pool(host, "2M", 512)->node = 1;
	host->facts.boot.next_arguments = each;
	resolve(host);
	kh_hugepool_done(&host->result);
	host->pools[1].count = 1025;
	refuse(host,
	       "kvmhost.yaml:21:7: huge pages of 2050 MiB, and 5120 MiB that are not of this "
	       "configuration (5 pages of 1G by the kernel's arguments), leave NUMA node 1 1022 of "
	       "8192 MiB RAM; 1024 MiB must stay");
}

static void a_node_that_does_not_exist_is_refused(void **state)
{
	(void)state;
	struct host *host = new_host();
	give_nodes(host);
	add_pool(host, "2M", 1)->node = 2;
	refuse(host, "kvmhost.yaml:21:7: this host has no NUMA node 2");
}

/* Two nodes of 8 GiB, and six of processors alone. */
static void nodes_without_memory_take_no_share(void **state)
{
	(void)state;
	struct host *host = new_host();
	static char all[] = "hugepagesz=1G hugepages=4";
	give_nodes(host);
	for (int i = 2; i < 8; i++)
		host->nodes[i] = (struct kh_facts_node){i, NULL, 0, 0, 0};
	host->facts.memory.node_count = 8;
	add_pool(host, "1G", 5)->node = 1;
	add_pool(host, "2M", 2560); /* 2.5 GiB a node, not 0.6 */
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.message,
			    "kvmhost.yaml:21:7: huge pages of 7680 MiB leave NUMA node 1 512 of "
			    "8192 MiB RAM; 1024 MiB must stay");
	host->pools[1].count = 2048;
	resolve(host);
	kh_hugepool_done(&host->result);
	host->facts.boot.cmdline = all; /* of others: 2 GiB of each node */
	host->pools[0] = host->pools[1];
	host->pools[0].count = 2561;
	host->pools[0].node = 1;
	host->config.hugepages.pool_count = 1;
	refuse(host,
	       "kvmhost.yaml:21:7: huge pages of 5122 MiB, and 2048 MiB that are not of this "
	       "configuration (2 pages of 1G by the kernel's arguments), leave NUMA node 1 1022 of "
	       "8192 MiB RAM; 1024 MiB must stay");
}

static void a_node_without_memory_is_refused(void **state)
{
	(void)state;
	struct host *host = new_host();
	give_nodes(host);
	host->nodes[1].total_kib = 0;
	add_pool(host, "2M", 1)->node = 1;
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.hint, "the nodes that have some: 0");
	refuse(host, "kvmhost.yaml:21:7: NUMA node 1 has no memory");
}

static void pools_that_contradict_each_other_are_refused(void **state)
{
	(void)state;
	static char mount[] = "/dev/hugepages";
	struct host *host = new_host();
	add_pool(host, "2M", 1);
	add_pool(host, "2M", 2);
	refuse(host, "kvmhost.yaml:21:7: a second pool of 2M pages; the first is at "
		     "kvmhost.yaml:21:7");
	host = new_host();
	give_nodes(host);
	add_pool(host, "2M", 1);
	add_pool(host, "2M", 2)->node = 1;
	refuse(host,
	       "kvmhost.yaml:21:7: 2M pages both for all nodes and for one node; the other pool "
	       "is at kvmhost.yaml:21:7");
	host = new_host();
	add_pool(host, "2M", 1)->mount = mount;
	add_pool(host, "1G", 1)->mount = mount;
	refuse(host,
	       "kvmhost.yaml:21:7: '/dev/hugepages' is already the mount point of the pool at "
	       "kvmhost.yaml:21:7");
}

static void a_percentage_of_nothing_is_refused(void **state)
{
	(void)state;
	struct host *host = new_host();
	struct kh_config_pool *pool = add_pool(host, "1G", 0);
	pool->amount = KH_POOL_PERCENT;
	pool->percent = 5;
	assert_int_equal(
		kh_hugepool_resolve(&host->config, &host->facts, &host->result, &host->err), -1);
	assert_string_equal(host->err.message,
			    "kvmhost.yaml:21:7: 5 % of 16384 MiB RAM is less than one 1G page");
	host->facts.memory.total_kib = -1;
	refuse(host, "kvmhost.yaml:21:7: 5 % of RAM: how much RAM there is is not known");
}

/* ---- kernel arguments ---- */

static void arguments_are_read_in_pairs_and_the_last_word_counts(void **state)
{
	(void)state;
	static const char line[] = "quiet default_hugepagesz=1G hugepages=4 hugepagesz=2M "
				   "hugepages=1024 hugepagesz=1G hugepages=0:1,1:2";
	assert_int_equal(kh_hugeargs_pages(line, 2048, -1), 1024);
	assert_int_equal(kh_hugeargs_pages(line, GIB, -1), 3);
	assert_int_equal(kh_hugeargs_pages(line, GIB, 1), 2);
	assert_int_equal(kh_hugeargs_pages(line, GIB, 2), -1);
	assert_int_equal(kh_hugeargs_pages("hugepages=8", 2048, -1), 8);
	assert_int_equal(kh_hugeargs_pages("hugepages=8", 2048, 0), -1);
	assert_int_equal(kh_hugeargs_pages("nohugepages=8 hugepagesz=x hugepages=y", 2048, -1), -1);
}

static void persisted_arguments_are_found_with_file_and_line(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_facts facts = {0};
	kh_auto(kh_free) char *none = NULL, *main_file = NULL, *drop_in = NULL;
	fixture_open_empty(&fixture);
	assert_int_equal(kh_hugeargs_persisted(&fixture.root, &facts, GIB, -1, &none), -1);
	assert_null(none);
	fixture_put(&fixture, "/etc/default/grub",
		    "GRUB_TIMEOUT=5\n# hugepages=9\n"
		    "GRUB_CMDLINE_LINUX_DEFAULT=\"default_hugepagesz=1G hugepages=2\"\n");
	assert_int_equal(kh_hugeargs_persisted(&fixture.root, &facts, GIB, -1, &main_file), 2);
	assert_string_equal(main_file, "/etc/default/grub:3");
	fixture_put(&fixture, "/etc/default/grub.d/90-kvmhost.cfg",
		    "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT hugepagesz=1G "
		    "hugepages=3\"\n");
	assert_int_equal(kh_hugeargs_persisted(&fixture.root, &facts, GIB, -1, &drop_in), 3);
	assert_string_equal(drop_in, "/etc/default/grub.d/90-kvmhost.cfg:1");
	fixture_close(&fixture);
}

static void the_running_default_size_is_read_from_the_command_line(void **state)
{
	(void)state;
	struct kh_facts facts = {0};
	static char cmdline[] = "ro default_hugepagesz=1GB quiet";
	assert_int_equal(kh_hugepool_running_default_kib(&facts), 2048);
	facts.boot.cmdline = cmdline;
	assert_int_equal(kh_hugepool_running_default_kib(&facts), GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_become_pages),
		cmocka_unit_test(percent_is_of_ram_or_of_the_nodes_ram),
		cmocka_unit_test(a_percentage_in_the_arguments_keeps_its_pages),
		cmocka_unit_test(a_percentage_in_our_files_keeps_its_pages),
		cmocka_unit_test(a_percentage_in_large_pages_is_kept_across_a_page),
		cmocka_unit_test(pages_are_not_kept_where_that_leaves_the_host_too_little),
		cmocka_unit_test(gigabyte_pools_are_reserved_at_boot_unless_asked_otherwise),
		cmocka_unit_test(node_pools_are_reserved_at_boot_where_the_kernel_understands_that),
		cmocka_unit_test(the_default_size_is_left_alone_except_for_boot_pools_of_1g_only),
		cmocka_unit_test(a_size_the_cpu_lacks_is_refused),
		cmocka_unit_test(without_cpuinfo_the_kernels_pools_tell_the_sizes),
		cmocka_unit_test(a_total_that_starves_the_host_is_refused_with_numbers),
		cmocka_unit_test(a_total_that_starves_a_node_is_refused),
		cmocka_unit_test(pages_of_somebody_elses_arguments_are_counted),
		cmocka_unit_test(arguments_that_are_replaced_or_taken_out_are_not_counted),
		cmocka_unit_test(pages_that_are_there_are_counted_unless_they_go_with_this_boot),
		cmocka_unit_test(pages_of_a_configured_size_are_not_counted_twice),
		cmocka_unit_test(pages_on_nodes_that_the_configuration_does_not_set_are_counted),
		cmocka_unit_test(a_node_that_does_not_exist_is_refused),
		cmocka_unit_test(nodes_without_memory_take_no_share),
		cmocka_unit_test(a_node_without_memory_is_refused),
		cmocka_unit_test(pools_that_contradict_each_other_are_refused),
		cmocka_unit_test(a_percentage_of_nothing_is_refused),
		cmocka_unit_test(arguments_are_read_in_pairs_and_the_last_word_counts),
		cmocka_unit_test(persisted_arguments_are_found_with_file_and_line),
		cmocka_unit_test(the_running_default_size_is_read_from_the_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
