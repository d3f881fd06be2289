/* config_parse.c - see config_parse.h: sections and the ordinary types. */
#include "core/config_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static char *found_text(const struct kh_yaml_node *node)
{
	switch (node->kind) {
	case KH_YAML_NULL:
		return kh_strdup("nothing");
	case KH_YAML_LIST:
		return kh_strdup("a list");
	case KH_YAML_MAP:
		return kh_strdup("a mapping");
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

/* The index of a word, or -1. What YAML takes for a boolean is understood where on and off are
 * choices: tools that rewrite YAML turn `on` into `true`. */
static int choice_of(const char *const *choices, const char *word)
{
	static const char *const synonyms[][2] = {
		{"true", "on"}, {"yes", "on"}, {"false", "off"}, {"no", "off"}};
	for (int i = 0; choices[i]; i++)
		if (strcasecmp(choices[i], word) == 0)
			return i;
	for (size_t i = 0; i < KH_COUNT(synonyms); i++)
		if (strcasecmp(synonyms[i][0], word) == 0)
			return choice_of(choices, synonyms[i][1]);
	return -1;
}

static int bad_choice(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted)
{
	kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
	kh_config_bad_value(parser, node, dotted, accepts);
	size_t count = 0;
	while (key->choices && key->choices[count])
		count++;
	const char *nearest = node->kind == KH_YAML_SCALAR
				      ? kh_str_nearest(node->text, key->choices, count)
				      : NULL;
	return nearest ? kh_hint(parser->err, "did you mean '%s'?", nearest) : -1;
}

static int parse_bool(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		      const char *dotted, bool *ret_value)
{
	static const char *const words[] = {"on", "off", NULL};
	int choice = node->kind == KH_YAML_SCALAR ? choice_of(words, node->text) : -1;
	if (choice < 0)
		return kh_config_bad_value(parser, node, dotted, "true or false");
	*ret_value = choice == 0;
	return 0;
}

static int parse_choice(struct kh_config_parser *parser, const struct kh_config_key *key,
			const struct kh_yaml_node *node, const char *dotted, int *ret_value)
{
	int choice = node->kind == KH_YAML_SCALAR ? choice_of(key->choices, node->text) : -1;
	if (choice < 0)
		return bad_choice(parser, key, node, dotted);
	*ret_value = choice;
	return 0;
}

static int parse_number(struct kh_config_parser *parser, const struct kh_config_key *key,
			const struct kh_yaml_node *node, const char *dotted, long long *ret_value)
{
	bool is_scalar = node->kind == KH_YAML_SCALAR && isdigit((unsigned char)*node->text);
	long long value = is_scalar ? kh_str_number(node->text) : -1;
	if (value < 0 || value < key->min || value > key->max) {
		kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
		return kh_config_bad_value(parser, node, dotted, accepts);
	}
	*ret_value = value;
	return 0;
}

/* Sizes compare as sizes: "2048K" is the choice "2M". */
static bool size_is_allowed(const struct kh_config_key *key, unsigned long long bytes)
{
	if (!key->choices)
		return bytes >= (unsigned long long)key->min &&
		       bytes <= (unsigned long long)key->max;
	for (size_t i = 0; key->choices[i]; i++) {
		unsigned long long choice;
		if (kh_str_size(key->choices[i], &choice) == 0 && choice == bytes)
			return true;
	}
	return false;
}

static int parse_size(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted, uint64_t *ret_bytes)
{
	const char *text = node->kind == KH_YAML_SCALAR ? node->text : "";
	bool is_auto = key->choices && strcmp(key->choices[0], "auto") == 0 &&
		       strcasecmp(text, "auto") == 0;
	unsigned long long bytes = 0;
	if (!is_auto && (kh_str_size(text, &bytes) < 0 || !size_is_allowed(key, bytes)))
		return bad_choice(parser, key, node, dotted);
	*ret_bytes = bytes;
	return 0;
}

static int check_text(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted, char **ret_text)
{
	if (node->kind != KH_YAML_SCALAR) {
		kh_auto(kh_free) char *expected = kh_printf("one word (%s)", key->item);
		return kh_config_bad_value(parser, node, dotted, expected);
	}
	kh_auto(kh_free) char *text = kh_strdup(node->text);
	const char *why = key->check(text);
	if (why)
		return kh_config_bad_text(parser, node, dotted, why);
	*ret_text = kh_take(text);
	return 0;
}

static int parse_text(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted, char **text)
{
	char *value;
	if (check_text(parser, key, node, dotted, &value) < 0)
		return -1;
	free(*text);
	*text = value;
	return 0;
}

static int add_item(struct kh_config_parser *parser, const struct kh_config_key *key,
		    const struct kh_yaml_node *node, const char *dotted, struct kh_strv *list)
{
	char *text;
	if (check_text(parser, key, node, dotted, &text) < 0)
		return -1;
	if (kh_strv_has(list, text)) {
		free(text);
		return kh_config_bad_text(parser, node, dotted, "it is already in this list");
	}
	kh_strv_add_owned(list, text);
	return 0;
}

static int parse_list(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted, struct kh_strv *list)
{
	kh_strv_done(list);
	if (key->takes_one && node->kind == KH_YAML_SCALAR)
		return add_item(parser, key, node, dotted, list);
	if (node->kind != KH_YAML_LIST && node->kind != KH_YAML_NULL) {
		kh_config_bad_value(parser, node, dotted, "a list");
		return node->kind == KH_YAML_SCALAR
			       ? kh_hint(parser->err, "a list of one is written [%s]", node->text)
			       : -1;
	}
	for (size_t i = 0; i < node->item_count; i++)
		if (add_item(parser, key, node->items[i], dotted, list) < 0)
			return -1;
	return 0;
}

/* Types that have something to say about nothing: an empty section, list or mapping. */
static bool takes_nothing(enum kh_key_type type)
{
	return type == KH_KEY_SECTION || type == KH_KEY_LIST || type == KH_KEY_OPTIONS ||
	       type == KH_KEY_SYSCTL || type == KH_KEY_POOLS;
}

static int no_value(struct kh_config_parser *parser, const struct kh_config_key *key,
		    const struct kh_yaml_node *node, const char *dotted)
{
	kh_yaml_fail(parser->yaml, node->line, node->column, parser->err, "'%s' has no value",
		     dotted);
	return key->fallback ? kh_hint(parser->err, "leave the key out for its default, %s",
				       key->fallback)
			     : -1;
}

int kh_config_parse_value(struct kh_config_parser *parser, const struct kh_config_key *key,
			  void *base, const struct kh_yaml_node *node, const char *dotted)
{
	void *member = (char *)base + key->offset;
	if (node->kind == KH_YAML_NULL && !takes_nothing(key->type))
		return no_value(parser, key, node, dotted);
	switch (key->type) {
	case KH_KEY_SECTION:
		return kh_config_parse_keys(parser, key->nested, base, node, dotted);
	case KH_KEY_BOOL:
		return parse_bool(parser, node, dotted, member);
	case KH_KEY_NUMBER:
		return parse_number(parser, key, node, dotted, member);
	case KH_KEY_CHOICE:
		return parse_choice(parser, key, node, dotted, member);
	case KH_KEY_SIZE:
		return parse_size(parser, key, node, dotted, member);
	case KH_KEY_TEXT:
		return parse_text(parser, key, node, dotted, member);
	case KH_KEY_LIST:
		return parse_list(parser, key, node, dotted, member);
	case KH_KEY_ADDRESS:
		return kh_config_parse_address(parser, key, node, dotted);
	case KH_KEY_OPTIONS:
		return kh_config_parse_options(parser, node, dotted);
	case KH_KEY_SYSCTL:
		return kh_config_parse_sysctl(parser, node, dotted);
	case KH_KEY_POOLS:
		break;
	}
	return kh_config_parse_pools(parser, key, node, dotted);
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
		kh_config_bad_value(parser, node, *dotted ? dotted : "configuration",
				    "a mapping ('key: value' lines)");
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

/* The first unknown part of a dotted key, with the hint of the table it was looked up in. */
static int unknown_setting(struct kh_config_parser *parser, const char *dotted)
{
	const struct kh_config_key *table = kh_config_keys, *key = NULL;
	const char *part = dotted;
	for (;;) {
		size_t length = strcspn(part, ".");
		const struct kh_config_key *next = kh_config_key_in(table, part, length);
		if (!next)
			break;
		key = next;
		table = key->nested;
		part += length + (part[length] == '.');
	}
	kh_auto(kh_free) char *quoted = kh_yaml_quote(dotted);
	kh_auto(kh_free) char *name = kh_strndup(part, strcspn(part, "."));
	kh_fail(parser->err, KH_USAGE, 0, "--set: unknown key %s", quoted);
	if (!table)
		return kh_hint(parser->err, "'%s' has no keys below it", key->name);
	kh_auto(kh_free) char *hint = kh_config_key_hint(table, name);
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
	if (!kh_str_starts(dotted, "bridge.address."))
		return 0;
	parser->config->bridge.address_mode = KH_ADDRESS_STATIC;
	return kh_config_check_static(parser, node);
}
