/* environment.h - can GRUB write its environment block when it boots?
 *
 * The one-time choice of grub-reboot (next_entry) is taken back by GRUB itself, by writing to the
 * block at boot. Where it cannot, the entry would be chosen again at every boot. What the block
 * lies on is read from /proc/self/mountinfo and /sys/class/block below the root.
 *
 * Source: info grub, "Environment block" (GRUB cannot write to LVM, RAID, ZFS, btrfs);
 * grub-mkconfig's 00_header of Ubuntu (quick_boot), which asks the same.
 */
#ifndef KH_GRUB_ENVIRONMENT_H
#define KH_GRUB_ENVIRONMENT_H

#include "core/base/root.h"

/* NULL: it can; otherwise why not, "/boot/grub is on LVM". Owned. */
char *kh_environment_obstacle(const struct kh_root *root);

#endif
