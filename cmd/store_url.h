/* store_url.h - artifacts over HTTP; see store_url.c. */
#ifndef KH_STORE_URL_H
#define KH_STORE_URL_H

#include "cmd/cmd.h"

bool kh_store_is_url(const char *word);
/* "URL#sha256=DIGEST": fetched by the worker, compared, and imported as kh_store_import() does. */
int kh_store_import_url(const struct kh_options *options, struct kh_session *session,
			const char *word, struct kh_strv *ret_imported, struct kh_strv *ret_present,
			struct kh_error *err);
/* SHA-256 of a file; owned, or NULL with errno. */
char *kh_store_digest(const char *host_path);

#endif
