/* facts_boot.h - how the host boots: running arguments, firmware, boot loader, installed kernels.
 */
#ifndef KH_FACTS_BOOT_H
#define KH_FACTS_BOOT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

enum kh_secure_boot { KH_SECURE_BOOT_UNKNOWN, KH_SECURE_BOOT_OFF, KH_SECURE_BOOT_ON };
enum kh_loader {
	KH_LOADER_NONE,        /* none that we know how to configure */
	KH_LOADER_GRUB,        /* GRUB 2 with menu entries in grub.cfg */
	KH_LOADER_GRUB_BLS,    /* GRUB 2 with Boot Loader Specification entries */
	KH_LOADER_GRUB_LEGACY, /* GRUB 0.97: grub.conf or menu.lst */
};

struct kh_facts_boot {
	char *cmdline; /* /proc/cmdline as far as the kernel reads it (to "--"), trimmed; NULL where
			  not recorded */
	bool is_uefi;
	enum kh_secure_boot secure_boot;
	enum kh_loader loader;
	char *grub_cfg;         /* the configuration GRUB really reads its entries from, or NULL */
	char *default_grub;     /* /etc/default/grub, or NULL */
	char *mkconfig;         /* path of update-grub or grub2-mkconfig below the root, or NULL */
	char *grubby;           /* path, or NULL */
	struct kh_strv kernels; /* releases found in /boot as vmlinuz-RELEASE, oldest first */
	char *next_release;     /* of the entry that boots next by default, or NULL: not known */
	/* For planning only, not in the JSON: */
	char *next_arguments;    /* of that entry, as the menu has them; or NULL */
	char *written_arguments; /* KH_WRITTEN_ARGUMENTS; NULL where there is no such file */
	char *tried_arguments;   /* of the record of a trial, whatever came of it; or NULL */
};

/* The words that kvmhost wrote into every normal entry, and takes out when they are not wanted any
 * more. The grub stage owns the file. */
#define KH_WRITTEN_ARGUMENTS "/var/lib/kvmhost/kernel-arguments"

void kh_facts_boot_collect(const struct kh_root *root, struct kh_facts_boot *ret_boot);
void kh_facts_boot_done(struct kh_facts_boot *boot);
json_t *kh_facts_boot_json(const struct kh_facts_boot *boot);

#endif
