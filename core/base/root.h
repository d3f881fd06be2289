/* root.h - the tree that is read and changed: "/" of this machine, or any directory (--root DIR).
 *
 * A root is a descriptor. Every path given to these functions is absolute as seen from inside the
 * root ("/etc/fstab"); symbolic links and ".." are resolved inside it and cannot lead out. Tests
 * and
 * --root use this one mechanism; neither needs privileges. Nothing here changes anything: that is
 * file.h. Absence is an outcome (1), not an error.
 *
 * Source: openat2(2), RESOLVE_IN_ROOT; kernels before 5.6 (CentOS 7's 3.10) lack it: there links
 * are followed in user space, one component at a time.
 */
#ifndef KH_BASE_ROOT_H
#define KH_BASE_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct kh_root {
	int fd;          /* O_PATH */
	char *host_path; /* where it is on the machine we run on, for messages and for libraries */
	bool is_live;    /* host_path is "/": running values, modules and programs may be touched */
};

#define KH_ROOT_INIT                                                                               \
	{                                                                                          \
		-1, NULL, false                                                                    \
	}

int kh_root_open(const char *host_path, struct kh_root *ret_root, struct kh_error *err);
void kh_root_done(struct kh_root *root);

/* Open PATH for reading (flags: O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_PATH...; O_CLOEXEC is added).
 * Returns the descriptor or -1 with errno. */
int kh_root_open_at(const struct kh_root *root, const char *path, int flags);
/* The same for what has to be a regular file: the one gate for files that others may have put
 * there. Opening alone may wait (a FIFO), rewind a tape or start a watchdog, so what it is shows
 * before it is opened. errno besides those of open(2): EISDIR, and EINVAL for anything else that is
 * no regular file. flags: as above, or O_WRONLY with O_APPEND. */
int kh_root_open_file(const struct kh_root *root, const char *path, int flags);

/* The whole file as text (terminated; *ret_length, which may be NULL, is without the terminator).
 * Returns 0, 1 when there is no such file, -1. Files of /proc and /sys (size 0) are read to the
 * end; more than 64 MiB is an error (KH_SYSTEM), found out without reading where the size says it,
 * and so is what is no regular file. */
int kh_root_read(const struct kh_root *root, const char *path, char **ret_text, size_t *ret_length,
		 struct kh_error *err);
/* The same for readers of facts, where a missing or unreadable file is simply an absent fact:
 * owned text or NULL. The _line form cuts white space at both ends; 16 KiB and more are no line (a
 * file of /proc or /sys has at most 4 KiB): NULL. */
char *kh_root_text(const struct kh_root *root, const char *path);
char *kh_root_line(const struct kh_root *root, const char *path);
char *kh_root_linef(const struct kh_root *root, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A decimal number in a file, or -1 when absent or not a number. */
long long kh_root_number(const struct kh_root *root, const char *path);
long long kh_root_numberf(const struct kh_root *root, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool kh_root_exists(const struct kh_root *root, const char *path); /* links followed */
bool kh_root_is_dir(const struct kh_root *root, const char *path);
bool kh_root_is_executable(const struct kh_root *root, const char *path); /* a file with an x bit */
/* Returns 0, 1 when absent, -1. follow: of a final symbolic link. */
int kh_root_stat(const struct kh_root *root, const char *path, bool follow, struct stat *ret_status,
		 struct kh_error *err);
char *kh_root_readlink(const struct kh_root *root, const char *path); /* owned, or NULL */

/* Names in a directory, sorted by bytes, without "." and ".."; appended to names. A directory that
 * is missing has none. */
void kh_root_list(const struct kh_root *root, const char *path, struct kh_strv *names);

/* PATH with every symbolic link (a final one too) and ".." replaced, still as seen from inside the
 * root. Components that do not exist are kept as they are. Returns owned text; NULL when links go
 * in circles. */
char *kh_root_resolve(const struct kh_root *root, const char *path);

/* First of the NULL-terminated candidate paths that is an executable file, or NULL. */
const char *kh_root_find_program(const struct kh_root *root, const char *const *candidates);
/* NAME looked for in /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin of the root:
 * owned path or NULL. */
char *kh_root_which(const struct kh_root *root, const char *name);

#endif
