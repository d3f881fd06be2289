/* test_validate_host.c - stage `validate`: kernel, memory, I/O, and what all checks have in common.
 */
#include "tests/stages/validate_host.h"

#include "core/base/mem.h"

static void kernel_options_pass_under_their_old_names(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/proc/cpuinfo", intel_cpu);
	host_put(&host, "/proc/sys/kernel/osrelease", "4.9.0-1\n");
	host_put(&host, "/boot/config-4.9.0-1",
		 "CONFIG_KVM=m\nCONFIG_KVM_INTEL=m\nCONFIG_IOSCHED_DEADLINE=y\n"
		 "# CONFIG_KSM is not set\n");
	host_report(&host);
	expect(&host, "kernel.config.KVM", KH_PASS);
	expect(&host, "kernel.config.KVM_INTEL", KH_PASS);
	expect(&host, "kernel.config.KVM_AMD", KH_SKIP);
	expect(&host, "kernel.config.MQ_IOSCHED_DEADLINE", KH_PASS);
	expect_found(&host, "kernel.config.MQ_IOSCHED_DEADLINE", "CONFIG_IOSCHED_DEADLINE=y");
	expect(&host, "kernel.config.KSM", KH_WARN);
	expect(&host, "kernel.config.MITIGATION_RETPOLINE", KH_SKIP); /* older than 4.15 */
	host_close(&host);
}

static void the_options_of_own_fragments_are_judged(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	kh_strv_add(&host.config.kernel.fragments, "/etc/site.config");
	host_put(&host, "/etc/site.config",
		 "CONFIG_NR_CPUS=512\nCONFIG_HZ=250\n# CONFIG_KEXEC is not set\n"
		 "# CONFIG_DEBUG_INFO is not set\n# why\nCONFIG_TUN=y\n#: since 6.5\n"
		 "CONFIG_NEW=y\n#: until 6.1\nCONFIG_PAST=y\n#: optional\nCONFIG_NICE=y\n"
		 "CONFIG_NAME=\"a\"\n# CONFIG_KVM is not set\n");
	host_put(&host, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	host_put(&host, "/boot/config-6.1.0-1",
		 "CONFIG_NR_CPUS=512\nCONFIG_HZ=1000\nCONFIG_KEXEC=y\nCONFIG_TUN=m\n"
		 "CONFIG_NAME=\"a\"\n");
	host_report(&host);
	expect(&host, "kernel.config.NR_CPUS", KH_PASS);
	expect_found(&host, "kernel.config.NR_CPUS", "CONFIG_NR_CPUS=512");
	expect(&host, "kernel.config.HZ", KH_WARN);
	expect_found(&host, "kernel.config.HZ", "CONFIG_HZ=1000");
	expect(&host, "kernel.config.KEXEC", KH_WARN);
	expect(&host, "kernel.config.DEBUG_INFO", KH_PASS);
	expect(&host, "kernel.config.TUN", KH_PASS); /* a module is as good here */
	expect(&host, "kernel.config.NEW", KH_SKIP);
	expect_found(&host, "kernel.config.NEW", "6.1.0-1 is older than this option");
	expect(&host, "kernel.config.PAST", KH_SKIP);
	expect_found(&host, "kernel.config.PAST", "6.1.0-1 is newer than this option");
	expect(&host, "kernel.config.NICE", KH_SKIP);
	expect(&host, "kernel.config.NAME", KH_PASS);
	expect(&host, "kernel.config.KVM", KH_PASS); /* the later fragment wins */
	expect(&host, "kernel.config.KSM", KH_WARN);
	assert_string_equal(kh_report_find(&host.report, "kernel.config.TUN")->why, "why");
	assert_string_equal(kh_report_find(&host.report, "kernel.config.HZ")->why,
			    "/etc/site.config:2 asks for it");
	expect(&host, "kernel.fragments", KH_PASS);
	expect_found(&host, "kernel.fragments", "kvm-host, /etc/site.config");
	host_close(&host);
}

static void a_fragment_that_cannot_be_read_is_a_finding(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	kh_strv_add(&host.config.kernel.fragments, "/etc/site.config");
	host_put(&host, "/etc/site.config", "CONFIG_A=maybe\n");
	host_report(&host);
	expect(&host, "kernel.fragments", KH_WARN);
	const struct kh_check *check = kh_report_find(&host.report, "kernel.fragments");
	assert_string_equal(check->found, "/etc/site.config:1:10: this is no value of an option");
	host_close(&host);
}

static void another_kernel_at_the_next_boot_warns(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	host.facts.boot.next_release = (char *)(uintptr_t) "6.1.0-2";
	host.facts.boot.secure_boot = KH_SECURE_BOOT_ON;
	host_report(&host);
	expect(&host, "kernel.running", KH_WARN);
	expect_found(&host, "kernel.running", "6.1.0-2");
	expect(&host, "boot.secure_boot", KH_WARN);
	host_close(&host);
}

static void swap_is_judged_while_ksm_runs(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/proc/meminfo",
		 "MemTotal: 8388608 kB\nSwapTotal: 1048576 kB\nCommitted_AS: 12582912 kB\n");
	host_put(&host, "/sys/kernel/mm/ksm/run", "1\n");
	host_report(&host);
	expect(&host, "memory.swap_commit", KH_WARN);
	expect(&host, "memory.total", KH_PASS);
	host_close(&host);

	host_open(&host);
	host_put(&host, "/proc/meminfo", "MemTotal: 1048576 kB\n");
	host_put(&host, "/sys/kernel/mm/ksm/run", "0\n");
	host_report(&host);
	expect(&host, "memory.swap_commit", KH_SKIP);
	expect(&host, "memory.total", KH_WARN);
	host_close(&host);
}

static void an_iommu_is_judged_by_its_groups(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/sys/firmware/acpi/tables/DMAR", "");
	fixture_link(&host.fixture, "/sys/kernel/iommu_groups/0/devices/0000:00:01.0", "x");
	host_put(&host, "/sys/kernel/irq/1/chip_name", "IR-IO-APIC\n");
	host_report(&host);
	expect(&host, "io.iommu", KH_PASS);
	expect(&host, "io.interrupt_remapping", KH_PASS);
	host_close(&host);

	host_open(&host);
	host_put(&host, "/sys/firmware/acpi/tables/DMAR", "");
	host_report(&host);
	expect(&host, "io.iommu", KH_WARN);
	expect_found(&host, "io.iommu", "DMAR");
	expect(&host, "io.interrupt_remapping", KH_SKIP);
	host_close(&host);

	host_open(&host);
	host.config.grub.iommu = KH_IOMMU_OFF;
	host_report(&host);
	expect(&host, "io.iommu", KH_SKIP);
	host_close(&host);
}

static void cgroup_controllers_are_judged_by_version(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	host_report(&host);
	expect(&host, "cgroup.controllers", KH_PASS);
	host_close(&host);

	host_open(&host);
	host_put(&host, "/proc/cgroups",
		 "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t1\t1\t1\ncpu\t2\t1\t1\n"
		 "blkio\t3\t1\t1\nmemory\t0\t1\t0\ndevices\t4\t1\t1\n");
	host_report(&host);
	expect(&host, "cgroup.controllers", KH_WARN);
	expect_found(&host, "cgroup.controllers", "without memory");
	host_close(&host);
}

static void nodes_and_their_devices_are_told(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/sys/devices/system/node/node0/cpulist", "0-3\n");
	host_put(&host, "/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 8388608 kB\n");
	host_put(&host, "/sys/devices/system/node/node1/cpulist", "4-7\n");
	host_put(&host, "/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 0 kB\n");
	struct kh_facts_link link = {
		.name = (char *)(uintptr_t) "eno1", .kind = KH_LINK_PHYSICAL, .node = 1};
	host.facts.net.links = &link;
	host.facts.net.link_count = 1;
	host_report(&host);
	expect(&host, "topology.numa", KH_WARN);
	expect_found(&host, "topology.numa", "node 0: CPUs 0-3, 8.0 GiB");
	expect(&host, "topology.devices", KH_PASS);
	expect_found(&host, "topology.devices", "eno1 on node 1");
	host_close(&host);
}

static void sriov_cards_are_listed(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host_put(&host, "/sys/bus/pci/devices/0000:03:00.0/class", "0x020000\n");
	host_put(&host, "/sys/bus/pci/devices/0000:03:00.0/sriov_totalvfs", "63\n");
	host_put(&host, "/sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "0\n");
	host_report(&host);
	expect(&host, "io.sriov", KH_PASS);
	expect_found(&host, "io.sriov", "0 of 63");
	host_close(&host);
}

static void every_check_has_an_id_of_its_own_and_all_texts(void **state)
{
	(void)state;
	struct host host;
	host_open(&host);
	host.pretend_live = true;
	host_put(&host, "/proc/cpuinfo", bare_cpu);
	host_put(&host, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	host_put(&host, "/boot/config-6.1.0-1", "CONFIG_X=y\n");
	host_report(&host);
	assert_true(host.report.check_count > 40);
	for (size_t i = 0; i < host.report.check_count; i++) {
		const struct kh_check *check = &host.report.checks[i];
		assert_ptr_equal(kh_report_find(&host.report, check->id), check);
		assert_true(*check->expected && *check->found && *check->why);
		assert_null(strchr(check->why, '\n'));
		bool is_bad = check->status == KH_WARN || check->status == KH_FAIL;
		assert_true(is_bad == (check->fix != NULL));
	}
	host_close(&host);
}

static size_t count_on_root(const char *name)
{
	struct host host = {.kvm = {.api_version = -1}};
	fixture_open(&host.fixture, name);
	host_report(&host);
	size_t count = host.report.check_count;
	host_close(&host);
	return count;
}

static void every_root_gets_the_same_checks(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	for (size_t i = 1; i < names.count; i++)
		assert_int_equal(count_on_root(names.items[i]), count_on_root(names.items[0]));
}

static void the_stage_plans_nothing(void **state)
{
	(void)state;
	assert_string_equal(kh_stage_validate.name, "validate");
	assert_null(kh_stage_validate.plan);
	struct host host;
	struct kh_error err = KH_ERROR_INIT;
	host_open(&host);
	const struct kh_context context = {
		.config = &host.config, .facts = &host.facts, .root = &host.fixture.root};
	assert_int_equal(kh_stage_validate.check(&context, &host.report, &err), 0);
	assert_true(host.report.check_count > 40);
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_options_pass_under_their_old_names),
		cmocka_unit_test(the_options_of_own_fragments_are_judged),
		cmocka_unit_test(a_fragment_that_cannot_be_read_is_a_finding),
		cmocka_unit_test(another_kernel_at_the_next_boot_warns),
		cmocka_unit_test(swap_is_judged_while_ksm_runs),
		cmocka_unit_test(an_iommu_is_judged_by_its_groups),
		cmocka_unit_test(cgroup_controllers_are_judged_by_version),
		cmocka_unit_test(nodes_and_their_devices_are_told),
		cmocka_unit_test(sriov_cards_are_listed),
		cmocka_unit_test(every_check_has_an_id_of_its_own_and_all_texts),
		cmocka_unit_test(every_root_gets_the_same_checks),
		cmocka_unit_test(the_stage_plans_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
