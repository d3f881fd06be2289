/* transfer_start.h - kvmhost-fetch as a process of the account that does the work.
 *
 * It gets a socket as its standard streams, the descriptors of the transfer under their numbers,
 * proxies and certificates of our environment, and nothing else of ours; it dies with us.
 */
#ifndef KH_SOURCES_TRANSFER_START_H
#define KH_SOURCES_TRANSFER_START_H

#include <sys/types.h>

#include "sources/transfer_work.h"

/* *ret_fd: our end of the socket. Leads a process group of its own. Errors: KH_PROGRAM when the
 * program is not there, KH_SYSTEM. */
int kh_transfer_start(const struct kh_transfer *transfer, const struct kh_transfer_work *work,
		      pid_t *ret_pid, int *ret_fd, struct kh_error *err);
/* Where the program is, as kh_transfer_start() finds it. Owned; NULL with *err (KH_PROGRAM). */
char *kh_transfer_program(struct kh_error *err);

#endif
