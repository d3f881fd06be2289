/* dropin.c - see dropin.h. */
#include "core/dropin.h"

#include <string.h>

#include "core/base/mem.h"

const char *kh_dropin_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Put path in its place by name, unless a stronger directory has the name already. */
static void insert(struct kh_strv *paths, size_t start, const char *path)
{
	size_t at = start;
	for (; at < paths->count; at++) {
		int order = strcmp(kh_dropin_name(paths->items[at]), kh_dropin_name(path));
		if (order == 0)
			return;
		if (order > 0)
			break;
	}
	kh_strv_insert(paths, at, path);
}

static void insert_dir(const struct kh_root *root, const char *dir, const char *suffix,
		       struct kh_strv *paths, size_t start)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (kh_str_ends(names.items[i], suffix))
			insert(paths, start, path);
	}
}

void kh_dropin_list(const struct kh_root *root, const char *const *dirs, const char *suffix,
		    const char *extra, struct kh_strv *ret_paths)
{
	size_t start = ret_paths->count;
	if (extra)
		insert(ret_paths, start, extra);
	for (; *dirs; dirs++)
		insert_dir(root, *dirs, suffix, ret_paths, start);
}
