/* facts_text.h - slices: parts of a text that are looked at in place.
 *
 * The files of /proc are lines of "key : value". Collectors walk them without copying; a slice is
 * valid as long as the text it points into.
 */
#ifndef KH_FACTS_TEXT_H
#define KH_FACTS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

struct kh_slice {
	const char *start;
	size_t length;
};

/* The next line (without its newline) from *cursor, which moves on. Returns false at the end. */
bool kh_slice_next_line(const char **cursor, struct kh_slice *ret_line);
/* The next word (separated by white space) of *rest, which shrinks. Returns false at the end. */
bool kh_slice_next_word(struct kh_slice *rest, struct kh_slice *ret_word);
/* Cut a line at the first separator; white space around both parts is cut off. Returns false when
 * the separator is not there. */
bool kh_slice_split(struct kh_slice line, char separator, struct kh_slice *ret_key,
		    struct kh_slice *ret_value);
struct kh_slice kh_slice_trim(struct kh_slice slice);
bool kh_slice_is(struct kh_slice slice, const char *text);
/* The decimal digits it begins with, as a number; -1 when it begins with none (or too many). */
long long kh_slice_number(struct kh_slice slice);
char *kh_slice_dup(struct kh_slice slice);

/* JSON forms of facts: a number that is absent (-1) is null. New references. */
json_t *kh_facts_json_number(long long number);
json_t *kh_facts_json_list(const struct kh_strv *list);

#endif
