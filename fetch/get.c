/* get.c - see get.h. */
#include "fetch/get.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "fetch/event.h"

enum { MOST_HOPS = 10, MOST_PAUSE_MS = 60000, UNREACHABLE_TRIES = 2, GOOD_PIECE = 1 << 20 };

static bool is_scheme(const char *url, const char *scheme)
{
	size_t length = strlen(scheme);
	return strncasecmp(url, scheme, length) == 0 && strncmp(url + length, "://", 3) == 0;
}

const char *kh_get_hop_fault(const char *from, const char *to)
{
	if (is_scheme(to, "https"))
		return NULL;
	if (!is_scheme(to, "http"))
		return "a redirect to something that is neither https nor http";
	return is_scheme(from, "https") ? "a redirect from https to plain http" : NULL;
}

char *kh_get_shown(const char *url)
{
	const char *slashes = strstr(url, "://");
	const char *host = slashes ? slashes + 3 : url;
	size_t length = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', length);
	return at ? kh_printf("%.*s%s", (int)(host - url), url, at + 1) : kh_strdup(url);
}

long long kh_get_pause_ms(long long base_ms, long long count, double random)
{
	long long pause_ms = base_ms;
	for (long long i = 1; i < count && pause_ms < MOST_PAUSE_MS; i++)
		pause_ms *= 2;
	if (pause_ms > MOST_PAUSE_MS)
		pause_ms = MOST_PAUSE_MS;
	return pause_ms / 2 + (long long)((double)(pause_ms / 2) * random);
}

static double random_part(void)
{
	unsigned value = 0;
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		return 0.5;
	return (double)value / (double)UINT32_MAX;
}

static void pause_for(long long ms)
{
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

/* ---- one request, through its redirects ---- */

struct attempt {
	const struct kh_get_receiver *receiver;
	const char *url; /* the one we were told, whatever it redirects to */
	bool has_bytes;
};

static bool on_begin(void *data, const struct kh_http_head *head)
{
	struct attempt *attempt = data;
	return attempt->receiver->begin(attempt->receiver->data, attempt->url, head);
}

static bool on_body(void *data, const void *bytes, size_t length)
{
	struct attempt *attempt = data;
	attempt->has_bytes = true;
	return attempt->receiver->body(attempt->receiver->data, bytes, length);
}

static void refuse(struct kh_http_reply *reply, const char *why)
{
	kh_http_reply_done(reply);
	reply->outcome = KH_HTTP_REFUSED;
	reply->why = kh_strdup(why);
}

static void request_all(struct kh_http *http, struct attempt *attempt, long long stall_ms,
			struct kh_http_reply *ret_reply)
{
	const struct kh_get_receiver *receiver = attempt->receiver;
	kh_auto(kh_free) char *at = kh_strdup(attempt->url);
	for (int hops = 0;; hops++) {
		const struct kh_http_request request = {
			.url = at,
			.from = receiver->count(receiver->data),
			.if_range = receiver->if_range(receiver->data, attempt->url),
			.stall_ms = stall_ms,
			.begin = on_begin,
			.body = on_body,
			.data = attempt,
		};
		kh_http_get(http, &request, ret_reply);
		if (ret_reply->outcome != KH_HTTP_MOVED)
			return;
		const char *fault = kh_get_hop_fault(at, ret_reply->redirect_url);
		if (fault || hops >= MOST_HOPS) {
			refuse(ret_reply, fault ? fault : "more than 10 redirects");
			return;
		}
		kh_free(&at);
		at = kh_take(ret_reply->redirect_url);
		kh_http_reply_done(ret_reply);
	}
}

/* ---- tries ---- */

static bool can_be_better(const struct kh_http_reply *reply)
{
	return reply->outcome == KH_HTTP_CUT || reply->outcome == KH_HTTP_UNREACHABLE ||
	       reply->outcome == KH_HTTP_BUSY || reply->outcome == KH_HTTP_RANGE;
}

static enum kh_get_result end(struct kh_http_reply *reply, char **ret_why)
{
	if (reply->outcome == KH_HTTP_DONE)
		return KH_GET_DONE;
	if (reply->outcome == KH_HTTP_STOPPED)
		return KH_GET_STOPPED;
	*ret_why = kh_take(reply->why);
	return reply->outcome == KH_HTTP_ABSENT ? KH_GET_ABSENT : KH_GET_FAILED;
}

static void wait_before_next(const char *url, const struct kh_http_reply *reply, long long tries,
			     const struct kh_job_limits *limits)
{
	kh_auto(kh_free) char *shown = kh_get_shown(url);
	long long pause_ms = kh_get_pause_ms(limits->retry_ms, tries, random_part());
	if (pause_ms < reply->retry_after_ms)
		pause_ms = reply->retry_after_ms < MOST_PAUSE_MS ? reply->retry_after_ms
								 : MOST_PAUSE_MS;
	kh_event_note("%s: %s; trying again in %.1f s", shown, reply->why, (double)pause_ms / 1000);
	pause_for(pause_ms);
}

static enum kh_get_result fail(const struct kh_http_reply *reply, long long tries, char **ret_why)
{
	*ret_why = kh_printf("%s (tried %lld time%s)", reply->why, tries, tries == 1 ? "" : "s");
	return KH_GET_FAILED;
}

enum kh_get_result kh_get_run(struct kh_http *http, const char *url,
			      const struct kh_job_limits *limits,
			      const struct kh_get_receiver *receiver, char **ret_why)
{
	struct attempt attempt = {.receiver = receiver, .url = url};
	for (long long tries = 1;; tries++) {
		kh_auto(kh_http_reply_done) struct kh_http_reply reply = {0};
		long long before = receiver->count(receiver->data);
		request_all(http, &attempt, limits->stall_ms, &reply);
		if (reply.outcome == KH_HTTP_DONE && receiver->is_short(receiver->data)) {
			reply.outcome = KH_HTTP_CUT;
			reply.why = kh_strdup("the response ended too early");
		}
		if (reply.outcome == KH_HTTP_RANGE && !receiver->forget(receiver->data))
			return KH_GET_STOPPED;
		if (!can_be_better(&reply))
			return end(&reply, ret_why);
		if (receiver->count(receiver->data) - before >= GOOD_PIECE)
			tries = 1;
		bool is_hopeless = reply.outcome == KH_HTTP_UNREACHABLE && !attempt.has_bytes &&
				   tries >= UNREACHABLE_TRIES;
		if (is_hopeless || tries >= limits->tries)
			return fail(&reply, tries, ret_why);
		wait_before_next(url, &reply, tries, limits);
	}
}
