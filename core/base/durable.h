/* durable.h - what programs wrote is on disk, and where the boot loader finds it.
 *
 * Files of our own are synced one by one (file.h). Programs (grub-mkconfig, update-initramfs,
 * depmod, grub-reboot) mostly write and rename without syncing, so that a power cut shortly after
 * them may leave an empty grub.cfg. And a boot loader does not read a file system as the kernel
 * does: GRUB looks at the blocks as they lie, without the log that the kernel would replay first.
 * What was synced may be in the log only, the directory already new and the file it names still
 * unwritten. So what is below /boot is also brought from the log to its place.
 *
 * Source: EXT4_IOC_CHECKPOINT, Documentation/filesystems/ext4/journal.rst (since Linux 5.14);
 * dracut.sh, which freezes and thaws the file system of an initramfs for the same reason, unless it
 * is the root file system; grub-core/fs/ext2.c, EXT2_DRIVER_IGNORED_INCOMPAT (a log that needs
 * recovery is ignored).
 */
#ifndef KH_BASE_DURABLE_H
#define KH_BASE_DURABLE_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"

/* After a program: sync the file systems that hold a host's files, then kh_durable_boot(). Returns
 * 0, or -1 with KH_SYSTEM. */
int kh_durable_sync(const struct kh_root *root, struct kh_error *err);
/* After files below /boot were synced: out of the log. Where a file system has no way for that it
 * is left as it is, without an error. */
void kh_durable_boot(const struct kh_root *root);
bool kh_durable_is_boot(const char *path); /* below /boot or /efi */

#endif
