/* seccomp.h - the system calls that unpacking needs, and no others.
 *
 * A list of what is allowed, so that what a future kernel adds is not. What starts a program, makes
 * a socket, traces or looks for privileges ends the process; anything else that is not on the list
 * fails with EPERM, for which the C library has a way round. Memory can not become executable.
 */
#ifndef KH_FETCH_SECCOMP_H
#define KH_FETCH_SECCOMP_H

/* For this process and its threads to come; no_new_privs must be set. Returns 0, or -1 with errno
 * when the kernel or the architecture has it not. */
int kh_seccomp_apply(void);

#endif
