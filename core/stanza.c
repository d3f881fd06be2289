/* stanza.c - see stanza.h. */
#include "core/stanza.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

void kh_stanza_done(struct kh_stanza *stanza)
{
	for (size_t i = 0; i < stanza->count; i++) {
		free(stanza->fields[i].name);
		free(stanza->fields[i].value);
	}
	free(stanza->fields);
	*stanza = (struct kh_stanza){0};
}

const char *kh_stanza_get(const struct kh_stanza *stanza, const char *name)
{
	for (size_t i = 0; i < stanza->count; i++)
		if (strcasecmp(stanza->fields[i].name, name) == 0)
			return stanza->fields[i].value;
	return NULL;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

static void add_line(struct kh_stanza *stanza, struct kh_str *value, char *line, size_t number)
{
	if (*line == ' ' || *line == '\t') {
		if (stanza->count > 0)
			kh_str_addf(value, "\n%s", kh_str_trim(line));
		return;
	}
	char *colon = strchr(line, ':');
	if (!colon || colon == line)
		return;
	if (stanza->count > 0)
		stanza->fields[stanza->count - 1].value = kh_str_take(value);
	struct kh_stanza_field *field = kh_append(stanza->fields, stanza->count);
	field->name = kh_strndup(line, (size_t)(colon - line));
	field->line = number;
	kh_str_add(value, kh_str_trim(colon + 1));
}

int kh_stanza_next(const char **at, size_t *line, struct kh_stanza *ret_stanza)
{
	struct kh_stanza stanza = {0};
	kh_auto(kh_str_done) struct kh_str value = {0};
	while (**at) {
		size_t length = strcspn(*at, "\n");
		kh_auto(kh_free) char *text = kh_strndup(*at, length);
		*at += length + ((*at)[length] == '\n');
		(*line)++;
		if (*text == '#')
			continue;
		if (!is_blank(text))
			add_line(&stanza, &value, text, *line);
		else if (stanza.count > 0)
			break;
	}
	if (stanza.count == 0)
		return 1;
	stanza.fields[stanza.count - 1].value = kh_str_take(&value);
	*ret_stanza = stanza;
	return 0;
}
