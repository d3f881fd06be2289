/* store.c - see store.h. */
#include "core/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/tree.h"
#include "core/store_tree.h"

/* ---- artifacts ---- */

void kh_artifact_done(struct kh_artifact *artifact)
{
	free(artifact->key);
	free(artifact->tree);
	json_decref(artifact->manifest);
	*artifact = (struct kh_artifact){0};
}

void kh_artifacts_free(struct kh_artifact *artifacts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kh_artifact_done(&artifacts[i]);
	free(artifacts);
}

const char *kh_artifact_about(const struct kh_artifact *artifact, const char *name)
{
	return kh_json_get(json_object_get(artifact->manifest, "about"), name);
}

static void add_inputs(struct kh_strv *lines, const char *kind, const struct kh_strv *pairs)
{
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		kh_strv_addf(lines, "%s:%zu:%s=%zu:%s", kind, strlen(pairs->items[i]),
			     pairs->items[i], strlen(pairs->items[i + 1]), pairs->items[i + 1]);
}

void kh_store_key(const char *program, const struct kh_strv *wanted,
		  const struct kh_strv *made_with, char ret_key[KH_DIGEST_SIZE])
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	add_inputs(&lines, "wanted", wanted);
	add_inputs(&lines, "made with", made_with);
	kh_strv_sort(&lines);
	kh_strv_insert(&lines, 0, program);
	kh_auto(kh_free) char *text = kh_strv_join(&lines, "\n");
	kh_digest_bytes(text, strlen(text), ret_key);
}

bool kh_store_is_key(const char *name)
{
	return strlen(name) == KH_DIGEST_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == KH_DIGEST_SIZE - 1;
}

int kh_store_find(const struct kh_root *root, const char *store, const char *key,
		  struct kh_artifact *ret_artifact)
{
	kh_auto(kh_free) char *tree = kh_printf("%s/artifacts/%s/tree", store, key);
	kh_auto(kh_free) char *path = kh_printf("%s/artifacts/%s/manifest.json", store, key);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	json_t *manifest = text ? json_loads(text, 0, NULL) : NULL;
	bool is_whole = manifest && kh_root_is_dir(root, tree) &&
			json_is_array(json_object_get(manifest, "files")) &&
			strcmp(kh_json_get(manifest, "key"), key) == 0;
	if (!is_whole) {
		json_decref(manifest);
		return 1;
	}
	ret_artifact->key = kh_strdup(key);
	ret_artifact->tree = kh_take(tree);
	ret_artifact->manifest = manifest;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct kh_artifact *one = a, *other = b;
	int order =
		strcmp(kh_json_get(other->manifest, "made"), kh_json_get(one->manifest, "made"));
	return order ? order : strcmp(one->key, other->key);
}

void kh_store_list(const struct kh_root *root, const char *store,
		   struct kh_artifact **ret_artifacts, size_t *ret_count)
{
	kh_auto(kh_free) char *dir = kh_printf("%s/artifacts", store);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	*ret_artifacts = NULL;
	*ret_count = 0;
	kh_root_list(root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		struct kh_artifact artifact = {0};
		if (kh_store_find(root, store, names.items[i], &artifact) == 0)
			*kh_append(*ret_artifacts, *ret_count) = artifact;
	}
	if (*ret_count > 1)
		qsort(*ret_artifacts, *ret_count, sizeof(**ret_artifacts), by_age);
}

/* ---- whose is it? ---- */

/* In a directory with the sticky bit nobody exchanges what is another's. */
static bool is_closed(const struct kh_root *root, const char *directory)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct stat status;
	if (kh_root_stat(root, directory, true, &status, &ignored) != 0)
		return true; /* not there yet: it will be root's */
	return status.st_uid == 0 &&
	       ((status.st_mode & S_IWOTH) == 0 || (status.st_mode & S_ISVTX) != 0);
}

static int check_way(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *end = path; *end; end += strcspn(end, "/")) {
		end += strspn(end, "/");
		size_t length = (size_t)(end - path) + strcspn(end, "/");
		kh_auto(kh_free) char *directory = kh_strndup(path, length);
		if (is_closed(root, directory))
			continue;
		kh_fail(err, KH_HOST, 0,
			"others than root may change '%s', and with it what is installed from '%s'",
			directory, path);
		return kh_hint(err, "give 'build.store' a place where each directory above it is "
				    "root's alone");
	}
	return 0;
}

int kh_store_check_place(const struct kh_root *root, const char *path, struct kh_error *err)
{
	if (geteuid() != 0 || !root->is_live)
		return 0;
	kh_auto(kh_free) char *real = kh_root_resolve(root, path); /* a link on the way leads on */
	if (check_way(root, path, err) != 0)
		return -1;
	return real ? check_way(root, real, err) : 0;
}

/* ---- making one ---- */

static char *temporary_path(const char *store, const char *key)
{
	return kh_printf("%s/artifacts/.%s.new", store, key);
}

int kh_store_begin(const struct kh_root *root, const char *store, const char *key, char **ret_tree,
		   struct kh_error *err)
{
	kh_auto(kh_free) char *temporary = temporary_path(store, key);
	kh_auto(kh_free) char *tree = kh_printf("%s/tree", temporary);
	if (kh_tree_remove(root, temporary, NULL, err) != 0 ||
	    kh_tree_make_dirs(root, tree, err) != 0)
		return kh_wrap(err, "store '%s'", store);
	*ret_tree = kh_take(tree);
	return 0;
}

/* ---- the manifest ---- */

static void set_time(json_t *manifest)
{
	char made[32];
	time_t now = time(NULL);
	struct tm utc;
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	json_object_set_new(manifest, "made", json_string(made));
}

static int write_manifest(const struct kh_root *root, const char *temporary, const char *key,
			  json_t *manifest, struct kh_error *err)
{
	kh_auto(kh_free) char *tree = kh_printf("%s/tree", temporary);
	kh_auto(kh_close) int tree_fd = kh_root_open_at(root, tree, O_RDONLY | O_DIRECTORY);
	json_t *files = NULL;
	if (tree_fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", tree);
	if (kh_store_tree_list(tree_fd, &files, err) != 0)
		return -1;
	json_object_set_new(manifest, "files", files);
	json_object_set_new(manifest, "key", json_string(key));
	if (!*kh_json_get(manifest, "made")) /* an imported one was made when it was built */
		set_time(manifest);
	kh_auto(kh_free) char *text = json_dumps(manifest, JSON_INDENT(1) | JSON_SORT_KEYS);
	kh_auto(kh_free) char *path = kh_printf("%s/manifest.json", temporary);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, path, text, strlen(text), &meta, err);
}

/* What fills the tree does not sync: all of it has to be on disk before it gets its name. */
static int give_name(const struct kh_root *root, const char *store, const char *key,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *artifacts = kh_printf("%s/artifacts", store);
	kh_auto(kh_close) int dir = kh_root_open_at(root, artifacts, O_RDONLY | O_DIRECTORY);
	kh_auto(kh_free) char *temporary = kh_printf(".%s.new", key);
	if (dir < 0 || syncfs(dir) != 0 || kh_sys_rename(dir, temporary, key) != 0 ||
	    kh_sys_fsync(dir, artifacts) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "name the artifact '%s'", key);
	return 0;
}

int kh_store_publish(const struct kh_root *root, const char *store, const char *key,
		     json_t *manifest, struct kh_error *err)
{
	kh_auto(kh_free) char *temporary = temporary_path(store, key);
	kh_auto(kh_artifact_done) struct kh_artifact there = {0};
	int result = 0;
	if (kh_store_find(root, store, key, &there) == 0) /* by somebody else: the same content */
		result = kh_tree_remove(root, temporary, NULL, err);
	else if (write_manifest(root, temporary, key, manifest, err) != 0 ||
		 kh_store_remove(root, store, key, err) != 0 || /* what is there is damaged */
		 give_name(root, store, key, err) != 0)
		result = kh_wrap(err, "store '%s'", store);
	json_decref(manifest);
	return result;
}

/* ---- looking after them ---- */

/* The first path that is in one list and not, or otherwise, in the other; NULL: they are equal. */
static const char *first_difference(const json_t *wanted, const json_t *found)
{
	for (size_t i = 0; i < json_array_size(wanted) || i < json_array_size(found); i++) {
		const json_t *one = json_array_get(wanted, i), *other = json_array_get(found, i);
		if (one && other && json_equal(one, other))
			continue;
		if (!one || !other)
			return kh_json_get(one ? one : other, "path");
		/* Both are in order: the smaller one is what the other list has not. */
		const char *a = kh_json_get(one, "path"), *b = kh_json_get(other, "path");
		return strcmp(a, b) <= 0 ? a : b;
	}
	return NULL;
}

int kh_store_verify(const struct kh_root *root, const struct kh_artifact *artifact,
		    struct kh_error *err)
{
	kh_auto(kh_close) int fd = kh_root_open_at(root, artifact->tree, O_RDONLY | O_DIRECTORY);
	json_t *found = NULL;
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", artifact->tree);
	if (kh_store_tree_list(fd, &found, err) != 0)
		return kh_wrap(err, "artifact '%.12s'", artifact->key);
	const char *path = first_difference(json_object_get(artifact->manifest, "files"), found);
	if (path)
		kh_fail(err, KH_VERIFY, 0, "artifact '%.12s': '%s%s' is damaged", artifact->key,
			artifact->tree, path);
	json_decref(found);
	return path ? -1 : 0;
}

int kh_store_remove(const struct kh_root *root, const char *store, const char *key,
		    struct kh_error *err)
{
	kh_auto(kh_free) char *whole = kh_printf("%s/artifacts/%s", store, key);
	return kh_tree_remove(root, whole, NULL, err);
}
