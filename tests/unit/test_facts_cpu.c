/* test_facts_cpu.c - /proc/cpuinfo and the vulnerability files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/facts_cpu.h"
#include "tests/lib/fixture.h"

static const char intel[] = "processor\t: 0\n"
			    "vendor_id\t: GenuineIntel\n"
			    "cpu family\t: 6\n"
			    "model\t\t: 85\n"
			    "model name\t: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\n"
			    "stepping\t: 4\n"
			    "microcode\t: 0x2006e05\n"
			    "physical id\t: 0\n"
			    "flags\t\t: fpu vme lm pdpe1gb vmx aes constant_tsc ept\n"
			    "vmx flags\t: vnmi ept vpid posted_intr apicv\n"
			    "\n"
			    "processor\t: 1\n"
			    "vendor_id\t: GenuineIntel\n"
			    "model name\t: something else\n"
			    "physical id\t: 1\n"
			    "flags\t\t: fpu svm\n"
			    "\n";

static void parse(const char *text, struct kh_facts_cpu *cpu)
{
	*cpu = (struct kh_facts_cpu){.family = -1, .model = -1, .stepping = -1, .socket_count = -1};
	kh_facts_cpu_parse(text, cpu);
}

static void flags_come_from_the_first_processor(void **state)
{
	(void)state;
	struct kh_facts_cpu cpu;
	parse(intel, &cpu);
	assert_int_equal(cpu.vendor, KH_VENDOR_INTEL);
	assert_int_equal(cpu.count, 2);
	assert_int_equal(cpu.socket_count, 2);
	assert_int_equal(cpu.family, 6);
	assert_int_equal(cpu.model, 85);
	assert_int_equal(cpu.stepping, 4);
	assert_string_equal(cpu.microcode, "0x2006e05");
	assert_string_equal(cpu.model_name, "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz");
	assert_true(kh_facts_cpu_has(&cpu, "vmx"));
	assert_false(kh_facts_cpu_has(&cpu, "svm"));
	kh_facts_cpu_done(&cpu);
}

static void the_vmx_flags_line_is_not_taken_for_flags(void **state)
{
	(void)state;
	struct kh_facts_cpu cpu;
	parse("processor : 0\nvmx flags : vpid apicv\nflags : fpu\n", &cpu);
	assert_int_equal(cpu.flags.count, 1);
	assert_int_equal(cpu.vmx_flags.count, 2);
	assert_true(kh_facts_cpu_has(&cpu, "apicv"));
	kh_facts_cpu_done(&cpu);
}

static void flags_are_whole_words(void **state)
{
	(void)state;
	struct kh_facts_cpu cpu;
	parse("processor : 0\nflags : vmxoff xsvm aes-ni svm_lock\n", &cpu);
	assert_false(kh_facts_cpu_has(&cpu, "vmx"));
	assert_false(kh_facts_cpu_has(&cpu, "svm"));
	assert_false(kh_facts_cpu_has(&cpu, "aes"));
	kh_facts_cpu_done(&cpu);
}

static void hygon_counts_as_amd(void **state)
{
	(void)state;
	struct kh_facts_cpu cpu;
	parse("processor : 0\nvendor_id : HygonGenuine\n", &cpu);
	assert_int_equal(cpu.vendor, KH_VENDOR_AMD);
	kh_facts_cpu_done(&cpu);
}

static void no_cpuinfo_is_no_processor(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	struct kh_facts_cpu cpu;
	kh_facts_cpu_collect(&fixture.root, &cpu);
	assert_int_equal(cpu.count, 0);
	assert_int_equal(cpu.socket_count, -1);
	assert_int_equal(cpu.flags.count, 0);
	assert_null(cpu.model_name);
	json_t *json = kh_facts_cpu_json(&cpu);
	assert_true(json_is_null(json_object_get(json, "vendor")));
	json_decref(json);
	kh_facts_cpu_done(&cpu);
	fixture_close(&fixture);
}

static void every_vulnerability_file_is_kept(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/proc/cpuinfo", intel);
	fixture_put(&fixture, "/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
	fixture_put(&fixture, "/sys/devices/system/cpu/vulnerabilities/mds",
		    "Vulnerable; SMT vulnerable\n");
	struct kh_facts_cpu cpu;
	kh_facts_cpu_collect(&fixture.root, &cpu);
	assert_int_equal(cpu.vulnerability_count, 2);
	assert_string_equal(cpu.vulnerabilities[1].name, "mds");
	assert_string_equal(cpu.vulnerabilities[1].text, "Vulnerable; SMT vulnerable");
	json_t *json = kh_facts_cpu_json(&cpu);
	assert_string_equal(json_string_value(json_object_get(json, "vendor")), "intel");
	assert_int_equal(json_object_size(json_object_get(json, "vulnerabilities")), 2);
	json_decref(json);
	kh_facts_cpu_done(&cpu);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_come_from_the_first_processor),
		cmocka_unit_test(the_vmx_flags_line_is_not_taken_for_flags),
		cmocka_unit_test(flags_are_whole_words),
		cmocka_unit_test(hygon_counts_as_amd),
		cmocka_unit_test(no_cpuinfo_is_no_processor),
		cmocka_unit_test(every_vulnerability_file_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
