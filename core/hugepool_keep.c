/* hugepool_keep.c - see hugepool.h: a percentage is of the memory as it was when it was set.
 *
 * MemTotal is what the kernel has left for itself and the rest: another image, initrd or
 * crashkernel= changes it by some MiB. A count worked out anew at every boot would be another one
 * each time: new kernel arguments, and with them another trial boot, of a host where nobody changed
 * anything; and arguments tried together with a kernel would never be those that its own boot
 * wants. So a count that is in effect stays as long as it is the percentage of some memory within 1
 * % of what there is now: 1 % of the count, or a page where pages are large.
 */
#include "core/base/mem.h"
#include "core/hugeargs.h"
#include "core/hugepool.h"

enum { ONE_PERCENT = 100 };

static bool is_near(const struct kh_hugepool *pool, long long pages)
{
	long long ram_kib = pool->ram_kib, drift_kib = ram_kib / ONE_PERCENT;
	return pages > 0 && pages >= kh_hugepool_percent_of(pool, ram_kib - drift_kib) &&
	       pages <= kh_hugepool_percent_of(pool, ram_kib + drift_kib);
}

/* What is on trial comes first: it is what was worked out last. */
static long long find_argument(const struct kh_facts *facts, const struct kh_hugepool *pool)
{
	const char *const arguments[] = {facts->boot.tried_arguments, facts->boot.written_arguments,
					 facts->boot.next_arguments, facts->boot.cmdline};
	for (size_t i = 0; i < KH_COUNT(arguments); i++) {
		long long pages =
			arguments[i] ? kh_hugeargs_pages(arguments[i], pool->size_kib, pool->node)
				     : -1;
		if (is_near(pool, pages))
			return pages;
	}
	return -1;
}

/* vm.nr_hugepages counts pages of whatever size; one that is near is of this. */
static long long find_setting(const struct kh_facts *facts, const struct kh_hugepool *pool)
{
	const struct kh_facts_pool *there =
		kh_facts_memory_pool(&facts->memory, pool->size_kib, pool->node);
	if (there && is_near(pool, there->written_pages))
		return there->written_pages;
	return pool->node < 0 && is_near(pool, facts->memory.written_pages)
		       ? facts->memory.written_pages
		       : -1;
}

bool kh_hugepool_keep(const struct kh_facts *facts, struct kh_hugepools *pools)
{
	bool is_any = false;
	for (size_t i = 0; i < pools->pool_count; i++) {
		struct kh_hugepool *pool = &pools->pools[i];
		if (pool->config->amount != KH_POOL_PERCENT)
			continue;
		long long pages =
			pool->is_boot ? find_argument(facts, pool) : find_setting(facts, pool);
		is_any = is_any || pages > 0;
		pool->pages = pages > 0 ? pages : pool->pages;
	}
	return is_any;
}

void kh_hugepool_keep_not(struct kh_hugepools *pools)
{
	for (size_t i = 0; i < pools->pool_count; i++)
		if (pools->pools[i].config->amount == KH_POOL_PERCENT)
			pools->pools[i].pages =
				kh_hugepool_percent_of(&pools->pools[i], pools->pools[i].ram_kib);
}
