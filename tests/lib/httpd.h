/* httpd.h - an HTTP/1.1 server on loopback that misbehaves as told.
 *
 *     struct httpd_file files[] = {{.path = "/a.tar", .bytes = bytes, .length = n, .cuts = 1,
 *                                   .cut_after = 1000}};
 *     struct httpd server;
 *     httpd_start(&server, files, 1);         // 127.0.0.1, a port of its own: server.url
 *     ... server.seen[0].requests ...
 *     httpd_stop(&server);
 *
 * A forked child, so that tests stay single-threaded; one connection at a time, closed after each
 * response. It answers GET, ranges ("bytes=N-"), If-Range, and requests as a proxy gets them. Uses
 * only the C library. Failing aborts the test program.
 * Source: RFC 9110, RFC 9112.
 */
#ifndef TESTS_HTTPD_H
#define TESTS_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct httpd_file {
	const char *path;
	const void *bytes;
	size_t length;
	const char *etag;  /* with its quotes, or NULL */
	const void *other; /* bytes of the same length served from the second request on, with... */
	const char *other_etag;

	unsigned failures; /* so many first requests are answered with failure_status */
	int failure_status;
	int status;           /* of all, with a short page; 0: as it should be */
	const char *location; /* a redirect to there; "%" is replaced by server.url */

	unsigned cuts; /* so many first requests that are answered end after... */
	size_t cut_after;
	bool stalls;       /* ... or stop there without ending */
	size_t claims;     /* Content-Length in the place of the right one; 0: the right one */
	bool hides_length; /* no Content-Length: the end of the connection is the end */
	bool ignores_ranges;
	bool shifts_ranges; /* gives another part than asked for, and says so */
	size_t bytes_per_s; /* 0: as fast as it goes */
};

struct httpd_seen {
	unsigned requests;
	size_t last_from; /* of the range asked for last */
	char last_if_range[128];
	bool was_proxied; /* asked for by its whole URL */
};

struct httpd {
	pid_t pid;
	char url[64];            /* "http://127.0.0.1:1234" */
	struct httpd_seen *seen; /* by file; shared with the server */
	size_t count;
};

void httpd_start(struct httpd *server, const struct httpd_file *files, size_t count);
void httpd_stop(struct httpd *server);

#endif
