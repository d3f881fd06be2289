/* main.c - read the command line, run the command, print its error, choose the exit code. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "core/base/mem.h"
#include "core/base/stop.h"

/* What is left is what a run that was cut off leaves, and goes on the same way. */
static void tell_stopped(const struct kh_options *options)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	if (kh_root_open(options->root, &root, &ignored) == 0 &&
	    kh_history_read(&root, &history, &ignored) == 0 && kh_history_unfinished(&history, 0))
		kh_print_unfinished(&root);
	else
		kh_say("kvmhost: this host is as it was before; what was fetched and built so far is "
		       "kept, and the same command goes on from there");
}

/* As a signal ends a program: a shell loop around us ends, too. */
static int end_by_signal(int number)
{
	fflush(stdout);
	signal(number, SIG_DFL);
	raise(number);
	return 128 + number;
}

/* Whoever read had enough, as 'head' has: that is no failure, and what was done has its own exit
 * status. Source: poll(2), POLLERR of the end of a pipe that is written to. */
static bool has_reader_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_options_done) struct kh_options options = {0};
	const struct kh_command *command = NULL;
	int code = kh_start_clean(&err);
	kh_language_start();
	setvbuf(stdout, NULL, _IOLBF, 0); /* in order with stderr when both go to one place */
	if (code == 0)
		code = kh_options_parse(argc, argv, &options, &command, &err);
	if (options.is_json)
		kh_watch_use_json();
	if (code == 0)
		code = command->run(&options, &err);
	if (code < 0) {
		kh_print_error(&err);
		code = err.code;
	}
	if (kh_stop_is_wanted() && code != KH_OK)
		tell_stopped(&options);
	bool is_lost = fflush(stdout) != 0 || ferror(stdout);
	if (is_lost && !has_reader_gone()) {
		kh_print(stderr, "kvmhost: standard output could not be written\n");
		code = code > KH_FINDINGS ? code : KH_SYSTEM;
	}
	return kh_stop_is_wanted() && code != KH_OK ? end_by_signal(kh_stop_signal()) : code;
}
