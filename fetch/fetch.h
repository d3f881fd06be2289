/* fetch.h - a job done: the wanted archive from wherever it is, unpacked, its signature checked.
 *
 * In turn: the archive that is kept; the partial one of an earlier run, and the rest of it; each
 * URL. Everything goes through one intake (intake.h), whose digest has the last word.
 */
#ifndef KH_FETCH_FETCH_H
#define KH_FETCH_FETCH_H

#include <jansson.h>

#include "core/base/error.h"
#include "fetch/job.h"

/* Returns 0 and the result event's fields; 1 when no URL has the file (*err says which were tried);
 * -1. Errors: KH_HOST for an archive or signature that is refused, KH_CONFIG for the keyring,
 * KH_PROGRAM (gpgv), KH_SYSTEM. */
int kh_fetch_run(const struct kh_job *job, json_t **ret_result, struct kh_error *err);

#endif
