/* facts_memory.c - see facts_memory.h. */
#include "core/facts_memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"

static const char node_dir[] = "/sys/devices/system/node";
static const char ksm_dir[] = "/sys/kernel/mm/ksm";
static const char thp_dir[] = "/sys/kernel/mm/transparent_hugepage";

char *kh_facts_chosen_word(const char *text)
{
	if (!text)
		return NULL;
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;
	if (close)
		return kh_strndup(open + 1, (size_t)(close - open - 1));
	return kh_slice_dup(kh_slice_trim((struct kh_slice){text, strlen(text)}));
}

static long long list_part_count(struct kh_slice part)
{
	enum { MOST_CPUS = 1 << 20 }; /* more is nonsense, and would overflow a sum */
	struct kh_slice first, last;
	if (!kh_slice_split(part, '-', &first, &last))
		return kh_slice_number(part) >= 0 ? 1 : 0;
	long long from = kh_slice_number(first), to = kh_slice_number(last);
	return from < 0 || to < from || to >= MOST_CPUS ? 0 : to - from + 1;
}

long long kh_facts_cpulist_count(const char *cpulist)
{
	long long count = 0;
	while (cpulist && *cpulist) {
		size_t length = strcspn(cpulist, ",");
		count += list_part_count((struct kh_slice){cpulist, length});
		cpulist += length + (cpulist[length] == ',');
	}
	return count;
}

/* ---- /proc/meminfo ---- */

void kh_facts_memory_parse(const char *meminfo, struct kh_facts_memory *memory)
{
	const struct {
		const char *key;
		long long *value;
	} wanted[] = {
		{"MemTotal", &memory->total_kib},
		{"MemAvailable", &memory->available_kib},
		{"SwapTotal", &memory->swap_total_kib},
		{"CommitLimit", &memory->commit_limit_kib},
		{"Committed_AS", &memory->committed_kib},
	};
	struct kh_slice line, key, value;
	while (kh_slice_next_line(&meminfo, &line)) {
		if (!kh_slice_split(line, ':', &key, &value))
			continue;
		for (size_t i = 0; i < KH_COUNT(wanted); i++)
			if (kh_slice_is(key, wanted[i].key))
				*wanted[i].value = kh_slice_number(value);
	}
}

/* ---- huge pages: the directories, because /proc/meminfo knows the default size only ---- */

/* "hugepages-2048kB" -> 2048, or -1. */
static long long pool_size_kib(const char *name)
{
	static const char prefix[] = "hugepages-";
	if (!kh_str_starts(name, prefix) || !kh_str_ends(name, "kB"))
		return -1;
	const char *digits = name + strlen(prefix);
	return kh_slice_number((struct kh_slice){digits, strlen(digits)});
}

static int by_size(const void *a, const void *b)
{
	const struct kh_facts_pool *left = a, *right = b;
	return (left->size_kib > right->size_kib) - (left->size_kib < right->size_kib);
}

static void collect_pools(const struct kh_root *root, const char *dir, long long node,
			  struct kh_facts_memory *memory)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, dir, &names);
	size_t first = memory->pool_count;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		long long size_kib = pool_size_kib(name);
		if (size_kib <= 0)
			continue;
		*kh_append(memory->pools, memory->pool_count) = (struct kh_facts_pool){
			.size_kib = size_kib,
			.node = node,
			.total_pages = kh_root_numberf(root, "%s/%s/nr_hugepages", dir, name),
			.free_pages = kh_root_numberf(root, "%s/%s/free_hugepages", dir, name),
			.surplus_pages =
				kh_root_numberf(root, "%s/%s/surplus_hugepages", dir, name),
			.reserved_pages = node >= 0 ? -1
						    : kh_root_numberf(root, "%s/%s/resv_hugepages",
								      dir, name),
		};
	}
	if (memory->pool_count > first)
		qsort(memory->pools + first, memory->pool_count - first, sizeof(*memory->pools),
		      by_size);
}

/* ---- NUMA nodes ---- */

/* A line of a node's meminfo: "Node 0 MemTotal:  16384 kB". */
static void parse_node_line(struct kh_slice line, struct kh_facts_node *node)
{
	struct kh_slice key, value, word, last = {0};
	if (!kh_slice_split(line, ':', &key, &value))
		return;
	while (kh_slice_next_word(&key, &word))
		last = word;
	if (kh_slice_is(last, "MemTotal"))
		node->total_kib = kh_slice_number(value);
	else if (kh_slice_is(last, "MemFree"))
		node->free_kib = kh_slice_number(value);
	else if (kh_slice_is(last, "Active(file)") || kh_slice_is(last, "Inactive(file)") ||
		 kh_slice_is(last, "SReclaimable"))
		node->cached_kib += kh_slice_number(value);
}

static void collect_node(const struct kh_root *root, const char *name, long long id,
			 struct kh_facts_memory *memory)
{
	struct kh_facts_node *node = kh_append(memory->nodes, memory->node_count);
	*node = (struct kh_facts_node){.id = id, .total_kib = -1, .free_kib = -1};
	node->cpulist = kh_root_linef(root, "%s/%s/cpulist", node_dir, name);
	kh_auto(kh_free) char *meminfo = kh_root_linef(root, "%s/%s/meminfo", node_dir, name);
	const char *cursor = meminfo ? meminfo : "";
	struct kh_slice line;
	while (kh_slice_next_line(&cursor, &line))
		parse_node_line(line, node);
}

static int by_id(const void *a, const void *b)
{
	const struct kh_facts_node *left = a, *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

static void collect_nodes(const struct kh_root *root, struct kh_facts_memory *memory)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, node_dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!kh_str_starts(names.items[i], "node"))
			continue;
		long long id = kh_str_number(names.items[i] + strlen("node"));
		if (id >= 0)
			collect_node(root, names.items[i], id, memory);
	}
	if (memory->node_count > 1)
		qsort(memory->nodes, memory->node_count, sizeof(*memory->nodes), by_id);
	for (size_t i = 0; i < memory->node_count; i++) {
		long long id = memory->nodes[i].id;
		kh_auto(kh_free) char *dir = kh_printf("%s/node%lld/hugepages", node_dir, id);
		collect_pools(root, dir, id, memory);
	}
}

/* ---- THP and KSM ---- */

static char *chosen(const struct kh_root *root, const char *dir, const char *name)
{
	kh_auto(kh_free) char *line = kh_root_linef(root, "%s/%s", dir, name);
	return kh_facts_chosen_word(line);
}

static void collect_ksm(const struct kh_root *root, struct kh_facts_ksm *ksm)
{
	*ksm = (struct kh_facts_ksm){false, -1, -1, -1, -1, -1, -1, -1, NULL};
	ksm->is_present = kh_root_is_dir(root, ksm_dir);
	if (!ksm->is_present)
		return;
	ksm->run = kh_root_numberf(root, "%s/run", ksm_dir);
	ksm->pages_to_scan = kh_root_numberf(root, "%s/pages_to_scan", ksm_dir);
	ksm->sleep_millisecs = kh_root_numberf(root, "%s/sleep_millisecs", ksm_dir);
	ksm->merge_across_nodes = kh_root_numberf(root, "%s/merge_across_nodes", ksm_dir);
	ksm->pages_shared = kh_root_numberf(root, "%s/pages_shared", ksm_dir);
	ksm->pages_sharing = kh_root_numberf(root, "%s/pages_sharing", ksm_dir);
	ksm->general_profit = kh_root_numberf(root, "%s/general_profit", ksm_dir);
	ksm->advisor_mode = chosen(root, ksm_dir, "advisor_mode");
}

void kh_facts_memory_collect(const struct kh_root *root, struct kh_facts_memory *ret_memory)
{
	*ret_memory = (struct kh_facts_memory){
		.total_kib = -1,
		.available_kib = -1,
		.committed_kib = -1,
		.swap_total_kib = -1,
		.commit_limit_kib = -1,
		.numa_balancing = kh_root_number(root, "/proc/sys/kernel/numa_balancing"),
	};
	kh_auto(kh_free) char *meminfo = kh_root_text(root, "/proc/meminfo");
	if (meminfo)
		kh_facts_memory_parse(meminfo, ret_memory);
	collect_pools(root, "/sys/kernel/mm/hugepages", -1, ret_memory);
	collect_nodes(root, ret_memory);
	kh_facts_memory_written(root, ret_memory);
	ret_memory->thp_enabled = chosen(root, thp_dir, "enabled");
	ret_memory->thp_defrag = chosen(root, thp_dir, "defrag");
	collect_ksm(root, &ret_memory->ksm);
}

void kh_facts_memory_done(struct kh_facts_memory *memory)
{
	for (size_t i = 0; i < memory->node_count; i++)
		free(memory->nodes[i].cpulist);
	free(memory->nodes);
	free(memory->pools);
	free(memory->thp_enabled);
	free(memory->thp_defrag);
	free(memory->ksm.advisor_mode);
	*memory = (struct kh_facts_memory){0};
}

const struct kh_facts_pool *kh_facts_memory_pool(const struct kh_facts_memory *memory,
						 long long size_kib, long long node)
{
	for (size_t i = 0; i < memory->pool_count; i++)
		if (memory->pools[i].size_kib == size_kib && memory->pools[i].node == node)
			return &memory->pools[i];
	return NULL;
}

/* ---- JSON ---- */

static json_t *pools_json(const struct kh_facts_memory *memory)
{
	json_t *array = json_array();
	for (size_t i = 0; i < memory->pool_count; i++) {
		const struct kh_facts_pool *pool = &memory->pools[i];
		json_array_append_new(
			array,
			json_pack("{sI so so so so so}", "size_kib", (json_int_t)pool->size_kib,
				  "node", kh_facts_json_number(pool->node), "total_pages",
				  kh_facts_json_number(pool->total_pages), "free_pages",
				  kh_facts_json_number(pool->free_pages), "surplus_pages",
				  kh_facts_json_number(pool->surplus_pages), "reserved_pages",
				  kh_facts_json_number(pool->reserved_pages)));
	}
	return array;
}

static json_t *nodes_json(const struct kh_facts_memory *memory)
{
	json_t *array = json_array();
	for (size_t i = 0; i < memory->node_count; i++) {
		const struct kh_facts_node *node = &memory->nodes[i];
		json_array_append_new(array,
				      json_pack("{sI so so so}", "id", (json_int_t)node->id, "cpus",
						kh_json_text(node->cpulist), "total_kib",
						kh_facts_json_number(node->total_kib), "free_kib",
						kh_facts_json_number(node->free_kib)));
	}
	return array;
}

static json_t *ksm_json(const struct kh_facts_ksm *ksm)
{
	if (!ksm->is_present)
		return json_null();
	return json_pack("{so so so so so so so so}", "run", kh_facts_json_number(ksm->run),
			 "pages_to_scan", kh_facts_json_number(ksm->pages_to_scan),
			 "sleep_millisecs", kh_facts_json_number(ksm->sleep_millisecs),
			 "merge_across_nodes", kh_facts_json_number(ksm->merge_across_nodes),
			 "pages_shared", kh_facts_json_number(ksm->pages_shared), "pages_sharing",
			 kh_facts_json_number(ksm->pages_sharing), "general_profit",
			 kh_facts_json_number(ksm->general_profit), "advisor_mode",
			 kh_json_text(ksm->advisor_mode));
}

json_t *kh_facts_memory_json(const struct kh_facts_memory *memory)
{
	return json_pack("{so so so so so so so so so so so}", "total_kib",
			 kh_facts_json_number(memory->total_kib), "available_kib",
			 kh_facts_json_number(memory->available_kib), "committed_kib",
			 kh_facts_json_number(memory->committed_kib), "commit_limit_kib",
			 kh_facts_json_number(memory->commit_limit_kib), "swap_total_kib",
			 kh_facts_json_number(memory->swap_total_kib), "nodes", nodes_json(memory),
			 "pools", pools_json(memory), "thp_enabled",
			 kh_json_text(memory->thp_enabled), "thp_defrag",
			 kh_json_text(memory->thp_defrag), "ksm", ksm_json(&memory->ksm),
			 "numa_balancing", kh_facts_json_number(memory->numa_balancing));
}
