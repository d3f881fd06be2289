/* dotconfig.h - a kernel's .config: NAME to value.
 *
 * Lines CONFIG_NAME=VALUE and "# CONFIG_NAME is not set"; a name that is in neither has no value.
 */
#ifndef KH_KCONFIG_DOTCONFIG_H
#define KH_KCONFIG_DOTCONFIG_H

#include <stddef.h>

#include "core/base/str.h"

struct kh_dotconfig; /* an index by name */

struct kh_dotconfig *kh_dotconfig_parse(const char *text);
void kh_dotconfig_free(struct kh_dotconfig *config);
/* "y", "m", "n" (is not set), "250", "\"text\""; NULL: the name does not occur. Borrowed. */
const char *kh_dotconfig_value(const struct kh_dotconfig *config, const char *name);
void kh_dotconfig_set(struct kh_dotconfig *config, const char *name, const char *value);
/* Sorted by name, one line each. Owned. */
char *kh_dotconfig_text(const struct kh_dotconfig *config);

#endif
