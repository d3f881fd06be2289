/* default_file.c - see default_file.h. */
#include "grub/default_file.h"

#include <string.h>

#include "core/base/mem.h"
#include "grub/default_lex.h"

static const char *const cmdline_variables[] = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"};

static bool is_cmdline_variable(const char *name)
{
	return strcmp(name, cmdline_variables[0]) == 0 || strcmp(name, cmdline_variables[1]) == 0;
}

/* text as it must be written between these quotes of a shell. */
static char *escape_text(const char *text, char quote)
{
	struct kh_str escaped = {0};

	for (; *text != '\0'; text++) {
		if (quote == '\'' && *text == '\'')
			kh_str_add(&escaped, "'\\'");
		else if (quote == '"' && strchr("\"\\$`", *text) != NULL)
			kh_str_add(&escaped, "\\");
		kh_str_add_bytes(&escaped, text, 1);
	}
	return kh_str_take(&escaped);
}

static void escape_words(struct kh_cmdline_groups *groups, char quote)
{
	for (size_t i = 0; i < groups->count; i++) {
		struct kh_strv *words = &groups->items[i].words;

		for (size_t j = 0; j < words->count; j++) {
			char *escaped = escape_text(words->items[j], quote);

			kh_free(&words->items[j]);
			words->items[j] = escaped;
		}
	}
}

/* The closing quote of the segment that opens at raw[0], as a length without the quote itself. */
static size_t segment_length(const char *raw, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		if (raw[0] == '"' && raw[i] == '\\')
			i++;
		else if (raw[i] == raw[0])
			return i;
	}
	return length;
}

static char *drop_and_strip(const char *inner, const struct kh_cmdline_groups *groups,
			    const struct kh_strv *stale)
{
	kh_auto(kh_free) char *dropped = kh_cmdline_drop(inner, stale);

	return kh_cmdline_strip(dropped, groups);
}

/* A value whose keys of ours are taken out, quoted stretch by quoted stretch. */
static char *strip_value(const char *raw, const struct kh_cmdline_groups *groups,
			 const struct kh_strv *stale)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	size_t length = strlen(raw);

	for (size_t at = 0; at < length;) {
		bool is_quoted = raw[at] == '"' || raw[at] == '\'';
		size_t end = at + (is_quoted ? segment_length(raw + at, length - at)
					     : strcspn(raw + at, "\"'"));

		if (is_quoted)
			kh_str_add_bytes(&out, raw + at++, 1);
		kh_auto(kh_free) char *inner = kh_strndup(raw + at, end - at);
		kh_auto(kh_free) char *stripped = drop_and_strip(inner, groups, stale);
		kh_str_add(&out, stripped);
		if (is_quoted && end < length)
			kh_str_add_bytes(&out, raw + end++, 1);
		at = end;
	}
	return kh_str_take(&out);
}

/* Does a value of several stretches need no change? */
static bool is_settled(const char *raw, const struct kh_cmdline_groups *groups,
		       const struct kh_strv *stale)
{
	kh_auto(kh_str_done) struct kh_str plain = {0};

	kh_default_add_plain(&plain, raw, strlen(raw), "", "");
	kh_auto(kh_free) char *dropped = kh_cmdline_drop(kh_str_text(&plain), stale);
	kh_auto(kh_free) char *problem = kh_cmdline_judge(dropped, groups);
	return problem == NULL && strcmp(dropped, kh_str_text(&plain)) == 0;
}

/* Is the value one quoted string and nothing else? */
static bool is_one_string(const char *text, const struct kh_default_assignment *one)
{
	const char *raw = text + one->start;
	size_t length = one->end - one->start;

	return length >= 2 && (raw[0] == '"' || raw[0] == '\'') &&
	       segment_length(raw, length) == length - 1;
}

/* The value that carries our words. One quoted string is edited inside its quotes; anything else
 * (bare, or several stretches) is stripped and gets a quoted stretch of ours behind it. */
static char *merge_value(const char *raw, const struct kh_cmdline_groups *groups,
			 const struct kh_strv *stale)
{
	size_t length = strlen(raw);
	struct kh_default_assignment whole = {.start = 0, .end = length};

	if (is_one_string(raw, &whole)) {
		kh_auto(kh_free) char *inner = kh_strndup(raw + 1, length - 2);
		kh_auto(kh_free) char *dropped = kh_cmdline_drop(inner, stale);
		kh_auto(kh_free) char *merged = kh_cmdline_merge(dropped, groups);
		return kh_printf("%c%s%c", raw[0], merged, raw[0]);
	}
	if (is_settled(raw, groups, stale))
		return kh_strdup(raw);
	kh_auto(kh_strv_done) struct kh_strv wanted = {0};
	kh_cmdline_wanted(groups, &wanted);
	kh_auto(kh_free) char *stripped = strip_value(raw, groups, stale);
	kh_auto(kh_free) char *words = kh_strv_join(&wanted, " ");
	bool is_bare = strpbrk(stripped, "\"'`$\\") == NULL;

	if (wanted.count == 0)
		return kh_take(stripped);
	if (is_bare)
		return kh_printf("\"%s%s%s\"", stripped, stripped[0] != '\0' ? " " : "", words);
	return kh_printf("%s\" %s\"", stripped, words);
}

/* A copy of the groups without the repeatable words that other assignments have already. */
static void copy_groups(const struct kh_cmdline_groups *groups, const char *others,
			struct kh_cmdline_groups *ret_copy)
{
	kh_auto(kh_strv_done) struct kh_strv there = {0};

	kh_cmdline_split(others, &there);
	for (size_t i = 0; i < groups->count; i++) {
		const struct kh_cmdline_group *from = &groups->items[i];
		struct kh_cmdline_group *to = kh_cmdline_add_group(ret_copy, from->name, from->why);

		to->is_repeatable = from->is_repeatable;
		kh_strv_copy(&to->keys, &from->keys);
		for (size_t j = 0; j < from->words.count; j++)
			if (!from->is_repeatable || !kh_strv_has(&there, from->words.items[j]))
				kh_strv_add(&to->words, from->words.items[j]);
	}
}

/* ---- a line of our own ----
 *
 * NAME="${NAME:+$NAME }words" at the end of the file keeps whatever the variable holds by then. It
 * is known by this form, so that later runs edit its words, and take it away with the last one. */

static char *own_opening(const char *name)
{
	return kh_printf("\"${%s:+$%s }", name, name);
}

/* The length of the opening when the assignment has this form, otherwise 0. */
static size_t own_opening_length(const char *text, const struct kh_default_assignment *one)
{
	kh_auto(kh_free) char *opening = own_opening(one->name);
	size_t length = strlen(opening);

	return one->end - one->start > length && text[one->end - 1] == '"' &&
			       strncmp(text + one->start, opening, length) == 0
		       ? length
		       : 0;
}

static size_t name_start(const struct kh_default_assignment *one)
{
	return one->start - 1 - one->is_append - strlen(one->name);
}

static bool is_whole_line(const char *text, const struct kh_default_assignment *one)
{
	size_t start = name_start(one);

	return (start == 0 || text[start - 1] == '\n') &&
	       (text[one->end] == '\n' || text[one->end] == '\0');
}

static void add_line(struct kh_str *out, const char *variable, const char *words, bool is_first)
{
	kh_auto(kh_free) char *opening = is_first ? kh_strdup("\"") : own_opening(variable);

	if (out->length > 0 && out->text[out->length - 1] != '\n')
		kh_str_add(out, "\n");
	kh_str_addf(out, "%s=%s%s\"\n", variable, opening, words);
}

/* ---- the file ---- */

/* Everything the assignments other than the target hold, as one text. */
static char *other_values(const char *text, const struct kh_default_assignments *all, size_t target)
{
	struct kh_str out = {0};

	for (size_t i = 0; i < all->count; i++) {
		const struct kh_default_assignment *one = &all->items[i];

		if (i == target || !is_cmdline_variable(one->name))
			continue;
		kh_default_add_plain(&out, text + one->start, one->end - one->start, one->name, "");
		kh_str_add(&out, " ");
	}
	return kh_str_take(&out);
}

/* The assignment our words go into: the last one, if it decides alone what the variable holds in
 * the end. all->count: there is none. */
static size_t find_target(const struct kh_default_assignments *all, const char *variable)
{
	size_t target = all->count;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name, variable) == 0)
			target = i;
	if (target < all->count &&
	    (all->items[target].is_conditional || all->unseen > all->items[target].start))
		return all->count;
	return target;
}

/* Does nothing set the variable, as far as can be known? */
static bool is_unset(const struct kh_default_assignments *all, const char *variable)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name, variable) == 0)
			return false;
	return all->unseen == 0;
}

static char *edit_value(const char *raw, bool is_target, const struct kh_cmdline_groups *groups,
			const struct kh_strv *stale)
{
	return is_target ? merge_value(raw, groups, stale) : strip_value(raw, groups, stale);
}

/* One assignment edited; *from: up to where text is copied. */
static void rewrite_one(const char *text, const struct kh_default_assignment *one, bool is_target,
			const struct kh_cmdline_groups *groups, const struct kh_strv *stale,
			struct kh_str *out, size_t *from)
{
	size_t opening = own_opening_length(text, one);
	size_t start = one->start + opening;
	kh_auto(kh_free) char *raw =
		kh_printf("%s%.*s", opening > 0 ? "\"" : "", (int)(one->end - start), text + start);
	kh_auto(kh_free) char *value = edit_value(raw, is_target, groups, stale);
	bool is_done = opening > 0 && strcmp(value, "\"\"") == 0 && strcmp(raw, value) != 0;

	if (is_done && is_whole_line(text, one)) {
		kh_str_add_bytes(out, text + *from, name_start(one) - *from);
		*from = one->end + (text[one->end] == '\n');
		return;
	}
	kh_str_add_bytes(out, text + *from, start - *from);
	kh_str_add(out, value + (opening > 0));
	*from = one->end;
}

/* The assignments put together again: the target merged, the others stripped. */
static void rewrite(const char *text, const struct kh_default_assignments *all, size_t target,
		    const struct kh_cmdline_groups *groups, const struct kh_strv *stale,
		    struct kh_str *out)
{
	size_t from = 0;

	for (size_t i = 0; i < all->count; i++)
		if (is_cmdline_variable(all->items[i].name))
			rewrite_one(text, &all->items[i], i == target, groups, stale, out, &from);
	kh_str_add(out, text + from);
}

char *kh_default_file_merge(const char *text, const char *variable,
			    const struct kh_cmdline_groups *groups, const struct kh_strv *stale)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups ours = {0};
	kh_auto(kh_strv_done) struct kh_strv wanted = {0};
	struct kh_str out = {0};

	kh_default_file_parse(text, &all);
	size_t target = find_target(&all, variable);
	kh_auto(kh_free) char *others = other_values(text, &all, target);
	copy_groups(groups, others, &ours);
	bool is_single = target < all.count && is_one_string(text, &all.items[target]) &&
			 text[all.items[target].start] == '\'';
	escape_words(&ours, is_single ? '\'' : '"');
	rewrite(text, &all, target, &ours, stale, &out);
	kh_cmdline_wanted(&ours, &wanted);
	kh_auto(kh_free) char *words = kh_strv_join(&wanted, " ");
	if (target == all.count && wanted.count > 0)
		add_line(&out, variable, words, is_unset(&all, variable));
	return kh_str_take(&out);
}
