/* install.h - the inside of a change that installs or removes a whole tree (installed.h).
 *
 * Shared by planning (plan_install*.c), the journal, performing and undo; stages see installed.h.
 * An entry is one path that changes; what is as it should be is no entry. Entries are in the order
 * of work: directories before what is in them, then what is removed, files before the directories
 * they are in. Contents stay in the store until they are copied.
 */
#ifndef KH_INSTALL_H
#define KH_INSTALL_H

#include <jansson.h>

#include "core/base/batch.h"
#include "core/base/file.h"
#include "core/plan.h"

struct kh_install_entry {
	char *path;             /* settled: no links in it */
	char *from;             /* files: in the store, below the same root */
	enum kh_file_type type; /* what it becomes; ABSENT: it is removed */
	mode_t mode;
	size_t size;
	struct timespec mtime;
	char digest[KH_DIGEST_SIZE];
	char *target;
	struct kh_file_state old; /* as found when planned, by stat(2) only */
};

struct kh_install {
	char *name; /* "qemu 7.2.22" */
	struct kh_install_entry *entries;
	size_t count;
	size_t tree_files; /* files and links of the whole tree, changed or not */
};

void kh_install_free(struct kh_install *install);
struct kh_install_entry *kh_install_add(struct kh_install *install, const char *path,
					enum kh_file_type type);

/* "install qemu 7.2.22 below /usr/local: 312 files, 112M; 12 new directories; replaces 3 files".
 * Owned. */
char *kh_install_title(const struct kh_install *install, bool is_removal);
/* Lines that name what is replaced and removed, the first few of them. */
void kh_install_describe(const struct kh_install *install, struct kh_str *out);
json_t *kh_install_json(const struct kh_install *install); /* array of entries */
/* "put", "link", "directory", "remove" or "rmdir". */
const char *kh_install_kind(const struct kh_install_entry *entry);

/* Is there room on every file system that gets files, and for what is kept of the old ones? KH_HOST
 * when not, or when one is mounted read-only. */
int kh_install_check_room(const struct kh_root *root, const struct kh_install *install,
			  struct kh_error *err);
/* KH_HOST when the distribution's package manager has one of these paths (dpkg; where there is none
 * nothing is known). Source: dpkg(1), FILES: info/PACKAGE.list has the paths of a package, a line
 * each. */
int kh_install_check_packages(const struct kh_root *root, const struct kh_strv *paths,
			      struct kh_error *err);

/* Make it real; the record is not written yet. */
int kh_install_perform(const struct kh_root *root, const struct kh_install *install,
		       struct kh_error *err);

/* ---- records ---- */

struct kh_install_file { /* one path of a manifest or a record; texts are borrowed */
	enum kh_file_type type;
	const char *path;
	mode_t mode;        /* files */
	long long size;     /* files */
	long long mtime;    /* files of a record */
	const char *digest; /* files */
	const char *target; /* links */
	bool is_made;       /* directories of a record: by us */
};
/* From a file of a manifest, or of kh_install_files(). */
struct kh_install_file kh_install_file_of(const json_t *file);

/* The files of a record one after the other, without building JSON. */
struct kh_install_lines {
	char *text, *next;
};
void kh_install_lines_init(struct kh_install_lines *lines, const json_t *record);
bool kh_install_lines_next(struct kh_install_lines *lines, struct kh_install_file *ret_file);
void kh_install_lines_done(struct kh_install_lines *lines);
/* All of them: an array of objects as in a manifest, with "mtime" (files) and "made" (directories).
 * A new reference. */
json_t *kh_install_files(const json_t *record);
/* A record as it is written: the header as one line of JSON, then such files, a line each. Owned.
 */
char *kh_install_record_text(const json_t *header, const json_t *files);

/* Is at `path` what `wanted` says (for a directory, a link to one will do)? known: the same path in
 * a record, or NULL; where size, mode and time are as recorded and the record has the wanted
 * digest, nothing is read, unless wants_digest. Returns 0, 1 when it is something else or absent,
 * -1 with errno. ret_status (may be NULL): all 0 when absent. */
int kh_install_compare(struct kh_batch_dir *dir, const char *path,
		       const struct kh_install_file *wanted, const struct kh_install_file *known,
		       bool wants_digest, struct stat *ret_status);

/* The directory of records; made when it is missing. */
extern const char *const kh_installed_dir;
char *kh_installed_path(const char *program); /* of its record; owned */

/* Time of change in nanoseconds since the epoch, as records have it. */
long long kh_install_time(const struct timespec *time);
struct timespec kh_install_timespec(long long nanoseconds);

#endif
