/* cover.h - does a kernel that was built drive this host?
 *
 * The record is made when the kernel was built, and goes into the artifact's manifest
 * (about.covers). The check is made wherever the artifact is to be installed, against that host's
 * own hardware, from the module index of the artifact (modules.alias, modules.builtin) and the
 * record. Strict for what a host cannot be without: devices of pci (storage, network,
 * buses), virtio, usb, scsi, vmbus and xen that have a driver bound now; the root file system and
 * what lies below it; file systems in use. Others (acpi, pnp, platform, input) say nothing about a
 * kernel.
 */
#ifndef KH_KCONFIG_COVER_H
#define KH_KCONFIG_COVER_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/facts_hardware.h"

/* tree: the staged tree, or the artifact's, as a root of its own; release: the directory below its
 * /lib/modules, after `make modules_install` (with depmod's index). A new
 * reference: {"release", "root_filesystems": [...], "filesystems": [...], "builtin": [...],
 * "modules": [...], "devices": [{"modalias", "modules"}]}. KH_SYSTEM when the tree has no index. */
int kh_cover_record(const struct kh_root *tree, const char *release,
		    const struct kh_hardware *hosts, size_t host_count, json_t **ret_record,
		    struct kh_error *err);

/* What of this host the kernel does not drive, by name, appended: "pci 14e4:165f (tg3, network)",
 * "root file system 'xfs'". KH_SYSTEM when the tree has no index. */
int kh_cover_find(const struct kh_root *tree, const json_t *record,
		  const struct kh_hardware *hardware, struct kh_strv *ret_uncovered,
		  struct kh_error *err);
/* The same as a verdict: 0, or -1 with KH_HOST that names all of them. */
int kh_cover_check(const struct kh_root *tree, const json_t *record,
		   const struct kh_hardware *hardware, struct kh_error *err);

#endif
