/* clean.c - text on its way to a terminal: no control sequences of strangers, no passwords.
 *
 * A plan shows lines of files, a report names found in them, an error what a program said. On a
 * terminal an escape sequence in such a text would move the cursor, rename the window or hide what
 * comes next, so what is not text is written as \xNN. Only our own colours pass.
 */
#include <stdarg.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/redact.h"
#include "core/base/translate.h"
#include "core/base/utf8.h"

/* Bytes of the character at text; 0 when it is not one that can be shown. */
static size_t shown_length(const char *text)
{
	unsigned code = 0;
	size_t length = kh_utf8_at(text, KH_UTF8_LONGEST, &code);
	return kh_utf8_is_plain(code) || code == '\n' || code == '\t' ? length : 0;
}

/* "\033[...m": a colour. */
static size_t color_length(const char *text)
{
	if (text[0] != '\033' || text[1] != '[')
		return 0;
	size_t digits = strspn(text + 2, "0123456789;");
	return text[2 + digits] == 'm' ? digits + 3 : 0;
}

char *kh_clean(const char *text, bool has_color)
{
	kh_auto(kh_free) char *open = kh_redact(text ? text : "");
	kh_auto(kh_str_done) struct kh_str clean = {0};
	const char *start = open, *at = open;
	while (*at) {
		size_t length = has_color ? color_length(at) : 0;
		length = length ? length : shown_length(at);
		at += length;
		if (length > 0)
			continue;
		kh_str_add_bytes(&clean, start, (size_t)(at - start));
		kh_str_addf(&clean, "\\x%02x", (unsigned)(unsigned char)*at);
		start = ++at;
	}
	kh_str_add(&clean, start);
	return kh_str_take(&clean);
}

void kh_print(FILE *stream, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *text = kh_vprintf(format, args);
	va_end(args);
	kh_auto(kh_free) char *clean = kh_clean(kh_translated(text), kh_wants_color());
	fputs(clean, stream);
}
