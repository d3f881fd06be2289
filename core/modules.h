/* modules.h - kernel modules through libkmod: what is there, what is loaded, loading, unloading.
 *
 * To look: kh_modules_open for one kernel release of a root, ask, kh_modules_free. Everything comes
 * from below the root: the release's directory (its links are followed inside the root),
 * /proc/modules and /sys/module; libkmod's own look at the running kernel is never used for
 * answers. "-" and "_" are the same in names. Loading and unloading work on the live root only.
 */
#ifndef KH_MODULES_H
#define KH_MODULES_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

enum kh_module_state {
	KH_MODULE_ABSENT,
	KH_MODULE_AVAILABLE, /* a module of this release */
	KH_MODULE_BUILTIN,
};

struct kh_modules;

/* The release whose modules count: the running one on the live root, elsewhere the one that boots
 * next; what has no directory below /lib/modules is passed over, the newest one there comes last.
 * running and next may be NULL. Owned text, or NULL: no modules at all. */
char *kh_modules_release(const struct kh_root *root, const char *running, const char *next);

/* Returns 0, 1 when the release has no module index below the root, -1. */
int kh_modules_open(const struct kh_root *root, const char *release,
		    struct kh_modules **ret_modules, struct kh_error *err);
void kh_modules_free(struct kh_modules **modules);

/* NAME may be an alias. */
enum kh_module_state kh_modules_look(struct kh_modules *modules, const char *name);
/* Names of the modules (built-in ones too) that an alias stands for: "pci:v00008086d..." ->
 * "e1000e"; appended, with "_". */
void kh_modules_lookup(struct kh_modules *modules, const char *alias, struct kh_strv *ret_names);
/* Has the module this parameter? 1 yes, 0 no, -1 it cannot be told (built in, or unreadable).
 * Source: "parm" and "parmtype" lines of modinfo(8). */
int kh_modules_has_parameter(struct kh_modules *modules, const char *name, const char *parameter);

/* The same module name? */
bool kh_modules_same(const char *a, const char *b);

/* In /proc/modules, or known to the kernel as built in ("-" and "_" are the same). */
bool kh_modules_is_loaded(const struct kh_root *root, const char *name);

/* Load NAME of this kernel release with what it needs; ret_loaded gets the names of all that came,
 * in the order they came. Looks at the module list afterwards: KH_VERIFY when it is not there, with
 * the likely reason. Blacklisted modules are not loaded, as at boot: KH_HOST.
 * Returns 1, with *err filled too, when this hardware does not let the module work (virtualization
 * switched off in the firmware, the other vendor's CPU): trying again does not help. */
int kh_modules_load(const struct kh_root *root, const char *release, const char *name,
		    struct kh_strv *ret_loaded, struct kh_error *err);
/* Returns 1 when somebody uses it (it stays). A module that is not loaded is done. */
int kh_modules_unload(const struct kh_root *root, const char *release, const char *name,
		      struct kh_error *err);

#endif
