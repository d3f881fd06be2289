/* bls_order.h - the order of Boot Loader Specification entries in GRUB's menu.
 *
 * GRUB sorts them by their ids, whatever is in the files. An id is taken for a package's name: the
 * last two dashes part NAME-VERSION-RELEASE, and each part is compared as rpm compares versions,
 * where digits are newer than letters and what has something left over is newer than what ended.
 * So MACHINE-ID-kvmhost-trial comes after every MACHINE-ID-5.14.0-503.el9, but an id with one dash
 * more would come before them all: its name is the longer one.
 *
 * Source: rhboot/grub2, grub-core/commands/blscfg.c (split_package_string, vercmp, bls_cmp).
 */
#ifndef KH_GRUB_BLS_ORDER_H
#define KH_GRUB_BLS_ORDER_H

#include "grub/entries.h"

/* As strcmp, of two versions: more than 0 when a is the newer. */
int kh_bls_compare_versions(const char *a, const char *b);
/* The same of two ids: the newer comes first in the menu. 0 only for the same id. */
int kh_bls_compare(const char *a, const char *b);

/* The id of a new entry that is a copy of source: beside it ("PREFIX-kvmhost-fallback" of
 * "PREFIX-5.14.0"), where that is behind every normal entry, so that it cannot become the default
 * by being the first; otherwise "A-kvmhost-fallback". id: KH_FALLBACK_ID or the like. Owned. */
char *kh_bls_new_id(const struct kh_boot_entries *entries, const struct kh_boot_entry *source,
		    const char *id);

#endif
