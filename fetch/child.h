/* child.h - the process that unpacks: started, fed, asked for its verdict.
 *
 * It is a fork that confines itself (confine.h), runs kh_extract_run() and writes one line of JSON
 * about it. What comes from it is believed no more than what it read: kvmhost looks at the tree
 * itself.
 */
#ifndef KH_FETCH_CHILD_H
#define KH_FETCH_CHILD_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/extract.h"
#include "fetch/job.h"

struct kh_child {
	pid_t pid;     /* 0: there is none */
	int data_fd;   /* the archive goes in here */
	int status_fd; /* the line comes out here */
};

#define KH_CHILD_INIT                                                                              \
	{                                                                                          \
		0, -1, -1                                                                          \
	}

/* tree_fd, tar_fd: as in struct kh_extract_job. */
int kh_child_start(const struct kh_job *job, int tree_fd, int tar_fd, struct kh_child *ret_child,
		   struct kh_error *err);
/* No more bytes come. ret_active: what confined it. Errors: what it found, or how it ended. */
int kh_child_finish(struct kh_child *child, struct kh_extracted *ret_extracted,
		    struct kh_strv *ret_active, struct kh_error *err);
void kh_child_stop(struct kh_child *child); /* at once; may be called on one that is not there */

#endif
