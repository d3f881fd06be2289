/* job.h - what kvmhost-fetch is told, and how it answers.
 *
 * kvmhost (sources/transfer.c) writes one JSON object to the worker's standard input and closes it:
 *
 *     {"name": "linux-6.12.104.tar.xz", "urls": ["https://…"], "size_bytes": 145000000 or -1,
 *      "sha256": "…", "unpacks": bool, "keeps_top": bool, "signature_urls": […],
 *      "is_signature_of_tar": bool, "limits": {"stall_ms": 30000, …}, "url_fds": [-1, …],
 *      "signature_fds": […], "work_fd": 5, "partial_fd": 6, "validator_fd": 7, "kept_fd": 8,
 *      "keyring_fd": 9, "kept_signature_fd": 10}
 *
 * Files come as descriptors that are already open, so that the worker's account needs no right to
 * any directory but `work`; that is so for file:// URLs, too (url_fds: in the order of the URLs; -1
 * for a file that is not there and for other URLs, -2 for one that cannot be read). The worker
 * answers with JSON lines on its standard output:
 *
 *     {"event": "progress", "done": 1048576, "of": 145000000}             of -1: not known
 *     {"event": "note", "text": "…"}                                      a retry, another URL
 *     {"event": "kept is wrong"}                                          remove it
 *     {"event": "result", "url": "…", "size_bytes": n, "signer": "…", "top": "linux-6.12.104",
 *      "entries": n, "unpacked_bytes": n, "confined": ["seccomp", …], "from":
 * "kept|partial|network"}
 *     {"event": "error", "is_absent": bool, "code": 5, "message": "…", "hint": "…"}
 *
 * "text", "message" and "hint" are English; in a reader's language they come besides, as
 * "message_shown" and so on (kh_json_put_message).
 *
 * The last line is a result or an error. The tree is work/tree; "top" names the one directory in it
 * that is the tree proper, or is "" when the tree is as it came.
 */
#ifndef KH_FETCH_JOB_H
#define KH_FETCH_JOB_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/digest.h"
#include "core/base/error.h"

struct kh_job_limits {
	long long stall_ms;       /* without a byte: a cut */
	long long retry_ms;       /* before the first retry; doubled each time */
	long long tries;          /* of one URL in a row that bring nothing new */
	long long download_bytes; /* at most, when the size is not known */
	long long unpacked_bytes; /* at most */
	long long entries;        /* at most */
};

struct kh_job_url {
	char *url;
	int fd; /* file://: the file, KH_JOB_NO_FILE or KH_JOB_SHUT_FILE */
};

enum { KH_JOB_NO_FILE = -1, KH_JOB_SHUT_FILE = -2 };

struct kh_job_urls {
	struct kh_job_url *items;
	size_t count;
};

struct kh_job {
	char *name;
	struct kh_job_urls urls, signature_urls;
	long long size_bytes; /* -1: not known */
	char sha256[KH_DIGEST_SIZE];
	bool unpacks;   /* into work/tree */
	bool keeps_top; /* a single top directory is not taken off */
	bool is_signature_of_tar;
	struct kh_job_limits limits;
	int work_fd;           /* directory that is ours */
	int partial_fd;        /* the archive as far as it came; -1: it is not kept */
	int validator_fd;      /* ETag and the like of the partial one; -1: none */
	int kept_fd;           /* an archive that is already here; -1: none */
	int keyring_fd;        /* -1: no signature is asked for */
	int kept_signature_fd; /* of an earlier run, to be written by this one; -1: none */
};

/* Errors: KH_USAGE, naming what is wrong. */
int kh_job_read(const json_t *object, struct kh_job *ret_job, struct kh_error *err);
void kh_job_done(struct kh_job *job);

#endif
