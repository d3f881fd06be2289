/* validate_memory.c - memory, NUMA nodes, and the cgroup controllers that divide the host. */
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_text.h"
#include "stages/validate.h"

enum { KIB_PER_GIB = 1 << 20, LEAST_GIB = 2 };

static double gib(long long kib)
{
	return (double)kib / KIB_PER_GIB;
}

static void check_total(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"memory.total",
		"2 GiB or more",
		"the host keeps about 1 GiB for itself; guests get what is left",
		"add memory",
	};
	long long total = validation->facts->memory.total_kib;
	/* firmware and kernel take a part of what is built in before MemTotal is counted */
	bool is_enough = total >= (long long)LEAST_GIB * KIB_PER_GIB * 9 / 10;
	if (total < 0)
		kh_validate_add(validation, &check, KH_SKIP, "no /proc/meminfo to read");
	else
		kh_validate_add(validation, &check, is_enough ? KH_PASS : KH_WARN, "%.1f GiB",
				gib(total));
}

/* Pages that KSM merged come apart when guests write to them: what was promised must fit then. */
static void check_swap_commit(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"memory.swap_commit",
		"committed memory fits into RAM and swap",
		"pages that KSM merged come apart again when guests write, and then need room",
		"add swap, start fewer guests, or set ksm.run: false",
	};
	const struct kh_facts_memory *memory = &validation->facts->memory;
	if (memory->ksm.run != 1) {
		kh_validate_add(validation, &check, KH_SKIP, "KSM is not running");
		return;
	}
	if (memory->total_kib < 0 || memory->committed_kib < 0 || memory->swap_total_kib < 0) {
		kh_validate_add(validation, &check, KH_SKIP, "no /proc/meminfo to read");
		return;
	}
	bool fits = memory->committed_kib <= memory->total_kib + memory->swap_total_kib;
	kh_validate_add(validation, &check, fits ? KH_PASS : KH_WARN,
			"committed %.1f GiB; RAM %.1f GiB, swap %.1f GiB",
			gib(memory->committed_kib), gib(memory->total_kib),
			gib(memory->swap_total_kib));
}

/* ---- NUMA ---- */

static void check_numa(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"topology.numa",
		"memory on every node",
		"a CPU without memory of its own fetches everything from another node",
		"spread the memory modules over the sockets",
	};
	const struct kh_facts_memory *memory = &validation->facts->memory;
	kh_auto(kh_strv_done) struct kh_strv nodes = {0};
	bool has_bare_node = false;
	for (size_t i = 0; i < memory->node_count; i++) {
		const struct kh_facts_node *node = &memory->nodes[i];
		bool has_cpus = kh_facts_cpulist_count(node->cpulist) > 0;
		has_bare_node = has_bare_node || (has_cpus && node->total_kib == 0);
		double size = node->total_kib < 0 ? 0.0 : gib(node->total_kib);
		if (has_cpus)
			kh_strv_addf(&nodes, "node %lld: CPUs %s, %.1f GiB", node->id,
				     node->cpulist, size);
		else
			kh_strv_addf(&nodes, "node %lld: no CPUs, %.1f GiB", node->id, size);
	}
	kh_auto(kh_free) char *text = kh_strv_join(&nodes, "; ");
	if (memory->node_count == 0)
		kh_validate_add(validation, &check, KH_SKIP, "no NUMA nodes are shown");
	else
		kh_validate_add(validation, &check, has_bare_node ? KH_WARN : KH_PASS, "%s", text);
}

static void list_devices(const struct kh_facts *facts, struct kh_strv *devices, bool *ret_is_known)
{
	for (size_t i = 0; i < facts->net.link_count; i++) {
		const struct kh_facts_link *link = &facts->net.links[i];
		if (link->kind != KH_LINK_PHYSICAL || link->node < 0)
			continue;
		*ret_is_known = true;
		kh_strv_addf(devices, "%s on node %lld", link->name, link->node);
	}
	for (size_t i = 0; i < facts->disk.disk_count; i++) {
		const struct kh_facts_disk_one *disk = &facts->disk.disks[i];
		if (disk->node < 0)
			continue;
		*ret_is_known = true;
		kh_strv_addf(devices, "%s on node %lld", disk->name, disk->node);
	}
}

static void check_devices(const struct kh_validation *validation)
{
	static const struct kh_validate_check check = {
		"topology.devices",
		"the nodes of network cards and disks are known",
		"guests are quickest on the node that their network card and disks hang on",
		"update the firmware: it does not tell where devices sit",
	};
	if (validation->facts->memory.node_count < 2) {
		kh_validate_add(validation, &check, KH_SKIP, "one node: everything is near");
		return;
	}
	kh_auto(kh_strv_done) struct kh_strv devices = {0};
	bool is_known = false;
	list_devices(validation->facts, &devices, &is_known);
	kh_auto(kh_free) char *text = kh_strv_join(&devices, ", ");
	kh_validate_add(validation, &check, is_known ? KH_PASS : KH_WARN, "%s",
			is_known ? text : "no device tells its node");
}

/* ---- cgroup controllers ---- */

/* A line of /proc/cgroups: "memory  3  120  1" (name, hierarchy, count, enabled). */
static bool is_enabled_line(struct kh_slice line, struct kh_slice *ret_name)
{
	struct kh_slice hierarchy, count, enabled;
	return kh_slice_next_word(&line, ret_name) && kh_slice_next_word(&line, &hierarchy) &&
	       kh_slice_next_word(&line, &count) && kh_slice_next_word(&line, &enabled) &&
	       kh_slice_is(enabled, "1");
}

/* The controllers there are, as words: version 2's list, or version 1's table. */
static char *find_controllers(const struct kh_root *root, bool *ret_is_v2)
{
	char *list = kh_root_line(root, "/sys/fs/cgroup/cgroup.controllers");
	*ret_is_v2 = list != NULL;
	if (list)
		return list;
	kh_auto(kh_free) char *table = kh_root_text(root, "/proc/cgroups");
	if (!table)
		return NULL;
	struct kh_str words = {0};
	const char *cursor = table;
	struct kh_slice line, name;
	while (kh_slice_next_line(&cursor, &line)) {
		if (!is_enabled_line(line, &name))
			continue;
		kh_str_add_bytes(&words, name.start, name.length);
		kh_str_add(&words, " ");
	}
	return kh_str_take(&words);
}

/* Version 2 has no devices controller (BPF does that) and calls blkio io.
 * Source: linux Documentation/admin-guide/cgroup-v2.rst. */
static void check_controllers(const struct kh_validation *validation)
{
	static const char *const wanted_v1[] = {"cpu", "cpuset", "memory", "blkio", "devices"};
	static const char *const wanted_v2[] = {"cpu", "cpuset", "memory", "io"};
	bool is_v2 = false;
	kh_auto(kh_free) char *words = find_controllers(validation->root, &is_v2);
	const char *const *wanted = is_v2 ? wanted_v2 : wanted_v1;
	size_t count = is_v2 ? KH_COUNT(wanted_v2) : KH_COUNT(wanted_v1);
	const struct kh_validate_check check = {
		"cgroup.controllers",
		is_v2 ? "cpu, cpuset, memory, io" : "cpu, cpuset, memory, blkio, devices",
		"libvirt divides the host among guests with them",
		"remove them from cgroup_disable= (grub.cgroup_disable) and reboot",
	};
	if (!words) {
		kh_validate_add(validation, &check, KH_SKIP, "no cgroup controllers are shown");
		return;
	}
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	for (size_t i = 0; i < count; i++)
		if (!kh_str_has_word(words, wanted[i]))
			kh_strv_add(&missing, wanted[i]);
	kh_auto(kh_free) char *names = kh_strv_join(&missing, ", ");
	kh_validate_add(validation, &check, missing.count ? KH_WARN : KH_PASS, "cgroup %s%s%s",
			is_v2 ? "v2" : "v1", missing.count ? ", without " : ", all of them", names);
}

void kh_validate_memory(const struct kh_validation *validation)
{
	check_total(validation);
	check_swap_commit(validation);
	check_numa(validation);
	check_devices(validation);
	check_controllers(validation);
}
