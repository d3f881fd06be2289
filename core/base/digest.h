/* digest.h - SHA-256 as lower-case hexadecimal text (nettle does the work). */
#ifndef KH_BASE_DIGEST_H
#define KH_BASE_DIGEST_H

#include <stddef.h>

enum { KH_DIGEST_SIZE = 65 }; /* 64 digits and the terminator */

void kh_digest_bytes(const void *bytes, size_t length, char ret_hex[KH_DIGEST_SIZE]);
/* Of a whole file, whatever its size and wherever its offset is, which stays. Returns 0, or -1 with
 * errno. */
int kh_digest_fd(int fd, char ret_hex[KH_DIGEST_SIZE]);

#endif
