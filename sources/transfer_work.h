/* transfer_work.h - the files of one transfer: opened for the worker, published or removed after.
 *
 * Everything is opened here, with our rights; the worker's account gets descriptors and one
 * directory of its own, TREE.partial-PID. What it made there is looked at without following a link
 * of its, and gets its name by rename.
 */
#ifndef KH_SOURCES_TRANSFER_WORK_H
#define KH_SOURCES_TRANSFER_WORK_H

#include "sources/transfer.h"

struct kh_transfer_work {
	const struct kh_transfer *transfer;
	int parent_fd; /* of the directory `name` */
	char *name;    /* "linux.partial-1234" */
	int fd, partial_fd, validator_fd, kept_fd, keyring_fd, signature_fd;
	int *url_fds, *signature_fds; /* as kh_job_url.fd: -1 not there, -2 not readable */
	size_t url_count, signature_count;
};

int kh_transfer_work_open(const struct kh_transfer *transfer, struct kh_transfer_work *ret_work,
			  struct kh_error *err);
/* It is what was wanted. top: the directory in work/tree that is the tree, or "". is_new: the
 * archive came now, and is the partial file. */
int kh_transfer_work_publish(struct kh_transfer_work *work, const char *top, bool is_new,
			     struct kh_error *err);
/* The kept file is not the wanted one. */
void kh_transfer_work_drop_kept(struct kh_transfer_work *work);
/* Remove what is left: the directory, and the partial file unless the rest may come later. */
void kh_transfer_work_close(struct kh_transfer_work *work);

/* Path of a file:// URL, percent-decoded, owned; NULL when the URL is no such or of another host.
 * Source: RFC 8089 */
char *kh_transfer_file_path(const char *url);

#endif
