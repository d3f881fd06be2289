/* start.c - what a caller leaves behind must not matter: descriptors, mask, signals, environment.
 *
 * kvmhost is started by root's shell, by sudo, by a unit, by cron or by another program, each with
 * a state of its own, which the programs we run would inherit in turn. So before anything else:
 *
 * - Standard input, output and error are open. Otherwise the first file that is opened would be
 *   "standard error", and a message would be written into it. What stands in for them is open the
 *   wrong way round, so that reading and writing fail as they would with a closed one.
 * - Other descriptors stay with us and are not passed on. They are not closed: a configuration may
 *   be one of them (`--config <(...)`, /dev/fd/3).
 * - The mask is 022: the modes of files are chosen, not found.
 * - No signal is blocked, and SIGCHLD is not ignored: with that, waiting for a program would tell
 *   nothing about it. A file that grows over a limit is an error, not the end.
 * - Of the environment stays what is documented in kvmhost(8) and nothing else: libraries read
 *   variables, too (LIBMOUNT_FSTAB, BLKID_FILE, POSIXLY_CORRECT).
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"

static const char *const kept[] = {
	/* where the network is: for downloads */
	"http_proxy",
	"https_proxy",
	"HTTPS_PROXY",
	"all_proxy",
	"ALL_PROXY",
	"no_proxy",
	"NO_PROXY",
	"CURL_CA_BUNDLE",
	"SSL_CERT_FILE",
	/* how it looks */
	"NO_COLOR",
	"TERM",
	"COLUMNS",
	"LANGUAGE",
	"LANG",
	"LC_ALL",
	"LC_CTYPE",
	"LC_MESSAGES",
	"JOURNAL_STREAM", /* the journal has times of its own */
	/* who asks: `confirm` counts in a session that began after the network was switched */
	"SSH_CONNECTION",
	/* kvmhost-fetch in another place */
	"KVMHOST_LIBEXEC",
};

/* Descriptors are given out lowest first, so what is opened fills the gap. */
static int open_standard(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
	for (int fd = 0; fd < (int)KH_COUNT(modes); fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			return -1;
	return 0;
}

/* Where close_range(2) is missing (before Linux 5.11) one by one, as far as /proc tells. */
static void keep_to_ourselves(void)
{
	enum { FIRST = 3, ON_EXEC = 4 /* CLOSE_RANGE_CLOEXEC */ };
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)FIRST, ~0U, (unsigned)ON_EXEC) == 0)
		return;
#endif
	kh_auto(kh_closedir) DIR *dir = opendir("/proc/self/fd");
	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		long long fd = kh_str_number(entry->d_name);
		if (fd >= FIRST)
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
}

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int clean_environment(void)
{
	const char *values[KH_COUNT(kept)];
	for (size_t i = 0; i < KH_COUNT(kept); i++)
		values[i] = getenv(kept[i]); /* clearenv() drops the list, not the texts */
	if (clearenv() != 0)
		return -1;
	for (size_t i = 0; i < KH_COUNT(kept); i++)
		if (values[i] && setenv(kept[i], values[i], 1) != 0)
			return -1;
	return setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

int kh_start_clean(struct kh_error *err)
{
	if (open_standard() != 0)
		return kh_fail(err, KH_SYSTEM, 0, "standard input, output or error is closed");
	if (getauxval(AT_SECURE) != 0 && geteuid() != getuid())
		return kh_fail(err, KH_USAGE, 0, "kvmhost must not be set-user-id");
	keep_to_ourselves();
	umask(022);
	reset_signals();
	return clean_environment() == 0 ? 0 : kh_fail(err, KH_SYSTEM, 0, "clean the environment");
}
