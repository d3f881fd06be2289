/* measure.c - run a command several times; print its median time and its peak memory.
 *
 *   measure RUNS COMMAND [ARGUMENT...]
 *
 * One unmeasured run first, to warm the page cache. Output of the command goes to /dev/null. Prints
 * one line, "MEDIAN_US LEAST_US MOST_US RSS_KIB STATUS": wall clock times in microseconds, the
 * largest resident set any process of the command had, and the exit status all runs had (a run
 * that ends differently from the others is an error: then something else was measured).
 * Source: wait4(2), getrusage(2) (ru_maxrss: in KiB, of the largest process waited for).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS = 10000, EXIT_USAGE = 2 };

static long long now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void exec_quietly(char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	execvp(argv[0], argv);
	_exit(127);
}

/* Returns the exit status, or -1 when the command could not be run or was killed. */
static int run_once(char **argv, long long *ret_us, long *ret_rss_kib)
{
	struct rusage usage;
	int status = 0;
	long long start_us = now_us();
	pid_t child = fork();
	if (child == 0)
		exec_quietly(argv);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return -1;
	*ret_us = now_us() - start_us;
	if (usage.ru_maxrss > *ret_rss_kib)
		*ret_rss_kib = usage.ru_maxrss;
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

static int by_value(const void *a, const void *b)
{
	long long left = *(const long long *)a, right = *(const long long *)b;
	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	if (runs < 1 || runs > MOST_RUNS) {
		fprintf(stderr, "usage: measure RUNS COMMAND [ARGUMENT...]\n");
		return EXIT_USAGE;
	}
	long long *times_us = calloc((size_t)runs, sizeof(*times_us));
	long long warm_us = 0;
	long rss_kib = 0;
	int wanted = times_us ? run_once(argv + 2, &warm_us, &rss_kib) : -1, status = wanted;
	for (int i = 0; i < runs && status >= 0 && status == wanted; i++)
		status = run_once(argv + 2, &times_us[i], &rss_kib);
	if (status < 0 || status != wanted) {
		fprintf(stderr, "measure: '%s' ended with %d, then with %d\n", argv[2], wanted,
			status);
		free(times_us);
		return 1;
	}
	qsort(times_us, (size_t)runs, sizeof(*times_us), by_value);
	long long median_us = (times_us[(runs - 1) / 2] + times_us[runs / 2]) / 2;
	printf("%lld %lld %lld %ld %d\n", median_us, times_us[0], times_us[runs - 1], rss_kib,
	       status);
	free(times_us);
	return 0;
}
