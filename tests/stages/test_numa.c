/* test_numa.c - the numa stage on recorded hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char automatic[] = "numa: {balancing: auto}\n";
static const char drop_in[] = "/etc/sysctl.d/90-kvmhost-numa.conf";
static const char knob[] = "/proc/sys/kernel/numa_balancing";

static void several_nodes_are_balanced(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", automatic);
	fixture_put(&host.fixture, knob, "0\n");
	stage_host_configure(&host, automatic);
	host.fixture.root.is_live = true;
	assert_non_null(stage_host_plan(&host, &kh_stage_numa));
	assert_int_equal(host.plan.change_count, 2);
	stage_host_apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, drop_in);
	assert_non_null(strstr(text, "\nkernel.numa_balancing = 1\n"));
	stage_host_check(&host, &kh_stage_numa);
	assert_string_equal(stage_host_status(&host, "numa.balancing"), "fail");
	fixture_put(&host.fixture, knob, "1\n");
	stage_host_check(&host, &kh_stage_numa);
	assert_string_equal(stage_host_status(&host, "numa.balancing"), "pass");
	stage_host_close(&host);
}

static void one_node_is_left_alone_and_our_file_goes(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "numa: {balancing: on}\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_numa));
	stage_host_apply(&host);
	assert_true(kh_root_exists(&host.fixture.root, drop_in));
	stage_host_configure(&host, automatic);
	assert_non_null(stage_host_plan(&host, &kh_stage_numa));
	stage_host_apply(&host);
	assert_false(kh_root_exists(&host.fixture.root, drop_in));
	stage_host_check(&host, &kh_stage_numa);
	assert_string_equal(stage_host_status(&host, "numa.balancing"), "skip");
	stage_host_close(&host);
}

static void a_later_file_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", "numa: {balancing: off}\n");
	fixture_put(&host.fixture, "/etc/sysctl.d/99-x.conf", "kernel.numa_balancing=1\n");
	assert_non_null(stage_host_plan(&host, &kh_stage_numa));
	assert_non_null(
		strstr(host.text, "/etc/sysctl.d/99-x.conf:1 sets kernel.numa_balancing = 1"));
	stage_host_apply(&host);
	stage_host_check(&host, &kh_stage_numa);
	assert_string_equal(kh_report_find(&host.report, "numa.balancing")->gap,
			    "overridden by /etc/sysctl.d/99-x.conf:1");
	stage_host_close(&host);
}

static void memory_tiering_is_left_alone(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", automatic);
	host.facts.memory.numa_balancing = 2;
	assert_non_null(stage_host_plan(&host, &kh_stage_numa));
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_nodes_are_balanced),
		cmocka_unit_test(one_node_is_left_alone_and_our_file_goes),
		cmocka_unit_test(a_later_file_is_named),
		cmocka_unit_test(memory_tiering_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
