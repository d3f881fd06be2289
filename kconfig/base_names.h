/* base_names.h - what base.h and cover.h know about names: of devices, of file systems' modules, of
 * what is a part of every kernel. */
#ifndef KH_KCONFIG_BASE_NAMES_H
#define KH_KCONFIG_BASE_NAMES_H

#include <stdbool.h>

#include "core/facts_hardware.h"

/* A host cannot be without this device: it has a driver now, on a bus of real devices, and (of PCI)
 * is one for storage, network or a bus. */
bool kh_base_is_strict(const struct kh_hardware_device *device);
/* "pci 14e4:165f (tg3, network)"; of other buses the modalias, cut to a readable length. Owned. */
char *kh_base_device_name(const struct kh_hardware_device *device);
/* Modules of a file system, appended: the first one is the file system itself, the others are what
 * its mounts use. Source: fs/ of linux 6.1, MODULE_ALIAS_FS. */
void kh_base_filesystem_modules(const char *type, struct kh_strv *ret_modules);
/* Loaded on many machines and of no use on a host: mice, the speaker. */
bool kh_base_is_needless(const char *module);
/* Is it no module of its own in any kernel of today, or one that comes with what needs it? */
bool kh_base_is_always_there(const char *module);

#endif
