/* facts_hugepages.c - see facts_memory.h: the huge pages that kvmhost's own files set at boot. */
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_memory.h"
#include "core/sysctl.h"

char *kh_facts_memory_pages_path(long long size_kib, long long node)
{
	if (node < 0)
		return kh_printf("/sys/kernel/mm/hugepages/hugepages-%lldkB/nr_hugepages",
				 size_kib);
	return kh_printf(
		"/sys/devices/system/node/node%lld/hugepages/hugepages-%lldkB/nr_hugepages", node,
		size_kib);
}

/* The number of the line "w PATH - - - - NUMBER" for this path, or -1. */
static long long find_line(const struct kh_strv *lines, const char *path)
{
	enum { FIELDS = 7 };
	for (size_t i = 0; i < lines->count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines->items[i], " \t");
		if (words.count == FIELDS && strcmp(words.items[1], path) == 0)
			return kh_str_number(words.items[FIELDS - 1]);
	}
	return -1;
}

void kh_facts_memory_written(const struct kh_root *root, struct kh_facts_memory *memory)
{
	kh_auto(kh_free) char *sysctl = kh_root_text(root, KH_WRITTEN_PAGES_SYSCTL);
	kh_auto(kh_free) char *tmpfiles = kh_root_text(root, KH_WRITTEN_PAGES_TMPFILES);
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting setting = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_sysctl_find(sysctl ? sysctl : "", KH_WRITTEN_PAGES_SYSCTL, "vm.nr_hugepages", &setting);
	memory->written_pages = setting.value ? kh_str_number(setting.value) : -1;
	kh_strv_split_lines(&lines, tmpfiles ? tmpfiles : "");
	for (size_t i = 0; i < memory->pool_count; i++) {
		struct kh_facts_pool *pool = &memory->pools[i];
		kh_auto(kh_free) char *path =
			kh_facts_memory_pages_path(pool->size_kib, pool->node);
		pool->written_pages = find_line(&lines, path);
	}
}
