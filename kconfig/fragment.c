/* fragment.c - see fragment.h: the lines of one fragment.
 *
 * Source: scripts/kconfig/merge_config.sh and confdata.c of the kernel. These take a line that they
 * do not understand for a comment; here it is an error, for somebody meant something by it.
 */
#include "kconfig/fragment.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/fragment_parse.h"

#define DIGITS "0123456789"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char prefix[] = "CONFIG_";

void kh_fragment_line_done(struct kh_fragment_line *line)
{
	free(line->name);
	free(line->value);
	free(line->why);
	free(line->where);
	kh_strv_done(&line->was);
	*line = (struct kh_fragment_line){0};
}

static void parser_done(struct kh_fragment_parser *parser)
{
	kh_names_done(&parser->names);
	kh_str_done(&parser->why);
	kh_fragment_line_done(&parser->pending);
	free(parser->given_in);
	free(parser->text);
}

/* Columns are characters: bytes that continue one do not count. */
static int column_of(const char *line, const char *at)
{
	int column = 1;
	for (; line < at; line++)
		column += ((unsigned char)*line & 0xc0) != 0x80;
	return column;
}

int kh_fragment_fail(const struct kh_fragment_parser *parser, const char *at, struct kh_error *err,
		     const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_yaml_vfail(&parser->source, parser->line, column_of(parser->text, at), err, format,
		      args);
	va_end(args);
	return -1;
}

/* ---- an option ---- */

/* Length of the value at text, or 0. */
static size_t value_length(const char *text)
{
	if (*text == '"') {
		const char *at = text + 1;
		while (*at && *at != '"')
			at += *at == '\\' && at[1] ? 2 : 1;
		return *at == '"' ? (size_t)(at + 1 - text) : 0;
	}
	if (kh_str_starts(text, "0x") || kh_str_starts(text, "0X")) {
		size_t digits = strspn(text + 2, DIGITS "abcdefABCDEF");
		return digits ? digits + 2 : 0;
	}
	size_t sign = *text == '-', digits = strspn(text + sign, DIGITS);
	if (digits)
		return sign + digits;
	return *text && strchr("ymn", *text) ? 1 : 0;
}

static int check_value(const struct kh_fragment_parser *parser, const char *value,
		       struct kh_error *err)
{
	size_t length = value_length(value);
	if (length > 0 && value[length] == '\0')
		return 0;
	if (*value == '"' && length == 0) {
		kh_fragment_fail(parser, value, err, "a text without its closing quote");
		return kh_hint(err, "inside a text a quote is written \\\"");
	}
	if (length > 0 && strchr(" \t", value[length])) {
		kh_fragment_fail(parser, value + length, err, "more text after the value");
		return kh_hint(err, "a comment goes on a line of its own, above");
	}
	if (*value == '\0')
		kh_fragment_fail(parser, value, err, "a value is missing");
	else
		kh_fragment_fail(parser, value, err, "this is no value of an option");
	return kh_hint(err, "values are y, m, n, a number, or a text in double quotes");
}

static int check_name(const struct kh_fragment_parser *parser, const char *name, size_t length,
		      struct kh_error *err)
{
	if (length == 0)
		return kh_fragment_fail(parser, name, err, "a name is missing after 'CONFIG_'");
	if (name[length] == '=')
		return 0;
	if (name[length] == '\0') {
		kh_fragment_fail(parser, name + length, err, "'=' and a value are missing");
		return kh_hint(err, "values are y, m, n, a number, or a text in double quotes");
	}
	if (strchr(" \t", name[length]))
		return kh_fragment_fail(parser, name + length, err,
					"there must be no blanks around '='");
	return kh_fragment_fail(parser, name + length, err,
				"an option's name has only letters, digits and '_'");
}

/* The line that an option of this name goes to: a new one, or that of an earlier fragment. NULL:
 * this file has it already. */
static struct kh_fragment_line *claim_line(struct kh_fragment_parser *parser, const char *name,
					   size_t length, struct kh_error *err)
{
	struct kh_fragment *fragment = parser->fragment;
	size_t number = kh_names_put(&parser->names, name, length);
	if (number == fragment->line_count) {
		kh_append(fragment->lines, fragment->line_count);
		*kh_append(parser->given_in, parser->given_count) = 0;
	}
	if (parser->given_in[number]) {
		kh_fragment_fail(parser, name, err, "'%.*s' is given twice", (int)length, name);
		kh_hint(err, "it is already given in line %d", parser->given_in[number]);
		return NULL;
	}
	parser->given_in[number] = parser->line;
	return &fragment->lines[number];
}

/* The comment and the conditions above, if any, belong to this option. */
static int add_option(struct kh_fragment_parser *parser, const char *name, size_t length,
		      const char *value, struct kh_error *err)
{
	struct kh_fragment_line *line = claim_line(parser, name, length, err);
	if (!line)
		return -1;
	kh_fragment_line_done(line);
	*line = parser->pending;
	parser->pending = (struct kh_fragment_line){0};
	parser->pending_line = 0;
	line->name = kh_strndup(name, length);
	line->value = kh_strdup(value);
	line->why = kh_str_take(&parser->why);
	line->where = kh_printf("%s:%d", parser->source.name, parser->line);
	return 0;
}

static int parse_option(struct kh_fragment_parser *parser, struct kh_error *err)
{
	const char *name = parser->text + strlen(prefix);
	size_t length = strspn(name, NAME_CHARACTERS);
	if (check_name(parser, name, length, err) != 0 ||
	    check_value(parser, name + length + 1, err) != 0)
		return -1;
	return add_option(parser, name, length, name + length + 1, err);
}

/* ---- comments ---- */

/* Length of NAME in "# CONFIG_NAME is not set", or 0. */
static size_t unset_length(const char *text)
{
	if (!kh_str_starts(text, "# CONFIG_"))
		return 0;
	const char *name = text + strlen("# CONFIG_");
	size_t length = strspn(name, NAME_CHARACTERS);
	return strcmp(name + length, " is not set") == 0 ? length : 0;
}

/* An empty comment line separates: what stands above it is a heading. */
static void add_comment(struct kh_fragment_parser *parser)
{
	const char *text = parser->text + 1;
	text += strspn(text, " \t");
	if (*text == '\0') {
		kh_str_done(&parser->why);
		return;
	}
	kh_str_add(&parser->why, parser->why.length ? " " : "");
	kh_str_add(&parser->why, text);
}

/* Conditions must have an option to belong to. */
static int check_pending(struct kh_fragment_parser *parser, struct kh_error *err)
{
	if (!parser->pending_line)
		return 0;
	kh_yaml_fail(&parser->source, parser->pending_line, 1, err,
		     "no option follows these conditions");
	return kh_hint(err, "the option stands right below, with at most comments between");
}

static int parse_line(struct kh_fragment_parser *parser, struct kh_error *err)
{
	char *text = parser->text;
	if (*text == '\0') {
		kh_str_done(&parser->why);
		return check_pending(parser, err);
	}
	if (kh_str_starts(text, prefix))
		return parse_option(parser, err);
	if (unset_length(text))
		return add_option(parser, text + strlen("# CONFIG_"), unset_length(text), "n", err);
	if (kh_str_starts(text, "#:"))
		return kh_fragment_parse_conditions(parser, text + 2, err);
	if (*text == '#') {
		add_comment(parser);
		return 0;
	}
	const char *start = text + strspn(text, " \t");
	if (start > text && kh_str_starts(start, prefix))
		return kh_fragment_fail(parser, text, err, "blanks before 'CONFIG_'");
	if (start > text && *start == '#')
		return kh_fragment_fail(parser, text, err, "blanks before '#'");
	kh_fragment_fail(parser, start, err, "neither an option nor a comment");
	return kh_hint(err,
		       "lines are CONFIG_NAME=VALUE, # CONFIG_NAME is not set, or # a comment");
}

static void trim_end(char *text)
{
	size_t length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
}

int kh_fragment_parse(const char *name, const char *text, struct kh_fragment *fragment,
		      struct kh_error *err)
{
	kh_auto(parser_done) struct kh_fragment_parser parser = {
		.source = {.name = (char *)name, .code = KH_CONFIG, .text = (char *)text},
		.fragment = fragment,
	};
	for (size_t i = 0; i < fragment->line_count; i++) {
		const char *earlier = fragment->lines[i].name;
		kh_names_put(&parser.names, earlier, strlen(earlier));
		*kh_append(parser.given_in, parser.given_count) = 0;
	}
	while (*text) {
		size_t length = strcspn(text, "\n");
		free(parser.text);
		parser.text = kh_strndup(text, length);
		parser.line++;
		trim_end(parser.text);
		if (parse_line(&parser, err) != 0)
			return -1;
		text += length + (text[length] == '\n');
	}
	return check_pending(&parser, err);
}
