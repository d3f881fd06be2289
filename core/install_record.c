/* install_record.c - the records of installed trees as text, and comparing with them; see
 * install.h.
 *
 * A record is read at every start, and libvirt alone has a thousand files: as JSON reading it would
 * take longer than all other planning. So the first line is a JSON object with what stages ask for,
 * and then comes a line per path, fields between tabs, the path last:
 *
 *     f MODE SIZE MTIME SHA256 PATH     d MODE MADE PATH     l TARGET PATH
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/install.h"

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

struct kh_install_file kh_install_file_of(const json_t *file)
{
	const char *type = kh_json_get(file, "type");
	return (struct kh_install_file){
		.type = strcmp(type, "directory") == 0 ? KH_FILE_DIR
			: strcmp(type, "link") == 0    ? KH_FILE_LINK
			: strcmp(type, "file") == 0    ? KH_FILE_REGULAR
						       : KH_FILE_OTHER,
		.path = kh_json_get(file, "path"),
		.mode = (mode_t)number(file, "mode"),
		.size = number(file, "size"),
		.mtime = number(file, "mtime"),
		.digest = kh_json_get(file, "sha256"),
		.target = kh_json_get(file, "target"),
		.is_made = json_is_true(json_object_get(file, "made")),
	};
}

/* ---- reading ---- */

void kh_install_lines_init(struct kh_install_lines *lines, const json_t *record)
{
	lines->text = kh_strdup(kh_json_get(record, "list"));
	lines->next = lines->text;
}

void kh_install_lines_done(struct kh_install_lines *lines)
{
	kh_free(&lines->text);
}

/* Cut the next field off, at a tab or the end of the line. */
static char *field(char **next)
{
	char *start = *next;
	size_t length = strcspn(start, "\t");
	*next = start + length + (start[length] != '\0');
	start[length] = '\0';
	return start;
}

static struct kh_install_file read_line(char *line)
{
	struct kh_install_file file = {
		.type = KH_FILE_OTHER, .path = "", .digest = "", .target = ""};
	const char *type = field(&line);
	if (strcmp(type, "f") == 0) {
		file.type = KH_FILE_REGULAR;
		file.mode = (mode_t)strtoul(field(&line), NULL, 8);
		file.size = strtoll(field(&line), NULL, 10);
		file.mtime = strtoll(field(&line), NULL, 10);
		file.digest = field(&line);
	} else if (strcmp(type, "d") == 0) {
		file.type = KH_FILE_DIR;
		file.mode = (mode_t)strtoul(field(&line), NULL, 8);
		file.is_made = strcmp(field(&line), "made") == 0;
	} else if (strcmp(type, "l") == 0) {
		file.type = KH_FILE_LINK;
		file.target = field(&line);
	}
	file.path = line;
	return file;
}

/* Lines that say nothing (a record that somebody edited) are passed over. */
bool kh_install_lines_next(struct kh_install_lines *lines, struct kh_install_file *ret_file)
{
	while (lines->next && *lines->next) {
		char *line = lines->next;
		lines->next = strchrnul(line, '\n');
		if (*lines->next)
			*lines->next++ = '\0';
		*ret_file = read_line(line);
		if (ret_file->type != KH_FILE_OTHER && ret_file->path[0] == '/')
			return true;
	}
	return false;
}

static json_t *file_json(const struct kh_install_file *file)
{
	if (file->type == KH_FILE_DIR)
		return json_pack("{s:s, s:s, s:i, s:b}", "path", file->path, "type", "directory",
				 "mode", (int)file->mode, "made", (int)file->is_made);
	if (file->type == KH_FILE_LINK)
		return json_pack("{s:s, s:s, s:s}", "path", file->path, "type", "link", "target",
				 file->target);
	return json_pack("{s:s, s:s, s:i, s:I, s:I, s:s}", "path", file->path, "type", "file",
			 "mode", (int)file->mode, "size", (json_int_t)file->size, "mtime",
			 (json_int_t)file->mtime, "sha256", file->digest);
}

json_t *kh_install_files(const json_t *record)
{
	kh_auto(kh_install_lines_done) struct kh_install_lines lines = {0};
	struct kh_install_file file;
	json_t *files = json_array();
	kh_install_lines_init(&lines, record);
	while (kh_install_lines_next(&lines, &file))
		json_array_append_new(files, file_json(&file));
	return files;
}

/* ---- writing ---- */

static void add_line(struct kh_str *text, const struct kh_install_file *file)
{
	if (file->type == KH_FILE_DIR)
		kh_str_addf(text, "d\t%04o\t%s\t%s\n", (unsigned)file->mode,
			    file->is_made ? "made" : "found", file->path);
	else if (file->type == KH_FILE_LINK)
		kh_str_addf(text, "l\t%s\t%s\n", file->target, file->path);
	else
		kh_str_addf(text, "f\t%04o\t%lld\t%lld\t%s\t%s\n", (unsigned)file->mode, file->size,
			    file->mtime, file->digest, file->path);
}

char *kh_install_record_text(const json_t *header, const json_t *files)
{
	struct kh_str text = {0};
	size_t index;
	json_t *file;
	kh_auto(kh_free) char *line = json_dumps(header, JSON_COMPACT | JSON_SORT_KEYS);
	kh_str_addf(&text, "%s\n", line);
	json_array_foreach(files, index, file)
	{
		struct kh_install_file one = kh_install_file_of(file);
		add_line(&text, &one);
	}
	return kh_str_take(&text);
}

/* ---- comparing ---- */

static int compare_link(const struct kh_batch_dir *dir, const char *path, const char *wanted)
{
	kh_auto(kh_free) char *target = kh_root_readlink(dir->root, path);
	return target && strcmp(target, wanted) == 0 ? 0 : 1;
}

static int compare_digest(const struct kh_batch_dir *dir, const char *path, const char *wanted)
{
	char digest[KH_DIGEST_SIZE];
	kh_auto(kh_close) int fd = kh_root_open_file(dir->root, path, O_RDONLY | O_NOFOLLOW);
	if (fd < 0 || kh_digest_fd(fd, digest) != 0)
		return -1;
	return strcmp(digest, wanted) == 0 ? 0 : 1;
}

static int compare_file(const struct kh_batch_dir *dir, const char *path,
			const struct kh_install_file *wanted, const struct kh_install_file *known,
			bool wants_digest, const struct stat *status)
{
	/* A file of another owner is not safe, whatever is in it; without root rights it cannot be
	 * told who the owner should be. */
	bool is_ours = geteuid() != 0 || (status->st_uid == 0 && status->st_gid == getegid());
	if (!is_ours || status->st_size != wanted->size ||
	    (status->st_mode & 07777) != wanted->mode)
		return 1;
	bool is_known = known && known->mtime == kh_install_time(&status->st_mtim) &&
			strcmp(known->digest, wanted->digest) == 0;
	return is_known && !wants_digest ? 0 : compare_digest(dir, path, wanted->digest);
}

int kh_install_compare(struct kh_batch_dir *dir, const char *path,
		       const struct kh_install_file *wanted, const struct kh_install_file *known,
		       bool wants_digest, struct stat *ret_status)
{
	struct stat status = {0};
	int found = kh_batch_stat(dir, path, &status);
	if (found == 1)
		status = (struct stat){0};
	if (ret_status)
		*ret_status = status;
	if (found != 0)
		return found;
	if (wanted->type == KH_FILE_LINK)
		return S_ISLNK(status.st_mode) ? compare_link(dir, path, wanted->target) : 1;
	if (wanted->type == KH_FILE_DIR)
		return S_ISDIR(status.st_mode) || kh_root_is_dir(dir->root, path) ? 0 : 1;
	if (!S_ISREG(status.st_mode))
		return 1;
	return compare_file(dir, path, wanted, known, wants_digest, &status);
}
