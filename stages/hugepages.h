/* hugepages.h - shared by the files of the hugepages stage: hugepages.c (reserving at every boot),
 * _now.c (reserving now), _mount.c (fstab and mounting), _check.c (the report). */
#ifndef KH_STAGES_HUGEPAGES_H
#define KH_STAGES_HUGEPAGES_H

#include "core/fstab.h"
#include "core/hugepool.h"
#include "stages/memory.h"

/* What reserves a pool at boot. */
enum kh_hugepages_way {
	KH_HUGEPAGES_BOOT,     /* kernel arguments, which the grub stage owns */
	KH_HUGEPAGES_SYSCTL,   /* vm.nr_hugepages */
	KH_HUGEPAGES_TMPFILES, /* a tmpfiles.d line */
	KH_HUGEPAGES_NOTHING,  /* not possible on this host */
};

extern const char kh_hugepages_sysctl_file[];
extern const char kh_hugepages_tmpfiles_file[];

/* The default page size after the next boot. */
long long kh_hugepages_default_kib(const struct kh_context *context,
				   const struct kh_hugepools *pools);
enum kh_hugepages_way kh_hugepages_way(const struct kh_context *context,
				       const struct kh_hugepools *pools,
				       const struct kh_hugepool *pool);

/* The nr_hugepages file of the pool. Owned. */
char *kh_hugepages_path(const struct kh_hugepool *pool);
/* Pages that are there now, without surplus ones, or -1. */
long long kh_hugepages_now(const struct kh_facts *facts, const struct kh_hugepool *pool);
/* Why fewer pages than wanted are there, or would be when other pools take so much first: owned
 * text. */
char *kh_hugepages_shortage(const struct kh_facts *facts, const struct kh_hugepool *pool,
			    long long taken_kib);

/* Pages that no pool sets any more are given back; only those that a file of ours sets. */
int kh_hugepages_plan_release(const struct kh_context *context, const struct kh_hugepools *pools,
			      struct kh_plan *plan, struct kh_error *err);
/* The running values, as far as the memory that has to stay for the host allows. */
int kh_hugepages_plan_now(const struct kh_context *context, const struct kh_hugepools *pools,
			  struct kh_plan *plan, struct kh_error *err);

/* Has pools[index] a mount point, and is it the first that has this one? Pools of several nodes may
 * share one: the first of them stands for all. */
bool kh_hugepages_is_first_mount(const struct kh_hugepools *pools, size_t index);
/* The page size in bytes of the hugetlbfs that is mounted there now, 0 when none is. */
unsigned long long kh_hugepages_mounted_bytes(const struct kh_context *context, const char *target);
/* Why a mount of this page size cannot be made before a reboot, or NULL. */
const char *kh_hugepages_mount_waits(const struct kh_context *context,
				     const struct kh_hugepool *pool);

int kh_hugepages_plan_mounts(const struct kh_context *context, const struct kh_hugepools *pools,
			     struct kh_plan *plan, struct kh_error *err);
int kh_hugepages_check(const struct kh_context *context, struct kh_report *report,
		       struct kh_error *err);

#endif
