/* transfer_start.c - see transfer_start.h. */
#include "sources/transfer_start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

enum { NOT_STARTED = 127 };

static char *find_in(const char *dir, const char *rest)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s/kvmhost-fetch", dir, rest);
	return access(path, X_OK) == 0 ? kh_take(path) : NULL;
}

static int fail_to_find(struct kh_error *err)
{
	kh_fail(err, KH_PROGRAM, errno, "find 'kvmhost-fetch', which downloads and unpacks");
#ifdef KH_HAS_FETCH
	return kh_hint(err, "it is installed together with kvmhost: run 'make install' again");
#else
	return kh_hint(err, "this kvmhost was built without it: 'kvmhost store import' takes what "
			    "another host has built");
#endif
}

/* Beside kvmhost in a build directory, or where 'make install' puts it. */
char *kh_transfer_program(struct kh_error *err)
{
	char self[4096];
	const char *told = secure_getenv("KVMHOST_LIBEXEC");
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	char *path = find_in(told ? told : self, "");
	if (!path && !told)
		path = find_in(self, "/../libexec/kvmhost");
	if (!path)
		fail_to_find(err);
	return path;
}

/* Opened with our rights: its account may not be able to walk there. */
static int open_worker(struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_transfer_program(err);
	int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
	return fd < 0 && path ? fail_to_find(err) : fd;
}

static char **make_environment(void)
{
	static const char *const passed[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY",    "all_proxy",     "ALL_PROXY",
		"no_proxy",   "NO_PROXY",    "CURL_CA_BUNDLE", "SSL_CERT_FILE",
	};
	static const char *const locale[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_CTYPE",
					     "LANG"};
	char **environment =
		kh_alloc((KH_COUNT(passed) + KH_COUNT(locale) + 3) * sizeof(*environment));
	size_t count = 0;
	environment[count++] =
		kh_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (kh_translate_directory())
		environment[count++] = kh_printf("KVMHOST_LOCALE=%s", kh_translate_directory());
	else
		environment[count++] = kh_strdup("LC_ALL=C");
	for (size_t i = 0; kh_translate_directory() && i < KH_COUNT(locale); i++)
		if (getenv(locale[i]))
			environment[count++] = kh_printf("%s=%s", locale[i], getenv(locale[i]));
	for (size_t i = 0; i < KH_COUNT(passed); i++)
		if (getenv(passed[i]))
			environment[count++] = kh_printf("%s=%s", passed[i], getenv(passed[i]));
	return environment;
}

static void free_environment(char ***environment)
{
	for (char **at = *environment; at && *at; at++)
		kh_free(at);
	kh_free(environment);
}

static bool become(unsigned uid, unsigned gid)
{
	if (uid == 0 || geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

static void keep_open(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static void keep_all_open(const struct kh_transfer_work *work)
{
	keep_open(work->fd);
	keep_open(work->partial_fd);
	keep_open(work->validator_fd);
	keep_open(work->kept_fd);
	keep_open(work->keyring_fd);
	keep_open(work->signature_fd);
	for (size_t i = 0; i < work->url_count; i++)
		keep_open(work->url_fds[i]);
	for (size_t i = 0; i < work->signature_count; i++)
		keep_open(work->signature_fds[i]);
}

/* In the child: never returns. The signal for our death is asked for after the account changed,
 * which forgets it. */
static void run_worker(const struct kh_transfer *transfer, const struct kh_transfer_work *work,
		       int program, int socket, char **environment, pid_t parent)
{
	static char name[] = "kvmhost-fetch";
	char *argv[] = {name, NULL};
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (dup2(socket, 0) < 0 || dup2(socket, 1) < 0 || dup2(socket, 2) < 0)
		_exit(NOT_STARTED);
	keep_all_open(work);
	if (!become(transfer->uid, transfer->gid) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || chdir("/") != 0)
		_exit(NOT_STARTED);
	fexecve(program, argv, environment);
	_exit(NOT_STARTED);
}

int kh_transfer_start(const struct kh_transfer *transfer, const struct kh_transfer_work *work,
		      pid_t *ret_pid, int *ret_fd, struct kh_error *err)
{
	int ends[2];
	kh_auto(kh_close) int program = open_worker(err);
	if (program < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "start 'kvmhost-fetch'");
	kh_auto(kh_close) int ours = ends[0], theirs = ends[1];
	kh_auto(free_environment) char **environment = make_environment();
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		run_worker(transfer, work, program, theirs, environment, parent);
	if (pid < 0)
		return kh_fail(err, KH_SYSTEM, errno, "start 'kvmhost-fetch'");
	setpgid(pid, pid);
	*ret_pid = pid;
	*ret_fd = ours;
	ours = -1;
	return 0;
}
