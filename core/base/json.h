/* json.h - what jansson leaves to its users: texts that are not UTF-8, files that hold JSON. */
#ifndef KH_BASE_JSON_H
#define KH_BASE_JSON_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/base/root.h"

/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD. NULL gives null. A new reference.
 */
json_t *kh_json_text(const char *text);
/* "" when absent or not a string: for reading our own records. */
const char *kh_json_get(const json_t *object, const char *key);

/* A message on its way to another process of ours: the text under this key and, where the reader's
 * language has it, what to show instead under KEY_shown. Both end with `finish` applied, which
 * gives owned text (NULL: nothing to apply). */
void kh_json_put_message(json_t *object, const char *key, const char *text,
			 char *(*finish)(const char *text));
/* The text that the other process put there; what to show is known from now on. Owned. */
char *kh_json_take_message(const json_t *object, const char *key,
			   char *(*finish)(const char *text));

#endif
