/* detached.h - the signature of an archive, a small file of its own. */
#ifndef KH_FETCH_DETACHED_H
#define KH_FETCH_DETACHED_H

#include "core/base/str.h"
#include "fetch/http.h"
#include "fetch/job.h"

/* From the one that is kept beside the kept archive, else the first of signature_urls that has it.
 * *http is opened when needed. Errors: KH_HOST when there is none, KH_SYSTEM. */
int kh_detached_get(const struct kh_job *job, struct kh_http **http, struct kh_str *ret_signature,
		    struct kh_error *err);
/* It was good: keep it beside the archive, where that is kept. */
int kh_detached_keep(const struct kh_job *job, const struct kh_str *signature,
		     struct kh_error *err);

#endif
