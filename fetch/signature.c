/* signature.c - see signature.h. */
#include "fetch/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

static const char begin_line[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
static const char end_line[] = "-----END PGP PUBLIC KEY BLOCK-----";

static int read_all(int fd, size_t most, struct kh_str *text)
{
	char block[8192];
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			return 0;
		if (got > 0)
			kh_str_add_bytes(text, block, (size_t)got);
		if (text->length > most) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* The lines of one block between its headers and its checksum ("=XXXX"). */
static int decode_block(const char *text, const char *end, struct kh_str *bytes)
{
	struct base64_decode_ctx context;
	bool is_body = false;
	base64_decode_init(&context);
	for (const char *line = text; line < end; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\r\n");
		uint8_t out[BASE64_DECODE_LENGTH(1024)];
		size_t got = sizeof(out);
		if (line[0] == '=')
			break;
		if (is_body &&
		    (length > 1024 || !base64_decode_update(&context, &got, out, length, line)))
			return -1;
		if (is_body)
			kh_str_add_bytes(bytes, out, got);
		is_body |= length == 0;
	}
	return base64_decode_final(&context) ? 0 : -1;
}

int kh_signature_dearmor(const struct kh_str *text, struct kh_str *ret_bytes, struct kh_error *err)
{
	const char *all = kh_str_text(text), *at = strstr(all, begin_line);
	bool is_binary = text->length > 0 && (all[0] & 0x80); /* of every OpenPGP packet */
	if (is_binary) {
		kh_str_add_bytes(ret_bytes, text->text, text->length);
		return 0;
	}
	for (; at; at = strstr(at, begin_line)) {
		const char *end = strstr(at, end_line), *body = strchr(at, '\n');
		if (!end || !body || decode_block(body + 1, end, ret_bytes) != 0)
			return kh_fail(err, KH_CONFIG, 0, "keyring: its ASCII armor is damaged");
		at = end;
	}
	if (ret_bytes->length > 0)
		return 0;
	kh_fail(err, KH_CONFIG, 0, "keyring: there is no OpenPGP public key in it");
	return kh_hint(err, "export one with 'gpg --export KEY > FILE'");
}

static int put(int work_fd, const char *name, const struct kh_str *bytes, struct kh_error *err)
{
	kh_auto(kh_close) int fd =
		kh_sys_create(work_fd, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || kh_sys_write_all(fd, kh_str_text(bytes), bytes->length, name) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", name);
	return 0;
}

int kh_signature_put_keyring(int work_fd, int keyring_fd, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0}, bytes = {0};
	if (read_all(keyring_fd, KH_KEYRING_BYTES, &text) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read the keyring");
	if (kh_signature_dearmor(&text, &bytes, err) != 0)
		return -1;
	return put(work_fd, "keyring.gpg", &bytes, err);
}

int kh_signature_put(int work_fd, const struct kh_str *signature, struct kh_error *err)
{
	return put(work_fd, "signature", signature, err);
}
