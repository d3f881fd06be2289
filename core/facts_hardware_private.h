/* facts_hardware_private.h - between the parts of facts_hardware.h. */
#ifndef KH_FACTS_HARDWARE_PRIVATE_H
#define KH_FACTS_HARDWARE_PRIVATE_H

#include "core/facts_hardware.h"

/* The module of the driver that is bound to the device of this directory of /sys, or NULL: none is
 * bound, or it is a part of the kernel that cannot be left out. A driver that is built in and says
 * no more has the name that its module would have. */
char *kh_hardware_driver_module(const struct kh_root *root, const char *device_dir);
/* The last part of where a link points to, or NULL. */
char *kh_hardware_link_name(const struct kh_root *root, const char *dir, const char *name);

/* File systems in use, the root's, and what that stands on. */
void kh_hardware_collect_filesystems(const struct kh_root *root, struct kh_hardware *hardware);

#endif
