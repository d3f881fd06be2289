/* cut.h - stop or fail the n-th write-like system call (core/base/sys.h). */
#ifndef TESTS_CUT_H
#define TESTS_CUT_H

/* Count calls only; cut_count() says how many there were since. */
void cut_arm_count(void);
/* Make the n-th call (from 1) fail with this errno. */
void cut_arm_fail(int n, int error);
/* Kill this process with SIGKILL just before the n-th call. */
void cut_arm_kill(int n);
void cut_disarm(void);
int cut_count(void);

/* Run work(data) in a child that is killed before its n-th call. Returns 1 when it was killed, 0
 * when it came to its end before that. */
int cut_run_killed(int n, void (*work)(void *data), void *data);

#endif
