/* cmd_help.c - kvmhost help: the commands, one command, or the configuration's keys. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/wrap.h"
#include "core/config_help.h"
#include "core/config_keys.h"
#include "core/stage.h"

static void print_commands(void)
{
	enum { COLUMN = 27 }; /* behind the longest */
	kh_print(stdout, "kvmhost %s - turns this machine into a tuned, proven KVM host\n\n",
		 KH_VERSION);
	kh_print(stdout, "usage: kvmhost [OPTION...] COMMAND [ARGUMENT...]\n\n");
	kh_auto(kh_str_done) struct kh_str list = {0};
	for (const struct kh_command *const *at = kh_commands; *at; at++) {
		const struct kh_command *command = *at;
		if (command->is_hidden)
			continue;
		kh_auto(kh_free) char *usage =
			kh_printf("  %s%s%s", command->name, *command->arguments ? " " : "",
				  command->arguments);
		kh_wrap_item(&list, usage, COLUMN, command->summary, kh_text_width());
	}
	kh_print(stdout, "%s", kh_str_text(&list));
	kh_auto(kh_free) char *options = kh_options_help(NULL);
	kh_print(stdout, "\noptions (before or after the command):\n%s", options);
	kh_print(
		stdout,
		"\nexit codes: 0 done, 1 findings, 2 usage, 3 configuration, 4 host not suitable,\n"
		"            5 system error, 6 a program failed,\n"
		"            7 in place but verification failed\n"
		"\n'kvmhost help config' explains the configuration, 'kvmhost init' writes one.\n");
}

static int print_command(const struct kh_command *command)
{
	kh_print(stdout, "usage: kvmhost [OPTION...] %s%s%s\n\n  %s\n", command->name,
		 *command->arguments ? " " : "", command->arguments, command->summary);
	kh_auto(kh_free) char *options = kh_options_help(command);
	kh_print(stdout, "\noptions (before or after the command):\n%s", options);
	return 0;
}

static int print_stage(const struct kh_stage *stage)
{
	kh_print(stdout, "stage %s: %s\n  touches: %s\n", stage->name, stage->summary,
		 stage->touches);
	if (kh_config_key_find(stage->name, NULL))
		kh_print(stdout, "\n'kvmhost help config %s' explains its configuration.\n",
			 stage->name);
	return 0;
}

static int print_config(const struct kh_options *options, struct kh_error *err)
{
	const char *key = options->arguments.count > 1 ? options->arguments.items[1] : NULL;
	kh_auto(kh_free) char *text = NULL;
	if (kh_config_help_text(key, &text, err) != 0)
		return -1;
	kh_print(stdout, "%s", text);
	return 0;
}

static int print_owned(char *text)
{
	kh_print(stdout, "%s", text);
	kh_free(&text);
	return 0;
}

static int unknown_topic(const char *topic, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (const struct kh_command *const *command = kh_commands; *command; command++)
		if (!(*command)->is_hidden)
			kh_strv_add(&known, (*command)->name);
	kh_strv_add(&known, "config");
	return kh_options_unknown(kh_printf("unknown command or topic '%s'", topic), topic, &known,
				  err);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	const char *topic = options->arguments.count > 0 ? options->arguments.items[0] : NULL;
	if (!topic) {
		print_commands();
		return 0;
	}
	const struct kh_command *command = kh_command_find(topic);
	if (command)
		return print_command(command);
	if (strcmp(topic, "config") == 0)
		return print_config(options, err);
	if (strcmp(topic, "man") == 0) /* for the Makefile, not for people: mdoc */
		return print_owned(kh_config_man_text());
	const struct kh_stage *stage = kh_stage_find(topic);
	return stage ? print_stage(stage) : unknown_topic(topic, err);
}

const struct kh_command kh_command_help = {
	.name = "help",
	.arguments = "[TOPIC]",
	.summary = "this help; TOPIC: a command, a stage, config, config KEY",
	.run = run,
};
