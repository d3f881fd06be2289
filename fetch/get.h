/* get.h - a file from one URL: redirects, retries with back-off, going on after a cut.
 *
 * What is done with the bytes is the receiver's; how far it is decides where the next request
 * begins. A cut, a stall or a busy server is tried again, with a pause that doubles each time (and
 * is never less than the server asks for, never more than a minute); a try that brought a good
 * piece starts the count anew. A host that cannot be reached at all gets two tries only.
 *
 * A redirect never leads from https to http, nor to anything else but these; ten of them at most.
 */
#ifndef KH_FETCH_GET_H
#define KH_FETCH_GET_H

#include <stdbool.h>

#include "fetch/http.h"
#include "fetch/job.h"

struct kh_get_receiver {
	void *data;
	long long (*count)(void *data);                       /* bytes it has */
	const char *(*if_range)(void *data, const char *url); /* to go on from there, or NULL */
	bool (*begin)(void *data, const char *url, const struct kh_http_head *head);
	bool (*body)(void *data, const void *bytes, size_t length);
	bool (*forget)(void *data);   /* the server has nothing after count(): from the start */
	bool (*is_short)(void *data); /* the response is complete, the file is not */
};

enum kh_get_result {
	KH_GET_DONE,
	KH_GET_ABSENT,
	KH_GET_FAILED,
	KH_GET_STOPPED, /* by the receiver, which knows why */
};

/* ret_why: set unless DONE or STOPPED; owned. */
enum kh_get_result kh_get_run(struct kh_http *http, const char *url,
			      const struct kh_job_limits *limits,
			      const struct kh_get_receiver *receiver, char **ret_why);

/* Why a redirect may not be followed, or NULL. */
const char *kh_get_hop_fault(const char *from, const char *to);
/* URL without the password in it, for messages; owned. */
char *kh_get_shown(const char *url);
/* The pause before try `count` + 1, for RANDOM in 0..1. */
long long kh_get_pause_ms(long long base_ms, long long count, double random);

#endif
