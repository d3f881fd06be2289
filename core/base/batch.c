/* batch.c - see batch.h. */
#include "core/base/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file_private.h"
#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/base/sys.h"

/* ---- one directory after the other ---- */

void kh_batch_dir_done(struct kh_batch_dir *dir)
{
	kh_close(&dir->fd);
	kh_free(&dir->path);
}

/* The parent directory of PATH, open. Returns 0, or -1 with errno. */
static int enter(struct kh_batch_dir *dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (dir->path && strncmp(dir->path, path, length) == 0 && !dir->path[length]) {
		errno = dir->error;
		return dir->fd < 0 ? -1 : 0;
	}
	kh_batch_dir_done(dir);
	dir->path = kh_strndup(path, length);
	dir->fd = kh_root_open_at(dir->root, length ? dir->path : "/", O_RDONLY | O_DIRECTORY);
	dir->error = dir->fd < 0 ? errno : 0;
	return dir->fd < 0 ? -1 : 0;
}

int kh_batch_stat(struct kh_batch_dir *dir, const char *path, struct stat *ret_status)
{
	if (enter(dir, path) == 0 &&
	    fstatat(dir->fd, strrchr(path, '/') + 1, ret_status, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR ? 1 : -1;
}

/* ---- the work ---- */

struct system { /* a file system that was written to */
	dev_t device;
	int fd;
	char *path; /* a directory of it */
};

struct work {
	struct kh_batch_dir dir;
	struct system *systems;
	size_t system_count;
};

static void work_done(struct work *work)
{
	kh_batch_dir_done(&work->dir);
	for (size_t i = 0; i < work->system_count; i++) {
		kh_close(&work->systems[i].fd);
		free(work->systems[i].path);
	}
	free(work->systems);
}

static int remember_system(struct work *work)
{
	struct stat status;
	if (fstat(work->dir.fd, &status) != 0)
		return -1;
	for (size_t i = 0; i < work->system_count; i++)
		if (work->systems[i].device == status.st_dev)
			return 0;
	int fd = fcntl(work->dir.fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	*kh_append(work->systems, work->system_count) =
		(struct system){.device = status.st_dev,
				.fd = fd,
				.path = kh_strdup(*work->dir.path ? work->dir.path : "/")};
	return 0;
}

/* The place of PATH; its descriptor is borrowed from the directory that is held open. */
static int find_place(struct work *work, const char *path, struct kh_file_place *place,
		      struct kh_error *err)
{
	if (enter(&work->dir, path) != 0 || remember_system(work) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "open the directory of '%s'", path);
	place->dir_fd = work->dir.fd;
	place->name = kh_strdup(strrchr(path, '/') + 1);
	place->temporary = kh_printf(".%s.kvmhost-new", place->name);
	return 0;
}

static void place_leave(struct kh_file_place *place)
{
	place->dir_fd = -1;
	kh_file_place_done(place);
}

static int make_dir(const struct kh_file_place *place, const struct kh_batch_op *op)
{
	mode_t mask = umask(0);
	int made = kh_sys_mkdir(place->dir_fd, place->name, op->meta->mode);
	int error = errno;
	umask(mask);
	struct stat status;
	if (made != 0 && error == EEXIST &&
	    fstatat(place->dir_fd, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode))
		return 0; /* an earlier run came this far */
	if (made != 0) {
		errno = error;
		return -1;
	}
	kh_auto(kh_close) int fd =
		openat(place->dir_fd, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0)
		return -1;
	bool is_right = status.st_uid == op->meta->uid && status.st_gid == op->meta->gid &&
			(status.st_mode & 07777) == op->meta->mode;
	return is_right ? 0 : kh_file_give_attributes(fd, op->meta, op->path);
}

static int make_dirs(struct work *work, const struct kh_batch_op *ops, size_t count,
		     struct kh_error *err)
{
	for (size_t i = 0; i < count; i++) {
		kh_auto(place_leave) struct kh_file_place place = KH_FILE_PLACE_INIT;
		if (ops[i].type != KH_FILE_DIR)
			continue;
		if (find_place(work, ops[i].path, &place, err) != 0)
			return -1;
		if (make_dir(&place, &ops[i]) != 0)
			return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", ops[i].path);
	}
	return 0;
}

/* ---- first half: beside their places ---- */

static int stage(struct work *work, const struct kh_batch_op *op, struct kh_error *err)
{
	kh_auto(place_leave) struct kh_file_place place = KH_FILE_PLACE_INIT;
	char digest[KH_DIGEST_SIZE] = "";
	if (find_place(work, op->path, &place, err) != 0)
		return -1;
	int result;
	if (op->type == KH_FILE_LINK)
		result = kh_file_place_clean(&place) == 0
				 ? kh_sys_symlink(op->target, place.dir_fd, place.temporary)
				 : -1;
	else
		result = kh_file_stage_copy(work->dir.root, op->from, &place, op->meta, false,
					    op->digest ? digest : NULL);
	if (result != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", op->path);
	if (op->type == KH_FILE_REGULAR && op->digest && strcmp(digest, op->digest) != 0)
		return kh_fail(err, KH_VERIFY, 0, "'%s' is damaged: it has the digest %s, not %s",
			       op->from, digest, op->digest);
	return 0;
}

static bool is_put(const struct kh_batch_op *op)
{
	return op->type == KH_FILE_REGULAR || op->type == KH_FILE_LINK;
}

static int stage_all(struct work *work, const struct kh_batch_op *ops, size_t count,
		     struct kh_error *err)
{
	size_t files = 0, done = 0;
	for (size_t i = 0; i < count; i++)
		files += is_put(&ops[i]);
	for (size_t i = 0; i < count; i++) {
		if (!is_put(&ops[i]))
			continue;
		if (stage(work, &ops[i], err) != 0)
			return -1;
		kh_progress_tell(&(struct kh_progress){ops[i].path, ++done, files, "files"});
	}
	return 0;
}

static int sync_all(const struct work *work, struct kh_error *err)
{
	for (size_t i = 0; i < work->system_count; i++)
		if (kh_sys_syncfs(work->systems[i].fd) != 0)
			return kh_fail(err, KH_SYSTEM, errno,
				       "write to disk what is new on the file system of '%s'",
				       work->systems[i].path);
	return 0;
}

/* Is what we are about to replace or remove still what it was? */
static int check_expected(struct work *work, const struct kh_batch_op *op, struct kh_error *err)
{
	struct stat status;
	struct kh_file_state now = {.type = KH_FILE_ABSENT};
	const struct kh_file_state *wanted = op->expected;
	int found = wanted ? kh_batch_stat(&work->dir, op->path, &status) : 0;
	if (found < 0)
		return kh_fail(err, KH_SYSTEM, errno, "look at '%s'", op->path);
	if (!wanted)
		return 0;
	if (found == 0)
		kh_file_take_stat(&status, &now);
	bool is_same = now.type == wanted->type;
	if (is_same && now.type != KH_FILE_ABSENT && now.type != KH_FILE_DIR)
		is_same = now.mode == wanted->mode && now.length == wanted->length &&
			  now.mtime.tv_sec == wanted->mtime.tv_sec &&
			  now.mtime.tv_nsec == wanted->mtime.tv_nsec;
	if (is_same)
		return 0;
	kh_fail(err, KH_SYSTEM, 0, "'%s' was changed while kvmhost was at work", op->path);
	return kh_hint(err, "nothing was written to it; run the command again");
}

/* ---- second half: all at once ---- */

static int publish(struct work *work, const struct kh_batch_op *op, struct kh_error *err)
{
	kh_auto(place_leave) struct kh_file_place place = KH_FILE_PLACE_INIT;
	if (find_place(work, op->path, &place, err) != 0)
		return -1;
	if (kh_sys_rename(place.dir_fd, place.temporary, place.name) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", op->path);
	return 0;
}

static int remove_one(struct work *work, struct kh_batch_op *op, struct kh_error *err)
{
	kh_auto(place_leave) struct kh_file_place place = KH_FILE_PLACE_INIT;
	struct stat status;
	int found = kh_batch_stat(&work->dir, op->path, &status);
	if (found == 1)
		return 0;
	if (found < 0)
		return kh_fail(err, KH_SYSTEM, errno, "remove '%s'", op->path);
	if (find_place(work, op->path, &place, err) != 0)
		return -1;
	if (kh_sys_unlink(place.dir_fd, place.name, op->is_dir ? AT_REMOVEDIR : 0) == 0)
		return 0;
	op->has_stayed = op->is_dir && (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY ||
					errno == ENOTDIR);
	return op->has_stayed ? 0 : kh_fail(err, KH_SYSTEM, errno, "remove '%s'", op->path);
}

/* Files as they come, then directories, the innermost first. */
static int publish_all(struct work *work, struct kh_batch_op *ops, size_t count,
		       struct kh_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (is_put(&ops[i]) && publish(work, &ops[i], err) != 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		if (ops[i].type == KH_FILE_ABSENT && !ops[i].is_dir &&
		    remove_one(work, &ops[i], err) != 0)
			return -1;
	for (size_t i = count; i > 0; i--) {
		struct kh_batch_op *op = &ops[i - 1];
		if (op->type != KH_FILE_ABSENT || !op->is_dir)
			continue;
		if (remove_one(work, op, err) != 0)
			return -1;
		kh_batch_dir_done(&work->dir); /* it may have been this one */
	}
	return 0;
}

static int clean(struct work *work, const struct kh_batch_op *ops, size_t count,
		 struct kh_error *err)
{
	for (size_t i = 0; i < count; i++) {
		kh_auto(place_leave) struct kh_file_place place = KH_FILE_PLACE_INIT;
		if (ops[i].is_dir || ops[i].type == KH_FILE_DIR ||
		    enter(&work->dir, ops[i].path) != 0)
			continue; /* no parent directory: nothing can be left in it */
		if (find_place(work, ops[i].path, &place, err) != 0)
			return -1;
		if (kh_file_place_clean(&place) != 0)
			return kh_fail(err, KH_SYSTEM, errno, "clean up beside '%s'", ops[i].path);
	}
	return 0;
}

static int do_all(struct work *work, struct kh_batch_op *ops, size_t count, struct kh_error *err)
{
	if (make_dirs(work, ops, count, err) != 0 || stage_all(work, ops, count, err) != 0 ||
	    sync_all(work, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (check_expected(work, &ops[i], err) != 0)
			return -1;
	return publish_all(work, ops, count, err) != 0 ? -1 : sync_all(work, err);
}

int kh_batch_do(const struct kh_root *root, struct kh_batch_op *ops, size_t count,
		struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.dir = KH_BATCH_DIR_INIT(root)};
	if (do_all(&work, ops, count, err) == 0)
		return 0;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	clean(&work, ops, count, &ignored);
	return -1;
}

int kh_batch_clean(const struct kh_root *root, const struct kh_batch_op *ops, size_t count,
		   struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.dir = KH_BATCH_DIR_INIT(root)};
	return clean(&work, ops, count, err);
}
