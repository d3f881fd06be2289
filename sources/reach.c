/* reach.c - see reach.h. */
#include "sources/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static bool has_proxy(void)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return true;
	}
	return false;
}

static int connect_to(const struct addrinfo *address, int timeout_ms)
{
	kh_auto(kh_close) int fd =
		socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	struct pollfd waiting = {.fd = fd, .events = POLLOUT};
	if (errno != EINPROGRESS || poll(&waiting, 1, timeout_ms) != 1)
		return 1;
	int error = 0;
	socklen_t size = sizeof(error);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 ? 0 : 1;
}

int kh_reach_host(const char *host, const char *port, int timeout_ms)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return 1;
	int result = 1, tries = 0;
	for (struct addrinfo *at = found; at && result != 0 && tries < 3; at = at->ai_next, tries++)
		result = connect_to(at, timeout_ms);
	freeaddrinfo(found);
	return result;
}

int kh_reach_any(const char *const *urls)
{
	static const char scheme[] = "https://";
	if (has_proxy())
		return 0;
	for (; *urls; urls++) {
		const char *start = *urls + strlen(scheme);
		kh_auto(kh_free) char *host = kh_strndup(start, strcspn(start, "/"));
		if (kh_str_starts(*urls, scheme) &&
		    kh_reach_host(host, "443", KH_REACH_TIMEOUT_MS) == 0)
			return 0;
	}
	return 1;
}
