/* member.h - may this member of an archive be put below a directory?
 *
 * Pure functions over names, types and modes: what a hostile archive can say is refused here, with
 * the member's name. What depends on what is already on disk (writing through a link, a name that
 * is there twice) is place.h.
 *
 * A symbolic link may climb with ".." only at the start of its target. Every directory above a
 * member is a real one (place.h), so that part is exact; the names after it lead to a real file or
 * to another link for which the same holds. With ".." after a name this would not follow: that name
 * can be a link elsewhere in the tree. So no chain of links leads out of the tree.
 */
#ifndef KH_FETCH_MEMBER_H
#define KH_FETCH_MEMBER_H

#include <stdbool.h>
#include <time.h>

#include "core/base/error.h"

struct archive_entry;

enum kh_member_type {
	KH_MEMBER_FILE,
	KH_MEMBER_DIR,
	KH_MEMBER_SYMLINK,
	KH_MEMBER_HARDLINK,
};

struct kh_member {
	enum kh_member_type type;
	char *path;      /* "linux-6.12/Makefile"; "" for the top itself ("./") */
	char *target;    /* links; of a hard link: a path like the one above */
	bool leaves_top; /* a symbolic link that climbs out of the first directory of its path */
	unsigned mode;   /* 0755 or 0644 */
	struct timespec changed; /* mtime */
	long long size_bytes;
};

enum { KH_MEMBER_DEPTH = 64, KH_MEMBER_NAME_BYTES = 255, KH_MEMBER_PATH_BYTES = 4000 };

/* Errors: KH_HOST, "member '…': …". */
int kh_member_read(struct archive_entry *entry, struct kh_member *ret_member, struct kh_error *err);
void kh_member_done(struct kh_member *member);

/* The pieces, for tests. NAME without "./", double and final slashes; owned. */
int kh_member_clean(const char *name, char **ret_path, struct kh_error *err);
/* May a link at PATH (clean) point to TARGET? */
int kh_member_check_link(const char *path, const char *target, bool *ret_leaves_top,
			 struct kh_error *err);
/* TEXT with control characters as \xNN, for messages; owned. */
char *kh_member_shown(const char *text);

#endif
