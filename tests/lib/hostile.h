/* hostile.h - a host of tests/roots/ with the contract test's configuration, and the real program
 * run on it. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdarg.h>

#include "tests/lib/fixture.h"
#include "tests/lib/spy.h"

struct hostile {
	struct fixture fixture;
	char *outside; /* a directory that is not below the root, with a file in it */
	char *output;  /* where the program's output goes */
	char *program;
};

void hostile_open(struct hostile *host, const char *name);
void hostile_close(struct hostile *host);
void hostile_check_outside(const struct hostile *host);

/* kvmhost --root ... NAME WORD..., NULL at the end. */
int hostile_watch(struct hostile *host, struct spy *ret_spy, const char **ret_reason,
		  const char *name, va_list words);
void hostile_run(struct hostile *host, struct spy *ret_spy, const char *name, ...)
	__attribute__((sentinel));
char *hostile_output(const struct hostile *host); /* owned: of the last run */

#endif
