/* grub_check.c - stage grub's part of the report: arguments three ways, the menu, the way back. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "grub/trial_entry.h"
#include "stages/grub.h"

static const char fix[] = "kvmhost apply grub, then reboot";

/* What a command line has of a group: the wanted words when it is all well, else what stands there.
 */
static char *state_of(const char *arguments, const struct kh_cmdline_group *group,
		      const char *wanted)
{
	if (!arguments)
		return NULL;
	if (kh_cmdline_has(arguments, group))
		return kh_strdup(wanted);
	char *found = kh_cmdline_found(arguments, group);
	return found ? found : kh_strdup(KH_WORD("absent"));
}

/* Below another root the menu's generator is left to that host: what it would write is there, and
 * the menu does not show it yet. */
static bool is_left(const struct kh_grub_work *work, const struct kh_cmdline_group *group)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (work->context->root->is_live || boot->loader != KH_LOADER_GRUB || !boot->mkconfig)
		return false;
	for (size_t i = 0; i < group->words.count; i++)
		if (!kh_strv_has(&work->written, group->words.items[i]))
			return false;
	return true;
}

static bool is_all_left(const struct kh_grub_work *work)
{
	bool is = work->way != KH_GRUB_HOLD && work->groups.count > 0;
	for (size_t i = 0; is && i < work->groups.count; i++)
		is = is_left(work, &work->groups.items[i]);
	return is;
}

/* To apply once more would find nothing to do. Owned. */
static char *run_generator(const struct kh_grub_work *work)
{
	return kh_printf("run '%s' on that host, then reboot", work->context->facts->boot.mkconfig);
}

static void check_group(const struct kh_grub_work *work, const struct kh_cmdline_group *group,
			struct kh_report *report)
{
	/* What the next boot has: the trial's entry when that is chosen for it. */
	const struct kh_boot_entry *trial =
		work->state == KH_TRIAL_ARMED && work->way == KH_GRUB_TRY
			? kh_trial_entry_find_arguments(&work->entries)
			: NULL;
	const struct kh_boot_entry *entry = trial ? trial : kh_boot_entries_default(&work->entries);
	kh_auto(kh_free) char *id = kh_printf("boot.arg.%s", group->name);
	kh_auto(kh_free) char *joined = kh_strv_join(&group->words, " ");
	const char *wanted = *joined ? joined : KH_WORD("absent");
	kh_auto(kh_free) char *effective =
		state_of(work->context->facts->boot.cmdline, group, wanted);
	kh_auto(kh_free) char *persisted = state_of(entry ? entry->arguments : NULL, group, wanted);
	kh_auto(kh_free) char *where =
		entry && entry->arguments ? kh_printf("%s:%d", entry->file, entry->line) : NULL;
	struct kh_setting setting = {
		.id = id,
		.wanted = wanted,
		.effective = effective,
		.persisted =
			persisted && strcmp(persisted, "absent") == 0 && *joined ? NULL : persisted,
		.where = where,
		.needs_reboot = true,
		.why = group->why,
		.fix = fix,
	};
	bool is_effective = effective && strcmp(effective, wanted) == 0;
	kh_auto(kh_free) char *who = is_effective ? NULL : kh_grub_overrider(work, group);
	bool is_held = !is_effective && !who && work->way == KH_GRUB_HOLD;
	bool is_in_menu = persisted && strcmp(persisted, wanted) == 0;
	bool waits = !is_effective && !who && !is_held && !is_in_menu && is_left(work, group);
	kh_auto(kh_free) char *gap = who       ? kh_printf("overridden by %s", who)
				     : is_held ? kh_strdup("held back: they failed their trial")
				     : waits ? kh_printf("written, and left to do on that host: %s",
							 work->context->facts->boot.mkconfig)
					     : NULL;
	kh_auto(kh_free) char *left = waits ? run_generator(work) : NULL;
	if (is_held)
		setting.fix = "change them, or look why, then 'kvmhost confirm --retry'";
	if (waits)
		setting.fix = left;
	setting.gap = gap;
	if (work->context->facts->boot.loader == KH_LOADER_NONE)
		setting.no_knob = "no boot loader here that kvmhost can configure";
	kh_report_setting(report, &setting);
}

static void check_result(const struct kh_grub_work *work, struct kh_report *report)
{
	size_t normal = 0, good = 0;
	kh_auto(kh_free) char *first = NULL;
	for (size_t i = 0; i < work->entries.count; i++) {
		const struct kh_boot_entry *entry = &work->entries.items[i];
		if (entry->kind != KH_ENTRY_NORMAL)
			continue;
		normal++;
		kh_auto(kh_free) char *wrong = kh_cmdline_judge(entry->arguments, &work->groups);
		good += wrong == NULL;
		if (wrong && !first)
			first = kh_printf("'%s' %s", entry->title, wrong);
	}
	kh_auto(kh_free) char *found =
		kh_printf("%zu of %zu%s%s", good, normal, first ? ": " : "", first ? first : "");
	kh_auto(kh_free) char *left = is_all_left(work) ? run_generator(work) : NULL;
	struct kh_check_text text = {.expected = "every normal entry, each argument once",
				     .found = found,
				     .why = "a kernel without the arguments boots another host",
				     .fix = good == normal && normal > 0    ? NULL
					    : work->state == KH_TRIAL_ARMED ? "reboot"
					    : left                          ? left
									    : fix};
	kh_report_add(report, "boot.result", good == normal && normal > 0 ? KH_PASS : KH_WARN,
		      &text);
}

static void check_fallback(const struct kh_grub_work *work, struct kh_report *report)
{
	kh_auto(kh_free) char *found = kh_strdup("none found");
	bool is_good = false, is_there = false;
	for (size_t i = 0; i < work->entries.count && !is_good; i++) {
		const struct kh_boot_entry *entry = &work->entries.items[i];
		if (entry->kind != KH_ENTRY_FALLBACK)
			continue;
		is_there = true;
		kh_auto(kh_free) char *fault = kh_grub_fallback_fault(work, entry);
		is_good = fault == NULL;
		kh_free(&found);
		found = is_good ? kh_strdup(entry->title)
				: kh_printf("'%s': %s", entry->title, fault);
	}
	kh_auto(kh_free) char *expected = kh_printf("an entry '%s'", KH_FALLBACK_TITLE);
	kh_auto(kh_free) char *left =
		!is_there && is_all_left(work) &&
				kh_root_exists(work->context->root, kh_grub_fallback_path)
			? run_generator(work)
			: NULL;
	struct kh_check_text text = {
		.expected = expected,
		.found = found,
		.why = "whoever set all memory aside as huge pages can still boot",
		.fix = is_good ? NULL
		       : left  ? left
			       : "kvmhost apply grub"};
	kh_report_add(report, "boot.fallback", is_good ? KH_PASS : KH_WARN, &text);
}

static void check_default(const struct kh_grub_work *work, struct kh_report *report)
{
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	bool is_good = entry && entry->kind == KH_ENTRY_NORMAL;
	struct kh_check_text text = {.expected = "a normal entry of this system",
				     .found = entry ? entry->title : "not known",
				     .why = "it is what boots when nobody is there",
				     .fix = is_good ? NULL
						    : "set GRUB_DEFAULT in /etc/default/grub"};
	kh_report_add(report, "boot.default_entry", is_good ? KH_PASS : KH_WARN, &text);
}

static void check_stale(const struct kh_grub_work *work, struct kh_report *report)
{
	const char *running = work->context->facts->boot.cmdline;
	kh_auto(kh_strv_done) struct kh_strv sentences = {0};
	kh_grub_stale_recipes(work->context, running ? running : "", &sentences);
	kh_auto(kh_free) char *found = kh_strv_join(&sentences, "; ");
	struct kh_check_text text = {.expected = "no argument that does nothing or harm",
				     .found = sentences.count ? found : "none found",
				     .why = "old recipes name arguments that kernels dropped",
				     .fix = sentences.count ? "take them out" : NULL};
	kh_report_add(report, "boot.stale", sentences.count ? KH_WARN : KH_PASS, &text);
}

int kh_grub_check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	kh_auto(kh_grub_done) struct kh_grub_work work = {0};
	if (kh_grub_open(context, &work, err) != 0) {
		/* A configuration the host cannot carry is a finding, not the end of the report. */
		struct kh_check_text text = {.expected = "arguments this host can have",
					     .found = err->message,
					     .why = "the kernel arguments cannot be worked out",
					     .fix = err->hint};
		kh_report_add(report, "boot.arguments", KH_FAIL, &text);
		kh_error_done(err);
		return 0;
	}
	kh_grub_trial_check(&work, report);
	for (size_t i = 0; i < work.groups.count; i++)
		check_group(&work, &work.groups.items[i], report);
	if (context->facts->boot.cmdline)
		check_stale(&work, report);
	if (context->facts->boot.loader == KH_LOADER_NONE)
		return 0;
	check_result(&work, report);
	check_fallback(&work, report);
	check_default(&work, report);
	return 0;
}
