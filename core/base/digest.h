/* digest.h - SHA-256 as lower-case hexadecimal text (nettle does the work). */
#ifndef KH_BASE_DIGEST_H
#define KH_BASE_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>

enum { KH_DIGEST_SIZE = 65 }; /* 64 digits and the terminator */

void kh_digest_bytes(const void *bytes, size_t length, char ret_hex[KH_DIGEST_SIZE]);
/* Of a whole file, whatever its size and wherever its offset is, which stays. Returns 0, or -1 with
 * errno. */
int kh_digest_fd(int fd, char ret_hex[KH_DIGEST_SIZE]);

/* The same piece by piece: begin, add..., end. A copy of the struct is a fork of the stream: ending
 * the copy tells the digest so far. */
struct kh_digest {
	struct sha256_ctx context;
};

void kh_digest_begin(struct kh_digest *digest);
void kh_digest_add(struct kh_digest *digest, const void *bytes, size_t length);
void kh_digest_end(struct kh_digest *digest, char ret_hex[KH_DIGEST_SIZE]);

#endif
