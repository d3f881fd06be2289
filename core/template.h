/* template.h - the texts kvmhost writes, kept as files and compiled in.
 *
 * templates/etc/sysctl.d/90-kvmhost.conf.in is compiled in under "etc/sysctl.d/90-kvmhost.conf.in";
 * a file /etc/kvmhost/templates/<the same> below the root overrides it. "@NAME@" is replaced by the
 * value of that name; a name without a value is an error that says where. The same table holds the
 * kernel configuration fragments, by their whole path (kconfig/fragment.h), and the completions of
 * shells.
 */
#ifndef KH_TEMPLATE_H
#define KH_TEMPLATE_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/base/root.h"

struct kh_template_source {
	const char *path;
	const char *text;
};
extern const struct kh_template_source kh_template_sources[]; /* ends with a NULL path */

/* The text that was compiled in under this path, or NULL. */
const char *kh_template_builtin(const char *path);

struct kh_template_value {
	const char *name; /* NULL ends the array */
	const char *value;
};

/* Owned text in *ret_text. Errors: KH_CONFIG, "TEMPLATE:LINE:COLUMN: no value for '@NAME@'". */
int kh_template_fill(const struct kh_root *root, const char *path,
		     const struct kh_template_value *values, char **ret_text, struct kh_error *err);

#endif
