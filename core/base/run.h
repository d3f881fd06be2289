/* run.h - the one way to run a program.
 *
 * An argument vector, never a shell; a fixed environment (LC_ALL=C, PATH of the system
 * directories); the mask 022; standard input from /dev/null; output (both streams together)
 * captured up to a limit; a timeout, at which its whole process group ends. It dies with us; what
 * it left behind when it ended by itself (a daemon that it started) does not. The runner is an
 * object with a function pointer: tests hand in a recorder with canned output and compare the
 * recorded command lines.
 */
#ifndef KH_BASE_RUN_H
#define KH_BASE_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct kh_run_result {
	int status;     /* exit status, or 128 + signal */
	bool timed_out; /* it was killed because it took longer than timeout_s */
	char *output;   /* stdout and stderr, at most KH_RUN_OUTPUT_BYTES */
};

enum { KH_RUN_OUTPUT_BYTES = 1 << 20 };

struct kh_runner {
	/* Returns 0 when the program was started and ended (whatever its status), -1 with *err
	 * (KH_PROGRAM) when it could not be started. */
	int (*run)(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		   struct kh_run_result *ret_result, struct kh_error *err);
	void *data;
};

extern struct kh_runner kh_run_system; /* really runs it */

/* Run argv and make anything but exit status 0 an error (KH_PROGRAM) that carries the end of the
 * output. ret_output (may be NULL) is owned by the caller. */
int kh_run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s, char **ret_output,
	   struct kh_error *err);

/* Somebody else, somewhere else: for programs that work on what came from outside. No new
 * privileges, no supplementary groups and, where the kernel allows it, no network; nothing that it
 * started stays when it ends (where the kernel allows no namespaces: nothing of its process group).
 * What it makes is not the host's: it is ended when somebody wants to stop (stop.h), an error. */
struct kh_run_place {
	uid_t uid; /* switched to when we are root; otherwise it must be our own */
	gid_t gid;
	const char *directory; /* host path to run in */
};

/* As kh_run(), really running it. Not being able to become that account is an error. */
int kh_run_as(const struct kh_run_place *place, const char *const *argv, unsigned timeout_s,
	      char **ret_output, struct kh_error *err);

/* The same for somebody who wants all of the output, whatever the exit status: as kh_runner.run. */
int kh_run_as_result(const struct kh_run_place *place, const char *const *argv, unsigned timeout_s,
		     struct kh_run_result *ret_result, struct kh_error *err);

void kh_run_result_done(struct kh_run_result *result);

#endif
