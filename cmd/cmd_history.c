/* cmd_history.c - kvmhost history: the runs that changed something. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static void print_run(const struct kh_options *options, const struct kh_run_record *run)
{
	kh_print(stdout, "%4lld  %s  %-12s %3zu change%s  %s\n", run->id,
		 run->time ? run->time : "?", kh_run_state_name(run->state), run->record_count,
		 run->record_count == 1 ? " " : "s", run->command ? run->command : "");
	if (!options->is_verbose)
		return;
	for (size_t i = 0; i < run->record_count; i++) {
		const json_t *intent = run->records[i].intent;
		const char *name = kh_json_get(intent, "name"); /* of a tree */
		kh_print(stdout, "      [%s] %s %s%s\n", kh_json_get(intent, "stage"),
			 kh_json_get(intent, "kind"), *name ? name : kh_json_get(intent, "path"),
			 run->records[i].is_undone ? " (undone)" : "");
	}
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	if (kh_root_open(options->root, &root, err) != 0 ||
	    kh_history_read(&root, &history, err) != 0)
		return -1;
	if (options->is_json) {
		kh_print_json(kh_history_json(&history));
		return 0;
	}
	size_t shown = 0;
	for (size_t i = 0; i < history.run_count; i++) {
		if (history.runs[i].record_count == 0)
			continue;
		print_run(options, &history.runs[i]);
		shown++;
	}
	if (shown == 0)
		kh_print(stdout, "no run has changed anything\n");
	return 0;
}

const struct kh_command kh_command_history = {
	.name = "history",
	.arguments = "",
	.summary = "the runs that changed something; with -v, what each changed",
	.options = KH_OPTION_JSON,
	.run = run,
};
