/* symbols.h - the symbols of a kernel's Kconfig files: type, and what they plainly stand on.
 *
 * A part of makefiles.h, which is the way in.
 */
#ifndef KH_KCONFIG_SYMBOLS_H
#define KH_KCONFIG_SYMBOLS_H

#include "kconfig/makefiles.h"

struct kh_symbol {
	char *name;
	enum kh_symbol_type type;
	bool has_prompt;
	struct kh_strv parents;
	size_t order; /* of its definition: the first one counts */
};

struct kh_symbols {
	struct kh_symbol *items; /* by name */
	size_t count;
};

/* tree: the kernel tree. Files that are missing are passed over: some are made while building. */
void kh_symbols_load(const struct kh_root *tree, struct kh_symbols *ret_symbols);
void kh_symbols_done(struct kh_symbols *symbols);
const struct kh_symbol *kh_symbols_find(const struct kh_symbols *symbols, const char *name);

#endif
