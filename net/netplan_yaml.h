/* netplan_yaml.h - a YAML file both ways: as libyaml's tree to understand it, and as lines to edit
 * it.
 *
 * libyaml parses; what is written back is the file's own text with lines cut out and put in,
 * because its emitter would drop every comment. Positions come from the tree, the extent of a
 * block-style value from the indentation, which in block style is what decides.
 */
#ifndef KH_NET_NETPLAN_YAML_H
#define KH_NET_NETPLAN_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct kh_netplan {
	yaml_document_t document;
	bool is_loaded;
	struct kh_strv lines; /* with their newlines */
};

/* Error KH_HOST: "PATH:LINE:COLUMN: what". */
int kh_netplan_load(const char *path, const char *text, struct kh_netplan *ret_yaml,
		    struct kh_error *err);
void kh_netplan_done(struct kh_netplan *yaml);

yaml_node_t *kh_netplan_root(struct kh_netplan *yaml);
/* The value of a key in a mapping; NULL when absent, or when node is no mapping. */
yaml_node_t *kh_netplan_get(struct kh_netplan *yaml, const yaml_node_t *node, const char *key);
/* The text of a scalar, or NULL. */
const char *kh_netplan_text(const yaml_node_t *node);
bool kh_netplan_is_true(const yaml_node_t *node);
bool kh_netplan_is_yes(const char *text);          /* of such a scalar; NULL is no */
bool kh_netplan_is_block(const yaml_node_t *node); /* a mapping in block style */

/* Pairs of a mapping, items of a sequence: by number; NULL behind the last. */
yaml_node_t *kh_netplan_key(struct kh_netplan *yaml, const yaml_node_t *mapping, size_t at);
yaml_node_t *kh_netplan_value(struct kh_netplan *yaml, const yaml_node_t *mapping, size_t at);
yaml_node_t *kh_netplan_item(struct kh_netplan *yaml, const yaml_node_t *sequence, size_t at);

/* The node in flow style on one line: {to: 192.0.2.0/24, via: "192.0.2.1"}. Appended. */
void kh_netplan_flow(struct kh_netplan *yaml, const yaml_node_t *node, struct kh_str *out);

/* The line behind the block-style pair whose key is this node (comments and blank lines that follow
 * it do not count). */
size_t kh_netplan_end(const struct kh_netplan *yaml, const yaml_node_t *key);
/* Its lines, moved right by shift columns (left when negative), appended. */
void kh_netplan_copy(const struct kh_netplan *yaml, const yaml_node_t *key, int shift,
		     struct kh_str *out);

#endif
