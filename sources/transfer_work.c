/* transfer_work.c - see transfer_work.h. */
#include "sources/transfer_work.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sweep.h"
#include "core/base/sys.h"

enum { FD_ABSENT = -1, FD_SHUT = -2 };

/* ---- file:// ---- */

static int hex_value(char digit)
{
	const char *digits = "0123456789abcdef";
	const char *at = digit ? strchr(digits, tolower((unsigned char)digit)) : NULL;
	return at ? (int)(at - digits) : -1;
}

char *kh_transfer_file_path(const char *url)
{
	if (strncasecmp(url, "file://", 7) != 0)
		return NULL;
	const char *path = strchr(url + 7, '/');
	size_t host_length = path ? (size_t)(path - url - 7) : 1;
	bool is_here =
		host_length == 0 || (host_length == 9 && strncasecmp(url + 7, "localhost", 9) == 0);
	if (!is_here)
		return NULL;
	struct kh_str text = {0};
	for (; *path; path++) {
		int high = path[0] == '%' ? hex_value(path[1]) : -1;
		int low = high >= 0 ? hex_value(path[2]) : -1;
		char byte = low >= 0 ? (char)(high * 16 + low) : *path;
		kh_str_add_bytes(&text, &byte, 1);
		path += low >= 0 ? 2 : 0;
	}
	return kh_str_take(&text);
}

/* A file that the configuration names is read with our rights, not with those of the worker. */
static int open_url(const char *url)
{
	kh_auto(kh_free) char *path = kh_transfer_file_path(url);
	struct stat status;
	if (!path)
		return strncasecmp(url, "file:", 5) == 0 ? FD_SHUT : FD_ABSENT;
	kh_auto(kh_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? FD_ABSENT : FD_SHUT;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return FD_SHUT;
	int result = fd;
	fd = -1;
	return result;
}

static int *open_urls(const struct kh_strv *urls, size_t *ret_count)
{
	size_t count = urls ? urls->count : 0;
	int *fds = kh_alloc((count + 1) * sizeof(*fds));
	for (size_t i = 0; i < count; i++)
		fds[i] = open_url(urls->items[i]);
	*ret_count = count;
	return fds;
}

static void close_urls(int **fds, size_t count)
{
	for (size_t i = 0; *fds && i < count; i++)
		kh_close(&(*fds)[i]);
	kh_free(fds);
}

/* ---- beside the archive ---- */

static int open_beside(const char *keep, const char *suffix, int *ret_fd, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s", keep, suffix);
	int fd = kh_sys_create(AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", path);
	*ret_fd = fd;
	return 0;
}

static int open_kept(struct kh_transfer_work *work, struct kh_error *err)
{
	const struct kh_transfer *transfer = work->transfer;
	if (!transfer->keep)
		return 0;
	if (open_beside(transfer->keep, ".partial", &work->partial_fd, err) != 0)
		return -1;
	if (flock(work->partial_fd, LOCK_EX | LOCK_NB) != 0) {
		kh_close(&work->partial_fd); /* it is not ours to remove */
		return kh_fail(err, KH_SYSTEM, 0, "'%s' is being fetched by another process",
			       transfer->name);
	}
	if (open_beside(transfer->keep, ".partial.json", &work->validator_fd, err) != 0)
		return -1;
	if (transfer->keyring && open_beside(transfer->keep, ".sig", &work->signature_fd, err) != 0)
		return -1;
	work->kept_fd = open(transfer->keep, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (work->kept_fd < 0 && errno != ENOENT)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", transfer->keep);
	return 0;
}

static void remove_beside(const char *keep, const char *suffix)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s", keep, suffix);
	kh_sys_unlink(AT_FDCWD, path, 0);
}

static bool is_empty(int fd)
{
	struct stat status;
	return fd < 0 || fstat(fd, &status) != 0 || status.st_size == 0;
}

/* ---- the worker's directory ---- */

/* What a run that was killed left: its process is no more. */
static void sweep_stale(int parent_fd, const char *base)
{
	kh_auto(kh_free) char *prefix = kh_printf("%s.partial-", base);
	int copy = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kh_auto(kh_closedir) DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir) {
		kh_close(&copy);
		return;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		long long pid = kh_str_starts(entry->d_name, prefix)
					? kh_str_number(entry->d_name + strlen(prefix))
					: -1;
		if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			kh_sweep_tree(parent_fd, entry->d_name);
	}
}

static int make_dir(struct kh_transfer_work *work, struct kh_error *err)
{
	const struct kh_transfer *transfer = work->transfer;
	const char *base = strrchr(work->name, '/');
	kh_auto(kh_free) char *path = work->name;
	kh_auto(kh_free) char *parent =
		base ? kh_strndup(path, (size_t)(base - path)) : kh_strdup(".");
	const char *last = base ? base + 1 : path;
	work->name = kh_printf("%s.partial-%d", last, (int)getpid());
	work->parent_fd = open(parent[0] ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work->parent_fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", parent);
	sweep_stale(work->parent_fd, last);
	if (kh_sweep_tree(work->parent_fd, work->name) != 0 ||
	    kh_sys_mkdir(work->parent_fd, work->name, 0700) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "make '%s/%s'", parent, work->name);
	work->fd = openat(work->parent_fd, work->name,
			  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work->fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s/%s'", parent, work->name);
	if (transfer->uid != 0 && geteuid() == 0 &&
	    kh_sys_fchown(work->fd, transfer->uid, transfer->gid, work->name) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "give '%s/%s' to its account", parent,
			       work->name);
	return 0;
}

static int check_free(const char *tree, struct kh_error *err)
{
	struct stat status;
	if (!tree || (lstat(tree, &status) != 0 && errno == ENOENT))
		return 0;
	return kh_fail(err, KH_SYSTEM, EEXIST, "unpack to '%s'", tree);
}

static int open_all(struct kh_transfer_work *work, struct kh_error *err)
{
	const struct kh_transfer *transfer = work->transfer;
	if (check_free(transfer->tree, err) != 0 || make_dir(work, err) != 0 ||
	    open_kept(work, err) != 0)
		return -1;
	work->url_fds = open_urls(transfer->urls, &work->url_count);
	work->signature_fds = open_urls(transfer->signature_urls, &work->signature_count);
	if (!transfer->keyring)
		return 0;
	work->keyring_fd = open(transfer->keyring, O_RDONLY | O_CLOEXEC);
	if (work->keyring_fd >= 0)
		return 0;
	kh_fail(err, KH_CONFIG, errno, "open the keyring '%s'", transfer->keyring);
	return kh_hint(err, "see 'sources.keyring' in the configuration");
}

int kh_transfer_work_open(const struct kh_transfer *transfer, struct kh_transfer_work *ret_work,
			  struct kh_error *err)
{
	struct kh_transfer_work work = {
		.transfer = transfer,
		.parent_fd = -1,
		.name = kh_strdup(transfer->tree ? transfer->tree : transfer->keep),
		.fd = -1,
		.partial_fd = -1,
		.validator_fd = -1,
		.kept_fd = -1,
		.keyring_fd = -1,
		.signature_fd = -1,
	};
	*ret_work = work;
	if (!work.name)
		return kh_fail(err, KH_SYSTEM, 0, "'%s': neither a tree nor a file is wanted",
			       transfer->name);
	if (open_all(ret_work, err) == 0)
		return 0;
	kh_transfer_work_close(ret_work);
	return kh_wrap(err, "fetch '%s'", transfer->name);
}

/* ---- afterwards ---- */

/* The worker names the directory; it is believed only as far as it is one, of one component. */
static int publish_tree(struct kh_transfer_work *work, const char *top, struct kh_error *err)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	const char *tree = work->transfer->tree;
	kh_auto(kh_close) int tree_fd = openat(work->fd, "tree", FLAGS);
	bool is_odd = strchr(top, '/') || strcmp(top, ".") == 0 || strcmp(top, "..") == 0;
	kh_auto(kh_close) int top_fd =
		tree_fd >= 0 && !is_odd && top[0] ? openat(tree_fd, top, FLAGS) : -1;
	if (tree_fd < 0 || is_odd || (top[0] && top_fd < 0))
		return kh_fail(err, KH_SYSTEM, tree_fd < 0 ? errno : 0,
			       "the unpacked tree of '%s' is not what was said",
			       work->transfer->name);
	/* What a name promises must be on the disk before the name is. */
	if (syncfs(tree_fd) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", tree);
	int result = top[0] ? renameat(tree_fd, top, AT_FDCWD, tree)
			    : renameat(work->fd, "tree", AT_FDCWD, tree);
	if (result != 0 || fsync(work->parent_fd) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "name '%s'", tree);
	return 0;
}

static int publish_archive(struct kh_transfer_work *work, bool is_new, struct kh_error *err)
{
	const char *keep = work->transfer->keep;
	kh_auto(kh_free) char *partial = kh_printf("%s.partial", keep);
	if (!is_new)
		return 0;
	if (rename(partial, keep) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "name '%s'", keep);
	remove_beside(keep, ".partial.json");
	kh_close(&work->partial_fd);
	return 0;
}

int kh_transfer_work_publish(struct kh_transfer_work *work, const char *top, bool is_new,
			     struct kh_error *err)
{
	if (work->transfer->keep && publish_archive(work, is_new, err) != 0)
		return -1;
	return work->transfer->tree ? publish_tree(work, top, err) : 0;
}

void kh_transfer_work_drop_kept(struct kh_transfer_work *work)
{
	if (work->kept_fd < 0)
		return;
	remove_beside(work->transfer->keep, "");
	remove_beside(work->transfer->keep, ".sig");
}

static void close_kept(struct kh_transfer_work *work)
{
	const char *keep = work->transfer->keep;
	bool can_go_on = !is_empty(work->partial_fd) && !is_empty(work->validator_fd);
	if (keep && work->partial_fd >= 0 && !can_go_on) {
		remove_beside(keep, ".partial");
		remove_beside(keep, ".partial.json");
	}
	if (keep && work->signature_fd >= 0 && is_empty(work->signature_fd))
		remove_beside(keep, ".sig");
}

void kh_transfer_work_close(struct kh_transfer_work *work)
{
	close_kept(work);
	if (work->fd >= 0)
		kh_sweep_tree(work->parent_fd, work->name);
	close_urls(&work->url_fds, work->url_count);
	close_urls(&work->signature_fds, work->signature_count);
	kh_close(&work->fd);
	kh_close(&work->parent_fd);
	kh_close(&work->partial_fd);
	kh_close(&work->validator_fd);
	kh_close(&work->kept_fd);
	kh_close(&work->keyring_fd);
	kh_close(&work->signature_fd);
	kh_free(&work->name);
}
