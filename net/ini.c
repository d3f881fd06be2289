/* ini.c - see ini.h. */
#include "net/ini.h"

#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static bool is_comment(const char *text)
{
	char first = text[strspn(text, " \t")];
	return first == '#' || first == ';';
}

/* Up to and with the newline that no backslash hides; a comment is never continued. */
static size_t line_length(const char *text)
{
	bool can_continue = !is_comment(text);
	for (const char *at = text; *at; at++)
		if (*at == '\n' && (!can_continue || at == text || at[-1] != '\\'))
			return (size_t)(at - text) + 1;
	return strlen(text);
}

/* Fill key and value when the line is an assignment. */
static void split_assignment(struct kh_ini_line *line)
{
	const char *equals = strchr(line->raw, '=');
	if (!equals || is_comment(line->raw))
		return;
	kh_auto(kh_free) char *key = kh_strndup(line->raw, (size_t)(equals - line->raw));
	kh_auto(kh_free) char *value = kh_strdup(equals + 1);
	char *name = kh_str_trim(key);
	if (kh_str_starts(name, "export "))
		name = kh_str_trim(name + strlen("export "));
	if (!*name)
		return;
	line->key = kh_strdup(name);
	line->value = kh_strdup(kh_str_trim(value));
}

/* "[Network]" -> "Network", or NULL. Owned. */
static char *header_of(const char *raw)
{
	kh_auto(kh_free) char *copy = kh_strdup(raw);
	char *text = kh_str_trim(copy);
	size_t length = strlen(text);
	if (length < 2 || text[0] != '[' || text[length - 1] != ']')
		return NULL;
	return kh_strndup(text + 1, length - 2);
}

void kh_ini_parse(const char *text, struct kh_ini *ret_ini)
{
	kh_auto(kh_free) char *section = kh_strdup("");
	int block = 0;
	*ret_ini = (struct kh_ini){0};
	for (size_t length; *text; text += length) {
		length = line_length(text);
		struct kh_ini_line *line = kh_append(ret_ini->lines, ret_ini->line_count);
		line->raw = kh_strndup(text, length);
		kh_auto(kh_free) char *header = header_of(line->raw);
		line->is_header = header != NULL;
		if (header) {
			kh_free(&section);
			section = kh_take(header);
			block++;
		} else {
			split_assignment(line);
		}
		line->section = kh_strdup(section);
		line->block = block;
	}
}

void kh_ini_done(struct kh_ini *ini)
{
	for (size_t i = 0; i < ini->line_count; i++) {
		kh_free(&ini->lines[i].raw);
		kh_free(&ini->lines[i].section);
		kh_free(&ini->lines[i].key);
		kh_free(&ini->lines[i].value);
	}
	kh_free(&ini->lines);
	ini->line_count = 0;
}

const char *kh_ini_get(const struct kh_ini *ini, const char *section, const char *key)
{
	const char *found = NULL;
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		if (line->key && strcmp(line->section, section) == 0 && strcmp(line->key, key) == 0)
			found = line->value;
	}
	return found;
}

bool kh_ini_has_section(const struct kh_ini *ini, const char *section)
{
	for (size_t i = 0; i < ini->line_count; i++)
		if (ini->lines[i].is_header && strcmp(ini->lines[i].section, section) == 0)
			return true;
	return false;
}

bool kh_ini_is_true(const char *value)
{
	static const char *const yes[] = {"1", "yes", "true", "on"};
	for (size_t i = 0; value && i < KH_COUNT(yes); i++)
		if (strcasecmp(value, yes[i]) == 0)
			return true;
	return false;
}

bool kh_ini_is_blank(const struct kh_ini_line *line)
{
	return line->raw[strspn(line->raw, " \t\n")] == '\0';
}

void kh_ini_add_raw(struct kh_str *str, const char *raw)
{
	kh_str_add(str, raw);
	if (!kh_str_ends(raw, "\n"))
		kh_str_add(str, "\n");
}
