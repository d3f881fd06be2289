/* cmdline.c - see cmdline.h. All editing works on spans of the text, so that what is not ours keeps
 * every byte: a span is a word with its place. */
#include "grub/cmdline.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

struct span {
	size_t start, end;
	bool is_ours;
};

struct spans {
	struct span *items;
	size_t count;
	size_t end; /* where "--" stands, or the text ends */
};

static void spans_done(struct spans *spans)
{
	kh_free(&spans->items);
	spans->count = 0;
}

/* White space, or the backslash of a line continued in a shell string. */
static bool is_gap(const char *text)
{
	return isspace((unsigned char)text[0]) || (text[0] == '\\' && text[1] == '\n');
}

/* Is this the word behind which all is init's? Source: kernel/params.c, parse_args(). */
static bool is_end(const char *text, const struct span *span)
{
	return span->end - span->start == 2 && memcmp(text + span->start, "--", 2) == 0;
}

static void find_spans(const char *text, struct spans *spans)
{
	size_t at = 0;

	while (text[at] != '\0') {
		if (is_gap(text + at)) {
			at++;
			continue;
		}
		struct span *span = kh_append(spans->items, spans->count);
		bool in_quotes = false;

		span->start = at;
		for (; text[at] != '\0'; at++) {
			if (text[at] == '"')
				in_quotes = !in_quotes;
			if (!in_quotes && is_gap(text + at))
				break;
		}
		span->end = at;
		if (is_end(text, span)) {
			spans->end = span->start;
			spans->count--;
			return;
		}
	}
	spans->end = at;
}

char *kh_cmdline_kernel(const char *text)
{
	kh_auto(spans_done) struct spans spans = {0};

	find_spans(text, &spans);
	kh_auto(kh_free) char *kernels = kh_strndup(text, spans.end);
	return kh_strdup(kh_str_trim(kernels));
}

void kh_cmdline_split(const char *text, struct kh_strv *words)
{
	kh_auto(spans_done) struct spans spans = {0};

	find_spans(text, &spans);
	for (size_t i = 0; i < spans.count; i++)
		kh_strv_add_owned(words, kh_strndup(text + spans.items[i].start,
						    spans.items[i].end - spans.items[i].start));
}

struct kh_cmdline_group *kh_cmdline_add_group(struct kh_cmdline_groups *groups, const char *name,
					      const char *why)
{
	struct kh_cmdline_group *group = kh_append(groups->items, groups->count);

	group->name = kh_strdup(name);
	group->why = kh_strdup(why);
	return group;
}

static void group_done(struct kh_cmdline_group *group)
{
	kh_free(&group->name);
	kh_free(&group->why);
	kh_strv_done(&group->keys);
	kh_strv_done(&group->words);
}

void kh_cmdline_groups_done(struct kh_cmdline_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		group_done(&groups->items[i]);
	kh_free(&groups->items);
	groups->count = 0;
}

void kh_cmdline_wanted(const struct kh_cmdline_groups *groups, struct kh_strv *words)
{
	for (size_t i = 0; i < groups->count; i++)
		kh_strv_copy(words, &groups->items[i].words);
}

static size_t count_word(const struct kh_strv *words, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < words->count; i++)
		count += kh_cmdline_same_word(words->items[i], word);
	return count;
}

bool kh_cmdline_has_word(const char *text, const char *word)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};

	kh_cmdline_split(text, &words);
	return count_word(&words, word) > 0;
}

static bool belongs(const char *word, const struct kh_cmdline_group *group)
{
	if (group->is_repeatable)
		return count_word(&group->words, word) > 0;
	for (size_t i = 0; i < group->keys.count; i++)
		if (kh_cmdline_is_key(word, group->keys.items[i]))
			return true;
	return false;
}

/* The words of the group that stand in text; their spans are marked. */
static void find_ours(const char *text, const struct kh_cmdline_group *group, struct spans *spans,
		      struct kh_strv *ours)
{
	find_spans(text, spans);
	for (size_t i = 0; i < spans->count; i++) {
		struct span *span = &spans->items[i];
		kh_auto(kh_free) char *word =
			kh_strndup(text + span->start, span->end - span->start);

		span->is_ours = belongs(word, group);
		if (span->is_ours)
			kh_strv_add(ours, word);
	}
}

static bool same_words(const struct kh_strv *one, const struct kh_strv *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (!kh_cmdline_same_word(one->items[i], other->items[i]))
			return false;
	return true;
}

/* Of a repeatable group the order is the operator's: each word once is enough. */
static bool is_satisfied(const struct kh_cmdline_group *group, const struct kh_strv *ours)
{
	if (!group->is_repeatable)
		return same_words(ours, &group->words);
	for (size_t i = 0; i < group->words.count; i++)
		if (count_word(ours, group->words.items[i]) != 1)
			return false;
	return true;
}

/* text without the marked spans; replacement (may be "") where the first one stood, or at the end.
 * A removed word takes the white space before it along (at the start: the one after it). */
static char *replace_spans(const char *text, const struct spans *spans, const char *replacement)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	bool is_placed = replacement[0] == '\0';
	size_t from = 0;

	for (size_t i = 0; i < spans->count; i++) {
		const struct span *span = &spans->items[i];

		if (!span->is_ours)
			continue;
		if (!is_placed) {
			kh_str_add_bytes(&out, text + from, span->start - from);
			kh_str_add(&out, replacement);
			is_placed = true;
			from = span->end;
			continue;
		}
		size_t gap = i > 0 ? spans->items[i - 1].end : span->start;
		size_t end = span->end;

		kh_str_add_bytes(&out, text + from, (gap > from ? gap : from) - from);
		if (out.length == 0) /* first word: what follows it moves to the front */
			end += strspn(text + end, " \t");
		from = end;
	}
	kh_str_add_bytes(&out, text + from, spans->end - from);
	if (!is_placed) {
		if (out.length > 0 && !isspace((unsigned char)out.text[out.length - 1]))
			kh_str_add(&out, " ");
		kh_str_add(&out, replacement);
		kh_str_add(&out, text[spans->end] != '\0' ? " " : "");
	}
	kh_str_add(&out, text + spans->end);
	return kh_str_take(&out);
}

static char *merge_group(const char *text, const struct kh_cmdline_group *group)
{
	kh_auto(spans_done) struct spans spans = {0};
	kh_auto(kh_strv_done) struct kh_strv ours = {0};

	find_ours(text, group, &spans, &ours);
	if (is_satisfied(group, &ours))
		return kh_strdup(text);
	kh_auto(kh_free) char *words = kh_strv_join(&group->words, " ");
	return replace_spans(text, &spans, words);
}

char *kh_cmdline_merge(const char *text, const struct kh_cmdline_groups *groups)
{
	char *merged = kh_strdup(text);

	for (size_t i = 0; i < groups->count; i++) {
		char *next = merge_group(merged, &groups->items[i]);

		kh_free(&merged);
		merged = next;
	}
	return merged;
}

char *kh_cmdline_strip(const char *text, const struct kh_cmdline_groups *groups)
{
	char *stripped = kh_strdup(text);

	for (size_t i = 0; i < groups->count; i++) {
		kh_auto(spans_done) struct spans spans = {0};
		kh_auto(kh_strv_done) struct kh_strv ours = {0};

		if (groups->items[i].is_repeatable)
			continue;
		find_ours(stripped, &groups->items[i], &spans, &ours);
		char *next = replace_spans(stripped, &spans, "");
		kh_free(&stripped);
		stripped = next;
	}
	return stripped;
}

static bool is_hugepage_word(const char *word)
{
	return kh_cmdline_is_key(word, "hugepages") || kh_cmdline_is_key(word, "hugepagesz") ||
	       kh_cmdline_is_key(word, "default_hugepagesz");
}

static void pick_hugepage_words(const struct kh_strv *words, struct kh_strv *picked)
{
	for (size_t i = 0; i < words->count; i++)
		if (is_hugepage_word(words->items[i]))
			kh_strv_add(picked, words->items[i]);
}

char *kh_cmdline_drop(const char *text, const struct kh_strv *words)
{
	kh_auto(spans_done) struct spans spans = {0};
	kh_auto(kh_strv_done) struct kh_strv all = {0};
	kh_auto(kh_strv_done) struct kh_strv there = {0};
	kh_auto(kh_strv_done) struct kh_strv given = {0};

	kh_cmdline_split(text, &all);
	pick_hugepage_words(&all, &there);
	pick_hugepage_words(words, &given);
	bool is_our_block = same_words(&there, &given);

	find_spans(text, &spans);
	for (size_t i = 0; i < spans.count; i++) {
		const char *word = all.items[i];

		spans.items[i].is_ours =
			is_hugepage_word(word) ? is_our_block : count_word(words, word) > 0;
	}
	return replace_spans(text, &spans, "");
}

char *kh_cmdline_found(const char *text, const struct kh_cmdline_group *group)
{
	kh_auto(spans_done) struct spans spans = {0};
	kh_auto(kh_strv_done) struct kh_strv ours = {0};

	find_ours(text, group, &spans, &ours);
	return ours.count > 0 ? kh_strv_join(&ours, " ") : NULL;
}

bool kh_cmdline_has(const char *text, const struct kh_cmdline_group *group)
{
	kh_auto(spans_done) struct spans spans = {0};
	kh_auto(kh_strv_done) struct kh_strv ours = {0};

	find_ours(text, group, &spans, &ours);
	return is_satisfied(group, &ours);
}

static void judge_group(const char *text, const struct kh_cmdline_group *group,
			struct kh_strv *findings)
{
	kh_auto(kh_free) char *found = kh_cmdline_found(text, group);
	kh_auto(kh_free) char *wanted = kh_strv_join(&group->words, " ");

	if (kh_cmdline_has(text, group))
		return;
	if (found == NULL) {
		kh_strv_addf(findings, "lacks '%s'", wanted);
		return;
	}
	if (group->words.count == 0) {
		kh_strv_addf(findings, "still has '%s'", found);
		return;
	}
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_cmdline_split(found, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (count_word(&group->words, words.items[i]) != 0 &&
		    count_word(&words, words.items[i]) >
			    count_word(&group->words, words.items[i])) {
			kh_strv_addf(findings, "has '%s' more than once", words.items[i]);
			return;
		}
	}
	kh_strv_addf(findings, "has '%s' instead of '%s'", found, wanted);
}

char *kh_cmdline_judge(const char *text, const struct kh_cmdline_groups *groups)
{
	kh_auto(kh_strv_done) struct kh_strv findings = {0};

	for (size_t i = 0; i < groups->count; i++)
		judge_group(text, &groups->items[i], &findings);
	return findings.count > 0 ? kh_strv_join(&findings, ", ") : NULL;
}
