/* sandbox_start.h - the child's side of a sandbox: namespaces, account, exec. For sandbox.c. */
#ifndef KH_PLATFORM_SANDBOX_START_H
#define KH_PLATFORM_SANDBOX_START_H

#include "platform/sandbox.h"

struct kh_sandbox_step {
	const char *cwd;
	const char *const *argv;
	char **environment;
	int out, err; /* its standard output and error */
};

/* Can namespaces be had? Returns 0, or -1 with errno. */
int kh_sandbox_probe(bool is_own_account);
/* In the child, before exec: from now on it writes where sandbox->writable says. Nothing where the
 * kernel has no Landlock of version 2 (Linux 5.19), or the list is empty. */
void kh_sandbox_confine(const struct kh_sandbox *sandbox);
/* Start it. Returns the process to wait for (its exit status is the step's, 128 + signal when that
 * was killed), or -1: not started. Ending it (SIGKILL to its process group) ends all of it. */
pid_t kh_sandbox_start(const struct kh_sandbox *sandbox, const struct kh_sandbox_step *step,
		       struct kh_error *err);

#endif
