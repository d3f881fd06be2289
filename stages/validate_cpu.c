/* validate_cpu.c - what the processor offers: virtualization, second-level paging, and the flags
 * that guests gain from.
 *
 * Flags are a claim and /dev/kvm is the proof: where a VM could be created, missing vmx and svm is
 * worth a warning only (a paravirtualised host).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "stages/validate.h"

static const char no_cpuinfo[] = "no /proc/cpuinfo to read";

static bool is_known(const struct kh_validation *validation)
{
	return validation->facts->cpu.flags.count > 0;
}

static bool has(const struct kh_validation *validation, const char *flag)
{
	return kh_facts_cpu_has(&validation->facts->cpu, flag);
}

/* ---- the two that decide ---- */

static const char *virtualization_fix(const struct kh_validation *validation)
{
	if (!is_known(validation))
		return "run the report on the booted host, or record its /proc and /sys";
	if (has(validation, "hypervisor"))
		return "this is a virtual machine: switch on nested virtualization for it on its "
		       "host (QEMU: -cpu host, and kvm_intel or kvm_amd nested=1 there)";
	return "switch on Intel VT-x or AMD-V (SVM) in the firmware setup; without them guests "
	       "cannot run";
}

static void check_virtualization(const struct kh_validation *validation)
{
	const struct kh_validate_check check = {
		"cpu.virtualization",
		"vmx or svm",
		"KVM runs guests on the processor's virtualization extension",
		virtualization_fix(validation),
	};
	if (!is_known(validation))
		kh_validate_add(validation, &check, KH_FAIL, "%s", no_cpuinfo);
	else if (has(validation, "vmx") || has(validation, "svm"))
		kh_validate_add(validation, &check, KH_PASS, "%s",
				has(validation, "vmx") ? "vmx" : "svm");
	else if (validation->kvm->can_create_vm)
		kh_validate_add(validation, &check, KH_WARN,
				"neither, but /dev/kvm creates virtual machines: works all the "
				"same (paravirtualised)");
	else
		kh_validate_add(validation, &check, KH_FAIL, KH_WORD("neither"));
}

static void check_paging(const struct kh_validation *validation)
{
	const struct kh_validate_check check = {
		"cpu.paging",
		"ept or npt",
		"second-level paging spares an exit to KVM at every change of a guest's page tables",
		"use a processor with EPT or NPT; in a virtual machine, let its host offer it",
	};
	bool has_extension = has(validation, "vmx") || has(validation, "svm");
	if (!is_known(validation))
		kh_validate_add(validation, &check, KH_SKIP, "%s", no_cpuinfo);
	else if (has(validation, "ept") || has(validation, "npt"))
		kh_validate_add(validation, &check, KH_PASS, "%s",
				has(validation, "ept") ? "ept" : "npt");
	else if (!has_extension && validation->kvm->can_create_vm)
		kh_validate_add(validation, &check, KH_WARN,
				"neither, but /dev/kvm creates virtual machines: works all the "
				"same (paravirtualised)");
	else
		kh_validate_add(validation, &check, KH_FAIL, KH_WORD("neither"));
}

/* ---- flags of one vendor, whose absence can be fatal ---- */

struct vendor_flag {
	struct kh_validate_check check;
	enum kh_vendor vendor;
	const char *flag;
	const char *extension; /* the virtualization flag it belongs to */
};

static const struct vendor_flag vendor_flags[] = {
	{{"cpu.vmx", "vmx", "Intel VT-x: KVM runs guests with it",
	  "switch on Intel VT-x in the firmware setup (or nested virtualization on the host of "
	  "this virtual machine)"},
	 KH_VENDOR_INTEL,
	 "vmx",
	 "vmx"},
	{{"cpu.svm", "svm", "AMD-V: KVM runs guests with it",
	  "switch on SVM in the firmware setup (or nested virtualization on the host of this "
	  "virtual machine)"},
	 KH_VENDOR_AMD,
	 "svm",
	 "svm"},
	{{"cpu.ept", "ept", "Intel's second-level paging: guests change page tables without exits",
	  "use a processor with EPT; in a virtual machine, let its host offer it"},
	 KH_VENDOR_INTEL,
	 "ept",
	 "vmx"},
	{{"cpu.npt", "npt", "AMD's second-level paging: guests change page tables without exits",
	  "use a processor with NPT; in a virtual machine, let its host offer it"},
	 KH_VENDOR_AMD,
	 "npt",
	 "svm"},
};

static const char *vendor_text(enum kh_vendor vendor)
{
	switch (vendor) {
	case KH_VENDOR_INTEL:
		return "an Intel processor";
	case KH_VENDOR_AMD:
		return "an AMD processor";
	case KH_VENDOR_UNKNOWN:
		break;
	}
	return "a processor of another vendor";
}

static void check_vendor_flag(const struct kh_validation *validation,
			      const struct vendor_flag *wanted)
{
	enum kh_vendor vendor = validation->facts->cpu.vendor;
	const struct kh_validate_check *check = &wanted->check;
	if (!is_known(validation))
		kh_validate_add(validation, check, KH_SKIP, "%s", no_cpuinfo);
	else if (vendor != wanted->vendor)
		kh_validate_add(validation, check, KH_SKIP, "%s", vendor_text(vendor));
	else if (has(validation, wanted->flag))
		kh_validate_add(validation, check, KH_PASS, "%s", wanted->flag);
	else if (!has(validation, wanted->extension) && validation->kvm->can_create_vm)
		kh_validate_add(
			validation, check, KH_WARN,
			"absent, but /dev/kvm creates virtual machines: works all the same");
	else
		kh_validate_add(validation, check, KH_FAIL, KH_WORD("absent"));
}

/* ---- flags that guests gain from ---- */

struct plain_flag {
	struct kh_validate_check check;
	const char *flag;
	const char *absent_on_amd; /* why its absence means nothing on AMD, or NULL */
};

static const struct plain_flag plain_flags[] = {
	{{"cpu.pdpe1gb", "pdpe1gb", "1 GiB pages need the fewest page-table walks",
	  "use 2 MiB pages (hugepages.pools), or a processor with 1 GiB pages"},
	 "pdpe1gb",
	 NULL},
	{{"cpu.aes", "aes", "encrypted disks and migrations run at full speed",
	  "switch on AES-NI in the firmware setup, or offer it to this virtual machine"},
	 "aes",
	 NULL},
	{{"cpu.constant_tsc", "constant_tsc", "guests' clocks run evenly whatever the frequency",
	  "use a processor with an invariant TSC (virtual machine: -cpu host,+invtsc)"},
	 "constant_tsc",
	 NULL},
	{{"cpu.nonstop_tsc", "nonstop_tsc", "guests' clocks go on in deep sleep states",
	  "use a processor with an invariant TSC (virtual machine: -cpu host,+invtsc)"},
	 "nonstop_tsc",
	 NULL},
	{{"cpu.tsc_deadline_timer", "tsc_deadline_timer",
	  "guests set their timers with one write instead of several",
	  "offer tsc-deadline to this virtual machine, or use a newer processor"},
	 "tsc_deadline_timer",
	 "AMD processors have had none until lately"},
	{{"cpu.vpid", "vpid", "the TLB survives the change between guest and host",
	  "use a processor with VPID; in a virtual machine, let its host offer it"},
	 "vpid",
	 "AMD: address space ids are part of svm"},
	{{"cpu.x2apic", "x2apic", "interrupts between many CPUs cost less",
	  "switch on x2APIC in the firmware setup"},
	 "x2apic",
	 NULL},
	{{"cpu.arch_perfmon", "arch_perfmon", "guests can use performance counters",
	  "offer the PMU to this virtual machine, or use a processor with it"},
	 "arch_perfmon",
	 "AMD: its counters are perfctr_core"},
};

static void check_plain_flag(const struct kh_validation *validation,
			     const struct plain_flag *wanted)
{
	bool is_amd = validation->facts->cpu.vendor == KH_VENDOR_AMD;
	if (!is_known(validation))
		kh_validate_add(validation, &wanted->check, KH_SKIP, "%s", no_cpuinfo);
	else if (has(validation, wanted->flag))
		kh_validate_add(validation, &wanted->check, KH_PASS, "%s", wanted->flag);
	else if (is_amd && wanted->absent_on_amd)
		kh_validate_add(validation, &wanted->check, KH_SKIP, "%s", wanted->absent_on_amd);
	else
		kh_validate_add(validation, &wanted->check, KH_WARN, KH_WORD("absent"));
}

static void check_avx(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.avx",
		"avx with xsave",
		"guests' arithmetic and QEMU's page scans use wide registers",
		"use a processor with AVX (virtual machine: -cpu host)",
	};
	bool has_avx = has(validation, "avx"), has_xsave = has(validation, "xsave");
	if (!is_known(validation))
		kh_validate_add(validation, &check, KH_SKIP, "%s", no_cpuinfo);
	else
		kh_validate_add(validation, &check, has_avx && has_xsave ? KH_PASS : KH_WARN, "%s",
				has_avx && has_xsave ? "avx with xsave"
				: has_avx            ? "avx, but no xsave"
				: has_xsave          ? "xsave, but no avx"
						     : "neither");
}

void kh_validate_cpu(const struct kh_validation *validation)
{
	check_virtualization(validation);
	check_paging(validation);
	for (size_t i = 0; i < KH_COUNT(vendor_flags); i++)
		check_vendor_flag(validation, &vendor_flags[i]);
	for (size_t i = 0; i < KH_COUNT(plain_flags); i++)
		check_plain_flag(validation, &plain_flags[i]);
	check_avx(validation);
}
