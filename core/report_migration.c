/* report_migration.c - see report_compare.h: what keeps running guests from moving between hosts.
 *
 * Each rule looks at all reports and says at most one sentence a host. A blocker stops guests that
 * use the thing; a warning is where migration is known to be tried less or to need care.
 *
 * Source: libvirt, formatdomain (CPU model and topology, memoryBacking) and migration;
 * QEMU, docs/devel/migration (machine types: from an older to a newer one only); Linux,
 * Documentation/virt/kvm/x86/nested-vmx.rst (migration with nested guests).
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"
#include "core/report_migration.h"
#include "core/report_read.h"

void kh_migration_add(struct kh_migration *judging, const char *level, const char *what, char *text,
		      const char *fix)
{
	json_array_append_new(judging->findings,
			      json_pack("{s:s,s:s,s:o,s:s}", "level", level, "what", what, "text",
					kh_json_text(text), "fix", fix));
	kh_free(&text);
}

const char *kh_migration_text(const struct kh_migration *judging, size_t index, const char *path)
{
	return kh_report_text_at(json_object_get(judging->reports[index].document, "machine"),
				 path);
}

json_t *kh_migration_value(const struct kh_migration *judging, size_t index, const char *path)
{
	return kh_report_at(json_object_get(judging->reports[index].document, "machine"), path);
}

char *kh_migration_labels(const struct kh_migration *judging, const bool *chosen)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < judging->count; i++)
		if (chosen[i])
			kh_strv_add(&names, judging->reports[i].label);
	return kh_strv_join(&names, ", ");
}

/* ---- huge pages ---- */

static long long pool_pages(const json_t *pools, long long size_kib)
{
	size_t index;
	json_t *pool;
	json_array_foreach(pools, index, pool)
	{
		if (kh_report_number_at(pool, "size_kib") == size_kib &&
		    json_is_null(json_object_get(pool, "node")))
			return kh_report_number_at(pool, "total_pages");
	}
	return 0;
}

static void judge_size(struct kh_migration *judging, long long size_kib, const char *size)
{
	kh_auto(kh_free) bool *has = kh_alloc(judging->count * sizeof(bool));
	kh_auto(kh_free) bool *lacks = kh_alloc(judging->count * sizeof(bool));
	bool is_used = false, is_missing = false;
	for (size_t i = 0; i < judging->count; i++) {
		const json_t *pools = kh_migration_value(judging, i, "facts.memory.pools");
		if (!json_is_array(pools))
			continue;
		has[i] = pool_pages(pools, size_kib) > 0;
		lacks[i] = !has[i];
		is_used = is_used || has[i];
		is_missing = is_missing || lacks[i];
	}
	if (!is_used || !is_missing)
		return;
	kh_auto(kh_free) char *from = kh_migration_labels(judging, has);
	kh_auto(kh_free) char *to = kh_migration_labels(judging, lacks);
	kh_migration_add(
		judging, KH_WORD("blocker"), "huge pages",
		kh_printf(
			"guests of %s backed by pages of %s cannot move to %s: none are reserved there",
			from, size, to),
		"configure the same 'hugepages.pools' on all hosts, then 'kvmhost apply' and reboot");
}

static void judge_pages(struct kh_migration *judging)
{
	/* All sizes that x86-64 has. */
	judge_size(judging, 2048, "2M");
	judge_size(judging, 1048576, "1G");
}

/* ---- versions ---- */

static long version_part(const char **text)
{
	char *end;
	long part = strtol(*text, &end, 10);
	*text = *end == '.' ? end + 1 : "";
	return part;
}

int kh_report_compare_versions(const char *left, const char *right)
{
	if (!left || !right)
		return (left != NULL) - (right != NULL);
	const char *texts[] = {left, right};
	for (size_t i = 0; i < 2; i++) {
		const char *colon = strchr(texts[i], ':');
		texts[i] = colon ? colon + 1 : texts[i];
	}
	for (int part = 0; part < 2; part++) {
		long a = version_part(&texts[0]), b = version_part(&texts[1]);
		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}

struct versioned {
	const char *what, *path, *level, *form, *fix;
};

/* The newest and the oldest of those that have it, when major or minor differ. */
static void judge_version(struct kh_migration *judging, const struct versioned *rule)
{
	size_t newest = judging->count, oldest = judging->count;
	for (size_t i = 0; i < judging->count; i++) {
		const char *version = kh_migration_text(judging, i, rule->path);
		if (!version)
			continue;
		if (newest == judging->count ||
		    kh_report_compare_versions(version,
					       kh_migration_text(judging, newest, rule->path)) > 0)
			newest = i;
		if (oldest == judging->count ||
		    kh_report_compare_versions(version,
					       kh_migration_text(judging, oldest, rule->path)) < 0)
			oldest = i;
	}
	if (newest == oldest || newest == judging->count)
		return;
	const char *high = kh_migration_text(judging, newest, rule->path);
	const char *low = kh_migration_text(judging, oldest, rule->path);
	if (kh_report_compare_versions(high, low) == 0)
		return;
	kh_migration_add(judging, rule->level, rule->what,
			 kh_printf("%s: %s %s on %s, %s on %s", rule->form, rule->what, high,
				   judging->reports[newest].label, low,
				   judging->reports[oldest].label),
			 rule->fix);
}

static void judge_versions(struct kh_migration *judging)
{
	static const struct versioned rules[] = {
		{"QEMU", "programs.qemu.version", KH_WORD("blocker"),
		 "guests with the newest machine type of the newer QEMU cannot move to the older",
		 "name a machine type in the guests that all hosts have ('qemu-system-x86_64 "
		 "-machine help'), or choose one QEMU with 'qemu.version' on all hosts"},
		{"libvirt", "programs.libvirt.version", KH_WORD("warning"),
		 "a newer libvirt may hand over what the older does not know",
		 "choose one libvirt with 'libvirt.version' on all hosts, or migrate upwards only"},
		{"kernel", "facts.os.kernel_release", KH_WORD("warning"),
		 "KVM of the newer kernel may hold guest state that the older cannot take",
		 "choose one kernel with 'kernel.version' on all hosts, or migrate upwards only"},
	};
	for (size_t i = 0; i < KH_COUNT(rules); i++)
		judge_version(judging, &rules[i]);
}

/* ---- what has to be there on both sides ---- */

static void judge_presence(struct kh_migration *judging, const char *what, const char *path)
{
	kh_auto(kh_free) bool *lacks = kh_alloc(judging->count * sizeof(bool));
	bool is_missing = false, is_there = false;
	for (size_t i = 0; i < judging->count; i++) {
		if (!json_is_object(kh_migration_value(judging, i, "programs")))
			continue;
		lacks[i] = !kh_migration_value(judging, i, path);
		is_missing = is_missing || lacks[i];
		is_there = is_there || !lacks[i];
	}
	if (!is_missing || !is_there)
		return;
	kh_auto(kh_free) char *names = kh_migration_labels(judging, lacks);
	kh_migration_add(judging, KH_WORD("blocker"), what, kh_printf("%s has no %s", names, what),
			 "'kvmhost apply' there");
}

static bool has_bridge(const struct kh_migration *judging, size_t host, const char *bridge)
{
	size_t index;
	json_t *link;
	json_array_foreach(kh_migration_value(judging, host, "facts.net.links"), index, link)
	{
		if (strcmp(kh_json_get(link, "kind"), "bridge") == 0 &&
		    strcmp(kh_json_get(link, "name"), bridge) == 0)
			return true;
	}
	return false;
}

/* A guest's card names its bridge. */
static void judge_bridge(struct kh_migration *judging)
{
	kh_auto(kh_free) bool *lacks = kh_alloc(judging->count * sizeof(bool));
	kh_auto(kh_strv_done) struct kh_strv bridges = {0};
	for (size_t i = 0; i < judging->count; i++) {
		const char *bridge = kh_migration_text(judging, i, "bridge");
		if (bridge && has_bridge(judging, i, bridge) && !kh_strv_has(&bridges, bridge))
			kh_strv_add(&bridges, bridge);
	}
	for (size_t b = 0; b < bridges.count; b++) {
		bool is_missing = false;
		for (size_t i = 0; i < judging->count; i++) {
			lacks[i] = kh_migration_value(judging, i, "facts.net") &&
				   !has_bridge(judging, i, bridges.items[b]);
			is_missing = is_missing || lacks[i];
		}
		kh_auto(kh_free) char *names = kh_migration_labels(judging, lacks);
		if (is_missing)
			kh_migration_add(
				judging, KH_WORD("blocker"), "bridge",
				kh_printf(
					"guests attached to %s cannot move to %s: there is no such "
					"bridge",
					bridges.items[b], names),
				"use one 'bridge.name' on all hosts, then 'kvmhost apply bridge'");
	}
}

static void judge_nested(struct kh_migration *judging)
{
	kh_auto(kh_free) bool *on = kh_alloc(judging->count * sizeof(bool));
	kh_auto(kh_free) bool *off = kh_alloc(judging->count * sizeof(bool));
	bool has_on = false, has_off = false;
	for (size_t i = 0; i < judging->count; i++) {
		const json_t *nested = kh_migration_value(judging, i, "nested");
		on[i] = json_is_true(nested);
		off[i] = json_is_false(nested);
		has_on = has_on || on[i];
		has_off = has_off || off[i];
	}
	if (!has_on || !has_off)
		return;
	kh_auto(kh_free) char *from = kh_migration_labels(judging, on);
	kh_auto(kh_free) char *to = kh_migration_labels(judging, off);
	kh_migration_add(
		judging, KH_WORD("warning"), "nested virtualization",
		kh_printf("guests of %s that run guests themselves cannot move to %s", from, to),
		"set 'modules.options' kvm_intel or kvm_amd 'nested' alike on all hosts");
}

json_t *kh_report_migration(const struct kh_compared *reports, size_t count)
{
	struct kh_migration judging = {reports, count, json_array()};
	kh_migration_judge_cpu(&judging);
	judge_pages(&judging);
	judge_presence(&judging, "QEMU", "programs.qemu");
	judge_presence(&judging, "libvirt", "programs.libvirt");
	judge_versions(&judging);
	judge_bridge(&judging);
	judge_nested(&judging);
	return judging.findings;
}
