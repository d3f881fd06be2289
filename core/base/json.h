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

#endif
