/* store.c - see store.h. */
#include "core/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

const char *const kh_store_dir = "/var/cache/kvmhost";
static const char artifacts_dir[] = "/var/cache/kvmhost/artifacts";

void kh_store_key(const struct kh_store_input *inputs, size_t count, char ret_key[KH_DIGEST_SIZE])
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	for (size_t i = 0; i < count; i++)
		kh_strv_addf(&lines, "%zu:%s=%zu:%s", strlen(inputs[i].name), inputs[i].name,
			     strlen(inputs[i].value), inputs[i].value);
	kh_strv_sort(&lines);
	kh_auto(kh_free) char *text = kh_strv_join(&lines, "\n");
	kh_digest_bytes(text, strlen(text), ret_key);
}

char *kh_store_find(const struct kh_root *root, const char *key)
{
	kh_auto(kh_free) char *tree = kh_printf("%s/%s/tree", artifacts_dir, key);
	return kh_root_is_dir(root, tree) ? kh_take(tree) : NULL;
}

char *kh_store_manifest(const struct kh_root *root, const char *key)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s/manifest.json", artifacts_dir, key);
	return kh_root_text(root, path);
}

/* ---- making one ---- */

static char *temporary_path(const char *key)
{
	return kh_printf("%s/.%s.new", artifacts_dir, key);
}

/* A path and all that is below it; links are removed, not followed. */
static int remove_all(const struct kh_root *root, const char *path, struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	struct stat status;
	int found = kh_root_stat(root, path, false, &status, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (!S_ISDIR(status.st_mode))
		return kh_file_remove(root, path, err);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", path, names.items[i]);
		if (remove_all(root, child, err) != 0)
			return -1;
	}
	return kh_file_remove_dir(root, path, err);
}

static int make_missing(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
			return -1;
	}
	return kh_root_is_dir(root, path) ? 0 : kh_file_make_dir(root, path, 0755, err);
}

int kh_store_begin(const struct kh_root *root, const char *key, char **ret_tree,
		   struct kh_error *err)
{
	kh_auto(kh_free) char *temporary = temporary_path(key);
	kh_auto(kh_free) char *tree = kh_printf("%s/tree", temporary);
	if (remove_all(root, temporary, err) != 0 || make_missing(root, tree, err) != 0)
		return kh_wrap(err, "store '%s'", kh_store_dir);
	*ret_tree = kh_take(tree);
	return 0;
}

static int write_manifest(const struct kh_root *root, const char *temporary, const char *key,
			  const struct kh_store_input *inputs, size_t count, struct kh_error *err)
{
	json_t *values = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(values, inputs[i].name, kh_json_text(inputs[i].value));
	json_t *manifest = json_pack("{s:s, s:o}", "key", key, "inputs", values);
	kh_auto(kh_free) char *text = json_dumps(manifest, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(manifest);
	kh_auto(kh_free) char *path = kh_printf("%s/manifest.json", temporary);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, path, text, strlen(text), &meta, err);
}

/* What fills the tree does not sync: all of it has to be on disk before it gets its name. */
static int give_name(const struct kh_root *root, const char *key, struct kh_error *err)
{
	kh_auto(kh_close) int dir = kh_root_open_at(root, artifacts_dir, O_RDONLY | O_DIRECTORY);
	kh_auto(kh_free) char *temporary = kh_printf(".%s.new", key);
	if (dir < 0 || syncfs(dir) != 0 || kh_sys_rename(dir, temporary, key) != 0 ||
	    kh_sys_fsync(dir, artifacts_dir) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "name the artifact '%s'", key);
	return 0;
}

int kh_store_publish(const struct kh_root *root, const char *key,
		     const struct kh_store_input *inputs, size_t count, struct kh_error *err)
{
	kh_auto(kh_free) char *temporary = temporary_path(key);
	kh_auto(kh_free) char *whole = kh_printf("%s/%s", artifacts_dir, key);
	if (kh_root_exists(root, whole)) /* made by somebody else meanwhile: the same content */
		return remove_all(root, temporary, err);
	if (write_manifest(root, temporary, key, inputs, count, err) != 0 ||
	    give_name(root, key, err) != 0)
		return kh_wrap(err, "store '%s'", kh_store_dir);
	return 0;
}
