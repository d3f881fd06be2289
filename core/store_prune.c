/* store_prune.c - see store_prune.h. */
#include "core/store_prune.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/tree.h"
#include "core/installed.h"
#include "core/store.h"

struct prune {
	const struct kh_root *root;
	const char *store;
	struct kh_pruned_list *list;
	struct kh_error *err;
};

void kh_pruned_list_done(struct kh_pruned_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].path);
		free(list->items[i].what);
	}
	free(list->items);
	*list = (struct kh_pruned_list){0};
}

void kh_store_installed_keys(const struct kh_root *root, struct kh_strv *ret_keys)
{
	kh_auto(kh_strv_done) struct kh_strv programs = {0};
	kh_installed_list(root, &programs);
	for (size_t i = 0; i < programs.count; i++) {
		json_t *record = kh_installed_read(root, programs.items[i]);
		if (*kh_json_get(record, "key"))
			kh_strv_add(ret_keys, kh_json_get(record, "key"));
		json_decref(record);
	}
}

static int drop(const struct prune *prune, const char *path, const char *what)
{
	long long bytes = 0;
	if (kh_tree_remove(prune->root, path, &bytes, prune->err) != 0)
		return -1;
	*kh_append(prune->list->items, prune->list->count) = (struct kh_pruned){
		.path = kh_strdup(path), .what = kh_strdup(what), .bytes = bytes};
	prune->list->bytes += bytes;
	return 0;
}

/* ---- artifacts ---- */

static int drop_artifact(const struct prune *prune, const struct kh_artifact *artifact,
			 bool is_damaged)
{
	const char *program = kh_json_get(artifact->manifest, "program");
	const char *version = kh_artifact_about(artifact, "version");
	kh_auto(kh_free) char *path = kh_printf("%s/artifacts/%s", prune->store, artifact->key);
	kh_auto(kh_free) char *what =
		is_damaged ? kh_printf("damaged artifact of %s %s", program, version)
			   : kh_printf("artifact of %s %s", program, version);
	return drop(prune, path, what);
}

/* What cannot be read now (a busy disk, no rights) is not said to be damaged. */
static bool is_damaged(const struct prune *prune, const struct kh_artifact *artifact)
{
	kh_auto(kh_error_done) struct kh_error damage = KH_ERROR_INIT;
	return kh_store_verify(prune->root, artifact, &damage) != 0 && damage.code != KH_SYSTEM;
}

static int drop_artifacts(const struct prune *prune, const struct kh_artifact *all, size_t count,
			  const struct kh_strv *keep)
{
	kh_auto(kh_strv_done) struct kh_strv programs = {0};
	for (size_t i = 0; i < count; i++) {
		const char *program = kh_json_get(all[i].manifest, "program");
		bool is_newest = !kh_strv_has(&programs, program);
		bool is_kept = is_newest || kh_strv_has(keep, all[i].key);
		bool is_bad = is_kept && is_damaged(prune, &all[i]);
		if (is_newest && !is_bad)
			kh_strv_add(&programs, program);
		if ((!is_kept || is_bad) && drop_artifact(prune, &all[i], is_bad) != 0)
			return -1;
	}
	return 0;
}

/* Directories of artifacts without a manifest that can be read, or without a tree: nobody finds
 * them, and they would be in the way of the same one when it is made anew. */
static int drop_remains(const struct prune *prune)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *dir = kh_printf("%s/artifacts", prune->store);
	kh_root_list(prune->root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (kh_store_is_key(names.items[i]) &&
		    kh_store_find(prune->root, prune->store, names.items[i], &artifact) != 0 &&
		    drop(prune, path, "damaged artifact") != 0)
			return -1;
	}
	return 0;
}

static int prune_artifacts(const struct prune *prune, const struct kh_strv *named)
{
	kh_auto(kh_strv_done) struct kh_strv keep = {0};
	struct kh_artifact *all = NULL;
	size_t count = 0;
	kh_strv_copy(&keep, named);
	kh_store_installed_keys(prune->root, &keep);
	kh_store_list(prune->root, prune->store, &all, &count);
	int result = drop_artifacts(prune, all, count, &keep);
	kh_artifacts_free(all, count);
	return result == 0 ? drop_remains(prune) : -1;
}

/* ---- the rest ---- */

static bool is_unfinished(const char *name)
{
	return name[0] == '.' && kh_str_ends(name, ".new");
}

static bool is_stage(const char *name)
{
	return kh_str_ends(name, ".stage");
}

static int drop_where(const struct prune *prune, const char *dir, bool (*is_meant)(const char *),
		      const char *what)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(prune->root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (is_meant(names.items[i]) && drop(prune, path, what) != 0)
			return -1;
	}
	return 0;
}

static bool is_any(const char *name)
{
	(void)name;
	return true;
}

static const struct {
	const char *name, *what; /* what: it can be made again; or NULL */
} parts[] = {
	{"artifacts", NULL},          {"base", NULL},           {"build", "build directory"},
	{"ccache", "compiler cache"}, {"sources", "sources"},   {"archives", "archive"},
	{"apt", "package lists"},     {"dnf", "package lists"}, {"log", NULL},
};

/* Who names a directory as the store that has other things in it would lose them. */
static int refuse_foreign(const struct prune *prune)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(prune->root, prune->store, &names);
	for (size_t i = 0; i < names.count; i++) {
		bool is_known = false;
		for (size_t p = 0; p < KH_COUNT(parts); p++)
			is_known = is_known || strcmp(names.items[i], parts[p].name) == 0;
		if (is_known)
			continue;
		kh_fail(prune->err, KH_HOST, 0,
			"'%s' is not kvmhost's alone: it has '%s', which kvmhost does not make",
			prune->store, names.items[i]);
		return kh_hint(prune->err, "give 'build.store' a directory of its own, or remove "
					   "by hand what may go");
	}
	return 0;
}

static int prune_remakable(const struct prune *prune)
{
	for (size_t i = 0; i < KH_COUNT(parts); i++) {
		if (!parts[i].what)
			continue;
		kh_auto(kh_free) char *dir = kh_printf("%s/%s", prune->store, parts[i].name);
		if (drop_where(prune, dir, is_any, parts[i].what) != 0)
			return -1;
	}
	return 0;
}

int kh_store_prune(const struct kh_root *root, const char *store, const struct kh_strv *keep,
		   bool is_all, struct kh_pruned_list *ret_list, struct kh_error *err)
{
	struct prune prune = {.root = root, .store = store, .list = ret_list, .err = err};
	kh_auto(kh_free) char *artifacts = kh_printf("%s/artifacts", store);
	kh_auto(kh_free) char *build = kh_printf("%s/build", store);
	*ret_list = (struct kh_pruned_list){0};
	if (is_all && refuse_foreign(&prune) != 0)
		return -1;
	if (prune_artifacts(&prune, keep) != 0 ||
	    drop_where(&prune, artifacts, is_unfinished, "unfinished artifact") != 0 ||
	    drop_where(&prune, build, is_stage, "unfinished build") != 0)
		return -1;
	return is_all ? prune_remakable(&prune) : 0;
}
