/* translate_format.c - see translate_format.h.
 *
 * The arguments are taken in the order and with the types that the English format says, each is
 * formatted by itself, and the other format is filled with the results.
 * Source: ISO C11, 7.21.6.1; the numbered directives are POSIX'.
 */
#include "core/base/translate_format.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"

enum { MOST = 16 }; /* arguments of one message */

struct directive {
	const char *end;
	size_t number; /* "%2$s": 2; 0: in order */
	char flags[8];
	int width, precision; /* -1: none */
	bool takes_width, takes_precision;
	char length[3];
	char kind; /* the conversion: 's', 'd', 'u' ... */
};

struct values {
	char *text[MOST];
	size_t count;
};

static void values_done(struct values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->text[i]);
}

/* A number, or '*'. */
static int read_count(const char **at, bool *ret_takes)
{
	if (**at == '*') {
		*ret_takes = true;
		++*at;
		return -1;
	}
	char *end = NULL;
	long count = strtol(*at, &end, 10);
	bool is_there = end != *at && count >= 0 && count < INT32_MAX;
	*at = end;
	return is_there ? (int)count : -1;
}

static size_t take(const char **at, const char *set, char *buffer, size_t size)
{
	size_t length = strspn(*at, set);
	length = length < size ? length : size - 1;
	memcpy(buffer, *at, length);
	buffer[length] = '\0';
	*at += length;
	return length;
}

/* at: behind '%'. */
static struct directive read_directive(const char *at)
{
	struct directive directive = {.width = -1, .precision = -1};
	size_t digits = strspn(at, "0123456789");
	if (digits > 0 && at[digits] == '$') {
		directive.number = strtoul(at, NULL, 10);
		if (directive.number == 0)
			directive.number = SIZE_MAX; /* there is none */
		at += digits + 1;
	}
	take(&at, "-+ #0", directive.flags, sizeof(directive.flags));
	if (isdigit((unsigned char)*at) || *at == '*')
		directive.width = read_count(&at, &directive.takes_width);
	if (*at == '.') {
		at++;
		directive.precision = read_count(&at, &directive.takes_precision);
		if (directive.precision < 0 && !directive.takes_precision)
			directive.precision = 0;
	}
	take(&at, "hlzjt", directive.length, sizeof(directive.length));
	directive.kind = *at;
	directive.end = *at ? at + 1 : at;
	return directive;
}

static char *pad(const char *text, const struct directive *directive)
{
	size_t columns = kh_columns(text), width = directive->width > 0 ? directive->width : 0;
	int blanks = columns < width ? (int)(width - columns) : 0;
	bool is_left = strchr(directive->flags, '-') != NULL;
	return is_left ? kh_printf("%s%*s", text, blanks, "")
		       : kh_printf("%*s%s", blanks, "", text);
}

static char *format_text(const char *text, const struct directive *directive)
{
	kh_auto(kh_free) char *part = directive->precision >= 0
					      ? kh_strndup(text, (size_t)directive->precision)
					      : kh_strdup(text);
	return pad(kh_translated(part), directive);
}

static intmax_t take_signed(const char *length, va_list *args)
{
	if (strcmp(length, "l") == 0)
		return va_arg(*args, long);
	if (strcmp(length, "ll") == 0 || strcmp(length, "j") == 0)
		return va_arg(*args, long long);
	if (strcmp(length, "z") == 0 || strcmp(length, "t") == 0)
		return va_arg(*args, ptrdiff_t);
	return va_arg(*args, int);
}

static uintmax_t take_unsigned(const char *length, va_list *args)
{
	if (strcmp(length, "l") == 0)
		return va_arg(*args, unsigned long);
	if (strcmp(length, "ll") == 0 || strcmp(length, "j") == 0)
		return va_arg(*args, unsigned long long);
	if (strcmp(length, "z") == 0 || strcmp(length, "t") == 0)
		return va_arg(*args, size_t);
	return va_arg(*args, unsigned);
}

/* The directive by itself, for an argument of the widest type. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *format_number(const struct directive *directive, va_list *args)
{
	kh_auto(kh_str_done) struct kh_str own = {0};
	bool is_real = strchr("eEfFgGaA", directive->kind) != NULL;
	bool is_whole = strchr("diuxXo", directive->kind) != NULL;
	kh_str_addf(&own, "%%%s", directive->flags);
	if (directive->width >= 0)
		kh_str_addf(&own, "%d", directive->width);
	if (directive->precision >= 0)
		kh_str_addf(&own, ".%d", directive->precision);
	kh_str_addf(&own, "%s%c", is_whole ? "j" : "", directive->kind);
	if (directive->kind == 'p')
		return kh_printf(own.text, va_arg(*args, void *));
	if (is_real)
		return kh_printf(own.text, va_arg(*args, double));
	if (directive->kind == 'c')
		return kh_printf(own.text, va_arg(*args, int));
	if (strchr("di", directive->kind))
		return kh_printf(own.text, take_signed(directive->length, args));
	return kh_printf(own.text, take_unsigned(directive->length, args));
}
#pragma GCC diagnostic pop

/* One argument, with its width and precision before it. */
static char *take_value(struct directive *directive, va_list *args)
{
	if (directive->takes_width) {
		int width = va_arg(*args, int);
		if (width < 0)
			memcpy(directive->flags, "-", sizeof("-"));
		directive->width = abs(width);
	}
	if (directive->takes_precision)
		directive->precision = va_arg(*args, int);
	if (directive->kind == 's') {
		const char *text = va_arg(*args, const char *);
		return format_text(text ? text : "(null)", directive);
	}
	return format_number(directive, args);
}

/* The first directive at or behind text ("%%" is none), or NULL. */
static const char *next_directive(const char *text)
{
	const char *at = strchr(text, '%');
	while (at && at[1] == '%')
		at = strchr(at + 2, '%');
	return at;
}

static int take_values(const char *format, va_list *args, struct values *values)
{
	for (const char *at = format; (at = next_directive(at)) != NULL;) {
		struct directive directive = read_directive(at + 1);
		bool is_known = directive.kind && strchr("sdiuxXocpeEfFgGaA", directive.kind);
		if (!is_known || directive.number > 0 || values->count == MOST)
			return -1;
		values->text[values->count++] = take_value(&directive, args);
		at = directive.end;
	}
	return 0;
}

static void add_literal(struct kh_str *out, const char *from, const char *to)
{
	for (const char *at = from; at < to; at++) {
		kh_str_add_bytes(out, at, 1);
		at += *at == '%'; /* the second one of "%%" */
	}
}

char *kh_translate_formatted(const char *format, const char *shown, va_list args)
{
	__attribute__((cleanup(values_done))) struct values values = {0};
	kh_auto(kh_str_done) struct kh_str out = {0};
	va_list own;
	va_copy(own, args);
	int result = take_values(format, &own, &values);
	va_end(own);
	size_t next = 0;
	const char *at = shown, *found;
	while (result == 0 && (found = next_directive(at)) != NULL) {
		struct directive directive = read_directive(found + 1);
		size_t index = directive.number > 0 ? directive.number - 1 : next++;
		if (index >= values.count)
			return NULL;
		add_literal(&out, at, found);
		kh_str_add(&out, values.text[index]);
		at = directive.end;
	}
	if (result != 0)
		return NULL;
	add_literal(&out, at, at + strlen(at));
	return kh_str_take(&out);
}
