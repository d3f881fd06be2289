/* dhcp_client.c - see dhcp_client.h. */
#include "net/dhcp_client.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"

enum { START_TIMEOUT_S = 30 };

static const char *const programs[] = {"dhclient", "udhcpc", "dhcpcd"};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* dhcpcd's title: "dhcpcd: eth0 [ip4]" of the one that asks, "dhcpcd: [BPF ARP] eth0 192.0.2.57" of
 * its helpers, which have no words (""). NULL: none of the link's. */
static char *words_of_title(const char *title, const char *link)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, title, " ");
	if (!kh_strv_has(&words, link))
		return NULL;
	if (strcmp(words.items[1], link) != 0)
		return kh_strdup("");
	bool has_4 = kh_strv_has(&words, "[ip4]"), has_6 = kh_strv_has(&words, "[ip6]");
	const char *family = has_4 && !has_6 ? "-4\n" : has_6 && !has_4 ? "-6\n" : "";
	return kh_printf("dhcpcd\n-b\n%s%s", family, link);
}

static bool is_named(const struct kh_root *root, const char *pid, const char *name)
{
	kh_auto(kh_free) char *comm = kh_root_linef(root, "/proc/%s/comm", pid);
	return comm && strcmp(comm, name) == 0;
}

/* Its words are run by root: so they must be root's, and not what another user calls a program, be
 * it one that is set-user-id. */
static bool is_roots(const struct kh_root *root, const char *pid, const char *name)
{
	kh_auto(kh_free) char *status_path = kh_printf("/proc/%s/status", pid);
	kh_auto(kh_free) char *exe_path = kh_printf("/proc/%s/exe", pid);
	kh_auto(kh_free) char *status = kh_root_text(root, status_path);
	kh_auto(kh_free) char *exe = kh_root_readlink(root, exe_path);
	const char *uid = status ? strstr(status, "\nUid:") : NULL; /* the real one comes first */
	if (!uid || !exe || strtoul(uid + strlen("\nUid:"), NULL, 10) != getuid())
		return false;
	exe[strcspn(exe, " ")] = '\0'; /* "/sbin/dhclient (deleted)" after an update */
	return strcmp(base_of(exe), name) == 0 || strcmp(base_of(exe), "busybox") == 0;
}

/* The words of a running program, joined by newlines; NULL: it is no DHCP client of the link. */
static char *words_of(const struct kh_root *root, const char *pid, const char *link)
{
	kh_auto(kh_free) char *path = kh_printf("/proc/%s/cmdline", pid);
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	if (kh_root_read(root, path, &text, &length, &ignored) != 0 || length == 0)
		return NULL;
	if (kh_str_starts(text, "dhcpcd: ") && is_named(root, pid, "dhcpcd"))
		return words_of_title(text, link);
	if (!kh_str_is_one_of(base_of(text), programs, KH_COUNT(programs)) ||
	    !is_roots(root, pid, base_of(text)))
		return NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	for (size_t at = 0; at < length; at += strlen(text + at) + 1)
		kh_strv_add(&words, text + at);
	return kh_strv_has(&words, link) ? kh_strv_join(&words, "\n") : NULL;
}

/* Containers' clients are in sight as well; their links are not ours. */
static bool is_of_our_network(const struct kh_root *root, const char *pid)
{
	kh_auto(kh_free) char *path = kh_printf("/proc/%s/ns/net", pid);
	kh_auto(kh_free) char *theirs = kh_root_readlink(root, path);
	kh_auto(kh_free) char *ours = kh_root_readlink(root, "/proc/self/ns/net");
	return theirs && ours && strcmp(theirs, ours) == 0;
}

/* Calls for each client of the link: its process and its words. */
static void each(const struct kh_root *root, const char *link,
		 void (*meet)(pid_t pid, const char *words, void *data), void *data)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/proc", &names);
	for (size_t i = 0; i < names.count; i++) {
		long long pid = isdigit((unsigned char)names.items[i][0])
					? kh_str_number(names.items[i])
					: -1;
		kh_auto(kh_free) char *words =
			pid > 1 ? words_of(root, names.items[i], link) : NULL;
		if (words && is_of_our_network(root, names.items[i]))
			meet((pid_t)pid, words, data);
	}
}

static void note(pid_t pid, const char *words, void *data)
{
	struct kh_strv *clients = data;
	(void)pid;
	if (*words && !kh_strv_has(clients, words)) /* dhcpcd is several processes */
		kh_strv_add(clients, words);
}

static void stop(pid_t pid, const char *words, void *data)
{
	(void)words;
	(void)data;
	(void)kill(pid, SIGKILL);
}

void kh_dhcp_client_find(const struct kh_root *root, const char *link, struct kh_strv *clients)
{
	each(root, link, note, clients);
}

void kh_dhcp_client_stop(const struct kh_root *root, const char *link)
{
	if (root->is_live)
		each(root, link, stop, NULL);
}

/* In a path as well: "/run/dhclient.eth0.pid". */
static char *replace(const char *text, const char *from, const char *to)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (const char *at = strstr(text, from); at; at = strstr(text, from)) {
		kh_str_add_bytes(&out, text, (size_t)(at - text));
		kh_str_add(&out, to);
		text = at + strlen(from);
	}
	kh_str_add(&out, text);
	return kh_str_take(&out);
}

static void copy_leases(const struct kh_root *root, const char *path, const char *new_path,
			const char *from, const char *to)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	if (!text || strcmp(path, new_path) == 0)
		return;
	kh_auto(kh_free) char *of_from = kh_printf("interface \"%s\"", from);
	kh_auto(kh_free) char *of_to = kh_printf("interface \"%s\"", to);
	kh_auto(kh_free) char *moved = replace(text, of_from, of_to);
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	(void)kh_file_put(root, new_path, moved, strlen(moved), &meta, &ignored);
}

/* dhcpcd has one for each link and family, of bytes; it asks for the address in it again. */
static void copy_dhcpcd_leases(const struct kh_root *root, const char *from, const char *to)
{
	static const char *const kinds[] = {"lease", "lease6"};
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	for (size_t i = 0; i < KH_COUNT(kinds) && strcmp(from, to) != 0; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *path = kh_printf("/var/lib/dhcpcd/%s.%s", from, kinds[i]);
		kh_auto(kh_free) char *new_path = kh_printf("/var/lib/dhcpcd/%s.%s", to, kinds[i]);
		kh_auto(kh_free) char *bytes = NULL;
		size_t length = 0;
		if (kh_root_read(root, path, &bytes, &length, &ignored) == 0)
			(void)kh_file_put(root, new_path, bytes, length, &meta, &ignored);
	}
}

/* What makes a client go on asking behind our back where nobody answers: dhclient(8); busybox's
 * networking/udhcp/dhcpc.c (-b goes before -n). dhcpcd has its word already. */
static const char *patient_word(const char *program)
{
	if (strcmp(base_of(program), "dhclient") == 0)
		return "-nw";
	return strcmp(base_of(program), "udhcpc") == 0 ? "-b" : NULL;
}

static int start(const struct kh_root *root, struct kh_runner *runner, const char *client,
		 const struct kh_dhcp_move *move, struct kh_error *err)
{
	const char *from = move->from, *to = move->to;
	kh_auto(kh_strv_done) struct kh_strv words = {0}, moved = {0};
	kh_strv_split(&words, client, "\n");
	const char *patient = words.count > 0 ? patient_word(words.items[0]) : NULL;
	for (size_t i = 0; i < words.count; i++) {
		char *word = replace(words.items[i], from, to);
		kh_strv_add_owned(&moved, word);
		if (kh_str_ends(words.items[i], ".leases"))
			copy_leases(root, words.items[i], word, from, to);
		if (i == 0 && move->is_patient && patient && !kh_strv_has(&words, patient))
			kh_strv_add(&moved, patient);
	}
	if (words.count > 0 && strcmp(base_of(words.items[0]), "dhcpcd") == 0)
		copy_dhcpcd_leases(root, from, to);
	kh_auto(kh_free) const char **argv = kh_alloc((moved.count + 1) * sizeof(char *));
	for (size_t i = 0; i < moved.count; i++)
		argv[i] = moved.items[i];
	return moved.count > 0 ? kh_run(runner, argv, START_TIMEOUT_S, NULL, err) : 0;
}

int kh_dhcp_client_start(const struct kh_root *root, struct kh_runner *runner,
			 const struct kh_strv *clients, const struct kh_dhcp_move *move,
			 struct kh_error *err)
{
	int result = 0;
	for (size_t i = 0; i < clients->count; i++) {
		kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
		if (start(root, runner, clients->items[i], move, &problem) == 0)
			continue;
		if (result == 0)
			kh_fail(err, problem.code, 0, "%s", problem.message);
		result = -1;
	}
	return result;
}
