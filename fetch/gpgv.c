/* gpgv.c - running gpgv and believing it; see signature.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "fetch/signature.h"

enum { STATUS_BYTES = 256 * 1024, NOT_STARTED = 127 };

/* In the child: never returns. Names are relative, as our account may not be allowed to walk down
 * to the work directory. */
static void become(int work_fd, int data_fd, int status_fd, pid_t parent)
{
	static const char *const argv[] = {"gpgv",
					   "--status-fd=1",
					   "--keyring=./keyring.gpg",
					   "--homedir=.",
					   "--",
					   "./signature",
					   "-",
					   NULL};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (getppid() == parent && null >= 0 && fchdir(work_fd) == 0 && dup2(data_fd, 0) >= 0 &&
	    dup2(status_fd, 1) >= 0 && dup2(null, 2) >= 0)
		execvp(argv[0], (char *const *)argv);
	_exit(NOT_STARTED);
}

int kh_gpgv_start(int work_fd, struct kh_gpgv *ret_gpgv, struct kh_error *err)
{
	int data[2], status[2];
	if (pipe2(data, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "run 'gpgv'");
	kh_auto(kh_close) int data_read = data[0], data_write = data[1];
	if (pipe2(status, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "run 'gpgv'");
	kh_auto(kh_close) int status_read = status[0], status_write = status[1];
	fcntl(status_read, F_SETPIPE_SZ, STATUS_BYTES); /* it is read only at the end */
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(work_fd, data_read, status_write, parent);
	if (pid < 0)
		return kh_fail(err, KH_SYSTEM, errno, "run 'gpgv'");
	*ret_gpgv = (struct kh_gpgv){pid, data_write, status_read};
	data_write = status_read = -1;
	return 0;
}

static int wait_for(struct kh_gpgv *gpgv)
{
	int status = -1;
	while (waitpid(gpgv->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	gpgv->pid = 0;
	return status;
}

/* "[GNUPG:] KEYWORD ..." -> what follows the keyword, or NULL. */
static const char *value_of(const char *line, const char *keyword)
{
	static const char mark[] = "[GNUPG:] ";
	if (!kh_str_starts(line, mark) || !kh_str_starts(line + strlen(mark), keyword))
		return NULL;
	const char *value = line + strlen(mark) + strlen(keyword);
	return *value == ' ' ? value + 1 : *value ? NULL : value;
}

/* Why a line makes the whole bad, or NULL. */
static const char *fault_of(const char *line)
{
	static const struct {
		const char *keyword, *fault;
	} faults[] = {
		{"BADSIG", "the signature is bad: these are not the bytes that were signed"},
		{"EXPSIG", "the signature has expired"},
		{"REVKEYSIG", "the key that signed it was revoked"},
	};
	for (size_t i = 0; i < KH_COUNT(faults); i++)
		if (value_of(line, faults[i].keyword))
			return faults[i].fault;
	return NULL;
}

/* What was read of the lines, for the first signature that verifies. */
struct reading {
	char *name, *print, *unknown;
	bool has_expired;                /* its key, by now */
	long long expired_at, signed_at; /* seconds since 1970 */
};

static void reading_done(struct reading *reading)
{
	kh_free(&reading->name);
	kh_free(&reading->print);
	kh_free(&reading->unknown);
}

/* GOODSIG KEYID NAME, or EXPKEYSIG for a key that has expired. */
static void read_name(struct reading *reading, const char *value, bool has_expired)
{
	if (!value || reading->name)
		return;
	reading->name = kh_strdup(value + strcspn(value, " ") + (strchr(value, ' ') != NULL));
	reading->has_expired = has_expired;
}

/* VALIDSIG FINGERPRINT DATE SECONDS ... */
static void read_valid(struct reading *reading, const char *value)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	if (!value || !reading->name || reading->print)
		return;
	kh_strv_split(&words, value, " ");
	reading->print = kh_strdup(words.count > 0 ? words.items[0] : "");
	reading->signed_at = words.count > 2 ? kh_str_number(words.items[2]) : -1;
}

static void read_line(struct reading *reading, const char *line)
{
	const char *expired = value_of(line, "KEYEXPIRED"), *missing = value_of(line, "NO_PUBKEY");
	if (expired && !reading->name)
		reading->expired_at = kh_str_number(expired);
	if (missing && !reading->unknown)
		reading->unknown = kh_strdup(missing);
	read_name(reading, value_of(line, "GOODSIG"), false);
	read_name(reading, value_of(line, "EXPKEYSIG"), true);
	read_valid(reading, value_of(line, "VALIDSIG"));
}

static int fail_unsigned(const char *key, struct kh_error *err)
{
	if (!key)
		return kh_fail(err, KH_HOST, 0, "signature: the file of the signature has none");
	kh_fail(err, KH_HOST, 0, "signature: made by key %s, which is not in the keyring", key);
	return kh_hint(
		err, "add that key to the keyring if you trust it, after checking its fingerprint");
}

/* A signature stays good when its key expires later: releases are older than the keyrings. */
int kh_gpgv_judge(const char *status, char **ret_signer, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(reading_done) struct reading reading = {.signed_at = -1};
	kh_strv_split_lines(&lines, status);
	for (size_t i = 0; i < lines.count; i++) {
		const char *fault = fault_of(lines.items[i]);
		if (fault)
			return kh_fail(err, KH_HOST, 0, "signature: %s", fault);
		read_line(&reading, lines.items[i]);
	}
	if (!reading.name || !reading.print)
		return fail_unsigned(reading.unknown, err);
	if (reading.has_expired &&
	    (reading.signed_at < 0 || reading.signed_at >= reading.expired_at))
		return kh_fail(err, KH_HOST, 0, "signature: the key had expired when it signed");
	*ret_signer = kh_printf("%s (%s)%s", reading.name, reading.print,
				reading.has_expired ? ", with a key that has expired since" : "");
	return 0;
}

int kh_gpgv_finish(struct kh_gpgv *gpgv, char **ret_signer, struct kh_error *err)
{
	char block[4096];
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_close(&gpgv->data_fd);
	ssize_t got = 1;
	while (got > 0 || (got < 0 && errno == EINTR)) {
		got = read(gpgv->status_fd, block, sizeof(block));
		if (got > 0 && text.length < STATUS_BYTES)
			kh_str_add_bytes(&text, block, (size_t)got);
	}
	kh_close(&gpgv->status_fd);
	int status = wait_for(gpgv);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED && text.length == 0) {
		kh_fail(err, KH_PROGRAM, 0, "signature: 'gpgv' cannot be run");
		return kh_hint(err, "install it: package gpgv (Debian) or gnupg2 (CentOS)");
	}
	return kh_gpgv_judge(kh_str_text(&text), ret_signer, err);
}

void kh_gpgv_stop(struct kh_gpgv *gpgv)
{
	kh_close(&gpgv->data_fd);
	kh_close(&gpgv->status_fd);
	if (gpgv->pid <= 0)
		return;
	kill(gpgv->pid, SIGKILL);
	wait_for(gpgv);
}
