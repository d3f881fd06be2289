/* str.h - growing text, lists of strings, and the few string questions asked everywhere.
 *
 * struct kh_str is a buffer that grows; .text is always terminated once something was added (NULL
 * before that: use kh_str_text() or kh_str_take(), which give "" then). What people read is always
 * taken by one of these two: they make known what it is in the reader's language. struct kh_strv is
 * a list of owned strings. Both start zeroed: `kh_auto(kh_str_done) struct kh_str s = {0};`.
 */
#ifndef KH_BASE_STR_H
#define KH_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct kh_str {
	char *text;
	size_t length;
	size_t capacity;
	struct kh_str *shown; /* NULL, or the same in the reader's language: translate.h */
};

void kh_str_add(struct kh_str *str, const char *text);
void kh_str_add_bytes(struct kh_str *str, const void *bytes, size_t length);
void kh_str_addf(struct kh_str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *kh_str_take(struct kh_str *str); /* owned text, never NULL; str is empty afterwards */
const char *kh_str_text(const struct kh_str *str);
void kh_str_done(struct kh_str *str);

struct kh_strv {
	char **items;
	size_t count;
};

void kh_strv_add(struct kh_strv *list, const char *text); /* copies */
void kh_strv_add_owned(struct kh_strv *list, char *text);
void kh_strv_addf(struct kh_strv *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void kh_strv_insert(struct kh_strv *list, size_t at, const char *text);
void kh_strv_remove(struct kh_strv *list, size_t at);
void kh_strv_copy(struct kh_strv *list, const struct kh_strv *from); /* appends */
bool kh_strv_has(const struct kh_strv *list, const char *text);
void kh_strv_sort(struct kh_strv *list); /* by bytes, as in the C locale */
char *kh_strv_join(const struct kh_strv *list, const char *separator);
void kh_strv_done(struct kh_strv *list);

/* Append the words of text (separated by any of the characters in separators; empty ones dropped).
 */
void kh_strv_split(struct kh_strv *list, const char *text, const char *separators);
/* Append the lines of text without their newlines; a last line without a newline counts. */
void kh_strv_split_lines(struct kh_strv *list, const char *text);

bool kh_str_starts(const char *text, const char *prefix);
bool kh_str_ends(const char *text, const char *suffix);
/* Does the list of words (separated by spaces, tabs, newlines) hold exactly this word? */
bool kh_str_has_word(const char *words, const char *word);
/* Is word, exactly, one of these? */
bool kh_str_is_one_of(const char *word, const char *const *words, size_t count);
/* Cut white space off both ends, in place; returns the new start. */
char *kh_str_trim(char *text);
/* Whole text as a decimal number >= 0; white space around it is allowed. Returns -1 if it is not.
 */
long long kh_str_number(const char *text);

/* The candidate nearest to word by Damerau-Levenshtein distance, or NULL when none is near enough
 * to be what was meant (distance at most a third of the word's length, at least 1, at most 3). */
const char *kh_str_nearest(const char *word, const char *const *candidates, size_t count);

/* "2M", "1G", "512K", "16G", "4096" -> bytes; binary units (KiB...) as the kernel's memparse does.
 * Returns 0 and *ret_bytes, or -1 when the text is not a size. */
int kh_str_size(const char *text, unsigned long long *ret_bytes);
/* The shortest exact form: 2097152 -> "2M". Owned by the caller. */
char *kh_str_size_text(unsigned long long bytes);

#endif
