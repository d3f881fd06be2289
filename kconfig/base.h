/* base.h - `base: host`: a kernel configuration for these hosts and no more.
 *
 * From what the hosts have (struct kh_hardware: modaliases with their drivers, loaded modules,
 * mounted file systems) to configuration symbols, through the Makefiles of the kernel tree, where
 * `obj-$(CONFIG_X) += x.o` says which symbol makes which module. On top of a skeleton of what every
 * server needs (shipped fragment `server`) and common storage, network and virtio drivers as
 * modules (shipped fragment `drivers`). The idea is that of `make localmodconfig`
 * (scripts/kconfig/streamline_config.pl).
 */
#ifndef KH_KCONFIG_BASE_H
#define KH_KCONFIG_BASE_H

#include "core/facts_hardware.h"
#include "kconfig/dotconfig.h"
#include "kconfig/fragment.h"

/* The symbols of modules: "kvm-amd" or "kvm_amd" -> KVM_AMD. */
struct kh_makefiles;
int kh_makefiles_load(const char *host_path, struct kh_makefiles **ret_makefiles,
		      struct kh_error *err);
void kh_makefiles_free(struct kh_makefiles *makefiles);
/* Symbols that build this module, appended; none: the tree has no such module. */
void kh_makefiles_symbols(const struct kh_makefiles *makefiles, const char *module,
			  struct kh_strv *ret_symbols);

/* The lines that cover the hosts: symbols of their drivers and file systems as m (those the root
 * file system needs too: an initramfs loads them), with reasons. unknown: modules and drivers that
 * no symbol of this tree makes; for a warning. */
int kh_base_derive(const struct kh_makefiles *makefiles, const struct kh_hardware *hosts,
		   size_t host_count, struct kh_fragment *ret_lines, struct kh_strv *ret_unknown,
		   struct kh_error *err);

#endif
