/* store_tree.h - the trees of artifacts: taken over from whoever made them, and listed. For the
 * store.
 *
 * What a build account filled, or what was imported, is not trusted: every entry is opened without
 * following links, must be a regular file, directory or symbolic link that belongs to that account,
 * and is copied, so that nobody else holds it any more. Set-user-id and set-group-id files are
 * refused; what group and others could write, they cannot in the copy.
 */
#ifndef KH_STORE_TREE_H
#define KH_STORE_TREE_H

#include <jansson.h>
#include <sys/types.h>

#include "core/base/error.h"

/* Copy all that is in the directory from_fd to the empty directory to_fd. owner: whose all of it
 * must be; (uid_t)-1: anybody's. Errors: KH_HOST for what is refused, with its path; KH_SYSTEM. */
int kh_store_tree_copy(int from_fd, int to_fd, uid_t owner, struct kh_error *err);

/* The manifest's list of files of a tree; a new reference. KH_HOST for what is no file, directory
 * or link, and for names that are not UTF-8. */
int kh_store_tree_list(int tree_fd, json_t **ret_files, struct kh_error *err);

#endif
