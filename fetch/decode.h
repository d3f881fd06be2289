/* decode.h - the uncompressed bytes of an archive, block by block.
 *
 * xz is decoded by liblzma itself, on several threads where the file has several blocks and liblzma
 * can (5.4 and later); gzip, bzip2, zstd and lz4 by libarchive's filters (which never run a program
 * here); a plain tar goes through. Of an rpm package the payload comes, a cpio archive. All of the
 * input is consumed: what follows the compressed stream is an error, as is a stream that ends too
 * early.
 */
#ifndef KH_FETCH_DECODE_H
#define KH_FETCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/error.h"

struct kh_decode;

enum { KH_DECODE_BLOCK = 128 * 1024 };

/* in_fd stays the caller's. threads: at most. Errors: KH_HOST for input that is no archive. */
int kh_decode_open(int in_fd, unsigned threads, struct kh_decode **ret_decode,
		   struct kh_error *err);
/* The next block: always of KH_DECODE_BLOCK bytes but for the last one.
 * Returns its length; 0 at the end; -1 (KH_HOST: damaged, KH_SYSTEM). */
ssize_t kh_decode_read(struct kh_decode *decode, unsigned char block[KH_DECODE_BLOCK],
		       struct kh_error *err);
bool kh_decode_is_rpm(const struct kh_decode *decode);     /* the bytes are cpio, not tar */
long long kh_decode_taken(const struct kh_decode *decode); /* bytes of input so far */
void kh_decode_free(struct kh_decode **decode);

#endif
