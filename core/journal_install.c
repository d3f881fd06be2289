/* journal_install.c - the entries of a tree in the journal; see journal.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/journal_private.h"

struct keeper {
	const struct kh_root *root;
	const char *directory;
	size_t number;             /* of the intent */
	struct kh_file_state meta; /* of all copies */
	struct kh_batch_op *ops;
	size_t count;
	struct kh_strv texts; /* paths and digests of the ops */
	json_t *list;
};

static void keeper_done(struct keeper *keeper)
{
	free(keeper->ops);
	kh_strv_done(&keeper->texts);
	json_decref(keeper->list);
}

static json_t *describe(const struct kh_install_entry *entry)
{
	json_t *object = json_object();
	json_object_set_new(object, "kind", json_string(kh_install_kind(entry)));
	json_object_set_new(object, "path", kh_json_text(entry->path));
	if (entry->type == KH_FILE_REGULAR)
		json_object_set_new(object, "digest", json_string(entry->digest));
	if (entry->type == KH_FILE_REGULAR || entry->type == KH_FILE_DIR)
		json_object_set_new(object, "mode", json_integer(entry->mode));
	if (entry->target)
		json_object_set_new(object, "target", kh_json_text(entry->target));
	return object;
}

/* Text that stays where it is while the list grows. */
static const char *hold(struct keeper *keeper, const char *text)
{
	kh_strv_add(&keeper->texts, text);
	return keeper->texts.items[keeper->texts.count - 1];
}

static bool is_as_planned(const struct kh_file_state *now, const struct kh_file_state *planned)
{
	return now->type == planned->type && now->mode == planned->mode &&
	       now->length == planned->length && now->mtime.tv_sec == planned->mtime.tv_sec &&
	       now->mtime.tv_nsec == planned->mtime.tv_nsec;
}

static int keep_file(struct keeper *keeper, size_t index, const struct kh_install_entry *entry,
		     json_t **ret_kept, struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state now = {0};
	if (kh_file_look_digest(keeper->root, entry->path, &now, err) != 0)
		return -1;
	if (!is_as_planned(&now, &entry->old)) {
		kh_fail(err, KH_SYSTEM, 0, "'%s' was changed while kvmhost was at work",
			entry->path);
		return kh_hint(err, "nothing was changed; run the command again");
	}
	kh_auto(kh_free) char *name = kh_printf("%04zu.%04zu.old", keeper->number, index);
	kh_auto(kh_free) char *path = kh_printf("%s/%s", keeper->directory, name);
	*kh_append(keeper->ops, keeper->count) =
		(struct kh_batch_op){.path = hold(keeper, path),
				     .type = KH_FILE_REGULAR,
				     .from = entry->path,
				     .digest = hold(keeper, now.digest),
				     .meta = &keeper->meta};
	*ret_kept = kh_journal_describe_state(&now, name);
	return 0;
}

static int keep_entry(struct keeper *keeper, size_t index, const struct kh_install_entry *entry,
		      struct kh_error *err)
{
	json_t *kept = NULL;
	if (entry->old.type != KH_FILE_REGULAR)
		kept = kh_journal_describe_state(&entry->old, NULL);
	else if (keep_file(keeper, index, entry, &kept, err) != 0)
		return -1;
	json_t *object = describe(entry);
	json_object_set_new(object, "old", kept);
	json_array_append_new(keeper->list, object);
	return 0;
}

static int write_list(const struct keeper *keeper, json_t *intent, struct kh_error *err)
{
	char digest[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *name = kh_printf("%04zu.entries", keeper->number);
	kh_auto(kh_free) char *path = kh_printf("%s/%s", keeper->directory, name);
	kh_auto(kh_free) char *text = json_dumps(keeper->list, JSON_COMPACT | JSON_SORT_KEYS);
	kh_digest_bytes(text, strlen(text), digest);
	json_object_set_new(intent, "entries", json_string(name));
	json_object_set_new(intent, "entries_digest", json_string(digest));
	return kh_file_put(keeper->root, path, text, strlen(text), &keeper->meta, err);
}

int kh_journal_keep_install(const struct kh_root *root, const char *directory, size_t number,
			    const struct kh_install *install, json_t *intent, struct kh_error *err)
{
	kh_auto(keeper_done) struct keeper keeper = {
		.root = root,
		.directory = directory,
		.number = number,
		.meta = {.type = KH_FILE_REGULAR, .mode = 0600, .uid = geteuid(), .gid = getegid()},
		.list = json_array()};
	json_object_set_new(intent, "name", kh_json_text(install->name));
	for (size_t i = 0; i < install->count; i++)
		if (keep_entry(&keeper, i, &install->entries[i], err) != 0)
			return -1;
	if (keeper.count > 0 && kh_batch_do(root, keeper.ops, keeper.count, err) != 0)
		return -1;
	return write_list(&keeper, intent, err);
}

/* Each names a file below the root: what works with them relies on it. */
static bool is_list(const json_t *list)
{
	size_t index;
	json_t *entry;
	json_array_foreach(list, index, entry)
	{
		const char *path = kh_json_get(entry, "path");
		if (*path != '/' || kh_str_ends(path, "/"))
			return false;
	}
	return json_is_array(list);
}

int kh_journal_entries(const struct kh_root *root, long long run, const json_t *intent,
		       json_t **ret_entries, struct kh_error *err)
{
	const char *name = kh_json_get(intent, "entries");
	if (!*name) {
		*ret_entries = json_array();
		return 0;
	}
	char digest[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *path = kh_printf("%s/%04lld/%s", kh_runs_dir, run, name);
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	int found = kh_root_read(root, path, &text, &length, err);
	if (found < 0)
		return -1;
	if (found == 1)
		return kh_fail(err, KH_SYSTEM, ENOENT, "list of files '%s'", path);
	kh_digest_bytes(text, length, digest);
	json_t *list = strcmp(digest, kh_json_get(intent, "entries_digest")) == 0
			       ? json_loadb(text, length, 0, NULL)
			       : NULL;
	if (!is_list(list)) {
		json_decref(list);
		return kh_fail(err, KH_SYSTEM, 0, "list of files '%s' is damaged", path);
	}
	*ret_entries = list;
	return 0;
}

int kh_journal_clean_entries(const struct kh_root *root, const json_t *entries,
			     struct kh_error *err)
{
	size_t index, count = json_array_size(entries);
	json_t *entry;
	kh_auto(kh_free) struct kh_batch_op *ops = kh_alloc(count * sizeof(*ops));
	json_array_foreach(entries, index, entry)
	{
		ops[index] = (struct kh_batch_op){.path = kh_json_get(entry, "path")};
	}
	return kh_batch_clean(root, ops, count, err);
}
