/* hugepool.h - the huge-page pools of the configuration, worked out in pages for this host.
 *
 * Two stages need this one decision: `grub` (boot arguments) and `hugepages` (sysctl, mounts, now).
 * count, percent and for_guests become pages; `reserve: auto` becomes boot for 1G pages (run-time
 * reservation hardly succeeds once memory is fragmented) and run time for 2M pages. A pool with a
 * node is reserved per node: at boot with hugepages=NODE:N where the kernel that boots next
 * understands that (5.16), otherwise at run time.
 *
 * The default size: 2M is what x86-64 kernels use by themselves, and what `default_size: auto`
 * leaves alone, except where every pool is of 1G pages reserved at boot: then 1G becomes the
 * default, so that whoever asks for "huge pages" without a size finds the ones there are.
 */
#ifndef KH_HUGEPOOL_H
#define KH_HUGEPOOL_H

#include "core/config.h"
#include "core/facts.h"

/* x86-64 has these two sizes. */
enum { KH_HUGEPOOL_2M_KIB = 2048, KH_HUGEPOOL_1G_KIB = 1048576 };

struct kh_hugepool {
	const struct kh_config_pool *config;
	long long size_kib;
	long long pages;
	long long node;       /* -1: all */
	long long ram_kib;    /* of the node or the host, when pages are a percentage of it */
	bool is_boot;         /* reserved by a kernel argument */
	bool is_size_unknown; /* nothing recorded tells whether this CPU has pages of this size */
};

struct kh_hugepools {
	struct kh_hugepool *pools; /* as configured, in order */
	size_t pool_count;
	long long default_size_kib; /* for default_hugepagesz=, or 0: leave the kernel's default */
};

/* Errors (KH_HOST, naming config->where): a page size this CPU lacks, a node that does not exist or
 * has no memory, a percentage of unknown RAM or of less than one page, a total that leaves the host
 * less than kh_hugepool_host_kib() (per node too; hugepool_total.c says what is counted), two pools
 * of one size and node (or one of all nodes and one of a node), two sizes on one mount point.
 * ret_pools keeps pointers into config, which must outlive it. */
int kh_hugepool_resolve(const struct kh_config *config, const struct kh_facts *facts,
			struct kh_hugepools *ret_pools, struct kh_error *err);
void kh_hugepool_done(struct kh_hugepools *pools);
/* The pool that sets pages of this size on this node (-1: all nodes together), or NULL. */
const struct kh_hugepool *kh_hugepool_find(const struct kh_hugepools *pools, long long size_kib,
					   long long node);

/* The pages that this percentage of the memory is, rounded down. */
long long kh_hugepool_percent_of(const struct kh_hugepool *pool, long long ram_kib);
/* Percentages: give pools the counts that are in effect, where these are near enough
 * (hugepool_keep.c says what that is). Returns whether there are any. */
bool kh_hugepool_keep(const struct kh_facts *facts, struct kh_hugepools *pools);
/* And those that were worked out. */
void kh_hugepool_keep_not(struct kh_hugepools *pools);
/* What has to stay of ram_kib when huge pages are set aside: 1 GiB, or 10 % where that is more. */
long long kh_hugepool_host_kib(long long ram_kib);
/* The words on huge pages that the next boot's arguments have besides those of these pools, and
 * keep when the grub stage is done. Owned. */
char *kh_hugepool_others_arguments(const struct kh_config *config, const struct kh_facts *facts,
				   const struct kh_hugepools *pools);
/* Do the pools leave the host enough at a boot where others give the kernel these arguments? Errors
 * as kh_hugepool_resolve(), which asks this. */
int kh_hugepool_check_totals(const struct kh_hugepools *pools, const struct kh_facts *facts,
			     const char *arguments, struct kh_error *err);

/* The default page size of the kernel that runs: the last default_hugepagesz= of its command line,
 * otherwise 2M. vm.nr_hugepages counts pages of this size.
 * Source: Documentation/admin-guide/mm/hugetlbpage.rst. */
long long kh_hugepool_running_default_kib(const struct kh_facts *facts);

/* "2M", "1G". Owned by the caller. */
char *kh_hugepool_size_text(long long size_kib);

#endif
