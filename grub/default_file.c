/* default_file.c - see default_file.h. */
#include "grub/default_file.h"

#include <string.h>

#include "core/base/mem.h"
#include "grub/default_lex.h"
#include "grub/default_value.h"

static const char *const cmdline_variables[] = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"};

static bool is_cmdline_variable(const char *name)
{
	return strcmp(name, cmdline_variables[0]) == 0 || strcmp(name, cmdline_variables[1]) == 0;
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

/* Ours, and nothing behind it: conditional it is only in a file that ends in the middle. */
static bool is_own_end(const char *text, const struct kh_default_assignment *one)
{
	return own_opening_length(text, one) > 0 &&
	       text[one->end + strspn(text + one->end, " \t\n")] == '\0';
}

/* The assignment our words go into: the last one, if it decides alone what the variable holds in
 * the end. all->count: there is none. */
static size_t find_target(const char *text, const struct kh_default_assignments *all,
			  const char *variable)
{
	const struct kh_default_assignment *last = NULL;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name, variable) == 0)
			last = &all->items[i];
	if (last == NULL)
		return all->count;
	if ((last->is_conditional || all->unseen > last->start) && !is_own_end(text, last))
		return all->count;
	kh_auto(kh_free) char *raw = kh_strndup(text + last->start, last->end - last->start);
	return kh_default_value_is_clear(raw) ? (size_t)(last - all->items) : all->count;
}

/* Does nothing set the variable, as far as can be known? */
static bool is_unset(const struct kh_default_assignments *all, const char *variable)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name, variable) == 0)
			return false;
	return all->unseen == 0;
}

/* One assignment edited; *from: up to where text is copied. */
static void rewrite_one(const char *text, const struct kh_default_assignment *one,
			const struct kh_default_edit *edit, struct kh_str *out, size_t *from)
{
	size_t opening = own_opening_length(text, one);
	size_t start = one->start + opening;
	kh_auto(kh_free) char *raw =
		kh_printf("%s%.*s", opening > 0 ? "\"" : "", (int)(one->end - start), text + start);
	kh_auto(kh_free) char *value = kh_default_value_edit(raw, edit);
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

/* The last assignment that adds to what the variable holds; 0: none does. */
static size_t last_addition(const char *text, const struct kh_default_assignments *all,
			    const char *name)
{
	for (size_t i = all->count; i > 1; i--) {
		const struct kh_default_assignment *one = &all->items[i - 1];

		if (strcmp(one->name, name) == 0 &&
		    (one->is_append || kh_default_refers_to_itself(text, one)))
			return i - 1;
	}
	return 0;
}

/* The assignments put together again: the target merged, the others stripped. */
static void rewrite(const char *text, const struct kh_default_assignments *all, size_t target,
		    const struct kh_cmdline_groups *groups, const struct kh_strv *stale,
		    struct kh_str *out)
{
	size_t from = 0;
	size_t last[KH_COUNT(cmdline_variables)];

	for (size_t i = 0; i < KH_COUNT(last); i++)
		last[i] = last_addition(text, all, cmdline_variables[i]);
	for (size_t i = 0; i < all->count; i++) {
		const struct kh_default_assignment *one = &all->items[i];
		size_t which = strcmp(one->name, cmdline_variables[0]) != 0;
		const struct kh_default_edit edit = {.groups = groups,
						     .stale = stale,
						     .is_merge = i == target,
						     .is_append = one->is_append,
						     .goes_on = i < last[which]};

		if (is_cmdline_variable(one->name))
			rewrite_one(text, one, &edit, out, &from);
	}
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
	size_t target = find_target(text, &all, variable);
	kh_auto(kh_free) char *others = other_values(text, &all, target);
	copy_groups(groups, others, &ours);
	rewrite(text, &all, target, &ours, stale, &out);
	kh_cmdline_wanted(&ours, &wanted);
	kh_auto(kh_free) char *joined = kh_strv_join(&wanted, " ");
	kh_auto(kh_free) char *words = kh_default_value_escape(joined, '"');
	if (target == all.count && wanted.count > 0)
		add_line(&out, variable, words, is_unset(&all, variable));
	return kh_str_take(&out);
}
