/* base.h - `base: host`: a kernel configuration for these hosts and no more.
 *
 * From what the hosts have (struct kh_hardware: modaliases with their drivers, loaded modules,
 * mounted file systems) to configuration symbols, through the Makefiles of the kernel tree, where
 * `obj-$(CONFIG_X) += x.o` says which symbol makes which module. On top of a skeleton of what every
 * server needs (shipped fragment `server`) and common storage, network and virtio drivers as
 * modules (shipped fragment `drivers`). The idea is that of `make localmodconfig`
 * (scripts/kconfig/streamline_config.pl).
 *
 * Order of calls: kh_makefiles_load, kh_base_make, the operator's fragments appended by
 * kh_base_append (a later line replaces an earlier one), kh_fragment_resolve, and that text as a
 * file:
 *
 *     make -C SOURCE O=BUILD KCONFIG_ALLCONFIG=FILE allnoconfig
 *
 * which sets everything else to n (allnoconfig is complete: no olddefconfig is needed after it);
 * then kh_survive_compare() over the same fragment. For another base (defconfig, running, a file)
 * the text of the operator's fragments goes to the end of .config, and `make olddefconfig` follows.
 */
#ifndef KH_KCONFIG_BASE_H
#define KH_KCONFIG_BASE_H

#include "core/facts_hardware.h"
#include "kconfig/dotconfig.h"
#include "kconfig/fragment.h"
#include "kconfig/makefiles.h"

/* The lines that cover the hosts: symbols of their drivers and file systems as m (those the root
 * file system needs too: an initramfs loads them), with reasons; before each what it stands on
 * (optional lines: the menus and buses it is below). Without what a driver bound to a device of
 * pci (storage, network, buses), virtio, usb, scsi, vmbus or xen needs, or a file system, the
 * kernel is no kernel for that host: these lines are required, others optional. unknown: modules
 * and drivers that no symbol of this tree makes, "NAME (what for)"; for a warning. */
int kh_base_derive(const struct kh_makefiles *makefiles, const struct kh_hardware *hosts,
		   size_t host_count, struct kh_fragment *ret_lines, struct kh_strv *ret_unknown,
		   struct kh_error *err);

/* Everything below the operator's fragments, in order: `server`, `drivers` (overridden by files
 * as kh_fragment_load has it), what is derived, and policy that is carried over from the running
 * distribution kernel (LSM order, compression and signing of modules); running may be NULL.
 * version: of the tree, major * 1000 + minor. */
int kh_base_make(const struct kh_root *root, const struct kh_makefiles *makefiles, int version,
		 const struct kh_hardware *hosts, size_t host_count,
		 const struct kh_dotconfig *running, struct kh_fragment *ret_base,
		 struct kh_strv *ret_unknown, struct kh_error *err);

/* Copies lines to the end of fragment; a line of the same name is replaced by the later one, and a
 * member of a choice takes the place of the other members (choices.h). */
void kh_base_append(struct kh_fragment *fragment, const struct kh_fragment *lines);

#endif
