/* entries.h - the entries of a boot menu, whichever boot loader it belongs to.
 *
 * grub_cfg.h, bls.h and legacy.h read their formats into this one list, in the order of the menu;
 * the stage then judges and edits entries without knowing the format. What an entry is: normal
 * boots this system as usual: carries what kvmhost wants recovery  boots it for repair (single
 * user, rescue): left alone fallback  the one kvmhost adds, "as before kvmhost": keeps the old
 * arguments other     another system, firmware set-up, a memory test, somebody's own: left alone
 */
#ifndef KH_GRUB_ENTRIES_H
#define KH_GRUB_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

enum kh_entry_kind { KH_ENTRY_NORMAL, KH_ENTRY_RECOVERY, KH_ENTRY_FALLBACK, KH_ENTRY_OTHER };

struct kh_boot_entry {
	enum kh_entry_kind kind;
	char *file;        /* that holds it */
	char *title;       /* or "" */
	char *id;          /* --id of grub.cfg, file name of a BLS entry without .conf; or NULL */
	char *kernel;      /* as the boot loader names it ("/vmlinuz-6.1.0"), or NULL */
	char *arguments;   /* the rest of the kernel's line, trimmed; NULL without a kernel */
	int line;          /* of the kernel's arguments in the file, from 1; 0: none */
	size_t start, end; /* grub.cfg, grub.conf: the entry's text in the file */
	char *position;    /* grub.cfg: "0", "1>2"; otherwise the number in the menu */
	char *path;        /* what names it to GRUB: ids (titles where there is none) from the top
			      menu down, "a>b"; of a BLS entry its id; NULL: GRUB legacy */
};

struct kh_boot_entries {
	struct kh_boot_entry *items;
	size_t count;
	size_t default_at; /* index of the entry that boots by default; count: there is none */
};

/* The title and the id of kvmhost's own entry. */
#define KH_FALLBACK_TITLE "as before kvmhost"
#define KH_FALLBACK_ID "kvmhost-fallback"
/* And of the one that boots a kernel on trial (trial.h); its kind is KH_ENTRY_OTHER. */
#define KH_TRIAL_TITLE "on trial by kvmhost"
#define KH_TRIAL_ID "kvmhost-trial"
/* The one that tries arguments: a normal kernel, with them. No dash more: see bls_order.h. */
#define KH_TRIAL_ARGUMENTS_ID KH_TRIAL_ID "arguments"
/* Its name as an entry of its own file before that, which GRUB sorted first: to be taken away. */
#define KH_TRIAL_ARGUMENTS_OLD_ID KH_TRIAL_ID "-arguments"

struct kh_boot_entry *kh_boot_entries_add(struct kh_boot_entries *entries, const char *file);
void kh_boot_entries_done(struct kh_boot_entries *entries);

/* Normal, recovery or fallback, from title, id, kernel and arguments; other without a kernel. */
enum kh_entry_kind kh_boot_entry_classify(const struct kh_boot_entry *entry);

const struct kh_boot_entry *kh_boot_entries_default(const struct kh_boot_entries *entries);
const struct kh_boot_entry *kh_boot_entries_fallback(const struct kh_boot_entries *entries);
/* The normal entry that boots this release; NULL: none. */
const struct kh_boot_entry *kh_boot_entries_of_release(const struct kh_boot_entries *entries,
						       const char *release);

/* "6.1.0-9-amd64" of "/boot/vmlinuz-6.1.0-9-amd64" (or of kernel-, linux-), NULL when the name has
 * no release. Owned. */
char *kh_boot_release(const char *kernel);

/* The value of NAME in GRUB's environment block, or NULL. Owned.
 * Source: grub-editenv(1); the block is lines NAME=VALUE, '\' escapes, padded with '#'. */
char *kh_grubenv_value(const char *text, const char *name);

#endif
