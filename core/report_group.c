/* report_group.c - see report_view.h: the subjects that checks are shown under. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/report_view.h"

static const char *const first[] = {"preflight", "kvmhost", "report", NULL};
static const char *const cpu[] = {"cpu", NULL};
static const char *const kvm[] = {"kvm", NULL};
static const char *const guests[] = {"qemu", "libvirt", "guest", NULL};
static const char *const kernel[] = {"kernel", "modules", NULL};
static const char *const boot[] = {"boot", "grub", NULL};
static const char *const memory[] = {"hugepages", "ksm",      "thp",    "numa",
				     "memory",    "topology", "cgroup", NULL};
static const char *const network[] = {"network", "bridge", NULL};
static const char *const io[] = {"io", NULL};
static const char *const settings[] = {"sysctl", "sleep", NULL};
static const char *const other[] = {NULL};

const struct kh_report_group kh_report_groups[] = {
	{"Before anything", first},
	{KH_WORD("Processor"), cpu},
	{"KVM", kvm},
	{"QEMU, libvirt and guests", guests},
	{"Kernel and modules", kernel},
	{KH_WORD("Boot"), boot},
	{"Memory and topology", memory},
	{KH_WORD("Network"), network},
	{"Input and output", io},
	{"Kernel settings", settings},
	{KH_WORD("Other"), other},
	{NULL, NULL},
};

size_t kh_report_group_of(const char *id)
{
	size_t length = strcspn(id, ".");
	size_t at = 0;
	for (; kh_report_groups[at + 1].name; at++) {
		const char *const *prefix = kh_report_groups[at].prefixes;
		for (; *prefix; prefix++)
			if (strlen(*prefix) == length && memcmp(*prefix, id, length) == 0)
				return at;
	}
	return at;
}

struct kh_report_counts kh_report_count(const struct kh_report *report)
{
	struct kh_report_counts counts = {{0}};
	for (size_t i = 0; i < report->check_count; i++)
		counts.of[report->checks[i].status]++;
	return counts;
}

char *kh_report_counts_text(const struct kh_report_counts *counts)
{
	return kh_printf("%zu fail, %zu warn, %zu pass, %zu skip", counts->of[KH_FAIL],
			 counts->of[KH_WARN], counts->of[KH_PASS], counts->of[KH_SKIP]);
}
