/* http.c - see http.h. */
#include "fetch/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "fetch/event.h"

enum { CONNECT_MS = 15000, OTHER_BYTES = 65536 };

struct kh_http {
	CURLM *multi;
	CURL *easy;
};

struct exchange {
	CURL *easy;
	const struct kh_http_request *request;
	struct kh_http_head head;
	char *status_line;                    /* "503 Service Unavailable" */
	bool has_begun, is_stopped, is_other; /* other: a status whose body nobody wants */
	size_t other_bytes;
	long long last_ms; /* of the last byte */
	char why[CURL_ERROR_SIZE];
};

int kh_http_open(struct kh_http **ret_http, struct kh_error *err)
{
	struct kh_http *http = kh_alloc(sizeof(*http));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		http->multi = curl_multi_init();
		http->easy = curl_easy_init();
	}
	*ret_http = http;
	if (http->multi && http->easy)
		return 0;
	kh_http_close(ret_http);
	return kh_fail(err, KH_SYSTEM, 0, "libcurl cannot be started");
}

void kh_http_close(struct kh_http **http)
{
	if (!*http)
		return;
	if ((*http)->easy)
		curl_easy_cleanup((*http)->easy);
	if ((*http)->multi)
		curl_multi_cleanup((*http)->multi);
	curl_global_cleanup();
	kh_free(http);
}

/* ---- headers ---- */

static void set(char **text, char *value)
{
	kh_free(text);
	*text = value;
}

static void head_clear(struct exchange *exchange)
{
	kh_free(&exchange->head.etag);
	kh_free(&exchange->head.changed_at);
	kh_free(&exchange->status_line);
	exchange->head = (struct kh_http_head){.first = -1, .total = -1};
}

/* "bytes 100-199/200" */
static void read_content_range(const char *value, struct kh_http_head *head)
{
	if (strncasecmp(value, "bytes ", 6) != 0)
		return;
	char *end = NULL;
	long long first = strtoll(value + 6, &end, 10);
	const char *slash = strchr(value, '/');
	if (end != value + 6 && *end == '-' && first >= 0)
		head->first = first;
	if (slash && slash[1] != '*')
		head->total = kh_str_number(slash + 1);
}

static size_t on_header(char *bytes, size_t one, size_t length, void *data)
{
	struct exchange *exchange = data;
	kh_auto(kh_free) char *copy = kh_strndup(bytes, length * one);
	char *line = kh_str_trim(copy), *colon = strchr(line, ':');
	exchange->last_ms = kh_event_now_ms();
	if (kh_str_starts(line, "HTTP/")) { /* of this response, or of the next after a 100 */
		head_clear(exchange);
		const char *space = strchr(line, ' ');
		exchange->status_line = kh_strdup(space ? space + 1 : line);
		return length * one;
	}
	if (!colon)
		return length * one;
	*colon = '\0';
	const char *value = kh_str_trim(colon + 1);
	if (strcasecmp(line, "ETag") == 0 && value[0] == '"')
		set(&exchange->head.etag, kh_strdup(value));
	if (strcasecmp(line, "Last-Modified") == 0)
		set(&exchange->head.changed_at, kh_strdup(value));
	if (strcasecmp(line, "Content-Range") == 0)
		read_content_range(value, &exchange->head);
	return length * one;
}

/* ---- body ---- */

/* Once, when the headers are complete: is it a body anybody wants? */
static bool begin(struct exchange *exchange)
{
	curl_off_t length = -1;
	if (exchange->has_begun)
		return !exchange->is_other && !exchange->is_stopped;
	exchange->has_begun = true;
	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &exchange->head.status);
	curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	exchange->is_other = exchange->head.status != 200 && exchange->head.status != 206;
	if (exchange->is_other)
		return false;
	if (exchange->head.status == 200)
		exchange->head.total = length;
	exchange->is_stopped = !exchange->request->begin(exchange->request->data, &exchange->head);
	return !exchange->is_stopped;
}

static size_t on_body(char *bytes, size_t one, size_t length, void *data)
{
	struct exchange *exchange = data;
	exchange->last_ms = kh_event_now_ms();
	if (!begin(exchange)) {
		/* The page of an error or a redirect, which libcurl judges at its end. */
		exchange->other_bytes += exchange->is_other ? length * one : OTHER_BYTES;
		return exchange->other_bytes < OTHER_BYTES ? length * one : 0;
	}
	exchange->is_stopped =
		!exchange->request->body(exchange->request->data, bytes, length * one);
	exchange->last_ms = kh_event_now_ms();
	return exchange->is_stopped ? 0 : length * one;
}

/* ---- the request ---- */

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* A bundle of certificates in the place of the system's, as the curl program takes it. */
static void set_certificates(CURL *easy)
{
	const char *bundle = getenv("CURL_CA_BUNDLE");
	if (!bundle || !bundle[0])
		bundle = getenv("SSL_CERT_FILE");
	if (bundle && bundle[0])
		curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
}

static void prepare(struct exchange *exchange, struct curl_slist **headers)
{
	const struct kh_http_request *request = exchange->request;
	CURL *easy = exchange->easy;
	curl_easy_reset(easy);
	set_protocols(easy);
	set_certificates(easy);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "kvmhost/" KH_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	if (request->from <= 0)
		return;
	kh_auto(kh_free) char *range = kh_printf("%lld-", request->from);
	curl_easy_setopt(easy, CURLOPT_RANGE, range);
	if (!request->if_range)
		return;
	kh_auto(kh_free) char *header = kh_printf("If-Range: %s", request->if_range);
	*headers = curl_slist_append(NULL, header);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
}

/* Until the end of the transfer; false when no byte came for too long. */
static bool perform(struct kh_http *http, struct exchange *exchange, CURLcode *ret_code)
{
	int running = 1, left = 0;
	long long stall_ms = exchange->request->stall_ms;
	exchange->last_ms = kh_event_now_ms();
	while (running > 0) {
		if (curl_multi_perform(http->multi, &running) != CURLM_OK)
			break;
		long long wait_ms = exchange->last_ms + stall_ms - kh_event_now_ms();
		if (running > 0 && wait_ms <= 0)
			return false;
		if (running > 0)
			curl_multi_poll(http->multi, NULL, 0, wait_ms < 1000 ? (int)wait_ms : 1000,
					NULL);
	}
	const CURLMsg *message = curl_multi_info_read(http->multi, &left);
	*ret_code = message ? message->data.result : CURLE_RECV_ERROR;
	return true;
}

/* ---- the reply ---- */

static enum kh_http_outcome outcome_of_code(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return KH_HTTP_DONE;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT: /* of connecting: there is no other time limit */
		return KH_HTTP_UNREACHABLE;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return KH_HTTP_REFUSED;
	}
	return KH_HTTP_CUT;
}

static enum kh_http_outcome outcome_of_status(long status)
{
	if (status == 404 || status == 410)
		return KH_HTTP_ABSENT;
	if (status == 416)
		return KH_HTTP_RANGE;
	if (status == 408 || status == 429 || status >= 500)
		return KH_HTTP_BUSY;
	return KH_HTTP_REFUSED;
}

static void judge(struct exchange *exchange, CURLcode code, struct kh_http_reply *reply)
{
	char *moved = NULL;
	curl_off_t retry_s = 0;
	if (code == CURLE_OK) /* a body may be empty */
		begin(exchange);
	if (exchange->is_stopped) {
		reply->outcome = KH_HTTP_STOPPED;
		return;
	}
	if (exchange->is_other) {
		curl_easy_getinfo(exchange->easy, CURLINFO_REDIRECT_URL, &moved);
		curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_s);
		reply->outcome = moved ? KH_HTTP_MOVED : outcome_of_status(exchange->head.status);
		reply->redirect_url = kh_strdup(moved);
		reply->retry_after_ms = (long long)retry_s * 1000;
		reply->why = kh_strdup(exchange->status_line);
		return;
	}
	reply->outcome = outcome_of_code(code);
	if (code != CURLE_OK)
		reply->why = kh_strdup(exchange->why[0] ? exchange->why : curl_easy_strerror(code));
}

void kh_http_get(struct kh_http *http, const struct kh_http_request *request,
		 struct kh_http_reply *ret_reply)
{
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OK;
	struct exchange exchange = {
		.easy = http->easy, .request = request, .head = {.first = -1, .total = -1}};
	*ret_reply = (struct kh_http_reply){.outcome = KH_HTTP_CUT};
	prepare(&exchange, &headers);
	curl_multi_add_handle(http->multi, http->easy);
	if (perform(http, &exchange, &code))
		judge(&exchange, code, ret_reply);
	else
		ret_reply->why = kh_printf("no byte for %g s", (double)request->stall_ms / 1000);
	curl_multi_remove_handle(http->multi, http->easy);
	curl_slist_free_all(headers);
	head_clear(&exchange);
}

void kh_http_reply_done(struct kh_http_reply *reply)
{
	kh_free(&reply->why);
	kh_free(&reply->redirect_url);
}
