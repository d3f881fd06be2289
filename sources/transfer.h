/* transfer.h - one archive from its URLs to an unpacked tree, in one pass over the bytes.
 *
 * The work is done by a program of its own, kvmhost-fetch (fetch/): only it links libcurl and
 * libarchive. It downloads, hashes, decompresses and extracts at the same time; what touches
 * unverified bytes runs as the unprivileged build account, without network, and may write only into
 * its directory. The tree gets its name when the digest (and the signature) is the wanted one;
 * otherwise nothing of it is left and the error has both digests.
 *
 * The archive itself is kept beside it when `keep` is given, so that a cut transfer is resumed
 * (also by a later run), a lock or a bundle can be made, and a second signature check needs no
 * network: keep.partial with keep.partial.json while it comes, keep.sig when it was signed.
 */
#ifndef KH_SOURCES_TRANSFER_H
#define KH_SOURCES_TRANSFER_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/engine.h"
#include "core/plan.h"

/* What tests make shorter; 0: as usual. */
struct kh_transfer_limits {
	long long stall_ms;       /* without a byte: a cut; 30 s */
	long long retry_ms;       /* before the first retry, doubled each time; 1 s */
	long long download_bytes; /* at most, when size_bytes is not known; 4 GiB */
	long long unpacked_bytes; /* at most; 8 GiB */
	long long entries;        /* at most; 1,000,000 */
};

struct kh_transfer {
	const char *name;           /* of the file: "linux-6.12.104.tar.xz" */
	const struct kh_strv *urls; /* tried in turn; https, http, file */
	long long size_bytes;       /* -1: not known */
	const char *sha256;         /* wanted; never NULL */
	const char *keep;           /* host path of the archive to keep, or NULL */
	const char *tree;           /* host path of the tree to make, or NULL: only the file */
	const char *keyring;        /* signature wanted: host path of the keyring, or NULL */
	const struct kh_strv *signature_urls;
	bool is_signature_of_tar; /* kernel.org signs the uncompressed tar */
	bool keeps_top;           /* an only top directory ("debian") stays in the tree; otherwise
				   * it becomes the tree */
	unsigned uid, gid;        /* of the account that does it; 0: as whoever runs */
	struct kh_transfer_limits limits;
};

struct kh_transfer_result {
	char *signer; /* "Greg Kroah-Hartman <...> (FINGERPRINT)", or NULL: not asked for */
	long long size_bytes;
	char *url;               /* that worked; NULL: what was kept was enough */
	struct kh_strv confined; /* what locked in the process that unpacked: "landlock", ... */
};

/* Returns 0; 1 when no URL has the file (404 and the like; *err says which were tried); -1.
 * Progress goes to making->sink as KH_EVENT_PROGRESS, in bytes; retries are notes.
 * Errors: KH_HOST for an archive or a signature that is refused, and when no URL has the right
 * one; KH_CONFIG for a keyring that is none; KH_PROGRAM when the worker or gpgv is missing;
 * KH_SYSTEM for the network and this machine: then what came so far stays as keep.partial, for the
 * next run. The tree must not be there yet; its parent directory and that of `keep` must. Nothing
 * else may fetch the same file meanwhile: that is refused. Environment: http_proxy, https_proxy,
 * all_proxy, no_proxy; CURL_CA_BUNDLE or SSL_CERT_FILE for certificates of one's own;
 * KVMHOST_LIBEXEC, the directory of the worker, for tests. Source: curl(1), "ENVIRONMENT" */
int kh_transfer_run(const struct kh_making *making, const struct kh_transfer *transfer,
		    struct kh_transfer_result *ret_result, struct kh_error *err);
void kh_transfer_result_done(struct kh_transfer_result *result);

#endif
