/* grub_dropin.c - our drop-in for Debian's update-grub, and who comes after it.
 *
 * Drop-ins are sourced after /etc/default/grub; ours appends to GRUB_CMDLINE_LINUX_DEFAULT, which
 * recovery entries do not get. Where somebody gave one of our arguments another value, it also
 * takes that one out: when it is read, since what a command or a sourced file says is known only
 * then. Source: grub-mkconfig of Debian 11-13, which sources every .cfg in
 * /etc/default/grub.d.
 */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "grub/default_file.h"
#include "stages/grub.h"

static const char dropin_dir[] = "/etc/default/grub.d";
static const char dropin_name[] = "90-kvmhost.cfg";
const char *const kh_grub_dropin_path = "/etc/default/grub.d/90-kvmhost.cfg";
static const char linux_default[] = "GRUB_CMDLINE_LINUX_DEFAULT";
static const char *const variables[] = {"GRUB_CMDLINE_LINUX", linux_default};

bool kh_grub_uses_dropins(const struct kh_facts_boot *boot)
{
	return boot->mkconfig && kh_str_ends(boot->mkconfig, "/update-grub");
}

/* ---- what others say ---- */

/* All values, whatever the variable: $X in a command line may stand for any of them. */
static void add_words(const char *text, struct kh_str *words)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};
	kh_default_file_parse(text, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct kh_default_assignment *one = &all.items[i];
		kh_auto(kh_free) char *line = kh_printf(
			"%s=%.*s", one->name, (int)(one->end - one->start), text + one->start);
		kh_auto(kh_free) char *value = kh_default_file_value(line, one->name, NULL);
		kh_str_addf(words, " %s", value ? value : "");
	}
}

char *kh_grub_others_words(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/default/grub");
	struct kh_str words = {0};
	add_words(text ? text : "", &words);
	kh_root_list(root, dropin_dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!kh_str_ends(names.items[i], ".cfg") ||
		    strcmp(names.items[i], dropin_name) == 0)
			continue;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dropin_dir, names.items[i]);
		kh_auto(kh_free) char *more = kh_root_text(root, path);
		add_words(more ? more : "", &words);
	}
	return kh_str_take(&words);
}

/* ---- what must go ---- */

/* A shell pattern of this key and nothing else: in a key '-' and '_' are the same. */
static void add_key(struct kh_str *pattern, const char *text)
{
	for (; *text; text++) {
		if (strchr("-_", *text))
			kh_str_add(pattern, "[-_]");
		else if (isalnum((unsigned char)*text) || strchr("._=,:/+-", *text))
			kh_str_addf(pattern, "%c", *text);
		else
			kh_str_addf(pattern, "\\%c", *text);
	}
}

static void add_separator(struct kh_str *patterns)
{
	kh_str_add(patterns, patterns->length ? " | " : "");
}

/* Shell patterns of the words that must go, "a | a=* | b=*"; "''" when none has to. */
static char *patterns_to_strip(const struct kh_cmdline_groups *groups)
{
	struct kh_str patterns = {0};
	for (size_t g = 0; g < groups->count; g++) {
		const struct kh_cmdline_group *group = &groups->items[g];
		for (size_t k = 0; k < group->keys.count && !group->is_repeatable; k++) {
			add_separator(&patterns);
			add_key(&patterns, group->keys.items[k]);
			kh_str_add(&patterns, " | ");
			add_key(&patterns, group->keys.items[k]);
			kh_str_add(&patterns, "=*");
		}
	}
	if (patterns.length == 0)
		kh_str_add(&patterns, "''");
	return kh_str_take(&patterns);
}

/* ---- the file ---- */

static char *single_quoted(const char *text)
{
	struct kh_str out = {0};
	kh_str_add(&out, "'");
	for (; *text; text++)
		kh_str_addf(&out, *text == '\'' ? "'\\%c'" : "%c", *text);
	kh_str_add(&out, "'");
	return kh_str_take(&out);
}

/* What may stand several times (console=) stays where somebody else put it: taken out of
 * GRUB_CMDLINE_LINUX, recovery entries would lose it. Such words, already said, become lines of the
 * drop-in that look when it is read; the others are added as they are. */
static void split_words(const struct kh_cmdline_groups *groups, const char *others,
			struct kh_strv *added, struct kh_str *once)
{
	kh_auto(kh_strv_done) struct kh_strv said = {0};
	kh_cmdline_split(others, &said);
	for (size_t g = 0; g < groups->count; g++) {
		const struct kh_cmdline_group *group = &groups->items[g];
		for (size_t w = 0; w < group->words.count; w++) {
			const char *word = group->words.items[w];
			kh_auto(kh_free) char *quoted = single_quoted(word);
			if (group->is_repeatable && kh_strv_has(&said, word))
				kh_str_addf(once, "\nkvmhost_once %s", quoted);
			else
				kh_strv_add(added, word);
		}
	}
}

static int fill_dropin(const struct kh_grub_work *work, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv added = {0};
	kh_auto(kh_str_done) struct kh_str once = {0};
	kh_auto(kh_free) char *others = kh_grub_others_words(work->context->root);
	split_words(&work->groups, others, &added, &once);
	kh_auto(kh_free) char *joined = kh_strv_join(&added, " ");
	kh_auto(kh_free) char *quoted = single_quoted(joined);
	kh_auto(kh_free) char *patterns = patterns_to_strip(&work->groups);
	const struct kh_template_value values[] = {{"ARGUMENTS", quoted},
						   {"PATTERNS", patterns},
						   {"ONCE", kh_str_text(&once)},
						   {NULL, NULL}};
	return kh_template_fill(work->context->root, "etc/default/grub.d/90-kvmhost.cfg.in", values,
				ret_text, err);
}

/* Ours come behind the operator's words of this variable, and so behind a "--" in it. */
static int refuse_two_dashes(const struct kh_root *root, struct kh_error *err)
{
	static const char path[] = "/etc/default/grub", variable[] = "GRUB_CMDLINE_LINUX";
	int line = 0;
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_free) char *value = text ? kh_default_file_value(text, variable, &line) : NULL;
	kh_auto(kh_free) char *kernels = value ? kh_cmdline_kernel(value) : NULL;
	if (!value || strcmp(kernels, kh_str_trim(value)) == 0)
		return 0;
	kh_fail(err, KH_HOST, 0,
		"%s:%d: %s has '--': what follows is for init, and the kernel would not see what "
		"is added behind it",
		path, line, variable);
	return kh_hint(err, "move '--' and what follows to the end of GRUB_CMDLINE_LINUX_DEFAULT");
}

int kh_grub_plan_dropin(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_wanted(&work->groups, &words);
	if (words.count == 0)
		return kh_plan_remove_file(plan, kh_grub_dropin_path,
					   "no kernel argument is wanted", err);
	kh_auto(kh_free) char *text = NULL;
	if (refuse_two_dashes(work->context->root, err) != 0)
		return -1;
	if (fill_dropin(work, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, kh_grub_dropin_path, text, 0,
				"kernel arguments for every normal entry", err);
}

/* ---- who comes after ours ---- */

/* What one later file does to the group, or NULL. */
static char *override_in(const char *path, const char *text, const struct kh_cmdline_group *group)
{
	for (size_t v = 0; v < KH_COUNT(variables); v++) {
		int line = 0;
		kh_auto(kh_free) char *value = kh_default_file_value(text, variables[v], &line);
		if (!value || kh_cmdline_has(value, group))
			continue;
		if (variables[v] == linux_default && kh_default_file_overrides(text, linux_default))
			return kh_printf("%s:%d, which sets %s afresh after %s", path, line,
					 linux_default, kh_grub_dropin_path);
		kh_auto(kh_free) char *found = kh_cmdline_found(value, group);
		if (found && !group->is_repeatable)
			return kh_printf("%s:%d, which says '%s'", path, line, found);
	}
	return NULL;
}

/* Debian only: elsewhere nothing reads the directory. */
static char *later_dropin(const struct kh_grub_work *work, const struct kh_cmdline_group *group)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	const struct kh_root *root = work->context->root;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (boot->loader != KH_LOADER_GRUB || !kh_grub_uses_dropins(boot))
		return NULL;
	kh_root_list(root, dropin_dir, &names);
	for (size_t i = names.count; i > 0 && strcmp(names.items[i - 1], dropin_name) > 0; i--) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dropin_dir, names.items[i - 1]);
		kh_auto(kh_free) char *text =
			kh_str_ends(path, ".cfg") ? kh_root_text(root, path) : NULL;
		char *who = text ? override_in(path, text, group) : NULL;
		if (who)
			return who;
	}
	return NULL;
}

/* tuned's arguments come in through $tuned_params, behind ours. */
static char *tuned_arguments(const struct kh_root *root, const struct kh_cmdline_group *group)
{
	static const char path[] = "/etc/tuned/bootcmdline";
	int line = 0;
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_free) char *value =
		text ? kh_default_file_value(text, "TUNED_BOOT_CMDLINE", &line) : NULL;
	kh_auto(kh_free) char *found = value ? kh_cmdline_found(value, group) : NULL;
	if (!found || group->is_repeatable)
		return NULL;
	return kh_printf("%s:%d (tuned), which says '%s'", path, line, found);
}

char *kh_grub_overrider(const struct kh_grub_work *work, const struct kh_cmdline_group *group)
{
	char *who = later_dropin(work, group);
	return who ? who : tuned_arguments(work->context->root, group);
}
