/* validate_kernel.c - the running kernel: release, clock, build options; Secure Boot. */
#include <string.h>

#include "core/base/mem.h"
#include "core/kernel_options.h"
#include "stages/validate.h"

static void check_running(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kernel.running",
		"the kernel that boots next",
		"checks of the running kernel say nothing about another one",
		"reboot",
	};
	const char *running = validation->facts->os.kernel_release;
	const char *next = validation->facts->boot.next_release;
	if (!running)
		kh_validate_add(validation, &check, KH_SKIP, "no running kernel is recorded");
	else if (next && strcmp(next, running) != 0)
		kh_validate_add(validation, &check, KH_WARN, "%s; the next boot takes %s", running,
				next);
	else
		kh_validate_add(validation, &check, KH_PASS, "%s", running);
}

/* hpet and acpi_pm cost a device access at every look at the clock. */
static void check_clocksource(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kernel.clocksource",
		"tsc, or the hypervisor's clock",
		"host and guests read the time often; a slow clock costs everybody",
		"look in dmesg why the TSC was found unstable; update the firmware",
	};
	static const char *const fast[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen",
					   "hyperv_clocksource_msr"};
	kh_auto(kh_free) char *clock =
		kh_root_line(validation->root,
			     "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	bool is_fast = false;
	for (size_t i = 0; clock && i < KH_COUNT(fast); i++)
		is_fast = is_fast || strcmp(clock, fast[i]) == 0;
	if (!clock)
		kh_validate_add(validation, &check, KH_SKIP, "the clock source is not shown");
	else
		kh_validate_add(validation, &check, is_fast ? KH_PASS : KH_WARN, "%s", clock);
}

/* ---- build options ---- */

static bool is_for_other_vendor(const struct kh_validation *validation,
				const struct kh_kernel_option *option)
{
	return option->vendor != KH_VENDOR_UNKNOWN &&
	       option->vendor != validation->facts->cpu.vendor;
}

static void check_option(const struct kh_validation *validation,
			 const struct kh_kernel_option *option)
{
	kh_auto(kh_free) char *id = kh_printf("kernel.config.%s", option->name);
	kh_auto(kh_free) char *fix = kh_printf(
		"boot a kernel that has it (grep CONFIG_%s= /boot/config-*), or build one with it",
		option->name);
	const struct kh_validate_check check = {id, "y or m", option->why, fix};
	const struct kh_facts_os *os = &validation->facts->os;
	int release = kh_facts_release_number(os->kernel_release);
	if (is_for_other_vendor(validation, option)) {
		kh_validate_add(validation, &check, KH_SKIP, "for another vendor's processors");
		return;
	}
	const char *name = NULL;
	char value = kh_kernel_option_value(option, os, &name);
	if (value == '?')
		kh_validate_add(
			validation, &check, KH_SKIP,
			"no kernel configuration to read (/proc/config.gz, /boot/config-%s)",
			os->kernel_release ? os->kernel_release : "RELEASE");
	else if (value != 'n')
		kh_validate_add(validation, &check, KH_PASS, "CONFIG_%s=%c", name, value);
	else if (release >= 0 && release < option->since)
		kh_validate_add(validation, &check, KH_SKIP, "%s is older than this option",
				os->kernel_release);
	else
		kh_validate_add(validation, &check, KH_WARN, "CONFIG_%s is not set", name);
}

static void check_secure_boot(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"boot.secure_boot",
		"off, or every kernel signed",
		"with Secure Boot on, a kernel or module built on this host does not load unsigned",
		"sign own kernels and modules (mokutil), or switch Secure Boot off in the firmware",
	};
	switch (validation->facts->boot.secure_boot) {
	case KH_SECURE_BOOT_ON:
		kh_validate_add(validation, &check, KH_WARN, "on");
		return;
	case KH_SECURE_BOOT_OFF:
		kh_validate_add(validation, &check, KH_PASS, "off");
		return;
	case KH_SECURE_BOOT_UNKNOWN:
		break;
	}
	kh_validate_add(validation, &check, KH_SKIP, "%s",
			validation->facts->boot.is_uefi ? "the firmware does not tell"
							: "not a UEFI boot, or not recorded");
}

void kh_validate_kernel(const struct kh_validation *validation)
{
	check_running(validation);
	check_clocksource(validation);
	for (const struct kh_kernel_option *option = kh_kernel_options; option->name; option++)
		check_option(validation, option);
	check_secure_boot(validation);
}
