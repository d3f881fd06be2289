/* digest.c - see digest.h. */
#include "core/base/digest.h"

#include <errno.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "core/base/mem.h"

enum { BLOCK_BYTES = 128 << 10 };

static void give_hex(struct sha256_ctx *context, char ret_hex[KH_DIGEST_SIZE])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_digest(context, sizeof(digest), digest);
	base16_encode_update(ret_hex, sizeof(digest), digest);
	ret_hex[BASE16_ENCODE_LENGTH(sizeof(digest))] = '\0';
}

void kh_digest_bytes(const void *bytes, size_t length, char ret_hex[KH_DIGEST_SIZE])
{
	struct sha256_ctx context;
	sha256_init(&context);
	sha256_update(&context, length, bytes);
	give_hex(&context, ret_hex);
}

int kh_digest_fd(int fd, char ret_hex[KH_DIGEST_SIZE])
{
	struct sha256_ctx context;
	kh_auto(kh_free) uint8_t *block = kh_alloc(BLOCK_BYTES);
	off_t at = 0;
	sha256_init(&context);
	for (;;) {
		ssize_t got = pread(fd, block, BLOCK_BYTES, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		sha256_update(&context, (size_t)got, block);
		at += got;
	}
	give_hex(&context, ret_hex);
	return 0;
}
