/* fstab.c - see fstab.h. */
#include "core/fstab.h"

#include <ctype.h>
#include <libmount/libmount.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/block.h"

/* ---- parsing: libmount, a line at a time, because its entries do not know their line ---- */

static int skip_errors(struct libmnt_table *table, const char *name, int line)
{
	(void)table, (void)name, (void)line;
	return 1; /* go on */
}

static void unref_table(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static void free_iterator(struct libmnt_iter **iterator)
{
	mnt_free_iter(*iterator);
}

static void fill_entry(struct kh_fstab_entry *entry, struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_source(fs), *target = mnt_fs_get_target(fs);
	const char *type = mnt_fs_get_fstype(fs), *options = mnt_fs_get_options(fs);
	entry->source = kh_strdup(source ? source : "");
	entry->target = kh_strdup(target ? target : "");
	entry->type = kh_strdup(type ? type : "");
	entry->options = kh_strdup(options ? options : "");
}

/* libmount guesses the format of a text from its first line; this one makes it fstab. */
static const char an_fstab_line[] = "none none none none\n";

/* Returns whether the line is a mount. prefix: "", or a line that settles the format. */
static bool parse_line(const char *prefix, const char *line, size_t length,
		       struct kh_fstab_entry *ret_entry)
{
	kh_auto(kh_free) char *text = kh_printf("%s%.*s\n", prefix, (int)length, line);
	kh_auto(kh_fclose) FILE *stream = fmemopen(text, strlen(text), "r");
	kh_auto(unref_table) struct libmnt_table *table = mnt_new_table();
	kh_auto(free_iterator) struct libmnt_iter *iterator = mnt_new_iter(MNT_ITER_BACKWARD);
	struct libmnt_fs *fs = NULL;
	if (!stream || !table || !iterator)
		abort(); /* out of memory */
	mnt_table_set_parser_errcb(table, skip_errors);
	int wanted = *prefix ? 2 : 1;
	if (mnt_table_parse_stream(table, stream, "fstab") != 0 ||
	    mnt_table_get_nents(table) != wanted || mnt_table_next_fs(table, iterator, &fs) != 0)
		return false;
	fill_entry(ret_entry, fs);
	return true;
}

static void parse(const char *prefix, const char *text, struct kh_fstab *ret_fstab)
{
	struct kh_fstab fstab = {0};
	size_t start = 0;
	for (int line = 1; text[start]; line++) {
		size_t length = strcspn(text + start, "\n");
		struct kh_fstab_entry entry = {.line = line, .start = start, .end = start + length};
		if (length < INT_MAX && parse_line(prefix, text + start, length, &entry))
			*kh_append(fstab.entries, fstab.entry_count) = entry;
		start += length + (text[start + length] == '\n');
	}
	*ret_fstab = fstab;
}

void kh_fstab_parse(const char *text, struct kh_fstab *ret_fstab)
{
	parse(an_fstab_line, text, ret_fstab);
}

void kh_fstab_done(struct kh_fstab *fstab)
{
	for (size_t i = 0; i < fstab->entry_count; i++) {
		free(fstab->entries[i].source);
		free(fstab->entries[i].target);
		free(fstab->entries[i].type);
		free(fstab->entries[i].options);
	}
	free(fstab->entries);
	*fstab = (struct kh_fstab){0};
}

/* ---- judging ---- */

static size_t length_without_slashes(const char *path)
{
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static bool is_same_target(const char *a, const char *b)
{
	size_t length = length_without_slashes(a);
	return length == length_without_slashes(b) && memcmp(a, b, length) == 0;
}

const struct kh_fstab_entry *kh_fstab_find(const struct kh_fstab *fstab, const char *target,
					   size_t n)
{
	for (size_t i = 0; i < fstab->entry_count; i++)
		if (is_same_target(fstab->entries[i].target, target) && n-- == 0)
			return &fstab->entries[i];
	return NULL;
}

bool kh_fstab_has_option(const char *options, const char *name)
{
	char *value = NULL;
	size_t size = 0;
	return mnt_optstr_get_option(options, name, &value, &size) == 0;
}

unsigned long long kh_fstab_page_bytes(const char *options)
{
	char *value = NULL;
	size_t size = 0;
	unsigned long long bytes = 0;
	if (mnt_optstr_get_option(options, "pagesize", &value, &size) != 0 || !value)
		return 0;
	kh_auto(kh_free) char *text = kh_strndup(value, size);
	return kh_str_size(text, &bytes) == 0 ? bytes : 0;
}

char *kh_fstab_field(const char *text)
{
	char *mangled = mnt_mangle(text);
	if (!mangled)
		abort(); /* out of memory */
	return mangled;
}

/* ---- writing ---- */

/* Start and end of the n-th field (from 0) of a line; an absent one is empty at the line's end. */
static void find_field(const char *text, const struct kh_fstab_entry *entry, int n,
		       size_t *ret_start, size_t *ret_end)
{
	size_t at = entry->start, end = entry->end;
	while (end > at && isspace((unsigned char)text[end - 1]))
		end--;
	for (int i = 0;; i++) {
		while (at < end && strchr(" \t", text[at]))
			at++;
		*ret_start = at;
		while (at < end && !strchr(" \t", text[at]))
			at++;
		*ret_end = at;
		if (i == n || at == end)
			break;
	}
}

/* The option words of OPTIONS with our page size in place of any other, and nofail. Worked on as
 * written in the file, so that what is not ours keeps its spelling. */
static char *mend_options(const char *options, unsigned long long page_bytes)
{
	kh_auto(kh_free) char *size = kh_str_size_text(page_bytes);
	kh_auto(kh_str_done) struct kh_str out = {0};
	bool has_size = false;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, options, ",");
	for (size_t i = 0; i < words.count; i++) {
		bool is_size = kh_str_starts(words.items[i], "pagesize=");
		if (is_size && has_size)
			continue;
		kh_str_add(&out, out.length ? "," : "");
		if (is_size && kh_fstab_page_bytes(words.items[i]) != page_bytes)
			kh_str_addf(&out, "pagesize=%s", size);
		else
			kh_str_add(&out, words.items[i]);
		has_size = has_size || is_size;
	}
	if (!has_size)
		kh_str_addf(&out, "%spagesize=%s", out.length ? "," : "", size);
	if (!kh_strv_has(&words, "nofail"))
		kh_str_add(&out, ",nofail");
	return kh_str_take(&out);
}

static bool is_as_wanted(const struct kh_fstab_entry *entry, unsigned long long page_bytes)
{
	return kh_fstab_page_bytes(entry->options) == page_bytes &&
	       kh_fstab_has_option(entry->options, "nofail");
}

/* Mend somebody's own line in *text. */
static void mend_line(char **text, const struct kh_fstab_entry *entry,
		      unsigned long long page_bytes)
{
	size_t start = 0, end = 0, type_end = 0;
	find_field(*text, entry, 2, &start, &type_end);
	find_field(*text, entry, 3, &start, &end);
	bool has_options = start >= type_end && start < end;
	kh_auto(kh_free) char *options =
		has_options ? kh_strndup(*text + start, end - start) : kh_strdup("");
	kh_auto(kh_free) char *mended = mend_options(options, page_bytes);
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_add_bytes(&out, *text, has_options ? start : type_end);
	kh_str_addf(&out, "%s%s", has_options ? "" : " ", mended);
	kh_str_add(&out, *text + (has_options ? end : type_end));
	free(*text);
	*text = kh_str_take(&out);
}

/* The first line for this mount point that is not in our block, or NULL. */
static const struct kh_fstab_entry *find_others(const struct kh_fstab *fstab,
						const struct kh_block *block, const char *target)
{
	for (size_t n = 0;; n++) {
		const struct kh_fstab_entry *entry = kh_fstab_find(fstab, target, n);
		bool is_ours = entry && block->is_present && entry->start >= block->start &&
			       entry->start < block->end;
		if (!is_ours)
			return entry;
	}
}

static int refuse(const struct kh_fstab_entry *entry, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "'/etc/fstab:%d' mounts '%s' (%s) on '%s'", entry->line,
		entry->source, entry->type, entry->target);
	return kh_hint(err, "give the pool another mount point, or take that line out");
}

/* Returns 1 when somebody's line serves this mount (mended where needed, which may fail: unbalanced
 * quotes swallow what is added), 0 when there is none. */
static int use_others_line(char **text, const struct kh_fstab_hugetlb *mount, bool may_mend,
			   struct kh_error *err)
{
	struct kh_block block;
	kh_auto(kh_fstab_done) struct kh_fstab fstab = {0};
	if (kh_block_find("/etc/fstab", *text, &block, err) != 0)
		return -1;
	kh_fstab_parse(*text, &fstab);
	const struct kh_fstab_entry *entry = find_others(&fstab, &block, mount->target);
	if (!entry)
		return 0;
	if (strcmp(entry->type, "hugetlbfs") != 0)
		return refuse(entry, err);
	if (is_as_wanted(entry, mount->page_bytes))
		return 1;
	if (!may_mend)
		return kh_fail(err, KH_HOST, 0, "'/etc/fstab:%d': the options '%s' make no sense",
			       entry->line, entry->options);
	mend_line(text, entry, mount->page_bytes);
	return use_others_line(text, mount, false, err);
}

int kh_fstab_put_hugetlb(const char *text, const struct kh_fstab_hugetlb *mounts, size_t count,
			 char **ret_text, struct kh_error *err)
{
	struct kh_block block;
	kh_auto(kh_free) char *mended = kh_strdup(text);
	kh_auto(kh_str_done) struct kh_str lines = {0};
	for (size_t i = 0; i < count; i++) {
		int found = use_others_line(&mended, &mounts[i], true, err);
		if (found < 0)
			return -1;
		if (found == 0)
			kh_str_add(&lines, mounts[i].line);
	}
	if (kh_block_find("/etc/fstab", mended, &block, err) != 0)
		return -1;
	*ret_text = kh_block_put(mended, &block, strlen(mended), kh_str_text(&lines));
	return 0;
}

/* ---- what is mounted ---- */

void kh_fstab_mounted(const struct kh_root *root, struct kh_fstab *ret_mounts)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/self/mountinfo");
	if (!text)
		text = kh_root_text(root, "/proc/mounts");
	/* Only these lines reach libmount: for others it would look into this machine's /proc. */
	kh_auto(kh_strv_done) struct kh_strv all = {0}, hugetlb = {0};
	kh_strv_split_lines(&all, text ? text : "");
	for (size_t i = 0; i < all.count; i++)
		if (strstr(all.items[i], " hugetlbfs "))
			kh_strv_add(&hugetlb, all.items[i]);
	kh_auto(kh_free) char *joined = kh_strv_join(&hugetlb, "\n");
	parse("", joined, ret_mounts);
}
