/* store_prune.h - what the store need not keep.
 *
 * Kept are artifacts that are installed (/var/lib/kvmhost/installed), that are named (wanted by the
 * configuration now), and the newest of each program; of these every file is compared with the
 * manifest, and a damaged one goes: it can be neither installed nor made anew while it is there.
 * What an interrupted run left half-made goes.
 * (Build directories of older sources go when the next is built.) is_all: also everything
 * that can be made or fetched again: sources, archives, build directories, the compiler cache. The
 * derived bases of kernels stay: they are decisions, not results.
 */
#ifndef KH_STORE_PRUNE_H
#define KH_STORE_PRUNE_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

struct kh_pruned {
	char *path; /* below the root */
	char *what; /* "artifact of qemu 7.2", "sources" */
	long long bytes;
};

struct kh_pruned_list {
	struct kh_pruned *items;
	size_t count;
	long long bytes; /* all together */
};

/* keep: keys. Errors (KH_SYSTEM): what went before is in the list. */
int kh_store_prune(const struct kh_root *root, const char *store, const struct kh_strv *keep,
		   bool is_all, struct kh_pruned_list *ret_list, struct kh_error *err);
void kh_pruned_list_done(struct kh_pruned_list *list);

/* Keys of the artifacts that are installed; appended. */
void kh_store_installed_keys(const struct kh_root *root, struct kh_strv *ret_keys);

#endif
