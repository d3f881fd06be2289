/* default_file.c - see default_file.h. */
#include "grub/default_file.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

static const char *const cmdline_variables[] = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"};

/* The length of a reference to the variable at text ("$NAME", "${NAME}", "${NAME-…}"), or 0. */
static size_t reference_length(const char *text, const char *name)
{
	size_t length = strlen(name);

	if (text[0] != '$')
		return 0;
	if (text[1] == '{' && strncmp(text + 2, name, length) == 0 &&
	    strchr(":-}", text[2 + length]) != NULL) {
		const char *end = strchr(text, '}');

		return end != NULL ? (size_t)(end - text) + 1 : 0;
	}
	if (strncmp(text + 1, name, length) == 0 && !isalnum((unsigned char)text[1 + length]) &&
	    text[1 + length] != '_')
		return length + 1;
	return 0;
}

/* One raw value without its quotes, appended to plain; references to the variable become `before`.
 */
static void add_plain(struct kh_str *plain, const char *raw, size_t length, const char *name,
		      const char *before)
{
	char quote = '\0';

	for (size_t i = 0; i < length; i++) {
		size_t reference = quote == '\'' ? 0 : reference_length(raw + i, name);

		if (reference > 0 && i + reference <= length) {
			kh_str_add(plain, before);
			i += reference - 1;
		} else if (quote == '\0' && (raw[i] == '"' || raw[i] == '\'')) {
			quote = raw[i];
		} else if (raw[i] == quote) {
			quote = '\0';
		} else if (raw[i] == '\\' && quote != '\'' && i + 1 < length) {
			i++;
			if (raw[i] != '\n')
				kh_str_add_bytes(plain, raw + i, 1);
		} else {
			kh_str_add_bytes(plain, raw + i, 1);
		}
	}
}

char *kh_default_file_value(const char *text, const char *name, int *ret_line)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};
	char *value = NULL;

	kh_default_file_parse(text, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct kh_default_assignment *one = &all.items[i];
		struct kh_str plain = {0};

		if (strcmp(one->name, name) != 0)
			continue;
		if (one->is_append && value != NULL)
			kh_str_add(&plain, value);
		add_plain(&plain, text + one->start, one->end - one->start, name,
			  value != NULL ? value : "");
		kh_free(&value);
		value = kh_str_take(&plain);
		if (ret_line != NULL)
			*ret_line = one->line;
	}
	return value;
}

static bool refers_to_itself(const char *text, const struct kh_default_assignment *one)
{
	for (size_t at = one->start; at < one->end; at++)
		if (reference_length(text + at, one->name) > 0)
			return true;
	return false;
}

bool kh_default_file_overrides(const char *text, const char *name)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};

	kh_default_file_parse(text, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct kh_default_assignment *one = &all.items[i];

		if (strcmp(one->name, name) == 0 && !one->is_append && !refers_to_itself(text, one))
			return true;
	}
	return false;
}

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

	add_plain(&plain, raw, strlen(raw), "", "");
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

/* Everything the assignments other than the target hold, as one text. */
static char *other_values(const char *text, const struct kh_default_assignments *all, size_t target)
{
	struct kh_str out = {0};

	for (size_t i = 0; i < all->count; i++) {
		const struct kh_default_assignment *one = &all->items[i];

		if (i == target || !is_cmdline_variable(one->name))
			continue;
		add_plain(&out, text + one->start, one->end - one->start, one->name, "");
		kh_str_add(&out, " ");
	}
	return kh_str_take(&out);
}

static size_t find_target(const struct kh_default_assignments *all, const char *variable)
{
	size_t target = all->count;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name, variable) == 0)
			target = i;
	return target;
}

/* The assignments put together again: the target merged, the others stripped. */
static void rewrite(const char *text, const struct kh_default_assignments *all, size_t target,
		    const struct kh_cmdline_groups *groups, const struct kh_strv *stale,
		    struct kh_str *out)
{
	size_t from = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct kh_default_assignment *one = &all->items[i];

		if (!is_cmdline_variable(one->name))
			continue;
		kh_auto(kh_free) char *raw = kh_strndup(text + one->start, one->end - one->start);
		kh_auto(kh_free) char *value = i == target ? merge_value(raw, groups, stale)
							   : strip_value(raw, groups, stale);
		kh_str_add_bytes(out, text + from, one->start - from);
		kh_str_add(out, value);
		from = one->end;
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
	size_t target = find_target(&all, variable);
	kh_auto(kh_free) char *others = other_values(text, &all, target);
	copy_groups(groups, others, &ours);
	bool is_single = target < all.count && is_one_string(text, &all.items[target]) &&
			 text[all.items[target].start] == '\'';
	escape_words(&ours, is_single ? '\'' : '"');
	rewrite(text, &all, target, &ours, stale, &out);
	kh_cmdline_wanted(&ours, &wanted);
	if (target == all.count && wanted.count > 0) {
		kh_auto(kh_free) char *words = kh_strv_join(&wanted, " ");

		if (out.length > 0 && out.text[out.length - 1] != '\n')
			kh_str_add(&out, "\n");
		kh_str_addf(&out, "%s=\"%s\"\n", variable, words);
	}
	return kh_str_take(&out);
}
