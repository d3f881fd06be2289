/* report_put.c - see report.h: a report goes to standard output or into a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/report.h"
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

static int finish(int fd, const char *temporary, const char *path, const char *text,
		  struct kh_error *err)
{
	mode_t mask = umask(0);
	umask(mask);
	if (write_all(fd, text, path, err) != 0)
		return -1;
	if (fchmod(fd, 0644 & ~mask) != 0 || fsync(fd) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", path);
	if (rename(temporary, path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "rename '%s' to '%s'", temporary, path);
	return 0;
}

/* Readers (node_exporter, a web server) see the old file or the new one. */
static int replace(const char *path, const char *text, struct kh_error *err)
{
	kh_auto(kh_free) char *temporary = kh_printf("%s.XXXXXX", path);
	kh_auto(kh_close) int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "make a file beside '%s'", path);
	if (finish(fd, temporary, path, text, err) == 0)
		return 0;
	unlink(temporary);
	return -1;
}

int kh_report_put(const char *host_path, const char *text, struct kh_error *err)
{
	struct stat status;
	if (!host_path || strcmp(host_path, "-") == 0) {
		fputs(text, stdout);
		return 0;
	}
	if (stat(host_path, &status) == 0 && S_ISDIR(status.st_mode))
		return kh_fail(err, KH_USAGE, 0, "'%s' is a directory", host_path);
	if (stat(host_path, &status) == 0 && !S_ISREG(status.st_mode))
		return write_into(host_path, text, err);
	return replace(host_path, text, err);
}
