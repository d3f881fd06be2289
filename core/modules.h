/* modules.h - kernel modules through libkmod: what is there, what is loaded, loading, unloading. */
#ifndef KH_MODULES_H
#define KH_MODULES_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

/* In /proc/modules, or known to the kernel as built in ("-" and "_" are the same). */
bool kh_modules_is_loaded(const struct kh_root *root, const char *name);

/* Load NAME of this kernel release with what it needs; ret_loaded gets the names of all that came. Looks
 * at the module list afterwards: KH_VERIFY when it is not there, with the likely reason. */
int kh_modules_load(const struct kh_root *root, const char *release, const char *name,
		    struct kh_strv *ret_loaded, struct kh_error *err);
/* Returns 1 when somebody uses it (it stays). A module that is not loaded is done. */
int kh_modules_unload(const struct kh_root *root, const char *release, const char *name,
		      struct kh_error *err);

#endif
