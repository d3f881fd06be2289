/* facts_memory.h - memory: totals, NUMA nodes, huge-page pools, THP, KSM. Sizes in KiB. */
#ifndef KH_FACTS_MEMORY_H
#define KH_FACTS_MEMORY_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

struct kh_facts_pool {
	long long size_kib; /* of a page: 2048, 1048576 */
	long long node;     /* NUMA node, or -1: the whole host */
	long long total_pages, free_pages, surplus_pages;
	long long reserved_pages; /* whole host only; -1 per node */
	long long written_pages;  /* KH_WRITTEN_PAGES_TMPFILES sets them at boot; -1: it does not.
				     For planning only, not in the JSON. */
};

/* The files by which kvmhost sets pages aside at every boot; the hugepages stage owns them. */
#define KH_WRITTEN_PAGES_SYSCTL "/etc/sysctl.d/90-kvmhost-hugepages.conf"
#define KH_WRITTEN_PAGES_TMPFILES "/etc/tmpfiles.d/kvmhost-hugepages.conf"

struct kh_facts_node {
	long long id;
	char *cpulist;                 /* "0-7,16-23" */
	long long total_kib, free_kib; /* 0: a node of processors alone */
	long long cached_kib; /* given up when asked for: file pages, reclaimable slab; planning
				 only */
};

struct kh_facts_ksm { /* /sys/kernel/mm/ksm; -1 or NULL where this kernel has no such file */
	bool is_present;
	long long run, pages_to_scan, sleep_millisecs, merge_across_nodes;
	long long pages_shared, pages_sharing, general_profit;
	char *advisor_mode; /* the chosen word: "none", "scan-time" */
};

struct kh_facts_memory {
	long long total_kib, available_kib, committed_kib; /* /proc/meminfo */
	long long swap_total_kib;
	long long commit_limit_kib;
	struct kh_facts_node *nodes; /* by id; empty when /sys has no node directory */
	size_t node_count;
	struct kh_facts_pool *pools; /* host pools by size, then per node */
	size_t pool_count;
	long long written_pages; /* of the default size: KH_WRITTEN_PAGES_SYSCTL sets them at boot;
				    -1: it does not. Not in the JSON. */
	char *thp_enabled;       /* the chosen word: "madvise"; NULL: no THP in this kernel */
	char *thp_defrag;
	struct kh_facts_ksm ksm;
	long long numa_balancing; /* /proc/sys/kernel/numa_balancing, or -1 */
};

void kh_facts_memory_collect(const struct kh_root *root, struct kh_facts_memory *ret_memory);
void kh_facts_memory_done(struct kh_facts_memory *memory);
json_t *kh_facts_memory_json(const struct kh_facts_memory *memory);

/* The pool of this page size and node (-1: whole host), or NULL. */
const struct kh_facts_pool *kh_facts_memory_pool(const struct kh_facts_memory *memory,
						 long long size_kib, long long node);
/* Its nr_hugepages file. Owned. */
char *kh_facts_memory_pages_path(long long size_kib, long long node);
/* Fill written_pages, of the pools that are there and of the whole (facts_hugepages.c). */
void kh_facts_memory_written(const struct kh_root *root, struct kh_facts_memory *memory);
/* The word in brackets of "always [madvise] never"; the whole trimmed text where there is none.
 * Owned by the caller; NULL for NULL. */
char *kh_facts_chosen_word(const char *text);

/* The /proc/meminfo part, for tests and fuzzing: fills the totals that the text has. */
void kh_facts_memory_parse(const char *meminfo, struct kh_facts_memory *memory);
/* CPUs in a list such as "0-7,16-23"; 0 for NULL or an empty list. */
long long kh_facts_cpulist_count(const char *cpulist);

#endif
