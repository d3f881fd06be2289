/* yaml_text.h - the bytes below yaml.c: what characters may stand in a source, and its lines.
 * For core/base/yaml*.c, and for readers of other texts that people write (kh_yaml_check_text). */
#ifndef KH_BASE_YAML_TEXT_H
#define KH_BASE_YAML_TEXT_H

#include <stddef.h>
#include <yaml.h>

#include "core/base/yaml.h"

/* Fail, saying where, unless every character is one that YAML allows and that ends a line only
 * as LF or CR LF (YAML 1.1 also breaks lines at a lone CR, U+0085, U+2028 and U+2029, which editors
 * do not: line numbers would lie). yaml->text need not be set yet. */
int kh_yaml_check_text(struct kh_yaml *yaml, const char *text, size_t length, struct kh_error *err);

/* Turn libyaml's complaint into a sentence. Returns -1 with *err filled. */
int kh_yaml_explain(const struct kh_yaml *yaml, const yaml_parser_t *parser, struct kh_error *err);

/* Line number LINE (from 1) of the text, without its end; "" past the end. */
const char *kh_yaml_line(const struct kh_yaml *yaml, int line, size_t *ret_length);

#endif
