/* test_validate.c - stage `validate`: processor and KVM, which decide whether a host is ready. */
#include <errno.h>

#include "tests/stages/validate_host.h"

static void an_intel_host_passes_and_skips_amds_checks(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host_put(&host, "/proc/cpuinfo", intel_cpu);
	host_put(&host, "/proc/modules", "kvm_intel 1 0 - Live 0\nkvm 1 1 kvm_intel, Live 0\n");
	host_put(&host, "/sys/module/kvm_intel/parameters/ept", "Y\n");
	host_put(&host, "/sys/module/kvm_intel/parameters/nested", "1\n");
	host_put(&host, "/sys/module/kvm_intel/parameters/enable_apicv", "N\n");
	host_report(&host);
	static const char *const passing[] = {
		"cpu.virtualization", "cpu.paging",    "cpu.vmx",          "cpu.ept",
		"cpu.pdpe1gb",        "cpu.aes",       "cpu.constant_tsc", "cpu.vpid",
		"cpu.x2apic",         "cpu.avx",       "cpu.arch_perfmon", "cpu.hypervisor",
		"cpu.firmware",       "cpu.microcode", "kvm.device",       "kvm.create_vm",
		"kvm.module",         "kvm.nested",    "kvm.ept",
	};
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		expect(&host, passing[i], KH_PASS);
	expect(&host, "cpu.svm", KH_SKIP);
	expect(&host, "cpu.npt", KH_SKIP);
	expect(&host, "kvm.npt", KH_SKIP);
	expect(&host, "cpu.avic", KH_SKIP);
	expect(&host, "cpu.apicv", KH_WARN); /* offered, but off */
	expect(&host, "kernel.config.KVM_AMD", KH_SKIP);
	assert_true(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void an_amd_host_passes_and_skips_intels_checks(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host_put(&host, "/proc/cpuinfo", amd_cpu);
	host_put(&host, "/proc/modules", "kvm_amd 1 0 - Live 0\n");
	host_put(&host, "/sys/module/kvm_amd/parameters/npt", "1\n");
	host_put(&host, "/sys/module/kvm_amd/parameters/nested", "0\n");
	host_report(&host);
	expect(&host, "cpu.svm", KH_PASS);
	expect(&host, "cpu.npt", KH_PASS);
	expect(&host, "cpu.paging", KH_PASS);
	expect(&host, "kvm.npt", KH_PASS);
	expect(&host, "cpu.vmx", KH_SKIP);
	expect(&host, "cpu.ept", KH_SKIP);
	expect(&host, "cpu.vpid", KH_SKIP);
	expect(&host, "cpu.tsc_deadline_timer", KH_SKIP);
	expect(&host, "kvm.nested", KH_WARN);
	assert_true(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void without_virtualization_the_host_is_not_ready(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host.pretend_live = true;
	host_put(&host, "/proc/cpuinfo", bare_cpu);
	host_put(&host, "/sys/module/kvm/parameters/halt_poll_ns", "200000\n");
	host_report(&host);
	expect(&host, "cpu.virtualization", KH_FAIL);
	expect(&host, "cpu.paging", KH_FAIL);
	expect(&host, "cpu.vmx", KH_FAIL);
	expect(&host, "kvm.device", KH_FAIL);
	expect(&host, "kvm.create_vm", KH_FAIL);
	expect(&host, "kvm.module", KH_WARN);
	expect(&host, "cpu.hypervisor", KH_WARN);
	expect(&host, "cpu.firmware", KH_SKIP);
	const struct kh_check *check = kh_report_find(&host.report, "cpu.virtualization");
	assert_non_null(strstr(check->fix, "nested virtualization"));
	assert_false(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void a_working_kvm_outweighs_missing_flags(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host_put(&host, "/proc/cpuinfo", bare_cpu);
	host_put(&host, "/sys/module/kvm_pvm/parameters/force", "N\n");
	host_report(&host);
	expect(&host, "cpu.virtualization", KH_WARN);
	expect_found(&host, "cpu.virtualization", "works all the same");
	expect(&host, "cpu.paging", KH_WARN);
	expect(&host, "cpu.vmx", KH_WARN);
	expect(&host, "cpu.ept", KH_WARN);
	expect(&host, "kvm.module", KH_PASS);
	assert_true(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void flags_do_not_outweigh_a_kvm_that_fails(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host.pretend_live = true;
	host.kvm = working_kvm;
	host.kvm.can_create_vm = false;
	host.kvm.create_errno = ENODEV;
	host_put(&host, "/proc/cpuinfo", intel_cpu);
	host_report(&host);
	expect(&host, "cpu.virtualization", KH_PASS);
	expect(&host, "kvm.create_vm", KH_FAIL);
	expect_found(&host, "kvm.create_vm", "No such device");
	assert_false(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void second_level_paging_is_a_must(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host_put(&host, "/proc/cpuinfo",
		 "processor : 0\nvendor_id : AuthenticAMD\nflags : lm svm\n");
	host_report(&host);
	expect(&host, "cpu.virtualization", KH_PASS);
	expect(&host, "cpu.paging", KH_FAIL);
	expect(&host, "cpu.npt", KH_FAIL);
	host_close(&host);
}

static void paging_that_is_switched_off_fails(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host_put(&host, "/proc/cpuinfo", intel_cpu);
	host_put(&host, "/sys/module/kvm_intel/parameters/ept", "N\n");
	host_report(&host);
	expect(&host, "kvm.ept", KH_FAIL);
	host_close(&host);
}

static void nothing_known_is_not_ready(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_report(&host);
	expect(&host, "cpu.virtualization", KH_FAIL);
	expect_found(&host, "cpu.virtualization", "no /proc/cpuinfo to read");
	expect(&host, "cpu.vmx", KH_SKIP);
	expect(&host, "cpu.aes", KH_SKIP);
	expect(&host, "memory.total", KH_SKIP);
	expect(&host, "io.iommu", KH_SKIP);
	expect(&host, "cgroup.controllers", KH_SKIP);
	expect(&host, "kernel.running", KH_SKIP);
	assert_false(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void a_recorded_host_is_not_tried(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/proc/cpuinfo", amd_cpu);
	host_put(&host, "/sys/class/misc/tun/dev", "10:200\n");
	host_report(&host);
	expect(&host, "kvm.device", KH_SKIP);
	expect(&host, "kvm.create_vm", KH_SKIP);
	expect_found(&host, "kvm.create_vm", "recorded host: cannot be tried");
	expect(&host, "io.tun", KH_PASS);
	expect(&host, "io.vhost_net", KH_SKIP);
	assert_true(kh_report_is_ready(&host.report));
	host_close(&host);
}

static void a_device_only_root_can_open_warns(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	use_working_kvm(&host);
	host.kvm.mode = 0600;
	host_report(&host);
	expect(&host, "kvm.device", KH_WARN);
	expect_found(&host, "kvm.device", "0600");
	host_close(&host);
}

static void vulnerabilities_are_named(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/proc/cpuinfo", intel_cpu);
	host_put(&host, "/sys/devices/system/cpu/vulnerabilities/l1tf",
		 "Mitigation: PTE Inversion; VMX: SMT vulnerable\n");
	host_put(&host, "/sys/devices/system/cpu/vulnerabilities/mds",
		 "Vulnerable: no microcode\n");
	host_put(&host, "/sys/devices/system/cpu/vulnerabilities/old_microcode", "Vulnerable\n");
	host_put(&host, "/sys/devices/system/cpu/vulnerabilities/itlb_multihit",
		 "KVM: Mitigation: Split huge pages\n");
	host_put(&host, "/sys/module/kvm/parameters/nx_huge_pages", "N\n");
	host_report(&host);
	expect(&host, "cpu.vulnerabilities", KH_WARN);
	expect_found(&host, "cpu.vulnerabilities", "mds (Vulnerable: no microcode)");
	const struct kh_check *check = kh_report_find(&host.report, "cpu.vulnerabilities");
	assert_null(strstr(check->found, "l1tf"));
	expect(&host, "cpu.microcode", KH_WARN);
	expect(&host, "cpu.nx_huge_pages", KH_WARN);
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intel_host_passes_and_skips_amds_checks),
		cmocka_unit_test(an_amd_host_passes_and_skips_intels_checks),
		cmocka_unit_test(without_virtualization_the_host_is_not_ready),
		cmocka_unit_test(a_working_kvm_outweighs_missing_flags),
		cmocka_unit_test(flags_do_not_outweigh_a_kvm_that_fails),
		cmocka_unit_test(second_level_paging_is_a_must),
		cmocka_unit_test(paging_that_is_switched_off_fails),
		cmocka_unit_test(nothing_known_is_not_ready),
		cmocka_unit_test(a_recorded_host_is_not_tried),
		cmocka_unit_test(a_device_only_root_can_open_warns),
		cmocka_unit_test(vulnerabilities_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
