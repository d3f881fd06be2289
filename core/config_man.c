/* config_man.c - see config_help.h: the OPTIONS section of kvmhost.yaml(5). */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config_help.h"
#include "core/config_keys.h"

/* Text as roff: '\' is its escape, '-' would become a hyphen that cannot be pasted, and a line that
 * begins with '.' or ''' would be a request. */
static void add_escaped(struct kh_str *str, const char *text)
{
	bool is_start = str->length == 0 || str->text[str->length - 1] == '\n';
	if (is_start && (*text == '.' || *text == '\''))
		kh_str_add(str, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			kh_str_add(str, "\\e");
		else if (*text == '-')
			kh_str_add(str, "\\-");
		else
			kh_str_add_bytes(str, text, 1);
	}
}

/* mdoc(7) wants every sentence to start a line. */
static void add_sentences(struct kh_str *str, const char *text)
{
	while (*text) {
		const char *end = strstr(text, ". ");
		size_t length = end ? (size_t)(end - text) + 1 : strlen(text);
		kh_auto(kh_free) char *sentence = kh_strndup(text, length);
		add_escaped(str, sentence);
		kh_str_add(str, "\n");
		text += length;
		text += strspn(text, " ");
	}
}

static void add_line(struct kh_str *str, const char *label, const char *text)
{
	kh_str_addf(str, ".br\n%s: ", label);
	add_escaped(str, text);
	kh_str_add(str, "\n");
}

static void add_table(struct kh_str *str, const struct kh_config_key *table, const char *parent);

static void add_facts(struct kh_str *str, const struct kh_config_key *key)
{
	kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
	add_line(str, "Takes", accepts);
	if (key->fallback)
		add_line(str, "Default", key->fallback);
	if (key->example)
		add_line(str, "Example", key->example);
}

static void add_key(struct kh_str *str, const struct kh_config_key *key, const char *parent)
{
	kh_auto(kh_free) char *name = kh_printf("%s%s", parent, key->name);
	if (key->type == KH_KEY_SECTION) {
		kh_auto(kh_free) char *inner = kh_printf("%s.", name);
		add_table(str, key->nested, inner);
		return;
	}
	kh_str_add(str, ".It Cm ");
	add_escaped(str, name);
	kh_str_add(str, "\n");
	add_sentences(str, key->doc);
	add_facts(str, key);
	if (!key->nested)
		return;
	kh_auto(kh_free) char *below = kh_config_key_below(key, name);
	add_table(str, key->nested, below);
}

static void add_table(struct kh_str *str, const struct kh_config_key *table, const char *parent)
{
	for (; table->name; table++)
		add_key(str, table, parent);
}

char *kh_config_man_text(void)
{
	struct kh_str text = {0};
	kh_str_add(&text, ".Sh OPTIONS\n");
	for (const struct kh_config_key *section = kh_config_keys; section->name; section++) {
		kh_str_addf(&text, ".Ss %s\n", section->name);
		add_sentences(&text, section->doc);
		if (section->type != KH_KEY_SECTION) {
			add_facts(&text, section);
			continue;
		}
		kh_auto(kh_free) char *parent = kh_printf("%s.", section->name);
		kh_str_add(&text, ".Bl -tag -width Ds\n");
		add_table(&text, section->nested, parent);
		kh_str_add(&text, ".El\n");
	}
	return kh_str_take(&text);
}
