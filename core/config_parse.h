/* config_parse.h - from YAML nodes into struct kh_config, as the key table says.
 *
 * Private to core/config*.c. One source (the built-in defaults, the file, one --set) is one
 * kh_config_parser. A list or mapping of free names that is given replaces what was there; sections
 * are merged key by key. Errors carry the position of the node at fault.
 */
#ifndef KH_CONFIG_PARSE_H
#define KH_CONFIG_PARSE_H

#include "core/base/yaml.h"
#include "core/config.h"
#include "core/config_keys.h"

struct kh_config_parser {
	struct kh_config *config;
	const struct kh_yaml *yaml;
	bool is_default; /* the built-in defaults: no positions are kept */
	struct kh_error *err;
};

/* A whole document: the sections. */
int kh_config_parse_document(struct kh_config_parser *parser);
/* The value of one dotted key (of --set): the document's top node. */
int kh_config_parse_setting(struct kh_config_parser *parser, const char *dotted);

/* The value of a key. base: the struct that key->offset counts in; dotted: its name in messages. */
int kh_config_parse_value(struct kh_config_parser *parser, const struct kh_config_key *key,
			  void *base, const struct kh_yaml_node *node, const char *dotted);
/* The keys of a table; node must be a mapping (or nothing). */
int kh_config_parse_keys(struct kh_config_parser *parser, const struct kh_config_key *table,
			 void *base, const struct kh_yaml_node *node, const char *dotted);

/* The types that fit only one key (config_special.c). */
int kh_config_parse_address(struct kh_config_parser *parser, const struct kh_config_key *key,
			    const struct kh_yaml_node *node, const char *dotted);
int kh_config_parse_options(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			    const char *dotted);
int kh_config_parse_sysctl(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			   const char *dotted);
int kh_config_parse_pools(struct kh_config_parser *parser, const struct kh_config_key *key,
			  const struct kh_yaml_node *node, const char *dotted);
/* One entry of sysctl or modules.options, by --set; rest: "vm.swappiness", "kvm_intel.nested". */
int kh_config_parse_sysctl_one(struct kh_config_parser *parser, const char *name,
			       const struct kh_yaml_node *node, const char *dotted);
int kh_config_parse_option_one(struct kh_config_parser *parser, const char *rest,
			       const struct kh_yaml_node *node, const char *dotted);
/* A static address is complete and its gateways fit. */
int kh_config_check_static(struct kh_config_parser *parser, const struct kh_yaml_node *node);

void kh_config_clear_options(struct kh_config *config);
void kh_config_clear_sysctl(struct kh_config *config);
void kh_config_clear_pools(struct kh_config *config);

/* "'DOTTED' must be EXPECTED, not 'found'" at the node. */
int kh_config_bad_value(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			const char *dotted, const char *expected);
/* "'DOTTED' cannot be 'found': WHY" at the node. */
int kh_config_bad_text(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		       const char *dotted, const char *why);
/* Keep where a key was given. */
void kh_config_remember(struct kh_config_parser *parser, const char *dotted,
			const struct kh_yaml_node *node);

#endif
