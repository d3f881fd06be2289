/* grub_cfg.c - see grub_cfg.h. grub.cfg is a script, but what grub-mkconfig and grubby write has
 * one command a line, and blocks that open with '{' at the end of a line: that is what is read. */
#include "grub/grub_cfg.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/grub_cfg_word.h"

enum { DEPTH_MAX = 16 };
enum block_kind { BLOCK_MENU, BLOCK_SUBMENU, BLOCK_OTHER };

struct block {
	enum block_kind kind;
	size_t entry;  /* BLOCK_MENU: index of its entry */
	char *title;   /* menu, submenu */
	char *id;      /* or NULL */
	size_t number; /* in its menu */
};

struct parser {
	const char *file;
	struct kh_boot_entries *entries;
	struct block stack[DEPTH_MAX];
	size_t counters[DEPTH_MAX + 1]; /* items seen in the menu of each depth */
	size_t depth, too_deep;
	char *section;         /* of grub-mkconfig, or NULL */
	struct kh_strv wanted; /* the way to the default entry */
	bool has_wanted;
	bool has_default; /* of two that are named alike GRUB takes the first */
};

/* "a>b>>c" are "a" and "b>c". */
static void split_path(const char *path, struct kh_strv *parts)
{
	struct kh_str part = {0};

	for (; *path != '\0'; path++) {
		if (*path == '>' && path[1] != '>') {
			kh_strv_add_owned(parts, kh_str_take(&part));
			continue;
		}
		path += *path == '>';
		kh_str_add_bytes(&part, path, 1);
	}
	kh_strv_add_owned(parts, kh_str_take(&part));
}

/* ---- blocks ---- */

static bool matches(const struct block *block, const char *part)
{
	if (block->title == NULL)
		return false;
	if (kh_str_number(part) >= 0)
		return (size_t)kh_str_number(part) == block->number;
	return strcmp(part, block->title) == 0 ||
	       (block->id != NULL && strcmp(part, block->id) == 0);
}

/* Is the innermost block where the default path leads? A path that ends at a submenu means its
 * first entry. */
static bool is_default(const struct parser *parser)
{
	const struct kh_strv *wanted = &parser->wanted;

	if (!parser->has_wanted)
		return false;
	for (size_t i = 0; i < parser->depth; i++) {
		const struct block *block = &parser->stack[i];

		if (i < wanted->count ? !matches(block, wanted->items[i]) : block->number != 0)
			return false;
	}
	return true;
}

static char *position(const struct parser *parser)
{
	struct kh_str text = {0};

	for (size_t i = 0; i < parser->depth; i++)
		kh_str_addf(&text, "%s%zu", i > 0 ? ">" : "", parser->stack[i].number);
	return kh_str_take(&text);
}

/* In a path ">" separates, and a name that has one doubles it. */
static void add_name(struct kh_str *path, const char *name)
{
	for (; *name != '\0'; name++)
		kh_str_addf(path, *name == '>' ? "%c>" : "%c", *name);
}

static char *path_of(const struct parser *parser)
{
	struct kh_str path = {0};

	for (size_t i = 0; i < parser->depth; i++) {
		const struct block *block = &parser->stack[i];

		kh_str_add(&path, i > 0 ? ">" : "");
		if (block->title != NULL)
			add_name(&path, block->id != NULL ? block->id : block->title);
	}
	return kh_str_take(&path);
}

static void begin_entry(struct parser *parser, struct block *block, size_t start)
{
	struct kh_boot_entry *entry = kh_boot_entries_add(parser->entries, parser->file);

	block->entry = parser->entries->count - 1;
	entry->title = kh_strdup(block->title);
	entry->id = kh_strdup(block->id);
	entry->position = position(parser);
	entry->path = path_of(parser);
	entry->start = start;
	if (parser->has_default || !is_default(parser))
		return;
	parser->entries->default_at = block->entry;
	parser->has_default = true;
}

/* Entries of os-prober and of hand-written scripts are not made from GRUB_CMDLINE_LINUX. */
static bool is_foreign(const struct parser *parser)
{
	return parser->section != NULL && (strstr(parser->section, "_linux") == NULL ||
					   strstr(parser->section, "xen") != NULL);
}

static void end_entry(struct parser *parser, const struct block *block, size_t end)
{
	struct kh_boot_entry *entry = &parser->entries->items[block->entry];

	entry->end = end;
	entry->kind = kh_boot_entry_classify(entry);
	if (entry->kind != KH_ENTRY_FALLBACK && is_foreign(parser))
		entry->kind = KH_ENTRY_OTHER;
}

static void pop(struct parser *parser, size_t end)
{
	if (parser->too_deep > 0) {
		parser->too_deep--;
		return;
	}
	if (parser->depth == 0)
		return;
	struct block *block = &parser->stack[parser->depth - 1];
	if (block->kind == BLOCK_MENU)
		end_entry(parser, block, end);
	kh_free(&block->title);
	kh_free(&block->id);
	parser->depth--;
}

static void push(struct parser *parser, enum block_kind kind, const char *header, size_t start)
{
	if (parser->depth == DEPTH_MAX) {
		parser->too_deep++;
		return;
	}
	struct block *block = &parser->stack[parser->depth];
	size_t at = strcspn(header, " \t");

	memset(block, 0, sizeof(*block));
	block->kind = kind;
	if (kind == BLOCK_OTHER) {
		parser->depth++;
		return;
	}
	block->title = kh_grub_cfg_word(header, &at);
	if (block->title == NULL)
		block->title = kh_strdup("");
	for (char *word = kh_grub_cfg_word(header, &at); word != NULL;
	     word = kh_grub_cfg_word(header, &at)) {
		if (kh_grub_cfg_is_id(word) && block->id == NULL)
			block->id = kh_grub_cfg_word(header, &at);
		kh_free(&word);
	}
	block->number = parser->counters[parser->depth]++;
	parser->depth++;
	parser->counters[parser->depth] = 0;
	if (kind == BLOCK_MENU)
		begin_entry(parser, block, start);
}

/* ---- lines ---- */

static void read_linux(struct parser *parser, const char *line, int number)
{
	if (parser->depth == 0 || parser->too_deep > 0 ||
	    parser->stack[parser->depth - 1].kind != BLOCK_MENU)
		return;
	struct kh_boot_entry *entry =
		&parser->entries->items[parser->stack[parser->depth - 1].entry];
	size_t at = strcspn(line, " \t");

	if (entry->kernel != NULL)
		return;
	entry->kernel = kh_grub_cfg_word(line, &at);
	if (entry->kernel == NULL)
		return;
	kh_auto(kh_free) char *rest = kh_strdup(line + at);
	entry->arguments = kh_strdup(kh_str_trim(rest));
	entry->line = number;
}

static void read_section(struct parser *parser, const char *line)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};

	kh_strv_split(&words, line, " \t");
	if (words.count < 3 || strcmp(words.items[0], "###") != 0)
		return;
	kh_free(&parser->section);
	if (strcmp(words.items[1], "BEGIN") == 0) {
		const char *slash = strrchr(words.items[2], '/');

		parser->section = kh_strdup(slash != NULL ? slash + 1 : words.items[2]);
	}
}

static void read_line(struct parser *parser, const char *line, int number, size_t start, size_t end)
{
	size_t length = strlen(line);
	bool opens = length > 0 && line[length - 1] == '{';
	bool is_menu = kh_grub_cfg_is_command(line, "menuentry");

	if (line[0] == '#') {
		read_section(parser, line);
	} else if (strcmp(line, "}") == 0) {
		pop(parser, end);
	} else if (is_menu || kh_grub_cfg_is_command(line, "submenu")) {
		push(parser, is_menu ? BLOCK_MENU : BLOCK_SUBMENU, line, start);
		if (!opens)
			pop(parser, end);
	} else if (opens) {
		push(parser, BLOCK_OTHER, line, start);
	} else if (kh_grub_cfg_is_linux(line)) {
		read_linux(parser, line, number);
	}
}

static void read_lines(struct parser *parser, const char *text)
{
	int number = 1;

	for (size_t at = 0; text[at] != '\0'; number++) {
		size_t length = strcspn(text + at, "\n");
		size_t end = at + length + (text[at + length] == '\n');
		kh_auto(kh_free) char *line = kh_strndup(text + at, length);

		read_line(parser, kh_str_trim(line), number, at, end);
		at = end;
	}
	while (parser->depth > 0 || parser->too_deep > 0)
		pop(parser, strlen(text));
}

void kh_grub_cfg_parse(const char *text, const char *file, const char *saved_entry,
		       struct kh_boot_entries *ret_entries)
{
	struct parser parser = {.file = file, .entries = ret_entries};
	kh_auto(kh_free) char *wanted = kh_grub_cfg_default(text, saved_entry);

	memset(ret_entries, 0, sizeof(*ret_entries));
	ret_entries->default_at = (size_t)-1;
	parser.has_wanted = wanted != NULL;
	if (wanted != NULL)
		split_path(wanted[0] != '\0' ? wanted : "0", &parser.wanted);
	read_lines(&parser, text);
	/* A default that is not there, or none: GRUB takes the first entry. */
	if (ret_entries->default_at > ret_entries->count)
		ret_entries->default_at = 0;
	kh_strv_done(&parser.wanted);
	kh_free(&parser.section);
}

/* ---- the rest of the configuration ---- */

static bool has_command(const char *text, const char *name)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};

	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = kh_str_trim(lines.items[i]);

		if (kh_grub_cfg_is_command(line, name) || strcmp(line, name) == 0)
			return true;
	}
	return false;
}

bool kh_grub_cfg_uses_bls(const char *text)
{
	return has_command(text, "blscfg");
}

bool kh_grub_cfg_is_stub(const char *text)
{
	return has_command(text, "configfile") && !has_command(text, "menuentry") &&
	       !has_command(text, "blscfg");
}

/* Later scripts set it again under conditions (boot counting): 00_header's word counts. */
char *kh_grub_cfg_default(const char *text, const char *saved_entry)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	char *found = NULL;

	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = kh_str_trim(lines.items[i]);
		size_t at = strlen("set default=");

		if (kh_str_starts(line, "### END /etc/grub.d/00_header"))
			break;
		if (!kh_str_starts(line, "set default=") || strstr(line, "next_entry") != NULL)
			continue;
		kh_free(&found);
		found = kh_grub_cfg_word(line, &at);
		if (found == NULL)
			found = kh_strdup("");
		if (strstr(found, "saved_entry") != NULL) {
			kh_free(&found);
			found = kh_strdup(saved_entry != NULL ? saved_entry : "");
		}
	}
	return found;
}
