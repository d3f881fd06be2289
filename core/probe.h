/* probe.h - questions about the machine that only a system call answers: room, rights, locks.
 *
 * They only look, below the root, and take no lock themselves.
 */
#ifndef KH_PROBE_H
#define KH_PROBE_H

#include <stdbool.h>

#include "core/base/root.h"

/* Bytes that root can still write to the file system of PATH, or of the nearest directory above it
 * that exists; -1 when that cannot be told. */
long long kh_probe_free_bytes(const struct kh_root *root, const char *path);
bool kh_probe_is_read_only(const struct kh_root *root, const char *path);
bool kh_probe_is_superuser(void);

struct kh_probe_lock {
	char *path;    /* of the lock, NULL: none is held */
	long long pid; /* of the holder, 0: not known */
	char *program; /* its name, or NULL */
};

/* A package manager at work on the live root: dpkg and apt (fcntl locks), rpm (fcntl lock), yum and
 * dnf (files with the pid). On another root nothing is. Source: dpkg(1) "lock-frontend",
 * rpm's rpmlock.c, yum's yum.pid, dnf/lock.py. */
void kh_probe_package_manager(const struct kh_root *root, struct kh_probe_lock *ret_lock);
void kh_probe_lock_done(struct kh_probe_lock *lock);

/* Does somebody listen on this local socket? Read from /proc/net/unix: nothing is woken up by it.
 * Source: net/unix/af_unix.c, unix_seq_show() (flag 0x10000: it accepts connections). */
bool kh_probe_is_listening(const struct kh_root *root, const char *path);
/* Does it accept a connection, within a second? Only asked on the live root. A daemon behind a
 * systemd socket is started by that. */
bool kh_probe_answers(const struct kh_root *root, const char *path);

#endif
