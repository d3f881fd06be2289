/* yaml_text.c - see yaml_text.h: characters, lines, and messages that show them. */
#include "core/base/yaml_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

enum { SHOWN_COLUMNS = 100, QUOTED_CHARACTERS = 60 };

/* Source: YAML 1.1, production c-printable, without its unusual line breaks. */
static bool is_allowed(unsigned code)
{
	if (code == '\t' || code == '\n')
		return true;
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe &&
	       code != 0xffff;
}

static int refuse(struct kh_yaml *yaml, unsigned code, size_t length, int line, int column,
		  struct kh_error *err)
{
	if (length == 0) {
		kh_yaml_fail(yaml, line, column, err, "this is not UTF-8 text");
		return kh_hint(err,
			       "save the file as UTF-8 (iconv -f latin1 -t utf-8 converts it)");
	}
	if (code == 0) {
		kh_yaml_fail(yaml, line, column, err, "a NUL byte: this is not a text file");
		return kh_hint(err, "save the file as UTF-8 text");
	}
	if (code == '\r') {
		kh_yaml_fail(yaml, line, column, err, "a carriage return without a newline");
		return kh_hint(err, "end lines with LF or CR LF");
	}
	return kh_yaml_fail(yaml, line, column, err, "character U+%04X is not allowed here", code);
}

int kh_yaml_check_text(struct kh_yaml *yaml, const char *text, size_t length, struct kh_error *err)
{
	int line = 1, column = 1;
	for (size_t at = 0; at < length;) {
		unsigned code = 0;
		size_t size = kh_utf8_at(text + at, length - at, &code);
		bool is_crlf = code == '\r' && at + 1 < length && text[at + 1] == '\n';
		if (size == 0 || (!is_allowed(code) && !is_crlf))
			return refuse(yaml, code, size, line, column, err);
		at += size;
		column++;
		if (code == '\n') {
			line++;
			column = 1;
		}
	}
	return 0;
}

const char *kh_yaml_line(const struct kh_yaml *yaml, int line, size_t *ret_length)
{
	const char *at = yaml->text ? yaml->text : "";
	for (; line > 1; line--) {
		const char *end = strchr(at, '\n');
		at = end ? end + 1 : at + strlen(at);
	}
	*ret_length = strcspn(at, "\r\n");
	return at;
}

/* One character fit for a terminal: an escape sequence in a file must not reach it. */
static size_t add_safe(struct kh_str *str, const char *text, size_t left)
{
	unsigned code = 0;
	size_t size = kh_utf8_at(text, left, &code);
	bool is_safe = size > 0 && code != '\n' && is_allowed(code);
	kh_str_add_bytes(str, is_safe ? text : "?", is_safe ? size : 1);
	return size ? size : 1;
}

/* The line with a caret line below; of a long line the part around the column. Bytes: what stands
 * in a file is in no catalogue. */
static void add_caret(struct kh_str *str, const char *text, size_t length, size_t column)
{
	size_t first = column > SHOWN_COLUMNS ? column - SHOWN_COLUMNS / 2 : 1;
	kh_auto(kh_str_done) struct kh_str caret = {0};
	kh_str_add(str, first > 1 ? "..." : "");
	kh_str_add(&caret, first > 1 ? "   " : "");
	size_t at = 0, here = 1;
	for (; at < length && here < first + SHOWN_COLUMNS; here++) {
		kh_auto(kh_str_done) struct kh_str character = {0};
		at += add_safe(&character, text + at, length - at);
		if (here < first)
			continue;
		kh_str_add_bytes(str, character.text, character.length);
		if (here < column && character.text[0] == '\t')
			kh_str_add(&caret, "\t");
		else if (here < column)
			kh_str_addf(&caret, "%*s", (int)kh_columns(character.text), "");
	}
	kh_str_add(str, at < length ? "..." : "");
	for (; here < column; here++)
		kh_str_add(&caret, " ");
	kh_str_addf(str, "\n%s^", kh_str_text(&caret));
}

static size_t characters_in(const char *text)
{
	size_t count = 0, left = strlen(text);
	while (left > 0) {
		unsigned code = 0;
		size_t size = kh_utf8_at(text, left, &code);
		size = size ? size : 1;
		text += size;
		left -= size;
		count++;
	}
	return count;
}

int kh_yaml_vfail(const struct kh_yaml *yaml, int line, int column, struct kh_error *err,
		  const char *format, va_list args)
{
	kh_auto(kh_free) char *what = kh_vprintf(format, args);
	kh_auto(kh_str_done) struct kh_str message = {0};
	kh_str_add(&message, yaml->name);
	if (!yaml->lead)
		kh_str_addf(&message, ":%d:%d", line, column);
	kh_str_addf(&message, ": %s\n", what);
	size_t length;
	const char *text = kh_yaml_line(yaml, line, &length);
	const char *lead = yaml->lead && line == 1 ? yaml->lead : "";
	kh_auto(kh_str_done) struct kh_str shown = {0};
	kh_str_add(&shown, lead);
	kh_str_add_bytes(&shown, text, length);
	add_caret(&message, shown.text, shown.length, (size_t)column + characters_in(lead));
	return kh_fail(err, yaml->code, 0, "%s", kh_str_text(&message));
}

int kh_yaml_fail(const struct kh_yaml *yaml, int line, int column, struct kh_error *err,
		 const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_yaml_vfail(yaml, line, column, err, format, args);
	va_end(args);
	return -1;
}

char *kh_yaml_quote(const char *text)
{
	struct kh_str quoted = {0};
	size_t left = strlen(text);
	kh_str_add(&quoted, "'");
	for (int i = 0; left > 0 && i < QUOTED_CHARACTERS; i++) {
		size_t size = add_safe(&quoted, text, left);
		text += size;
		left -= size;
	}
	kh_str_add(&quoted, left > 0 ? "...'" : "'");
	return kh_str_take(&quoted);
}
