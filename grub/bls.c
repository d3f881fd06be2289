/* bls.c - see bls.h. */
#include "grub/bls.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls_order.h"

const char *const kh_bls_dir = "/boot/loader/entries";

static bool is_key(const char *line, const char *key)
{
	size_t length = strlen(key);
	return strncmp(line, key, length) == 0 && (line[length] == ' ' || line[length] == '\t');
}

static char *line_value(const char *line, const char *key)
{
	kh_auto(kh_free) char *rest = kh_strdup(line + strlen(key));
	return kh_strdup(kh_str_trim(rest));
}

char *kh_bls_value(const char *text, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (is_key(lines.items[i], key))
			return line_value(lines.items[i], key);
	return NULL;
}

char *kh_bls_options(const char *text)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_strv_done) struct kh_strv options = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (is_key(lines.items[i], "options"))
			kh_strv_add_owned(&options, line_value(lines.items[i], "options"));
	return kh_strv_join(&options, " ");
}

/* text line by line; lines of this key become one new line where the first stood (NULL: they go).
 */
static char *replace_key(const char *text, const char *key, const char *value)
{
	struct kh_str out = {0};
	bool is_placed = value == NULL;
	while (*text) {
		size_t length = strcspn(text, "\n");
		size_t whole = length + (text[length] == '\n');
		if (!is_key(text, key))
			kh_str_add_bytes(&out, text, whole);
		else if (!is_placed)
			kh_str_addf(&out, "%s %s\n", key, value);
		is_placed = is_placed || is_key(text, key);
		text += whole;
	}
	if (!is_placed)
		kh_str_addf(&out, "%s%s %s\n",
			    out.length && out.text[out.length - 1] != '\n' ? "\n" : "", key, value);
	return kh_str_take(&out);
}

char *kh_bls_set_options(const char *text, const char *options)
{
	kh_auto(kh_free) char *now = kh_bls_options(text);
	return strcmp(now, options) == 0 ? kh_strdup(text) : replace_key(text, "options", options);
}

char *kh_bls_copy(const char *text, const char *title, const char *options)
{
	kh_auto(kh_free) char *titled = replace_key(text, "title", title);
	kh_auto(kh_free) char *old = replace_key(titled, "version", "0-" KH_FALLBACK_ID);
	return replace_key(old, "options", options);
}

/* ---- the menu ---- */

static int newest_first(const void *a, const void *b)
{
	return kh_bls_compare(*(char *const *)b, *(char *const *)a);
}

static char *expand(const char *options, const char *kernelopts)
{
	const char *variable = strstr(options, "$kernelopts");
	if (!variable || !kernelopts)
		return kh_strdup(options);
	return kh_printf("%.*s%s%s", (int)(variable - options), options, kernelopts,
			 variable + strlen("$kernelopts"));
}

static int line_of(const char *text, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (is_key(lines.items[i], key))
			return (int)i + 1;
	return 0;
}

/* boom's entries boot a snapshot of the system, not the system: MACHINE-ID, seven hex digits,
 * release. Source: boom-boot, boom/bootloader.py (BOOT_ENTRIES_FORMAT). */
static bool is_snapshot(const char *id)
{
	static const char hex[] = "0123456789abcdef";
	return strspn(id, hex) == 32 && id[32] == '-' && strspn(id + 33, hex) == 7 && id[40] == '-';
}

static void read_entry(const struct kh_root *root, const char *id, const char *kernelopts,
		       struct kh_boot_entries *entries)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s.conf", kh_bls_dir, id);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	if (!text)
		return;
	struct kh_boot_entry *entry = kh_boot_entries_add(entries, path);
	entry->title = kh_bls_value(text, "title");
	if (!entry->title)
		entry->title = kh_strdup("");
	entry->id = kh_strdup(id);
	entry->kernel = kh_bls_value(text, "linux");
	entry->position = kh_printf("%zu", entries->count - 1);
	entry->path = kh_strdup(entry->id);
	entry->end = strlen(text);
	if (entry->kernel) {
		kh_auto(kh_free) char *options = kh_bls_options(text);
		entry->arguments = expand(options, kernelopts);
		entry->line = line_of(text, "options");
	}
	entry->kind = is_snapshot(entry->id) ? KH_ENTRY_OTHER : kh_boot_entry_classify(entry);
}

/* The ids of all entries, in the order of the menu. */
static void list_ids(const struct kh_root *root, struct kh_strv *ids)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, kh_bls_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".conf"))
			kh_strv_add_owned(ids, kh_strndup(names.items[i], strlen(names.items[i]) -
										  strlen(".conf")));
	if (ids->count > 1)
		qsort(ids->items, ids->count, sizeof(char *), newest_first);
}

void kh_bls_read(const struct kh_root *root, const char *chosen, const char *kernelopts,
		 struct kh_boot_entries *ret_entries)
{
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	*ret_entries = (struct kh_boot_entries){0};
	list_ids(root, &ids);
	for (size_t i = 0; i < ids.count; i++)
		read_entry(root, ids.items[i], kernelopts, ret_entries);
	ret_entries->default_at = 0;
	for (size_t i = 0; chosen && i < ret_entries->count; i++) {
		const struct kh_boot_entry *entry = &ret_entries->items[i];
		if (strcmp(entry->id, chosen) == 0 || strcmp(entry->title, chosen) == 0 ||
		    strcmp(entry->position, chosen) == 0)
			ret_entries->default_at = i;
	}
}
