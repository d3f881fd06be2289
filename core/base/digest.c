/* digest.c - see digest.h. */
#include "core/base/digest.h"

#include <errno.h>
#include <nettle/base16.h>
#include <unistd.h>

#include "core/base/mem.h"

enum { BLOCK_BYTES = 128 << 10 };

void kh_digest_begin(struct kh_digest *digest)
{
	sha256_init(&digest->context);
}

void kh_digest_add(struct kh_digest *digest, const void *bytes, size_t length)
{
	sha256_update(&digest->context, length, bytes);
}

void kh_digest_end(struct kh_digest *digest, char ret_hex[KH_DIGEST_SIZE])
{
	uint8_t bytes[SHA256_DIGEST_SIZE];
	sha256_digest(&digest->context, sizeof(bytes), bytes);
	base16_encode_update(ret_hex, sizeof(bytes), bytes);
	ret_hex[BASE16_ENCODE_LENGTH(sizeof(bytes))] = '\0';
}

void kh_digest_bytes(const void *bytes, size_t length, char ret_hex[KH_DIGEST_SIZE])
{
	struct kh_digest digest;
	kh_digest_begin(&digest);
	kh_digest_add(&digest, bytes, length);
	kh_digest_end(&digest, ret_hex);
}

int kh_digest_fd(int fd, char ret_hex[KH_DIGEST_SIZE])
{
	struct kh_digest digest;
	kh_auto(kh_free) uint8_t *block = kh_alloc(BLOCK_BYTES);
	off_t at = 0;
	kh_digest_begin(&digest);
	for (;;) {
		ssize_t got = pread(fd, block, BLOCK_BYTES, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		kh_digest_add(&digest, block, (size_t)got);
		at += got;
	}
	kh_digest_end(&digest, ret_hex);
	return 0;
}
