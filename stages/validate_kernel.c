/* validate_kernel.c - the running kernel: release, clock, build options; Secure Boot. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "kconfig/survive.h"
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

/* ---- build options: what the configured fragments ask for ---- */

static bool is_for_other_vendor(const struct kh_validation *validation,
				const struct kh_fragment_line *line)
{
	return line->vendor != KH_VENDOR_UNKNOWN && line->vendor != validation->facts->cpu.vendor;
}

/* In the running kernel's configuration, under its name or an old one, whatever the version says:
 * distributions backport renames. Owned; NULL: there is no configuration to read. */
static char *find_value(const struct kh_validation *validation, const struct kh_fragment_line *line,
			const char **ret_name)
{
	struct kh_kernel_config *config = validation->facts->os.kernel_config;
	kh_auto(kh_free) char *value = kh_kernel_config_value(config, line->name);
	*ret_name = line->name;
	for (size_t i = 0; value && strcmp(value, "n") == 0 && i < line->was.count; i++) {
		kh_free(&value);
		value = kh_kernel_config_value(config, line->was.items[i]);
		if (value && strcmp(value, "n") != 0)
			*ret_name = line->was.items[i];
	}
	return kh_take(value);
}

static bool is_wanted_off(const struct kh_fragment_line *line)
{
	return strcmp(line->value, "n") == 0;
}

/* Built in or a module is the same for a kernel that runs. */
static const char *expected_text(const struct kh_fragment_line *line)
{
	if (is_wanted_off(line))
		return "not set";
	return strcmp(line->value, "y") == 0 || strcmp(line->value, "m") == 0 ? KH_WORD("y or m")
									      : line->value;
}

static bool is_as_wanted(const struct kh_fragment_line *line, const char *value)
{
	const char *wanted = strcmp(line->value, "y") == 0 ? "m" : line->value;
	return kh_survive_matches(wanted, value);
}

static void judge_option(const struct kh_validation *validation,
			 const struct kh_validate_check *check, const struct kh_fragment_line *line)
{
	const char *release = validation->facts->os.kernel_release;
	int version = kh_facts_release_number(release);
	const char *name = NULL;
	kh_auto(kh_free) char *value = find_value(validation, line, &name);
	if (!value) {
		kh_validate_add(
			validation, check, KH_SKIP,
			"no kernel configuration to read (/proc/config.gz, /boot/config-%s)",
			release ? release : "RELEASE");
		return;
	}
	bool is_set = strcmp(value, "n") != 0;
	kh_auto(kh_free) char *found = is_set ? kh_printf("CONFIG_%s=%s", name, value)
					      : kh_printf("CONFIG_%s is not set", name);
	if (is_as_wanted(line, value))
		kh_validate_add(validation, check, KH_PASS, "%s", found);
	else if (!kh_fragment_holds(line, version))
		kh_validate_add(validation, check, KH_SKIP, "%s is %s this option", release,
				version < line->since ? "older than" : "newer than");
	else if (line->is_optional)
		kh_validate_add(validation, check, KH_SKIP, "%s; it is optional", found);
	else
		kh_validate_add(validation, check, KH_WARN, "%s", found);
}

static void check_option(const struct kh_validation *validation,
			 const struct kh_fragment_line *line)
{
	kh_auto(kh_free) char *id = kh_printf("kernel.config.%s", line->name);
	kh_auto(kh_free) char *why =
		*line->why ? kh_strdup(line->why) : kh_printf("%s asks for it", line->where);
	kh_auto(kh_free) char *fix =
		is_wanted_off(line)
			? kh_printf("boot a kernel without it, or build one without it")
			: kh_printf("boot a kernel that has it (grep CONFIG_%s= /boot/config-*), "
				    "or build one with it",
				    line->name);
	const struct kh_validate_check check = {id, expected_text(line), why, fix};
	if (is_for_other_vendor(validation, line))
		kh_validate_add(validation, &check, KH_SKIP, "for another vendor's processors");
	else
		judge_option(validation, &check, line);
}

/* Fragments that cannot be read are a finding of their own. */
static void check_options(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"kernel.fragments",
		"readable",
		"what the kernel's configuration is compared with",
		"mend the file, or 'kernel.fragments' of the configuration",
	};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	const struct kh_strv *fragments = &validation->config->kernel.fragments;
	kh_auto(kh_free) char *names = kh_strv_join(fragments, ", ");
	if (kh_fragment_load(validation->root, fragments, &fragment, &err) != 0)
		kh_validate_add(validation, &check, KH_WARN, "%.*s",
				(int)strcspn(err.message, "\n"), err.message);
	else
		kh_validate_add(validation, &check, KH_PASS, "%s", names);
	for (size_t i = 0; i < fragment.line_count; i++)
		check_option(validation, &fragment.lines[i]);
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
	check_options(validation);
	check_secure_boot(validation);
}
