/* trial_entry.c - see trial_entry.h. */
#include "grub/trial_entry.h"

#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/cmdline.h"
#include "grub/grub_cfg.h"
#include "grub/trial.h"

static void add_word(struct kh_cmdline_groups *groups, const char *word)
{
	kh_auto(kh_free) char *key = kh_cmdline_key(word);
	struct kh_cmdline_group *group =
		kh_cmdline_add_group(groups, key, "a boot that fails ends in a reboot");
	kh_strv_add(&group->keys, key);
	kh_strv_add(&group->words, word);
}

char *kh_trial_entry_arguments(const char *arguments, const char *mark)
{
	struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, kh_trial_words, " ");
	for (size_t i = 0; i < words.count; i++)
		add_word(&groups, words.items[i]);
	add_word(&groups, mark ? mark : KH_TRIAL_MARK "=kernel");
	char *merged = kh_cmdline_merge(arguments ? arguments : "", &groups);
	kh_cmdline_groups_done(&groups);
	return merged;
}

static char *replace(const char *text, const char *old, const char *new)
{
	struct kh_str out = {0};
	for (const char *at = strstr(text, old); at; at = strstr(text, old)) {
		kh_str_add_bytes(&out, text, (size_t)(at - text));
		kh_str_add(&out, new);
		text = at + strlen(old);
	}
	kh_str_add(&out, text);
	return kh_str_take(&out);
}

/* In lines that begin with one of these commands, the other release. */
static char *replace_lines(const char *text, const char *const *commands, size_t count,
			   const char *old, const char *new)
{
	struct kh_str out = {0};
	while (*text) {
		size_t whole = strcspn(text, "\n");
		whole += text[whole] == '\n';
		kh_auto(kh_free) char *line = kh_strndup(text, whole);
		const char *start = line + strspn(line, " \t");
		kh_auto(kh_free) char *word = kh_strndup(start, strcspn(start, " \t\n"));
		kh_auto(kh_free) char *replaced = replace(line, old, new);
		kh_str_add(&out, kh_str_is_one_of(word, commands, count) ? replaced : line);
		text += whole;
	}
	return kh_str_take(&out);
}

static char *title_of(const struct kh_boot_entry *source, const char *old, const char *new)
{
	kh_auto(kh_free) char *title = replace(source->title, old, new);
	return kh_printf("%s, " KH_TRIAL_TITLE, title);
}

char *kh_trial_entry_grub(const char *cfg, const struct kh_boot_entry *source, const char *id,
			  const char *release, const char *arguments)
{
	static const char *const commands[] = {"initrd", "initrd16", "initrdefi", "echo",
					       "devicetree"};
	kh_auto(kh_free) char *old = kh_boot_release(source->kernel);
	if (!old)
		return NULL;
	kh_auto(kh_free) char *title = title_of(source, old, release);
	kh_auto(kh_free) char *kernel = replace(source->kernel, old, release);
	struct kh_boot_entry wanted = *source;
	wanted.kernel = kernel;
	kh_auto(kh_free) char *entry = kh_grub_cfg_copy_entry(cfg, &wanted, title, id, arguments);
	return replace_lines(entry, commands, KH_COUNT(commands), old, release);
}

char *kh_trial_entry_bls(const char *text, const struct kh_boot_entry *source, const char *release,
			 const char *arguments)
{
	static const char *const files[] = {"linux", "initrd", "devicetree"};
	static const char *const version[] = {"version"};
	kh_auto(kh_free) char *old = kh_boot_release(source->kernel);
	if (!old)
		return NULL;
	kh_auto(kh_free) char *title = title_of(source, old, release);
	kh_auto(kh_free) char *copy = kh_bls_copy(text, title, arguments);
	kh_auto(kh_free) char *named = replace_lines(copy, files, KH_COUNT(files), old, release);
	return replace_lines(named, version, KH_COUNT(version), KH_FALLBACK_ID, KH_TRIAL_ID);
}

static const struct kh_boot_entry *find(const struct kh_boot_entries *entries, const char *id)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].id && kh_str_ends(entries->items[i].id, id))
			return &entries->items[i];
	return NULL;
}

const struct kh_boot_entry *kh_trial_entry_find(const struct kh_boot_entries *entries)
{
	return find(entries, KH_TRIAL_ID);
}

const struct kh_boot_entry *kh_trial_entry_find_arguments(const struct kh_boot_entries *entries)
{
	return find(entries, KH_TRIAL_ARGUMENTS_ID);
}

const struct kh_boot_entry *kh_trial_entry_lasting(const struct kh_boot_entries *entries,
						   const char *release)
{
	for (size_t i = 0; release && i < entries->count; i++) {
		const struct kh_boot_entry *entry = &entries->items[i];
		kh_auto(kh_free) char *its = kh_boot_release(entry->kernel);
		if (entry->kind == KH_ENTRY_NORMAL && its && strcmp(its, release) == 0 &&
		    entry->path && strstr(entry->path, release))
			return entry;
	}
	return NULL;
}
