/* cmd_history.c - kvmhost history: the runs that changed something. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

/* With its blank: the words by themselves are names, of keys and of commands. Owned. */
static char *kind_word(const char *kind)
{
	static const char *const words[] = {
		KH_WORD("put "),      KH_WORD("remove "),  KH_WORD("directory "),
		KH_WORD("link "),     KH_WORD("set "),     KH_WORD("load "),
		KH_WORD("run "),      KH_WORD("trigger "), KH_WORD("fetch "),
		KH_WORD("build "),    KH_WORD("install "), KH_WORD("uninstall "),
		KH_WORD("rehearse "), KH_WORD("packages ")};
	size_t length = strlen(kind);
	for (size_t i = 0; i < KH_COUNT(words); i++)
		if (strlen(words[i]) == length + 1 && strncmp(words[i], kind, length) == 0)
			return kh_strdup(words[i]);
	return kh_printf("%s ", kind);
}

static void print_change(const struct kh_record *record)
{
	const json_t *intent = record->intent;
	const char *name = kh_json_get(intent, "name"); /* of a tree */
	kh_auto(kh_free) char *kind = kind_word(kh_json_get(intent, "kind"));
	kh_print(stdout, "      [%s] %s%s%s\n", kh_json_get(intent, "stage"), kind,
		 *name ? name : kh_json_get(intent, "path"),
		 record->is_undone ? KH_WORD(" (undone)") : "");
}

static void print_run(const struct kh_options *options, const struct kh_run_record *run)
{
	kh_print(stdout, "%4lld  %s  %-12s %3zu change%s  %s\n", run->id,
		 run->time ? run->time : "?", kh_run_state_name(run->state), run->record_count,
		 run->record_count == 1 ? " " : "s", run->command ? run->command : "");
	if (!options->is_verbose)
		return;
	for (size_t i = 0; i < run->record_count; i++)
		print_change(&run->records[i]);
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
