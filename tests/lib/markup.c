/* markup.c - see markup.h. */
#include "tests/lib/markup.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct reader {
	const char *start, *at;
	const char *tags;
	struct kh_strv open;
};

static char *fault(const struct reader *reader, const char *what)
{
	return kh_printf("at byte %zu: %s: '%.60s'", (size_t)(reader->at - reader->start), what,
			 reader->at);
}

static bool is_entity(const char *text)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	for (size_t i = 0; i < KH_COUNT(entities); i++)
		if (kh_str_starts(text, entities[i]))
			return true;
	return false;
}

static char *check_character(const struct reader *reader)
{
	unsigned char c = (unsigned char)*reader->at;
	if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
		return fault(reader, "control character");
	if (c == '&' && !is_entity(reader->at))
		return fault(reader, "'&' that is not escaped");
	return NULL;
}

static char *read_attributes(struct reader *reader)
{
	while (*reader->at == ' ') {
		reader->at++;
		size_t length = strspn(reader->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
						   "VWXYZ-:0123456789");
		if (length == 0 || strncmp(reader->at + length, "=\"", 2) != 0)
			return fault(reader, "no attribute");
		if (kh_str_starts(reader->at, "on"))
			return fault(reader, "an attribute with a script");
		for (reader->at += length + 2; *reader->at && *reader->at != '"'; reader->at++) {
			char *wrong = check_character(reader);
			if (wrong)
				return wrong;
			if (*reader->at == '<' || *reader->at == '>')
				return fault(reader, "a tag in an attribute");
		}
		reader->at += *reader->at == '"';
	}
	return NULL;
}

static char *close_tag(struct reader *reader, const char *name)
{
	const char *last = reader->open.count > 0 ? reader->open.items[reader->open.count - 1] : "";
	if (strcmp(last, name) != 0)
		return fault(reader, "closes another tag than the last one");
	kh_strv_remove(&reader->open, reader->open.count - 1);
	reader->at++;
	return NULL;
}

static char *read_tag(struct reader *reader)
{
	if (kh_str_starts(reader->at, "<!DOCTYPE html>") || kh_str_starts(reader->at, "<?xml ")) {
		reader->at = strchr(reader->at, '>') + 1;
		return NULL;
	}
	bool closes = reader->at[1] == '/';
	const char *start = reader->at + 1 + closes;
	size_t length = 0;
	while (isalnum((unsigned char)start[length]) || start[length] == '-')
		length++;
	kh_auto(kh_free) char *name = kh_strndup(start, length);
	if (!kh_str_has_word(reader->tags, name))
		return fault(reader, "a tag that does not belong here");
	reader->at = start + length;
	if (closes)
		return close_tag(reader, name);
	char *wrong = read_attributes(reader);
	if (wrong)
		return wrong;
	bool is_empty = *reader->at == '/';
	reader->at += is_empty;
	if (*reader->at != '>')
		return fault(reader, "a tag without an end");
	reader->at++;
	if (!is_empty && strcmp(name, "meta") != 0)
		kh_strv_add(&reader->open, name);
	if (strcmp(name, "style") == 0)
		reader->at = strstr(reader->at, "</style>");
	return NULL;
}

char *markup_fault(const char *text, const char *tags)
{
	struct reader reader = {.start = text, .at = text, .tags = tags};
	char *wrong = NULL;
	while (!wrong && *reader.at) {
		if (*reader.at == '<') {
			wrong = read_tag(&reader);
			continue;
		}
		wrong = *reader.at == '>' ? fault(&reader, "'>' that is not escaped")
					  : check_character(&reader);
		reader.at++;
	}
	if (!wrong && reader.open.count > 0)
		wrong = kh_printf("'%s' is not closed", reader.open.items[reader.open.count - 1]);
	kh_strv_done(&reader.open);
	return wrong;
}
