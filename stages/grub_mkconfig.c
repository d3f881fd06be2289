/* grub_mkconfig.c - GRUB 2 whose grub.cfg is generated: by update-grub or by grub2-mkconfig.
 *
 * Debian's update-grub reads drop-ins after /etc/default/grub; ours appends to GRUB_CMDLINE_LINUX_DEFAULT,
 * which recovery entries do not get. Where somebody gave one of our arguments another value, the drop-in
 * also takes that one out. Elsewhere /etc/default/grub is edited. The fallback is a script in /etc/grub.d
 * that prints one entry, copied as it was before us; it comes last, so that numbered defaults stay true.
 * Source: grub-mkconfig of Debian 11-13, which sources every .cfg in /etc/default/grub.d.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "grub/default_file.h"
#include "grub/grub_cfg.h"
#include "stages/grub.h"

static const char dropin_dir[] = "/etc/default/grub.d";
static const char dropin_path[] = "/etc/default/grub.d/90-kvmhost.cfg";
static const char fallback_path[] = "/etc/grub.d/45_kvmhost_fallback";
static const char *const variables[] = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"};

static bool is_update_grub(const struct kh_facts_boot *boot)
{
	return boot->mkconfig && kh_str_ends(boot->mkconfig, "/update-grub");
}

/* ---- Debian's drop-in ---- */

/* Everything the two variables are made of, ours left out. */
static char *others_words(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	struct kh_str all = {0};
	kh_strv_add(&paths, "/etc/default/grub");
	kh_root_list(root, dropin_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".cfg") && !kh_str_ends(dropin_path, names.items[i]))
			kh_strv_addf(&paths, "%s/%s", dropin_dir, names.items[i]);
	for (size_t i = 0; i < paths.count; i++) {
		kh_auto(kh_free) char *text = kh_root_text(root, paths.items[i]);
		for (size_t v = 0; text && v < KH_COUNT(variables); v++) {
			kh_auto(kh_free) char *value =
				kh_default_file_value(text, variables[v], NULL);
			kh_str_addf(&all, " %s", value ? value : "");
		}
	}
	return kh_str_take(&all);
}

static void add_pattern(struct kh_str *patterns, const char *pattern)
{
	kh_str_addf(patterns, "%s%s", patterns->length ? " | " : "", pattern);
}

/* Shell patterns of the words that must go, "a | a=* | b=*"; "" when nothing stands in our way. */
static char *patterns_to_strip(const struct kh_cmdline_groups *groups, const char *others)
{
	struct kh_str patterns = {0};
	for (size_t g = 0; g < groups->count; g++) {
		const struct kh_cmdline_group *group = &groups->items[g];
		kh_auto(kh_free) char *found = kh_cmdline_found(others, group);
		if (!found)
			continue;
		for (size_t k = 0; k < group->keys.count && !group->is_repeatable; k++) {
			kh_auto(kh_free) char *bare = kh_strdup(group->keys.items[k]);
			kh_auto(kh_free) char *valued = kh_printf("%s=*", bare);
			add_pattern(&patterns, bare);
			add_pattern(&patterns, valued);
		}
		for (size_t w = 0; w < group->words.count && group->is_repeatable; w++)
			add_pattern(&patterns, group->words.items[w]);
	}
	return kh_str_take(&patterns);
}

static char *single_quoted(const char *text)
{
	struct kh_str out = {0};
	kh_str_add(&out, "'");
	for (; *text; text++)
		if (*text == '\'')
			kh_str_add(&out, "'\\''");
		else
			kh_str_add_bytes(&out, text, 1);
	kh_str_add(&out, "'");
	return kh_str_take(&out);
}

static int plan_dropin(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_wanted(&work->groups, &words);
	if (words.count == 0)
		return kh_plan_remove_file(plan, dropin_path, "no kernel argument is wanted", err);
	kh_auto(kh_free) char *joined = kh_strv_join(&words, " ");
	kh_auto(kh_free) char *quoted = single_quoted(joined);
	kh_auto(kh_free) char *others = others_words(work->context->root);
	kh_auto(kh_free) char *patterns = patterns_to_strip(&work->groups, others);
	const struct kh_template_value values[] = {
		{"ARGUMENTS", quoted}, {"PATTERNS", patterns}, {NULL, NULL}};
	const char *source = *patterns ? "etc/default/grub.d/90-kvmhost-strip.cfg.in"
				       : "etc/default/grub.d/90-kvmhost.cfg.in";
	kh_auto(kh_free) char *text = NULL;
	if (kh_template_fill(work->context->root, source, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, dropin_path, text, 0,
				"kernel arguments for every normal entry", err);
}

/* ---- the entry "as before kvmhost" ---- */

/* Does the fallback that is there still boot a kernel that is there? */
static bool is_fallback_good(const struct kh_root *root, const char *script)
{
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(script, fallback_path, NULL, &entries);
	const struct kh_boot_entry *entry = kh_boot_entries_fallback(&entries);
	const char *slash = entry ? strrchr(entry->kernel, '/') : NULL;
	kh_auto(kh_free) char *kernel = kh_printf("/boot%s", slash ? slash : "/?");
	bool is_good = slash && kh_root_exists(root, kernel);
	kh_boot_entries_done(&entries);
	return is_good;
}

static int plan_fallback(const struct kh_grub_work *work, struct kh_plan *plan,
			 struct kh_error *err)
{
	const struct kh_root *root = work->context->root;
	const char *cfg_path = work->context->facts->boot.grub_cfg;
	const struct kh_boot_entry *source = kh_grub_fallback_source(work);
	kh_auto(kh_free) char *now = kh_root_text(root, fallback_path);
	if (now && is_fallback_good(root, now))
		return kh_plan_put_file(plan, fallback_path, now, 0755, "it must be executable", err);
	kh_auto(kh_free) char *cfg = kh_root_text(root, cfg_path);
	if (!source || !cfg) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "no entry '" KH_FALLBACK_TITLE "': %s has no normal entry to copy",
			     cfg_path);
		return 0;
	}
	kh_auto(kh_free) char *title = kh_grub_fallback_title(source);
	kh_auto(kh_free) char *arguments = kh_grub_fallback_arguments(work, source);
	kh_auto(kh_free) char *entry =
		kh_grub_cfg_copy_entry(cfg, source, title, KH_FALLBACK_ID, arguments);
	const struct kh_template_value values[] = {{"ENTRY", entry}, {NULL, NULL}};
	kh_auto(kh_free) char *script = NULL;
	if (kh_template_fill(root, "etc/grub.d/45_kvmhost_fallback.in", values, &script, err) != 0)
		return -1;
	return kh_plan_put_file(plan, fallback_path, script, 0755,
				"an entry to boot as before, whatever the arguments do", err);
}

/* ---- reading back ---- */

/* What is wrong with the generated menu, or NULL. Owned. */
static char *find_fault(const struct kh_grub_work *work, bool has_fallback)
{
	const struct kh_boot_entries *entries = &work->entries;
	const char *path = work->context->facts->boot.grub_cfg;
	for (size_t i = 0; i < entries->count; i++) {
		const struct kh_boot_entry *entry = &entries->items[i];
		if (entry->kind != KH_ENTRY_NORMAL)
			continue;
		kh_auto(kh_free) char *wrong = kh_cmdline_judge(entry->arguments, &work->groups);
		if (wrong)
			return kh_printf("entry '%s' in %s:%d %s", entry->title, path, entry->line,
					 wrong);
	}
	if (has_fallback && !kh_boot_entries_fallback(entries))
		return kh_printf("%s has no entry '" KH_FALLBACK_TITLE "'", path);
	for (size_t i = 0; i < work->stale.count; i++)
		for (size_t e = 0; e < entries->count; e++)
			if (entries->items[e].kind == KH_ENTRY_NORMAL &&
			    kh_str_has_word(entries->items[e].arguments, work->stale.items[i]))
				return kh_printf("entry '%s' in %s:%d still has '%s'",
						 entries->items[e].title, path,
						 entries->items[e].line, work->stale.items[i]);
	return NULL;
}

static int plan_generator(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	bool is_changed = kh_plan_has(plan, dropin_path) || kh_plan_has(plan, fallback_path) ||
			  kh_plan_has(plan, "/etc/default/grub");
	bool has_fallback = kh_plan_has(plan, fallback_path) ||
			    kh_root_exists(work->context->root, fallback_path);
	kh_auto(kh_free) char *fault = find_fault(work, has_fallback);
	if (!is_changed && !fault)
		return 0;
	const char *const direct[] = {boot->mkconfig, NULL};
	const char *const with_output[] = {boot->mkconfig, "-o", boot->grub_cfg, NULL};
	const char *const outputs[] = {boot->grub_cfg, NULL};
	struct kh_plan_command command = {
		.argv = is_update_grub(boot) ? direct : with_output,
		.outputs = outputs,
		.why = fault ? fault : "what the menu is generated from changed"};
	return kh_plan_trigger(plan, "regenerate grub.cfg", &command, err);
}

int kh_grub_plan_mkconfig(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (!boot->mkconfig) {
		kh_fail(err, KH_HOST, 0, "'%s' is there, but nothing that generates it",
			boot->grub_cfg);
		return kh_hint(err, "install grub2-common (Debian) or grub2-tools (CentOS family)");
	}
	int result = is_update_grub(boot) ? plan_dropin(work, plan, err)
					  : kh_grub_plan_default_file(work, plan, err);
	if (result != 0 || plan_fallback(work, plan, err) != 0)
		return -1;
	return plan_generator(work, plan, err);
}
