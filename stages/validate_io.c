/* validate_io.c - what guests' devices need: IOMMU, interrupt remapping, vhost, tap, SR-IOV. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "stages/validate.h"

static const char *iommu_fix(const struct kh_facts *facts)
{
	if (facts->pci.has_dmar)
		return "add intel_iommu=on to the kernel arguments (grub.iommu: on), apply and reboot";
	if (facts->pci.has_ivrs)
		return "remove amd_iommu=off and iommu=off from the kernel arguments and reboot";
	if (kh_facts_cpu_has(&facts->cpu, "hypervisor"))
		return "give this virtual machine an IOMMU on its host (QEMU: -device intel-iommu "
		       "or amd-iommu)";
	return "switch on VT-d or AMD-Vi (IOMMU) in the firmware setup";
}

static void check_iommu(const struct kh_validation *validation)
{
	const struct kh_facts_pci *pci = &validation->facts->pci;
	const struct kh_validate_check check = {
		"io.iommu",
		"on, with devices in groups",
		"without an IOMMU no device can be handed to a guest",
		iommu_fix(validation->facts),
	};
	if (pci->iommu_device_count > 0)
		kh_validate_add(validation, &check, KH_PASS, "%lld groups, %lld devices",
				pci->iommu_group_count, pci->iommu_device_count);
	else if (validation->config->grub.iommu == KH_IOMMU_OFF)
		kh_validate_add(validation, &check, KH_SKIP,
				"off, as configured (grub.iommu: off)");
	else if (pci->has_dmar || pci->has_ivrs)
		kh_validate_add(validation, &check, KH_WARN, "off, though the firmware offers %s",
				pci->has_dmar ? "VT-d (ACPI DMAR)" : "AMD-Vi (ACPI IVRS)");
	else if (!kh_root_is_dir(validation->root, "/sys/kernel"))
		kh_validate_add(validation, &check, KH_SKIP, "no /sys/kernel to read");
	else
		kh_validate_add(validation, &check, KH_WARN, "none: the firmware offers none");
}

/* The kernel log is not for everybody to read, but interrupt chips tell: behind remapping they are
 * called IR-IO-APIC and IR-PCI-MSI. The first that is of either kind answers.
 * Source: linux drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/iommu.c;
 * Documentation/ABI/testing/sysfs-kernel-irq.
 * Returns 1, 0, or -1: not known. */
static int find_remapping(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv irqs = {0};
	kh_root_list(root, "/sys/kernel/irq", &irqs);
	for (size_t i = 0; i < irqs.count; i++) {
		kh_auto(kh_free) char *chip =
			kh_root_linef(root, "/sys/kernel/irq/%s/chip_name", irqs.items[i]);
		if (!chip)
			continue;
		if (kh_str_starts(chip, "IR-"))
			return 1;
		if (strcmp(chip, "IO-APIC") == 0 || kh_str_starts(chip, "PCI-MSI"))
			return 0;
	}
	return -1;
}

static void check_remapping(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"io.interrupt_remapping",
		"on",
		"without it a guest's device can forge interrupts, and VFIO refuses the device",
		"switch on interrupt remapping (VT-d, x2APIC) in the firmware setup; remove "
		"intremap=off from the kernel arguments",
	};
	if (validation->facts->pci.iommu_device_count == 0) {
		kh_validate_add(validation, &check, KH_SKIP, "no IOMMU is on");
		return;
	}
	int state = find_remapping(validation->root);
	if (state < 0)
		kh_validate_add(validation, &check, KH_SKIP, "the kernel does not show it");
	else
		kh_validate_add(validation, &check, state ? KH_PASS : KH_WARN, "%s",
				state ? "on" : "off");
}

/* ---- device nodes ---- */

struct node_check {
	struct kh_validate_check check;
	const char *node;
	const char *module;
	const char *sysfs; /* the same device as /sys shows it, for recorded hosts */
};

static const struct node_check nodes[] = {
	{{"io.vhost_net", "/dev/vhost-net", "guests' packets move in the kernel, not in QEMU",
	  "kvmhost apply modules (vhost_net in modules.load)"},
	 "/dev/vhost-net",
	 "vhost_net",
	 "/sys/class/misc/vhost-net"},
	{{"io.tun", "/dev/net/tun", "tap devices connect guests to the bridge",
	  "load the module: modprobe tun"},
	 "/dev/net/tun",
	 "tun",
	 "/sys/class/misc/tun"},
};

static void check_node(const struct kh_validation *validation, const struct node_check *wanted)
{
	const struct kh_root *root = validation->root;
	bool is_loaded = kh_strv_has(&validation->facts->os.loaded_modules, wanted->module) ||
			 kh_root_exists(root, wanted->sysfs);
	if (kh_root_exists(root, wanted->node))
		kh_validate_add(validation, &wanted->check, KH_PASS, "%s%s", wanted->node,
				is_loaded ? "" : " (loads at first use)");
	else if (is_loaded && !root->is_live)
		kh_validate_add(validation, &wanted->check, KH_PASS,
				"recorded host: the driver is there");
	else if (!root->is_live)
		kh_validate_add(validation, &wanted->check, KH_SKIP,
				"recorded host: device nodes are not recorded");
	else
		kh_validate_add(validation, &wanted->check, KH_WARN, KH_WORD("missing"));
}

/* ---- SR-IOV ---- */

enum { PCI_BASE_NETWORK = 0x02 };

static void check_sriov(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"io.sriov",
		"virtual functions of capable network cards",
		"a virtual function gives a guest a network card of its own, without the bridge's cost",
		NULL,
	};
	const struct kh_facts_pci *pci = &validation->facts->pci;
	kh_auto(kh_strv_done) struct kh_strv cards = {0};
	for (size_t i = 0; i < pci->device_count; i++) {
		const struct kh_facts_pci_device *device = &pci->devices[i];
		if (device->class >> 16 == PCI_BASE_NETWORK && device->sriov_total_vfs > 0)
			kh_strv_addf(&cards, "%s (%s): %lld of %lld in use", device->address,
				     device->driver ? device->driver : "no driver",
				     device->sriov_num_vfs < 0 ? 0 : device->sriov_num_vfs,
				     device->sriov_total_vfs);
	}
	kh_auto(kh_free) char *text = kh_strv_join(&cards, "; ");
	if (cards.count == 0)
		kh_validate_add(validation, &check, KH_SKIP, "no network card is capable of it");
	else
		kh_validate_add(validation, &check, KH_PASS, "%s", text);
}

void kh_validate_io(const struct kh_validation *validation)
{
	check_iommu(validation);
	check_remapping(validation);
	for (size_t i = 0; i < KH_COUNT(nodes); i++)
		check_node(validation, &nodes[i]);
	check_sriov(validation);
}
