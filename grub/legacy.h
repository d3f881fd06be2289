/* legacy.h - grub.conf (menu.lst) of GRUB legacy (0.97), as on CentOS 6.
 *
 * A file of global commands, then entries that begin with `title`; the kernel's arguments stand on
 * the `kernel` line. `default` is a number (or "saved"). Editing keeps every other byte. Source:
 * GRUB 0.97 manual, "Configuration".
 */
#ifndef KH_GRUB_LEGACY_H
#define KH_GRUB_LEGACY_H

#include "grub/entries.h"

void kh_legacy_parse(const char *text, const char *file, struct kh_boot_entries *ret_entries);
/* text with these arguments on the kernel line of an entry of kh_legacy_parse. Owned. */
char *kh_legacy_set_arguments(const char *text, const struct kh_boot_entry *entry,
			      const char *arguments);
/* text with a copy of the entry added at the end: this title, these arguments. Owned. */
char *kh_legacy_add_copy(const char *text, const struct kh_boot_entry *entry, const char *title,
			 const char *arguments);

#endif
