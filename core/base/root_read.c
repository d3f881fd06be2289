/* root_read.c - reading files below a root; see root.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/root.h"

static const size_t most_bytes = 64UL << 20;

/* ---- regular files ---- */

static int check_regular(int fd)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return -1;
	if (S_ISREG(status.st_mode))
		return 0;
	errno = S_ISDIR(status.st_mode) ? EISDIR : S_ISLNK(status.st_mode) ? ELOOP : EINVAL;
	return -1;
}

int kh_root_open_file(const struct kh_root *root, const char *path, int flags)
{
	char self[64];
	kh_auto(kh_close) int found = kh_root_open_at(root, path, O_PATH | (flags & O_NOFOLLOW));
	if (found < 0 || check_regular(found) != 0)
		return -1;
	/* The very file that was looked at, whatever has taken its name since. Without /proc the
	 * name is looked up again. */
	int wanted = flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	int fd = open(self, wanted & ~O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		fd = kh_root_open_at(root, path, wanted);
	if (fd >= 0 && check_regular(fd) != 0)
		kh_close(&fd);
	return fd;
}

/* ---- reading ---- */

static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static int read_all(int fd, struct kh_str *text)
{
	char block[16384];
	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return 0;
		kh_str_add_bytes(text, block, (size_t)got);
		if (text->length > most_bytes) {
			errno = EFBIG;
			return -1;
		}
	}
}

int kh_root_read(const struct kh_root *root, const char *path, char **ret_text, size_t *ret_length,
		 struct kh_error *err)
{
	struct stat status;
	kh_auto(kh_close) int fd = kh_root_open_file(root, path, O_RDONLY);
	if (fd < 0 && is_absent(errno))
		return 1;
	if (fd < 0 && errno == EINVAL)
		return kh_fail(err, KH_SYSTEM, 0, "read '%s': not a regular file", path);
	if (fd < 0 || fstat(fd, &status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	if (status.st_size > (off_t)most_bytes)
		return kh_fail(err, KH_SYSTEM, EFBIG, "read '%s'", path);
	kh_auto(kh_str_done) struct kh_str text = {0};
	if (read_all(fd, &text) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	if (ret_length)
		*ret_length = text.length;
	*ret_text = kh_str_take(&text);
	return 0;
}

char *kh_root_text(const struct kh_root *root, const char *path)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	char *text = NULL;
	return kh_root_read(root, path, &text, NULL, &ignored) == 0 ? text : NULL;
}

char *kh_root_line(const struct kh_root *root, const char *path)
{
	enum { MOST_BYTES = 16 << 10 };
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	bool is_line = text && strnlen(text, MOST_BYTES) < MOST_BYTES;
	return is_line ? kh_strdup(kh_str_trim(text)) : NULL;
}

char *kh_root_linef(const struct kh_root *root, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *path = kh_vprintf(format, args);
	va_end(args);
	return kh_root_line(root, path);
}

long long kh_root_number(const struct kh_root *root, const char *path)
{
	kh_auto(kh_free) char *line = kh_root_line(root, path);
	return line ? kh_str_number(line) : -1;
}

long long kh_root_numberf(const struct kh_root *root, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *path = kh_vprintf(format, args);
	va_end(args);
	return kh_root_number(root, path);
}
