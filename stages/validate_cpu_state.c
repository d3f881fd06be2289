/* validate_cpu_state.c - what firmware, kernel and microcode make of the processor. */
#include <string.h>

#include "core/base/mem.h"
#include "stages/validate.h"

static bool has(const struct kh_validation *validation, const char *flag)
{
	return kh_facts_cpu_has(&validation->facts->cpu, flag);
}

static bool is_known(const struct kh_validation *validation)
{
	return validation->facts->cpu.flags.count > 0;
}

static void check_hypervisor(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.hypervisor",
		"a physical machine",
		"guests of a virtual machine pay for two layers of virtualization",
		"use a physical machine where speed matters",
	};
	if (!is_known(validation))
		kh_validate_add(validation, &check, KH_SKIP, "no /proc/cpuinfo to read");
	else if (has(validation, "hypervisor"))
		kh_validate_add(validation, &check, KH_WARN,
				"this host is itself a virtual machine");
	else
		kh_validate_add(validation, &check, KH_PASS, "a physical machine");
}

/* Whether firmware has virtualization switched off cannot be read directly. A working KVM proves
 * that it has not. Linux hides the flag where the firmware forbids its use, vmx since 5.6 and svm
 * since 6.7, so that there a visible flag is proof as well.
 * Source: linux arch/x86/kernel/cpu/feat_ctl.c and amd.c. */
static bool is_shown_flag_proof(const struct kh_validation *validation)
{
	int release = kh_facts_release_number(validation->facts->os.kernel_release);
	return (has(validation, "vmx") && release >= 5006) ||
	       (has(validation, "svm") && release >= 6007);
}

static void check_firmware(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.firmware",
		"virtualization switched on in the firmware",
		"firmware can forbid what the processor could do",
		"switch on VT-x or SVM in the firmware setup",
	};
	const char *module = kh_validate_kvm_module(validation);
	if (!is_known(validation))
		kh_validate_add(validation, &check, KH_SKIP, "no /proc/cpuinfo to read");
	else if (validation->kvm->can_create_vm)
		kh_validate_add(validation, &check, KH_PASS, "on: /dev/kvm works");
	else if (is_shown_flag_proof(validation))
		kh_validate_add(validation, &check, KH_PASS,
				"on: this kernel shows the flag only where firmware allows it");
	else if (has(validation, "hypervisor"))
		kh_validate_add(validation, &check, KH_SKIP, "a virtual machine: its host decides");
	else
		kh_validate_add(validation, &check, KH_SKIP, "not known from here: %s",
				module ? "/dev/kvm was not tried" : "no KVM module is loaded");
}

/* "Vulnerable", "KVM: Vulnerable", "Vulnerable: no microcode"; "SMT vulnerable" comes after a
 * mitigation and is not meant. Source: linux Documentation/ABI/testing/sysfs-devices-system-cpu. */
static bool is_vulnerable(const struct kh_facts_vulnerability *one)
{
	return strstr(one->text, "Vulnerable") != NULL;
}

static void check_vulnerabilities(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.vulnerabilities",
		"none, or mitigated",
		"a guest could read memory of the host or of other guests",
		"update microcode and kernel, and remove mitigations=off from the kernel arguments",
	};
	const struct kh_facts_cpu *cpu = &validation->facts->cpu;
	kh_auto(kh_strv_done) struct kh_strv open = {0};
	for (size_t i = 0; i < cpu->vulnerability_count; i++)
		if (is_vulnerable(&cpu->vulnerabilities[i]))
			kh_strv_addf(&open, "%s (%s)", cpu->vulnerabilities[i].name,
				     cpu->vulnerabilities[i].text);
	kh_auto(kh_free) char *names = kh_strv_join(&open, "; ");
	if (cpu->vulnerability_count == 0)
		kh_validate_add(validation, &check, KH_SKIP,
				"no /sys/devices/system/cpu/vulnerabilities to read");
	else if (open.count > 0)
		kh_validate_add(validation, &check, KH_WARN, "vulnerable: %s", names);
	else
		kh_validate_add(validation, &check, KH_PASS, "none of %zu",
				cpu->vulnerability_count);
}

static const char *vulnerability(const struct kh_validation *validation, const char *name)
{
	const struct kh_facts_cpu *cpu = &validation->facts->cpu;
	for (size_t i = 0; i < cpu->vulnerability_count; i++)
		if (strcmp(cpu->vulnerabilities[i].name, name) == 0)
			return cpu->vulnerabilities[i].text;
	return NULL;
}

static void check_microcode(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.microcode",
		"not known to be old",
		"microcode updates close holes between guests",
		"install the microcode package (intel-microcode, amd64-microcode, microcode_ctl, "
		"linux-firmware) and reboot",
	};
	const char *microcode = validation->facts->cpu.microcode;
	const char *verdict = vulnerability(validation, "old_microcode");
	bool is_old = verdict && strstr(verdict, "Vulnerable");
	if (!microcode)
		kh_validate_add(validation, &check, KH_SKIP, "the revision is not shown");
	else if (has(validation, "hypervisor"))
		kh_validate_add(validation, &check, KH_SKIP,
				"%s; a virtual machine: its host loads microcode", microcode);
	else if (is_old)
		kh_validate_add(validation, &check, KH_WARN, "%s: old by the kernel's list",
				microcode);
	else
		kh_validate_add(validation, &check, KH_PASS, "%s", microcode);
}

/* KVM splits a guest's huge pages to dodge the iTLB multihit erratum.
 * Source: linux Documentation/admin-guide/hw-vuln/multihit.rst. */
static void check_nx_huge_pages(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"cpu.nx_huge_pages",
		"split only where the processor needs it",
		"without it, a guest can stop a processor that has the iTLB multihit erratum; with "
		"it, huge pages are worth less",
		"leave kvm.nx_huge_pages at auto (remove it from /etc/modprobe.d)",
	};
	const char *state = vulnerability(validation, "itlb_multihit");
	bool is_affected = state && strcmp(state, "Not affected") != 0;
	kh_auto(kh_free) char *value =
		kh_root_line(validation->root, "/sys/module/kvm/parameters/nx_huge_pages");
	if (!value || !state) {
		kh_validate_add(
			validation, &check, KH_SKIP, "%s",
			!value ? "kvm.nx_huge_pages is not there"
			       : "the kernel does not tell whether the processor is affected");
		return;
	}
	bool is_split = strcmp(value, "Y") == 0 || strcmp(value, "force") == 0;
	kh_validate_add(validation, &check, is_split == is_affected ? KH_PASS : KH_WARN,
			"%s; processor: %s", value, state);
}

/* Interrupts that reach a guest without an exit. Source: linux kvm_intel and kvm_amd parameters. */
static void check_posted_interrupts(const struct kh_validation *validation, bool is_intel)
{
	const struct kh_validate_check check = {
		is_intel ? "cpu.apicv" : "cpu.avic",
		"on, where the processor has it",
		"interrupts reach a guest without an exit to KVM",
		is_intel
			? "set kvm_intel enable_apicv=1 (modules.options)"
			: "set kvm_amd avic=1 (modules.options); older kernels want nested=0 for it",
	};
	enum kh_vendor wanted = is_intel ? KH_VENDOR_INTEL : KH_VENDOR_AMD;
	const char *module = is_intel ? "kvm_intel" : "kvm_amd";
	const char *parameter = is_intel ? "enable_apicv" : "avic";
	bool is_offered = has(validation, is_intel ? "apicv" : "avic");
	int value = kh_validate_parameter(validation, module, parameter);
	if (validation->facts->cpu.vendor != wanted)
		kh_validate_add(validation, &check, KH_SKIP, "another vendor's");
	else if (value < 0)
		kh_validate_add(validation, &check, KH_SKIP, "%s shows no parameter %s", module,
				parameter);
	else if (value == 1)
		kh_validate_add(validation, &check, KH_PASS, "on");
	else if (!is_offered)
		kh_validate_add(validation, &check, KH_SKIP, "the processor does not offer it");
	else
		kh_validate_add(validation, &check, KH_WARN, "off, though the processor has it");
}

void kh_validate_cpu_state(const struct kh_validation *validation)
{
	check_posted_interrupts(validation, true);
	check_posted_interrupts(validation, false);
	check_hypervisor(validation);
	check_firmware(validation);
	check_microcode(validation);
	check_vulnerabilities(validation);
	check_nx_huge_pages(validation);
}
