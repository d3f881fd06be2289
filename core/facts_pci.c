/* facts_pci.c - see facts_pci.h. Only network and mass storage controllers are kept: the class is
 * read first, and of the others nothing else. */
#include "core/facts_pci.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"

static const char device_dir[] = "/sys/bus/pci/devices";
static const char group_dir[] = "/sys/kernel/iommu_groups";

/* Base classes. Source: PCI Code and ID Assignment Specification; linux/pci_ids.h. */
enum { BASE_STORAGE = 0x01, BASE_NETWORK = 0x02 };

/* "0x020000" -> 0x020000, or -1. */
static long long hex_number(const char *line)
{
	if (!line || !kh_str_starts(line, "0x"))
		return -1;
	char *end = NULL;
	unsigned long value = strtoul(line, &end, 16);
	return *end == '\0' && value <= 0xffffffffUL ? (long long)value : -1;
}

static long long read_hex(const struct kh_root *root, const char *address, const char *name)
{
	kh_auto(kh_free) char *line = kh_root_linef(root, "%s/%s/%s", device_dir, address, name);
	return hex_number(line);
}

/* The last part of where a link of the device points to, or NULL. */
static char *link_name(const struct kh_root *root, const char *address, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s/%s", device_dir, address, name);
	kh_auto(kh_free) char *target = kh_root_readlink(root, path);
	const char *slash = target ? strrchr(target, '/') : NULL;
	return kh_strdup(slash ? slash + 1 : target);
}

static void collect_device(const struct kh_root *root, const char *address,
			   struct kh_facts_pci *pci)
{
	long long class = read_hex(root, address, "class");
	long long base = class < 0 ? -1 : class >> 16;
	if (base != BASE_STORAGE && base != BASE_NETWORK)
		return;
	kh_auto(kh_free) char *group = link_name(root, address, "iommu_group");
	*kh_append(pci->devices, pci->device_count) = (struct kh_facts_pci_device){
		.address = kh_strdup(address),
		.class = class,
		.vendor = read_hex(root, address, "vendor"),
		.device = read_hex(root, address, "device"),
		.driver = link_name(root, address, "driver"),
		.node = kh_root_numberf(root, "%s/%s/numa_node", device_dir, address),
		.iommu_group = group ? kh_str_number(group) : -1,
		.sriov_total_vfs =
			kh_root_numberf(root, "%s/%s/sriov_totalvfs", device_dir, address),
		.sriov_num_vfs = kh_root_numberf(root, "%s/%s/sriov_numvfs", device_dir, address),
	};
}

static void collect_groups(const struct kh_root *root, struct kh_facts_pci *pci)
{
	pci->iommu_group_count = -1;
	if (!kh_root_is_dir(root, group_dir))
		return;
	kh_auto(kh_strv_done) struct kh_strv groups = {0};
	kh_root_list(root, group_dir, &groups);
	pci->iommu_group_count = (long long)groups.count;
	for (size_t i = 0; i < groups.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv members = {0};
		kh_auto(kh_free) char *dir = kh_printf("%s/%s/devices", group_dir, groups.items[i]);
		kh_root_list(root, dir, &members);
		pci->iommu_device_count += (long long)members.count;
	}
}

void kh_facts_pci_collect(const struct kh_root *root, struct kh_facts_pci *ret_pci)
{
	*ret_pci = (struct kh_facts_pci){0};
	ret_pci->has_dmar = kh_root_exists(root, "/sys/firmware/acpi/tables/DMAR");
	ret_pci->has_ivrs = kh_root_exists(root, "/sys/firmware/acpi/tables/IVRS");
	collect_groups(root, ret_pci);
	kh_auto(kh_strv_done) struct kh_strv addresses = {0};
	kh_root_list(root, device_dir, &addresses);
	for (size_t i = 0; i < addresses.count; i++)
		collect_device(root, addresses.items[i], ret_pci);
}

void kh_facts_pci_done(struct kh_facts_pci *pci)
{
	for (size_t i = 0; i < pci->device_count; i++) {
		free(pci->devices[i].address);
		free(pci->devices[i].driver);
	}
	free(pci->devices);
	*pci = (struct kh_facts_pci){0};
}

static json_t *hex_json(long long number, int digits)
{
	if (number < 0)
		return json_null();
	kh_auto(kh_free) char *text = kh_printf("0x%0*llx", digits, (unsigned long long)number);
	return json_string(text);
}

static json_t *device_json(const struct kh_facts_pci_device *device)
{
	return json_pack("{so so so so so so so so so}", "address", kh_json_text(device->address),
			 "class", hex_json(device->class, 6), "vendor", hex_json(device->vendor, 4),
			 "device", hex_json(device->device, 4), "driver",
			 kh_json_text(device->driver), "node", kh_facts_json_number(device->node),
			 "iommu_group", kh_facts_json_number(device->iommu_group),
			 "sriov_total_vfs", kh_facts_json_number(device->sriov_total_vfs),
			 "sriov_num_vfs", kh_facts_json_number(device->sriov_num_vfs));
}

json_t *kh_facts_pci_json(const struct kh_facts_pci *pci)
{
	json_t *devices = json_array();
	for (size_t i = 0; i < pci->device_count; i++)
		json_array_append_new(devices, device_json(&pci->devices[i]));
	return json_pack("{sb sb so so so}", "has_dmar", pci->has_dmar, "has_ivrs", pci->has_ivrs,
			 "iommu_group_count", kh_facts_json_number(pci->iommu_group_count),
			 "iommu_device_count", kh_facts_json_number(pci->iommu_device_count),
			 "devices", devices);
}
