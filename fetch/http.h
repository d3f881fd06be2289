/* http.h - one request for the bytes of a file, with libcurl.
 *
 * No retries and no redirects here: get.c decides about them. TLS certificates are verified, only
 * http and https are spoken, a response is taken as it is sent (no content coding). A stall (no
 * byte for stall_ms) is a cut. Time that our own callback takes does not count.
 * Source: libcurl's CURLOPT_* and curl_multi_* manual pages; RFC 9110 (HTTP semantics).
 */
#ifndef KH_FETCH_HTTP_H
#define KH_FETCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct kh_http;

/* What a 200 or 206 response says before its first byte. */
struct kh_http_head {
	long status;
	long long first; /* 206: the first byte it has; -1: it does not say */
	long long total; /* of the whole file, -1: not said */
	char *etag,
		*changed_at; /* ETag and Last-Modified, or NULL; an ETag only when it is strong */
};

enum kh_http_outcome {
	KH_HTTP_DONE,        /* all that was announced came */
	KH_HTTP_CUT,         /* ended, stalled or failed on the way; may be better next time */
	KH_HTTP_UNREACHABLE, /* no connection at all */
	KH_HTTP_BUSY,        /* 408, 429, 5xx: may be better later */
	KH_HTTP_RANGE,       /* 416: there is nothing from that byte on */
	KH_HTTP_MOVED,       /* redirect_url says where to */
	KH_HTTP_ABSENT,      /* 404, 410 */
	KH_HTTP_REFUSED,     /* another status, a certificate that does not verify, a bad URL */
	KH_HTTP_STOPPED,     /* a callback said so */
};

struct kh_http_request {
	const char *url;
	long long from;       /* first byte wanted */
	const char *if_range; /* ETag or date, or NULL */
	long long stall_ms;
	/* Return false to stop. `begin` comes once, before the first byte. */
	bool (*begin)(void *data, const struct kh_http_head *head);
	bool (*body)(void *data, const void *bytes, size_t length);
	void *data;
};

struct kh_http_reply {
	enum kh_http_outcome outcome;
	char *why; /* unless DONE: "503 Service Unavailable", "no byte for 30 s" */
	char *redirect_url;
	long long retry_after_ms; /* what the server asks for, or 0 */
};

int kh_http_open(struct kh_http **ret_http, struct kh_error *err);
void kh_http_get(struct kh_http *http, const struct kh_http_request *request,
		 struct kh_http_reply *ret_reply);
void kh_http_reply_done(struct kh_http_reply *reply);
void kh_http_close(struct kh_http **http);

#endif
