/* hugepool_total.c - see hugepool.h: is enough left for the host, whoever reserves the pages?
 *
 * Counted is what the next boot sets aside: the pools of the configuration, and pages of sizes (on
 * nodes) that it does not set but something else does:
 * - the arguments of the entry that boots next, unless the grub stage replaces or removes them;
 * - what is reserved now. Pages that the running kernel's arguments or kvmhost's own files explain
 *   are not counted here: they are in the next boot's arguments, or go with this boot. A
 *   configuration that replaces them could never be applied otherwise.
 * The kernel refuses nothing: a vm.nr_hugepages that is too much takes all the memory there is.
 */
#include "core/base/mem.h"
#include "core/hugeargs.h"
#include "core/hugepool.h"

enum { KIB_PER_GIB = 1048576 };

struct boot {
	const struct kh_hugepools *pools;
	const struct kh_facts_memory *memory;
	const struct kh_facts *facts;
	const char *arguments; /* of others */
};

/* In double, so that an absurd count does not overflow; exact enough for a refusal. */
struct taken {
	double ours_kib, others_kib;
	char *others; /* "4 pages of 1G by the kernel's arguments", owned; or NULL */
};

long long kh_hugepool_host_kib(long long ram_kib)
{
	return ram_kib / 10 > KIB_PER_GIB ? ram_kib / 10 : KIB_PER_GIB;
}

/* ---- pages of others, of one size on one node (-1: a host without nodes) ---- */

/* The kernel spreads pages over the nodes that have memory, and over no others.
 * Source: mm/hugetlb.c (node_states[N_MEMORY], at boot and when nr_hugepages is written). */
static bool has_memory(const struct kh_facts_node *node)
{
	return node->total_kib != 0;
}

static double share(const struct boot *boot, double pages, long long node)
{
	size_t count = 0;
	for (size_t i = 0; i < boot->memory->node_count; i++)
		count += has_memory(&boot->memory->nodes[i]);
	return node < 0 || count == 0 ? pages : pages / (double)count;
}

static bool is_by_node(const struct boot *boot, long long size_kib)
{
	for (size_t i = 0; i < boot->memory->node_count; i++)
		if (kh_hugeargs_pages(boot->arguments, size_kib, boot->memory->nodes[i].id) >= 0)
			return true;
	return false;
}

static double by_arguments(const struct boot *boot, long long size_kib, long long node)
{
	bool is_whole = node < 0 || !is_by_node(boot, size_kib);
	long long pages = kh_hugeargs_pages(boot->arguments, size_kib, is_whole ? -1 : node);
	if (pages <= 0)
		return 0;
	return is_whole ? share(boot, (double)pages, node) : (double)pages;
}

/* Without surplus pages: these go by themselves. */
static long long there_now(const struct kh_facts_pool *pool)
{
	long long surplus = pool && pool->surplus_pages > 0 ? pool->surplus_pages : 0;
	return pool && pool->total_pages > surplus ? pool->total_pages - surplus : 0;
}

/* Is all that is there of this size from the running kernel's arguments, or from files of ours? */
static bool is_explained(const struct boot *boot, long long size_kib)
{
	const char *cmdline = boot->facts->boot.cmdline;
	long long asked = cmdline ? kh_hugeargs_pages(cmdline, size_kib, -1) : 0;
	double pages = asked > 0 ? (double)asked : 0;
	if (size_kib == kh_hugepool_running_default_kib(boot->facts) &&
	    boot->memory->written_pages > 0)
		pages += (double)boot->memory->written_pages;
	for (size_t i = 0; i < boot->memory->pool_count; i++) {
		const struct kh_facts_pool *pool = &boot->memory->pools[i];
		if (pool->size_kib == size_kib && pool->written_pages > 0)
			pages += (double)pool->written_pages;
	}
	return (double)there_now(kh_facts_memory_pool(boot->memory, size_kib, -1)) <= pages;
}

static double by_settings(const struct boot *boot, long long size_kib, long long node)
{
	const struct kh_facts_pool *pool = kh_facts_memory_pool(boot->memory, size_kib, node);
	if (is_explained(boot, size_kib))
		return 0;
	if (pool)
		return (double)there_now(pool);
	pool = kh_facts_memory_pool(boot->memory, size_kib, -1);
	return share(boot, (double)there_now(pool), node);
}

struct others {
	double by_arguments, by_settings; /* pages */
};

/* What the configuration sets at run time is set to that, after any argument; of an argument only
 * an argument of others (grub.extra) has more. */
static void add_others(const struct boot *boot, long long size_kib, long long node,
		       struct others *sum)
{
	const struct kh_hugepool *ours = kh_hugepool_find(boot->pools, size_kib, node);
	double arguments = by_arguments(boot, size_kib, node);
	double settings = ours ? 0 : by_settings(boot, size_kib, node);
	if (ours && !ours->is_boot)
		return;
	if (ours)
		arguments -= ours->node < 0 ? share(boot, (double)ours->pages, node)
					    : (double)ours->pages;
	if (arguments > 0 && arguments >= settings)
		sum->by_arguments += arguments;
	else if (settings > 0)
		sum->by_settings += settings;
}

/* ---- altogether ---- */

/* text is "4 pages of 1G (...)", owned by the caller. */
static void name_others(struct taken *taken, const char *text)
{
	kh_auto(kh_free) char *before = kh_take(taken->others);
	taken->others = before ? kh_printf("%s, %s", before, text) : kh_strdup(text);
}

/* node -1: of all nodes. */
static void take_others(const struct boot *boot, long long node, struct taken *taken)
{
	static const long long sizes_kib[] = {KH_HUGEPOOL_2M_KIB, KH_HUGEPOOL_1G_KIB};
	for (size_t i = 0; i < KH_COUNT(sizes_kib); i++) {
		struct others sum = {0};
		kh_auto(kh_free) char *size = kh_hugepool_size_text(sizes_kib[i]);
		for (size_t n = 0; node < 0 && n < boot->memory->node_count; n++)
			if (has_memory(&boot->memory->nodes[n]))
				add_others(boot, sizes_kib[i], boot->memory->nodes[n].id, &sum);
		if (node >= 0 || boot->memory->node_count == 0)
			add_others(boot, sizes_kib[i], node, &sum);
		kh_auto(kh_free) char *arguments = kh_printf(
			"%.0f pages of %s by the kernel's arguments", sum.by_arguments, size);
		kh_auto(kh_free) char *settings =
			kh_printf("%.0f pages of %s that are there now", sum.by_settings, size);
		if (sum.by_arguments > 0)
			name_others(taken, arguments);
		if (sum.by_settings > 0)
			name_others(taken, settings);
		taken->others_kib += (sum.by_arguments + sum.by_settings) * (double)sizes_kib[i];
	}
}

static double pool_kib(const struct kh_hugepool *pool)
{
	return (double)pool->pages * (double)pool->size_kib;
}

static int refuse(const char *where, const char *whose, long long ram, const struct taken *taken,
		  struct kh_error *err)
{
	double needed = (double)kh_hugepool_host_kib(ram);
	double left = (double)ram - taken->ours_kib - taken->others_kib;
	double most = (double)ram - needed - taken->others_kib;
	double most_mib = most > 0 ? most / 1024 : 0.0, left_mib = left > 0 ? left / 1024 : 0.0;
	if (taken->others_kib <= 0) {
		kh_fail(err, KH_HOST, 0,
			"%s: huge pages of %.0f MiB leave %s %.0f of %.0f MiB RAM; %.0f MiB must "
			"stay",
			where, taken->ours_kib / 1024, whose, left_mib, (double)ram / 1024,
			needed / 1024);
		return kh_hint(err, "set aside at most %.0f MiB: 1 GiB and 10 %% of RAM stay free",
			       most_mib);
	}
	kh_fail(err, KH_HOST, 0,
		"%s: huge pages of %.0f MiB, and %.0f MiB that are not of this configuration (%s), "
		"leave %s %.0f of %.0f MiB RAM; %.0f MiB must stay",
		where, taken->ours_kib / 1024, taken->others_kib / 1024, taken->others, whose,
		left_mib, (double)ram / 1024, needed / 1024);
	return kh_hint(err,
		       "set aside at most %.0f MiB, or give the others back: take 'hugepages=' out "
		       "of the kernel's arguments; write 0 to nr_hugepages below "
		       "/sys/kernel/mm/hugepages, and take out what set it",
		       most_mib);
}

static int check_left(const char *where, const char *whose, long long ram,
		      const struct taken *taken, struct kh_error *err)
{
	double left = (double)ram - taken->ours_kib - taken->others_kib;
	if (ram <= 0 || taken->ours_kib <= 0 || left >= (double)kh_hugepool_host_kib(ram))
		return 0;
	return refuse(where, whose, ram, taken, err);
}

/* A pool for all nodes is spread over them by the kernel: each node gives its share. */
static int check_node(const struct boot *boot, const struct kh_facts_node *node,
		      struct kh_error *err)
{
	const char *where = NULL;
	struct taken taken = {0};
	for (size_t i = 0; i < boot->pools->pool_count; i++) {
		const struct kh_hugepool *pool = &boot->pools->pools[i];
		if (pool->node < 0)
			taken.ours_kib += share(boot, pool_kib(pool), node->id);
		if (pool->node != node->id)
			continue;
		taken.ours_kib += pool_kib(pool);
		where = pool->config->where;
	}
	if (!where)
		return 0;
	take_others(boot, node->id, &taken);
	kh_auto(kh_free) char *others = taken.others;
	kh_auto(kh_free) char *whose = kh_printf("NUMA node %lld", node->id);
	return check_left(where, whose, node->total_kib, &taken, err);
}

static int check_host(const struct boot *boot, struct kh_error *err)
{
	const struct kh_hugepool *largest = NULL;
	struct taken taken = {0};
	for (size_t i = 0; i < boot->pools->pool_count; i++) {
		const struct kh_hugepool *pool = &boot->pools->pools[i];
		taken.ours_kib += pool_kib(pool);
		if (!largest || pool_kib(pool) > pool_kib(largest))
			largest = pool;
	}
	if (!largest)
		return 0;
	take_others(boot, -1, &taken);
	kh_auto(kh_free) char *others = taken.others;
	return check_left(largest->config->where, "the host", boot->memory->total_kib, &taken, err);
}

int kh_hugepool_check_totals(const struct kh_hugepools *pools, const struct kh_facts *facts,
			     const char *arguments, struct kh_error *err)
{
	const struct boot boot = {pools, &facts->memory, facts, arguments};
	if (check_host(&boot, err) < 0)
		return -1;
	for (size_t i = 0; i < facts->memory.node_count; i++)
		if (check_node(&boot, &facts->memory.nodes[i], err) < 0)
			return -1;
	return 0;
}
