/* hugepool.h - the huge-page pools of the configuration, worked out in pages for this host.
 *
 * Two stages need this one decision: `grub` (boot arguments) and `hugepages` (sysctl, mounts, now).
 * count, percent and for_guests become pages; `reserve: auto` becomes boot for 1G pages (run-time
 * reservation hardly succeeds once memory is fragmented) and run time for 2M pages. A pool with a
 * node is reserved per node: at boot with hugepages=NODE:N where the kernel understands that (5.16),
 * otherwise at run time.
 */
#ifndef KH_HUGEPOOL_H
#define KH_HUGEPOOL_H

#include "core/config.h"
#include "core/facts.h"

struct kh_hugepool {
	const struct kh_config_pool *config;
	long long size_kib;
	long long pages;
	long long node; /* -1: all */
	bool is_boot;   /* reserved by a kernel argument */
};

struct kh_hugepools {
	struct kh_hugepool *pools; /* as configured, in order */
	size_t pool_count;
	long long default_size_kib; /* for default_hugepagesz=, or 0: leave the kernel's default */
};

/* Errors (KH_HOST, naming config->where): a page size this CPU lacks, a node that does not exist, a
 * total that leaves the host under 1 GiB or under 10 % of RAM (per node too), two pools of one size
 * and node. */
int kh_hugepool_resolve(const struct kh_config *config, const struct kh_facts *facts,
			struct kh_hugepools *ret_pools, struct kh_error *err);
void kh_hugepool_done(struct kh_hugepools *pools);

#endif
