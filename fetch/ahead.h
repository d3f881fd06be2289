/* ahead.h - decoding in a thread of its own, a few blocks ahead of whoever uses them.
 *
 * Unpacking then costs the longer of decompressing and writing files, not their sum: an archive of
 * one xz block keeps one processor busy whatever liblzma could do with more. A thread and not a
 * process, so that the confinement it began in holds for it. Without a thread (the account's limit
 * is reached) each block is decoded when it is asked for.
 */
#ifndef KH_FETCH_AHEAD_H
#define KH_FETCH_AHEAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct kh_ahead;

/* As kh_decode_open(). */
int kh_ahead_open(int in_fd, unsigned threads, struct kh_ahead **ret_ahead, struct kh_error *err);
/* The next block, valid until the next call; at the end *ret_block is not touched and the last one
 * stays. Returns its length as kh_decode_read() does; 0 at the end and -1 also when asked again. */
ssize_t kh_ahead_read(struct kh_ahead *ahead, const unsigned char **ret_block,
		      struct kh_error *err);
/* Bytes of input it took to decode up to the last block read. */
long long kh_ahead_taken(const struct kh_ahead *ahead);
bool kh_ahead_is_rpm(const struct kh_ahead *ahead); /* as kh_decode_is_rpm() */
/* Waits for the thread, which may wait for input: for its next byte or its end. */
void kh_ahead_free(struct kh_ahead **ahead);

#endif
