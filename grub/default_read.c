/* default_read.c - what a shell file makes of a variable; see default_file.h. */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/default_file.h"
#include "grub/default_lex.h"

/* The length of a reference to the variable at text ("$NAME", "${NAME}", "${NAME-…}"), or 0. */
static size_t reference_length(const char *text, const char *name, bool is_quoted)
{
	size_t length = strlen(name);

	if (text[0] != '$')
		return 0;
	if (text[1] == '{' && strncmp(text + 2, name, length) == 0 && text[2 + length] != '\0' &&
	    strchr(":-+=}", text[2 + length]) != NULL)
		return kh_default_expansion_length(text, is_quoted);
	if (strncmp(text + 1, name, length) == 0 && !isalnum((unsigned char)text[1 + length]) &&
	    text[1 + length] != '_')
		return length + 1;
	return 0;
}

/* A variable while its value is worked out. */
struct variable {
	const char *name, *before; /* what it holds already */
	int depth;                 /* of references inside references */
	bool is_quoted;            /* this is what a reference inside "…" says */
};

enum { REFERENCE_DEPTH_MAX = 8 };

static void add_plain(struct kh_str *plain, const char *raw, size_t length,
		      const struct variable *variable);

/* What the reference gives; empty and not set are one to us. */
static void add_reference(struct kh_str *plain, const char *raw, size_t length,
			  const struct variable *variable, bool is_quoted)
{
	struct variable inner = *variable;
	size_t at = 2 + strlen(variable->name); /* behind "${NAME" */

	if (raw[1] == '{' && raw[at] == ':')
		at++;
	bool has_word = raw[1] == '{' && at + 1 < length && strchr("-+=", raw[at]) != NULL;
	bool is_word = has_word && (raw[at] == '+') == (variable->before[0] != '\0');

	inner.is_quoted = is_quoted;
	if (is_word && inner.depth++ < REFERENCE_DEPTH_MAX)
		add_plain(plain, raw + at + 1, length - at - 2, &inner);
	else if (!has_word || raw[at] != '+')
		kh_str_add(plain, variable->before);
}

static void add_plain(struct kh_str *plain, const char *raw, size_t length,
		      const struct variable *variable)
{
	char quote = '\0';

	for (size_t i = 0; i < length; i++) {
		bool is_quoted = quote == '"' || variable->is_quoted;
		size_t reference =
			quote == '\'' ? 0 : reference_length(raw + i, variable->name, is_quoted);

		if (reference > 0 && i + reference <= length) {
			add_reference(plain, raw + i, reference, variable, is_quoted);
			i += reference - 1;
		} else if (quote == '\0' &&
			   (raw[i] == '"' || (raw[i] == '\'' && !variable->is_quoted))) {
			quote = raw[i];
		} else if (raw[i] == quote) {
			quote = '\0';
		} else if (raw[i] == '\\' && quote != '\'' && i + 1 < length) {
			i++;
			if (raw[i] != '\n')
				kh_str_add_bytes(plain, raw + i, 1);
		} else {
			kh_str_add_bytes(plain, raw + i, 1);
		}
	}
}

void kh_default_add_plain(struct kh_str *plain, const char *raw, size_t length, const char *name,
			  const char *before)
{
	const struct variable variable = {.name = name, .before = before};

	add_plain(plain, raw, length, &variable);
}

char *kh_default_file_value(const char *text, const char *name, int *ret_line)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};
	char *value = NULL;

	kh_default_file_parse(text, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct kh_default_assignment *one = &all.items[i];
		struct kh_str plain = {0};

		if (strcmp(one->name, name) != 0)
			continue;
		if (one->is_append && value != NULL)
			kh_str_add(&plain, value);
		kh_default_add_plain(&plain, text + one->start, one->end - one->start, name,
				     value != NULL ? value : "");
		kh_free(&value);
		value = kh_str_take(&plain);
		if (ret_line != NULL)
			*ret_line = one->line;
	}
	return value;
}

bool kh_default_refers_to_itself(const char *text, const struct kh_default_assignment *one)
{
	for (size_t at = one->start; at < one->end; at++)
		if (reference_length(text + at, one->name, false) > 0)
			return true;
	return false;
}

bool kh_default_file_overrides(const char *text, const char *name)
{
	kh_auto(kh_default_assignments_done) struct kh_default_assignments all = {0};

	kh_default_file_parse(text, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct kh_default_assignment *one = &all.items[i];

		if (strcmp(one->name, name) == 0 && !one->is_append &&
		    !kh_default_refers_to_itself(text, one))
			return true;
	}
	return false;
}
