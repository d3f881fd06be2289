/* hugepool.c - see hugepool.h. */
#include "core/hugepool.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

char *kh_hugepool_size_text(long long size_kib)
{
	return kh_str_size_text((unsigned long long)size_kib * 1024);
}

long long kh_hugepool_running_default_kib(const struct kh_facts *facts)
{
	static const char key[] = "default_hugepagesz=";
	long long size_kib = KH_HUGEPOOL_2M_KIB;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, facts->boot.cmdline ? facts->boot.cmdline : "", " \t\n");
	for (size_t i = 0; i < words.count; i++) {
		unsigned long long bytes = 0;
		if (kh_str_starts(words.items[i], key) &&
		    kh_str_size(words.items[i] + strlen(key), &bytes) == 0 && bytes >= 1024)
			size_kib = (long long)(bytes / 1024);
	}
	return size_kib;
}

/* ---- does this CPU have such pages? ---- */

/* The CPU's flags decide; a host recorded without /proc/cpuinfo still shows the sizes its kernel
 * offers. Source: Documentation/admin-guide/kernel-parameters.txt, hugepagesz=. */
static int check_size(const struct kh_facts *facts, const char *where, long long size_kib,
		      bool *ret_is_unknown, struct kh_error *err)
{
	kh_auto(kh_free) char *size = kh_hugepool_size_text(size_kib);
	bool is_1g = size_kib == KH_HUGEPOOL_1G_KIB;
	*ret_is_unknown = false;
	if (!is_1g && size_kib != KH_HUGEPOOL_2M_KIB)
		return kh_fail(err, KH_HOST, 0, "%s: x86-64 has no huge pages of %s", where, size);
	const char *flag = is_1g ? "pdpe1gb" : "pse";
	if (facts->cpu.count > 0 && facts->cpu.flags.count > 0) {
		if (kh_facts_cpu_has(&facts->cpu, flag))
			return 0;
		kh_fail(err, KH_HOST, 0, "%s: this CPU has no %s pages (flag '%s' is missing)",
			where, size, flag);
		return is_1g ? kh_hint(err, "use pages of 2M") : -1;
	}
	*ret_is_unknown = facts->memory.pool_count == 0;
	if (*ret_is_unknown || kh_facts_memory_pool(&facts->memory, size_kib, -1))
		return 0;
	return kh_fail(
		err, KH_HOST, 0,
		"%s: this kernel has no %s pages (no '/sys/kernel/mm/hugepages/hugepages-%lldkB')",
		where, size, size_kib);
}

/* ---- nodes and amounts ---- */

static const struct kh_facts_node *find_node(const struct kh_facts *facts, long long id)
{
	for (size_t i = 0; i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].id == id)
			return &facts->memory.nodes[i];
	return NULL;
}

static int refuse_empty_node(const struct kh_facts *facts, const struct kh_hugepool *pool,
			     struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv nodes = {0};
	for (size_t i = 0; i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].total_kib > 0)
			kh_strv_addf(&nodes, "%lld", facts->memory.nodes[i].id);
	kh_auto(kh_free) char *list = kh_strv_join(&nodes, ", ");
	kh_fail(err, KH_HOST, 0, "%s: NUMA node %lld has no memory", pool->config->where,
		pool->node);
	return nodes.count ? kh_hint(err, "the nodes that have some: %s", list) : -1;
}

/* Where neither nodes nor memory are known (an image being built), any node may exist. */
static int check_node(const struct kh_facts *facts, const struct kh_hugepool *pool,
		      struct kh_error *err)
{
	const struct kh_facts_node *node = find_node(facts, pool->node);
	if (node && node->total_kib == 0)
		return refuse_empty_node(facts, pool, err);
	bool is_known = facts->memory.node_count > 0 || facts->memory.total_kib > 0;
	if (pool->node < 0 || !is_known || node)
		return 0;
	kh_fail(err, KH_HOST, 0, "%s: this host has no NUMA node %lld", pool->config->where,
		pool->node);
	return kh_hint(err, facts->memory.node_count > 0
				    ? "the nodes are the directories /sys/devices/system/node/node*"
				    : "leave 'node' out: the kernel shows no NUMA nodes");
}

/* RAM that a percentage is of, or -1. */
static long long ram_kib(const struct kh_facts *facts, long long node)
{
	const struct kh_facts_node *found = node < 0 ? NULL : find_node(facts, node);
	if (node < 0)
		return facts->memory.total_kib;
	return found ? found->total_kib : -1;
}

long long kh_hugepool_percent_of(const struct kh_hugepool *pool, long long ram_kib)
{
	/* In this order: RAM in KiB times 100 fits easily, and nothing is rounded twice. */
	return ram_kib * pool->config->percent / 100 / pool->size_kib;
}

static int percent_pages(const struct kh_facts *facts, struct kh_hugepool *pool,
			 struct kh_error *err)
{
	const struct kh_config_pool *config = pool->config;
	long long ram = ram_kib(facts, pool->node);
	if (ram <= 0) {
		kh_fail(err, KH_HOST, 0, "%s: %lld %% of RAM: how much RAM there is is not known",
			config->where, config->percent);
		return kh_hint(err, "give 'count' or 'for_guests' instead of 'percent'");
	}
	pool->ram_kib = ram;
	pool->pages = kh_hugepool_percent_of(pool, ram);
	if (pool->pages > 0 || config->percent == 0)
		return 0;
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	return kh_fail(err, KH_HOST, 0, "%s: %lld %% of %lld MiB RAM is less than one %s page",
		       config->where, config->percent, ram / 1024, size);
}

static int resolve_amount(const struct kh_facts *facts, struct kh_hugepool *pool,
			  struct kh_error *err)
{
	const struct kh_config_pool *config = pool->config;
	switch (config->amount) {
	case KH_POOL_COUNT:
		pool->pages = config->count;
		return 0;
	case KH_POOL_PERCENT:
		return percent_pages(facts, pool, err);
	case KH_POOL_FOR_GUESTS:
		pool->pages = (long long)(config->for_guests_bytes / config->size_bytes +
					  (config->for_guests_bytes % config->size_bytes != 0));
		return 0;
	}
	return 0;
}

/* hugepages=NODE:N came with 5.16 (commit b5389086ad7b); an older kernel takes it for nonsense. */
static bool understands_nodes(const struct kh_facts *facts)
{
	const char *release =
		facts->boot.next_release ? facts->boot.next_release : facts->os.kernel_release;
	return release && kh_facts_release_number(release) >= 5016;
}

static bool is_boot_pool(const struct kh_facts *facts, const struct kh_hugepool *pool)
{
	bool wants_boot =
		pool->config->reserve == KH_RESERVE_BOOT ||
		(pool->config->reserve == KH_RESERVE_AUTO && pool->size_kib == KH_HUGEPOOL_1G_KIB);
	return wants_boot && (pool->node < 0 || understands_nodes(facts));
}

static int resolve_pool(const struct kh_facts *facts, struct kh_hugepool *pool,
			struct kh_error *err)
{
	pool->size_kib = (long long)(pool->config->size_bytes / 1024);
	pool->node = pool->config->node < 0 ? -1 : pool->config->node;
	if (check_size(facts, pool->config->where, pool->size_kib, &pool->is_size_unknown, err) < 0)
		return -1;
	if (check_node(facts, pool, err) < 0)
		return -1;
	if (resolve_amount(facts, pool, err) < 0)
		return -1;
	pool->is_boot = is_boot_pool(facts, pool);
	return 0;
}

/* ---- pools against each other ---- */

static int check_pair(const struct kh_hugepool *a, const struct kh_hugepool *b,
		      struct kh_error *err)
{
	kh_auto(kh_free) char *size = kh_hugepool_size_text(b->size_kib);
	const char *mount = b->config->mount;
	if (a->size_kib != b->size_kib) {
		if (!mount || !a->config->mount || strcmp(mount, a->config->mount) != 0)
			return 0;
		return kh_fail(err, KH_HOST, 0,
			       "%s: '%s' is already the mount point of the pool at %s",
			       b->config->where, mount, a->config->where);
	}
	if (a->node == b->node)
		return kh_fail(err, KH_HOST, 0,
			       "%s: a second pool of %s pages%s; the first is at %s",
			       b->config->where, size, b->node < 0 ? "" : " on the same node",
			       a->config->where);
	if (a->node < 0 || b->node < 0)
		return kh_fail(
			err, KH_HOST, 0,
			"%s: %s pages both for all nodes and for one node; the other pool is at %s",
			b->config->where, size, a->config->where);
	return 0;
}

static int check_pairs(const struct kh_hugepools *pools, struct kh_error *err)
{
	for (size_t i = 0; i < pools->pool_count; i++)
		for (size_t j = 0; j < i; j++)
			if (check_pair(&pools->pools[j], &pools->pools[i], err) < 0)
				return -1;
	return 0;
}

/* ---- all together ---- */

static int choose_default(const struct kh_config *config, const struct kh_facts *facts,
			  struct kh_hugepools *pools, struct kh_error *err)
{
	bool is_unknown = false;
	pools->default_size_kib = (long long)(config->hugepages.default_size_bytes / 1024);
	if (pools->default_size_kib)
		return check_size(facts, kh_config_where(config, "hugepages.default_size"),
				  pools->default_size_kib, &is_unknown, err);
	bool is_all_1g_boot = pools->pool_count > 0;
	for (size_t i = 0; i < pools->pool_count; i++)
		if (!pools->pools[i].is_boot || pools->pools[i].size_kib != KH_HUGEPOOL_1G_KIB)
			is_all_1g_boot = false;
	pools->default_size_kib = is_all_1g_boot ? KH_HUGEPOOL_1G_KIB : 0;
	return 0;
}

/* Pages that are kept may be a little more than what was worked out: too many by that are not kept.
 */
static int settle_amounts(const struct kh_config *config, const struct kh_facts *facts,
			  struct kh_hugepools *pools, struct kh_error *err)
{
	kh_auto(kh_free) char *arguments = kh_hugepool_others_arguments(config, facts, pools);
	bool is_kept = kh_hugepool_keep(facts, pools);
	int result = kh_hugepool_check_totals(pools, facts, arguments, err);
	if (result == 0 || !is_kept)
		return result;
	kh_error_done(err);
	kh_hugepool_keep_not(pools);
	return kh_hugepool_check_totals(pools, facts, arguments, err);
}

int kh_hugepool_resolve(const struct kh_config *config, const struct kh_facts *facts,
			struct kh_hugepools *ret_pools, struct kh_error *err)
{
	kh_auto(kh_hugepool_done) struct kh_hugepools pools = {0};
	for (size_t i = 0; i < config->hugepages.pool_count; i++) {
		struct kh_hugepool *pool = kh_append(pools.pools, pools.pool_count);
		pool->config = &config->hugepages.pools[i];
		if (resolve_pool(facts, pool, err) < 0)
			return -1;
	}
	if (check_pairs(&pools, err) < 0 || choose_default(config, facts, &pools, err) < 0)
		return -1;
	if (settle_amounts(config, facts, &pools, err) < 0)
		return -1;
	*ret_pools = pools;
	pools = (struct kh_hugepools){0};
	return 0;
}

const struct kh_hugepool *kh_hugepool_find(const struct kh_hugepools *pools, long long size_kib,
					   long long node)
{
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (pool->size_kib == size_kib && (pool->node < 0 || pool->node == node))
			return pool;
	}
	return NULL;
}

void kh_hugepool_done(struct kh_hugepools *pools)
{
	free(pools->pools);
	*pools = (struct kh_hugepools){0};
}
