/* interfaces.c - see interfaces.h. */
#include "net/interfaces.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "core/base/mem.h"

/* Length of the logical line at text: up to and with the newline that no backslash hides. A comment
 * cannot be continued. */
static size_t line_length(const char *text)
{
	bool is_comment = text[strspn(text, " \t")] == '#';
	for (const char *at = text; *at; at++) {
		if (*at != '\n')
			continue;
		if (is_comment || at == text || at[-1] != '\\')
			return (size_t)(at - text) + 1;
	}
	return strlen(text);
}

void kh_interfaces_words(const char *line, struct kh_strv *words)
{
	kh_auto(kh_free) char *copy = kh_strdup(line);
	for (char *at = copy; *at; at++)
		if (at[0] == '\\' && at[1] == '\n')
			at[0] = ' ';
	if (copy[strspn(copy, " \t\n")] != '#')
		kh_strv_split(words, copy, " \t\n");
}

static bool is_keyword(const char *word)
{
	static const char *const keywords[] = {
		"iface",        "auto",       "mapping", "source",  "source-directory",
		"no-auto-down", "no-scripts", "rename",  "template"};
	return kh_str_is_one_of(word, keywords, KH_COUNT(keywords)) ||
	       kh_str_starts(word, "allow-");
}

static struct kh_interfaces_block *add_block(struct kh_interfaces *interfaces, const char *line)
{
	struct kh_interfaces_block *block = kh_append(interfaces->blocks, interfaces->block_count);
	kh_strv_add(&block->lines, line);
	return block;
}

static void begin_stanza(struct kh_interfaces *interfaces, const char *line,
			 const struct kh_strv *words)
{
	struct kh_interfaces_block *block = add_block(interfaces, line);
	block->is_stanza = words->count > 1;
	block->name = kh_strdup(words->count > 1 ? words->items[1] : "");
	block->family = kh_strdup(words->count > 2 ? words->items[2] : "");
	block->method = kh_strdup(words->count > 3 ? words->items[3] : "");
}

/* Comments and blank lines between two options belong to the stanza: they are held back until the
 * next line tells. */
struct parser {
	struct kh_interfaces *interfaces;
	struct kh_strv held;
	bool in_stanza;
};

static void parser_done(struct parser *parser)
{
	kh_strv_done(&parser->held);
}

static void release(struct parser *parser, struct kh_strv *into)
{
	for (size_t i = 0; i < parser->held.count; i++) {
		if (into)
			kh_strv_add(into, parser->held.items[i]);
		else
			add_block(parser->interfaces, parser->held.items[i]);
	}
	kh_strv_done(&parser->held);
}

static void take_line(struct parser *parser, const char *line)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(line, &words);
	if (words.count == 0) {
		kh_strv_add(&parser->held, line);
		return;
	}
	if (!is_keyword(words.items[0]) && parser->in_stanza) {
		struct kh_interfaces *all = parser->interfaces;
		struct kh_strv *lines = &all->blocks[all->block_count - 1].lines;
		release(parser, lines);
		kh_strv_add(lines, line);
		return;
	}
	release(parser, NULL);
	parser->in_stanza = strcmp(words.items[0], "iface") == 0;
	if (parser->in_stanza)
		begin_stanza(parser->interfaces, line, &words);
	else
		add_block(parser->interfaces, line);
}

void kh_interfaces_parse(const char *text, struct kh_interfaces *ret_interfaces)
{
	kh_auto(parser_done) struct parser parser = {.interfaces = ret_interfaces};
	*ret_interfaces = (struct kh_interfaces){0};
	while (*text) {
		size_t length = line_length(text);
		kh_auto(kh_free) char *line = kh_strndup(text, length);
		take_line(&parser, line);
		text += length;
	}
	release(&parser, NULL);
}

void kh_interfaces_done(struct kh_interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->block_count; i++) {
		kh_strv_done(&interfaces->blocks[i].lines);
		kh_free(&interfaces->blocks[i].name);
		kh_free(&interfaces->blocks[i].family);
		kh_free(&interfaces->blocks[i].method);
	}
	kh_free(&interfaces->blocks);
	interfaces->block_count = 0;
}

/* ---- which files ---- */

enum { MOST_FILES = 256 };

static void add_file(const struct kh_net_view *view, struct kh_interfaces_set *set,
		     const char *path);

/* A relative name is meant beside the file that names it. */
static char *absolute(const char *from, const char *name)
{
	if (name[0] == '/')
		return kh_strdup(name);
	return kh_printf("%.*s/%s", (int)(strrchr(from, '/') - from), from, name);
}

static bool is_plain_name(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_' && *name != '-')
			return false;
	return true;
}

/* A row of names as the shell would make of it (glob(7)). Directories are listed, not more than a
 * limit: a pattern may reach anywhere. */
struct expansion {
	const struct kh_net_view *view;
	struct kh_strv *paths;
	int listed;
};

static void expand(struct expansion *e, const char *base, const char *rest)
{
	rest += strspn(rest, "/");
	size_t length = strcspn(rest, "/");
	kh_auto(kh_free) char *part = kh_strndup(rest, length);
	if (length == 0) {
		kh_strv_add(e->paths, base);
		return;
	}
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	bool is_pattern = strpbrk(part, "*?[") != NULL;
	if (!is_pattern)
		kh_strv_add(&names, part);
	else if (e->listed++ < MOST_FILES)
		kh_net_view_list(e->view, *base ? base : "/", &names);
	for (size_t i = 0; i < names.count && e->paths->count < MOST_FILES; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", base, names.items[i]);
		if (!is_pattern || fnmatch(part, names.items[i], FNM_PERIOD) == 0)
			expand(e, path, rest + length);
	}
}

/* What source-directory takes of a directory. */
static void add_directory(const struct kh_net_view *view, struct kh_interfaces_set *set,
			  const char *dir)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_net_view_list(view, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (is_plain_name(names.items[i]) && !kh_root_is_dir(view->root, path))
			add_file(view, set, path);
	}
}

/* ifupdown 0.8 reads a directory for source-directory only: for source it is an error, and it goes
 * on. */
static void follow(const struct kh_net_view *view, struct kh_interfaces_set *set, const char *from,
		   const struct kh_strv *words)
{
	bool is_directory = strcmp(words->items[0], "source-directory") == 0;
	if (!is_directory && strcmp(words->items[0], "source") != 0)
		return;
	for (size_t i = 1; i < words->count; i++) {
		kh_auto(kh_free) char *pattern = absolute(from, words->items[i]);
		kh_auto(kh_strv_done) struct kh_strv paths = {0};
		struct expansion expansion = {view, &paths, 0};
		if (strlen(pattern) < PATH_MAX)
			expand(&expansion, "", pattern);
		kh_strv_sort(&paths);
		for (size_t p = 0; p < paths.count; p++) {
			if (is_directory)
				add_directory(view, set, paths.items[p]);
			else if (!kh_root_is_dir(view->root, paths.items[p]))
				add_file(view, set, paths.items[p]);
		}
	}
}

static void add_file(const struct kh_net_view *view, struct kh_interfaces_set *set,
		     const char *path)
{
	kh_auto(kh_free) char *text = kh_net_view_text(view, path);
	size_t file = set->file_count;
	if (!text || file >= MOST_FILES || kh_strv_has(&set->paths, path))
		return;
	kh_strv_add(&set->paths, path);
	kh_interfaces_parse(text, kh_append(set->files, set->file_count));
	for (size_t i = 0; i < set->files[file].block_count; i++) {
		const struct kh_interfaces_block *block = &set->files[file].blocks[i];
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_interfaces_words(block->lines.items[0], &words);
		*kh_append(set->places, set->place_count) = (struct kh_interfaces_place){file, i};
		if (words.count > 1)
			follow(view, set, path, &words);
	}
}

void kh_interfaces_load(const struct kh_net_view *view, struct kh_interfaces_set *ret_set)
{
	*ret_set = (struct kh_interfaces_set){0};
	add_file(view, ret_set, "/etc/network/interfaces");
}

void kh_interfaces_set_done(struct kh_interfaces_set *set)
{
	for (size_t i = 0; i < set->file_count; i++)
		kh_interfaces_done(&set->files[i]);
	kh_free(&set->files);
	kh_free(&set->places);
	kh_strv_done(&set->paths);
	set->file_count = set->place_count = 0;
}

const struct kh_interfaces_block *kh_interfaces_at(const struct kh_interfaces_set *set,
						   size_t place)
{
	const struct kh_interfaces_place *at = &set->places[place];
	return &set->files[at->file].blocks[at->block];
}
