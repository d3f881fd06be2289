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

static bool is_asked(const char *id)
{
	for (size_t i = 0; i < KH_COUNT(families); i++)
		if (kh_str_starts(id, families[i]))
			return true;
	return false;
}

/* A setting that nobody applied yet is no fault of the kernel. */
static bool is_unapplied(const struct kh_check *check)
{
	return check->persisted && strcmp(check->persisted, "not persisted") == 0;
}

char *kh_kernel_find_failure(const struct kh_report *report)
{
	for (size_t i = 0; i < report->check_count; i++) {
		const struct kh_check *check = &report->checks[i];
		if (check->status == KH_FAIL && is_asked(check->id) && !is_unapplied(check))
			return kh_printf("check '%s' fails: %s", check->id, check->found);
	}
	return NULL;
}
