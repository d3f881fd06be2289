/* menu.h - which boot loader a host has, and its boot menu, whatever the format.
 *
 * "Has" is decided by looking: a grub.cfg with entries, one that takes them from
 * /boot/loader/entries, or a grub.conf. On UEFI, the configuration beside the loader on the ESP
 * counts only when it is not a stub that loads another one (EL 9's is: writing over it breaks the
 * boot).
 */
#ifndef KH_GRUB_MENU_H
#define KH_GRUB_MENU_H

#include "core/facts_boot.h"
#include "grub/entries.h"

/* Fill loader and grub_cfg of the facts. */
void kh_menu_find(const struct kh_root *root, struct kh_facts_boot *boot);
/* The entries; none when there is no loader. */
void kh_menu_read(const struct kh_root *root, const struct kh_facts_boot *boot,
		  struct kh_boot_entries *ret_entries);
/* A variable of GRUB's environment block, wherever it lies, or NULL. Owned. */
char *kh_menu_variable(const struct kh_root *root, const char *name);

#endif
