/* commands.c - the list of commands. */
#include <string.h>

#include "cmd/cmd.h"

extern const struct kh_command kh_command_facts, kh_command_stages, kh_command_plan,
	kh_command_apply, kh_command_report, kh_command_history, kh_command_undo, kh_command_init,
	kh_command_fetch, kh_command_build, kh_command_store, kh_command_bundle, kh_command_confirm,
	kh_command_help, kh_command_version, kh_command_guard, kh_command_compare,
	kh_command_schema, kh_command_completion, kh_command_complete, kh_command_self_check;

const struct kh_command *const kh_commands[] = {
	&kh_command_facts,      &kh_command_stages,
	&kh_command_plan,       &kh_command_apply,
	&kh_command_report,     &kh_command_compare,
	&kh_command_history,    &kh_command_undo,
	&kh_command_init,       &kh_command_fetch,
	&kh_command_build,      &kh_command_store,
	&kh_command_bundle,     &kh_command_confirm,
	&kh_command_schema,     &kh_command_help,
	&kh_command_version,    &kh_command_completion,
	&kh_command_self_check, &kh_command_guard,
	&kh_command_complete,   NULL,
};

const struct kh_command *kh_command_find(const char *name)
{
	for (const struct kh_command *const *command = kh_commands; *command; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}
