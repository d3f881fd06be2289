/* watch.h - run a program and stop it, or fail it, at the n-th system call that writes.
 *
 * The program is a process of its own, as it is: seccomp(2) hands every such call of it, and of
 * what it starts, to us before it is made (user notification, Linux 5.5). We count those that
 * concern the tree below `root`, and let them go on, make the chosen one fail, or kill the program
 * in front of it. What is killed in front of call n+1 is killed after call n; watch_run() with a
 * target past the last call kills it when all is done but ending.
 */
#ifndef TESTS_WATCH_H
#define TESTS_WATCH_H

#include <limits.h>
#include <stdbool.h>

struct watch {
	const char *root;   /* host path, without a slash at the end */
	const char *chroot; /* run it in there (root rights); NULL: not */
	int target;         /* the call to stop at, from 1; 0: none */
	int error;          /* its errno; 0: it is killed */
	/* Called in front of the target, which then goes on; NULL: it is killed or fails. */
	void (*meet)(const struct watch *watch);

	int count;           /* calls seen */
	bool is_hit;         /* the target was met */
	char call[32];       /* the target's name, "renameat" */
	char path[PATH_MAX]; /* what it works on, below root: "/etc/fstab" */
	char *output;        /* both streams; owned */
};

/* Returns the exit status, or 128 + the signal that ended it. Aborts when it cannot be run. */
int watch_run(struct watch *watch, const char *const *argv);
void watch_done(struct watch *watch);
/* Does this kernel let us? */
bool watch_is_possible(void);

#endif
