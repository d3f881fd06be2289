/* modules_want.h - the configured modules as this host sees them; shared by plan and check of the
 * stage `modules`. */
#ifndef KH_STAGES_MODULES_WANT_H
#define KH_STAGES_MODULES_WANT_H

#include "core/modprobe.h"
#include "core/modules.h"
#include "core/stage.h"

enum kh_want_state {
	KH_WANT_LOADED,
	KH_WANT_BUILTIN,
	KH_WANT_LOADABLE,
	KH_WANT_BLOCKED, /* there, but it cannot be loaded here: reason */
	KH_WANT_ABSENT,  /* reason */
	KH_WANT_UNKNOWN, /* no module index to look into */
};

struct kh_want_module {
	char *name; /* "kvm_vendor" is already replaced where the vendor is known */
	enum kh_want_state state;
	char *reason; /* or NULL */
	bool is_required;
};

struct kh_want {
	struct kh_want_module *modules; /* in the configured order, each once */
	size_t module_count;
	char *release;               /* whose modules were looked at, or NULL */
	struct kh_modules *tree;     /* of that release, or NULL */
	struct kh_modprobe modprobe; /* as it is now */
	bool is_vendor_left; /* the CPU is not known: which kvm module is left to the boot */
};

int kh_want_collect(const struct kh_context *context, struct kh_want *ret_want,
		    struct kh_error *err);
void kh_want_done(struct kh_want *want);

/* Does this CPU have VMX or SVM? */
bool kh_want_has_virtualization(const struct kh_context *context);

/* The files of this stage. The first depends on who loads modules at boot: systemd (and Debian's
 * kmod script) or the start scripts of CentOS 6. */
const char *kh_want_load_path(const struct kh_context *context);
extern const char *const kh_want_load_d;
extern const char *const kh_want_load_script;
extern const char *const kh_want_modprobe_path;

/* Is the option one this stage writes: the module is here and has the parameter (or that cannot be
 * told)? Otherwise *ret_reason (owned) says why not. */
bool kh_want_takes_option(const struct kh_context *context, const struct kh_want *want,
			  const struct kh_config_option *option, char **ret_reason);
/* "/sys/module/MODULE/parameters/NAME". Owned. */
char *kh_want_parameter_path(const struct kh_config_option *option);
/* Same value? The kernel prints booleans as Y and N. */
bool kh_want_same_value(const char *a, const char *b);

/* The check of the stage; in modules_check.c. */
int kh_modules_check(const struct kh_context *context, struct kh_report *report,
		     struct kh_error *err);

#endif
