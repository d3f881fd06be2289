/* default_parse.c - finds the assignments of a shell file; see default_file.h. */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/default_file.h"

struct reader {
	const char *text;
	size_t at;
	int line;
	int depth; /* of substitutions that are being skipped */
};

enum { SUBSTITUTION_DEPTH_MAX = 32 };

static char peek(const struct reader *reader)
{
	return reader->text[reader->at];
}

static void step(struct reader *reader)
{
	if (peek(reader) == '\0')
		return;
	if (peek(reader) == '\n')
		reader->line++;
	reader->at++;
}

static bool is_substitution(const struct reader *reader)
{
	return peek(reader) == '$' && reader->text[reader->at + 1] == '(' &&
	       reader->depth < SUBSTITUTION_DEPTH_MAX;
}

static void skip_substitution(struct reader *reader);

/* Past a quoted stretch that begins here: '…', "…" or `…`; one that is not closed reaches to the
 * end. Inside "…" and `…` a backslash takes the next character along, and $(…) has quotes of its
 * own. */
static void skip_quoted(struct reader *reader)
{
	char quote = peek(reader);

	step(reader);
	while (peek(reader) != '\0' && peek(reader) != quote) {
		if (quote == '"' && is_substitution(reader)) {
			skip_substitution(reader);
			continue;
		}
		if (quote != '\'' && peek(reader) == '\\')
			step(reader);
		step(reader);
	}
	step(reader);
}

/* Past $(…), parentheses inside counted. */
static void skip_substitution(struct reader *reader)
{
	int depth = 0;

	reader->depth++;
	step(reader);
	do {
		if (strchr("'\"`", peek(reader)) != NULL && peek(reader) != '\0') {
			skip_quoted(reader);
			continue;
		}
		depth += (peek(reader) == '(') - (peek(reader) == ')');
		step(reader);
	} while (depth > 0 && peek(reader) != '\0');
	reader->depth--;
}

/* Past one shell word. */
static void skip_word(struct reader *reader)
{
	while (peek(reader) != '\0' && strchr(" \t\n;&|()", peek(reader)) == NULL) {
		if (strchr("'\"`", peek(reader)) != NULL) {
			skip_quoted(reader);
		} else if (is_substitution(reader)) {
			skip_substitution(reader);
		} else {
			if (peek(reader) == '\\')
				step(reader);
			step(reader);
		}
	}
}

/* Length of NAME when NAME= or NAME+= begins at text, otherwise 0. */
static size_t name_length(const char *text, bool *ret_is_append)
{
	size_t length = 0;

	if (isdigit((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	if (length == 0)
		return 0;
	*ret_is_append = text[length] == '+' && text[length + 1] == '=';
	return text[length] == '=' || *ret_is_append ? length : 0;
}

/* Words after which a command, so perhaps an assignment, can begin. */
static bool opens_command(const char *word, size_t length)
{
	static const char *const openers[] = {"export", "then", "else", "do", "{", "readonly"};

	for (size_t i = 0; i < KH_COUNT(openers); i++)
		if (strlen(openers[i]) == length && strncmp(word, openers[i], length) == 0)
			return true;
	return false;
}

static void skip_comment(struct reader *reader)
{
	while (peek(reader) != '\0' && peek(reader) != '\n')
		step(reader);
}

static void read_assignment(struct reader *reader, size_t length, bool is_append,
			    struct kh_default_assignments *assignments)
{
	struct kh_default_assignment *assignment =
		kh_append(assignments->items, assignments->count);

	assignment->name = kh_strndup(reader->text + reader->at, length);
	assignment->is_append = is_append;
	assignment->line = reader->line;
	reader->at += length + (is_append ? 2 : 1);
	assignment->start = reader->at;
	skip_word(reader);
	assignment->end = reader->at;
}

void kh_default_file_parse(const char *text, struct kh_default_assignments *ret_assignments)
{
	struct reader reader = {text, 0, 1, 0};
	bool at_command = true;

	memset(ret_assignments, 0, sizeof(*ret_assignments));
	while (peek(&reader) != '\0') {
		bool is_append = false;
		size_t length = at_command ? name_length(text + reader.at, &is_append) : 0;
		size_t start = reader.at;

		if (length > 0) {
			read_assignment(&reader, length, is_append, ret_assignments);
		} else if (strchr("\n;&|()", peek(&reader)) != NULL) {
			step(&reader);
			at_command = true;
		} else if (peek(&reader) == ' ' || peek(&reader) == '\t') {
			step(&reader);
		} else if (peek(&reader) == '#') {
			skip_comment(&reader);
		} else if (peek(&reader) == '\\' && text[reader.at + 1] == '\n') {
			step(&reader);
			step(&reader);
		} else {
			skip_word(&reader);
			at_command = opens_command(text + start, reader.at - start);
		}
	}
}

void kh_default_assignments_done(struct kh_default_assignments *assignments)
{
	for (size_t i = 0; i < assignments->count; i++)
		kh_free(&assignments->items[i].name);
	kh_free(&assignments->items);
	assignments->count = 0;
}
