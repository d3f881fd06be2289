/* report_put.c - see report.h: a report goes to standard output or into a file.
 *
 * A link is followed to the file that it leads to, which keeps its owner, mode and attributes. The
 * kernel does the following, at one moment, since it refuses links that somebody else left in /tmp;
 * what is written after that is the name it came to, and a link that stands there by then is
 * replaced. Source: proc_sys_fs(5), protected_symlinks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/report.h"
#include "core/base/file.h"
#include "core/base/mem.h"

static int write_all(int fd, const char *text, const char *path, struct kh_error *err)
{
	for (size_t left = strlen(text); left > 0;) {
		ssize_t done = write(fd, text, left);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return kh_fail(err, KH_SYSTEM, errno, "write '%s'", path);
		text += done;
		left -= (size_t)done;
	}
	return 0;
}

/* A pipe, a device: there is nothing to replace. */
static int write_into(const char *path, const char *text, struct kh_error *err)
{
	kh_auto(kh_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", path);
	return write_all(fd, text, path, err);
}

/* Readers (node_exporter, a web server) see the old file or the new one. */
static int put(const char *path, const char *text, const struct kh_file_state *meta,
	       struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root live = KH_ROOT_INIT;
	if (kh_root_open("/", &live, err) != 0)
		return -1;
	return kh_file_put_itself(&live, path, text, strlen(text), meta, err);
}

/* The name of an open file; owned, or NULL. */
static char *name_of(int fd)
{
	kh_auto(kh_free) char *link = kh_printf("/proc/self/fd/%d", fd);
	char name[PATH_MAX];
	ssize_t length = readlink(link, name, sizeof(name));
	return length > 0 && (size_t)length < sizeof(name) ? kh_strndup(name, (size_t)length)
							   : NULL;
}

static int put_over(int fd, const char *host_path, const char *text, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root live = KH_ROOT_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state old = {.type = KH_FILE_ABSENT};
	kh_auto(kh_free) char *path = name_of(fd);
	if (!path)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", host_path);
	if (kh_root_open("/", &live, err) != 0 || kh_file_look_digest(&live, path, &old, err) != 0)
		return -1;
	return put(path, text, &old, err);
}

/* As open(2) would make it: with the group of a directory that hands its own down. */
static int put_new(const char *host_path, const char *text, struct kh_error *err)
{
	const char *slash = strrchr(host_path, '/');
	const char *name = slash ? slash + 1 : host_path;
	kh_auto(kh_free) char *above =
		slash ? kh_strndup(host_path, (size_t)(name - host_path)) : kh_strdup(".");
	kh_auto(kh_free) char *parent = realpath(above, NULL);
	struct stat status;
	if (lstat(host_path, &status) == 0)
		return kh_fail(err, KH_USAGE, 0, "'%s' is a link that leads nowhere", host_path);
	if (!parent || stat(parent, &status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", host_path);
	/* the umask is our own: start.c */
	const struct kh_file_state meta = {.mode = 0644,
					   .uid = geteuid(),
					   .gid = status.st_mode & S_ISGID ? status.st_gid
									   : getegid()};
	kh_auto(kh_free) char *path =
		kh_printf("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name);
	return put(path, text, &meta, err);
}

int kh_report_put(const char *host_path, const char *text, struct kh_error *err)
{
	struct stat status;
	if (!host_path || strcmp(host_path, "-") == 0) {
		fputs(text, stdout);
		return 0;
	}
	kh_auto(kh_close) int fd = open(host_path, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return put_new(host_path, text, err);
	if (fd < 0 || fstat(fd, &status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", host_path);
	if (S_ISDIR(status.st_mode))
		return kh_fail(err, KH_USAGE, 0, "'%s' is a directory", host_path);
	if (!S_ISREG(status.st_mode))
		return write_into(host_path, text, err);
	return put_over(fd, host_path, text, err);
}
