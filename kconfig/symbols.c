/* symbols.c - see symbols.h. Kconfig files are read line by line, following "source", with a stack
 * of what is around: each "if", "menu" and "choice" adds conditions to the symbols inside it. */
#include "kconfig/symbols.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { most_nesting = 64, most_depth = 24 };

struct reader {
	const struct kh_root *tree;
	struct kh_symbols *symbols;
	size_t around[most_nesting]; /* how many conditions were there before each opening */
	size_t nesting;
	struct kh_strv conditions; /* of everything that is open now */
	enum { IN_NOTHING, IN_CONFIG, IN_MENU } inside;
	int help_indent; /* -1: not in a help text; 0: its first line is still to come */
};

/* ---- conditions ---- */

static bool is_name(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!isupper((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    *text != '_' && !islower((unsigned char)*text))
			return false;
	return true;
}

/* "A" and "A=y", "A!=n" name what must be on; everything else says nothing plain. */
static void add_term(struct kh_strv *list, char *term)
{
	static const char *const ends[] = {"=y", "= y", "!=n", "!= n"};
	term = kh_str_trim(term);
	for (size_t i = 0; i < KH_COUNT(ends); i++)
		if (kh_str_ends(term, ends[i])) {
			term[strlen(term) - strlen(ends[i])] = '\0';
			term = kh_str_trim(term);
			break;
		}
	if (is_name(term) && strcmp(term, "y") != 0 && strcmp(term, "n") != 0 &&
	    strcmp(term, "m") != 0)
		kh_strv_add(list, term);
}

/* The plain terms of A && B && (C || D); an "||" outside parentheses leaves none. */
static void add_conditions(struct kh_strv *list, const char *expression)
{
	kh_auto(kh_free) char *text = kh_strdup(expression);
	kh_auto(kh_strv_done) struct kh_strv terms = {0};
	int depth = 0;
	char *start = text;
	for (char *c = text; *c; c++) {
		depth += *c == '(' ? 1 : *c == ')' ? -1 : 0;
		if (depth == 0 && strncmp(c, "||", 2) == 0)
			return;
		if (depth != 0 || strncmp(c, "&&", 2) != 0)
			continue;
		*c = '\0';
		add_term(&terms, start);
		start = c + 2;
		c++;
	}
	add_term(&terms, start);
	kh_strv_copy(list, &terms);
}

/* ---- blocks ---- */

static void open_block(struct reader *reader)
{
	if (reader->nesting < most_nesting)
		reader->around[reader->nesting] = reader->conditions.count;
	reader->nesting++;
}

static void close_block(struct reader *reader)
{
	if (reader->nesting == 0)
		return;
	reader->nesting--;
	if (reader->nesting >= most_nesting)
		return;
	while (reader->conditions.count > reader->around[reader->nesting])
		kh_strv_remove(&reader->conditions, reader->conditions.count - 1);
}

static void begin_symbol(struct reader *reader, const char *name)
{
	struct kh_symbols *symbols = reader->symbols;
	size_t order = symbols->count;
	struct kh_symbol *symbol = kh_append(symbols->items, symbols->count);
	symbol->name = kh_strdup(name);
	symbol->order = order;
	kh_strv_copy(&symbol->parents, &reader->conditions);
	reader->inside = IN_CONFIG;
}

static void take_type(struct reader *reader, const char *word, const char *rest)
{
	static const struct {
		const char *word;
		enum kh_symbol_type type;
	} types[] = {
		{"bool", KH_SYMBOL_BOOL},         {"def_bool", KH_SYMBOL_BOOL},
		{"tristate", KH_SYMBOL_TRISTATE}, {"def_tristate", KH_SYMBOL_TRISTATE},
		{"int", KH_SYMBOL_OTHER},         {"hex", KH_SYMBOL_OTHER},
		{"string", KH_SYMBOL_OTHER},
	};
	if (reader->inside != IN_CONFIG)
		return;
	struct kh_symbol *symbol = &reader->symbols->items[reader->symbols->count - 1];
	for (size_t i = 0; i < KH_COUNT(types); i++) {
		if (strcmp(types[i].word, word) != 0)
			continue;
		symbol->type = types[i].type;
		symbol->has_prompt |= *rest == '"';
	}
	symbol->has_prompt |= strcmp(word, "prompt") == 0;
}

static void take_depends(struct reader *reader, const char *rest)
{
	if (!kh_str_starts(rest, "on"))
		return;
	if (reader->inside == IN_CONFIG)
		add_conditions(&reader->symbols->items[reader->symbols->count - 1].parents,
			       rest + 2);
	else if (reader->inside == IN_MENU)
		add_conditions(&reader->conditions, rest + 2);
}

/* ---- lines ---- */

static void read_file(struct reader *reader, const char *path, int depth);

static void take_source(struct reader *reader, char *rest, int depth)
{
	static const char arch[] = "$(SRCARCH)";
	char *start = strchr(rest, '"');
	char *end = start ? strchr(start + 1, '"') : NULL;
	if (!end || depth >= most_depth)
		return;
	*end = '\0';
	char *macro = strstr(start + 1, arch);
	kh_auto(kh_free) char *path = macro ? kh_printf("/%.*sx86%s", (int)(macro - start - 1),
							start + 1, macro + strlen(arch))
					    : kh_printf("/%s", start + 1);
	reader->inside = IN_NOTHING;
	read_file(reader, path, depth + 1);
	reader->inside = IN_NOTHING;
}

static void take_block(struct reader *reader, const char *word, const char *rest)
{
	if (kh_str_starts(word, "end"))
		close_block(reader);
	else
		open_block(reader);
	if (strcmp(word, "if") == 0)
		add_conditions(&reader->conditions, rest);
	reader->inside =
		strcmp(word, "menu") == 0 || strcmp(word, "choice") == 0 ? IN_MENU : IN_NOTHING;
}

static void take_line(struct reader *reader, char *line, int depth)
{
	static const char *const blocks[] = {"if",    "menu",    "choice",
					     "endif", "endmenu", "endchoice"};
	char *word = kh_str_trim(line);
	size_t length = strcspn(word, " \t\"");
	char *rest = word + length + strspn(word + length, " \t");
	kh_auto(kh_free) char *key = kh_strndup(word, length);
	if (*key == '#' || !*key)
		return;
	if (strcmp(key, "config") == 0 || strcmp(key, "menuconfig") == 0)
		begin_symbol(reader, rest);
	else if (kh_str_is_one_of(key, blocks, KH_COUNT(blocks)))
		take_block(reader, key, rest);
	else if (strcmp(key, "source") == 0)
		take_source(reader, rest, depth);
	else if (strcmp(key, "depends") == 0)
		take_depends(reader, rest);
	else if (strcmp(key, "help") == 0 || strcmp(key, "---help---") == 0)
		reader->help_indent = 0;
	else if (strcmp(key, "comment") == 0)
		reader->inside = IN_NOTHING;
	else
		take_type(reader, key, rest);
}

static int indent_of(const char *line)
{
	int columns = 0;
	for (; *line == ' ' || *line == '\t'; line++)
		columns = *line == '\t' ? (columns | 7) + 1 : columns + 1;
	return columns;
}

/* A help text ends where a line stands further left than its first one. */
static bool is_help(struct reader *reader, const char *line)
{
	if (reader->help_indent < 0)
		return false;
	int indent = indent_of(line);
	if (line[strspn(line, " \t")] == '\0')
		return true;
	if (reader->help_indent == 0 && indent > 0)
		reader->help_indent = indent;
	if (reader->help_indent > 0 && indent >= reader->help_indent)
		return true;
	reader->help_indent = -1;
	return false;
}

static void read_file(struct reader *reader, const char *path, int depth)
{
	kh_auto(kh_free) char *text = kh_root_text(reader->tree, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	kh_auto(kh_str_done) struct kh_str whole = {0};
	reader->help_indent = -1;
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		if (is_help(reader, line))
			continue;
		if (kh_str_ends(line, "\\")) {
			line[strlen(line) - 1] = ' ';
			kh_str_add(&whole, line);
			continue;
		}
		kh_str_add(&whole, line);
		kh_auto(kh_free) char *joined = kh_str_take(&whole);
		take_line(reader, joined, depth);
	}
	reader->help_indent = -1;
}

/* ---- all of them ---- */

static int compare(const void *left, const void *right)
{
	const struct kh_symbol *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

static void symbol_done(struct kh_symbol *symbol)
{
	free(symbol->name);
	kh_strv_done(&symbol->parents);
}

/* A symbol that is defined again (by an architecture, with a default) keeps what it was first. */
static void keep_first(struct kh_symbols *symbols)
{
	size_t kept = 0;
	qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare);
	for (size_t i = 0; i < symbols->count; i++) {
		struct kh_symbol *symbol = &symbols->items[i];
		struct kh_symbol *before = kept > 0 ? &symbols->items[kept - 1] : NULL;
		if (!before || strcmp(before->name, symbol->name) != 0) {
			symbols->items[kept++] = *symbol;
			continue;
		}
		if (before->type == KH_SYMBOL_UNKNOWN)
			before->type = symbol->type;
		before->has_prompt |= symbol->has_prompt;
		symbol_done(symbol);
	}
	symbols->count = kept;
}

void kh_symbols_load(const struct kh_root *tree, struct kh_symbols *ret_symbols)
{
	*ret_symbols = (struct kh_symbols){0};
	struct reader reader = {.tree = tree, .symbols = ret_symbols, .help_indent = -1};
	read_file(&reader, "/Kconfig", 0);
	kh_strv_done(&reader.conditions);
	if (ret_symbols->count > 0)
		keep_first(ret_symbols);
}

void kh_symbols_done(struct kh_symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++)
		symbol_done(&symbols->items[i]);
	free(symbols->items);
	*symbols = (struct kh_symbols){0};
}

const struct kh_symbol *kh_symbols_find(const struct kh_symbols *symbols, const char *name)
{
	size_t low = 0, high = symbols->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(symbols->items[middle].name, name);
		if (order == 0)
			return &symbols->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
