/* wrap.c - see wrap.h. */
#include "core/base/wrap.h"

#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

static bool is_one_of(const char *at, size_t length, const char *const *set, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(set[i]) == length && memcmp(set[i], at, length) == 0)
			return true;
	return false;
}

static bool closes(const char *at, size_t length)
{
	static const char *const set[] = {"，", "。", "、", "：", "；", "）", "！", "？", "」",
					  "』", "》", "”",  ",",  ".",  ":",  ";",  ")",  "'"};
	return is_one_of(at, length, set, KH_COUNT(set));
}

static bool opens(const char *at, size_t length)
{
	static const char *const set[] = {"（", "「", "『", "《", "“", "(", "'"};
	return is_one_of(at, length, set, KH_COUNT(set));
}

/* Bytes of what is not broken: to the next blank, or to where one of two neighbours is wide. */
static size_t piece_length(const char *text)
{
	size_t at = 0, length = 0;
	size_t columns = kh_columns_at(text, &length);
	while (text[at + length] && text[at + length] != ' ') {
		size_t next_length = 0;
		size_t next_columns = kh_columns_at(text + at + length, &next_length);
		bool is_wide = columns == 2 || next_columns == 2;
		if (is_wide && next_columns > 0 && !closes(text + at + length, next_length) &&
		    !opens(text + at, length))
			break;
		at += length;
		length = next_length;
		columns = next_columns;
	}
	return at + length;
}

/* Without those of colours. Source: ECMA-48, SGR. */
static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0, step;
	for (size_t at = 0; at < length; at += step) {
		size_t digits = strncmp(text + at, "\033[", 2) == 0
					? strspn(text + at + 2, "0123456789;")
					: 0;
		bool is_color = digits > 0 && text[at + 2 + digits] == 'm';
		if (is_color)
			step = digits + 3;
		else
			columns += kh_columns_at(text + at, &step);
	}
	return columns;
}

static char *broken(const char *text, const char *prefix, size_t at, size_t width)
{
	struct kh_str out = {0};
	size_t indent = kh_columns(prefix);
	bool is_first = true;
	const char *piece = text + strspn(text, " ");
	for (bool has_blank = false; *piece;) {
		size_t length = piece_length(piece), columns = columns_of(piece, length);
		if (!is_first && at + has_blank + columns > width) {
			kh_str_add(&out, "\n");
			kh_str_add(&out, prefix);
			at = indent;
		} else if (!is_first && has_blank) {
			kh_str_add(&out, " ");
			at++;
		}
		kh_str_add_bytes(&out, piece, length);
		at += columns;
		piece += length;
		size_t blanks = strspn(piece, " ");
		has_blank = blanks > 0;
		piece += blanks;
		is_first = false;
	}
	return kh_str_take(&out);
}

void kh_wrap_add(struct kh_str *out, const char *text, const char *prefix, size_t at, size_t width)
{
	kh_auto(kh_free) char *lines = broken(text, prefix, at, width);
	const char *shown = kh_translated(text);
	if (shown != text) {
		kh_auto(kh_free) char *shown_lines = broken(shown, prefix, at, width);
		kh_translate_pair(lines, shown_lines);
	}
	kh_str_add(out, lines);
}

static char *fitted(const char *line, const char *prefix, size_t width)
{
	return columns_of(line, strlen(line)) <= width ? kh_strdup(line)
						       : broken(line, prefix, 0, width);
}

void kh_wrap_line(struct kh_str *out, const char *line, const char *prefix, size_t width)
{
	kh_auto(kh_free) char *lines = fitted(line, prefix, width);
	const char *shown = kh_translated(line);
	if (shown != line) {
		kh_auto(kh_free) char *shown_lines = fitted(shown, prefix, width);
		kh_translate_pair(lines, shown_lines);
	}
	kh_str_add(out, lines);
}

void kh_wrap_item(struct kh_str *out, const char *label, size_t column, const char *text,
		  size_t width)
{
	enum { BELOW = 6 };
	bool is_below = kh_columns(label) >= column || width < 2 * column;
	size_t at = is_below && column > BELOW ? BELOW : column;
	kh_auto(kh_free) char *indent = kh_printf("%*s", (int)at, "");
	if (is_below)
		kh_str_addf(out, "%s\n%s", label, indent);
	else
		kh_str_addf(out, "%-*s", (int)column, label);
	kh_wrap_add(out, text, indent, at, width);
	kh_str_add(out, "\n");
}
