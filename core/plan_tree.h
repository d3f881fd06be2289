/* plan_tree.h - what plan_install.c and plan_tree.c share: planning a tree path by path.
 *
 * The manifest is walked in its order, parents first, with a stack of the directories that lead to
 * the current path: where they really are (a parent may be a link: /lib) and whether they are there
 * already. What is below a directory that is not there needs no look at the disk.
 */
#ifndef KH_PLAN_TREE_H
#define KH_PLAN_TREE_H

#include "core/install.h"
#include "core/installed.h"

struct kh_plan_level { /* a directory of the tree */
	char *path;    /* in the manifest */
	char *settled; /* on the host */
	bool exists;
};

struct kh_plan_tree {
	struct kh_plan *plan;
	const struct kh_artifact *artifact; /* NULL: removing */
	struct kh_install *install;
	struct kh_batch_dir dir;
	json_t *record;   /* of what is installed now, or NULL */
	json_t *recorded; /* array: its files */
	json_t *known;    /* object: path -> its file in the record (borrowed by a reference) */
	json_t *files;    /* of the new record */
	struct kh_plan_level *levels;
	size_t level_count;
	struct kh_strv foreign; /* replaced, and not what we installed */
};

/* Plan one file of the manifest: entries, the new record's file, and a claim. */
int kh_plan_tree_add(struct kh_plan_tree *tree, const json_t *file, struct kh_error *err);
void kh_plan_tree_done(struct kh_plan_tree *tree);

/* Absolute, without empty parts, "." and "..", or control characters. */
bool kh_plan_tree_is_clean(const char *path);
/* Fill old from stat(2) and readlink(2): a file or a link. */
void kh_plan_tree_take_old(const struct kh_plan_tree *tree, const char *settled,
			   const struct stat *status, struct kh_file_state *old);
int kh_plan_tree_refuse(const char *path, const char *what, struct kh_error *err);

#endif
