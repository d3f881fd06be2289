/* cmd_guard.c - kvmhost guard: run by kvmhost-guard.service, by apply (`guard switch`) and by undo
 * (`guard back`), not by people; see net/guard.h. */
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "net/guard.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	if (kh_root_open(options->root, &root, err) != 0)
		return -1;
	const char *part = options->arguments.count > 0 ? options->arguments.items[0] : "";
	if (strcmp(part, "switch") == 0)
		return kh_guard_ask(&root, &kh_run_system, err);
	if (strcmp(part, "back") == 0)
		return kh_guard_back(&root, &kh_run_system, err);
	if (*part)
		return kh_fail(err, KH_USAGE, 0, "guard: unknown part '%s'", part);
	return kh_guard_run(&root, &kh_run_system, err) < 0 ? -1 : 0;
}

const struct kh_command kh_command_guard = {
	.name = "guard",
	.arguments = "[switch|back]",
	.summary = "watch over the first boot with the bridge, or over a live switch",
	.is_hidden = true,
	.run = run,
};
