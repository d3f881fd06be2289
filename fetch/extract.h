/* extract.h - from the bytes of an archive to files below a directory.
 *
 * One pass: decode (decode.h), hand the uncompressed stream on to who checks its signature, read it
 * as tar (an rpm package: as cpio) with libarchive, judge each member (member.h), put it below the
 * directory (place.h). What is more than the bounds allow, damaged, cut off, or followed by
 * something else is refused; a part of the tree is there then, and is for the caller to remove.
 * Runs in the confined child.
 */
#ifndef KH_FETCH_EXTRACT_H
#define KH_FETCH_EXTRACT_H

#include <stdbool.h>

#include "core/base/error.h"

struct kh_extract_job {
	int in_fd;   /* the archive */
	int tree_fd; /* an empty directory, or -1: decode only */
	int tar_fd;  /* gets the uncompressed stream, -1: nobody. May be closed by its reader */
	unsigned threads;
	bool keeps_top;
	long long unpacked_bytes, entries; /* bounds */
};

struct kh_extracted {
	char *top; /* the one directory that is the tree proper; "" when it is the whole */
	long long entries, unpacked_bytes;
};

/* Uncompressed bytes per compressed one beyond which an archive is no source code; and how many
 * bytes may come before that is looked at. */
enum { KH_EXTRACT_RATIO = 200, KH_EXTRACT_RATIO_FROM_MIB = 64 };

/* Errors: KH_HOST for what the archive should not be or have, KH_SYSTEM. */
int kh_extract_run(const struct kh_extract_job *job, struct kh_extracted *ret_extracted,
		   struct kh_error *err);
void kh_extracted_done(struct kh_extracted *extracted);

#endif
