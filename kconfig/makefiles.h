/* makefiles.h - which symbol makes which module, as the Makefiles of a kernel tree say it, and what
 * the symbol stands on, as its Kconfig files say it.
 *
 * Only as much is read as `base: host` needs: "obj-$(CONFIG_X) += a.o dir/" of every Makefile and
 * Kbuild, the types of symbols, and dependencies that are plain conjunctions ("depends on A && B",
 * "if A", a menu's "depends on"). Why a symbol was lost in the end is kconfig.h's business, over
 * the whole language.
 *
 * Source: Documentation/kbuild/makefiles.rst, Documentation/kbuild/kconfig-language.rst.
 */
#ifndef KH_KCONFIG_MAKEFILES_H
#define KH_KCONFIG_MAKEFILES_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

struct kh_makefiles;

enum kh_symbol_type { KH_SYMBOL_UNKNOWN, KH_SYMBOL_BOOL, KH_SYMBOL_TRISTATE, KH_SYMBOL_OTHER };

/* The tree whose top Makefile lies at host_path. KH_SYSTEM when it is not a kernel tree. */
int kh_makefiles_load(const char *host_path, struct kh_makefiles **ret_makefiles,
		      struct kh_error *err);
void kh_makefiles_free(struct kh_makefiles *makefiles); /* NULL is fine */

/* Symbols that build this module, appended ("kvm-amd" or "kvm_amd" -> KVM_AMD); none: the tree has
 * no such module. */
void kh_makefiles_symbols(const struct kh_makefiles *makefiles, const char *module,
			  struct kh_strv *ret_symbols);
/* KH_SYMBOL_UNKNOWN: the tree has no such symbol. */
enum kh_symbol_type kh_makefiles_type(const struct kh_makefiles *makefiles, const char *symbol);
/* Can it be asked for? A symbol without a prompt only comes with those that select it. */
bool kh_makefiles_has_prompt(const struct kh_makefiles *makefiles, const char *symbol);
/* Symbols without which this one cannot be set, directly, appended. */
void kh_makefiles_parents(const struct kh_makefiles *makefiles, const char *symbol,
			  struct kh_strv *ret_parents);

#endif
