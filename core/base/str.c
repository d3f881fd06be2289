/* str.c - see str.h. */
#include "core/base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

static void add(struct kh_str *str, const void *bytes, size_t length)
{
	if (str->length + length + 1 > str->capacity) {
		size_t capacity = (str->length + length + 1) * 2;
		char *text = kh_alloc(capacity);
		if (str->length)
			memcpy(text, str->text, str->length);
		free(str->text);
		str->text = text;
		str->capacity = capacity;
	}
	if (length)
		memcpy(str->text + str->length, bytes, length);
	str->length += length;
	str->text[str->length] = '\0';
}

void kh_str_add_bytes(struct kh_str *str, const void *bytes, size_t length)
{
	add(str, bytes, length);
	if (str->shown)
		add(str->shown, bytes, length);
}

void kh_str_add(struct kh_str *str, const char *text)
{
	const char *shown = kh_translate_is_on() ? kh_translated(text) : text;
	if (shown != text && !str->shown) {
		str->shown = kh_alloc(sizeof(*str->shown));
		add(str->shown, str->text, str->length);
	}
	add(str, text, strlen(text));
	if (str->shown)
		add(str->shown, shown, strlen(shown));
}

void kh_str_addf(struct kh_str *str, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *text = kh_vprintf(format, args);
	va_end(args);
	kh_str_add(str, text);
}

char *kh_str_take(struct kh_str *str)
{
	char *text = str->text ? kh_take(str->text) : kh_strdup("");
	if (str->shown)
		kh_translate_pair(text, str->shown->text);
	kh_str_done(str);
	return text;
}

const char *kh_str_text(const struct kh_str *str)
{
	if (str->shown)
		kh_translate_pair(str->text, str->shown->text);
	return str->text ? str->text : "";
}

void kh_str_done(struct kh_str *str)
{
	free(str->text);
	if (str->shown)
		free(str->shown->text);
	free(str->shown);
	*str = (struct kh_str){0};
}

void kh_strv_add_owned(struct kh_strv *list, char *text)
{
	*kh_append(list->items, list->count) = text;
}

void kh_strv_add(struct kh_strv *list, const char *text)
{
	kh_strv_add_owned(list, kh_strdup(text));
}

void kh_strv_addf(struct kh_strv *list, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_strv_add_owned(list, kh_vprintf(format, args));
	va_end(args);
}

void kh_strv_insert(struct kh_strv *list, size_t at, const char *text)
{
	kh_strv_add(list, text);
	char *added = list->items[list->count - 1];
	memmove(&list->items[at + 1], &list->items[at], (list->count - 1 - at) * sizeof(char *));
	list->items[at] = added;
}

void kh_strv_remove(struct kh_strv *list, size_t at)
{
	free(list->items[at]);
	memmove(&list->items[at], &list->items[at + 1], (list->count - at - 1) * sizeof(char *));
	list->count--;
}

void kh_strv_copy(struct kh_strv *list, const struct kh_strv *from)
{
	for (size_t i = 0; i < from->count; i++)
		kh_strv_add(list, from->items[i]);
}

bool kh_strv_has(const struct kh_strv *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void kh_strv_sort(struct kh_strv *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(char *), by_bytes);
}

char *kh_strv_join(const struct kh_strv *list, const char *separator)
{
	struct kh_str joined = {0};
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			kh_str_add(&joined, separator);
		kh_str_add(&joined, list->items[i]);
	}
	return kh_str_take(&joined);
}

void kh_strv_done(struct kh_strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct kh_strv){0};
}

void kh_strv_split(struct kh_strv *list, const char *text, const char *separators)
{
	while (*text) {
		text += strspn(text, separators);
		size_t length = strcspn(text, separators);
		if (length > 0)
			kh_strv_add_owned(list, kh_strndup(text, length));
		text += length;
	}
}

void kh_strv_split_lines(struct kh_strv *list, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		kh_strv_add_owned(list, kh_strndup(text, length));
		text += length;
		if (*text == '\n')
			text++;
	}
}

bool kh_str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool kh_str_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);
	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

bool kh_str_has_word(const char *words, const char *word)
{
	static const char blank[] = " \t\n";
	size_t wanted = strlen(word);
	while (*words) {
		words += strspn(words, blank);
		size_t length = strcspn(words, blank);
		if (length == wanted && length > 0 && memcmp(words, word, length) == 0)
			return true;
		words += length;
	}
	return false;
}

bool kh_str_is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

char *kh_str_trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

long long kh_str_number(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	if (!isdigit((unsigned char)*text))
		return -1;
	long long value = 0;
	for (; isdigit((unsigned char)*text); text++) {
		if (value > (INT64_MAX - 9) / 10)
			return -1;
		value = value * 10 + (*text - '0');
	}
	while (isspace((unsigned char)*text))
		text++;
	return *text ? -1 : value;
}

/* Damerau-Levenshtein with adjacent swaps; words longer than the table are never "near". */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 63 };
	size_t na = strlen(a), nb = strlen(b);
	if (na > LONGEST || nb > LONGEST)
		return SIZE_MAX;
	size_t table[LONGEST + 1][LONGEST + 1];
	for (size_t i = 0; i <= na; i++)
		table[i][0] = i;
	for (size_t j = 0; j <= nb; j++)
		table[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			size_t best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (table[i - 1][j] + 1 < best)
				best = table[i - 1][j] + 1;
			if (table[i][j - 1] + 1 < best)
				best = table[i][j - 1] + 1;
			bool swapped =
				i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (swapped && table[i - 2][j - 2] + 1 < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[na][nb];
}

const char *kh_str_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t limit = strlen(word) / 3;
	limit = limit < 1 ? 1 : limit > 3 ? 3 : limit;
	const char *nearest = NULL;
	for (size_t i = 0; i < count; i++) {
		size_t here = distance(word, candidates[i]);
		if (here <= limit && (!nearest || here < distance(word, nearest)))
			nearest = candidates[i];
	}
	return nearest;
}

int kh_str_size(const char *text, unsigned long long *ret_bytes)
{
	if (!isdigit((unsigned char)*text))
		return -1;
	unsigned long long value = 0;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(value, 10ULL, &value) ||
		    __builtin_add_overflow(value, (unsigned long long)(*text - '0'), &value))
			return -1;
	static const char units[] = "KMGT";
	const char *unit = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
	if (unit) {
		text++;
		if (__builtin_mul_overflow(value, 1ULL << (10 * (unit - units + 1)), &value))
			return -1;
		if (strcasecmp(text, "B") == 0 || strcasecmp(text, "iB") == 0)
			text += strlen(text);
	}
	if (*text)
		return -1;
	*ret_bytes = value;
	return 0;
}

char *kh_str_size_text(unsigned long long bytes)
{
	static const char units[] = "TGMK";
	for (int i = 0; i < 4; i++) {
		unsigned long long unit = 1ULL << (10 * (4 - i));
		if (bytes >= unit && bytes % unit == 0)
			return kh_printf("%llu%c", bytes / unit, units[i]);
	}
	return kh_printf("%llu", bytes);
}
