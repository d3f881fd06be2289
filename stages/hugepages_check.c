/* hugepages_check.c - the hugepages stage's part of the report. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/hugeargs.h"
#include "core/sysctl.h"
#include "stages/hugepages.h"

/* ---- pools ---- */

/* The running kernel's arguments count where no boot loader's file says anything: a kernel started
 * some other way. */
static void look_at_arguments(const struct kh_context *context, const struct kh_hugepool *pool,
			      struct kh_memory_persisted *persisted)
{
	const char *cmdline = context->facts->boot.cmdline;
	long long pages = kh_hugeargs_persisted(context->root, context->facts, pool->size_kib,
						pool->node, &persisted->where);
	if (pages < 0 && cmdline) {
		pages = kh_hugeargs_pages(cmdline, pool->size_kib, pool->node);
		persisted->where = pages < 0 ? NULL : kh_strdup("/proc/cmdline");
	}
	if (pages >= 0)
		persisted->value = kh_printf("%lld", pages);
}

static void look(const struct kh_context *context, const struct kh_hugepools *pools,
		 const struct kh_hugepool *pool, const char *wanted,
		 struct kh_memory_persisted *persisted)
{
	kh_auto(kh_free) char *path = kh_hugepages_path(pool);
	switch (kh_hugepages_way(context, pools, pool)) {
	case KH_HUGEPAGES_BOOT:
		look_at_arguments(context, pool, persisted);
		break;
	case KH_HUGEPAGES_SYSCTL:
		kh_memory_persisted_sysctl(context->root, "vm.nr_hugepages", wanted,
					   kh_hugepages_sysctl_file, persisted);
		break;
	case KH_HUGEPAGES_TMPFILES:
		kh_memory_persisted_tmpfiles(context->root, path, wanted,
					     kh_hugepages_tmpfiles_file, persisted);
		break;
	case KH_HUGEPAGES_NOTHING:
		break;
	}
}

/* A boot that was asked for these pages and did not give them: another one will not either. */
static bool was_asked(const struct kh_context *context, const struct kh_hugepool *pool)
{
	const char *cmdline = context->facts->boot.cmdline;
	return cmdline && kh_hugeargs_pages(cmdline, pool->size_kib, pool->node) == pool->pages;
}

static char *explain(const struct kh_context *context, const struct kh_hugepool *pool,
		     long long now)
{
	if (now < 0 || now >= pool->pages)
		return NULL;
	if (pool->is_boot && !was_asked(context, pool))
		return NULL; /* needs a reboot */
	if (pool->is_boot)
		return kh_printf("the kernel got only %lld at boot: too little memory was free",
				 now);
	if (now == 0)
		return NULL; /* nobody tried */
	kh_auto(kh_free) char *reason = kh_hugepages_shortage(context->facts, pool, 0);
	return kh_printf("only %lld obtained: %s", now, reason);
}

static char *pool_id(const struct kh_hugepool *pool)
{
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	return pool->node < 0 ? kh_printf("hugepages.%s", size)
			      : kh_printf("hugepages.%s.node%lld", size, pool->node);
}

static void check_pool(const struct kh_context *context, const struct kh_hugepools *pools,
		       const struct kh_hugepool *pool, struct kh_report *report)
{
	kh_auto(kh_free) char *id = pool_id(pool);
	kh_auto(kh_free) char *wanted = kh_printf("%lld", pool->pages);
	kh_auto(kh_memory_persisted_done) struct kh_memory_persisted persisted = {0};
	look(context, pools, pool, wanted, &persisted);
	long long now = kh_hugepages_now(context->facts, pool);
	kh_auto(kh_free) char *effective = now >= 0 ? kh_printf("%lld", now) : NULL;
	kh_auto(kh_free) char *gap = explain(context, pool, now);
	bool waits = (pool->is_boot && !was_asked(context, pool)) || !context->root->is_live;
	kh_report_setting(report,
			  &(struct kh_setting){
				  .id = id,
				  .wanted = wanted,
				  .effective = effective,
				  .persisted = persisted.value,
				  .where = persisted.where,
				  .needs_reboot = waits,
				  .gap = gap ? gap : persisted.gap,
				  .why = "guests backed by huge pages need them set aside",
				  .fix = pool->is_boot ? "kvmhost apply grub hugepages, then reboot"
						       : "kvmhost apply hugepages",
			  });
}

/* ---- mounts ---- */

/* What fstab says, and what is wrong with it. */
static void look_in_fstab(const struct kh_context *context, const struct kh_hugepool *pool,
			  const char *wanted, struct kh_memory_persisted *persisted)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, "/etc/fstab");
	kh_auto(kh_fstab_done) struct kh_fstab fstab = {0};
	kh_fstab_parse(text ? text : "", &fstab);
	const struct kh_fstab_entry *entry = kh_fstab_find(&fstab, pool->config->mount, 0);
	if (!entry)
		return;
	persisted->where = kh_printf("/etc/fstab:%d", entry->line);
	if (!kh_fstab_has_option(entry->options, "nofail"))
		persisted->gap = kh_strdup("without 'nofail' a missing page size ends the boot in "
					   "emergency mode");
	else if (kh_fstab_has_option(entry->options, "noauto"))
		persisted->gap = kh_strdup("'noauto': not mounted at boot");
	unsigned long long bytes = kh_fstab_page_bytes(entry->options);
	bool is_right = bytes == (unsigned long long)pool->size_kib * 1024 && !persisted->gap;
	persisted->value = kh_strdup(is_right          ? wanted
				     : *entry->options ? entry->options
						       : "defaults");
}

static void check_mount(const struct kh_context *context, const struct kh_hugepool *pool,
			struct kh_report *report)
{
	const char *target = pool->config->mount;
	kh_auto(kh_free) char *id = kh_printf("hugepages.mount.%s", target);
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	kh_auto(kh_free) char *wanted = kh_printf("pagesize=%s", size);
	kh_auto(kh_memory_persisted_done) struct kh_memory_persisted persisted = {0};
	look_in_fstab(context, pool, wanted, &persisted);
	unsigned long long bytes = kh_hugepages_mounted_bytes(context, target);
	kh_auto(kh_free) char *mounted = bytes ? kh_str_size_text(bytes) : NULL;
	kh_auto(kh_free) char *effective =
		mounted ? kh_printf("pagesize=%s", mounted) : kh_strdup("not mounted");
	bool is_known = kh_root_exists(context->root, "/proc/self/mountinfo") ||
			kh_root_exists(context->root, "/proc/mounts");
	bool waits = !context->root->is_live || kh_hugepages_mount_waits(context, pool);
	kh_report_setting(report, &(struct kh_setting){
					  .id = id,
					  .wanted = wanted,
					  .effective = is_known ? effective : NULL,
					  .persisted = persisted.value,
					  .where = persisted.where,
					  .needs_reboot = waits,
					  .gap = persisted.gap,
					  .why = "QEMU and libvirt take huge pages from this mount",
					  .fix = "kvmhost apply hugepages",
				  });
}

/* ---- what is left of them ---- */

static void check_free(const struct kh_context *context, struct kh_report *report)
{
	const struct kh_facts_memory *memory = &context->facts->memory;
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	bool is_used_up = false;
	for (size_t i = 0; i < memory->pool_count; i++) {
		const struct kh_facts_pool *pool = &memory->pools[i];
		if (pool->node >= 0 || pool->total_pages <= 0)
			continue;
		kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
		kh_strv_addf(&found, "%s: %lld of %lld free", size, pool->free_pages,
			     pool->total_pages);
		is_used_up = is_used_up || pool->free_pages == 0;
	}
	kh_auto(kh_free) char *text = kh_strv_join(&found, ", ");
	struct kh_check_text check = {
		.expected = "free huge pages for the next guest",
		.found = found.count ? text : "no huge pages are reserved",
		.why = "a guest that wants huge pages does not start when none are free",
		.fix = is_used_up ? "enlarge the pool in the configuration" : NULL,
	};
	enum kh_status status = is_used_up ? KH_WARN : KH_PASS;
	kh_report_add(report, "hugepages.free", found.count ? status : KH_SKIP, &check);
}

int kh_hugepages_check(const struct kh_context *context, struct kh_report *report,
		       struct kh_error *err)
{
	kh_auto(kh_hugepool_done) struct kh_hugepools pools = {0};
	kh_auto(kh_error_done) struct kh_error refusal = KH_ERROR_INIT;
	(void)err;
	if (kh_hugepool_resolve(context->config, context->facts, &pools, &refusal) != 0)
		kh_report_add(report, "hugepages.pools", KH_FAIL,
			      &(struct kh_check_text){
				      .expected = "pools that this host can give",
				      .found = refusal.message,
				      .why = "the configured huge pages cannot be had here",
				      .fix = refusal.hint ? refusal.hint : "change hugepages.pools",
			      });
	for (size_t i = 0; i < pools.pool_count; i++)
		check_pool(context, &pools, &pools.pools[i], report);
	for (size_t i = 0; i < pools.pool_count; i++)
		if (kh_hugepages_is_first_mount(&pools, i))
			check_mount(context, &pools.pools[i], report);
	check_free(context, report);
	return 0;
}
