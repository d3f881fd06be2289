/* stop.c - see stop.h. */
#include "core/base/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void watch(int number)
{
	struct sigaction now;
	if (sigaction(number, NULL, &now) != 0 || now.sa_handler == SIG_IGN)
		return;
	/* Reset when it came once: the next one is not to be held back. Calls go on that can, so
	 * that nothing else has to know of signals; poll(2) never does, and long work waits in
	 * that. */
	struct sigaction wanted = {.sa_handler = note, .sa_flags = SA_RESTART | SA_RESETHAND};
	sigemptyset(&wanted.sa_mask);
	sigaction(number, &wanted, NULL);
}

void kh_stop_watch(void)
{
	watch(SIGINT);
	watch(SIGTERM);
}

bool kh_stop_is_wanted(void)
{
	return noted != 0;
}

int kh_stop_signal(void)
{
	return noted;
}

void kh_stop_want(int signal)
{
	noted = signal;
}

const char *kh_stop_name(void)
{
	switch (noted) {
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	}
	return noted ? "a signal" : "";
}

int kh_stop_fail(struct kh_error *err)
{
	return kh_fail(err, KH_SYSTEM, 0, "stopped by %s", kh_stop_name());
}

int kh_stop_check(struct kh_error *err)
{
	return kh_stop_is_wanted() ? kh_stop_fail(err) : 0;
}
