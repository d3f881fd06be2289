/* installed.c - the records of what is installed, and comparing with them; see installed.h. */
#include "core/installed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/install.h"

const char *const kh_installed_dir = "/var/lib/kvmhost/installed";

char *kh_installed_path(const char *program)
{
	return kh_printf("%s/%s.json", kh_installed_dir, program);
}

json_t *kh_installed_read(const struct kh_root *root, const char *program)
{
	kh_auto(kh_free) char *path = kh_installed_path(program);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	json_t *record = text ? json_loads(text, 0, NULL) : NULL;
	if (record && json_is_array(json_object_get(record, "files")))
		return record;
	json_decref(record);
	return NULL;
}

void kh_installed_list(const struct kh_root *root, struct kh_strv *ret_programs)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, kh_installed_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".json") && names.items[i][0] != '.')
			kh_strv_addf(ret_programs, "%.*s",
				     (int)(strlen(names.items[i]) - strlen(".json")),
				     names.items[i]);
}

/* ---- comparing ---- */

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int compare_link(const struct kh_batch_dir *dir, const char *path, const json_t *wanted)
{
	kh_auto(kh_free) char *target = kh_root_readlink(dir->root, path);
	return target && strcmp(target, kh_json_get(wanted, "target")) == 0 ? 0 : 1;
}

static int compare_digest(const struct kh_batch_dir *dir, const char *path, const char *wanted)
{
	char digest[KH_DIGEST_SIZE];
	kh_auto(kh_close) int fd = kh_root_open_at(dir->root, path, O_RDONLY | O_NOFOLLOW);
	if (fd < 0 || kh_digest_fd(fd, digest) != 0)
		return -1;
	return strcmp(digest, wanted) == 0 ? 0 : 1;
}

static int compare_file(const struct kh_batch_dir *dir, const char *path, const json_t *wanted,
			const json_t *known, bool wants_digest, const struct stat *status)
{
	const char *digest = kh_json_get(wanted, "sha256");
	/* A file of another owner is not safe, whatever is in it; without root rights it cannot be
	 * told who the owner should be. */
	bool is_ours = geteuid() != 0 || (status->st_uid == 0 && status->st_gid == getegid());
	if (!is_ours || (json_int_t)status->st_size != number(wanted, "size") ||
	    (json_int_t)(status->st_mode & 07777) != number(wanted, "mode"))
		return 1;
	bool is_known = known && strcmp(kh_json_get(known, "sha256"), digest) == 0 &&
			number(known, "mtime") == kh_install_time(&status->st_mtim);
	return is_known && !wants_digest ? 0 : compare_digest(dir, path, digest);
}

int kh_install_compare(struct kh_batch_dir *dir, const char *path, const json_t *wanted,
		       const json_t *known, bool wants_digest, struct stat *ret_status)
{
	struct stat status = {0};
	const char *type = kh_json_get(wanted, "type");
	int found = kh_batch_stat(dir, path, &status);
	if (found == 1)
		status = (struct stat){0};
	if (ret_status)
		*ret_status = status;
	if (found != 0)
		return found;
	if (strcmp(type, "link") == 0)
		return S_ISLNK(status.st_mode) ? compare_link(dir, path, wanted) : 1;
	if (strcmp(type, "directory") == 0)
		return S_ISDIR(status.st_mode) ? 0 : 1;
	if (!S_ISREG(status.st_mode))
		return 1;
	return compare_file(dir, path, wanted, known, wants_digest, &status);
}

/* ---- for the report ---- */

void kh_installed_check(const struct kh_root *root, const json_t *record, bool wants_digests,
			struct kh_strv *ret_changed)
{
	kh_auto(kh_batch_dir_done) struct kh_batch_dir dir = KH_BATCH_DIR_INIT(root);
	size_t index;
	json_t *file;
	json_array_foreach(json_object_get(record, "files"), index, file)
	{
		const char *path = kh_json_get(file, "path");
		if (path[0] == '/' &&
		    kh_install_compare(&dir, path, file, file, wants_digests, NULL) == 1)
			kh_strv_add(ret_changed, path);
	}
}

static char *name_changed(const struct kh_strv *changed, size_t count)
{
	enum { MOST_NAMED = 5 };
	struct kh_str text = {0};
	kh_str_addf(&text, "%zu of %zu changed: ", changed->count, count);
	for (size_t i = 0; i < changed->count && i < MOST_NAMED; i++)
		kh_str_addf(&text, "%s%s", i > 0 ? ", " : "", changed->items[i]);
	if (changed->count > MOST_NAMED)
		kh_str_addf(&text, " and %zu more", changed->count - MOST_NAMED);
	return kh_str_take(&text);
}

void kh_installed_report(struct kh_report *report, const struct kh_root *root, const char *program,
			 bool wants_digests)
{
	json_t *record = kh_installed_read(root, program);
	if (!record)
		return;
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_installed_check(root, record, wants_digests, &changed);
	size_t count = json_array_size(json_object_get(record, "files"));
	kh_auto(kh_free) char *id = kh_printf("%s.files", program);
	kh_auto(kh_free) char *found = changed.count > 0 ? name_changed(&changed, count)
							 : kh_printf("all %zu of them", count);
	const struct kh_check_text text = {
		.expected = "the files and directories that were installed",
		.found = found,
		.why = "what is changed or gone is no longer what was built and tested",
		.fix = changed.count > 0 ? "'kvmhost apply' installs them again" : NULL};
	json_decref(record);
	kh_report_add(report, id, changed.count > 0 ? KH_FAIL : KH_PASS, &text);
}
