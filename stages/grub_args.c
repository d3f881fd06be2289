/* grub_args.c - the kernel arguments that the configuration wants on this host, with their reasons.
 *
 * Only what a kernel understands is wanted from it: elevator= before 5.0, amd_iommu=on never (no
 * such value), intel_iommu=on only where the kernel was built without it being the default. Source:
 * Documentation/admin-guide/kernel-parameters.txt; drivers/iommu/amd/init.c
 * (parse_amd_iommu_options); drivers/iommu/intel/iommu.c (dmar_disabled).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/hugepool.h"
#include "stages/grub.h"

static const char *next_release(const struct kh_context *context)
{
	const char *next = context->facts->boot.next_release;
	return next ? next : context->facts->os.kernel_release;
}

int kh_grub_next_kernel(const struct kh_context *context)
{
	return kh_facts_release_number(next_release(context));
}

static void add_words(struct kh_cmdline_groups *groups, const char *name, const char *key,
		      const char *word, const char *why)
{
	struct kh_cmdline_group *group = kh_cmdline_add_group(groups, name, why);
	kh_strv_add(&group->keys, key);
	if (word)
		kh_strv_add(&group->words, word);
}

/* ---- IOMMU ---- */

/* Is the Intel IOMMU on without an argument in the kernel that boots next? */
static bool is_on_by_default(const struct kh_context *context)
{
	const char *release = next_release(context);
	kh_auto(kh_free) char *path = kh_printf("/boot/config-%s", release ? release : "");
	kh_auto(kh_free) char *text = kh_root_text(context->root, path);
	return text && (strstr(text, "\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y") ||
			strstr(text, "\nCONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y"));
}

/* Is VALUE one of WORD's, "KEY=VALUE,VALUE"? */
static bool has_value(const char *word, const char *value)
{
	const char *equals = strchr(word, '=');
	kh_auto(kh_strv_done) struct kh_strv values = {0};
	kh_strv_split(&values, equals ? equals + 1 : "", ",");
	return kh_strv_has(&values, value);
}

/* These arguments add up, and some machines boot only with what the operator says there
 * ("intel_iommu=on,igfx_off"): what the host runs with stays, unless it switches off. Source:
 * drivers/iommu/intel/iommu.c (intel_iommu_setup), drivers/iommu/amd/init.c. */
static void want_unit_on(const struct kh_context *context, struct kh_cmdline_groups *groups,
			 const char *key, const char *on, const char *why)
{
	const char *running = context->facts->boot.cmdline;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	bool is_on = on == NULL;
	kh_cmdline_split(running ? running : "", &words);
	add_words(groups, "iommu", key, NULL, why);
	struct kh_cmdline_group *group = &groups->items[groups->count - 1];
	for (size_t i = 0; i < words.count; i++) {
		if (!kh_cmdline_is_key(words.items[i], key) || has_value(words.items[i], "off"))
			continue;
		kh_strv_add(&group->words, words.items[i]);
		is_on = is_on || has_value(words.items[i], "on");
	}
	if (!is_on)
		kh_strv_add(&group->words, on);
}

static void want_iommu(const struct kh_context *context, struct kh_cmdline_groups *groups)
{
	enum kh_iommu mode = context->config->grub.iommu;
	bool is_intel = context->facts->cpu.vendor == KH_VENDOR_INTEL;
	bool is_amd = context->facts->cpu.vendor == KH_VENDOR_AMD;
	bool has_unit = context->facts->pci.has_dmar ||
			!kh_root_is_dir(context->root, "/sys/firmware/acpi");
	static const char why[] =
		"devices can be handed to guests, and are fenced off from the rest";
	if (mode == KH_IOMMU_OFF) {
		static const char off[] = "grub.iommu is off";
		if (is_intel)
			add_words(groups, "iommu", "intel_iommu", "intel_iommu=off", off);
		if (is_amd)
			add_words(groups, "iommu", "amd_iommu", "amd_iommu=off", off);
		return;
	}
	bool is_wanted = mode != KH_IOMMU_AUTO || (has_unit && !is_on_by_default(context));
	if (is_intel && is_wanted)
		want_unit_on(context, groups, "intel_iommu", "intel_iommu=on", why);
	if (is_amd && mode != KH_IOMMU_AUTO) /* on unless switched off: what says so goes */
		want_unit_on(context, groups, "amd_iommu", NULL, why);
	if (mode == KH_IOMMU_PT)
		add_words(groups, "iommu_pt", "iommu", "iommu=pt",
			  "the host's own devices are not translated, which is faster");
}

/* ---- the I/O scheduler of old kernels ---- */

static const char *old_scheduler(enum kh_elevator elevator)
{
	switch (elevator) {
	case KH_ELEVATOR_NONE:
	case KH_ELEVATOR_NOOP:
		return "noop";
	case KH_ELEVATOR_BFQ:
	case KH_ELEVATOR_CFQ:
		return "cfq";
	case KH_ELEVATOR_AUTO:
	case KH_ELEVATOR_MQ_DEADLINE:
	case KH_ELEVATOR_KYBER:
	case KH_ELEVATOR_DEADLINE:
		return "deadline";
	}
	return "deadline";
}

static void want_elevator(const struct kh_context *context, struct kh_cmdline_groups *groups)
{
	int kernel = kh_grub_next_kernel(context);
	if (kernel < 0 || kernel >= KH_GRUB_NO_ELEVATOR)
		return;
	kh_auto(kh_free) char *word =
		kh_printf("elevator=%s", old_scheduler(context->config->grub.elevator));
	add_words(groups, "elevator", "elevator", word,
		  "the I/O scheduler of every disk, on kernels before 5.0");
}

/* ---- huge pages ---- */

static bool is_size_first(const struct kh_hugepools *pools, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (pools->pools[i].is_boot &&
		    pools->pools[i].size_kib == pools->pools[at].size_kib)
			return false;
	return true;
}

/* "hugepages=4", or "hugepages=0:4,1:2" for pools of single nodes. */
static char *pages_word(const struct kh_hugepools *pools, long long size_kib)
{
	struct kh_str word = {0};
	kh_str_add(&word, "hugepages=");
	bool is_next = false;
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (!pool->is_boot || pool->size_kib != size_kib)
			continue;
		kh_str_add(&word, is_next ? "," : "");
		if (pool->node >= 0)
			kh_str_addf(&word, "%lld:", pool->node);
		kh_str_addf(&word, "%lld", pool->pages);
		is_next = true;
	}
	return kh_str_take(&word);
}

/* The order matters: the default size first, then each size directly before its number of pages. */
static void fill_hugepages(const struct kh_hugepools *pools, struct kh_strv *words)
{
	if (pools->default_size_kib > 0) {
		kh_auto(kh_free) char *size = kh_hugepool_size_text(pools->default_size_kib);
		kh_strv_addf(words, "default_hugepagesz=%s", size);
	}
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (!pool->is_boot || !is_size_first(pools, i))
			continue;
		kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
		kh_strv_addf(words, "hugepagesz=%s", size);
		kh_strv_add_owned(words, pages_word(pools, pool->size_kib));
	}
}

static int want_hugepages(const struct kh_context *context, struct kh_cmdline_groups *groups,
			  struct kh_error *err)
{
	static const char *const keys[] = {"default_hugepagesz", "hugepagesz", "hugepages"};
	struct kh_hugepools pools = {0};
	if (kh_hugepool_resolve(context->config, context->facts, &pools, err) != 0)
		return -1;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	fill_hugepages(&pools, &words);
	kh_hugepool_done(&pools);
	if (words.count == 0)
		return 0;
	struct kh_cmdline_group *group = kh_cmdline_add_group(
		groups, "hugepages", "huge pages are set aside before memory is fragmented");
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		kh_strv_add(&group->keys, keys[i]);
	kh_strv_copy(&group->words, &words);
	return 0;
}

/* ---- the rest ---- */

static void want_thp(const struct kh_context *context, struct kh_cmdline_groups *groups)
{
	static const char *const modes[] = {"always", "madvise", "never"};
	kh_auto(kh_free) char *word = kh_printf("transparent_hugepage=%s",
						modes[context->config->grub.transparent_hugepage]);
	add_words(groups, "transparent_hugepage", "transparent_hugepage", word,
		  "transparent huge pages from the first process on");
}

static void want_cgroup_disable(const struct kh_context *context, struct kh_cmdline_groups *groups)
{
	if (context->config->grub.cgroup_disable.count == 0)
		return;
	kh_auto(kh_free) char *names = kh_strv_join(&context->config->grub.cgroup_disable, ",");
	kh_auto(kh_free) char *word = kh_printf("cgroup_disable=%s", names);
	add_words(groups, "cgroup_disable", "cgroup_disable", word, "set in grub.cgroup_disable");
}

static const char why_extra[] = "set in grub.extra";

static struct kh_cmdline_group *find_owner(struct kh_cmdline_groups *groups, const char *key)
{
	for (size_t i = 0; i < groups->count; i++)
		for (size_t k = 0; k < groups->items[i].keys.count; k++)
			if (kh_cmdline_is_key(groups->items[i].keys.items[k], key))
				return &groups->items[i];
	return NULL;
}

/* What the operator says literally wins over what was worked out; several words of one key are one
 * group, in the order they are given. */
static void want_extra(const struct kh_context *context, struct kh_cmdline_groups *groups)
{
	const struct kh_strv *extra = &context->config->grub.extra;
	for (size_t i = 0; i < extra->count; i++) {
		kh_auto(kh_free) char *key = kh_cmdline_key(extra->items[i]);
		struct kh_cmdline_group *group = find_owner(groups, key);
		if (!group) {
			add_words(groups, key, key, NULL, why_extra);
			group = &groups->items[groups->count - 1];
			group->is_repeatable = kh_cmdline_is_repeatable(key);
		} else if (strcmp(group->why, why_extra) != 0) {
			kh_strv_done(&group->words);
			kh_free(&group->why);
			group->why = kh_strdup(why_extra);
		}
		if (!kh_strv_has(&group->words, extra->items[i]))
			kh_strv_add(&group->words, extra->items[i]);
	}
}

/* GRUB 2 reads its configuration and entries as a script, GRUB legacy as plain text. */
static void escape_words(struct kh_cmdline_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		struct kh_strv *words = &groups->items[i].words;
		for (size_t k = 0; k < words->count; k++) {
			char *escaped = kh_cmdline_escape(words->items[k]);
			kh_free(&words->items[k]);
			words->items[k] = escaped;
		}
	}
}

/* GRUB puts the value of the variable there, nothing where it is not set. A backslash keeps it from
 * that since June 2025 only; before, it stays, and at the end of the line it joins the initrd's
 * line to it. Source: rhboot/grub2, blscfg.c (expand_val); kernel-parameters.txt (memmap=). */
static int refuse_variables(const struct kh_cmdline_groups *groups, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_wanted(groups, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (!strchr(words.items[i], '$'))
			continue;
		kh_fail(err, KH_HOST, 0,
			"kernel argument '%s': in a Boot Loader Specification entry GRUB takes '$' "
			"for a variable",
			words.items[i]);
		return kh_hint(err, "write 'memmap=SIZE%%OFFSET-1+2' for 'memmap=SIZE$OFFSET'; "
				    "another argument with '$' cannot be set here");
	}
	return 0;
}

int kh_grub_want(const struct kh_context *context, struct kh_cmdline_groups *groups,
		 struct kh_error *err)
{
	want_iommu(context, groups);
	want_thp(context, groups);
	want_elevator(context, groups);
	if (want_hugepages(context, groups, err) != 0)
		return -1;
	want_cgroup_disable(context, groups);
	want_extra(context, groups);
	enum kh_loader loader = context->facts->boot.loader;
	if (loader == KH_LOADER_GRUB_BLS && refuse_variables(groups, err) != 0)
		return -1;
	if (loader == KH_LOADER_GRUB || loader == KH_LOADER_GRUB_BLS)
		escape_words(groups);
	return 0;
}
