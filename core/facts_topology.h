/* facts_topology.h - which CPUs share a core, a package, a node and a cache.
 *
 * For the report's picture and for comparing hosts; several small files a CPU (a hundred CPUs: some
 * 10 ms), so this is no part of struct kh_facts, which every start collects. What hwloc would add
 * (its own discovery of PCI, GPUs, other operating systems) is not needed, and it reads another
 * root by plain paths, which a link in a foreign tree leads out of; see docs/design.md.
 *
 * Source: Documentation/ABI/stable/sysfs-devices-system-cpu,
 * Documentation/admin-guide/cputopology.rst; a recorded host that has /proc/cpuinfo only gives
 * packages and cores from "physical id" and "core id" (cpuinfo of x86: one block a CPU).
 */
#ifndef KH_FACTS_TOPOLOGY_H
#define KH_FACTS_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"
#include "core/facts_memory.h"

struct kh_topology_cpu {
	long long id;
	long long package, core; /* core: unique within the package; -1: not known */
	long long node;          /* NUMA node, or -1 */
};

struct kh_topology_cache {
	long long level;    /* 1.. */
	long long size_kib; /* or -1 */
	char *type;         /* "Data", "Instruction", "Unified" */
	char *cpus;         /* "0-7,16-23" */
};

struct kh_topology {
	struct kh_topology_cpu *cpus; /* online ones, by package, node, core, id */
	size_t cpu_count;
	struct kh_topology_cache *caches; /* each once */
	size_t cache_count;
};

/* Never fails: what cannot be read is absent. memory: whose nodes the CPUs are on. */
void kh_topology_collect(const struct kh_root *root, const struct kh_facts_memory *memory,
			 struct kh_topology *ret_topology);
void kh_topology_done(struct kh_topology *topology);

/* {"packages": [{"id", "cores": [{"id", "node", "cpus": [0, 8]}]}],
 *  "caches": [{"level", "type", "size_kib", "cpus": "0-7"}]}; a new reference. */
json_t *kh_topology_json(const struct kh_topology *topology);

/* Is the CPU in a list such as "0-7,16-23"? false for NULL. */
bool kh_topology_has_cpu(const char *cpulist, long long cpu);

#endif
