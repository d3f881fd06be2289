/* kernel_options.h - the build options a KVM host's kernel wants, and why, as data.
 *
 * Names change between kernels and distributions backport the changes: an option passes when it is
 * found under its name or an old one, whatever the version says. The version only excuses a kernel
 * that is too old to know the option.
 */
#ifndef KH_KERNEL_OPTIONS_H
#define KH_KERNEL_OPTIONS_H

#include "core/facts_cpu.h"
#include "core/facts_os.h"

struct kh_kernel_option {
	const char *name;      /* without CONFIG_ */
	const char *old_name;  /* or NULL */
	enum kh_vendor vendor; /* KH_VENDOR_UNKNOWN: for both */
	int since;             /* as kh_facts_release_number(), or 0 */
	const char *why;
};

extern const struct kh_kernel_option kh_kernel_options[]; /* ends with a NULL name */

/* The value in the running kernel, under either name: 'y', 'm', 'n', '?'; *ret_name is the name it
 * was found under. */
char kh_kernel_option_value(const struct kh_kernel_option *option, const struct kh_facts_os *os,
			    const char **ret_name);

#endif
