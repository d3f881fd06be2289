/* grub_stale.c - kernel arguments of old recipes that do nothing today, or do harm.
 *
 * Source: block/elevator.c (elevator_setup); drivers/iommu/amd/init.c (parse_amd_iommu_options);
 * Documentation/admin-guide/kernel-parameters.txt, iommu.strict=; libvirt's cgroup documentation.
 */
#include <string.h>

#include "core/base/mem.h"
#include "stages/grub.h"

static bool is_stale_elevator(const struct kh_context *context, const char *word)
{
	return kh_cmdline_is_key(word, "elevator") &&
	       kh_grub_next_kernel(context) >= KH_GRUB_NO_ELEVATOR;
}

static bool is_amd_iommu_on(const struct kh_context *context, const char *word)
{
	(void)context;
	return strcmp(word, "amd_iommu=on") == 0;
}

static bool is_other_vendors_iommu(const struct kh_context *context, const char *word)
{
	return kh_cmdline_is_key(word, "intel_iommu") &&
	       context->facts->cpu.vendor == KH_VENDOR_AMD;
}

/* fullflush and strict may stand beside other values: "intel_iommu=on,strict". */
static bool is_old_strictness(const struct kh_context *context, const char *word)
{
	(void)context;
	return (kh_cmdline_is_key(word, "amd_iommu") && strstr(word, "fullflush")) ||
	       (kh_cmdline_is_key(word, "intel_iommu") && strstr(word, "strict"));
}

static bool disables_memory(const struct kh_context *context, const char *word)
{
	(void)context;
	return kh_cmdline_is_key(word, "cgroup_disable") && strstr(word, "memory");
}

static const struct {
	bool (*is_it)(const struct kh_context *context, const char *word);
	const char *sentence;
} recipes[] = {
	{is_stale_elevator, "has no effect since Linux 5.0; stage io sets each disk's scheduler"},
	{is_amd_iommu_on, "is no value the kernel knows: AMD's IOMMU is on by itself"},
	{is_other_vendors_iommu, "is for Intel processors and does nothing on this host"},
	{is_old_strictness,
	 "is deprecated since Linux 5.14: iommu.strict=1 says it for every IOMMU"},
	{disables_memory, "takes away the memory controller that libvirt's limits need"},
};

void kh_grub_stale_recipes(const struct kh_context *context, const char *arguments,
			   struct kh_strv *ret_sentences)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_split(arguments, &words);
	for (size_t i = 0; i < words.count; i++)
		for (size_t r = 0; r < KH_COUNT(recipes); r++)
			if (recipes[r].is_it(context, words.items[i]))
				kh_strv_addf(ret_sentences, "'%s' %s", words.items[i],
					     recipes[r].sentence);
}
