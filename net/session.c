/* session.c - did this session begin after the switch? See connection.h. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "net/connection_private.h"

enum { MOST_ANCESTORS = 64 };

struct process {
	long long parent;
	long long started_ms; /* since the machine was started */
};

/* The name in brackets may hold anything: the fields are counted from its end.
 * Source: proc(5): ppid is field 4, starttime field 22. */
static bool read_process(const struct kh_root *root, long long pid, struct process *process)
{
	kh_auto(kh_free) char *line = kh_root_linef(root, "/proc/%lld/stat", pid);
	char *end = line ? strrchr(line, ')') : NULL;
	kh_auto(kh_strv_done) struct kh_strv fields = {0};
	kh_strv_split(&fields, end ? end + 1 : "", " ");
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	if (fields.count < 20 || ticks_per_s <= 0)
		return false;
	process->parent = strtoll(fields.items[1], NULL, 10);
	process->started_ms = strtoll(fields.items[19], NULL, 10) * 1000 / ticks_per_s;
	return true;
}

/* SSH_CONNECTION in the environment that a process was started with; owned, or NULL. */
static char *ssh_connection_of(const struct kh_root *root, long long pid)
{
	static const char name[] = "SSH_CONNECTION=";
	kh_auto(kh_free) char *path = kh_printf("/proc/%lld/environ", pid);
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	if (kh_root_read(root, path, &text, &length, &ignored) != 0)
		return NULL;
	for (size_t at = 0; at < length; at += strlen(text + at) + 1)
		if (kh_str_starts(text + at, name))
			return kh_strdup(text + at + strlen(name));
	return NULL;
}

/* As the kernel writes an address: without the link's name, IPv4 as IPv4. */
static char *plain_address(const char *text)
{
	struct in6_addr address;
	char written[INET6_ADDRSTRLEN];
	kh_auto(kh_free) char *cut = kh_strndup(text, strcspn(text, "%"));
	if (inet_pton(AF_INET6, cut, &address) != 1)
		return kh_take(cut);
	if (IN6_IS_ADDR_V4MAPPED(&address))
		inet_ntop(AF_INET, &address.s6_addr[12], written, sizeof(written));
	else
		inet_ntop(AF_INET6, &address, written, sizeof(written));
	return kh_strdup(written);
}

/* "CLIENT PORT SERVER PORT" as a connection is listed; NULL: it is none. */
static char *connection_text(const char *ssh_connection)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, ssh_connection, " ");
	if (words.count != 4)
		return NULL;
	kh_auto(kh_free) char *client = plain_address(words.items[0]);
	kh_auto(kh_free) char *server = plain_address(words.items[2]);
	return kh_printf("%s %s %s %s", server, words.items[3], client, words.items[1]);
}

/* sudo and su may have cleaned the environment: that of an ancestor has it. */
char *kh_connection_port_of(const struct kh_root *root, long long pid)
{
	struct process process = {.parent = -1};
	for (int i = 0; i < MOST_ANCESTORS && pid > 1; i++, pid = process.parent) {
		kh_auto(kh_free) char *connection = ssh_connection_of(root, pid);
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, connection ? connection : "", " ");
		if (words.count == 4)
			return kh_strdup(words.items[3]);
		if (!read_process(root, pid, &process))
			break;
	}
	return NULL;
}

char *kh_connection_our_port(const struct kh_root *root)
{
	return root->is_live ? kh_connection_port_of(root, getpid()) : NULL;
}

static bool is_new_connection(const struct kh_root *root, const char *ssh_connection,
			      const struct kh_strv *before, char **ret_why)
{
	kh_auto(kh_strv_done) struct kh_strv now = {0};
	kh_auto(kh_free) char *text = connection_text(ssh_connection);
	if (text && kh_strv_has(before, text)) {
		*ret_why = kh_strdup("its ssh connection was open before the switch");
		return false;
	}
	kh_connection_list_all(root, &now);
	/* One from this host itself is in no list of those from outside: it proves nothing. */
	if (text && kh_strv_has(&now, text))
		return true;
	*ret_why = kh_strdup("its ssh connection is not open, or does not come from outside");
	return false;
}

bool kh_connection_is_new_session(const struct kh_root *root, long long pid, long long since_ms,
				  const struct kh_strv *before, char **ret_why)
{
	kh_auto(kh_free) char *ssh_connection = NULL;
	struct process process = {.parent = -1};
	long long started_ms = -1;
	for (int i = 0; i < MOST_ANCESTORS && pid > 1; i++, pid = process.parent) {
		if (!read_process(root, pid, &process))
			break;
		if (!ssh_connection)
			ssh_connection = ssh_connection_of(root, pid);
		/* A child of init is a daemon that lets people in, not a login; one without a
		 * parent was put here from outside. */
		if (process.parent != 1 || started_ms < 0)
			started_ms = process.started_ms;
	}
	if (started_ms < since_ms) {
		*ret_why = kh_strdup("it began before the switch");
		return false;
	}
	return !ssh_connection || is_new_connection(root, ssh_connection, before, ret_why);
}
