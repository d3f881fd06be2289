/* config_value.c - see config_parse.h: the ordinary types. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/config_parse.h"

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

static size_t count_words(const char *const *words)
{
	size_t count = 0;
	while (words && words[count])
		count++;
	return count;
}

static int bad_choice(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted)
{
	kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
	kh_config_bad_value(parser, node, dotted, accepts);
	size_t count = count_words(key->choices);
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

static bool is_choice(const char *const *choices, const char *word)
{
	while (*choices && strcmp(*choices, word) != 0)
		choices++;
	return *choices;
}

static int unknown_word(struct kh_config_parser *parser, const struct kh_config_key *key,
			const struct kh_yaml_node *node, const char *dotted)
{
	kh_auto(kh_free) char *why = kh_printf("it is no %s that the kernel has", key->item);
	kh_config_bad_text(parser, node, dotted, why);
	const char *nearest = kh_str_nearest(node->text, key->choices, count_words(key->choices));
	if (nearest)
		return kh_hint(parser->err, "did you mean '%s'?", nearest);
	struct kh_strv known = {0};
	for (const char *const *word = key->choices; *word; word++)
		kh_strv_add(&known, *word);
	kh_auto(kh_free) char *words = kh_strv_join(&known, ", ");
	kh_strv_done(&known);
	return kh_hint(parser->err, "there is %s", words);
}

static int check_text(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, const char *dotted, char **ret_text)
{
	if (node->kind != KH_YAML_SCALAR) {
		kh_auto(kh_free) char *expected = kh_printf("one word (%s)", key->item);
		return kh_config_bad_value(parser, node, dotted, expected);
	}
	if (key->choices && !is_choice(key->choices, node->text))
		return unknown_word(parser, key, node, dotted);
	kh_auto(kh_free) char *text = kh_strdup(node->text);
	const char *why = key->check ? key->check(text) : NULL;
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
		kh_config_bad_value(parser, node, dotted, KH_WORD("a list"));
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
	if (node->kind == KH_YAML_NULL && key->is_optional) {
		kh_free(member);
		return 0;
	}
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
