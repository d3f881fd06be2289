/* config_parse.c - see config_parse.h: sections, --set, positions and complaints. */
#include "core/config_parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

static char *found_text(const struct kh_yaml_node *node)
{
	switch (node->kind) {
	case KH_YAML_NULL:
		return kh_strdup(KH_WORD("nothing"));
	case KH_YAML_LIST:
		return kh_strdup(KH_WORD("a list"));
	case KH_YAML_MAP:
		return kh_strdup(KH_WORD("a mapping"));
	case KH_YAML_SCALAR:
		break;
	}
	return kh_yaml_quote(node->text);
}

int kh_config_bad_value(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			const char *dotted, const char *expected)
{
	kh_auto(kh_free) char *found = found_text(node);
	kh_auto(kh_free) char *name = kh_yaml_quote(dotted);
	return kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
			    "%s must be %s, not %s", name, expected, found);
}

int kh_config_bad_text(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		       const char *dotted, const char *why)
{
	kh_auto(kh_free) char *found = found_text(node);
	kh_auto(kh_free) char *name = kh_yaml_quote(dotted);
	return kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
			    "%s cannot be %s: %s", name, found, why);
}

void kh_config_remember(struct kh_config_parser *parser, const char *dotted,
			const struct kh_yaml_node *node)
{
	if (parser->is_default)
		return;
	kh_strv_add(&parser->config->keys, dotted);
	kh_strv_add_owned(&parser->config->keys, kh_yaml_where(parser->yaml, node));
}

/* A setting replaces what the file said below this key, so its positions go too. */
static void forget(struct kh_config *config, const char *dotted)
{
	size_t length = strlen(dotted);
	for (size_t i = config->keys.count; i > 0; i -= 2) {
		const char *kept = config->keys.items[i - 2];
		bool is_below =
			strncmp(kept, dotted, length) == 0 &&
			(kept[length] == '\0' || kept[length] == '.' || kept[length] == '[');
		if (is_below) {
			kh_strv_remove(&config->keys, i - 1);
			kh_strv_remove(&config->keys, i - 2);
		}
	}
}

/* Sections are merged: the other keys of one keep what was said before. */
static void note_key(struct kh_config_parser *parser, const struct kh_config_key *key,
		     const char *dotted, const struct kh_yaml_node *node)
{
	if (parser->yaml->lead && key->type != KH_KEY_SECTION)
		forget(parser->config, dotted);
	kh_config_remember(parser, dotted, node);
}

static int unknown_key(struct kh_config_parser *parser, const struct kh_config_key *table,
		       const char *name, int line, int column)
{
	kh_auto(kh_free) char *quoted = kh_yaml_quote(name);
	kh_auto(kh_free) char *hint = kh_config_key_hint(table, name);
	kh_yaml_fail(parser->yaml, line, column, parser->err, "unknown key %s", quoted);
	return kh_hint(parser->err, "%s", hint);
}

int kh_config_parse_keys(struct kh_config_parser *parser, const struct kh_config_key *table,
			 void *base, const struct kh_yaml_node *node, const char *dotted)
{
	if (node->kind != KH_YAML_MAP && node->kind != KH_YAML_NULL) {
		if (*dotted)
			kh_config_bad_value(parser, node, dotted, "a mapping ('key: value' lines)");
		else
			kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
				     "a configuration is sections: 'bridge:' and so on, with 'key: "
				     "value' lines below");
		bool is_glued = node->kind == KH_YAML_SCALAR && strchr(node->text, ':');
		return is_glued ? kh_hint(parser->err, "a space is missing after ':'") : -1;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *value = node->items[i];
		const struct kh_config_key *key =
			kh_config_key_in(table, value->key, strlen(value->key));
		if (!key)
			return unknown_key(parser, table, value->key, value->key_line,
					   value->key_column);
		kh_auto(kh_free) char *name =
			kh_printf("%s%s%s", dotted, *dotted ? "." : "", key->name);
		note_key(parser, key, name, value);
		if (kh_config_parse_value(parser, key, base, value, name) < 0)
			return -1;
	}
	return 0;
}

/* What one key alone cannot tell. Only of what this source gives: defaults are consistent, and a
 * list from another source may be shorter than this one knew. */
static int check_together(struct kh_config_parser *parser)
{
	const struct kh_yaml_node *top = parser->yaml->top;
	const struct kh_config *config = parser->config;
	const struct kh_yaml_node *port = kh_yaml_get(kh_yaml_get(top, "bridge"), "port");
	if (port && strcmp(config->bridge.port, config->bridge.name) == 0)
		return kh_config_bad_text(parser, port, "bridge.port", "it is the bridge itself");
	const struct kh_yaml_node *list = kh_yaml_get(kh_yaml_get(top, "modules"), "require");
	for (size_t i = 0; list && i < list->item_count; i++)
		if (!kh_strv_has(&config->modules.load, config->modules.require.items[i]))
			return kh_config_bad_text(parser, list->items[i], "modules.require",
						  "it is not in 'modules.load'");
	return 0;
}

int kh_config_parse_document(struct kh_config_parser *parser)
{
	if (kh_config_parse_keys(parser, kh_config_keys, parser->config, parser->yaml->top, "") < 0)
		return -1;
	return check_together(parser);
}

static int unknown_setting(struct kh_config_parser *parser, const char *dotted)
{
	kh_auto(kh_free) char *quoted = kh_yaml_quote(dotted);
	kh_auto(kh_free) char *hint = kh_config_key_hint_dotted(dotted);
	kh_fail(parser->err, KH_USAGE, 0, "--set: unknown key %s", quoted);
	return kh_hint(parser->err, "%s", hint);
}

int kh_config_parse_setting(struct kh_config_parser *parser, const char *dotted)
{
	const struct kh_yaml_node *node = parser->yaml->top;
	const char *rest;
	if (kh_str_starts(dotted, "hugepages.pools.")) {
		kh_auto(kh_free) char *quoted = kh_yaml_quote(dotted);
		kh_fail(parser->err, KH_USAGE, 0, "--set: %s: a list is set as a whole", quoted);
		return kh_hint(parser->err, "--set hugepages.pools='[{size: 2M, count: 512}]'");
	}
	const struct kh_config_key *key = kh_config_key_find(dotted, &rest);
	if (!key)
		return unknown_setting(parser, dotted);
	note_key(parser, key, dotted, node);
	if (key->type == KH_KEY_SYSCTL && *rest)
		return kh_config_parse_sysctl_one(parser, rest, node, dotted);
	if (key->type == KH_KEY_OPTIONS && *rest)
		return kh_config_parse_option_one(parser, rest, node, dotted);
	if (kh_config_parse_value(parser, key, parser->config, node, dotted) < 0)
		return -1;
	if (strcmp(parser->config->bridge.port, parser->config->bridge.name) == 0)
		return kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
				    "the bridge cannot be its own port");
	if (!kh_str_starts(dotted, "bridge.address."))
		return 0;
	parser->config->bridge.address_mode = KH_ADDRESS_STATIC;
	return kh_config_check_static(parser, node);
}
