/* cut.c - see cut.h. */
#include "tests/lib/cut.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/sys.h"

static int count, target, error_to_give;

static int hook(const char *call, const char *path)
{
	(void)call;
	(void)path;
	if (++count != target)
		return 0;
	if (error_to_give == 0)
		kill(getpid(), SIGKILL);
	return error_to_give;
}

static void arm(int n, int error)
{
	count = 0;
	target = n;
	error_to_give = error;
	kh_sys_hook = hook;
}

void cut_arm_count(void)
{
	arm(0, 0);
}

void cut_arm_fail(int n, int error)
{
	arm(n, error);
}

void cut_arm_kill(int n)
{
	arm(n, 0);
}

void cut_disarm(void)
{
	kh_sys_hook = NULL;
}

int cut_count(void)
{
	return count;
}

int cut_run_killed(int n, void (*work)(void *data), void *data)
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		cut_arm_kill(n);
		work(data);
		_exit(0);
	}
	int status = 0;
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
