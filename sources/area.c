/* area.c - see area.h.
 *
 * What is removed here was unpacked by an account that may still own it, so every step goes through
 * a descriptor and follows no link: a name that is exchanged meanwhile leads nowhere else.
 */
#include "sources/area.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

char *kh_area_host_path(const struct kh_root *root, const char *path)
{
	bool is_top = strcmp(root->host_path, "/") == 0;
	return kh_printf("%s%s", is_top ? "" : root->host_path, path);
}

int kh_area_make_dir(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
			return -1;
	}
	return kh_root_is_dir(root, path) ? 0 : kh_file_make_dir(root, path, 0755, err);
}

/* ---- removing ---- */

/* Returns 0 or -1 with errno. */
static int remove_at(int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	kh_auto(kh_closedir) DIR *dir = fd >= 0 && depth < 128 ? fdopendir(fd) : NULL;
	if (!dir) {
		kh_close(&fd);
		return -1;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    remove_at(fd, entry->d_name, depth + 1) != 0)
			return -1;
	return unlinkat(parent, name, AT_REMOVEDIR);
}

static int open_parent(const struct kh_root *root, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
	*ret_name = slash + 1;
	return kh_root_open_at(root, *parent ? parent : "/", O_RDONLY | O_DIRECTORY);
}

int kh_area_remove(const struct kh_root *root, const char *path, struct kh_error *err)
{
	const char *name = NULL;
	kh_auto(kh_close) int parent = open_parent(root, path, &name);
	if (parent < 0 && errno == ENOENT)
		return 0;
	if (parent < 0 || remove_at(parent, name, 0) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "remove '%s'", path);
	return 0;
}

/* ---- the area ---- */

int kh_area_open(const struct kh_root *root, const struct kh_config *config,
		 struct kh_area *ret_area, struct kh_error *err)
{
	struct kh_area area = {.root = root, .store = config->build.store};
	kh_auto(kh_free) char *archives = kh_printf("%s/archives", area.store);
	kh_auto(kh_free) char *sources = kh_printf("%s/sources", area.store);
	if (kh_account_choose(root, config, &area.account, err) != 0 ||
	    kh_area_make_dir(root, archives, err) != 0 || kh_area_make_dir(root, sources, err) != 0)
		return kh_wrap(err, "store '%s'", area.store);
	*ret_area = area;
	return 0;
}

int kh_area_begin(const struct kh_area *area, const char *program, char **ret_path,
		  struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/sources/.new-%s", area->store, program);
	if (kh_area_remove(area->root, path, err) != 0 ||
	    kh_area_make_dir(area->root, path, err) != 0)
		return -1;
	kh_auto(kh_close) int fd =
		kh_root_open_at(area->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0 || (!area->account.is_own &&
		       kh_sys_fchown(fd, area->account.uid, area->account.gid, path) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "give '%s' to the build account", path);
	*ret_path = kh_take(path);
	return 0;
}

int kh_area_publish(const struct kh_area *area, const char *path, const char *tree,
		    struct kh_error *err)
{
	const char *from = NULL, *to = NULL;
	kh_auto(kh_close) int from_dir = open_parent(area->root, path, &from);
	kh_auto(kh_close) int to_dir = open_parent(area->root, tree, &to);
	if (from_dir < 0 || to_dir < 0 || renameat(from_dir, from, to_dir, to) != 0 ||
	    kh_sys_fsync(to_dir, tree) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "name the source tree '%s'", tree);
	return 0;
}

void kh_area_remove_others(const struct kh_area *area, const char *program, const char *tree)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *sources = kh_printf("%s/sources", area->store);
	kh_auto(kh_free) char *start = kh_printf("%s-", program);
	kh_root_list(area->root, sources, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", sources, names.items[i]);
		if (kh_str_starts(names.items[i], start) && strcmp(path, tree) != 0)
			kh_area_remove(area->root, path, &ignored);
	}
}
