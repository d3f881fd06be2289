/* default_value.c - see default_value.h. */
#include "grub/default_value.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/default_lex.h"

enum { UNREADABLE = '\1' };

struct letter {
	size_t from, to; /* in raw */
	char quote;      /* it stands in, or '\0' */
	bool is_gone;
};

struct word {
	char *text;
	size_t start, end; /* letters */
	char *instead;     /* words to stand in its place; or NULL */
	bool is_fixed;     /* not for us to touch */
	bool is_gone;
};

struct value {
	const char *raw;
	struct kh_str text;
	struct letter *letters; /* one for each byte of text */
	size_t count;
	struct word *words;
	size_t word_count;
	char quote;         /* that is open */
	bool is_odd;        /* not clear */
	bool is_one_string; /* one pair of quotes around all of it */
};

static void value_done(struct value *value)
{
	for (size_t i = 0; i < value->word_count; i++) {
		kh_free(&value->words[i].text);
		kh_free(&value->words[i].instead);
	}
	kh_free(&value->words);
	kh_free(&value->letters);
	kh_str_done(&value->text);
}

/* ---- reading ---- */

static void add_letter(struct value *value, char c, size_t from, size_t length)
{
	struct letter *letter = kh_append(value->letters, value->count);

	kh_str_add_bytes(&value->text, &c, 1);
	letter->from = from;
	letter->to = from + length;
	letter->quote = value->quote;
}

/* Source: POSIX 2.2.1, 2.2.3. */
static size_t read_backslash(struct value *value, size_t at)
{
	char next = value->raw[at + 1];

	if (next == '\n')
		return 2;
	if (next == '\0')
		value->is_odd = true;
	if (next == '\0' || (value->quote == '"' && strchr("$`\"\\", next) == NULL)) {
		add_letter(value, '\\', at, 1);
		return 1;
	}
	add_letter(value, next, at, 2);
	return 2;
}

static bool is_name_only(const char *text, size_t length)
{
	size_t brace = text[1] == '{';

	for (size_t i = 1 + brace; i < length - brace; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return text[0] == '$';
}

/* The patterns of a case have parentheses that are not paired: where a command with one ends is
 * for a shell to say. */
static size_t read_expansion(struct value *value, size_t at, size_t length)
{
	const char *text = value->raw + at;
	kh_auto(kh_free) char *copy = kh_strndup(text, length);

	if (is_name_only(text, length)) {
		for (size_t i = 0; i < length; i++)
			add_letter(value, text[i], at + i, 1);
		return length;
	}
	if (text[1] != '{' && strstr(copy, "case") != NULL)
		value->is_odd = true;
	add_letter(value, UNREADABLE, at, length);
	return length;
}

/* Reads what stands at `at`; its length. */
static size_t read_piece(struct value *value, size_t at)
{
	char c = value->raw[at];
	size_t expansion = value->quote == '\'' ? 0
						: kh_default_expansion_length(value->raw + at,
									      value->quote == '"');

	if (value->quote != '\0' && c == value->quote) {
		value->quote = '\0';
		return 1;
	}
	if (value->quote == '\0' && (c == '"' || c == '\'')) {
		value->quote = c;
		return 1;
	}
	if (expansion > 0)
		return read_expansion(value, at, expansion);
	if (c == '\\' && value->quote != '\'')
		return read_backslash(value, at);
	/* $'…' and $"…" are bash's; a letter of ours would not be told from an expansion. */
	if (c == UNREADABLE || (c == '$' && value->quote == '\0' && value->raw[at + 1] != '\0' &&
				strchr("'\"", value->raw[at + 1]) != NULL))
		value->is_odd = true;
	add_letter(value, c, at, 1);
	return 1;
}

/* Behind a quote that the kernel would miss the end of, nothing is a word. */
static bool has_paired_quotes(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '"';
	return count % 2 == 0;
}

static void read_value(struct value *value, const char *raw)
{
	size_t length = strlen(raw);

	value->raw = raw;
	value->is_one_string = length >= 2 && (raw[0] == '"' || raw[0] == '\'');
	for (size_t at = 0; at < length;) {
		at += read_piece(value, at);
		if (value->quote == '\0' && at < length)
			value->is_one_string = false;
	}
	value->is_odd = value->is_odd || value->quote != '\0' ||
			!has_paired_quotes(kh_str_text(&value->text));
}

bool kh_default_value_is_clear(const char *raw)
{
	kh_auto(value_done) struct value value = {0};

	read_value(&value, raw);
	return !value.is_odd;
}

/* ---- deciding ---- */

static void find_words(struct value *value, bool is_append)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	const char *text = kh_str_text(&value->text);
	const char *at = text;

	kh_cmdline_split(text, &words);
	for (size_t i = 0; i < words.count; i++) {
		struct word *word = kh_append(value->words, value->word_count);

		at = strstr(at, words.items[i]);
		word->text = kh_strdup(words.items[i]);
		word->start = (size_t)(at - text);
		at += strlen(word->text);
		word->end = (size_t)(at - text);
		word->is_fixed =
			strchr(word->text, UNREADABLE) != NULL || (is_append && word->start == 0);
	}
}

/* The words that can be touched, as a command line. */
static char *loose_words(const struct value *value)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};

	for (size_t i = 0; i < value->word_count; i++)
		if (!value->words[i].is_fixed && !value->words[i].is_gone)
			kh_strv_add(&words, value->words[i].text);
	return kh_strv_join(&words, " ");
}

/* The words that are not in `left` any more go. Of equal words all are there or none; where it does
 * not come out even, nothing goes. */
static void keep_words(struct value *value, const char *left)
{
	kh_auto(kh_strv_done) struct kh_strv kept = {0};
	size_t next = 0;

	kh_cmdline_split(left, &kept);
	for (size_t i = 0; i < value->word_count; i++) {
		struct word *word = &value->words[i];

		if (word->is_fixed || word->is_gone)
			continue;
		if (next < kept.count && strcmp(kept.items[next], word->text) == 0)
			next++;
		else
			word->is_gone = true;
	}
	for (size_t i = 0; next < kept.count && i < value->word_count; i++)
		value->words[i].is_gone = false;
}

/* The group's words take the place of what stands for its keys, or go to the end. */
static void merge_group(struct value *value, const struct kh_cmdline_group *group,
			struct kh_strv *tail)
{
	bool is_placed = group->words.count == 0;

	for (size_t i = 0; i < value->word_count; i++) {
		struct word *word = &value->words[i];
		kh_auto(kh_free) char *found = kh_cmdline_found(word->text, group);

		if (word->is_fixed || word->is_gone || found == NULL)
			continue;
		if (is_placed)
			word->is_gone = true;
		else
			word->instead = kh_strv_join(&group->words, " ");
		is_placed = true;
	}
	if (!is_placed)
		kh_strv_copy(tail, &group->words);
}

static void decide(struct value *value, const struct kh_default_edit *edit, struct kh_strv *tail)
{
	find_words(value, edit->is_append);
	kh_auto(kh_free) char *loose = loose_words(value);
	kh_auto(kh_free) char *dropped = kh_cmdline_drop(loose, edit->stale);
	kh_auto(kh_free) char *stripped = kh_cmdline_strip(dropped, edit->groups);

	keep_words(value, edit->is_merge ? dropped : stripped);
	for (size_t i = 0; edit->is_merge && i < edit->groups->count; i++)
		if (!kh_cmdline_has(dropped, &edit->groups->items[i]))
			merge_group(value, &edit->groups->items[i], tail);
}

/* ---- writing ---- */

char *kh_default_value_escape(const char *text, char quote)
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

static void add_words(struct kh_str *out, const char *words, char quote)
{
	kh_auto(kh_free) char *escaped =
		kh_default_value_escape(words, quote != '\0' ? quote : '"');
	const char *around = quote != '\0' ? "" : "\"";

	kh_str_addf(out, "%s%s%s", around, escaped, around);
}

static void remove_letters(struct value *value, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		value->letters[i].is_gone = true;
}

/* A removed word takes the blanks before it along; at the start, those after it; at the end of a
 * value that goes on elsewhere, none: they keep what follows apart from the word before. */
static void remove_words(struct value *value, bool goes_on)
{
	bool is_start = value->word_count > 0 && value->words[0].start == 0;

	for (size_t i = 0; i < value->word_count; i++) {
		const struct word *word = &value->words[i];
		size_t end = word->end;
		bool is_last = goes_on && end == value->count;

		is_start = is_start && word->is_gone;
		if (word->is_gone && is_start)
			end += strspn(kh_str_text(&value->text) + end, " \t");
		if (word->is_gone)
			remove_letters(value,
				       i > 0 && !is_last ? value->words[i - 1].end : word->start,
				       end);
		else if (word->instead != NULL)
			remove_letters(value, word->start, end);
	}
}

/* What is between letters: quotes, which stay, and the ends of lines that go on, which go with what
 * was around them. */
static void add_between(struct kh_str *out, const struct value *value, size_t from, size_t to,
			bool is_gone)
{
	for (size_t i = from; i < to; i++)
		if (!is_gone || strchr("\\\n", value->raw[i]) == NULL)
			kh_str_add_bytes(out, value->raw + i, 1);
}

/* All letters that stay and the words that took another's place. *ret_last: the last character, to
 * whoever reads the value; '\0': there is none. Returns how much of raw was read. */
static size_t add_letters(struct kh_str *out, const struct value *value, char *ret_last)
{
	const struct word *word = value->words;
	const struct word *end = word != NULL ? word + value->word_count : NULL;
	bool was_gone = true;
	size_t at = 0;

	for (size_t i = 0; i < value->count; i++) {
		const struct letter *letter = &value->letters[i];

		add_between(out, value, at, letter->from, letter->is_gone && was_gone);
		while (word < end && word->start < i)
			word++;
		if (word < end && word->start == i && word->instead != NULL) {
			add_words(out, word->instead, letter->quote);
			*ret_last = '.';
		}
		if (!letter->is_gone) {
			kh_str_add_bytes(out, value->raw + letter->from, letter->to - letter->from);
			*ret_last = value->text.text[i];
		}
		was_gone = letter->is_gone;
		at = letter->to;
	}
	return at;
}

static char *write_value(const struct value *value, const struct kh_strv *tail, bool is_append)
{
	struct kh_str out = {0};
	char last = is_append ? '.' : ' ';
	size_t at = add_letters(&out, value, &last);
	kh_auto(kh_free) char *joined = kh_strv_join(tail, " ");
	kh_auto(kh_free) char *words =
		kh_printf("%s%s", isspace((unsigned char)last) ? "" : " ", joined);

	if (tail->count == 0) {
		kh_str_add(&out, value->raw + at);
	} else if (value->is_one_string) {
		size_t close = strlen(value->raw) - 1;

		kh_str_add_bytes(&out, value->raw + at, close - at);
		add_words(&out, words, value->raw[0]);
		kh_str_add(&out, value->raw + close);
	} else {
		kh_str_add(&out, value->raw + at);
		add_words(&out, words, '\0');
	}
	return kh_str_take(&out);
}

/* A bare word gets quotes before other words are put beside it. */
static char *with_quotes(const char *raw, const struct kh_default_edit *edit)
{
	kh_auto(kh_free) char *quoted = kh_printf("\"%s\"", raw);
	kh_auto(kh_free) char *edited = kh_default_value_edit(quoted, edit);

	return strcmp(quoted, edited) == 0 ? kh_strdup(raw) : kh_take(edited);
}

char *kh_default_value_edit(const char *raw, const struct kh_default_edit *edit)
{
	kh_auto(value_done) struct value value = {0};
	kh_auto(kh_strv_done) struct kh_strv tail = {0};

	if (edit->is_merge && strpbrk(raw, "\"'`$\\") == NULL)
		return with_quotes(raw, edit);
	read_value(&value, raw);
	if (value.is_odd)
		return kh_strdup(raw);
	decide(&value, edit, &tail);
	remove_words(&value, edit->goes_on);
	return write_value(&value, &tail, edit->is_append);
}
