/* test_facts_pci.c - IOMMU groups and PCI devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/facts_pci.h"
#include "tests/lib/fixture.h"

static void put_device(struct fixture *fixture, const char *address, const char *class)
{
	char path[256];
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", address);
	fixture_put(fixture, path, class);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", address);
	fixture_put(fixture, path, "0x8086\n");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", address);
	fixture_put(fixture, path, "0\n");
}

static void network_and_storage_are_kept(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_device(&fixture, "0000:00:00.0", "0x060000\n"); /* host bridge */
	put_device(&fixture, "0000:03:00.0", "0x020000\n");
	put_device(&fixture, "0000:04:00.0", "0x010802\n");
	fixture_link(&fixture, "/sys/bus/pci/devices/0000:03:00.0/driver",
		     "../../../bus/pci/drivers/ixgbe");
	fixture_link(&fixture, "/sys/bus/pci/devices/0000:03:00.0/iommu_group",
		     "../../../kernel/iommu_groups/14");
	fixture_put(&fixture, "/sys/bus/pci/devices/0000:03:00.0/sriov_totalvfs", "63\n");
	fixture_put(&fixture, "/sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "4\n");
	struct kh_facts_pci pci;
	kh_facts_pci_collect(&fixture.root, &pci);
	assert_int_equal(pci.device_count, 2);
	const struct kh_facts_pci_device *card = &pci.devices[0];
	assert_string_equal(card->address, "0000:03:00.0");
	assert_int_equal(card->class, 0x020000);
	assert_int_equal(card->vendor, 0x8086);
	assert_int_equal(card->device, -1);
	assert_string_equal(card->driver, "ixgbe");
	assert_int_equal(card->iommu_group, 14);
	assert_int_equal(card->sriov_total_vfs, 63);
	assert_int_equal(card->sriov_num_vfs, 4);
	assert_null(pci.devices[1].driver);
	assert_int_equal(pci.devices[1].sriov_total_vfs, -1);
	json_t *json = kh_facts_pci_json(&pci);
	json_t *first = json_array_get(json_object_get(json, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "class")), "0x020000");
	json_decref(json);
	kh_facts_pci_done(&pci);
	fixture_close(&fixture);
}

static void groups_and_their_devices_are_counted(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_link(&fixture, "/sys/kernel/iommu_groups/0/devices/0000:00:01.0", "x");
	fixture_link(&fixture, "/sys/kernel/iommu_groups/1/devices/0000:00:02.0", "x");
	fixture_link(&fixture, "/sys/kernel/iommu_groups/1/devices/0000:00:02.1", "x");
	fixture_put(&fixture, "/sys/firmware/acpi/tables/DMAR", "DMAR");
	struct kh_facts_pci pci;
	kh_facts_pci_collect(&fixture.root, &pci);
	assert_int_equal(pci.iommu_group_count, 2);
	assert_int_equal(pci.iommu_device_count, 3);
	assert_true(pci.has_dmar);
	assert_false(pci.has_ivrs);
	kh_facts_pci_done(&pci);
	fixture_close(&fixture);
}

static void a_kernel_without_iommu_support_has_no_group_count(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	struct kh_facts_pci pci;
	kh_facts_pci_collect(&fixture.root, &pci);
	assert_int_equal(pci.iommu_group_count, -1);
	assert_int_equal(pci.iommu_device_count, 0);
	assert_int_equal(pci.device_count, 0);
	kh_facts_pci_done(&pci);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_and_storage_are_kept),
		cmocka_unit_test(groups_and_their_devices_are_counted),
		cmocka_unit_test(a_kernel_without_iommu_support_has_no_group_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
