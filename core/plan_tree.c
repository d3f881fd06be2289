/* plan_tree.c - where the paths of a tree are on this host, and which of them differ; see
 * plan_tree.h. */
#include "core/plan_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plan_private.h"

void kh_plan_tree_done(struct kh_plan_tree *tree)
{
	kh_install_free(tree->install);
	kh_batch_dir_done(&tree->dir);
	json_decref(tree->record);
	json_decref(tree->recorded);
	json_decref(tree->known);
	json_decref(tree->files);
	for (size_t i = 0; i < tree->level_count; i++) {
		free(tree->levels[i].path);
		free(tree->levels[i].settled);
	}
	free(tree->levels);
	kh_strv_done(&tree->foreign);
}

/* ---- where a path of the manifest is on this host ---- */

static int refuse_manifest(const struct kh_plan_tree *tree, const char *path, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "artifact '%.12s': '%s' is not as a path of a tree can be",
		tree->artifact->key, path);
	return kh_hint(err, "the artifact is damaged: 'kvmhost store prune', then build it again");
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

bool kh_plan_tree_is_clean(const char *path)
{
	if (path[0] != '/' || !path[1] || has_control(path))
		return false;
	for (const char *at = path; *at; at++) {
		if (*at != '/')
			continue;
		size_t length = strcspn(at + 1, "/");
		if (length == 0 || (length == 1 && at[1] == '.') ||
		    (length == 2 && at[1] == '.' && at[2] == '.'))
			return false;
	}
	return true;
}

static void push(struct kh_plan_tree *tree, const char *path, char *settled, bool exists)
{
	struct kh_plan_level *level = kh_append(tree->levels, tree->level_count);
	level->path = kh_strdup(path);
	level->settled = settled;
	level->exists = exists;
}

/* Leave the directories that do not lead to PATH. The one that is left has to be its parent. */
static const struct kh_plan_level *find_parent(struct kh_plan_tree *tree, const char *path)
{
	size_t length = (size_t)(strrchr(path, '/') - path);
	while (tree->level_count > 1) {
		struct kh_plan_level *level = &tree->levels[tree->level_count - 1];
		size_t own = strlen(level->path);
		if (own <= length && strncmp(level->path, path, own) == 0 && path[own] == '/')
			break;
		free(level->path);
		free(level->settled);
		tree->level_count--;
	}
	const struct kh_plan_level *parent = &tree->levels[tree->level_count - 1];
	return strlen(parent->path) == length ? parent : NULL;
}

/* ---- directories ---- */

int kh_plan_tree_refuse(const char *path, const char *what, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "'%s' is in the way: %s", path, what);
	return kh_hint(err, "move it away, or choose another prefix");
}

/* A link in a directory's place will do when it leads to one. */
static int follow(struct kh_plan_tree *tree, const char *path, char **settled, struct kh_error *err)
{
	struct stat status;
	kh_auto(kh_free) char *real = kh_root_resolve(tree->plan->root, *settled);
	if (!real || kh_root_stat(tree->plan->root, real, false, &status, err) < 0)
		return real ? -1 : kh_fail(err, KH_HOST, errno, "'%s'", *settled);
	if (kh_batch_stat(&tree->dir, real, &status) != 0 || !S_ISDIR(status.st_mode))
		return kh_plan_tree_refuse(*settled, "a link that leads to no directory", err);
	free(*settled);
	*settled = kh_take(real);
	push(tree, path, kh_take(*settled), true);
	return 0;
}

static void record_directory(struct kh_plan_tree *tree, const char *settled, json_int_t mode,
			     bool is_new)
{
	bool made = is_new ||
		    json_is_true(json_object_get(json_object_get(tree->known, settled), "made"));
	json_t *file = json_pack("{s:s, s:s, s:I, s:b}", "path", settled, "type", "directory",
				 "mode", mode, "made", made);
	json_array_append_new(tree->files, file);
}

static int plan_directory(struct kh_plan_tree *tree, const struct kh_plan_level *parent,
			  const char *path, const json_t *file, struct kh_error *err)
{
	struct stat status;
	json_int_t mode = json_integer_value(json_object_get(file, "mode"));
	kh_auto(kh_free) char *settled = kh_printf("%s%s", parent->settled, strrchr(path, '/'));
	int found = parent->exists ? kh_batch_stat(&tree->dir, settled, &status) : 1;
	if (found < 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", settled);
	if (found == 0 && S_ISLNK(status.st_mode))
		return follow(tree, path, &settled, err);
	if (found == 0 && !S_ISDIR(status.st_mode))
		return kh_plan_tree_refuse(settled, "it is not a directory", err);
	if (found == 1 && !kh_plan_makes_dir(tree->plan, settled))
		kh_install_add(tree->install, settled, KH_FILE_DIR)->mode = (mode_t)mode;
	record_directory(tree, settled, mode, found == 1);
	push(tree, path, kh_take(settled), found == 0);
	return 0;
}

/* ---- files and links ---- */

/* Was it installed by us, and is it as it was then? Its being replaced harms nobody. */
static bool is_own(struct kh_plan_tree *tree, const char *settled)
{
	const struct kh_install_file known =
		kh_install_file_of(json_object_get(tree->known, settled));
	return known.path[0] &&
	       kh_install_compare(&tree->dir, settled, &known, &known, false, NULL) == 0;
}

void kh_plan_tree_take_old(const struct kh_plan_tree *tree, const char *settled,
			   const struct stat *status, struct kh_file_state *old)
{
	old->type = S_ISLNK(status->st_mode) ? KH_FILE_LINK : KH_FILE_REGULAR;
	old->mode = status->st_mode & 07777;
	old->uid = status->st_uid;
	old->gid = status->st_gid;
	old->mtime = status->st_mtim;
	if (old->type == KH_FILE_LINK)
		old->target = kh_root_readlink(tree->plan->root, settled);
	else
		old->length = (size_t)status->st_size;
}

/* What the store has of it, to be copied. */
static int take_new(const struct kh_plan_tree *tree, const char *path, const json_t *file,
		    struct kh_install_entry *entry, struct kh_error *err)
{
	struct stat status;
	if (entry->type == KH_FILE_LINK) {
		entry->target = kh_strdup(kh_json_get(file, "target"));
		return 0;
	}
	entry->from = kh_printf("%s%s", tree->artifact->tree, path);
	int found = kh_root_stat(tree->plan->root, entry->from, false, &status, err);
	if (found < 0)
		return -1;
	entry->mode = (mode_t)json_integer_value(json_object_get(file, "mode"));
	entry->size = (size_t)json_integer_value(json_object_get(file, "size"));
	if (found == 1 || !S_ISREG(status.st_mode) || (size_t)status.st_size != entry->size) {
		kh_fail(err, KH_HOST, 0, "'%s' of the store is damaged or gone", entry->from);
		return kh_hint(err, "'kvmhost store prune', then build it again");
	}
	entry->mtime = status.st_mtim;
	snprintf(entry->digest, sizeof(entry->digest), "%s", kh_json_get(file, "sha256"));
	return 0;
}

static int add_entry(struct kh_plan_tree *tree, const char *path, const char *settled,
		     const json_t *file, const struct stat *status, struct kh_error *err)
{
	bool is_link = strcmp(kh_json_get(file, "type"), "link") == 0;
	if (S_ISDIR(status->st_mode))
		return kh_plan_tree_refuse(settled, "it is a directory", err);
	if (status->st_mode != 0 && !S_ISREG(status->st_mode) && !S_ISLNK(status->st_mode))
		return kh_plan_tree_refuse(settled, "it is neither file nor link", err);
	if (status->st_mode != 0 && !is_own(tree, settled))
		kh_strv_add(&tree->foreign, settled);
	struct kh_install_entry *entry =
		kh_install_add(tree->install, settled, is_link ? KH_FILE_LINK : KH_FILE_REGULAR);
	if (status->st_mode != 0)
		kh_plan_tree_take_old(tree, settled, status, &entry->old);
	return take_new(tree, path, file, entry, err);
}

static void record_file(struct kh_plan_tree *tree, const char *settled, const json_t *file,
			const struct timespec *mtime)
{
	json_t *recorded = json_copy((json_t *)file);
	json_object_set_new(recorded, "path", kh_json_text(settled));
	if (strcmp(kh_json_get(file, "type"), "link") != 0)
		json_object_set_new(recorded, "mtime", json_integer(kh_install_time(mtime)));
	json_array_append_new(tree->files, recorded);
}

static int plan_file(struct kh_plan_tree *tree, const struct kh_plan_level *parent,
		     const char *path, const json_t *file, struct kh_error *err)
{
	struct stat status = {0};
	kh_auto(kh_free) char *settled = kh_printf("%s%s", parent->settled, strrchr(path, '/'));
	const struct kh_install_file wanted = kh_install_file_of(file);
	const struct kh_install_file known =
		kh_install_file_of(json_object_get(tree->known, settled));
	if (kh_plan_claim(tree->plan, settled, err) != 0)
		return -1;
	tree->install->tree_files++;
	int differs = parent->exists ? kh_install_compare(&tree->dir, settled, &wanted, &known,
							  false, &status)
				     : 1;
	if (differs < 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", settled);
	if (differs == 1 && add_entry(tree, path, settled, file, &status, err) != 0)
		return -1;
	const struct kh_install *install = tree->install;
	record_file(tree, settled, file,
		    differs == 1 ? &install->entries[install->count - 1].mtime : &status.st_mtim);
	return 0;
}

/* What is written into records and given to files has to be what it says it is. */
static bool is_sound(const struct kh_install_file *file)
{
	switch (file->type) {
	case KH_FILE_REGULAR:
		/* no set-user-id: it would be root's, and the manifest may be anybody's */
		return file->size >= 0 && file->mode <= 01777 &&
		       strspn(file->digest, "0123456789abcdef") == KH_DIGEST_SIZE - 1 &&
		       strlen(file->digest) == KH_DIGEST_SIZE - 1;
	case KH_FILE_DIR:
		return file->mode <= 07777;
	case KH_FILE_LINK:
		return *file->target && !has_control(file->target);
	case KH_FILE_ABSENT:
	case KH_FILE_OTHER:
		break;
	}
	return false;
}

int kh_plan_tree_add(struct kh_plan_tree *tree, const json_t *file, struct kh_error *err)
{
	const struct kh_install_file wanted = kh_install_file_of(file);
	if (tree->level_count == 0)
		push(tree, "", kh_strdup(""), true);
	const struct kh_plan_level *parent = NULL;
	if (kh_plan_tree_is_clean(wanted.path) && is_sound(&wanted))
		parent = find_parent(tree, wanted.path);
	if (!parent)
		return refuse_manifest(tree, wanted.path, err);
	return wanted.type == KH_FILE_DIR ? plan_directory(tree, parent, wanted.path, file, err)
					  : plan_file(tree, parent, wanted.path, file, err);
}
