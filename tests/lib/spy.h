/* spy.h - run a program and see which files it opens and what it changes (ptrace).
 *
 * For tests that must know all of it, whichever call it takes: libraries open files, too. Every
 * process that the program starts is watched with it. Only on x86-64.
 */
#ifndef TESTS_SPY_H
#define TESTS_SPY_H

#include <stdbool.h>

#include "core/base/str.h"

struct spy {
	struct kh_strv opened; /* real paths of what was opened for reading */
	struct kh_strv
		changed; /* "openat /path": opened for writing, renamed, removed, mounted... */
	int status;      /* exit status, or 128 + signal */
	bool timed_out;
};

/* Returns 0, or 1 where nothing can be watched (*ret_reason says why). Output goes to the file
 * OUTPUT. */
int spy_run(const char *const *argv, const char *output, unsigned timeout_s, struct spy *ret_spy,
	    const char **ret_reason);
/* The same without watching, and fast: status and timed_out only. */
void spy_only_run(const char *const *argv, const char *output, unsigned timeout_s,
		  struct spy *ret_spy);
void spy_done(struct spy *spy);

#endif
