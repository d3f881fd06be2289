/* facts_pci.h - IOMMU and PCI devices that matter to a KVM host. Source: /sys/kernel/iommu_groups,
 * /sys/firmware/acpi/tables (DMAR: Intel, IVRS: AMD), /sys/bus/pci/devices. */
#ifndef KH_FACTS_PCI_H
#define KH_FACTS_PCI_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

struct kh_facts_pci_device {
	char *address;   /* "0000:03:00.0" */
	long long class; /* 0x020000 Ethernet, ... (24 bits) */
	long long vendor, device;
	char *driver;                             /* or NULL */
	long long node;                           /* NUMA, or -1 */
	long long iommu_group;                    /* or -1 */
	long long sriov_total_vfs, sriov_num_vfs; /* -1: not SR-IOV capable */
};

struct kh_facts_pci {
	bool has_dmar, has_ivrs;
	long long iommu_group_count;         /* -1: the kernel has no such directory */
	long long iommu_device_count;        /* devices in groups */
	struct kh_facts_pci_device *devices; /* network and mass storage controllers, by address */
	size_t device_count;
};

void kh_facts_pci_collect(const struct kh_root *root, struct kh_facts_pci *ret_pci);
void kh_facts_pci_done(struct kh_facts_pci *pci);
json_t *kh_facts_pci_json(const struct kh_facts_pci *pci);

#endif
