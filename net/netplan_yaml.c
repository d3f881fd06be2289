/* netplan_yaml.c - see netplan_yaml.h. */
#include "net/netplan_yaml.h"

#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static void keep_lines(const char *text, struct kh_strv *lines)
{
	while (*text) {
		const char *newline = strchr(text, '\n');
		size_t length = newline ? (size_t)(newline - text) + 1 : strlen(text);
		kh_auto(kh_free) char *line = kh_strndup(text, length);
		kh_strv_add(lines, line);
		text += length;
	}
}

int kh_netplan_load(const char *path, const char *text, struct kh_netplan *ret_yaml,
		    struct kh_error *err)
{
	yaml_parser_t parser;
	*ret_yaml = (struct kh_netplan){0};
	if (!yaml_parser_initialize(&parser))
		return kh_fail(err, KH_SYSTEM, 0, "libyaml");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	bool is_good = yaml_parser_load(&parser, &ret_yaml->document) == 1;
	if (!is_good)
		kh_fail(err, KH_HOST, 0, "%s:%zu:%zu: %s", path, parser.problem_mark.line + 1,
			parser.problem_mark.column + 1,
			parser.problem ? parser.problem : "not YAML");
	yaml_parser_delete(&parser);
	ret_yaml->is_loaded = is_good;
	keep_lines(text, &ret_yaml->lines);
	return is_good ? 0 : -1;
}

void kh_netplan_done(struct kh_netplan *yaml)
{
	if (yaml->is_loaded)
		yaml_document_delete(&yaml->document);
	yaml->is_loaded = false;
	kh_strv_done(&yaml->lines);
}

yaml_node_t *kh_netplan_root(struct kh_netplan *yaml)
{
	return yaml_document_get_root_node(&yaml->document);
}

static yaml_node_pair_t *pair_at(const yaml_node_t *mapping, size_t at)
{
	if (!mapping || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	yaml_node_pair_t *pair = mapping->data.mapping.pairs.start + at;
	return pair < mapping->data.mapping.pairs.top ? pair : NULL;
}

yaml_node_t *kh_netplan_key(struct kh_netplan *yaml, const yaml_node_t *mapping, size_t at)
{
	const yaml_node_pair_t *pair = pair_at(mapping, at);
	return pair ? yaml_document_get_node(&yaml->document, pair->key) : NULL;
}

yaml_node_t *kh_netplan_value(struct kh_netplan *yaml, const yaml_node_t *mapping, size_t at)
{
	const yaml_node_pair_t *pair = pair_at(mapping, at);
	return pair ? yaml_document_get_node(&yaml->document, pair->value) : NULL;
}

yaml_node_t *kh_netplan_item(struct kh_netplan *yaml, const yaml_node_t *sequence, size_t at)
{
	if (!sequence || sequence->type != YAML_SEQUENCE_NODE)
		return NULL;
	const yaml_node_item_t *item = sequence->data.sequence.items.start + at;
	return item < sequence->data.sequence.items.top
		       ? yaml_document_get_node(&yaml->document, *item)
		       : NULL;
}

yaml_node_t *kh_netplan_get(struct kh_netplan *yaml, const yaml_node_t *node, const char *key)
{
	for (size_t i = 0; pair_at(node, i); i++) {
		const char *name = kh_netplan_text(kh_netplan_key(yaml, node, i));
		if (name && strcmp(name, key) == 0)
			return kh_netplan_value(yaml, node, i);
	}
	return NULL;
}

const char *kh_netplan_text(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

bool kh_netplan_is_yes(const char *text)
{
	static const char *const yes[] = {"true", "yes", "on", "y", "1"};
	for (size_t i = 0; text && i < KH_COUNT(yes); i++)
		if (strcasecmp(text, yes[i]) == 0)
			return true;
	return false;
}

bool kh_netplan_is_true(const yaml_node_t *node)
{
	return kh_netplan_is_yes(kh_netplan_text(node));
}

bool kh_netplan_is_block(const yaml_node_t *node)
{
	return node && node->type == YAML_MAPPING_NODE &&
	       node->data.mapping.style == YAML_BLOCK_MAPPING_STYLE;
}

/* ---- flow style ---- */

static void flow_scalar(const yaml_node_t *node, struct kh_str *out)
{
	const char *text = (const char *)node->data.scalar.value;
	bool is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
			!strpbrk(text, ",[]{}#\"'") && !strstr(text, ": ") &&
			!kh_str_ends(text, ":");
	if (is_plain) {
		kh_str_add(out, text);
		return;
	}
	kh_str_add(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			kh_str_add(out, "\\");
		if (*text == '\n')
			kh_str_add(out, "\\n");
		else
			kh_str_add_bytes(out, text, 1);
	}
	kh_str_add(out, "\"");
}

/* What netplan knows is a few levels deep; a tree that refers to itself must still end. */
static void flow(struct kh_netplan *yaml, const yaml_node_t *node, struct kh_str *out, int depth)
{
	enum { DEEPEST = 16 };
	if (!node || depth > DEEPEST)
		return;
	if (node->type == YAML_SCALAR_NODE) {
		flow_scalar(node, out);
		return;
	}
	bool is_mapping = node->type == YAML_MAPPING_NODE;
	kh_str_add(out, is_mapping ? "{" : "[");
	for (size_t i = 0; is_mapping && kh_netplan_key(yaml, node, i); i++) {
		kh_str_add(out, i ? ", " : "");
		flow(yaml, kh_netplan_key(yaml, node, i), out, depth + 1);
		kh_str_add(out, ": ");
		flow(yaml, kh_netplan_value(yaml, node, i), out, depth + 1);
	}
	for (size_t i = 0; !is_mapping && kh_netplan_item(yaml, node, i); i++) {
		kh_str_add(out, i ? ", " : "");
		flow(yaml, kh_netplan_item(yaml, node, i), out, depth + 1);
	}
	kh_str_add(out, is_mapping ? "}" : "]");
}

void kh_netplan_flow(struct kh_netplan *yaml, const yaml_node_t *node, struct kh_str *out)
{
	flow(yaml, node, out, 0);
}

/* ---- lines ---- */

static bool says_nothing(const char *line)
{
	const char *first = line + strspn(line, " \t\r\n");
	return *first == '\0' || *first == '#';
}

size_t kh_netplan_end(const struct kh_netplan *yaml, const yaml_node_t *key)
{
	size_t end = key->start_mark.line + 1;
	for (size_t i = end; i < yaml->lines.count; i++) {
		const char *line = yaml->lines.items[i];
		size_t indent = strspn(line, " ");
		if (says_nothing(line))
			continue;
		/* A sequence may stand as far left as the key it belongs to. */
		bool is_item =
			indent == key->start_mark.column && kh_str_starts(line + indent, "- ");
		if (indent <= key->start_mark.column && !is_item)
			break;
		end = i + 1;
	}
	return end;
}

void kh_netplan_copy(const struct kh_netplan *yaml, const yaml_node_t *key, int shift,
		     struct kh_str *out)
{
	size_t end = kh_netplan_end(yaml, key);
	for (size_t i = key->start_mark.line; i < end && i < yaml->lines.count; i++) {
		const char *line = yaml->lines.items[i];
		size_t indent = strspn(line, " ");
		size_t cut = shift < 0 ? (size_t)-shift : 0;
		for (int added = 0; added < shift; added++)
			kh_str_add(out, " ");
		kh_str_add(out, line + (cut < indent ? cut : indent));
		if (!kh_str_ends(line, "\n"))
			kh_str_add(out, "\n");
	}
}
