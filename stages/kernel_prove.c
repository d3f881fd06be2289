/* kernel_prove.c - which checks of the report a kernel on trial answers for. */
#include <string.h>

#include "core/base/mem.h"
#include "stages/kernel.h"

/* /dev/kvm and its modules, the kernel's options, and every setting that the kernel has to take.
 * Not: the network (net/proof.h), the distribution's programs, the checks of the trial itself. */
static const char *const families[] = {
	"cpu.", "kvm.", "kernel.config.", "modules.", "boot.arg.", "hugepages.", "ksm.",
	"thp.", "io.",  "numa.",          "sysctl.",
};

/* What arguments decide on; the processor and the kernel's options are what they were. */
static const char *const of_arguments[] = {"boot.arg.", "hugepages.", "thp.", "kvm.", "modules."};
/* Those of them that a host without virtualization fails with any arguments. */
enum { OF_ARGUMENTS_WITHOUT_KVM = 3 };

static bool is_asked(const char *id, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kh_str_starts(id, prefixes[i]))
			return true;
	return false;
}

/* A setting that nobody applied yet is no fault of the kernel: the run that was to may have been
 * cut off. What is persisted is then nothing, or what the host had before, "60
 * (/etc/sysctl.conf:1)".
 */
static bool is_unapplied(const struct kh_check *check)
{
	if (!check->persisted)
		return false;
	if (!check->expected)
		return strcmp(check->persisted, "not persisted") == 0;
	if (!kh_str_starts(check->persisted, check->expected))
		return true;
	const char *rest = check->persisted + strlen(check->expected);
	return *rest && !kh_str_starts(rest, " (");
}

/* A module that this kernel does not have, whatever its arguments. */
static bool is_absent(const struct kh_check *check)
{
	return kh_str_starts(check->id, "modules.") && !check->persisted;
}

static char *find_failure(const struct kh_report *report, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < report->check_count; i++) {
		const struct kh_check *check = &report->checks[i];
		if (check->status == KH_FAIL && is_asked(check->id, prefixes, count) &&
		    !is_unapplied(check) && !(prefixes == of_arguments && is_absent(check)))
			return kh_printf("check '%s' fails: %s", check->id, check->found);
	}
	return NULL;
}

char *kh_kernel_find_failure(const struct kh_report *report)
{
	return find_failure(report, families, KH_COUNT(families));
}

char *kh_kernel_find_failure_of_arguments(const struct kh_report *report, bool had_kvm)
{
	return find_failure(report, of_arguments,
			    had_kvm ? KH_COUNT(of_arguments) : OF_ARGUMENTS_WITHOUT_KVM);
}
