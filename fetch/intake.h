/* intake.h - where the bytes of an archive go, all at once, and the verdict at the end.
 *
 * digest, file (to be kept), process that unpacks, gpgv. Bytes are added in order, wherever they
 * come from: the kept archive, the partial one of an earlier run, one response or several. When a
 * server makes us start anew, kh_intake_restart() clears all of it.
 *
 *     begin  add... [restart add...]  finish  done
 *
 * That unpacking fails does not stop it: bytes are added and hashed to the end, as an archive that
 * is not the wanted one is better told by its digest than by what is odd in it.
 */
#ifndef KH_FETCH_INTAKE_H
#define KH_FETCH_INTAKE_H

#include <stdbool.h>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/child.h"
#include "fetch/job.h"
#include "fetch/signature.h"

struct kh_intake {
	const struct kh_job *job;
	bool checks_signature;
	struct kh_digest digest;
	long long bytes;
	struct kh_child child;
	struct kh_gpgv gpgv;
	bool is_started;    /* the two above: with the first bytes */
	bool is_child_deaf; /* it ended before the archive did */
};

struct kh_verdict {
	struct kh_extracted extracted;
	struct kh_strv confined;
	char *signer;
};

int kh_intake_begin(struct kh_intake *intake, const struct kh_job *job, bool checks_signature,
		    struct kh_error *err);
/* From nothing; the partial file is emptied only when clears_partial. */
int kh_intake_restart(struct kh_intake *intake, bool clears_partial, struct kh_error *err);
/* is_new: also into the partial file. Errors: KH_HOST "more than N bytes"; KH_SYSTEM. */
int kh_intake_add(struct kh_intake *intake, const void *bytes, size_t length, bool is_new,
		  struct kh_error *err);
/* Whether what came so far is the wanted archive. */
bool kh_intake_is_whole(const struct kh_intake *intake, char ret_hex[KH_DIGEST_SIZE]);
/* The wanted archive is complete: wait for what was made of it. Errors: KH_HOST for an archive or
 * a signature that is refused, KH_SYSTEM. */
int kh_intake_finish(struct kh_intake *intake, struct kh_verdict *ret_verdict,
		     struct kh_error *err);
void kh_intake_done(struct kh_intake *intake);
void kh_verdict_done(struct kh_verdict *verdict);

#endif
