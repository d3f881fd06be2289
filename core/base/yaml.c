/* yaml.c - see yaml.h. libyaml's events become nodes here.
 *
 * Events and not libyaml's document: a document has its aliases resolved (a few lines can stand for
 * gigabytes), and its loader recurses without a limit in the versions before 0.2.
 */
#include "core/base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml_text.h"

struct builder {
	yaml_parser_t parser;
	struct kh_yaml *yaml;
	struct kh_error *err;
	int depth;
	size_t node_count;
};

static void node_free(struct kh_yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->item_count; i++)
		node_free(node->items[i]);
	free(node->items);
	free(node->text);
	free(node->key);
	free(node);
}

static int next_event(struct builder *builder, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&builder->parser, ret_event))
		return 0;
	memset(ret_event, 0, sizeof(*ret_event));
	return kh_yaml_explain(builder->yaml, &builder->parser, builder->err);
}

static int fail_at(struct builder *builder, yaml_mark_t mark, const char *what, const char *hint)
{
	kh_yaml_fail(builder->yaml, (int)mark.line + 1, (int)mark.column + 1, builder->err, "%s",
		     what);
	return hint ? kh_hint(builder->err, "%s", hint) : -1;
}

static void properties(const yaml_event_t *event, const yaml_char_t **ret_anchor,
		       const yaml_char_t **ret_tag)
{
	bool is_scalar = event->type == YAML_SCALAR_EVENT;
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	*ret_anchor = is_scalar ? event->data.scalar.anchor
		      : is_list ? event->data.sequence_start.anchor
				: event->data.mapping_start.anchor;
	*ret_tag = is_scalar ? event->data.scalar.tag
		   : is_list ? event->data.sequence_start.tag
			     : event->data.mapping_start.tag;
}

static int check_plain(struct builder *builder, const yaml_event_t *event)
{
	if (event->type == YAML_ALIAS_EVENT)
		return fail_at(builder, event->start_mark, "aliases ('*name') are not supported",
			       "write the value out; a value that starts with '*' goes in quotes");
	const yaml_char_t *anchor, *tag;
	properties(event, &anchor, &tag);
	if (anchor)
		return fail_at(builder, event->start_mark, "anchors ('&name') are not supported",
			       "write the value out; a value that starts with '&' goes in quotes");
	if (tag)
		return fail_at(builder, event->start_mark, "tags ('!name') are not supported",
			       "leave the tag out; a value that starts with '!' goes in quotes");
	if (++builder->node_count > KH_YAML_NODES)
		return fail_at(builder, event->start_mark, "more than 10000 values", NULL);
	if (builder->depth >= KH_YAML_DEPTH)
		return fail_at(builder, event->start_mark, "nested more than 16 levels deep", NULL);
	return 0;
}

static bool is_null_word(const char *text)
{
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static int load_scalar(struct builder *builder, const yaml_event_t *event,
		       struct kh_yaml_node *node)
{
	const char *value = (const char *)event->data.scalar.value;
	if (strlen(value) != event->data.scalar.length)
		return fail_at(builder, event->start_mark, "a NUL character in a value", NULL);
	node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->kind = !node->is_quoted && is_null_word(value) ? KH_YAML_NULL : KH_YAML_SCALAR;
	node->text = kh_strdup(value);
	return 0;
}

static int load_node(struct builder *builder, const yaml_event_t *event, struct kh_yaml_node *node);

/* A key with its value: appended to the map as one node. */
static int load_pair(struct builder *builder, const yaml_event_t *key, struct kh_yaml_node *map)
{
	if (key->type != YAML_SCALAR_EVENT)
		return fail_at(builder, key->start_mark,
			       "a key must be a word, not a list or a mapping", NULL);
	const char *name = (const char *)key->data.scalar.value;
	kh_auto(kh_free) char *quoted = kh_yaml_quote(name);
	const struct kh_yaml_node *first = kh_yaml_get(map, name);
	if (first) {
		kh_yaml_fail(builder->yaml, (int)key->start_mark.line + 1,
			     (int)key->start_mark.column + 1, builder->err, "duplicate key %s",
			     quoted);
		return kh_hint(builder->err, "it is already given in line %d", first->key_line);
	}
	struct kh_yaml_node *node = kh_alloc(sizeof(*node));
	*kh_append(map->items, map->item_count) = node;
	if (load_scalar(builder, key, node) < 0)
		return -1;
	node->key = kh_take(node->text);
	node->key_line = (int)key->start_mark.line + 1;
	node->key_column = (int)key->start_mark.column + 1;
	node->is_quoted = false;
	kh_auto(yaml_event_delete) yaml_event_t value = {0};
	return next_event(builder, &value) < 0 ? -1 : load_node(builder, &value, node);
}

static int load_items(struct builder *builder, struct kh_yaml_node *node)
{
	bool is_map = node->kind == KH_YAML_MAP;
	yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	for (;;) {
		kh_auto(yaml_event_delete) yaml_event_t event = {0};
		if (next_event(builder, &event) < 0)
			return -1;
		if (event.type == end)
			return 0;
		if (is_map &&
		    (check_plain(builder, &event) < 0 || load_pair(builder, &event, node) < 0))
			return -1;
		if (is_map)
			continue;
		struct kh_yaml_node *item = kh_alloc(sizeof(*item));
		*kh_append(node->items, node->item_count) = item;
		if (load_node(builder, &event, item) < 0)
			return -1;
	}
}

static int load_node(struct builder *builder, const yaml_event_t *event, struct kh_yaml_node *node)
{
	node->line = (int)event->start_mark.line + 1;
	node->column = (int)event->start_mark.column + 1;
	if (check_plain(builder, event) < 0)
		return -1;
	if (event->type == YAML_SCALAR_EVENT)
		return load_scalar(builder, event, node);
	node->kind = event->type == YAML_MAPPING_START_EVENT ? KH_YAML_MAP : KH_YAML_LIST;
	builder->depth++;
	int outcome = load_items(builder, node);
	builder->depth--;
	return outcome;
}

/* Stream start, at most one document, stream end. */
static int load_stream(struct builder *builder)
{
	for (bool is_first = true;;) {
		kh_auto(yaml_event_delete) yaml_event_t event = {0};
		if (next_event(builder, &event) < 0)
			return -1;
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
			continue;
		if (event.type == YAML_DOCUMENT_START_EVENT && !is_first)
			return fail_at(builder, event.start_mark, "a second document starts here",
				       "one file is one document: remove this '---'");
		is_first = false;
		if (event.type != YAML_DOCUMENT_START_EVENT &&
		    load_node(builder, &event, builder->yaml->top) < 0)
			return -1;
	}
}

static int load(struct kh_yaml *yaml, struct kh_error *err)
{
	struct builder builder = {.yaml = yaml, .err = err};
	if (!yaml_parser_initialize(&builder.parser))
		abort(); /* its only failure is lack of memory */
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)yaml->text,
				     strlen(yaml->text));
	int outcome = load_stream(&builder);
	yaml_parser_delete(&builder.parser);
	return outcome;
}

int kh_yaml_load(const char *name, const char *lead, const char *text, size_t length,
		 struct kh_yaml *ret_yaml, struct kh_error *err)
{
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {.name = kh_strdup(name),
						     .lead = kh_strdup(lead),
						     .code = lead ? KH_USAGE : KH_CONFIG};
	if (length > KH_YAML_BYTES)
		return kh_fail(err, yaml.code, 0, "%s: larger than 1 MiB", name);
	bool has_utf16_mark = length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
					      memcmp(text, "\xfe\xff", 2) == 0);
	if (has_utf16_mark) {
		kh_fail(err, yaml.code, 0, "%s: this is UTF-16, not UTF-8 text", name);
		return kh_hint(err, "convert it: iconv -f utf-16 -t utf-8");
	}
	bool has_mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	text += has_mark ? 3 : 0;
	length -= has_mark ? 3 : 0;
	yaml.text = kh_strndup(text, length);
	if (kh_yaml_check_text(&yaml, text, length, err) < 0)
		return -1;
	yaml.top = kh_alloc(sizeof(*yaml.top));
	yaml.top->line = yaml.top->column = 1;
	if (load(&yaml, err) < 0)
		return -1;
	*ret_yaml = yaml;
	yaml = (struct kh_yaml){0};
	return 0;
}

void kh_yaml_done(struct kh_yaml *yaml)
{
	node_free(yaml->top);
	free(yaml->name);
	free(yaml->lead);
	free(yaml->text);
	*yaml = (struct kh_yaml){0};
}

char *kh_yaml_where(const struct kh_yaml *yaml, const struct kh_yaml_node *node)
{
	if (yaml->lead)
		return kh_strdup(yaml->name);
	return kh_printf("%s:%d:%d", yaml->name, node->line, node->column);
}

const struct kh_yaml_node *kh_yaml_get(const struct kh_yaml_node *map, const char *key)
{
	if (!map || map->kind != KH_YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->item_count; i++)
		if (map->items[i]->key && strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	return NULL;
}
