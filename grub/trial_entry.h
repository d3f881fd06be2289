/* trial_entry.h - the menu entry that boots a kernel on trial.
 *
 * It is a copy of the entry of the kernel that is the default, with the other release in the names
 * of kernel and initramfs, in the title and in what is shown. So it needs no menu that has the new
 * kernel yet.
 */
#ifndef KH_GRUB_TRIAL_ENTRY_H
#define KH_GRUB_TRIAL_ENTRY_H

#include "grub/entries.h"

/* The arguments of an entry with those of the one boot, each once. mark: the word of this trial
 * (kh_trial_mark); NULL: a kernel's. Owned. */
char *kh_trial_entry_arguments(const char *arguments, const char *mark);
/* source: an entry of the menu whose kernel has a release; NULL when it has none. Both owned.
 * cfg: the text of grub.cfg; text: that of the entry's file; id: the new entry's. */
char *kh_trial_entry_grub(const char *cfg, const struct kh_boot_entry *source, const char *id,
			  const char *release, const char *arguments);
char *kh_trial_entry_bls(const char *text, const struct kh_boot_entry *source, const char *release,
			 const char *arguments);

/* The entry of a kernel's trial; of the arguments' trial; or NULL. */
const struct kh_boot_entry *kh_trial_entry_find(const struct kh_boot_entries *entries);
const struct kh_boot_entry *kh_trial_entry_find_arguments(const struct kh_boot_entries *entries);
/* The normal entry of the release that names it in itself, as GRUB's menu has it for every kernel:
 * not the first one, which boots whatever is newest. Or NULL. */
const struct kh_boot_entry *kh_trial_entry_lasting(const struct kh_boot_entries *entries,
						   const char *release);

#endif
