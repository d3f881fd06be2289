/* httpd.c - see httpd.h. */
#include "tests/lib/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct request {
	char path[512], if_range[128];
	size_t from;
	bool has_range, is_proxied;
};

struct answer {
	const struct httpd_file *file;
	const char *bytes, *etag;
	size_t from;
	bool is_part;
};

static void must(bool is_fine, const char *what)
{
	if (is_fine)
		return;
	fprintf(stderr, "httpd: %s: %s\n", what, strerror(errno));
	abort();
}

static long long now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* ---- the request ---- */

static bool read_request(int fd, char *text, size_t size)
{
	size_t length = 0;
	while (length + 1 < size) {
		ssize_t got = recv(fd, text + length, size - 1 - length, 0);
		if (got <= 0)
			return false;
		length += (size_t)got;
		text[length] = '\0';
		if (strstr(text, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void parse(const char *text, struct request *request)
{
	const char *url = strchr(text, ' ') ? strchr(text, ' ') + 1 : text;
	*request = (struct request){.is_proxied = strncmp(url, "http://", 7) == 0};
	if (request->is_proxied)
		url = strchr(url + 7, '/') ? strchr(url + 7, '/') : url;
	snprintf(request->path, sizeof(request->path), "%.*s", (int)strcspn(url, " \r\n"), url);
	const char *range = strcasestr(text, "\r\nRange: bytes=");
	const char *condition = strcasestr(text, "\r\nIf-Range: ");
	if (range)
		request->from = strtoul(range + strlen("\r\nRange: bytes="), NULL, 10);
	request->has_range = range != NULL;
	if (condition)
		snprintf(request->if_range, sizeof(request->if_range), "%.*s",
			 (int)strcspn(condition + 12, "\r\n"), condition + 12);
}

/* ---- the answer ---- */

static bool send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* Paced so that the mean is the wanted rate at any time. */
static bool send_paced(int fd, const char *bytes, size_t length, size_t rate)
{
	long long start_us = now_us();
	for (size_t sent = 0; sent < length;) {
		size_t piece = rate / 200 + 1;
		if (piece > length - sent)
			piece = length - sent;
		if (!send_all(fd, bytes + sent, piece))
			return false;
		sent += piece;
		long long due_us = (long long)((double)sent * 1e6 / (double)rate);
		long long early_us = due_us - (now_us() - start_us);
		if (early_us > 0) {
			const struct timespec wait = {early_us / 1000000,
						      early_us % 1000000 * 1000};
			nanosleep(&wait, NULL);
		}
	}
	return true;
}

static void send_page(int fd, int status, const char *extra)
{
	char head[1024];
	static const char page[] = "<html>this is no archive</html>\n";
	int length = snprintf(head, sizeof(head),
			      "HTTP/1.1 %d Because\r\n%sContent-Length: %zu\r\n"
			      "Connection: close\r\n\r\n%s",
			      status, extra, sizeof(page) - 1, page);
	send_all(fd, head, (size_t)length);
}

static void send_redirect(int fd, const struct httpd *server, const char *location)
{
	char extra[512];
	const char *mark = strchr(location, '%');
	snprintf(extra, sizeof(extra), "Location: %.*s%s%s\r\n",
		 mark ? (int)(mark - location) : (int)strlen(location), location,
		 mark ? server->url : "", mark ? mark + 1 : "");
	send_page(fd, 302, extra);
}

static bool send_head(int fd, const struct answer *answer)
{
	char head[1024], length[64] = "", etag[160] = "", range[160] = "";
	const struct httpd_file *file = answer->file;
	size_t first = answer->from + (file->shifts_ranges ? 1 : 0);
	size_t left = file->claims ? file->claims : file->length - answer->from;
	if (!file->hides_length)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", left);
	if (answer->etag)
		snprintf(etag, sizeof(etag), "ETag: %s\r\n", answer->etag);
	if (answer->is_part)
		snprintf(range, sizeof(range), "Content-Range: bytes %zu-%zu/%zu\r\n", first,
			 file->length - 1, file->length);
	int written =
		snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%s%s%sConnection: close\r\n\r\n",
			 answer->is_part ? "206 Partial Content" : "200 OK", length, etag, range);
	return send_all(fd, head, (size_t)written);
}

static void wait_for_hangup(int fd)
{
	char byte;
	while (recv(fd, &byte, 1, 0) > 0)
		continue;
}

static void send_file(int fd, const struct answer *answer, unsigned number)
{
	const struct httpd_file *file = answer->file;
	bool is_cut = number < file->cuts;
	size_t left = file->length - answer->from;
	if (is_cut && left > file->cut_after)
		left = file->cut_after;
	const char *bytes = answer->bytes + answer->from;
	bool is_sent = send_head(fd, answer) &&
		       (file->bytes_per_s ? send_paced(fd, bytes, left, file->bytes_per_s)
					  : send_all(fd, bytes, left));
	if (is_sent && is_cut && file->stalls)
		wait_for_hangup(fd);
}

static void answer_file(int fd, const struct httpd *server, const struct httpd_file *file,
			const struct request *request, unsigned number)
{
	bool is_other = file->other && number > 0;
	struct answer answer = {
		.file = file,
		.bytes = is_other ? file->other : file->bytes,
		.etag = is_other ? file->other_etag : file->etag,
		.from = request->from,
	};
	bool is_same = !request->if_range[0] ||
		       (answer.etag && strcmp(request->if_range, answer.etag) == 0);
	answer.is_part = request->has_range && is_same && !file->ignores_ranges;
	if (!answer.is_part)
		answer.from = 0;
	if (number < file->failures)
		send_page(fd, file->failure_status, "");
	else if (file->location)
		send_redirect(fd, server, file->location);
	else if (file->status)
		send_page(fd, file->status, "");
	else if (answer.from >= file->length && answer.is_part)
		send_page(fd, 416, "");
	else
		send_file(fd, &answer, number - file->failures);
}

static void serve(int fd, struct httpd *server, const struct httpd_file *files)
{
	char text[8192];
	struct request request;
	if (!read_request(fd, text, sizeof(text)))
		return;
	parse(text, &request);
	for (size_t i = 0; i < server->count; i++) {
		struct httpd_seen *seen = &server->seen[i];
		if (strcmp(files[i].path, request.path) != 0)
			continue;
		unsigned number = seen->requests++;
		seen->last_from = request.has_range ? request.from : 0;
		seen->was_proxied = request.is_proxied;
		memcpy(seen->last_if_range, request.if_range, sizeof(seen->last_if_range));
		answer_file(fd, server, &files[i], &request, number);
		return;
	}
	send_page(fd, 404, "");
}

/* Closed without a reset while the other side still reads. */
static void hang_up(int fd)
{
	shutdown(fd, SHUT_WR);
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	char rest[4096];
	while (poll(&waiting, 1, 1000) > 0 && recv(fd, rest, sizeof(rest), 0) > 0)
		continue;
	close(fd);
}

static void run(int listener, struct httpd *server, const struct httpd_file *files)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			_exit(1);
		serve(fd, server, files);
		hang_up(fd);
	}
}

void httpd_start(struct httpd *server, const struct httpd_file *files, size_t count)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	*server = (struct httpd){.count = count};
	server->seen = mmap(NULL, (count + 1) * sizeof(*server->seen), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(server->seen != MAP_FAILED, "shared memory");
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(listener, 16) == 0 &&
		     getsockname(listener, (struct sockaddr *)&address, &size) == 0,
	     "listen on loopback");
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	pid_t parent = getpid();
	server->pid = fork();
	must(server->pid >= 0, "fork");
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			run(listener, server, files);
		_exit(1);
	}
	close(listener);
}

void httpd_stop(struct httpd *server)
{
	kill(server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	munmap(server->seen, (server->count + 1) * sizeof(*server->seen));
	*server = (struct httpd){0};
}
