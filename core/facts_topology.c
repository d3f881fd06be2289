/* facts_topology.c - see facts_topology.h. */
#include "core/facts_topology.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"

enum { MOST_CPUS = 8192, MOST_CACHES = 10 }; /* NR_CPUS of a distribution; indexes of one CPU */

/* The next part of a list of CPUs: "0-7" or "9"; false at its end or where it is no list. */
static bool next_range(const char **list, long long *ret_from, long long *ret_to)
{
	if (!*list || **list < '0' || **list > '9')
		return false;
	char *end;
	*ret_from = *ret_to = strtoll(*list, &end, 10);
	if (*end == '-')
		*ret_to = strtoll(end + 1, &end, 10);
	*list = *end == ',' ? end + 1 : end;
	return *ret_from >= 0 && *ret_to >= *ret_from;
}

bool kh_topology_has_cpu(const char *cpulist, long long cpu)
{
	long long from, to;
	while (next_range(&cpulist, &from, &to))
		if (cpu >= from && cpu <= to)
			return true;
	return false;
}

/* ---- which there are ---- */

static void add_cpu(struct kh_topology *topology, long long id)
{
	struct kh_topology_cpu *cpu = kh_append(topology->cpus, topology->cpu_count);
	*cpu = (struct kh_topology_cpu){.id = id, .package = -1, .core = -1, .node = -1};
}

static void add_online(const struct kh_root *root, struct kh_topology *topology)
{
	kh_auto(kh_free) char *online = kh_root_line(root, "/sys/devices/system/cpu/online");
	const char *at = online;
	long long from, to;
	while (next_range(&at, &from, &to))
		for (long long id = from; id <= to && topology->cpu_count < MOST_CPUS; id++)
			add_cpu(topology, id);
}

static struct kh_topology_cpu *find(struct kh_topology *topology, long long id)
{
	for (size_t i = 0; i < topology->cpu_count; i++)
		if (topology->cpus[i].id == id)
			return &topology->cpus[i];
	return NULL;
}

/* ---- where they are ---- */

/* /proc/cpuinfo, for what /sys does not tell. With no list of online CPUs, also which there are. */
static void read_cpuinfo(const struct kh_root *root, struct kh_topology *topology)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/cpuinfo");
	const char *cursor = text;
	bool adds = topology->cpu_count == 0;
	struct kh_topology_cpu *cpu = NULL;
	struct kh_slice line, key, value;
	while (cursor && kh_slice_next_line(&cursor, &line)) {
		if (!kh_slice_split(line, ':', &key, &value))
			continue;
		long long number = kh_slice_number(value);
		if (kh_slice_is(key, "processor")) {
			if (adds && number >= 0 && topology->cpu_count < MOST_CPUS)
				add_cpu(topology, number);
			cpu = find(topology, number);
		} else if (cpu && kh_slice_is(key, "physical id")) {
			cpu->package = cpu->package < 0 ? number : cpu->package;
		} else if (cpu && kh_slice_is(key, "core id")) {
			cpu->core = cpu->core < 0 ? number : cpu->core;
		}
	}
}

static bool read_sysfs(const struct kh_root *root, struct kh_topology *topology)
{
	static const char form[] = "/sys/devices/system/cpu/cpu%lld/topology/%s";
	bool is_whole = topology->cpu_count > 0;
	for (size_t i = 0; i < topology->cpu_count; i++) {
		struct kh_topology_cpu *cpu = &topology->cpus[i];
		cpu->package = kh_root_numberf(root, form, cpu->id, "physical_package_id");
		cpu->core = kh_root_numberf(root, form, cpu->id, "core_id");
		is_whole = is_whole && cpu->package >= 0 && cpu->core >= 0;
	}
	return is_whole;
}

static void set_nodes(const struct kh_facts_memory *memory, struct kh_topology *topology)
{
	for (size_t n = 0; n < memory->node_count; n++)
		for (size_t i = 0; i < topology->cpu_count; i++)
			if (kh_topology_has_cpu(memory->nodes[n].cpulist, topology->cpus[i].id))
				topology->cpus[i].node = memory->nodes[n].id;
}

/* A host that does not say (an old kernel, a container) has one package, and a core a CPU. */
static void settle(struct kh_topology *topology)
{
	for (size_t i = 0; i < topology->cpu_count; i++) {
		struct kh_topology_cpu *cpu = &topology->cpus[i];
		cpu->package = cpu->package < 0 ? 0 : cpu->package;
		cpu->core = cpu->core < 0 ? cpu->id : cpu->core;
	}
}

/* ---- caches ---- */

static bool is_known(const struct kh_topology *topology, long long level, const char *type,
		     const char *cpus)
{
	for (size_t i = 0; i < topology->cache_count; i++) {
		const struct kh_topology_cache *cache = &topology->caches[i];
		if (cache->level == level && strcmp(cache->type, type) == 0 &&
		    strcmp(cache->cpus, cpus) == 0)
			return true;
	}
	return false;
}

static long long size_kib(const char *text)
{
	unsigned long long bytes;
	return text && kh_str_size(text, &bytes) == 0 ? (long long)(bytes >> 10) : -1;
}

/* One index directory; false: there is none. seen: the CPUs of the cache that this index had for
 * an earlier CPU: those need not be asked again. */
static bool read_cache(const struct kh_root *root, long long cpu, int index,
		       struct kh_topology *topology, char **seen)
{
	if (kh_topology_has_cpu(*seen, cpu))
		return true;
	static const char form[] = "/sys/devices/system/cpu/cpu%lld/cache/index%d/%s";
	kh_auto(kh_free) char *cpus = kh_root_linef(root, form, cpu, index, "shared_cpu_list");
	kh_auto(kh_free) char *type = kh_root_linef(root, form, cpu, index, "type");
	kh_auto(kh_free) char *size = kh_root_linef(root, form, cpu, index, "size");
	long long level = kh_root_numberf(root, form, cpu, index, "level");
	if (!cpus || !type || level < 1)
		return false;
	free(*seen);
	*seen = kh_strdup(cpus);
	if (is_known(topology, level, type, cpus))
		return true;
	struct kh_topology_cache *cache = kh_append(topology->caches, topology->cache_count);
	*cache = (struct kh_topology_cache){level, size_kib(size), kh_take(type), kh_take(cpus)};
	return true;
}

static void read_caches(const struct kh_root *root, struct kh_topology *topology)
{
	char *seen[MOST_CACHES] = {NULL};
	for (size_t i = 0; i < topology->cpu_count; i++)
		for (int index = 0; index < MOST_CACHES; index++)
			if (!read_cache(root, topology->cpus[i].id, index, topology, &seen[index]))
				break;
	for (int index = 0; index < MOST_CACHES; index++)
		free(seen[index]);
}

/* ---- all of it ---- */

static int compare_cpus(const void *left, const void *right)
{
	const struct kh_topology_cpu *a = left, *b = right;
	const long long pairs[][2] = {
		{a->package, b->package}, {a->node, b->node}, {a->core, b->core}, {a->id, b->id}};
	for (size_t i = 0; i < KH_COUNT(pairs); i++)
		if (pairs[i][0] != pairs[i][1])
			return pairs[i][0] < pairs[i][1] ? -1 : 1;
	return 0;
}

void kh_topology_collect(const struct kh_root *root, const struct kh_facts_memory *memory,
			 struct kh_topology *ret_topology)
{
	*ret_topology = (struct kh_topology){0};
	add_online(root, ret_topology);
	if (!read_sysfs(root, ret_topology))
		read_cpuinfo(root, ret_topology);
	settle(ret_topology);
	set_nodes(memory, ret_topology);
	read_caches(root, ret_topology);
	if (ret_topology->cpu_count > 0)
		qsort(ret_topology->cpus, ret_topology->cpu_count, sizeof(*ret_topology->cpus),
		      compare_cpus);
}

void kh_topology_done(struct kh_topology *topology)
{
	for (size_t i = 0; i < topology->cache_count; i++) {
		free(topology->caches[i].type);
		free(topology->caches[i].cpus);
	}
	free(topology->caches);
	free(topology->cpus);
	*topology = (struct kh_topology){0};
}

json_t *kh_topology_json(const struct kh_topology *topology)
{
	json_t *packages = json_array(), *cores = NULL, *cpus = NULL;
	const struct kh_topology_cpu *before = NULL;
	for (size_t i = 0; i < topology->cpu_count; i++) {
		const struct kh_topology_cpu *cpu = &topology->cpus[i];
		bool is_package = !before || before->package != cpu->package;
		if (is_package) {
			cores = json_array();
			json_array_append_new(packages,
					      json_pack("{s:I,s:o}", "id", (json_int_t)cpu->package,
							"cores", cores));
		}
		if (is_package || before->core != cpu->core || before->node != cpu->node) {
			cpus = json_array();
			json_array_append_new(cores, json_pack("{s:I,s:o,s:o}", "id",
							       (json_int_t)cpu->core, "node",
							       kh_facts_json_number(cpu->node),
							       "cpus", cpus));
		}
		json_array_append_new(cpus, json_integer(cpu->id));
		before = cpu;
	}
	json_t *caches = json_array();
	for (size_t i = 0; i < topology->cache_count; i++) {
		const struct kh_topology_cache *cache = &topology->caches[i];
		json_array_append_new(caches, json_pack("{s:I,s:o,s:o,s:o}", "level",
							(json_int_t)cache->level, "type",
							kh_json_text(cache->type), "size_kib",
							kh_facts_json_number(cache->size_kib),
							"cpus", kh_json_text(cache->cpus)));
	}
	return json_pack("{s:o,s:o}", "packages", packages, "caches", caches);
}
