/* kernel_options.c - see kernel_options.h.
 *
 * Source: the Kconfig files of linux 2.6.32 to 6.18. Renames: MITIGATION_* in 6.9 (from RETPOLINE
 * and PAGE_TABLE_ISOLATION), MQ_IOSCHED_DEADLINE in 4.11 beside IOSCHED_DEADLINE, which left with
 * the single-queue block layer in 5.0; MEMCG in 3.6, INTEL_IOMMU and IRQ_REMAP in 3.1. New:
 * CGROUP_BPF in 4.10, VFIO in 3.6, IOMMU_SUPPORT in 3.1.
 */
#include "core/kernel_options.h"

#define BOTH KH_VENDOR_UNKNOWN
#define INTEL KH_VENDOR_INTEL
#define AMD KH_VENDOR_AMD

const struct kh_kernel_option kh_kernel_options[] = {
	{"KVM", NULL, BOTH, 0, "the hypervisor itself"},
	{"KVM_INTEL", NULL, INTEL, 0, "KVM on Intel VT-x"},
	{"KVM_AMD", NULL, AMD, 0, "KVM on AMD-V"},
	{"VIRTIO", NULL, BOTH, 0, "paravirtual devices, for guests of this kernel"},
	{"VIRTIO_PCI", NULL, BOTH, 0, "virtio devices on PCI, for guests of this kernel"},
	{"VIRTIO_BLK", NULL, BOTH, 0, "virtio disks, for guests of this kernel"},
	{"VIRTIO_NET", NULL, BOTH, 0, "virtio network cards, for guests of this kernel"},
	{"VIRTIO_BALLOON", NULL, BOTH, 0, "giving memory back, for guests of this kernel"},
	{"VHOST_NET", NULL, BOTH, 0, "guests' network packets move in the kernel, not in QEMU"},
	{"TUN", NULL, BOTH, 0, "tap devices connect guests to the bridge"},
	{"BRIDGE", NULL, BOTH, 0, "the bridge that carries guests and host"},
	{"MACVTAP", NULL, BOTH, 0, "guests directly on a network card, without a bridge"},
	{"KSM", NULL, BOTH, 0, "equal pages of guests are stored once"},
	{"HUGETLBFS", NULL, BOTH, 0, "guest memory from reserved huge pages"},
	{"HUGETLB_PAGE", NULL, BOTH, 0, "reserved huge pages save page-table walks"},
	{"TRANSPARENT_HUGEPAGE", NULL, BOTH, 0, "huge pages without a reservation"},
	{"PARAVIRT_CLOCK", NULL, BOTH, 0, "guests of this kernel read the host's clock cheaply"},
	{"CRYPTO_AES_NI_INTEL", NULL, BOTH, 0, "encrypted disks and migration at full speed"},
	{"CGROUP_SCHED", NULL, BOTH, 0, "libvirt weighs guests' CPU time"},
	{"CPUSETS", NULL, BOTH, 0, "libvirt pins guests to CPUs and nodes"},
	{"MEMCG", "CGROUP_MEM_RES_CTLR", BOTH, 0, "libvirt limits guests' memory"},
	{"BLK_CGROUP", NULL, BOTH, 0, "libvirt weighs guests' disk traffic"},
	{"CGROUP_BPF", NULL, BOTH, 4010, "device access of guests under cgroup v2"},
	{"VFIO", NULL, BOTH, 3006, "devices handed to guests"},
	{"VFIO_PCI", NULL, BOTH, 3006, "PCI devices handed to guests"},
	{"IOMMU_SUPPORT", NULL, BOTH, 3001, "devices of guests reach only their guest's memory"},
	{"INTEL_IOMMU", "DMAR", INTEL, 0, "VT-d keeps guests' devices apart"},
	{"AMD_IOMMU", NULL, AMD, 0, "AMD-Vi keeps guests' devices apart"},
	{"IRQ_REMAP", "INTR_REMAP", BOTH, 0, "a guest's device cannot forge interrupts"},
	{"NUMA", NULL, BOTH, 0, "memory near the CPUs that use it"},
	{"NUMA_BALANCING", NULL, BOTH, 3008, "unpinned guests move to their memory"},
	{"HIGH_RES_TIMERS", NULL, BOTH, 0, "guests' timers fire on time"},
	{"X86_X2APIC", NULL, BOTH, 0, "interrupt controllers for many CPUs"},
	{"MQ_IOSCHED_DEADLINE", "IOSCHED_DEADLINE", BOTH, 0,
	 "the disk scheduler that suits guests' images"},
	{"MITIGATION_RETPOLINE", "RETPOLINE", BOTH, 4015,
	 "guests cannot steer the host's branch prediction"},
	{"MITIGATION_PAGE_TABLE_ISOLATION", "PAGE_TABLE_ISOLATION", INTEL, 4015,
	 "user space cannot read the kernel's memory (Meltdown)"},
	{NULL, NULL, BOTH, 0, NULL},
};

char kh_kernel_option_value(const struct kh_kernel_option *option, const struct kh_facts_os *os,
			    const char **ret_name)
{
	char value = kh_facts_os_option(os, option->name);
	*ret_name = option->name;
	if (value != 'n' || !option->old_name)
		return value;
	char old_value = kh_facts_os_option(os, option->old_name);
	if (old_value != 'n')
		*ret_name = option->old_name;
	return old_value;
}
