/* error.h - the one error object.
 *
 * A function that can fail returns 0, or -1 with *err filled (a documented third outcome may be 1).
 * The message grows outermost-first as it travels up: kh_fail() makes it where the failure is seen,
 * kh_wrap() puts what was being done in front. It reads
 *
 *     stage 'grub': write '/etc/default/grub': No space left on device
 *
 * Lower case, no full stop, subjects in single quotes. The hint, where there is one, says what the
 * operator can do. The object owns its texts; start from KH_ERROR_INIT, end with kh_error_done()
 * (or declare it kh_auto(kh_error_done)). Core code never prints an error: only cmd/ does, once.
 */
#ifndef KH_BASE_ERROR_H
#define KH_BASE_ERROR_H

/* What went wrong, which is also the exit code of the program. */
enum kh_code {
	KH_OK = 0,
	KH_FINDINGS = 1, /* host not ready; changes pending under plan --exit-code */
	KH_USAGE = 2,    /* the command line */
	KH_CONFIG = 3,   /* the configuration file */
	KH_HOST = 4,     /* this host is not suitable: a stage refused */
	KH_SYSTEM = 5,   /* a system call or a resource */
	KH_PROGRAM = 6,  /* a program we ran failed */
	KH_VERIFY = 7,   /* in place, but not as wanted when looked at again */
};

struct kh_error {
	enum kh_code code;
	int sys; /* errno value, or 0 */
	char *message;
	char *hint; /* or NULL */
};

#define KH_ERROR_INIT                                                                              \
	{                                                                                          \
		KH_OK, 0, NULL, NULL                                                               \
	}

/* Fill err (dropping what it held) and return -1. sys_errno, unless 0, is appended as its text. */
int kh_fail(struct kh_error *err, enum kh_code code, int sys_errno, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Put "CONTEXT: " in front of the message and return -1. */
int kh_wrap(struct kh_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Set (replace) the hint; returns -1 so that "return kh_hint(...)" ends a failing function. */
int kh_hint(struct kh_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void kh_error_done(struct kh_error *err);

#endif
