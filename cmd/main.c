/* main.c - read the command line, run the command, print its error, choose the exit code. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_options_done) struct kh_options options = {0};
	const struct kh_command *command = NULL;
	int code = kh_start_clean(&err);
	setvbuf(stdout, NULL, _IOLBF, 0); /* in order with stderr when both go to one place */
	if (code == 0)
		code = kh_options_parse(argc, argv, &options, &command, &err);
	if (code == 0)
		code = command->run(&options, &err);
	if (code < 0) {
		kh_print_error(&err);
		code = err.code;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "kvmhost: standard output could not be written\n");
		code = code > KH_FINDINGS ? code : KH_SYSTEM;
	}
	return code;
}
