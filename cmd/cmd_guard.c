/* cmd_guard.c - kvmhost guard: run by kvmhost-guard.service at boot, not by people; see
 * net/guard.h. */
#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "net/guard.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	if (kh_root_open(options->root, &root, err) != 0)
		return -1;
	return kh_guard_run(&root, &kh_run_system, err) < 0 ? -1 : 0;
}

const struct kh_command kh_command_guard = {
	.name = "guard",
	.arguments = "",
	.summary = "watch over the first boot with the bridge",
	.is_hidden = true,
	.run = run,
};
