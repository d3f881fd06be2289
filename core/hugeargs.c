/* hugeargs.c - see hugeargs.h. */
#include "core/hugeargs.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/hugepool.h"

/* The value of WORD when it is KEY=VALUE, otherwise NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);
	return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static long long size_of(const char *value)
{
	unsigned long long bytes = 0;
	return kh_str_size(value, &bytes) == 0 ? (long long)(bytes / 1024) : -1;
}

/* "4", or "0:4,1:4" */
static long long count_of(const char *value, long long node)
{
	if (!strchr(value, ':'))
		return node < 0 ? kh_str_number(value) : -1;
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_split(&parts, value, ",");
	long long sum = -1;
	for (size_t i = 0; i < parts.count; i++) {
		char *colon = strchr(parts.items[i], ':');
		if (!colon)
			return -1;
		*colon = '\0';
		long long count = kh_str_number(colon + 1);
		if (count >= 0 && (node < 0 || kh_str_number(parts.items[i]) == node))
			sum = (sum < 0 ? 0 : sum) + count;
	}
	return sum;
}

long long kh_hugeargs_pages(const char *arguments, long long size_kib, long long node)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, arguments, " \t\n\"'");
	long long default_kib = KH_HUGEPOOL_2M_KIB, current_kib = 0, pages = -1;
	for (size_t i = 0; i < words.count; i++)
		if (value_of(words.items[i], "default_hugepagesz"))
			default_kib = size_of(value_of(words.items[i], "default_hugepagesz"));
	for (size_t i = 0; i < words.count; i++) {
		const char *size = value_of(words.items[i], "hugepagesz");
		const char *count = value_of(words.items[i], "hugepages");
		if (size)
			current_kib = size_of(size);
		if (count && (current_kib ? current_kib : default_kib) == size_kib)
			pages = count_of(count, node);
	}
	return pages;
}

/* ---- in the boot loader's files ---- */

/* The first line that reserves such pages. */
static bool look_in(const struct kh_root *root, const char *path, long long size_kib,
		    long long node, struct kh_hugeargs_setting *setting)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		char *line = kh_str_trim(lines.items[i]);
		char *assigned = strchr(line, '=');
		bool is_shell = kh_str_starts(line, "GRUB_CMDLINE_LINUX");
		if (*line == '#' || !strstr(line, "hugepages="))
			continue;
		long long pages = kh_hugeargs_pages(is_shell && assigned ? assigned + 1 : line,
						    size_kib, node);
		if (pages < 0)
			continue;
		*setting = (struct kh_hugeargs_setting){kh_strdup(path), (int)i + 1, pages};
		return true;
	}
	return false;
}

static bool look_in_directory(const struct kh_root *root, const char *directory, const char *suffix,
			      long long size_kib, long long node,
			      struct kh_hugeargs_setting *setting)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, directory, &names);
	for (size_t i = names.count; i-- > 0;) { /* the last grub.d file wins */
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, names.items[i]);
		if (kh_str_ends(path, suffix) && look_in(root, path, size_kib, node, setting))
			return true;
	}
	return false;
}

void kh_hugeargs_persisted(const struct kh_root *root, const struct kh_facts *facts,
			   long long size_kib, long long node,
			   struct kh_hugeargs_setting *ret_setting)
{
	struct kh_hugeargs_setting setting = {0};
	bool is_found =
		look_in_directory(root, "/etc/default/grub.d", ".cfg", size_kib, node, &setting) ||
		look_in(root, "/etc/default/grub", size_kib, node, &setting) ||
		look_in_directory(root, "/boot/loader/entries", ".conf", size_kib, node,
				  &setting) ||
		look_in(root, "/etc/kernel/cmdline", size_kib, node, &setting);
	if (!is_found && facts->boot.grub_cfg)
		look_in(root, facts->boot.grub_cfg, size_kib, node, &setting);
	*ret_setting = setting;
}

void kh_hugeargs_setting_done(struct kh_hugeargs_setting *setting)
{
	free(setting->path);
	*setting = (struct kh_hugeargs_setting){0};
}
