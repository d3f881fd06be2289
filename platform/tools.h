/* tools.h - the compiler and its like, as inputs of what they make.
 *
 * Planning runs nothing, so a tool is told apart by its file: name of the real file, size and time
 * of change, which come from its package and so are the same on every host that has that version.
 * What the tools say of themselves (gcc --version) goes into the manifest when something was built.
 */
#ifndef KH_PLATFORM_TOOLS_H
#define KH_PLATFORM_TOOLS_H

#include <jansson.h>

#include "core/base/root.h"
#include "core/base/str.h"
#include "platform/sandbox.h"

/* "x86_64-linux-gnu-gcc-12 1070392 1673700000"; NULL: there is no such program. Owned. */
char *kh_tools_identity(const struct kh_root *root, const char *name);
/* Names of the tools (NULL-terminated) that are not there; appended. */
void kh_tools_missing(const struct kh_root *root, const char *const *names,
		      struct kh_strv *ret_missing);
/* {"gcc": "gcc (Debian 12.2.0-14) 12.2.0", ...}: the first lines of NAME --version. A new
 * reference. */
json_t *kh_tools_versions(struct kh_sandbox *sandbox, const char *const *names);

#endif
