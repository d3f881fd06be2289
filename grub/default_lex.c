/* default_lex.c - see default_lex.h. */
#include "grub/default_lex.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { SUBSTITUTION_DEPTH_MAX = 32 };

static char peek(const struct kh_default_cursor *cursor)
{
	return cursor->text[cursor->at];
}

void kh_default_step(struct kh_default_cursor *cursor)
{
	if (peek(cursor) == '\0')
		return;
	if (peek(cursor) == '\n')
		cursor->line++;
	cursor->at++;
}

static bool is_substitution(const struct kh_default_cursor *cursor)
{
	return peek(cursor) == '$' && cursor->text[cursor->at + 1] == '(' &&
	       cursor->depth < SUBSTITUTION_DEPTH_MAX;
}

static bool is_braces(const struct kh_default_cursor *cursor)
{
	return peek(cursor) == '$' && cursor->text[cursor->at + 1] == '{' &&
	       cursor->depth < SUBSTITUTION_DEPTH_MAX;
}

static void skip_substitution(struct kh_default_cursor *cursor);
static void skip_braces(struct kh_default_cursor *cursor, bool is_quoted);

/* Past a quoted stretch that begins here: '…', "…" or `…`; one that is not closed reaches to the
 * end. Inside "…" and `…` a backslash takes the next character along, and $(…) and ${…} have quotes
 * of their own. */
static void skip_quoted(struct kh_default_cursor *cursor)
{
	char quote = peek(cursor);

	kh_default_step(cursor);
	while (peek(cursor) != '\0' && peek(cursor) != quote) {
		if (quote == '"' && is_substitution(cursor)) {
			skip_substitution(cursor);
			continue;
		}
		if (quote == '"' && is_braces(cursor)) {
			skip_braces(cursor, true);
			continue;
		}
		if (quote != '\'' && peek(cursor) == '\\')
			kh_default_step(cursor);
		kh_default_step(cursor);
	}
	kh_default_step(cursor);
}

/* Past $(…), parentheses inside counted. */
static void skip_substitution(struct kh_default_cursor *cursor)
{
	int depth = 0;

	cursor->depth++;
	kh_default_step(cursor);
	do {
		if (strchr("'\"`", peek(cursor)) != NULL && peek(cursor) != '\0') {
			skip_quoted(cursor);
			continue;
		}
		depth += (peek(cursor) == '(') - (peek(cursor) == ')');
		kh_default_step(cursor);
	} while (depth > 0 && peek(cursor) != '\0');
	cursor->depth--;
}

/* Past ${…}; inside "…" a single quote in it means itself. Source: POSIX 2.6.2. */
static void skip_braces(struct kh_default_cursor *cursor, bool is_quoted)
{
	cursor->depth++;
	kh_default_step(cursor);
	kh_default_step(cursor);
	while (peek(cursor) != '\0' && peek(cursor) != '}') {
		if (is_braces(cursor)) {
			skip_braces(cursor, is_quoted);
		} else if (is_substitution(cursor)) {
			skip_substitution(cursor);
		} else if (strchr(is_quoted ? "\"`" : "'\"`", peek(cursor)) != NULL) {
			skip_quoted(cursor);
		} else {
			if (peek(cursor) == '\\')
				kh_default_step(cursor);
			kh_default_step(cursor);
		}
	}
	kh_default_step(cursor);
	cursor->depth--;
}

void kh_default_skip_word(struct kh_default_cursor *cursor)
{
	while (peek(cursor) != '\0' && strchr(" \t\n;&|()<>", peek(cursor)) == NULL) {
		if (strchr("'\"`", peek(cursor)) != NULL) {
			skip_quoted(cursor);
		} else if (is_substitution(cursor)) {
			skip_substitution(cursor);
		} else if (is_braces(cursor)) {
			skip_braces(cursor, false);
		} else {
			if (peek(cursor) == '\\')
				kh_default_step(cursor);
			kh_default_step(cursor);
		}
	}
}

size_t kh_default_expansion_length(const char *text, bool is_quoted)
{
	struct kh_default_cursor cursor = {.text = text};

	if (is_substitution(&cursor))
		skip_substitution(&cursor);
	else if (is_braces(&cursor))
		skip_braces(&cursor, is_quoted);
	else if (text[0] == '`')
		skip_quoted(&cursor);
	if (cursor.at > 0 || text[0] != '$')
		return cursor.at;
	size_t length = 1;
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length > 1 ? length : 0;
}
