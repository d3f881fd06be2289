/* validate_kvm.c - KVM itself: the device, a virtual machine really created, the module and what it
 * was loaded with. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "stages/validate.h"

static const char recorded[] = "recorded host: cannot be tried";

static char *mode_text(const struct kh_kvm_probe *kvm)
{
	return kh_printf("%04o, owner %u, group %s", (unsigned)kvm->mode, (unsigned)kvm->uid,
			 kvm->group ? kvm->group : "unknown");
}

/* udev gives /dev/kvm to group kvm, with 0660 or, on newer systems, 0666.
 * Source: systemd rules.d/50-udev-default.rules.in. */
static bool is_usable_by_guests(const struct kh_kvm_probe *kvm)
{
	bool is_group_kvm = kvm->group && strcmp(kvm->group, "kvm") == 0;
	return (kvm->mode & 0666) == 0666 || (is_group_kvm && (kvm->mode & 0660) == 0660);
}

static void check_device(const struct kh_validation *validation)
{
	static const struct kh_validate_check missing = {
		"kvm.device",
		"/dev/kvm",
		"QEMU runs guests through this device",
		"load the module (modprobe kvm_intel or kvm_amd); if it refuses, switch on "
		"virtualization in the firmware setup",
	};
	static const struct kh_validate_check unusable = {
		"kvm.device",
		"0660 and group kvm, or 0666",
		"guests run as an unprivileged user, who must be able to open it",
		"install udev's default rules, or add one: KERNEL==\"kvm\", GROUP=\"kvm\", "
		"MODE=\"0660\"; then: udevadm trigger /dev/kvm",
	};
	const struct kh_kvm_probe *kvm = validation->kvm;
	kh_auto(kh_free) char *mode = mode_text(kvm);
	if (!kvm->exists && !validation->root->is_live)
		kh_validate_add(validation, &missing, KH_SKIP, "%s", recorded);
	else if (!kvm->exists)
		kh_validate_add(validation, &missing, KH_FAIL, KH_WORD("missing"));
	else
		kh_validate_add(validation, &unusable, is_usable_by_guests(kvm) ? KH_PASS : KH_WARN,
				"%s", mode);
}

static void check_create_vm(const struct kh_validation *validation)
{
	struct kh_validate_check check = {
		"kvm.create_vm",
		"a virtual machine is created",
		"flags alone prove nothing: firmware or another hypervisor can have the last word",
		"see the kernel's messages (dmesg | grep -i kvm)",
	};
	const struct kh_kvm_probe *kvm = validation->kvm;
	if (!kvm->is_tried && !validation->root->is_live) {
		kh_validate_add(validation, &check, KH_SKIP, "%s", recorded);
	} else if (!kvm->is_tried) {
		check.fix = "see kvm.device";
		kh_validate_add(validation, &check, KH_FAIL, "there is no /dev/kvm to try");
	} else if (!kvm->can_open) {
		check.fix = "run the report as root, or in group kvm; see kvm.device";
		kh_validate_add(validation, &check, KH_FAIL, "/dev/kvm cannot be opened: %s",
				strerror(kvm->open_errno));
	} else if (!kvm->can_create_vm) {
		kh_validate_add(validation, &check, KH_FAIL, "no virtual machine: %s",
				strerror(kvm->create_errno));
	} else if (kvm->api_version != KH_KVM_API_VERSION) {
		kh_validate_add(validation, &check, KH_FAIL, "KVM answers API version %d, not %d",
				kvm->api_version, KH_KVM_API_VERSION);
	} else {
		kh_validate_add(validation, &check, KH_PASS, "created (API version %d)",
				kvm->api_version);
	}
}

static void check_module(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kvm.module",
		"kvm_intel or kvm_amd, by the processor",
		"the module is KVM's half for this processor",
		"kvmhost apply modules (kvm_vendor in modules.load)",
	};
	const char *wanted = kh_validate_vendor_module(validation);
	const char *loaded = kh_validate_kvm_module(validation);
	if (!loaded && !kh_root_is_dir(validation->root, "/sys/module"))
		kh_validate_add(validation, &check, KH_SKIP, "no /sys/module to read");
	else if (!loaded)
		kh_validate_add(validation, &check, KH_WARN, "not loaded");
	else if (wanted && strcmp(wanted, loaded) != 0 && strcmp(loaded, "kvm_pvm") != 0)
		kh_validate_add(validation, &check, KH_WARN, "%s is loaded, not %s", loaded,
				wanted);
	else
		kh_validate_add(validation, &check, KH_PASS, "%s", loaded);
}

/* ---- what the module was loaded with ---- */

struct switch_check {
	struct kh_validate_check check;
	enum kh_vendor vendor; /* KH_VENDOR_UNKNOWN: both have it */
	const char *parameter;
	enum kh_status when_off;
};

static const struct switch_check switches[] = {
	{{"kvm.nested", "on", "guests can be KVM hosts themselves",
	  "set nested: 1 in modules.options, apply, and load the module again or reboot"},
	 KH_VENDOR_UNKNOWN,
	 "nested",
	 KH_WARN},
	{{"kvm.ept", "on", "without EPT every change of a guest's page tables exits to KVM",
	  "remove ept=0 from /etc/modprobe.d and the kernel arguments"},
	 KH_VENDOR_INTEL,
	 "ept",
	 KH_FAIL},
	{{"kvm.npt", "on", "without NPT every change of a guest's page tables exits to KVM",
	  "remove npt=0 from /etc/modprobe.d and the kernel arguments"},
	 KH_VENDOR_AMD,
	 "npt",
	 KH_FAIL},
	{{"kvm.unrestricted_guest", "on", "guests' 16-bit code runs on the processor, not emulated",
	  "remove unrestricted_guest=0 from /etc/modprobe.d"},
	 KH_VENDOR_INTEL,
	 "unrestricted_guest",
	 KH_WARN},
};

static void check_switch(const struct kh_validation *validation, const struct switch_check *wanted)
{
	const char *module = kh_validate_vendor_module(validation);
	bool is_others = wanted->vendor != KH_VENDOR_UNKNOWN &&
			 wanted->vendor != validation->facts->cpu.vendor;
	if (!module || is_others) {
		kh_validate_add(validation, &wanted->check, KH_SKIP, "%s",
				module ? "another vendor's"
				       : "the processor's vendor is not known");
		return;
	}
	int value = kh_validate_parameter(validation, module, wanted->parameter);
	if (value < 0)
		kh_validate_add(validation, &wanted->check, KH_SKIP, "%s shows no parameter %s",
				module, wanted->parameter);
	else
		kh_validate_add(validation, &wanted->check, value ? KH_PASS : wanted->when_off,
				"%s", value ? "on" : "off");
}

/* Source: linux Documentation/virt/kvm/halt-polling.rst. */
static void check_halt_poll(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kvm.halt_poll_ns",
		KH_WORD("not 0"),
		"KVM waits a moment before it lets an idle guest's CPU sleep: quicker answers",
		"write 200000 to /sys/module/kvm/parameters/halt_poll_ns",
	};
	long long value =
		kh_root_number(validation->root, "/sys/module/kvm/parameters/halt_poll_ns");
	if (value < 0)
		kh_validate_add(validation, &check, KH_SKIP, "kvm shows no parameter halt_poll_ns");
	else
		kh_validate_add(validation, &check, value > 0 ? KH_PASS : KH_WARN, "%lld ns",
				value);
}

/* While KVM holds the extension, VirtualBox and VMware get none of it, and the other way round. */
static void check_virt_at_load(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kvm.enable_virt_at_load",
		"on",
		"virtualization is switched on with the module, not at every first guest",
		"remove kvm.enable_virt_at_load=0 unless another hypervisor shares this host",
	};
	int value = kh_validate_parameter(validation, "kvm", "enable_virt_at_load");
	if (value < 0)
		kh_validate_add(validation, &check, KH_SKIP, "this kernel has no such parameter");
	else
		kh_validate_add(validation, &check, value ? KH_PASS : KH_WARN, "%s",
				value ? "on" : "off");
}

void kh_validate_kvm(const struct kh_validation *validation)
{
	check_device(validation);
	check_create_vm(validation);
	check_module(validation);
	for (size_t i = 0; i < KH_COUNT(switches); i++)
		check_switch(validation, &switches[i]);
	check_halt_poll(validation);
	check_virt_at_load(validation);
}
