/* yaml_explain.c - libyaml's complaints as sentences that say what to do.
 *
 * libyaml says what its grammar missed ("could not find expected ':'"); a person wants to know
 * which of the few usual slips it was. Two are seen by looking at the text itself, whatever libyaml
 * stumbled over: a tab in the indentation, and a colon without a space behind it.
 * Source: the problem and context texts in libyaml's scanner.c and parser.c, 0.1.4 to 0.2.5.
 */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml_text.h"

struct sentence {
	const char *context; /* part of libyaml's context, or "" */
	const char *problem; /* part of libyaml's problem */
	const char *what;
	const char *hint;
	bool is_at_start; /* shown where the construct starts, not where it went wrong */
};

/* The first that matches counts. */
static const struct sentence sentences[] = {
	{"quoted scalar", "end of stream", "this quote is never closed",
	 "close the text with the same quote", true},
	{"quoted scalar", "document indicator", "this quote is never closed",
	 "close the text with the same quote", true},
	{"quoted scalar", "escape", "unknown escape in double quotes",
	 "write \\\\ for a backslash, or use single quotes", false},
	{"quoted scalar", "hexdecimal", "an escape in double quotes lacks its hexadecimal digits",
	 "write \\\\ for a backslash, or use single quotes", false},
	{"plain scalar", "unexpected ':'", "a text with ':' in it needs quotes here",
	 "put the value in quotes", false},
	{"flow sequence", "expected ',' or ']'", "expected ',' or ']' in this list",
	 "a comma is missing, or the '[' is not closed", false},
	{"flow mapping", "expected ',' or '}'", "expected ',' or '}' in this mapping",
	 "a comma is missing, or the '{' is not closed", false},
	{"simple key", "expected ':'", "expected 'key: value'", "a ':' is missing after the key",
	 true},
	{"", "mapping values are not allowed", "a second 'key:' cannot start here",
	 "put it on a line of its own, indented like its siblings; a value with ': ' in it goes in "
	 "quotes",
	 false},
	{"", "mapping keys are not allowed", "a key cannot start here", NULL, false},
	{"", "block sequence entries are not allowed", "a list item cannot start here",
	 "put each '- item' on a line of its own below the key", false},
	{"block mapping", "expected key", "expected a key here",
	 "indent all keys of one section by the same number of spaces", false},
	{"block collection", "expected '-' indicator", "expected a list item ('- value') here",
	 "indent all items of one list by the same number of spaces", false},
	{"", "expected <document start>", "this does not belong to what stands above it",
	 "indent all keys of one section by the same number of spaces", false},
	{"block scalar", "", "this text block ('|' or '>') is not well-formed",
	 "put the text on the lines below, indented", false},
	{"anchor", "", "'&' starts an anchor, which is not supported",
	 "put a value that starts with '&' in quotes", false},
	{"alias", "", "'*' starts an alias, which is not supported",
	 "put a value that starts with '*' in quotes", false},
	{"tag", "", "'!' starts a tag, which is not supported",
	 "put a value that starts with '!' in quotes", false},
	{"", "tag", "'!' starts a tag, which is not supported",
	 "put a value that starts with '!' in quotes", false},
	{"directive", "", "a line that starts with '%' is a YAML directive, and this one is wrong",
	 "remove the line", false},
	{"", "directive", "a line that starts with '%' is a YAML directive, and this one is wrong",
	 "remove the line", false},
	{"", "cannot start any token", "a value cannot start with this character",
	 "put the value in quotes", false},
	{"", "expected node content", "expected a value here", NULL, false},
};

static int fail_with(const struct kh_yaml *yaml, int line, int column, const char *what,
		     const char *hint, struct kh_error *err)
{
	kh_yaml_fail(yaml, line, column, err, "%s", what);
	return hint ? kh_hint(err, "%s", hint) : -1;
}

/* Column of a tab in the indentation of a line, or 0. */
static int tab_column(const struct kh_yaml *yaml, int line)
{
	size_t length;
	const char *text = kh_yaml_line(yaml, line, &length);
	size_t spaces = strspn(text, " ");
	return spaces < length && text[spaces] == '\t' ? (int)spaces + 1 : 0;
}

/* Column behind the colon of "word:value" at the start of a line or of a list item, or 0. */
static int glued_column(const struct kh_yaml *yaml, int line)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length;
	const char *text = kh_yaml_line(yaml, line, &length);
	size_t start = strspn(text, " ");
	start += strncmp(text + start, "- ", 2) == 0 ? 2 : 0;
	size_t end = start + strspn(text + start, word);
	bool is_key = end > start + 1 && isalpha((unsigned char)text[start]); /* no MAC address */
	bool is_glued = is_key && end + 1 < length && text[end] == ':' &&
			strchr(" \t:", text[end + 1]) == NULL;
	return is_glued ? (int)end + 2 : 0;
}

/* Column of the only word of a line, or 0: what it misses is its colon. */
static int bare_column(const struct kh_yaml *yaml, int line)
{
	size_t length;
	const char *text = kh_yaml_line(yaml, line, &length);
	size_t start = strspn(text, " "), end = start;
	while (end < length && !strchr(" \t:#'\"[]{},-", text[end]))
		end++;
	return end == length && end > start ? (int)start + 1 : 0;
}

/* What is wrong may stand in the line where libyaml gave up, where the construct started, or right
 * above: "stp:true" is text that goes on in the next line until that turns out to be a key. */
static int explain_line(const struct kh_yaml *yaml, int line, struct kh_error *err)
{
	int tab = tab_column(yaml, line);
	if (tab > 0)
		return fail_with(yaml, line, tab, "a tab cannot indent",
				 "use spaces: two for each level", err);
	int glued = glued_column(yaml, line);
	if (glued > 0)
		return fail_with(yaml, line, glued, "a space is missing after ':'",
				 "write 'key: value'", err);
	return 0;
}

static const struct sentence *find(const char *context, const char *problem)
{
	for (size_t i = 0; i < KH_COUNT(sentences); i++)
		if (strstr(context, sentences[i].context) && strstr(problem, sentences[i].problem))
			return &sentences[i];
	return NULL;
}

int kh_yaml_explain(const struct kh_yaml *yaml, const yaml_parser_t *parser, struct kh_error *err)
{
	const char *problem = parser->problem ? parser->problem : "unknown problem";
	const char *context = parser->context ? parser->context : "";
	int line = (int)parser->problem_mark.line + 1;
	int start_line = *context ? (int)parser->context_mark.line + 1 : line;
	const int suspects[] = {line, start_line, line > 1 ? line - 1 : 1};
	for (size_t i = 0; i < KH_COUNT(suspects); i++)
		if (explain_line(yaml, suspects[i], err) < 0)
			return -1;
	bool is_second_key = strstr(problem, "mapping values are not allowed") && line > 1;
	int bare = is_second_key ? bare_column(yaml, line - 1) : 0;
	if (bare > 0)
		return fail_with(yaml, line - 1, bare, "expected 'key: value'",
				 "a ':' is missing after the key", err);
	const struct sentence *sentence = find(context, problem);
	size_t length;
	kh_yaml_line(yaml, line, &length);
	bool is_past_end = length == 0; /* an empty line shows nothing: show the start instead */
	bool is_at_start = *context && ((sentence && sentence->is_at_start) || is_past_end);
	yaml_mark_t mark = is_at_start ? parser->context_mark : parser->problem_mark;
	line = (int)mark.line + 1;
	int column = (int)mark.column + 1;
	if (sentence)
		return fail_with(yaml, line, column, sentence->what, sentence->hint, err);
	return kh_yaml_fail(yaml, line, column, err, "not valid YAML: %s%s%s", context,
			    *context ? ", " : "", problem);
}
