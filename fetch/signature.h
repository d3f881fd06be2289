/* signature.h - gpgv over a stream: is it signed by a key of the keyring?
 *
 * gpgv (of GnuPG; in every Debian, and in gnupg2 of CentOS) gets the signature and the keyring as
 * files of the work directory, and the signed bytes through a pipe: the archive as it comes, or the
 * uncompressed tar from the process that unpacks. Only a good signature by a key of the keyring
 * counts, one that is not revoked and had not expired when it signed. Source: gpgv(1); GnuPG's
 * doc/DETAILS, "Format of the --status-fd output"
 */
#ifndef KH_FETCH_SIGNATURE_H
#define KH_FETCH_SIGNATURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"

enum { KH_SIGNATURE_BYTES = 64 * 1024, KH_KEYRING_BYTES = 16 << 20 };

/* A keyring of KH_KEYRING_BYTES at most, with its ASCII armor taken off (gpgv reads none), into
 * WORK. Errors: KH_CONFIG for a file that is no keyring. */
int kh_signature_put_keyring(int work_fd, int keyring_fd, struct kh_error *err);
int kh_signature_put(int work_fd, const struct kh_str *signature, struct kh_error *err);

struct kh_gpgv {
	pid_t pid; /* 0: there is none */
	int data_fd, status_fd;
};

#define KH_GPGV_INIT                                                                               \
	{                                                                                          \
		0, -1, -1                                                                          \
	}

/* Both files must have been put. */
int kh_gpgv_start(int work_fd, struct kh_gpgv *ret_gpgv, struct kh_error *err);
/* No more bytes come (whoever else has data_fd has closed it). *ret_signer: "NAME (FINGERPRINT)".
 * Errors: KH_HOST for a signature that is not good, KH_PROGRAM where gpgv is missing. */
int kh_gpgv_finish(struct kh_gpgv *gpgv, char **ret_signer, struct kh_error *err);
void kh_gpgv_stop(struct kh_gpgv *gpgv);

/* What the lines of --status-fd say; for tests. */
int kh_gpgv_judge(const char *status, char **ret_signer, struct kh_error *err);
/* TEXT without its armor, several blocks in a row; text that has none stays. For tests. */
int kh_signature_dearmor(const struct kh_str *text, struct kh_str *ret_bytes, struct kh_error *err);

#endif
