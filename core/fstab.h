/* fstab.h - hugetlbfs mounts in /etc/fstab, and in the kernel's list of mounts.
 *
 * libmount parses and judges the lines, from text that was read below the root (never by a path of
 * its own). Writing is a line edit of ours, because libmount's writer reformats the whole file:
 * other lines, comments, spacing and a missing final newline stay as they are. Nothing here reads
 * or writes files, except kh_fstab_mounted().
 */
#ifndef KH_FSTAB_H
#define KH_FSTAB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/root.h"

struct kh_fstab_entry {
	int line;                               /* from 1 */
	char *source, *target, *type, *options; /* \040 and the like decoded; options may be "" */
	size_t start, end; /* bytes of the line in the text, without its newline */
};

struct kh_fstab {
	struct kh_fstab_entry *entries;
	size_t entry_count;
};

/* Lines that libmount does not understand, comments and blank lines have no entry. */
void kh_fstab_parse(const char *text, struct kh_fstab *ret_fstab);
void kh_fstab_done(struct kh_fstab *fstab);

/* The n-th entry (from 0) whose mount point is target, slashes at the end not counting, or NULL. */
const struct kh_fstab_entry *kh_fstab_find(const struct kh_fstab *fstab, const char *target,
					   size_t n);

/* Is the option (without a value) among them? */
bool kh_fstab_has_option(const char *options, const char *name);
/* The page size of hugetlbfs options in bytes, or 0: the kernel's default size.
 * Source: Documentation/admin-guide/mm/hugetlbpage.rst, pagesize=. */
unsigned long long kh_fstab_page_bytes(const char *options);

/* A text as a field of fstab: spaces and backslashes as octal. Owned by the caller. */
char *kh_fstab_field(const char *text);

struct kh_fstab_hugetlb {
	const char *target;
	unsigned long long page_bytes;
	const char *line; /* the whole line for a mount that has none, with its newline */
};

/* The text with these mounts in it. A mount point that somebody already has a hugetlbfs line for
 * keeps it: only a missing or different pagesize= and a missing nofail change. The others get their
 * line in our block (block.h), at the end of the file where there is no block yet; a block that is
 * not needed goes away. Errors (KH_HOST): another file system has a line for the mount point; our
 * block is damaged. ret_text is owned by the caller. */
int kh_fstab_put_hugetlb(const char *text, const struct kh_fstab_hugetlb *mounts, size_t count,
			 char **ret_text, struct kh_error *err);

/* The hugetlbfs mounts that are there now (/proc/self/mountinfo, or /proc/mounts, below the root).
 */
void kh_fstab_mounted(const struct kh_root *root, struct kh_fstab *ret_mounts);

#endif
