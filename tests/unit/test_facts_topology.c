/* test_facts_topology.c - packages, cores, caches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/facts_topology.h"
#include "tests/lib/fixture.h"

static char *topology_of(const struct fixture *fixture)
{
	kh_auto(kh_facts_memory_done) struct kh_facts_memory memory = {0};
	kh_auto(kh_topology_done) struct kh_topology topology = {0};
	kh_facts_memory_collect(&fixture->root, &memory);
	kh_topology_collect(&fixture->root, &memory, &topology);
	json_t *json = kh_topology_json(&topology);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void two_packages_have_their_nodes_and_caches(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open(&fixture, "numa2-intel");
	kh_auto(kh_free) char *text = topology_of(&fixture);
	assert_string_equal(
		text,
		"{\"packages\":[{\"id\":0,\"cores\":[{\"id\":0,\"node\":0,\"cpus\":[0]},{\"id\":1,"
		"\"node\":0,\"cpus\":[2]}]},{\"id\":1,\"cores\":[{\"id\":0,\"node\":1,\"cpus\":[1]},"
		"{\"id\":1,\"node\":1,\"cpus\":[3]}]}],\"caches\":["
		"{\"level\":1,\"type\":\"Data\",\"size_kib\":32,\"cpus\":\"0\"},"
		"{\"level\":1,\"type\":\"Instruction\",\"size_kib\":32,\"cpus\":\"0\"},"
		"{\"level\":2,\"type\":\"Unified\",\"size_kib\":1024,\"cpus\":\"0\"},"
		"{\"level\":3,\"type\":\"Unified\",\"size_kib\":22528,\"cpus\":\"0,2\"},"
		"{\"level\":1,\"type\":\"Data\",\"size_kib\":32,\"cpus\":\"1\"},"
		"{\"level\":1,\"type\":\"Instruction\",\"size_kib\":32,\"cpus\":\"1\"},"
		"{\"level\":2,\"type\":\"Unified\",\"size_kib\":1024,\"cpus\":\"1\"},"
		"{\"level\":3,\"type\":\"Unified\",\"size_kib\":22528,\"cpus\":\"1,3\"},"
		"{\"level\":1,\"type\":\"Data\",\"size_kib\":32,\"cpus\":\"2\"},"
		"{\"level\":1,\"type\":\"Instruction\",\"size_kib\":32,\"cpus\":\"2\"},"
		"{\"level\":2,\"type\":\"Unified\",\"size_kib\":1024,\"cpus\":\"2\"},"
		"{\"level\":1,\"type\":\"Data\",\"size_kib\":32,\"cpus\":\"3\"},"
		"{\"level\":1,\"type\":\"Instruction\",\"size_kib\":32,\"cpus\":\"3\"},"
		"{\"level\":2,\"type\":\"Unified\",\"size_kib\":1024,\"cpus\":\"3\"}]}");
	fixture_close(&fixture);
}

static void threads_of_a_core_are_together(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/proc/cpuinfo",
		    "processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n\n"
		    "processor\t: 1\nphysical id\t: 0\ncore id\t\t: 4\n\n"
		    "processor\t: 2\nphysical id\t: 0\ncore id\t\t: 0\n\n"
		    "processor\t: 3\nphysical id\t: 0\ncore id\t\t: 4\n\n");
	kh_auto(kh_free) char *text = topology_of(&fixture);
	assert_string_equal(text, "{\"packages\":[{\"id\":0,\"cores\":[{\"id\":0,\"node\":null,"
				  "\"cpus\":[0,2]},{\"id\":4,\"node\":null,\"cpus\":[1,3]}]}],"
				  "\"caches\":[]}");
	fixture_close(&fixture);
}

static void a_host_that_says_little_has_a_core_for_each_processor(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/sys/devices/system/cpu/online", "0-1\n");
	kh_auto(kh_free) char *text = topology_of(&fixture);
	assert_string_equal(text, "{\"packages\":[{\"id\":0,\"cores\":[{\"id\":0,\"node\":null,"
				  "\"cpus\":[0]},{\"id\":1,\"node\":null,\"cpus\":[1]}]}],"
				  "\"caches\":[]}");
	fixture_remove(&fixture, "/sys/devices/system/cpu/online");
	kh_auto(kh_free) char *none = topology_of(&fixture);
	assert_string_equal(none, "{\"packages\":[],\"caches\":[]}");
	fixture_close(&fixture);
}

static void nonsense_is_bounded(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_topology_done) struct kh_topology topology = {0};
	const struct kh_facts_memory memory = {0};
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/sys/devices/system/cpu/online", "0-9223372036854775807,7-3,x\n");
	kh_topology_collect(&fixture.root, &memory, &topology);
	assert_int_equal(topology.cpu_count, 8192);
	fixture_close(&fixture);
}

static void lists_of_processors_are_understood(void **state)
{
	(void)state;
	assert_true(kh_topology_has_cpu("0-3,8", 0));
	assert_true(kh_topology_has_cpu("0-3,8", 3));
	assert_true(kh_topology_has_cpu("0-3,8", 8));
	assert_false(kh_topology_has_cpu("0-3,8", 4));
	assert_false(kh_topology_has_cpu("", 0));
	assert_false(kh_topology_has_cpu(NULL, 0));
	assert_false(kh_topology_has_cpu("3-0", 1));
	assert_false(kh_topology_has_cpu("all", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_packages_have_their_nodes_and_caches),
		cmocka_unit_test(threads_of_a_core_are_together),
		cmocka_unit_test(a_host_that_says_little_has_a_core_for_each_processor),
		cmocka_unit_test(nonsense_is_bounded),
		cmocka_unit_test(lists_of_processors_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
