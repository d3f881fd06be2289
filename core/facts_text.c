/* facts_text.c - see facts_text.h. */
#include "core/facts_text.h"

#include <limits.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

/* As in the C locale: isspace() and isdigit() would ask the locale for every byte. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool kh_slice_next_line(const char **cursor, struct kh_slice *ret_line)
{
	if (**cursor == '\0')
		return false;
	const char *end = strchrnul(*cursor, '\n');
	*ret_line = (struct kh_slice){*cursor, (size_t)(end - *cursor)};
	*cursor = *end ? end + 1 : end;
	return true;
}

bool kh_slice_next_word(struct kh_slice *rest, struct kh_slice *ret_word)
{
	const char *at = rest->start, *end = rest->start + rest->length;
	while (at < end && is_blank(*at))
		at++;
	const char *start = at;
	while (at < end && !is_blank(*at))
		at++;
	*ret_word = (struct kh_slice){start, (size_t)(at - start)};
	*rest = (struct kh_slice){at, (size_t)(end - at)};
	return at > start;
}

struct kh_slice kh_slice_trim(struct kh_slice slice)
{
	while (slice.length > 0 && is_blank(*slice.start)) {
		slice.start++;
		slice.length--;
	}
	while (slice.length > 0 && is_blank(slice.start[slice.length - 1]))
		slice.length--;
	return slice;
}

bool kh_slice_split(struct kh_slice line, char separator, struct kh_slice *ret_key,
		    struct kh_slice *ret_value)
{
	const char *at = memchr(line.start, separator, line.length);
	if (!at)
		return false;
	size_t before = (size_t)(at - line.start);
	*ret_key = kh_slice_trim((struct kh_slice){line.start, before});
	*ret_value = kh_slice_trim((struct kh_slice){at + 1, line.length - before - 1});
	return true;
}

bool kh_slice_is(struct kh_slice slice, const char *text)
{
	return strlen(text) == slice.length && memcmp(slice.start, text, slice.length) == 0;
}

long long kh_slice_number(struct kh_slice slice)
{
	long long value = 0;
	size_t i = 0;
	for (; i < slice.length && is_digit(slice.start[i]); i++) {
		if (value > (LLONG_MAX - 9) / 10)
			return -1;
		value = value * 10 + (slice.start[i] - '0');
	}
	return i > 0 ? value : -1;
}

char *kh_slice_dup(struct kh_slice slice)
{
	return kh_strndup(slice.start, slice.length);
}

json_t *kh_facts_json_number(long long number)
{
	return number < 0 ? json_null() : json_integer(number);
}

json_t *kh_facts_json_list(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, kh_json_text(list->items[i]));
	return array;
}
