/* diff.c - see diff.h. Longest common subsequence of lines after cutting what both ends share; then
 * the edit script is grouped into hunks with three lines of context. */
#include "core/diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { CONTEXT = 3 };

struct lines {
	struct kh_strv list; /* each without its newline */
	bool lacks_newline;  /* the last one has none */
};

struct edit {
	char sign; /* ' ', '-', '+' */
	const char *text;
	size_t old_line, new_line; /* of this line, counted from 1, where it has one */
	bool lacks_newline;
};

struct script {
	struct edit *edits;
	size_t count;
	size_t old_line, new_line; /* of the last edit added */
};

static void lines_done(struct lines *lines)
{
	kh_strv_done(&lines->list);
}

static void script_done(struct script *script)
{
	free(script->edits);
}

static void split(struct lines *lines, const char *text)
{
	if (!text)
		return;
	kh_strv_split_lines(&lines->list, text);
	lines->lacks_newline = *text && !kh_str_ends(text, "\n");
}

static bool is_same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	bool a_lacks = a->lacks_newline && i + 1 == a->list.count;
	bool b_lacks = b->lacks_newline && j + 1 == b->list.count;
	return a_lacks == b_lacks && strcmp(a->list.items[i], b->list.items[j]) == 0;
}

static void add(struct script *script, char sign, const struct lines *from, size_t at)
{
	struct edit *edit = kh_append(script->edits, script->count);
	edit->sign = sign;
	edit->text = from->list.items[at];
	edit->lacks_newline = from->lacks_newline && at + 1 == from->list.count;
	script->old_line += sign != '+';
	script->new_line += sign != '-';
	edit->old_line = script->old_line;
	edit->new_line = script->new_line;
}

/* The middle part, where the texts differ: table[i][j] is the length of the longest common
 * subsequence of what remains from i and j. */
static void compare_middle(struct script *script, const struct lines *a, const struct lines *b,
			   size_t from, size_t a_end, size_t b_end)
{
	size_t rows = a_end - from, columns = b_end - from, width = columns + 1;
	kh_auto(kh_free) uint32_t *table = kh_alloc((rows + 1) * width * sizeof(*table));
	for (size_t i = rows; i-- > 0;)
		for (size_t j = columns; j-- > 0;) {
			uint32_t down = table[(i + 1) * width + j];
			uint32_t right = table[i * width + j + 1];
			table[i * width + j] = is_same(a, from + i, b, from + j)
						       ? table[(i + 1) * width + j + 1] + 1
					       : down > right ? down
							      : right;
		}
	size_t i = 0, j = 0;
	while (i < rows || j < columns) {
		bool both = i < rows && j < columns;
		if (both && is_same(a, from + i, b, from + j)) {
			add(script, ' ', a, from + i++);
			j++;
		} else if (i < rows &&
			   (!both || table[(i + 1) * width + j] >= table[i * width + j + 1])) {
			add(script, '-', a, from + i++);
		} else {
			add(script, '+', b, from + j++);
		}
	}
}

static void compare(struct script *script, const struct lines *a, const struct lines *b)
{
	size_t head = 0, a_end = a->list.count, b_end = b->list.count;
	while (head < a_end && head < b_end && is_same(a, head, b, head))
		add(script, ' ', a, head++);
	while (a_end > head && b_end > head && is_same(a, a_end - 1, b, b_end - 1)) {
		a_end--;
		b_end--;
	}
	/* A table of more than this many cells would be slow: then say "all of it" instead. */
	static const size_t most_cells = 16UL << 20;
	if ((a_end - head + 1) * (b_end - head + 1) <= most_cells) {
		compare_middle(script, a, b, head, a_end, b_end);
	} else {
		for (size_t i = head; i < a_end; i++)
			add(script, '-', a, i);
		for (size_t j = head; j < b_end; j++)
			add(script, '+', b, j);
	}
	for (; a_end < a->list.count; a_end++)
		add(script, ' ', a, a_end);
}

static void print_range(struct kh_str *out, char sign, size_t first, size_t count)
{
	kh_str_addf(out, "%c%zu", sign, count ? first : first - 1);
	if (count != 1)
		kh_str_addf(out, ",%zu", count);
}

/* Where the counting of a side stands just before edit `at`. */
static size_t first_line(const struct script *script, size_t at, bool is_old)
{
	if (at == 0)
		return 1;
	const struct edit *before = &script->edits[at - 1];
	return (is_old ? before->old_line : before->new_line) + 1;
}

static void print_hunk(struct kh_str *out, const struct script *script, size_t from, size_t to)
{
	size_t old_count = 0, new_count = 0;
	for (size_t i = from; i < to; i++) {
		old_count += script->edits[i].sign != '+';
		new_count += script->edits[i].sign != '-';
	}
	kh_str_add(out, "@@ ");
	print_range(out, '-', first_line(script, from, true), old_count);
	kh_str_add(out, " ");
	print_range(out, '+', first_line(script, from, false), new_count);
	kh_str_add(out, " @@\n");
	for (size_t i = from; i < to; i++) {
		kh_str_addf(out, "%c%s\n", script->edits[i].sign, script->edits[i].text);
		if (script->edits[i].lacks_newline)
			kh_str_add(out, "\\ No newline at end of file\n");
	}
}

/* End of the run of edits that belong to the hunk whose first change is at `first`. */
static size_t hunk_end(const struct script *script, size_t first)
{
	size_t last = first;
	for (size_t i = first; i < script->count && i <= last + 2 * CONTEXT + 1; i++)
		if (script->edits[i].sign != ' ')
			last = i;
	size_t end = last + CONTEXT + 1;
	return end < script->count ? end : script->count;
}

void kh_diff_unified(const char *path, const char *old, const char *new, struct kh_str *out)
{
	kh_auto(lines_done) struct lines a = {0};
	kh_auto(lines_done) struct lines b = {0};
	kh_auto(script_done) struct script script = {0};
	split(&a, old);
	split(&b, new);
	compare(&script, &a, &b);
	bool has_header = false;
	for (size_t at = 0; at < script.count;) {
		if (script.edits[at].sign == ' ') {
			at++;
			continue;
		}
		if (!has_header)
			kh_str_addf(out, "--- %s%s\n+++ %s%s\n", old ? "a" : "/dev/null",
				    old ? path : "", new ? "b" : "/dev/null", new ? path : "");
		has_header = true;
		size_t end = hunk_end(&script, at);
		print_hunk(out, &script, at > CONTEXT ? at - CONTEXT : 0, end);
		at = end;
	}
}
