/* grub_cfg.h - the menu of a generated grub.cfg (GRUB 2), read back; nothing here is run.
 *
 * Entries are the menuentry blocks, submenus walked; GRUB's own quoting of titles is understood.
 * The section comments of grub-mkconfig ("### BEGIN /etc/grub.d/10_linux ###") tell this system's
 * entries from those of os-prober and of hand-written files. Source: info grub "Shell-like
 * scripting", "Command-line and menu entry commands"; grub-mkconfig.
 */
#ifndef KH_GRUB_GRUB_CFG_H
#define KH_GRUB_GRUB_CFG_H

#include "grub/entries.h"

/* file: its path, kept in the entries. saved_entry: of grubenv, or NULL; it is the default where
 * the configuration says "${saved_entry}". */
void kh_grub_cfg_parse(const char *text, const char *file, const char *saved_entry,
		       struct kh_boot_entries *ret_entries);

/* A stub only hands over to another configuration (configfile), as EL9's EFI/<distro>/grub.cfg. */
bool kh_grub_cfg_is_stub(const char *text);
/* Does it take its entries from /boot/loader/entries? */
bool kh_grub_cfg_uses_bls(const char *text);

/* What chooses the default entry: a number, a title, an id, or a path of these ("1>2"); "" means
 * the first entry. The one-time choice of grub-reboot (next_entry) is not looked at. Owned; NULL:
 * the configuration sets none. */
char *kh_grub_cfg_default(const char *text, const char *saved_entry);

/* The entry's block as a menu entry of its own at top level: this title and id, these arguments,
 * and without `savedefault` (booting it once must not make it the default). Owned. */
char *kh_grub_cfg_copy_entry(const char *text, const struct kh_boot_entry *entry, const char *title,
			     const char *id, const char *arguments);

#endif
