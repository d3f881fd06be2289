/* config_help.c - see config_help.h: `kvmhost help config`. */
#include "core/config_help.h"

#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/wrap.h"
#include "core/config.h"
#include "core/config_keys.h"

enum { WIDTH = 79 };

static const char introduction[] =
	"The configuration is one YAML file, /etc/kvmhost/kvmhost.yaml or --config FILE. Every key "
	"has a default, and no file at all is fine. A list, or a mapping of names, that you give "
	"replaces the default as a whole. --set KEY=VALUE wins over the file: --set bridge.stp=true, "
	"--set hugepages.pools='[]', --set sysctl.vm.swappiness=10. 'kvmhost init' writes a "
	"commented starter file for this host.";

void kh_config_wrap(struct kh_str *str, const char *prefix, const char *text, size_t width)
{
	text += strspn(text, " ");
	if (!*text)
		return;
	kh_str_add(str, prefix);
	kh_wrap_add(str, text, prefix, kh_columns(prefix), width);
	kh_str_add(str, "\n");
}

/* "takes: true or false", "default: false" below the documentation of a key. */
static void add_facts(struct kh_str *str, const struct kh_config_key *key, const char *prefix)
{
	kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
	kh_auto(kh_free) char *takes = kh_printf("takes: %s", accepts);
	kh_config_wrap(str, prefix, takes, WIDTH);
	if (key->fallback) {
		kh_auto(kh_free) char *fallback = kh_printf("default: %s", key->fallback);
		kh_config_wrap(str, prefix, fallback, WIDTH);
	}
	if (key->example) {
		kh_auto(kh_free) char *example = kh_printf("example: %s", key->example);
		kh_config_wrap(str, prefix, example, WIDTH);
	}
}

static void add_table(struct kh_str *str, const struct kh_config_key *table, const char *parent);

/* The name in its column, the text beside it. */
static void add_key(struct kh_str *str, const struct kh_config_key *key, const char *parent)
{
	static const char indent[] = "                      ";
	kh_auto(kh_free) char *name = kh_printf("%s%s", parent, key->name);
	kh_auto(kh_str_done) struct kh_str body = {0};
	size_t column = sizeof(indent) - 1;
	kh_wrap_add(&body, key->doc, indent, column, WIDTH);
	kh_str_add(&body, "\n");
	add_facts(&body, key, indent);
	if (strlen(name) + 3 <= column)
		kh_str_addf(str, "  %-*s%s", (int)column - 2, name, kh_str_text(&body));
	else
		kh_str_addf(str, "  %s\n%s%s", name, indent, kh_str_text(&body));
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

static void add_section(struct kh_str *str, const struct kh_config_key *section)
{
	kh_str_addf(str, "\n%s\n", section->name);
	if (section->type == KH_KEY_SECTION) {
		kh_config_wrap(str, "  ", section->doc, WIDTH);
		add_table(str, section->nested, "");
		return;
	}
	kh_config_wrap(str, "  ", section->doc, WIDTH);
	add_facts(str, section, "  ");
}

static int unknown_key(const char *name, struct kh_error *err)
{
	kh_auto(kh_free) char *hint = kh_config_key_hint_dotted(name);
	kh_fail(err, KH_USAGE, 0, "no configuration key '%s'", name);
	return kh_hint(err, "%s", hint);
}

int kh_config_help_text(const char *key, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	if (!key) {
		kh_config_wrap(&text, "", introduction, WIDTH);
		for (size_t i = 0; kh_config_keys[i].name; i++)
			add_section(&text, &kh_config_keys[i]);
		*ret_text = kh_str_take(&text);
		return 0;
	}
	const struct kh_config_key *found = kh_config_key_find(key, NULL);
	if (!found)
		return unknown_key(key, err);
	kh_str_addf(&text, "%s\n", key);
	kh_config_wrap(&text, "  ", found->doc, WIDTH);
	if (found->type != KH_KEY_SECTION)
		add_facts(&text, found, "  ");
	if (found->nested)
		add_table(&text, found->nested, "");
	*ret_text = kh_str_take(&text);
	return 0;
}
