/* entries.c - see entries.h. */
#include "grub/entries.h"

#include <string.h>

#include "core/base/mem.h"

struct kh_boot_entry *kh_boot_entries_add(struct kh_boot_entries *entries, const char *file)
{
	struct kh_boot_entry *entry = kh_append(entries->items, entries->count);

	entry->file = kh_strdup(file);
	return entry;
}

void kh_boot_entries_done(struct kh_boot_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		struct kh_boot_entry *entry = &entries->items[i];

		kh_free(&entry->file);
		kh_free(&entry->title);
		kh_free(&entry->id);
		kh_free(&entry->kernel);
		kh_free(&entry->arguments);
		kh_free(&entry->position);
		kh_free(&entry->path);
	}
	kh_free(&entries->items);
	memset(entries, 0, sizeof(*entries));
}

/* Words that make a boot one for repair. Source: init(8), systemd(1) "Kernel Command Line";
 * Ubuntu's grub.d/10_linux uses "recovery". */
static bool is_repair(const char *arguments)
{
	static const char *const words[] = {"single",
					    "recovery",
					    "rescue",
					    "emergency",
					    "1",
					    "s",
					    "S",
					    "systemd.unit=rescue.target",
					    "systemd.unit=emergency.target"};

	for (size_t i = 0; i < KH_COUNT(words); i++)
		if (kh_str_has_word(arguments, words[i]))
			return true;
	return false;
}

static bool mentions(const char *text, const char *what)
{
	return text != NULL && strstr(text, what) != NULL;
}

enum kh_entry_kind kh_boot_entry_classify(const struct kh_boot_entry *entry)
{
	if (entry->kernel == NULL || mentions(entry->id, KH_TRIAL_ID))
		return KH_ENTRY_OTHER;
	if (mentions(entry->id, KH_FALLBACK_ID) || mentions(entry->title, KH_FALLBACK_TITLE))
		return KH_ENTRY_FALLBACK;
	if (is_repair(entry->arguments) || mentions(entry->id, "-recovery-") ||
	    mentions(entry->kernel, "-rescue") || mentions(entry->title, "(recovery mode)"))
		return KH_ENTRY_RECOVERY;
	return KH_ENTRY_NORMAL;
}

const struct kh_boot_entry *kh_boot_entries_default(const struct kh_boot_entries *entries)
{
	return entries->default_at < entries->count ? &entries->items[entries->default_at] : NULL;
}

const struct kh_boot_entry *kh_boot_entries_fallback(const struct kh_boot_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].kind == KH_ENTRY_FALLBACK)
			return &entries->items[i];
	return NULL;
}

const struct kh_boot_entry *kh_boot_entries_of_release(const struct kh_boot_entries *entries,
						       const char *release)
{
	for (size_t i = 0; release != NULL && i < entries->count; i++) {
		const struct kh_boot_entry *entry = &entries->items[i];

		if (entry->kind != KH_ENTRY_NORMAL)
			continue;
		kh_auto(kh_free) char *its = kh_boot_release(entry->kernel);
		if (its != NULL && strcmp(its, release) == 0)
			return entry;
	}
	return NULL;
}

char *kh_boot_release(const char *kernel)
{
	static const char *const prefixes[] = {"vmlinuz-", "kernel-", "linux-", "bzImage-"};

	if (kernel == NULL)
		return NULL;
	const char *slash = strrchr(kernel, '/');
	const char *name = slash != NULL ? slash + 1 : kernel;
	for (size_t i = 0; i < KH_COUNT(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) != 0 || name[length] == '\0')
			continue;
		char *release = kh_strdup(name + length);
		char *signature = strstr(release, ".efi.signed");

		if (signature != NULL)
			*signature = '\0';
		return release;
	}
	return NULL;
}

char *kh_grubenv_value(const char *text, const char *name)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	size_t length = strlen(name);

	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		struct kh_str value = {0};

		if (strncmp(line, name, length) != 0 || line[length] != '=')
			continue;
		for (const char *c = line + length + 1; *c != '\0'; c++) {
			if (*c == '\\' && c[1] != '\0')
				c++;
			kh_str_add_bytes(&value, c, 1);
		}
		return kh_str_take(&value);
	}
	return NULL;
}
