/* bls.h - Boot Loader Specification entries: /boot/loader/entries/NAME.conf.
 *
 * One file per entry, lines "KEY VALUE"; the kernel's arguments are the first `options` line (the
 * specification joins several, GRUB does not). EL 8 writes $kernelopts there, which stands for a
 * variable of GRUB's environment block, and tuned adds $tuned_params: such words are kept as they
 * stand. Of a file counts what GRUB reads of it: up to the first line without a value. Source:
 * rhboot/grub2, grub-core/commands/blscfg.c;
 * https://uapi-group.org/specifications/specs/boot_loader_specification/, "Type #1".
 */
#ifndef KH_GRUB_BLS_H
#define KH_GRUB_BLS_H

#include "core/base/root.h"
#include "grub/entries.h"

extern const char *const kh_bls_dir; /* "/boot/loader/entries" */

/* Variables of GRUB's environment block that stand for lists of arguments; NULL: not there. */
struct kh_bls_lists {
	const char *kernelopts, *default_kernelopts;
};

/* All entries that have a kernel, newest first as GRUB's blscfg shows them; chosen (an id, a title,
 * a number, or NULL) is the default where there is such an entry, otherwise the first is. Entries
 * show the value of a list that they name. */
void kh_bls_read(const struct kh_root *root, const char *chosen, const struct kh_bls_lists *lists,
		 struct kh_boot_entries *ret_entries);

/* The value of the entry's first KEY line, or NULL. Owned. */
char *kh_bls_value(const char *text, const char *key);
/* The first `options`; without any what GRUB takes then: "$default_kernelopts". Owned. */
char *kh_bls_options(const char *text);
/* How many `options` there are: GRUB takes the first only. */
size_t kh_bls_options_count(const char *text);
/* Do they name a list? */
bool kh_bls_has_list(const char *options);
/* text with these options in place of the first `options` line; "": without any. Owned. */
char *kh_bls_set_options(const char *text, const char *options);
/* text as another entry: this title, these options, without `version`'s claim to be newest. Owned.
 */
char *kh_bls_copy(const char *text, const char *title, const char *options);

#endif
