/* config_starter_notes.c - see config_starter.h. */
#include "core/config_starter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml.h"
#include "core/config_help.h"

enum { WIDTH = 79 };

static double gib(long long kib)
{
	return (double)kib / (1 << 20);
}

char *kh_starter_harmless(const char *text)
{
	char *quoted = kh_yaml_quote(text ? text : "unknown");
	size_t length = strlen(quoted);
	memmove(quoted, quoted + 1, length - 2);
	quoted[length - 2] = '\0';
	return quoted;
}

/* As YAML in brackets: a ':' there needs quotes for libyaml before 0.2. */
static void add_list(struct kh_str *str, const struct kh_strv *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *quote = strchr(list->items[i], ':') ? "\"" : "";
		kh_str_addf(str, "%s%s%s%s", i > 0 ? ", " : "", quote, list->items[i], quote);
	}
}

const struct kh_facts_link *kh_starter_link(const struct kh_facts *facts)
{
	const char *name = facts->net.default_link;
	return name ? kh_facts_net_link(&facts->net, name) : NULL;
}

/* ---- this host's numbers beside a key ---- */

static void note_port(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_link *link = kh_starter_link(facts);
	if (!link)
		return;
	kh_auto(kh_free) char *name = kh_starter_harmless(link->name);
	kh_str_addf(str, "  # On this host auto is %s%s%s.\n", name, link->mac ? ", " : "",
		    link->mac ? link->mac : "");
}

static void note_address(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_link *link = kh_starter_link(facts);
	if (!link || link->addresses.count == 0)
		return;
	kh_str_add(str, "  # What this host has today, written down:\n  #   address: {address: [");
	add_list(str, &link->addresses);
	kh_str_add(str, "]");
	const char *gateways[] = {facts->net.gateway4, facts->net.gateway6};
	kh_auto(kh_strv_done) struct kh_strv list = {0};
	for (size_t i = 0; i < KH_COUNT(gateways); i++)
		if (gateways[i])
			kh_strv_add(&list, gateways[i]);
	if (list.count > 0) {
		kh_str_add(str, ", gateway: [");
		add_list(str, &list);
		kh_str_add(str, "]");
	}
	kh_str_add(str, "}\n");
}

/* Half of some memory in pages, or 0 when too little is left: the host keeps 1 GiB and 10 %. */
static long long half_in_pages(long long total_kib, long long page_kib)
{
	long long pages = total_kib / 2 / page_kib;
	return total_kib - pages * page_kib >= 1 << 20 && pages * page_kib >= 1 << 20 ? pages : 0;
}

static void suggest(struct kh_str *str, const struct kh_facts *facts, const char *size,
		    long long page_kib, const char *more)
{
	const struct kh_facts_memory *memory = &facts->memory;
	kh_auto(kh_str_done) struct kh_str lines = {0};
	for (size_t i = 0; memory->node_count > 1 && i < memory->node_count; i++) {
		long long pages = half_in_pages(memory->nodes[i].total_kib, page_kib);
		if (pages > 0)
			kh_str_addf(&lines, "  #     - {size: %s, count: %lld, node: %lld, %s}\n",
				    size, pages, memory->nodes[i].id, more);
	}
	long long pages = half_in_pages(memory->total_kib, page_kib);
	if (memory->node_count <= 1 && pages > 0)
		kh_str_addf(&lines, "  #     - {size: %s, count: %lld, %s}\n", size, pages, more);
	if (lines.length > 0)
		kh_str_addf(str, "  # Half of this host's memory in pages of %s:\n  #   pools:\n%s",
			    size, lines.text);
}

/* " with 64.0 GiB each": NUMA nodes are alike, or each has its own size. */
static void add_node_sizes(struct kh_str *str, const struct kh_facts_memory *memory)
{
	bool are_alike = true;
	for (size_t i = 1; i < memory->node_count; i++)
		are_alike &=
			llabs(memory->nodes[i].total_kib - memory->nodes[0].total_kib) < 1 << 20;
	if (are_alike)
		kh_str_addf(str, " with %.1f GiB each", gib(memory->nodes[0].total_kib));
	for (size_t i = 0; !are_alike && i < memory->node_count; i++)
		kh_str_addf(str, "%s node %lld: %.1f GiB", i > 0 ? "," : ":", memory->nodes[i].id,
			    gib(memory->nodes[i].total_kib));
}

/* "10 % is 3276 pages of 2M per node": of the smallest node. */
static void note_share(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_memory *memory = &facts->memory;
	kh_auto(kh_str_done) struct kh_str text = {0};
	long long kib = memory->total_kib;
	if (kib <= 0)
		return;
	if (memory->node_count > 1) {
		kh_str_addf(&text, "This host has %zu NUMA nodes", memory->node_count);
		add_node_sizes(&text, memory);
		for (size_t i = 0; i < memory->node_count; i++)
			if (i == 0 || memory->nodes[i].total_kib < kib)
				kib = memory->nodes[i].total_kib;
	} else {
		kh_str_addf(&text, "This host has %.1f GiB of memory", gib(kib));
	}
	const char *each = memory->node_count > 1 ? " per node" : "";
	kh_str_addf(&text, "; 10 %% = %lld pages of 2M%s", kib / 10 / 2048, each);
	if (kh_facts_cpu_has(&facts->cpu, "pdpe1gb") && kib / 10 >= 1 << 20)
		kh_str_addf(&text, " or %lld of 1G", kib / 10 >> 20);
	kh_str_add(&text, ". What is set aside is gone for the host and for guests without huge "
			  "pages.");
	kh_config_wrap(str, "  # ", text.text, WIDTH);
}

static void note_pools(struct kh_str *str, const struct kh_facts *facts)
{
	note_share(str, facts);
	suggest(str, facts, "2M", 2048, "mount: /dev/hugepages");
	if (kh_facts_cpu_has(&facts->cpu, "pdpe1gb"))
		suggest(str, facts, "1G", 1 << 20, "mount: /dev/hugepages1G, reserve: boot");
}

static void note_nodes(struct kh_str *str, const struct kh_facts *facts)
{
	size_t count = facts->memory.node_count;
	if (count > 1)
		kh_str_addf(str, "  # This host has %zu NUMA nodes, so it matters here.\n", count);
	else if (count == 1)
		kh_str_add(str, "  # This host has one NUMA node: it is left alone.\n");
}

static void note_jobs(struct kh_str *str, const struct kh_facts *facts)
{
	if (facts->cpu.count > 0)
		kh_str_addf(str, "  # On this host auto is %lld.\n", facts->cpu.count);
}

static void note_ksm(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_memory *memory = &facts->memory;
	if (memory->total_kib <= 0 || memory->swap_total_kib < 0)
		return;
	kh_auto(kh_free) char *text = kh_printf(
		"This host has %.1f GiB of memory and %.1f GiB of swap: where guests are promised "
		"more than both, equal pages that part again find no place.",
		gib(memory->total_kib), gib(memory->swap_total_kib));
	kh_config_wrap(str, "  # ", text, WIDTH);
}

static void note_modules(struct kh_str *str, const struct kh_facts *facts)
{
	bool is_amd = kh_facts_cpu_has(&facts->cpu, "svm");
	if (is_amd || kh_facts_cpu_has(&facts->cpu, "vmx"))
		kh_str_addf(str, "  # This host's processor needs kvm_%s.\n",
			    is_amd ? "amd" : "intel");
	else
		kh_str_add(str, "  # This host's processor shows neither VT-x nor AMD-V.\n");
}

static void note_version(struct kh_str *str, const struct kh_facts *facts)
{
	kh_auto(kh_free) char *release = kh_starter_harmless(facts->os.kernel_release);
	if (facts->os.kernel_release)
		kh_str_addf(str, "  # This host runs %s.\n", release);
}

static const struct {
	const char *key;
	void (*add)(struct kh_str *str, const struct kh_facts *facts);
} notes[] = {
	{"bridge.port", note_port},
	{"bridge.address", note_address},
	{"hugepages.pools", note_pools},
	{"ksm.merge_across_nodes", note_nodes},
	{"numa.balancing", note_nodes},
	{"build.jobs", note_jobs},
	{"ksm.run", note_ksm},
	{"modules.load", note_modules},
	{"kernel.version", note_version},
};

void kh_starter_note(struct kh_str *str, const char *key, const struct kh_facts *facts)
{
	for (size_t i = 0; i < KH_COUNT(notes); i++)
		if (strcmp(notes[i].key, key) == 0)
			notes[i].add(str, facts);
}
