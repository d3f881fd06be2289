/* store_transfer.c - see store_transfer.h. */
#include "core/store_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/account.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/base/tree.h"
#include "core/store.h"
#include "core/store_tree.h"

enum { TAR_TIMEOUT_S = 3600 };

static char *host_path_of(const struct kh_root *root, const char *path)
{
	return kh_printf("%s%s", strcmp(root->host_path, "/") == 0 ? "" : root->host_path, path);
}

/* ---- out ---- */

/* A file that was not there, nor a link: in a directory that others may write to, tar would follow
 * one. */
static int make_file(const char *target, struct kh_error *err)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	kh_auto(kh_close) int fd = open(target, flags, 0644);
	if (fd >= 0)
		return 0;
	if (errno == EEXIST)
		return kh_fail(err, KH_USAGE, 0, "'%s' is there already", target);
	return kh_fail(err, KH_SYSTEM, errno, "make '%s'", target);
}

/* Sorted, without owners and with a fixed order: the same artifact gives the same file. */
static int export_tar(const struct kh_root *root, const char *store, const struct kh_strv *keys,
		      const char *target, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_auto(kh_free) char *store_path = host_path_of(root, store);
	if (make_file(target, err) != 0)
		return -1;
	static const char *const words[] = {
		"tar",       "--create",  "--format=pax",    "--sort=name",
		"--owner=0", "--group=0", "--numeric-owner", "--force-local"};
	for (size_t i = 0; i < KH_COUNT(words); i++)
		kh_strv_add(&argv, words[i]);
	kh_strv_addf(&argv, "--file=%s", target);
	kh_strv_addf(&argv, "--directory=%s", store_path);
	for (size_t i = 0; i < keys->count; i++)
		kh_strv_addf(&argv, "artifacts/%s", keys->items[i]);
	kh_strv_add_owned(&argv, NULL);
	if (kh_run(&kh_run_system, (const char *const *)argv.items, TAR_TIMEOUT_S, NULL, err) == 0)
		return 0;
	unlink(target);
	return -1;
}

static int make_dir(int parent, const char *name, const char *shown, struct kh_error *err)
{
	if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST)
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s/%s'", shown, name);
	return 0;
}

/* Copied under another name first: who serves the directory never shows half an artifact. */
static int export_one(const struct kh_root *root, const char *store, int artifacts, const char *key,
		      struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/artifacts/%s", store, key);
	kh_auto(kh_free) char *temporary = kh_printf(".%s.new", key);
	struct stat status;
	if (fstatat(artifacts, key, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* the same key is the same artifact */
	if (kh_tree_remove_at(artifacts, temporary, NULL, err) != 0 ||
	    make_dir(artifacts, temporary, "artifacts", err) != 0)
		return -1;
	kh_auto(kh_close) int from = kh_root_open_at(root, path, O_RDONLY | O_DIRECTORY);
	kh_auto(kh_close) int to =
		openat(artifacts, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", path);
	if (kh_store_tree_copy(from, to, (uid_t)-1, err) != 0)
		return -1;
	return renameat(artifacts, temporary, artifacts, key) == 0
		       ? 0
		       : kh_fail(err, KH_SYSTEM, errno, "name '%s'", key);
}

static int export_dir(const struct kh_root *root, const char *store, const struct kh_strv *keys,
		      const char *target, struct kh_error *err)
{
	if (mkdir(target, 0755) != 0 && errno != EEXIST)
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", target);
	kh_auto(kh_close) int top = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s'", target);
	if (make_dir(top, "artifacts", target, err) != 0)
		return -1;
	kh_auto(kh_close) int artifacts =
		openat(top, "artifacts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (artifacts < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s/artifacts'", target);
	for (size_t i = 0; i < keys->count; i++)
		if (export_one(root, store, artifacts, keys->items[i], err) != 0)
			return kh_wrap(err, "export '%.12s'", keys->items[i]);
	syncfs(artifacts);
	return 0;
}

int kh_store_export(const struct kh_root *root, const char *store, const struct kh_strv *keys,
		    const char *target, struct kh_error *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
		if (kh_store_find(root, store, keys->items[i], &artifact) != 0)
			return kh_fail(err, KH_USAGE, 0, "the store has no artifact '%s'",
				       keys->items[i]);
		if (kh_store_verify(root, &artifact, err) != 0)
			return -1;
	}
	return kh_str_ends(target, ".tar") ? export_tar(root, store, keys, target, err)
					   : export_dir(root, store, keys, target, err);
}

/* ---- in ---- */

struct import {
	const struct kh_root *root; /* of the store */
	const char *store;
	const struct kh_root *from; /* where the artifacts lie */
	struct kh_strv *imported, *present;
};

static void add_pairs(const json_t *object, struct kh_strv *pairs)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		kh_strv_add(pairs, name);
		kh_strv_add(pairs, json_string_value(value) ? json_string_value(value) : "");
	}
}

/* The key says what went in: it has to follow from what the manifest says went in. */
static bool is_true_key(const json_t *manifest, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv wanted = {0}, made_with = {0};
	char digest[KH_DIGEST_SIZE];
	add_pairs(json_object_get(manifest, "wanted"), &wanted);
	add_pairs(json_object_get(manifest, "made_with"), &made_with);
	kh_store_key(kh_json_get(manifest, "program"), &wanted, &made_with, digest);
	return strcmp(digest, key) == 0;
}

static bool is_program(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static int check_manifest(const json_t *manifest, struct kh_error *err)
{
	const char *key = kh_json_get(manifest, "key");
	if (json_integer_value(json_object_get(manifest, "format")) != 1)
		return kh_fail(err, KH_VERIFY, 0, "its manifest is of another format than 1");
	if (!kh_store_is_key(key) || !is_program(kh_json_get(manifest, "program")) ||
	    !json_is_array(json_object_get(manifest, "files")))
		return kh_fail(err, KH_VERIFY, 0, "its manifest is damaged");
	if (!is_true_key(manifest, key))
		return kh_fail(err, KH_VERIFY, 0,
			       "its key '%.12s' is not that of the inputs it states", key);
	return 0;
}

static int copy_tree(const struct import *import, const char *path, const char *key,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *from_path = kh_printf("%s/tree", path);
	kh_auto(kh_free) char *to_path = NULL;
	kh_auto(kh_close) int from =
		kh_root_open_at(import->from, from_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (from < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", from_path);
	if (kh_store_begin(import->root, import->store, key, &to_path, err) != 0)
		return -1;
	kh_auto(kh_close) int to =
		kh_root_open_at(import->root, to_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (to < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", to_path);
	return kh_store_tree_copy(from, to, (uid_t)-1, err);
}

/* What was copied, not what was there when it was looked at, is compared with the manifest. */
static int verify_copy(const struct import *import, const json_t *manifest, struct kh_error *err)
{
	struct kh_artifact artifact = {
		.key = kh_strdup(kh_json_get(manifest, "key")),
		.tree = kh_printf("%s/artifacts/.%s.new/tree", import->store,
				  kh_json_get(manifest, "key")),
		.manifest = json_incref((json_t *)(uintptr_t)manifest),
	};
	int result = kh_store_verify(import->root, &artifact, err);
	kh_artifact_done(&artifact);
	return result;
}

static void drop_copy(const struct import *import, const char *key)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("%s/artifacts/.%s.new", import->store, key);
	kh_tree_remove(import->root, path, NULL, &ignored);
}

/* Is it in the store, with every file as it was? */
static bool is_present(const struct import *import, const char *key)
{
	kh_auto(kh_error_done) struct kh_error damage = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact there = {0};
	return kh_store_find(import->root, import->store, key, &there) == 0 &&
	       kh_store_verify(import->root, &there, &damage) == 0;
}

/* manifest: borrowed. */
static int take_in(const struct import *import, const char *path, json_t *manifest,
		   struct kh_error *err)
{
	/* A copy: publishing writes the manifest anew. */
	kh_auto(kh_free) char *key = kh_strdup(kh_json_get(manifest, "key"));
	if (check_manifest(manifest, err) != 0)
		return -1;
	if (is_present(import, key)) {
		kh_strv_add(import->present, key);
		return 0;
	}
	if (copy_tree(import, path, key, err) != 0 || verify_copy(import, manifest, err) != 0) {
		drop_copy(import, key);
		return -1;
	}
	json_object_set_new(manifest, "is_imported", json_true());
	/* The copy is good: a damaged one makes way for it. */
	if (kh_store_remove(import->root, import->store, key, err) != 0 ||
	    kh_store_publish(import->root, import->store, key, json_incref(manifest), err) != 0)
		return -1;
	kh_strv_add(import->imported, key);
	return 0;
}

static int import_one(const struct import *import, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *file = kh_printf("%s/manifest.json", path);
	kh_auto(kh_free) char *text = NULL;
	json_error_t problem;
	int result = kh_root_read(import->from, file, &text, NULL, err);
	if (result == 1)
		return kh_fail(err, KH_VERIFY, 0, "'%s%s' has no manifest", import->from->host_path,
			       path);
	if (result != 0)
		return -1;
	json_t *manifest = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
	if (!json_is_object(manifest)) {
		json_decref(manifest);
		return kh_fail(err, KH_VERIFY, 0, "'%s%s': line %d: %s", import->from->host_path,
			       file, problem.line, problem.text);
	}
	result = take_in(import, path, manifest, err);
	json_decref(manifest);
	return result == 0 ? 0 : kh_wrap(err, "import '%s%s'", import->from->host_path, path);
}

static int import_all(const struct import *import, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (kh_root_exists(import->from, "/manifest.json"))
		return import_one(import, "", err);
	kh_root_list(import->from, "/artifacts", &names);
	size_t found = 0;
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("/artifacts/%s", names.items[i]);
		if (!kh_store_is_key(names.items[i]))
			continue;
		found++;
		if (import_one(import, path, err) != 0)
			return -1;
	}
	if (found > 0)
		return 0;
	kh_fail(err, KH_USAGE, 0, "there are no artifacts in '%s'", import->from->host_path);
	return kh_hint(err, "'kvmhost store export' on another host makes such a directory");
}

static int import_dir(const struct kh_root *root, const char *store, const char *source,
		      struct kh_strv *imported, struct kh_strv *present, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root from = KH_ROOT_INIT;
	struct import import = {.root = root,
				.store = store,
				.from = &from,
				.imported = imported,
				.present = present};
	if (kh_root_open(source, &from, err) != 0)
		return -1;
	return import_all(&import, err);
}

/* ---- a tar file ---- */

/* A fresh directory of the build account: path below the root. */
static int make_unpack_dir(const struct kh_root *root, const char *store,
			   const struct kh_account *account, char **ret_path, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/build/import", store);
	if (kh_tree_remove(root, path, NULL, err) != 0 || kh_tree_make_dirs(root, path, err) != 0)
		return -1;
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0 || (!account->is_own && fchown(fd, account->uid, account->gid) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", path);
	*ret_path = kh_take(path);
	return 0;
}

/* The file is copied first: the account need not be able to reach it where it lies. tar itself
 * refuses absolute names and "..", and replaces no link by what lies behind it. */
static int unpack(const struct kh_root *root, const struct kh_account *account, const char *path,
		  const char *tar, struct kh_error *err)
{
	kh_auto(kh_free) char *directory = host_path_of(root, path);
	kh_auto(kh_free) char *file = kh_printf("%s/artifacts.tar", directory);
	kh_auto(kh_free) char *from_file = kh_printf("--file=%s", file);
	const char *copy[] = {"install", "-m", "0644", "--", tar, file, NULL};
	const char *argv[] = {
		"tar", "--extract", from_file, "--no-same-owner", "--same-permissions", NULL};
	struct kh_run_place place = {
		.uid = account->uid, .gid = account->gid, .directory = directory};
	if (kh_run(&kh_run_system, copy, TAR_TIMEOUT_S, NULL, err) != 0 ||
	    kh_run_as(&place, argv, TAR_TIMEOUT_S, NULL, err) != 0)
		return kh_wrap(err, "unpack '%s'", tar);
	return 0;
}

static int import_tar(const struct kh_root *root, const struct kh_config *config,
		      const char *source, struct kh_strv *imported, struct kh_strv *present,
		      struct kh_error *err)
{
	struct kh_account account;
	kh_auto(kh_free) char *path = NULL;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (kh_account_choose(root, config, &account, err) != 0 ||
	    make_unpack_dir(root, config->build.store, &account, &path, err) != 0)
		return -1;
	kh_auto(kh_free) char *directory = host_path_of(root, path);
	int result =
		unpack(root, &account, path, source, err) != 0
			? -1
			: import_dir(root, config->build.store, directory, imported, present, err);
	kh_tree_remove(root, path, NULL, &ignored);
	return result;
}

int kh_store_import(const struct kh_root *root, const struct kh_config *config, const char *source,
		    struct kh_strv *ret_imported, struct kh_strv *ret_present, struct kh_error *err)
{
	struct stat status;
	if (stat(source, &status) != 0)
		return kh_fail(err, KH_USAGE, errno, "import '%s'", source);
	return S_ISDIR(status.st_mode)
		       ? import_dir(root, config->build.store, source, ret_imported, ret_present,
				    err)
		       : import_tar(root, config, source, ret_imported, ret_present, err);
}
