/* makefiles.c - see makefiles.h. Directories are those that "obj-... += dir/" leads to, from the
 * top-level ones down. */
#include "kconfig/makefiles.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/symbols.h"

enum { most_depth = 16 };

struct entry {
	char *module; /* with "_" */
	char *symbol;
};

struct kh_makefiles {
	struct entry *entries; /* by module, then symbol */
	size_t entry_count;
	struct kh_symbols symbols;
};

static const char *const top_dirs[] = {
	"/arch/x86", "/block", "/certs", "/crypto", "/drivers",  "/fs",    "/io_uring", "/ipc",
	"/kernel",   "/lib",   "/mm",    "/net",    "/security", "/sound", "/virt",
};

static char *folded(const char *name, size_t length)
{
	char *copy = kh_strndup(name, length);
	for (char *c = copy; *c; c++)
		if (*c == '-')
			*c = '_';
	return copy;
}

/* ---- reading ---- */

/* "obj-$(CONFIG_X)" -> X; "obj-y", "obj-m" and what is made of other variables -> NULL. */
static char *guard_of(const char *target)
{
	static const char config[] = "$(CONFIG_";
	const char *start = strstr(target, config);
	if (!start)
		return NULL;
	start += strlen(config);
	return kh_strndup(start, strcspn(start, ")"));
}

static void read_dir(const struct kh_root *tree, const char *dir, int depth,
		     struct kh_makefiles *makefiles);

static void take_word(const struct kh_root *tree, const char *dir, const char *symbol,
		      const char *word, int depth, struct kh_makefiles *makefiles)
{
	size_t length = strlen(word);
	if (kh_str_ends(word, "/") && !strchr(word, '$')) {
		kh_auto(kh_free) char *sub = kh_printf("%s/%.*s", dir, (int)length - 1, word);
		read_dir(tree, sub, depth + 1, makefiles);
	} else if (symbol && kh_str_ends(word, ".o")) {
		const char *slash = strrchr(word, '/');
		const char *name = slash ? slash + 1 : word;
		*kh_append(makefiles->entries, makefiles->entry_count) = (struct entry){
			.module = folded(name, strlen(name) - 2), .symbol = kh_strdup(symbol)};
	}
}

/* "obj-$(CONFIG_X)	+= a.o b.o c/" */
static void take_line(const struct kh_root *tree, const char *dir, char *line, int depth,
		      struct kh_makefiles *makefiles)
{
	line[strcspn(line, "#")] = '\0';
	char *text = kh_str_trim(line);
	char *equals = strchr(text, '=');
	if (!kh_str_starts(text, "obj-") || !equals)
		return;
	*equals = '\0';
	kh_auto(kh_free) char *symbol = guard_of(text);
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, equals + 1, " \t");
	for (size_t i = 0; i < words.count; i++)
		take_word(tree, dir, symbol, words.items[i], depth, makefiles);
}

static void read_text(const struct kh_root *tree, const char *dir, const char *text, int depth,
		      struct kh_makefiles *makefiles)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str whole = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		bool goes_on = kh_str_ends(line, "\\");
		if (goes_on)
			line[strlen(line) - 1] = ' ';
		kh_str_add(&whole, line);
		if (goes_on)
			continue;
		kh_auto(kh_free) char *joined = kh_str_take(&whole);
		take_line(tree, dir, joined, depth, makefiles);
	}
}

/* Kbuild is read in Makefile's place where both are there (arch/x86). Source: makefiles.rst. */
static void read_dir(const struct kh_root *tree, const char *dir, int depth,
		     struct kh_makefiles *makefiles)
{
	kh_auto(kh_free) char *kbuild = kh_printf("%s/Kbuild", dir);
	kh_auto(kh_free) char *makefile = kh_printf("%s/Makefile", dir);
	kh_auto(kh_free) char *text = kh_root_text(tree, kbuild);
	if (!text)
		text = kh_root_text(tree, makefile);
	if (text && depth < most_depth)
		read_text(tree, dir, text, depth, makefiles);
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->module, b->module);
	return order != 0 ? order : strcmp(a->symbol, b->symbol);
}

int kh_makefiles_load(const char *host_path, struct kh_makefiles **ret_makefiles,
		      struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root tree = KH_ROOT_INIT;
	if (kh_root_open(host_path, &tree, err) != 0)
		return kh_wrap(err, "kernel tree '%s'", host_path);
	struct kh_makefiles *makefiles = kh_alloc(sizeof(*makefiles));
	for (size_t i = 0; i < KH_COUNT(top_dirs); i++)
		read_dir(&tree, top_dirs[i], 0, makefiles);
	kh_symbols_load(&tree, &makefiles->symbols);
	if (makefiles->entry_count == 0 || makefiles->symbols.count == 0) {
		kh_makefiles_free(makefiles);
		return kh_fail(err, KH_SYSTEM, 0,
			       "'%s' is not a kernel tree: no Kconfig or no Makefiles in it",
			       host_path);
	}
	qsort(makefiles->entries, makefiles->entry_count, sizeof(*makefiles->entries), compare);
	*ret_makefiles = makefiles;
	return 0;
}

void kh_makefiles_free(struct kh_makefiles *makefiles)
{
	if (!makefiles)
		return;
	for (size_t i = 0; i < makefiles->entry_count; i++) {
		free(makefiles->entries[i].module);
		free(makefiles->entries[i].symbol);
	}
	free(makefiles->entries);
	kh_symbols_done(&makefiles->symbols);
	free(makefiles);
}

/* ---- asking ---- */

void kh_makefiles_symbols(const struct kh_makefiles *makefiles, const char *module,
			  struct kh_strv *ret_symbols)
{
	kh_auto(kh_free) char *name = folded(module, strlen(module));
	size_t low = 0, high = makefiles->entry_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(makefiles->entries[middle].module, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < makefiles->entry_count; low++) {
		const struct entry *entry = &makefiles->entries[low];
		if (strcmp(entry->module, name) != 0)
			break;
		if (!kh_strv_has(ret_symbols, entry->symbol))
			kh_strv_add(ret_symbols, entry->symbol);
	}
}

enum kh_symbol_type kh_makefiles_type(const struct kh_makefiles *makefiles, const char *symbol)
{
	const struct kh_symbol *found = kh_symbols_find(&makefiles->symbols, symbol);
	return found ? found->type : KH_SYMBOL_UNKNOWN;
}

bool kh_makefiles_has_prompt(const struct kh_makefiles *makefiles, const char *symbol)
{
	const struct kh_symbol *found = kh_symbols_find(&makefiles->symbols, symbol);
	return found && found->has_prompt;
}

void kh_makefiles_parents(const struct kh_makefiles *makefiles, const char *symbol,
			  struct kh_strv *ret_parents)
{
	const struct kh_symbol *found = kh_symbols_find(&makefiles->symbols, symbol);
	for (size_t i = 0; found && i < found->parents.count; i++)
		if (!kh_strv_has(ret_parents, found->parents.items[i]))
			kh_strv_add(ret_parents, found->parents.items[i]);
}
