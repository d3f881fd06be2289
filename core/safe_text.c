/* safe_text.c - see safe_text.h. */
#include "core/safe_text.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The code point at *text, which moves on; the text is UTF-8 (kh_json_text saw to that). */
static unsigned next_point(const char **text)
{
	unsigned point = 0;
	*text += kh_utf8_at(*text, KH_UTF8_LONGEST, &point);
	return point;
}

static const char *escape(unsigned point)
{
	switch (point) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	bool is_good = kh_utf8_is_plain(point) || point == '\n' || point == '\t';
	return is_good ? NULL : replacement;
}

static char *escaped(const char *text)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	json_t *clean = text ? kh_json_text(text) : NULL;
	const char *at = json_string_value(clean);
	while (at && *at) {
		const char *start = at;
		const char *instead = escape(next_point(&at));
		if (instead)
			kh_str_add(&out, instead);
		else
			kh_str_add_bytes(&out, start, (size_t)(at - start));
	}
	json_decref(clean);
	return kh_str_take(&out);
}

void kh_safe_add_markup(struct kh_str *out, const char *text)
{
	kh_auto(kh_free) char *safe = escaped(text);
	const char *shown = kh_translated(text);
	if (shown != text) {
		kh_auto(kh_free) char *safe_shown = escaped(shown);
		kh_translate_pair(safe, safe_shown);
	}
	kh_str_add(out, safe);
}

static char *one_line(const char *text, bool is_utf8)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	json_t *clean = text ? kh_json_text(text) : NULL;
	const char *at = json_string_value(clean);
	while (at && *at) {
		const char *start = at;
		unsigned point = next_point(&at);
		if (point == '\n' || point == '\t')
			kh_str_add(&out, " ");
		else if (!kh_utf8_is_plain(point))
			kh_str_add(&out, is_utf8 ? replacement : "?");
		else if (point > 0x7e && !is_utf8)
			kh_str_add(&out, "?");
		else
			kh_str_add_bytes(&out, start, (size_t)(at - start));
	}
	json_decref(clean);
	return kh_str_take(&out);
}

char *kh_safe_line(const char *text, bool is_utf8)
{
	char *line = one_line(text, is_utf8);
	const char *shown = kh_translated(text);
	if (shown != text) {
		kh_auto(kh_free) char *shown_line = one_line(shown, is_utf8);
		kh_translate_pair(line, shown_line);
	}
	return line;
}
