/* digest.c - see digest.h. */
#include "core/base/digest.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>

void kh_digest_bytes(const void *bytes, size_t length, char ret_hex[KH_DIGEST_SIZE])
{
	struct sha256_ctx context;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&context);
	sha256_update(&context, length, bytes);
	sha256_digest(&context, sizeof(digest), digest);
	base16_encode_update(ret_hex, sizeof(digest), digest);
	ret_hex[BASE16_ENCODE_LENGTH(sizeof(digest))] = '\0';
}
