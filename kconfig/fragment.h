/* fragment.h - kernel configuration fragments: what is wanted, and why.
 *
 * The text is that of the kernel's own fragments (scripts/kconfig/merge_config.sh reads it too):
 *
 *     # The hypervisor itself.
 *     CONFIG_KVM=m
 *     #: since 6.9, was MITIGATION_RETPOLINE, optional, vendor intel
 *     # Guests cannot steer the host's branch prediction.
 *     CONFIG_RETPOLINE=y
 *     # CONFIG_DEBUG_INFO is not set
 *
 * The comment right above a line is its reason; a line that begins with "#:" has conditions, joined
 * by commas: `since V`, `until V` (kernel versions, since inclusive, until exclusive), `was NAME`
 * (an older name, tried on kernels that do not know the new one; may be repeated), `optional` (its
 * loss only warns), `vendor intel|amd` (for the report of a running kernel: a build has both
 * vendors' options). A blank line or an empty comment ends a comment. What the kernel's own tools
 * would skip silently (a line that is neither an option nor a comment, a bad value, a name given
 * twice in one file) is an error. Shipped fragments are compiled in (kconfig/fragments/), and
 * found by name; others are files.
 */
#ifndef KH_KCONFIG_FRAGMENT_H
#define KH_KCONFIG_FRAGMENT_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"
#include "core/facts_cpu.h"

struct kh_fragment_line {
	char *name;       /* without CONFIG_ */
	char *value;      /* "y", "m", "n", "250", "\"text\"" (quotes kept) */
	char *why;        /* or "" */
	char *where;      /* "kvm-host:12" */
	int since, until; /* major * 1000 + minor; 0: no limit */
	struct kh_strv was;
	bool is_optional;
	enum kh_vendor vendor; /* KH_VENDOR_UNKNOWN: both */
};

struct kh_fragment {
	struct kh_fragment_line *lines;
	size_t line_count;
};

/* Appends to the fragment; a later line of the same name replaces the earlier one. Errors
 * (KH_CONFIG) say FILE:LINE:COLUMN, what, and what to do. */
int kh_fragment_parse(const char *name, const char *text, struct kh_fragment *fragment,
		      struct kh_error *err);
/* All of them in order: shipped by name (/etc/kvmhost/kconfig/NAME.config below the root
 * overrides), others by path below the root. */
int kh_fragment_load(const struct kh_root *root, const struct kh_strv *names,
		     struct kh_fragment *ret_fragment, struct kh_error *err);
void kh_fragment_done(struct kh_fragment *fragment);
/* The text of a shipped fragment, or NULL. */
const char *kh_fragment_shipped(const char *name);
/* Names of all shipped ones that operators choose from; NULL-terminated. */
extern const char *const kh_fragment_names[];

struct kh_kconfig;
/* The name of this line's option in the tree (kconfig/kconfig.h): its own, or the first of `was`
 * where only that is known; its own where neither is, or without a tree. Borrowed. */
const char *kh_fragment_name(const struct kh_fragment_line *line, const struct kh_kconfig *tree);
/* What to append to a .config for a kernel of this version: the lines that hold, as "CONFIG_X=y"
 * and "# CONFIG_X is not set", under the names of the tree; m is written as y for an option that
 * this tree cannot make a module. tree may be NULL. Owned. */
char *kh_fragment_resolve(const struct kh_fragment *fragment, int version,
			  const struct kh_kconfig *tree);

/* Does this line hold for a kernel of this version (major * 1000 + minor; -1: not known, holds)? */
bool kh_fragment_holds(const struct kh_fragment_line *line, int version);

#endif
