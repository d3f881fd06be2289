/* bls.c - see bls.h. */
#include "grub/bls.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls_order.h"

const char *const kh_bls_dir = "/boot/loader/entries";

/* What an entry without options has. Source: blscfg.c (create_entry). */
static const char default_options[] = "$default_kernelopts";

static bool is_key(const char *line, const char *key)
{
	size_t length = strlen(key);
	line += strspn(line, " \t");
	return strncmp(line, key, length) == 0 && (line[length] == ' ' || line[length] == '\t');
}

static char *line_value(const char *line, const char *key)
{
	kh_auto(kh_free) char *rest = kh_strdup(line + strspn(line, " \t") + strlen(key));
	return kh_strdup(kh_str_trim(rest));
}

/* GRUB reads a file up to the first line that has no value, an empty one, say. Source: blscfg.c
 * (read_entry). */
static size_t read_length(const char *text)
{
	size_t at = 0;
	while (text[at]) {
		size_t length = strcspn(text + at, "\n");
		kh_auto(kh_free) char *line = kh_strndup(text + at, length);
		const char *key = line + strspn(line, " \t");
		const char *gap = strchr(key, ' ');
		if (!gap)
			gap = strchr(key, '\t');
		if (*key != '#' && (!gap || !gap[1]))
			break;
		at += length + (text[at + length] == '\n');
	}
	return at;
}

static void split_lines(const char *text, struct kh_strv *lines)
{
	kh_auto(kh_free) char *read = kh_strndup(text, read_length(text));
	kh_strv_split_lines(lines, read);
}

char *kh_bls_value(const char *text, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	split_lines(text, &lines);
	for (size_t i = 0; i < lines.count; i++)
		if (is_key(lines.items[i], key))
			return line_value(lines.items[i], key);
	return NULL;
}

char *kh_bls_options(const char *text)
{
	kh_auto(kh_free) char *options = kh_bls_value(text, "options");
	return kh_strdup(options && *options ? options : default_options);
}

size_t kh_bls_options_count(const char *text)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	size_t count = 0;
	split_lines(text, &lines);
	for (size_t i = 0; i < lines.count; i++)
		count += is_key(lines.items[i], "options");
	return count;
}

bool kh_bls_has_list(const char *options)
{
	return strstr(options, "$kernelopts") || strstr(options, default_options);
}

/* text with one new line in place of the first of this key (NULL: without any of this key). */
static char *replace_key(const char *text, const char *key, const char *value)
{
	struct kh_str out = {0};
	bool is_placed = value == NULL;
	const char *end = text + read_length(text);
	while (text < end) {
		size_t length = strcspn(text, "\n");
		size_t whole = length + (text[length] == '\n');
		bool is_kept = !is_key(text, key) || (is_placed && value);
		if (is_kept)
			kh_str_add_bytes(&out, text, whole);
		else if (!is_placed)
			kh_str_addf(&out, "%s %s\n", key, value);
		is_placed = is_placed || !is_kept;
		text += whole;
	}
	if (!is_placed)
		kh_str_addf(&out, "%s%s %s\n",
			    out.length && out.text[out.length - 1] != '\n' ? "\n" : "", key, value);
	kh_str_add(&out, end);
	return kh_str_take(&out);
}

/* A line `options` without a value would hide what comes after it. */
static char *replace_options(const char *text, const char *options)
{
	return replace_key(text, "options", *options ? options : NULL);
}

char *kh_bls_set_options(const char *text, const char *options)
{
	kh_auto(kh_free) char *now = kh_bls_options(text);
	return strcmp(now, options) == 0 ? kh_strdup(text) : replace_options(text, options);
}

char *kh_bls_copy(const char *text, const char *title, const char *options)
{
	kh_auto(kh_free) char *titled = replace_key(text, "title", title);
	kh_auto(kh_free) char *old = replace_key(titled, "version", "0-" KH_FALLBACK_ID);
	return replace_options(old, options);
}

/* ---- the menu ---- */

static int newest_first(const void *a, const void *b)
{
	return kh_bls_compare(*(char *const *)b, *(char *const *)a);
}

/* text with value in place of the variable; value NULL: as it is. Owned. */
static char *expand_one(const char *text, const char *variable, const char *value)
{
	const char *at = strstr(text, variable);
	if (!at || !value)
		return kh_strdup(text);
	return kh_printf("%.*s%s%s", (int)(at - text), text, value, at + strlen(variable));
}

static char *expand(const char *options, const struct kh_bls_lists *lists)
{
	kh_auto(kh_free) char *some =
		expand_one(options, default_options, lists->default_kernelopts);
	return expand_one(some, "$kernelopts", lists->kernelopts);
}

static int line_of(const char *text, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	split_lines(text, &lines);
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

/* Without a kernel GRUB does not show it. */
static void read_entry(const struct kh_root *root, const char *id, const struct kh_bls_lists *lists,
		       struct kh_boot_entries *entries)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s.conf", kh_bls_dir, id);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_free) char *kernel = text ? kh_bls_value(text, "linux") : NULL;
	if (!kernel)
		return;
	kh_auto(kh_free) char *options = kh_bls_options(text);
	struct kh_boot_entry *entry = kh_boot_entries_add(entries, path);
	entry->title = kh_bls_value(text, "title");
	if (!entry->title)
		entry->title = kh_strdup("");
	entry->id = kh_strdup(id);
	entry->kernel = kh_take(kernel);
	entry->position = kh_printf("%zu", entries->count - 1);
	entry->path = kh_strdup(entry->id);
	entry->end = strlen(text);
	entry->arguments = expand(options, lists);
	entry->line = line_of(text, "options");
	entry->kind = is_snapshot(entry->id) ? KH_ENTRY_OTHER : kh_boot_entry_classify(entry);
}

/* The ids of all entries, in the order of the menu. */
static void list_ids(const struct kh_root *root, struct kh_strv *ids)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, kh_bls_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".conf") && names.items[i][0] != '.')
			kh_strv_add_owned(ids, kh_strndup(names.items[i], strlen(names.items[i]) -
										  strlen(".conf")));
	if (ids->count > 1)
		qsort(ids->items, ids->count, sizeof(char *), newest_first);
}

/* The first whose id it is, else the first whose title, else the one with the number. Source:
 * rhboot/grub2, grub-core/normal/menu.c (get_entry_number_helper). */
static size_t find_default(const struct kh_boot_entries *entries, const char *chosen)
{
	enum { BY_ID, BY_TITLE, BY_NUMBER, WAYS };
	for (int way = BY_ID; way < WAYS; way++)
		for (size_t i = 0; i < entries->count; i++) {
			const struct kh_boot_entry *entry = &entries->items[i];
			const char *const names[WAYS] = {
				entry->id, *entry->title ? entry->title : entry->kernel,
				entry->position};
			if (strcmp(names[way], chosen) == 0)
				return i;
		}
	return 0;
}

void kh_bls_read(const struct kh_root *root, const char *chosen, const struct kh_bls_lists *lists,
		 struct kh_boot_entries *ret_entries)
{
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	*ret_entries = (struct kh_boot_entries){0};
	list_ids(root, &ids);
	for (size_t i = 0; i < ids.count; i++)
		read_entry(root, ids.items[i], lists, ret_entries);
	ret_entries->default_at = chosen ? find_default(ret_entries, chosen) : 0;
}
