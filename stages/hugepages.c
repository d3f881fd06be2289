/* hugepages.c - reserve huge pages: at every boot, and now.
 *
 * Pools of the default size (2M) go into sysctl.d as vm.nr_hugepages. That key counts pages of
 * whatever the default size is: written for 2M pages on a host whose default is 1G it would ask for
 * a thousand times the memory. So it is written only where the default after the next boot is the
 * pool's size; every other pool of run time is a tmpfiles.d line on the file of its own size (and
 * node). Pools of boot time are kernel arguments, which the grub stage owns.
 * The running values are always set through the files of the size.
 * Source: Documentation/admin-guide/mm/hugetlbpage.rst.
 */
#include "stages/hugepages.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/sysctl.h"
#include "stages/stages.h"

const char kh_hugepages_sysctl_file[] = KH_WRITTEN_PAGES_SYSCTL;
const char kh_hugepages_tmpfiles_file[] = KH_WRITTEN_PAGES_TMPFILES;

static const char sysctl_name[] = "vm.nr_hugepages";

/* ---- questions about a pool ---- */

long long kh_hugepages_default_kib(const struct kh_context *context,
				   const struct kh_hugepools *pools)
{
	return pools->default_size_kib ? pools->default_size_kib
				       : kh_hugepool_running_default_kib(context->facts);
}

/* Where systemd is, 1G pages go through tmpfiles.d even when they are the default: its line means
 * 1G pages whatever the kernel arguments become. */
enum kh_hugepages_way kh_hugepages_way(const struct kh_context *context,
				       const struct kh_hugepools *pools,
				       const struct kh_hugepool *pool)
{
	bool has_systemd = context->facts->os.has_systemd;
	bool is_default =
		pool->node < 0 && pool->size_kib == kh_hugepages_default_kib(context, pools);
	if (pool->is_boot)
		return KH_HUGEPAGES_BOOT;
	if (is_default && (!has_systemd || pool->size_kib == KH_HUGEPOOL_2M_KIB))
		return KH_HUGEPAGES_SYSCTL;
	return has_systemd ? KH_HUGEPAGES_TMPFILES : KH_HUGEPAGES_NOTHING;
}

char *kh_hugepages_path(const struct kh_hugepool *pool)
{
	return kh_facts_memory_pages_path(pool->size_kib, pool->node);
}

long long kh_hugepages_now(const struct kh_facts *facts, const struct kh_hugepool *pool)
{
	const struct kh_facts_pool *now =
		kh_facts_memory_pool(&facts->memory, pool->size_kib, pool->node);
	if (!now || now->total_pages < 0)
		return -1;
	return now->total_pages - (now->surplus_pages > 0 ? now->surplus_pages : 0);
}

/* ---- at every boot ---- */

static int plan_sysctl(const struct kh_context *context, const struct kh_hugepools *pools,
		       struct kh_plan *plan, struct kh_error *err)
{
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (kh_hugepages_way(context, pools, pool) != KH_HUGEPAGES_SYSCTL)
			continue;
		kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
		kh_auto(kh_free) char *pages = kh_printf("%lld", pool->pages);
		const struct kh_template_value values[] = {
			{"SIZE", size}, {"PAGES", pages}, {NULL, NULL}};
		return kh_memory_put(plan, kh_hugepages_sysctl_file, values,
				     "huge pages at every boot", err);
	}
	return kh_memory_put(plan, kh_hugepages_sysctl_file, NULL,
			     "no pool is reserved this way any more", err);
}

static int plan_tmpfiles(const struct kh_context *context, const struct kh_hugepools *pools,
			 struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (kh_hugepages_way(context, pools, pool) != KH_HUGEPAGES_TMPFILES)
			continue;
		kh_auto(kh_free) char *path = kh_hugepages_path(pool);
		kh_auto(kh_free) char *pages = kh_printf("%lld", pool->pages);
		kh_strv_addf(&lines, "w %s - - - - %s", path, pages);
		kh_memory_note_tmpfiles(plan, path, kh_hugepages_tmpfiles_file, pages);
	}
	kh_auto(kh_free) char *text = kh_strv_join(&lines, "\n");
	const struct kh_template_value values[] = {{"LINES", text}, {NULL, NULL}};
	if (lines.count == 0)
		return kh_memory_put(plan, kh_hugepages_tmpfiles_file, NULL,
				     "no pool is reserved this way any more", err);
	return kh_memory_put(plan, kh_hugepages_tmpfiles_file, values, "huge pages at every boot",
			     err);
}

/* Somebody's vm.nr_hugepages counts pages of the default size at boot, ours or not. */
static void note_fights(const struct kh_context *context, const struct kh_hugepools *pools,
			struct kh_plan *plan)
{
	long long size_kib = kh_hugepages_default_kib(context, pools);
	kh_auto(kh_free) char *size = kh_hugepool_size_text(size_kib);
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		kh_auto(kh_free) char *pages = kh_printf("%lld", pool->pages);
		if (pool->size_kib != size_kib || pool->node >= 0)
			continue;
		kh_memory_note_sysctl(plan, sysctl_name, kh_hugepages_sysctl_file, pages);
		return;
	}
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting other = {0};
	kh_sysctl_winner(plan->root, sysctl_name, &other);
	bool is_ours = other.path && strcmp(other.path, kh_hugepages_sysctl_file) == 0;
	if (other.path && !is_ours && pools->pool_count > 0)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"%s:%d sets %s = %s, which counts %s pages at boot, and no pool for all "
			"nodes has that size",
			other.path, other.line, sysctl_name, other.value, size);
}

/* Until the reboot, running default and vm.nr_hugepages in the files do not belong together. */
static void note_default_change(const struct kh_context *context, const struct kh_hugepools *pools,
				struct kh_plan *plan)
{
	long long running_kib = kh_hugepool_running_default_kib(context->facts);
	long long next_kib = kh_hugepages_default_kib(context, pools);
	kh_auto(kh_free) char *running = kh_hugepool_size_text(running_kib);
	kh_auto(kh_free) char *next = kh_hugepool_size_text(next_kib);
	if (context->root->is_live && running_kib != next_kib)
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "the default huge page size becomes %s (%s now); do not run "
			     "'sysctl --system' before: vm.nr_hugepages counts %s pages until then",
			     next, running, running);
}

static void note_pools(const struct kh_context *context, const struct kh_hugepools *pools,
		       struct kh_plan *plan)
{
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
		if (pool->is_size_unknown)
			kh_plan_note(plan, KH_NOTE_INFO,
				     "nothing recorded here tells whether the CPU has %s pages",
				     size);
		if (kh_hugepages_way(context, pools, pool) == KH_HUGEPAGES_NOTHING)
			kh_plan_note(
				plan, KH_NOTE_WARNING,
				"%s pages cannot be reserved at every boot here (no systemd for "
				"tmpfiles.d): use reserve: boot",
				size);
	}
}

/* Arguments that take others' place are tried first; the entry that boots when they fail has those
 * of before, and then meets our files of run time. Written at once, nothing has them any more. */
static int check_untried(const struct kh_context *context, const struct kh_hugepools *pools,
			 struct kh_error *err)
{
	const struct kh_facts_boot *boot = &context->facts->boot;
	bool is_tried = context->root->is_live && boot->loader != KH_LOADER_NONE &&
			boot->loader != KH_LOADER_GRUB_LEGACY &&
			context->config->grub.trial != KH_GRUB_TRIAL_OFF;
	bool has_runtime = false;
	for (size_t i = 0; i < pools->pool_count; i++)
		has_runtime = has_runtime || !pools->pools[i].is_boot;
	if (!is_tried || !has_runtime || !boot->next_arguments ||
	    kh_hugepool_check_totals(pools, context->facts, boot->next_arguments, err) == 0)
		return 0;
	return kh_hint(err, "stage 'grub' replaces these arguments: reboot when it has, and apply "
			    "'hugepages' again when 'kvmhost confirm' has passed them");
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_hugepool_done) struct kh_hugepools pools = {0};
	if (kh_hugepool_resolve(context->config, context->facts, &pools, err) != 0 ||
	    check_untried(context, &pools, err) != 0)
		return -1;
	note_fights(context, &pools, plan);
	note_default_change(context, &pools, plan);
	note_pools(context, &pools, plan);
	/* Given back before the files go that tell whose pages they are. */
	if (kh_hugepages_plan_release(context, &pools, plan, err) != 0 ||
	    plan_sysctl(context, &pools, plan, err) != 0 ||
	    plan_tmpfiles(context, &pools, plan, err) != 0 ||
	    kh_hugepages_plan_now(context, &pools, plan, err) != 0)
		return -1;
	return kh_hugepages_plan_mounts(context, &pools, plan, err);
}

static const char *const after[] = {"preflight", "grub", NULL};

const struct kh_stage kh_stage_hugepages = {
	.name = "hugepages",
	.summary = "huge pages: reserved and mounted",
	.touches = "/etc/fstab, /etc/sysctl.d/90-kvmhost-hugepages.conf, "
		   "/etc/tmpfiles.d/kvmhost-hugepages.conf, /sys/kernel/mm/hugepages/*",
	.after = after,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = kh_hugepages_check,
};
