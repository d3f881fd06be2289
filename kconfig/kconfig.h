/* kconfig.h - the Kconfig files of a kernel tree, read as far as explaining a lost option needs.
 *
 * Source: Documentation/kbuild/kconfig-language.rst. Understood: mainmenu, source (with globs and
 * $(SRCARCH)), config, menuconfig, choice, menu, if, comment; bool, tristate, int, hex, string,
 * def_*, prompt, default, depends on, select, imply, visible if, range, option, modules, help;
 * macro calls $(...) are kept as text and count as `unknown`. Nothing is run.
 */
#ifndef KH_KCONFIG_KCONFIG_H
#define KH_KCONFIG_KCONFIG_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "kconfig/dotconfig.h"

struct kh_kconfig;

/* The tree whose top Kconfig lies at host_path. arch: "x86". Errors: KH_SYSTEM for a missing file,
 * KH_HOST with FILE:LINE for what cannot be understood. */
int kh_kconfig_load(const char *host_path, const char *arch, struct kh_kconfig **ret_tree,
		    struct kh_error *err);
/* From one text, without `source`: for tests and fuzzing. */
int kh_kconfig_from_text(const char *name, const char *text, struct kh_kconfig **ret_tree,
			 struct kh_error *err);
void kh_kconfig_free(struct kh_kconfig *tree);
bool kh_kconfig_has(const struct kh_kconfig *tree, const char *name);
/* An option that is never a module: asked for as m it would become n. */
bool kh_kconfig_is_bool(const struct kh_kconfig *tree, const char *name);
/* Why does name not have the value wanted, given the values of config? Owned; NULL: no reason is
 * found. */
char *kh_kconfig_explain(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			 const char *name, const char *wanted);

#endif
