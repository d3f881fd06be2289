/* hugeargs.c - see hugeargs.h. */
#include "core/hugeargs.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/bootargs.h"
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
	kh_strv_split(&words, arguments, " \t\n");
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

struct wish {
	long long size_kib, node, pages;
};

static bool reserves(const char *arguments, void *data)
{
	struct wish *wish = data;
	wish->pages = kh_hugeargs_pages(arguments, wish->size_kib, wish->node);
	return wish->pages >= 0;
}

long long kh_hugeargs_persisted(const struct kh_root *root, const struct kh_facts *facts,
				long long size_kib, long long node, char **ret_where)
{
	struct wish wish = {size_kib, node, -1};
	char *where = kh_bootargs_find(root, facts, reserves, &wish);
	if (!where)
		return -1;
	*ret_where = where;
	return wish.pages;
}
