/* cmd_version.c - kvmhost version. */
#include <stdio.h>

#include "cmd/cmd.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	(void)options;
	(void)err;
	printf("kvmhost %s\n", KH_VERSION);
	return 0;
}

const struct kh_command kh_command_version = {
	.name = "version",
	.arguments = "",
	.summary = "the version",
	.run = run,
};
