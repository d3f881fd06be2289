/* kconfig.c - see kconfig.h: statements and files. */
#include "kconfig/kconfig.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/kconfig_private.h"

enum { MOST_NESTED_FILES = 32, MOST_FILES = 20000 };

struct kh_ksymbol *kh_kconfig_symbol(struct kh_kconfig *tree, size_t number)
{
	while (tree->symbol_count <= number)
		kh_append(tree->symbols, tree->symbol_count);
	return &tree->symbols[number];
}

/* ---- what opens and closes ---- */

static struct kh_kcontext *innermost(const struct kh_kreader *reader)
{
	return reader->context_count ? &reader->contexts[reader->context_count - 1] : NULL;
}

static struct kh_kcontext *open_context(struct kh_kreader *reader, const struct kh_klexer *lexer,
					enum kh_kcontext_kind kind)
{
	const struct kh_kcontext *around = innermost(reader);
	struct kh_kcontext context = around ? *around : (struct kh_kcontext){0};
	context.kind = kind;
	context.line = lexer->line;
	struct kh_kcontext *opened = kh_append(reader->contexts, reader->context_count);
	*opened = context;
	return opened;
}

static const char *context_name(enum kh_kcontext_kind kind)
{
	switch (kind) {
	case KH_KCONTEXT_MENU:
		return "menu";
	case KH_KCONTEXT_IF:
		return "if";
	case KH_KCONTEXT_CHOICE:
		return "choice";
	}
	return "";
}

static int close_context(struct kh_kreader *reader, const struct kh_klexer *lexer,
			 enum kh_kcontext_kind kind, size_t base, struct kh_error *err)
{
	if (reader->context_count <= base || innermost(reader)->kind != kind)
		return kh_klex_fail(lexer, err, "'end%s' without its '%s'", context_name(kind),
				    context_name(kind));
	reader->context_count--;
	reader->owner = KH_KOWNER_NOBODY;
	return 0;
}

/* ---- statements ---- */

static int read_file(struct kh_kreader *reader, const char *path, const struct kh_klexer *from,
		     struct kh_error *err);

static int read_config(struct kh_kreader *reader, const struct kh_klexer *lexer,
		       const struct kh_kline *line, struct kh_error *err)
{
	const struct kh_ktoken *token = &line->tokens[1];
	if (token->kind != KH_KTOKEN_WORD)
		return kh_klex_fail(lexer, err, "a config without a name");
	struct kh_kconfig *tree = reader->tree;
	const struct kh_kcontext *context = innermost(reader);
	size_t symbol = kh_names_put(&tree->names, token->text, strlen(token->text));
	struct kh_kentry *entry = kh_append(tree->entries, tree->entry_count);
	entry->symbol = symbol;
	struct kh_ksymbol *known = kh_kconfig_symbol(tree, symbol);
	*kh_append(known->entries, known->entry_count) = tree->entry_count - 1;
	if (context) {
		entry->depends = context->depends;
		entry->visible = context->visible;
	}
	if (context && context->choice) {
		struct kh_kchoice *choice = &tree->choices[context->choice - 1];
		*kh_append(choice->members, choice->member_count) = symbol;
		known->choice = context->choice;
	}
	reader->owner = KH_KOWNER_ENTRY;
	return 0;
}

static int read_menu(struct kh_kreader *reader, const struct kh_klexer *lexer,
		     const struct kh_kline *line, struct kh_error *err)
{
	if (line->tokens[1].kind != KH_KTOKEN_TEXT)
		return kh_klex_fail(lexer, err, "a menu without a title");
	open_context(reader, lexer, KH_KCONTEXT_MENU);
	reader->owner = KH_KOWNER_CONTEXT;
	return 0;
}

static void read_choice(struct kh_kreader *reader, const struct kh_klexer *lexer)
{
	struct kh_kconfig *tree = reader->tree;
	struct kh_kcontext *context = open_context(reader, lexer, KH_KCONTEXT_CHOICE);
	kh_append(tree->choices, tree->choice_count);
	context->choice = tree->choice_count;
	reader->owner = KH_KOWNER_CONTEXT;
}

static int read_if(struct kh_kreader *reader, const struct kh_klexer *lexer, struct kh_kline *line,
		   struct kh_error *err)
{
	const struct kh_kexpr *expr;
	line->at = 1;
	if (kh_kexpr_parse(reader->tree, lexer, line, &expr, err) != 0)
		return -1;
	struct kh_kcontext *context = open_context(reader, lexer, KH_KCONTEXT_IF);
	context->depends = kh_kexpr_and(reader->tree, context->depends, expr);
	reader->owner = KH_KOWNER_NOBODY;
	return context->depends->depth <= KH_KEXPR_DEPTH
		       ? 0
		       : kh_klex_fail(lexer, err, "too many conditions");
}

/* The files that match a pattern, below a directory; rest has no leading slash. */
static void find_matches(const struct kh_root *root, const char *dir, const char *rest,
			 struct kh_strv *paths)
{
	size_t length = strcspn(rest, "/");
	kh_auto(kh_free) char *part = kh_strndup(rest, length);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (strpbrk(part, "*?["))
		kh_root_list(root, dir, &names);
	else
		kh_strv_add(&names, part);
	for (size_t i = 0; i < names.count; i++) {
		if (fnmatch(part, names.items[i], FNM_PERIOD) != 0)
			continue;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (rest[length] == '/')
			find_matches(root, path, rest + length + 1, paths);
		else if (kh_root_exists(root, path))
			kh_strv_add(paths, path);
	}
}

static int read_source(struct kh_kreader *reader, const struct kh_klexer *lexer,
		       const struct kh_kline *line, struct kh_error *err)
{
	const struct kh_ktoken *token = &line->tokens[1];
	if (token->kind != KH_KTOKEN_TEXT && token->kind != KH_KTOKEN_WORD)
		return kh_klex_fail(lexer, err, "'source' without a path");
	if (token->has_macro)
		return kh_klex_fail(lexer, err, "'source' of a path that is not known: '%s'",
				    token->text);
	reader->owner = KH_KOWNER_NOBODY;
	if (!reader->root)
		return kh_klex_fail(lexer, err, "'source' in a text that is no file");
	if (!strpbrk(token->text, "*?["))
		return read_file(reader, token->text, lexer, err);
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	find_matches(reader->root, "", token->text, &paths);
	for (size_t i = 0; i < paths.count; i++)
		if (read_file(reader, paths.items[i] + 1, lexer, err) != 0)
			return -1;
	return 0;
}

enum statement {
	CONFIG,
	SOURCE,
	IF,
	ENDIF,
	MENU,
	ENDMENU,
	CHOICE,
	ENDCHOICE,
	COMMENT,
	MAINMENU,
	NONE,
};

static enum statement statement_of(const struct kh_kline *line)
{
	static const struct {
		const char *word;
		enum statement statement;
	} words[] = {{"config", CONFIG},   {"menuconfig", CONFIG}, {"source", SOURCE},
		     {"if", IF},           {"endif", ENDIF},       {"menu", MENU},
		     {"endmenu", ENDMENU}, {"choice", CHOICE},     {"endchoice", ENDCHOICE},
		     {"comment", COMMENT}, {"mainmenu", MAINMENU}};
	if (line->tokens[0].kind != KH_KTOKEN_WORD)
		return NONE;
	for (size_t i = 0; i < KH_COUNT(words); i++)
		if (strcmp(line->tokens[0].text, words[i].word) == 0)
			return words[i].statement;
	return NONE;
}

/* base: how many contexts were open where the file began. */
static int read_line(struct kh_kreader *reader, struct kh_klexer *lexer, struct kh_kline *line,
		     size_t base, struct kh_error *err)
{
	switch (statement_of(line)) {
	case CONFIG:
		return read_config(reader, lexer, line, err);
	case SOURCE:
		return read_source(reader, lexer, line, err);
	case IF:
		return read_if(reader, lexer, line, err);
	case ENDIF:
		return close_context(reader, lexer, KH_KCONTEXT_IF, base, err);
	case MENU:
		return read_menu(reader, lexer, line, err);
	case ENDMENU:
		return close_context(reader, lexer, KH_KCONTEXT_MENU, base, err);
	case CHOICE:
		read_choice(reader, lexer);
		return 0;
	case ENDCHOICE:
		return close_context(reader, lexer, KH_KCONTEXT_CHOICE, base, err);
	case COMMENT:
		reader->owner = KH_KOWNER_COMMENT;
		return 0;
	case MAINMENU:
		reader->owner = KH_KOWNER_NOBODY;
		return 0;
	case NONE:
		break;
	}
	int outcome = kh_kconfig_read_attribute(reader, lexer, line, err);
	const char *text = line->tokens[0].text;
	return outcome == 1 ? kh_klex_fail(lexer, err, "'%s' is no statement of Kconfig",
					   text ? text : "this")
			    : outcome;
}

/* ---- files ---- */

static int read_text(struct kh_kreader *reader, const char *name, const char *text,
		     struct kh_error *err)
{
	struct kh_klexer lexer = {.name = name, .at = text, .next_line = 1, .arch = reader->arch};
	size_t base = reader->context_count;
	for (;;) {
		kh_auto(kh_kline_done) struct kh_kline line = {0};
		int outcome = kh_klex_line(&lexer, &line, err);
		if (outcome == 0)
			outcome = read_line(reader, &lexer, &line, base, err);
		else if (outcome == 1)
			break;
		if (outcome != 0)
			return -1;
	}
	reader->owner = KH_KOWNER_NOBODY;
	if (reader->context_count == base)
		return 0;
	const struct kh_kcontext *open = innermost(reader);
	lexer.line = open->line;
	return kh_klex_fail(&lexer, err, "'%s' without its 'end%s'", context_name(open->kind),
			    context_name(open->kind));
}

/* from: where the file is asked for; NULL: the first. */
static int read_file(struct kh_kreader *reader, const char *path, const struct kh_klexer *from,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	if (from && reader->file_depth >= MOST_NESTED_FILES)
		return kh_klex_fail(from, err, "files that source each other too deeply");
	if (from && reader->file_count >= MOST_FILES)
		return kh_klex_fail(from, err, "more than %d files", MOST_FILES);
	int outcome = kh_root_read(reader->root, path, &text, NULL, err);
	if (outcome == 1 && from)
		return kh_fail(err, KH_SYSTEM, 0, "%s:%d: there is no '%s' in the kernel's tree",
			       from->name, from->line, path);
	if (outcome == 1)
		return kh_fail(err, KH_SYSTEM, 0, "there is no '%s' in '%s'", path,
			       reader->root->host_path);
	if (outcome != 0)
		return -1;
	reader->file_depth++;
	reader->file_count++;
	outcome = read_text(reader, path, text, err);
	reader->file_depth--;
	return outcome;
}

/* Who selects whom, the other way round. */
static void link_selectors(struct kh_kconfig *tree)
{
	for (size_t i = 0; i < tree->entry_count; i++) {
		const struct kh_kentry *entry = &tree->entries[i];
		for (size_t j = 0; j < entry->property_count; j++) {
			if (entry->properties[j].kind != KH_KPROPERTY_SELECT)
				continue;
			struct kh_ksymbol *symbol =
				kh_kconfig_symbol(tree, entry->properties[j].value->word);
			*kh_append(symbol->selectors, symbol->selector_count) =
				(struct kh_kselector){.entry = i, .property = j};
		}
	}
	kh_kconfig_symbol(tree, tree->names.count);
}

static void free_tree(struct kh_kconfig **tree)
{
	kh_kconfig_free(*tree);
}

static void free_contexts(struct kh_kreader *reader)
{
	free(reader->contexts);
}

int kh_kconfig_load(const char *host_path, const char *arch, struct kh_kconfig **ret_tree,
		    struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	if (kh_root_open(host_path, &root, err) != 0)
		return -1;
	kh_auto(free_tree) struct kh_kconfig *tree = kh_alloc(sizeof(*tree));
	kh_auto(free_contexts) struct kh_kreader reader = {
		.tree = tree, .root = &root, .arch = arch};
	if (read_file(&reader, "Kconfig", NULL, err) != 0)
		return kh_wrap(err, "read the Kconfig files of '%s'", host_path);
	link_selectors(tree);
	*ret_tree = kh_take(tree);
	return 0;
}

int kh_kconfig_from_text(const char *name, const char *text, struct kh_kconfig **ret_tree,
			 struct kh_error *err)
{
	kh_auto(free_tree) struct kh_kconfig *tree = kh_alloc(sizeof(*tree));
	kh_auto(free_contexts) struct kh_kreader reader = {.tree = tree, .arch = "x86"};
	if (read_text(&reader, name, text, err) != 0)
		return -1;
	link_selectors(tree);
	*ret_tree = kh_take(tree);
	return 0;
}

void kh_kconfig_free(struct kh_kconfig *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->entry_count; i++)
		free(tree->entries[i].properties);
	for (size_t i = 0; i < tree->symbol_count; i++) {
		free(tree->symbols[i].entries);
		free(tree->symbols[i].selectors);
	}
	for (size_t i = 0; i < tree->choice_count; i++) {
		free(tree->choices[i].prompt);
		free(tree->choices[i].members);
	}
	free(tree->entries);
	free(tree->symbols);
	free(tree->choices);
	kh_names_done(&tree->names);
	kh_kexpr_free_all(tree);
	free(tree);
}

bool kh_kconfig_has(const struct kh_kconfig *tree, const char *name)
{
	long number = kh_names_find(&tree->names, name);
	return number >= 0 && tree->symbols[number].entry_count > 0;
}

bool kh_kconfig_is_bool(const struct kh_kconfig *tree, const char *name)
{
	long number = kh_names_find(&tree->names, name);
	return number >= 0 && tree->symbols[number].type == KH_KTYPE_BOOL;
}
