/* template.c - see template.h. */
#include "core/template.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

const char *kh_template_builtin(const char *path)
{
	for (const struct kh_template_source *source = kh_template_sources; source->path; source++)
		if (strcmp(source->path, path) == 0)
			return source->text;
	return NULL;
}

static const char *value_of(const struct kh_template_value *values, const char *name, size_t length)
{
	for (; values && values->name; values++)
		if (strlen(values->name) == length && memcmp(values->name, name, length) == 0)
			return values->value;
	return NULL;
}

/* Length of the NAME in "@NAME@" at text, 0 when it is an ordinary at sign. */
static size_t name_length(const char *text)
{
	size_t length = 0;
	while (isupper((unsigned char)text[1 + length]) || text[1 + length] == '_')
		length++;
	return text[1 + length] == '@' ? length : 0;
}

static int no_value(const char *path, const char *whole, const char *at, size_t length,
		    struct kh_error *err)
{
	int line = 1, column = 1;
	for (const char *p = whole; p < at; p++, column++)
		if (*p == '\n') {
			line++;
			column = 0;
		}
	return kh_fail(err, KH_CONFIG, 0, "template '%s':%d:%d: no value for '@%.*s@'", path, line,
		       column, (int)length, at + 1);
}

static int fill(const char *path, const char *text, const struct kh_template_value *values,
		char **ret_text, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (const char *at = text; *at;) {
		size_t plain = strcspn(at, "@");
		kh_str_add_bytes(&out, at, plain);
		at += plain;
		size_t length = *at ? name_length(at) : 0;
		if (length == 0) {
			kh_str_add_bytes(&out, at, *at ? 1 : 0);
			at += *at ? 1 : 0;
			continue;
		}
		const char *value = value_of(values, at + 1, length);
		if (!value)
			return no_value(path, text, at, length, err);
		kh_str_add(&out, value);
		at += length + 2;
	}
	*ret_text = kh_str_take(&out);
	return 0;
}

int kh_template_fill(const struct kh_root *root, const char *path,
		     const struct kh_template_value *values, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_free) char *own_path = kh_printf("/etc/kvmhost/templates/%s", path);
	kh_auto(kh_free) char *own = NULL;
	int found = kh_root_read(root, own_path, &own, NULL, err);
	if (found < 0)
		return kh_wrap(err, "template");
	if (found == 0)
		return fill(own_path, own, values, ret_text, err);
	const char *text = kh_template_builtin(path);
	if (!text)
		return kh_fail(err, KH_SYSTEM, 0, "template '%s' is not compiled in", path);
	return fill(path, text, values, ret_text, err);
}
