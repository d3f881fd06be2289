/* config_help.h - the key table for people and editors: help, manual page, starter file, JSON
 * Schema.
 *
 * All of these are made from the rows of config_keys.c; each text is owned by the caller.
 */
#ifndef KH_CONFIG_HELP_H
#define KH_CONFIG_HELP_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/facts.h"

/* For `kvmhost help config [KEY]`. key NULL: all keys, by section; otherwise one section or one key
 * ("bridge.stp", "hugepages.pools.size") in full. Error KH_USAGE: no such key, with a hint. */
int kh_config_help_text(const char *key, char **ret_text, struct kh_error *err);

/* The OPTIONS section of kvmhost.yaml(5), from ".Sh OPTIONS" on. Source: mdoc(7). */
char *kh_config_man_text(void);

/* A JSON Schema for editors. Source: json-schema.org, draft 7 (what YAML language servers know).
 * `on` and `off`, which they read as booleans, are accepted where they are choices. */
char *kh_config_schema_json(void);

/* A configuration with every key, its default and what it is for, and this host's numbers in
 * comments. Loads, and means the same as no file but for what was chosen: KEY=VALUE each, with the
 * value as YAML on one line; may be NULL. */
char *kh_config_starter(const struct kh_facts *facts, const struct kh_strv *chosen);

/* Add text, broken between words so that no line is longer than width columns if its words allow;
 * every line begins with prefix and ends with a newline. */
void kh_config_wrap(struct kh_str *str, const char *prefix, const char *text, size_t width);

#endif
