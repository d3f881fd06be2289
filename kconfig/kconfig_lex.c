/* kconfig_lex.c - lines and tokens of Kconfig files.
 *
 * Source: scripts/kconfig/lexer.l and preprocess.c,
 * Documentation/kbuild/kconfig-macro-language.rst. Of the macros only the variables are known that
 * name the architecture and the tree; nothing is run. Kernels before 4.18 write $SRCARCH for
 * $(SRCARCH), and paths without quotes.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/kconfig_private.h"

#define WORD_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./"

enum { MOST_TOKENS = 2000 };

int kh_klex_fail(const struct kh_klexer *lexer, struct kh_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *what = kh_vprintf(format, args);
	va_end(args);
	return kh_fail(err, KH_HOST, 0, "%s:%d: %s", lexer->name, lexer->line, what);
}

void kh_kline_done(struct kh_kline *line)
{
	for (size_t i = 0; i < line->count; i++)
		free(line->tokens[i].text);
	free(line->tokens);
	*line = (struct kh_kline){0};
}

/* ---- macros ---- */

/* Length of a call "$(...)" at text, or of "$NAME"; 0: a lone dollar. */
static size_t macro_length(const char *text)
{
	if (text[1] != '(') {
		size_t length = 1;
		while (isalnum((unsigned char)text[length]) || text[length] == '_')
			length++;
		return length > 1 ? length : 0;
	}
	int depth = 0;
	for (size_t at = 1; text[at] && text[at] != '\n'; at++) {
		depth += (text[at] == '(') - (text[at] == ')');
		if (depth == 0)
			return at + 1;
	}
	return 0;
}

/* The text of a macro, into the token. */
static void add_macro(const struct kh_klexer *lexer, const char *text, size_t length,
		      struct kh_str *str, struct kh_ktoken *token)
{
	bool is_call = text[1] == '(';
	kh_auto(kh_free) char *name =
		kh_strndup(text + 1 + is_call, length - 1 - 2 * (size_t)is_call);
	if (strcmp(name, "SRCARCH") == 0 || strcmp(name, "ARCH") == 0) {
		kh_str_add(str, lexer->arch);
	} else if (strcmp(name, "srctree") == 0) {
		kh_str_add(str, ".");
	} else {
		kh_str_add_bytes(str, text, length);
		token->has_macro = true;
	}
}

/* ---- tokens ---- */

/* A quoted text from its opening quote; returns what follows, or NULL. */
static const char *lex_text(const struct kh_klexer *lexer, const char *at, struct kh_ktoken *token)
{
	kh_auto(kh_str_done) struct kh_str str = {0};
	char quote = *at++;
	while (*at && *at != '\n' && *at != quote) {
		size_t macro = *at == '$' ? macro_length(at) : 0;
		if (macro) {
			add_macro(lexer, at, macro, &str, token);
			at += macro;
			continue;
		}
		at += *at == '\\' && at[1] && at[1] != '\n';
		kh_str_add_bytes(&str, at++, 1);
	}
	token->kind = KH_KTOKEN_TEXT;
	token->text = kh_str_take(&str);
	return *at == quote ? at + 1 : NULL;
}

/* A word; macros may be parts of it. */
static const char *lex_word(const struct kh_klexer *lexer, const char *at, struct kh_ktoken *token)
{
	kh_auto(kh_str_done) struct kh_str str = {0};
	for (;;) {
		size_t plain = strspn(at, WORD_CHARACTERS);
		size_t macro = plain == 0 && *at == '$' ? macro_length(at) : 0;
		if (plain == 0 && macro == 0)
			break;
		if (plain)
			kh_str_add_bytes(&str, at, plain);
		else
			add_macro(lexer, at, macro, &str, token);
		at += plain + macro;
	}
	token->kind = KH_KTOKEN_WORD;
	token->text = kh_str_take(&str);
	return at;
}

static size_t operator_length(const char *at, enum kh_ktoken_kind *ret_kind)
{
	static const struct {
		const char *text;
		enum kh_ktoken_kind kind;
	} operators[] = {{"&&", KH_KTOKEN_AND}, {"||", KH_KTOKEN_OR},  {"!=", KH_KTOKEN_NE},
			 {"<=", KH_KTOKEN_LE},  {">=", KH_KTOKEN_GE},  {"!", KH_KTOKEN_NOT},
			 {"=", KH_KTOKEN_EQ},   {"<", KH_KTOKEN_LT},   {">", KH_KTOKEN_GT},
			 {"(", KH_KTOKEN_OPEN}, {")", KH_KTOKEN_CLOSE}};
	for (size_t i = 0; i < KH_COUNT(operators); i++) {
		if (!kh_str_starts(at, operators[i].text))
			continue;
		*ret_kind = operators[i].kind;
		return strlen(operators[i].text);
	}
	return 0;
}

/* What is none of these is left out, as the kernel's own lexer does (with a warning). */
static int lex_tokens(struct kh_klexer *lexer, const char *at, struct kh_kline *line,
		      struct kh_error *err)
{
	while (at && *at && *at != '\n' && *at != '#') {
		struct kh_ktoken token = {0};
		size_t length = operator_length(at, &token.kind);
		bool is_macro = *at == '$' && macro_length(at) > 0;
		bool is_word = is_macro || strchr(WORD_CHARACTERS, *at);
		if (*at != '"' && *at != '\'' && !is_word && length == 0) {
			at++;
			continue;
		}
		if (line->count >= MOST_TOKENS)
			return kh_klex_fail(lexer, err, "more than %d words in a line",
					    MOST_TOKENS);
		if (*at == '"' || *at == '\'')
			at = lex_text(lexer, at, &token);
		else if (is_word)
			at = lex_word(lexer, at, &token);
		else
			at += length;
		*kh_append(line->tokens, line->count) = token;
	}
	if (!at)
		return kh_klex_fail(lexer, err, "a text without its closing quote");
	*kh_append(line->tokens, line->count) = (struct kh_ktoken){.kind = KH_KTOKEN_END};
	return 0;
}

/* ---- lines ---- */

/* NAME = ..., NAME := ..., NAME += ..., or a macro that is called for its effect. */
static bool is_macro_line(const char *at)
{
	if (kh_str_starts(at, "$("))
		return true;
	const char *rest = at + strspn(at, WORD_CHARACTERS);
	if (rest == at)
		return false;
	rest += strspn(rest, " \t");
	rest += *rest == ':' || *rest == '+';
	return *rest == '=';
}

/* The text up to the end of the logical line, with continuations joined. Owned. */
static char *take_line(struct kh_klexer *lexer)
{
	struct kh_str text = {0};
	lexer->line = lexer->next_line;
	for (bool goes_on = true; goes_on && *lexer->at;) {
		size_t length = strcspn(lexer->at, "\n");
		size_t kept = length - (length > 0 && lexer->at[length - 1] == '\r');
		goes_on = kept > 0 && lexer->at[kept - 1] == '\\';
		kh_str_add_bytes(&text, lexer->at, kept - goes_on);
		lexer->at += length + (lexer->at[length] == '\n');
		lexer->next_line++;
	}
	return kh_str_take(&text);
}

int kh_klex_line(struct kh_klexer *lexer, struct kh_kline *ret_line, struct kh_error *err)
{
	while (*lexer->at) {
		kh_auto(kh_free) char *text = take_line(lexer);
		const char *start = text + strspn(text, " \t\f");
		if (*start == '\0' || *start == '#' || is_macro_line(start))
			continue;
		kh_auto(kh_kline_done) struct kh_kline line = {0};
		if (lex_tokens(lexer, start, &line, err) != 0)
			return -1;
		if (line.count == 1)
			continue;
		*ret_line = line;
		line = (struct kh_kline){0};
		return 0;
	}
	return 1;
}

static size_t indentation(const char *line, size_t *ret_blanks)
{
	size_t column = 0, at = 0;
	for (; line[at] == ' ' || line[at] == '\t'; at++)
		column = line[at] == '\t' ? (column & ~(size_t)7) + 8 : column + 1;
	*ret_blanks = at;
	return column;
}

/* It ends at the first line that is less indented than its first. */
void kh_klex_skip_help(struct kh_klexer *lexer)
{
	size_t first = 0;
	while (*lexer->at) {
		size_t blanks, column = indentation(lexer->at, &blanks);
		const char *text = lexer->at + blanks;
		size_t length = strcspn(text, "\n");
		bool is_blank = length == 0 || (length == 1 && *text == '\r');
		if (!is_blank && (column == 0 || column < first))
			return;
		if (!is_blank && first == 0)
			first = column;
		lexer->at = text + length + (text[length] == '\n');
		lexer->next_line++;
	}
}
