/* install_host.c - may a tree be installed here: is there room, and whose are the files in its way?
 * See install.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/mem.h"
#include "core/install.h"
#include "core/journal.h"

/* ---- room ---- */

struct need { /* of one file system */
	dev_t device;
	char *where; /* a directory of it */
	unsigned long long bytes, free_bytes;
	unsigned long long files, free_files; /* free_files 0: not counted there */
	bool is_read_only;
};

struct needs {
	struct need *items;
	size_t count;
	char *parent; /* that was looked up last, and its file system */
	size_t last;
};

static void needs_done(struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++)
		free(needs->items[i].where);
	free(needs->items);
	free(needs->parent);
}

/* The innermost directory of PATH that is there already, open; ret_where is cut to it. */
static int open_existing(const struct kh_root *root, char *where)
{
	for (;;) {
		int fd = kh_root_open_at(root, *where ? where : "/", O_PATH | O_DIRECTORY);
		char *slash = strrchr(where, '/');
		if (fd >= 0 || !slash || (errno != ENOENT && errno != ENOTDIR))
			return fd;
		*slash = '\0';
	}
}

static int find_system(const struct kh_root *root, struct needs *needs, char *where,
		       struct kh_error *err)
{
	kh_auto(kh_close) int fd = open_existing(root, where);
	struct stat status;
	struct statvfs system;
	if (fd < 0 || fstat(fd, &status) != 0 || fstatvfs(fd, &system) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "free space below '%s'", where);
	for (needs->last = 0; needs->last < needs->count; needs->last++)
		if (needs->items[needs->last].device == status.st_dev)
			return 0;
	*kh_append(needs->items, needs->count) =
		(struct need){.device = status.st_dev,
			      .where = kh_strdup(*where ? where : "/"),
			      .free_bytes = (unsigned long long)system.f_bavail * system.f_frsize,
			      .free_files = system.f_files ? system.f_favail : 0,
			      .is_read_only = (system.f_flag & ST_RDONLY) != 0};
	return 0;
}

/* Whole blocks, and some for names and indexes. */
static void add_need(struct need *need, unsigned long long bytes)
{
	enum { BLOCK_BYTES = 4096, NAME_BYTES = 512 };
	need->bytes += (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES + NAME_BYTES;
	need->files++;
}

static int add_file(const struct kh_root *root, struct needs *needs, const char *path,
		    unsigned long long bytes, struct kh_error *err)
{
	kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(strrchr(path, '/') - path));
	if (!needs->parent || strcmp(needs->parent, parent) != 0) {
		kh_auto(kh_free) char *where = kh_strdup(parent);
		if (find_system(root, needs, where, err) != 0)
			return -1;
		free(needs->parent);
		needs->parent = kh_take(parent);
	}
	add_need(&needs->items[needs->last], bytes);
	return 0;
}

static unsigned long long mebibytes(unsigned long long bytes)
{
	return (bytes + (1UL << 20) - 1) >> 20;
}

static int judge(const struct need *need, const char *name, struct kh_error *err)
{
	if (need->is_read_only) {
		kh_fail(err, KH_HOST, 0, "install %s: '%s' is mounted read-only", name,
			need->where);
		return kh_hint(err, "mount it writable, or choose another prefix");
	}
	if (need->bytes > need->free_bytes)
		kh_fail(err, KH_HOST, 0,
			"install %s: %llu MiB are needed on the file system of '%s', %llu MiB are "
			"free",
			name, mebibytes(need->bytes), need->where, need->free_bytes >> 20);
	else if (need->free_files > 0 && need->files > need->free_files)
		kh_fail(err, KH_HOST, 0,
			"install %s: %llu files need %llu free inodes on the file system of '%s', "
			"%llu are free",
			name, need->files, need->files, need->where, need->free_files);
	else
		return 0;
	return kh_hint(err, "nothing was changed; make room there, or choose another prefix");
}

int kh_install_check_room(const struct kh_root *root, const struct kh_install *install,
			  struct kh_error *err)
{
	kh_auto(needs_done) struct needs needs = {0};
	kh_auto(kh_free) char *kept = kh_printf("%s/0000/kept", kh_runs_dir);
	for (size_t i = 0; i < install->count; i++) {
		const struct kh_install_entry *entry = &install->entries[i];
		if (entry->type != KH_FILE_ABSENT &&
		    add_file(root, &needs, entry->path, entry->size, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < install->count; i++)
		if (install->entries[i].old.type == KH_FILE_REGULAR &&
		    add_file(root, &needs, kept, install->entries[i].old.length, err) != 0)
			return -1;
	for (size_t i = 0; i < needs.count; i++)
		if (judge(&needs.items[i], install->name, err) != 0)
			return -1;
	return 0;
}

/* ---- packages ---- */

static const char dpkg_info[] = "/var/lib/dpkg/info";

/* Packages made before /lib became a link name their files by the old path. */
static void add_names(json_t *names, const char *path)
{
	static const char *const merged[] = {"/usr/bin/",   "/usr/sbin/",  "/usr/lib/",
					     "/usr/lib32/", "/usr/lib64/", "/usr/libx32/"};
	json_object_set_new_nocheck(names, path, json_true());
	for (size_t i = 0; i < KH_COUNT(merged); i++)
		if (kh_str_starts(path, merged[i]))
			json_object_set_new_nocheck(names, path + strlen("/usr"), json_true());
}

/* The first line of a package's list that is one of the names; the text is cut at line ends. */
static const char *find_line(char *text, const json_t *names)
{
	char *end = text;
	for (char *line = text; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		if (json_object_get(names, line))
			return line;
	}
	return NULL;
}

static int refuse(const char *path, const char *list, struct kh_error *err)
{
	size_t length = strlen(list) - strlen(".list");
	const char *colon = strchr(list, ':'); /* "libc6:amd64.list" */
	if (colon)
		length = (size_t)(colon - list);
	kh_fail(err, KH_HOST, 0, "'%s' belongs to the package '%.*s': it is not replaced", path,
		(int)length, list);
	return kh_hint(err, "remove that package, or choose another prefix");
}

int kh_install_check_packages(const struct kh_root *root, const struct kh_strv *paths,
			      struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv lists = {0};
	if (paths->count == 0)
		return 0;
	kh_root_list(root, dpkg_info, &lists);
	json_t *names = json_object();
	for (size_t i = 0; i < paths->count; i++)
		add_names(names, paths->items[i]);
	int result = 0;
	for (size_t i = 0; i < lists.count && result == 0; i++) {
		if (!kh_str_ends(lists.items[i], ".list"))
			continue;
		kh_auto(kh_free) char *list = kh_printf("%s/%s", dpkg_info, lists.items[i]);
		kh_auto(kh_free) char *text = kh_root_text(root, list);
		const char *found = text ? find_line(text, names) : NULL;
		if (found)
			result = refuse(found, lists.items[i], err);
	}
	json_decref(names);
	return result;
}
