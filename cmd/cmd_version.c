/* cmd_version.c - kvmhost version: which one this is, and with --features what it was built with.
 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/features.h"
#include "core/base/mem.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	(void)err;
	kh_print(stdout, "kvmhost %s\n", KH_VERSION);
	if (!options->wants_features)
		return 0;
	for (const struct kh_feature *feature = kh_features; feature->name; feature++)
		kh_print(stdout, "%c%-10s %s\n", feature->is_built ? '+' : '-', feature->name,
			 feature->about);
	kh_auto(kh_free) char *libraries = kh_features_libraries();
	kh_print(stdout, "libraries: %s\n", libraries);
	return 0;
}

const struct kh_command kh_command_version = {
	.name = "version",
	.arguments = "",
	.summary = "the version; --features: what it was built with",
	.options = KH_OPTION_FEATURES,
	.run = run,
};
