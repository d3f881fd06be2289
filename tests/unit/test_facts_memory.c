/* test_facts_memory.c - totals, nodes, pools, THP, KSM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/facts_memory.h"
#include "tests/lib/fixture.h"

static const char meminfo[] = "MemTotal:       16777216 kB\n"
			      "MemFree:         1000000 kB\n"
			      "MemAvailable:   12000000 kB\n"
			      "SwapTotal:       2097148 kB\n"
			      "CommitLimit:    10485756 kB\n"
			      "Committed_AS:    4889048 kB\n"
			      "HugePages_Total:       0\n";

static void put_pool(struct fixture *fixture, const char *dir, const char *total, const char *free)
{
	char path[256];
	const struct {
		const char *name, *value;
	} files[] = {
		{"nr_hugepages", total}, {"free_hugepages", free}, {"surplus_hugepages", "0\n"}};
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		fixture_put(fixture, path, files[i].value);
	}
}

static void the_totals_are_read(void **state)
{
	(void)state;
	struct kh_facts_memory memory = {.total_kib = -1};
	kh_facts_memory_parse(meminfo, &memory);
	assert_int_equal(memory.total_kib, 16777216);
	assert_int_equal(memory.available_kib, 12000000);
	assert_int_equal(memory.swap_total_kib, 2097148);
	assert_int_equal(memory.commit_limit_kib, 10485756);
	assert_int_equal(memory.committed_kib, 4889048);
}

static void an_empty_root_has_nothing(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	struct kh_facts_memory memory;
	kh_facts_memory_collect(&fixture.root, &memory);
	assert_int_equal(memory.total_kib, -1);
	assert_int_equal(memory.numa_balancing, -1);
	assert_int_equal(memory.node_count, 0);
	assert_int_equal(memory.pool_count, 0);
	assert_null(memory.thp_enabled);
	assert_false(memory.ksm.is_present);
	assert_int_equal(memory.ksm.run, -1);
	assert_null(kh_facts_memory_pool(&memory, 2048, -1));
	json_t *json = kh_facts_memory_json(&memory);
	assert_true(json_is_null(json_object_get(json, "total_kib")));
	assert_true(json_is_null(json_object_get(json, "ksm")));
	json_decref(json);
	kh_facts_memory_done(&memory);
	fixture_close(&fixture);
}

static void pools_are_found_by_size_and_node(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_pool(&fixture, "/sys/kernel/mm/hugepages/hugepages-2048kB", "512\n", "500\n");
	put_pool(&fixture, "/sys/kernel/mm/hugepages/hugepages-1048576kB", "1\n", "1\n");
	fixture_put(&fixture, "/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "3\n");
	put_pool(&fixture, "/sys/devices/system/node/node1/hugepages/hugepages-2048kB", "256\n",
		 "255\n");
	struct kh_facts_memory memory;
	kh_facts_memory_collect(&fixture.root, &memory);
	assert_int_equal(memory.pool_count, 3);
	assert_int_equal(memory.pools[0].size_kib, 2048); /* by size, not by name */
	const struct kh_facts_pool *pool = kh_facts_memory_pool(&memory, 2048, -1);
	assert_non_null(pool);
	assert_int_equal(pool->total_pages, 512);
	assert_int_equal(pool->free_pages, 500);
	assert_int_equal(pool->reserved_pages, 3);
	pool = kh_facts_memory_pool(&memory, 2048, 1);
	assert_non_null(pool);
	assert_int_equal(pool->total_pages, 256);
	assert_int_equal(pool->reserved_pages, -1);
	assert_null(kh_facts_memory_pool(&memory, 1048576, 1));
	kh_facts_memory_done(&memory);
	fixture_close(&fixture);
}

static void nodes_are_sorted_by_number(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/sys/devices/system/node/node10/cpulist", "\n");
	fixture_put(&fixture, "/sys/devices/system/node/node2/cpulist", "0-7,16-23\n");
	fixture_put(&fixture, "/sys/devices/system/node/node2/meminfo",
		    "Node 2 MemTotal:       8388608 kB\nNode 2 MemFree:        4194304 kB\n"
		    "Node 2 MemUsed:        4194304 kB\n");
	fixture_put(&fixture, "/sys/devices/system/node/possible", "0-1\n");
	struct kh_facts_memory memory;
	kh_facts_memory_collect(&fixture.root, &memory);
	assert_int_equal(memory.node_count, 2);
	assert_int_equal(memory.nodes[0].id, 2);
	assert_string_equal(memory.nodes[0].cpulist, "0-7,16-23");
	assert_int_equal(memory.nodes[0].total_kib, 8388608);
	assert_int_equal(memory.nodes[0].free_kib, 4194304);
	assert_int_equal(memory.nodes[1].id, 10);
	assert_int_equal(memory.nodes[1].total_kib, -1);
	kh_facts_memory_done(&memory);
	fixture_close(&fixture);
}

static void thp_and_ksm_are_read(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/sys/kernel/mm/transparent_hugepage/enabled",
		    "always [madvise] never\n");
	fixture_put(&fixture, "/sys/kernel/mm/ksm/run", "1\n");
	fixture_put(&fixture, "/sys/kernel/mm/ksm/pages_sharing", "4711\n");
	fixture_put(&fixture, "/sys/kernel/mm/ksm/advisor_mode", "[none] scan-time\n");
	struct kh_facts_memory memory;
	kh_facts_memory_collect(&fixture.root, &memory);
	assert_string_equal(memory.thp_enabled, "madvise");
	assert_null(memory.thp_defrag);
	assert_true(memory.ksm.is_present);
	assert_int_equal(memory.ksm.run, 1);
	assert_int_equal(memory.ksm.pages_sharing, 4711);
	assert_int_equal(memory.ksm.merge_across_nodes, -1);
	assert_string_equal(memory.ksm.advisor_mode, "none");
	json_t *json = kh_facts_memory_json(&memory);
	assert_non_null(json);
	json_decref(json);
	kh_facts_memory_done(&memory);
	fixture_close(&fixture);
}

static void the_chosen_word_is_the_one_in_brackets(void **state)
{
	(void)state;
	const char *cases[][2] = {{"always [never]", "never"},
				  {"none", "none"},
				  {" x \n", "x"},
				  {"[", "["},
				  {"[]", ""},
				  {"", ""}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *word = kh_facts_chosen_word(cases[i][0]);
		assert_string_equal(word, cases[i][1]);
		free(word);
	}
	assert_null(kh_facts_chosen_word(NULL));
}

static void cpu_lists_are_counted(void **state)
{
	(void)state;
	assert_int_equal(kh_facts_cpulist_count("0-7,16-23"), 16);
	assert_int_equal(kh_facts_cpulist_count("3"), 1);
	assert_int_equal(kh_facts_cpulist_count(""), 0);
	assert_int_equal(kh_facts_cpulist_count(NULL), 0);
	assert_int_equal(kh_facts_cpulist_count("7-3,x,,"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_totals_are_read),
		cmocka_unit_test(an_empty_root_has_nothing),
		cmocka_unit_test(pools_are_found_by_size_and_node),
		cmocka_unit_test(nodes_are_sorted_by_number),
		cmocka_unit_test(thp_and_ksm_are_read),
		cmocka_unit_test(the_chosen_word_is_the_one_in_brackets),
		cmocka_unit_test(cpu_lists_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
