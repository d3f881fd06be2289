/* cmd_completion.c - kvmhost completion SHELL: what a shell has to run, to complete our command
 * line.
 *
 * The scripts only ask `kvmhost complete` and show its answer, so they are the same for every
 * version. They are files of the project, compiled in like the templates.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/template.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	kh_strv_split(&known, "bash zsh fish", " ");
	if (options->arguments.count != 1) {
		kh_fail(err, KH_USAGE, 0, "completion: for which shell?");
		return kh_hint(err, "'kvmhost completion bash', zsh or fish");
	}
	const char *shell = options->arguments.items[0];
	if (!kh_strv_has(&known, shell))
		return kh_options_unknown(kh_printf("unknown shell '%s'", shell), shell, &known,
					  err);
	kh_auto(kh_free) char *name = kh_printf("completions/kvmhost.%s", shell);
	const char *text = kh_template_builtin(name);
	if (!text)
		return kh_fail(err, KH_SYSTEM, 0, "completion: '%s' was not compiled in", name);
	fputs(text, stdout);
	return 0;
}

const struct kh_command kh_command_completion = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.summary = "print what the shell needs to complete kvmhost's command line",
	.run = run,
};
