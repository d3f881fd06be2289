/* install.c - see install.h. */
#include "core/install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

void kh_install_free(struct kh_install *install)
{
	if (!install)
		return;
	for (size_t i = 0; i < install->count; i++) {
		struct kh_install_entry *entry = &install->entries[i];
		free(entry->path);
		free(entry->from);
		free(entry->target);
		kh_file_state_done(&entry->old);
	}
	free(install->entries);
	free(install->name);
	free(install);
}

struct kh_install_entry *kh_install_add(struct kh_install *install, const char *path,
					enum kh_file_type type)
{
	struct kh_install_entry *entry = kh_append(install->entries, install->count);
	entry->path = kh_strdup(path);
	entry->type = type;
	return entry;
}

enum { NANOSECONDS = 1000000000 };

long long kh_install_time(const struct timespec *time)
{
	return (long long)time->tv_sec * NANOSECONDS + time->tv_nsec;
}

struct timespec kh_install_timespec(long long nanoseconds)
{
	long long rest = nanoseconds % NANOSECONDS;
	if (rest < 0)
		rest += NANOSECONDS;
	return (struct timespec){.tv_sec = (time_t)((nanoseconds - rest) / NANOSECONDS),
				 .tv_nsec = (long)rest};
}

/* ---- in words ---- */

const char *kh_install_kind(const struct kh_install_entry *entry)
{
	switch (entry->type) {
	case KH_FILE_REGULAR:
		return "put";
	case KH_FILE_LINK:
		return "link";
	case KH_FILE_DIR:
		return "directory";
	case KH_FILE_ABSENT:
	case KH_FILE_OTHER:
		break;
	}
	return entry->old.type == KH_FILE_DIR ? "rmdir" : "remove";
}

struct totals {
	size_t files, directories, replaced, removed;
	unsigned long long bytes;
	char *below; /* the innermost directory that has all of them */
};

static void totals_done(struct totals *totals)
{
	kh_free(&totals->below);
}

/* Cut `below` until PATH is in it. */
static void widen(char **below, const char *path)
{
	if (!*below) {
		*below = kh_strdup(path);
		*strrchr(*below, '/') = '\0';
		return;
	}
	for (;;) {
		size_t length = strlen(*below);
		if (strncmp(*below, path, length) == 0 && path[length] == '/')
			return;
		*strrchr(*below, '/') = '\0';
	}
}

static bool is_put(const struct kh_install_entry *entry)
{
	return entry->type == KH_FILE_REGULAR || entry->type == KH_FILE_LINK;
}

static struct totals add_up(const struct kh_install *install)
{
	struct totals totals = {0};
	for (size_t i = 0; i < install->count; i++) {
		const struct kh_install_entry *entry = &install->entries[i];
		totals.files += is_put(entry);
		totals.bytes += entry->size;
		totals.directories += entry->type == KH_FILE_DIR;
		totals.replaced += is_put(entry) && entry->old.type != KH_FILE_ABSENT;
		totals.removed += entry->type == KH_FILE_ABSENT && entry->old.type != KH_FILE_DIR;
		if (entry->type != KH_FILE_DIR)
			widen(&totals.below, entry->path);
	}
	return totals;
}

static void add_count(struct kh_str *out, const char *before, size_t count, const char *one,
		      const char *many)
{
	if (count > 0)
		kh_str_addf(out, "%s%zu %s", before, count, count == 1 ? one : many);
}

/* "112 MiB", "3.4 KiB", "12 bytes" */
static void add_size(struct kh_str *out, unsigned long long bytes)
{
	static const char *const units[] = {KH_WORD("bytes"), "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;
	for (; size >= 1024 && unit + 1 < KH_COUNT(units); unit++)
		size /= 1024;
	kh_str_addf(out, unit > 0 && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

char *kh_install_title(const struct kh_install *install, bool is_removal)
{
	kh_auto(totals_done) struct totals totals = add_up(install);
	struct kh_str out = {0};
	const char *below = totals.below && *totals.below ? totals.below : "/";
	kh_str_addf(&out, "%s %s", is_removal ? KH_WORD("uninstall") : "install", install->name);
	if (totals.below)
		kh_str_addf(&out, " below %s", below);
	if (totals.files > 0) {
		add_count(&out, ": ", totals.files, "file", "files");
		if (totals.files < install->tree_files)
			kh_str_addf(&out, " of %zu", install->tree_files);
		kh_str_add(&out, ", ");
		add_size(&out, totals.bytes);
		add_count(&out, KH_WORD("; replaces "), totals.replaced, "file", "files");
	}
	add_count(&out, totals.files ? "; " : ": ", totals.directories, "new directory",
		  "new directories");
	add_count(&out,
		  totals.files + totals.directories ? KH_WORD("; removes ") : KH_WORD(": removes "),
		  totals.removed, "file", "files");
	if (install->count == 0)
		kh_str_add(&out, is_removal ? ": nothing of it is left"
					    : ": all of it is there already, only the record is "
					      "written");
	return kh_str_take(&out);
}

void kh_install_describe(const struct kh_install *install, struct kh_str *out)
{
	enum { MOST_LINES = 20 };
	size_t named = 0, more = 0;
	for (size_t i = 0; i < install->count; i++) {
		const struct kh_install_entry *entry = &install->entries[i];
		if (entry->old.type == KH_FILE_ABSENT || entry->old.type == KH_FILE_DIR)
			continue;
		if (++named <= MOST_LINES)
			kh_str_addf(out, "    %s %s\n",
				    is_put(entry) ? KH_WORD("replaces") : KH_WORD("removes"),
				    entry->path);
		else
			more++;
	}
	if (more > 0)
		kh_str_addf(out, "    and %zu more\n", more);
}

json_t *kh_install_json(const struct kh_install *install)
{
	json_t *list = json_array();
	for (size_t i = 0; i < install->count; i++) {
		const struct kh_install_entry *entry = &install->entries[i];
		json_t *object = json_object();
		json_object_set_new(object, "path", kh_json_text(entry->path));
		json_object_set_new(object, "kind", json_string(kh_install_kind(entry)));
		json_object_set_new(
			object, "replaces",
			json_boolean(is_put(entry) && entry->old.type != KH_FILE_ABSENT));
		if (entry->type == KH_FILE_REGULAR) {
			json_object_set_new(object, "size", json_integer((json_int_t)entry->size));
			json_object_set_new(object, "mode", json_integer(entry->mode));
		}
		if (entry->target)
			json_object_set_new(object, "target", kh_json_text(entry->target));
		json_array_append_new(list, object);
	}
	return list;
}

/* ---- making it real ---- */

static const char label_name[] = "security.selinux";

/* The SELinux label of the file that is replaced is that of the path, whoever wrote the bytes;
 * other attributes (capabilities, access lists) were given to the old program, not to this one. */
static void keep_label(const struct kh_root *root, const struct kh_install_entry *entry,
		       struct kh_file_state *meta)
{
	if (entry->old.type != KH_FILE_REGULAR)
		return;
	kh_auto(kh_close) int fd = kh_root_open_file(root, entry->path, O_RDONLY | O_NOFOLLOW);
	ssize_t size = fd < 0 ? -1 : fgetxattr(fd, label_name, NULL, 0);
	kh_auto(kh_free) char *value = size <= 0 ? NULL : kh_alloc((size_t)size);
	if (!value || fgetxattr(fd, label_name, value, (size_t)size) != size)
		return;
	struct kh_file_xattr *xattr = kh_append(meta->xattrs, meta->xattr_count);
	*xattr = (struct kh_file_xattr){
		.name = kh_strdup(label_name), .value = kh_take(value), .size = (size_t)size};
}

static void prepare(const struct kh_root *root, const struct kh_install_entry *entry,
		    struct kh_file_state *meta, struct kh_batch_op *op)
{
	*meta = (struct kh_file_state){.type = entry->type,
				       .mode = entry->mode,
				       .uid = geteuid(),
				       .gid = getegid(),
				       .mtime = entry->mtime};
	keep_label(root, entry, meta);
	*op = (struct kh_batch_op){.path = entry->path,
				   .type = entry->type,
				   .is_dir = entry->type == KH_FILE_ABSENT &&
					     entry->old.type == KH_FILE_DIR,
				   .from = entry->from,
				   .digest = entry->digest,
				   .target = entry->target,
				   .meta = meta,
				   .expected = entry->type == KH_FILE_DIR ? NULL : &entry->old};
}

int kh_install_perform(const struct kh_root *root, const struct kh_install *install,
		       struct kh_error *err)
{
	kh_auto(kh_free) struct kh_batch_op *ops = kh_alloc(install->count * sizeof(*ops));
	kh_auto(kh_free) struct kh_file_state *metas = kh_alloc(install->count * sizeof(*metas));
	for (size_t i = 0; i < install->count; i++)
		prepare(root, &install->entries[i], &metas[i], &ops[i]);
	int result = kh_batch_do(root, ops, install->count, err);
	for (size_t i = 0; i < install->count; i++)
		kh_file_state_done(&metas[i]);
	if (result == 0)
		return 0;
	if (err->code == KH_VERIFY && !err->hint)
		kh_hint(err, "'kvmhost store prune', then build it again");
	return kh_wrap(err, "install %s", install->name);
}
