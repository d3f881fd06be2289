/* cmd_complete.c - kvmhost complete -- WORD...: what the last word may become.
 *
 * For the shells (completion.c), not for people: a candidate a line, a tab, what it is. ":files"
 * and
 * ":dirs" leave it to the shell. Everything comes from the tables that the commands themselves use:
 * what a command takes is said by its usage, "[STAGE...]" or "list|prune".
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/report.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/config_keys.h"
#include "core/stage.h"
#include "sources/program.h"

struct line {                 /* as far as it is typed */
	const char *current;  /* the word to complete, maybe "" */
	const char *awaiting; /* what the option before it takes: "FILE", "DIR", "KEY=VALUE" */
	const struct kh_command *command;
	struct kh_strv arguments; /* of the command, before the current word */
	const char *root;
};

static void line_done(struct line *line)
{
	kh_strv_done(&line->arguments);
}

static void offer(const struct line *line, const char *word, const char *about)
{
	if (kh_str_starts(word, line->current))
		printf("%s\t%s\n", word, about ? kh_translated(about) : "");
}

/* ---- what there is ---- */

static void offer_commands(const struct line *line)
{
	for (const struct kh_command *const *at = kh_commands; *at; at++)
		if (!(*at)->is_hidden)
			offer(line, (*at)->name, (*at)->summary);
}

static void offer_stages(const struct line *line)
{
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++)
		if (!kh_strv_has(&line->arguments, (*stage)->name))
			offer(line, (*stage)->name, (*stage)->summary);
}

static void offer_programs(const struct line *line)
{
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++)
		if (!kh_strv_has(&line->arguments, kh_programs[i].name))
			offer(line, kh_programs[i].name, kh_programs[i].title);
}

/* Nobody but root may read them. */
static void offer_runs(const struct line *line)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (kh_root_open(line->root ? line->root : "/", &root, &ignored) != 0 ||
	    kh_history_read(&root, &history, &ignored) != 0)
		return;
	for (size_t i = history.run_count; i > 0; i--) {
		const struct kh_run_record *run = &history.runs[i - 1];
		kh_auto(kh_free) char *number = kh_printf("%lld", run->id);
		kh_auto(kh_free) char *raw =
			kh_printf("%s, %s, %s", run->time ? run->time : "?",
				  run->command ? run->command : "?", kh_run_state_name(run->state));
		kh_auto(kh_free) char *about = kh_clean(raw, false);
		if (run->state != KH_RUN_UNDONE)
			offer(line, number, about);
	}
}

/* ---- keys ---- */

/* prefix: what stands before the key in the word ("--set="). */
static void offer_keys(const struct line *line, const struct kh_config_key *table,
		       const char *parent, const char *prefix, const char *suffix)
{
	for (; table->name; table++) {
		kh_auto(kh_free) char *dotted =
			kh_printf("%s%s%s", parent, *parent ? "." : "", table->name);
		kh_auto(kh_free) char *word = kh_printf("%s%s%s", prefix, dotted, suffix);
		if (table->type == KH_KEY_SECTION)
			offer_keys(line, table->nested, dotted, prefix, suffix);
		else
			offer(line, word, table->doc);
	}
}

static void offer_values(const struct line *line, const char *key, const char *head)
{
	static const char *const booleans[] = {"true", "false", NULL};
	const struct kh_config_key *found = kh_config_key_find(key, NULL);
	if (!found)
		return;
	const char *const *values = found->type == KH_KEY_BOOL ? booleans : found->choices;
	for (; values && *values; values++) {
		kh_auto(kh_free) char *word = kh_printf("%s%s", head, *values);
		offer(line, word, NULL);
	}
}

/* typed: "KEY=VALUE" or a part of it, after prefix. */
static void offer_setting(const struct line *line, const char *prefix, const char *typed)
{
	const char *equals = strchr(typed, '=');
	if (!equals) {
		offer_keys(line, kh_config_keys, "", prefix, "=");
		return;
	}
	kh_auto(kh_free) char *key = kh_strndup(typed, (size_t)(equals - typed));
	kh_auto(kh_free) char *head = kh_printf("%s%s=", prefix, key);
	offer_values(line, key, head);
}

static void offer_topics(const struct line *line)
{
	if (line->arguments.count > 0) {
		if (strcmp(line->arguments.items[0], "config") == 0)
			offer_keys(line, kh_config_keys, "", "", "");
		return;
	}
	offer_commands(line);
	offer_stages(line);
	offer(line, "config", "the keys of the configuration");
}

/* ---- by what is wanted ---- */

/* A word of a usage: what it stands for in capitals, or itself. */
static void offer_for(const struct line *line, const char *word)
{
	if (strcmp(word, "STAGE") == 0)
		offer_stages(line);
	else if (strcmp(word, "PROGRAM") == 0)
		offer_programs(line);
	else if (strcmp(word, "RUN") == 0)
		offer_runs(line);
	else if (strcmp(word, "TOPIC") == 0)
		offer_topics(line);
	else if (strcmp(word, "DIR") == 0)
		printf(":dirs\n");
	else if (strcmp(word, "FILE") == 0)
		printf(":files\n");
	else if (!isupper((unsigned char)*word))
		offer(line, word, NULL);
}

static void offer_store(const struct line *line)
{
	size_t count = line->arguments.count;
	const char *verb = count > 0 ? line->arguments.items[0] : "";
	if (count == 0) {
		offer(line, "list", "the artifacts there are");
		offer(line, "prune", "remove what nobody needs any more");
		offer(line, "export", "to a directory or tar file");
		offer(line, "import", "from a directory, tar file or URL");
	} else if (strcmp(verb, "export") == 0) {
		offer_programs(line);
		if (count > 1)
			printf(":files\n");
	} else if (strcmp(verb, "import") == 0) {
		printf(":files\n");
	}
}

static void offer_arguments(const struct line *line)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	const char *usage = line->command->arguments;
	if (strcmp(line->command->name, "store") == 0) {
		offer_store(line);
		return;
	}
	bool is_repeated = strstr(usage, "...") || strcmp(line->command->name, "help") == 0;
	if (line->arguments.count > 0 && !is_repeated)
		return;
	kh_strv_split(&words, usage, " []|.");
	for (size_t i = 0; i < words.count; i++)
		offer_for(line, words.items[i]);
}

static void offer_option_value(const struct line *line, const char *takes, const char *prefix)
{
	for (size_t i = 0; strcmp(takes, "FORMAT") == 0 && kh_report_formats[i]; i++) {
		kh_auto(kh_free) char *word = kh_printf("%s%s", prefix, kh_report_formats[i]);
		offer(line, word, NULL);
	}
	if (strcmp(takes, "KEY=VALUE") == 0)
		offer_setting(line, prefix, line->current + strlen(prefix));
	else
		offer_for(line, takes);
}

/* ---- the line ---- */

static void read_word(struct line *line, const char *word)
{
	const char *takes = kh_options_argument(word);
	if (line->awaiting) {
		line->awaiting = NULL;
	} else if (word[0] == '-' && word[1]) {
		line->awaiting = strchr(word, '=') ? NULL : takes;
		if (kh_str_starts(word, "--root="))
			line->root = strchr(word, '=') + 1;
	} else if (!line->command) {
		line->command = kh_command_find(word);
	} else {
		kh_strv_add(&line->arguments, word);
	}
}

static void read_words(struct line *line, const struct kh_strv *words)
{
	line->current = "";
	for (size_t i = 0; i + 1 < words->count; i++) {
		read_word(line, words->items[i]);
		if (strcmp(words->items[i], "--root") == 0)
			line->root = words->items[i + 1];
	}
	if (words->count > 0)
		line->current = words->items[words->count - 1];
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	(void)err;
	kh_auto(line_done) struct line line = {0};
	read_words(&line, &options->arguments);
	const char *equals = strchr(line.current, '=');
	if (line.awaiting) {
		offer_option_value(&line, line.awaiting, "");
	} else if (kh_str_starts(line.current, "--") && equals) {
		const char *takes = kh_options_argument(line.current);
		kh_auto(kh_free) char *prefix =
			kh_strndup(line.current, (size_t)(equals - line.current) + 1);
		if (takes)
			offer_option_value(&line, takes, prefix);
	} else if (line.current[0] == '-' && line.current[1]) {
		kh_auto(kh_strv_done) struct kh_strv names = {0}, abouts = {0};
		kh_options_list(line.command, &names, &abouts);
		for (size_t i = 0; i < names.count; i++)
			offer(&line, names.items[i], abouts.items[i]);
	} else if (!line.command) {
		offer_commands(&line);
	} else {
		offer_arguments(&line);
	}
	return 0;
}

const struct kh_command kh_command_complete = {
	.name = "complete",
	.arguments = "WORD...",
	.summary = "what the last word may become, for the shells",
	.is_hidden = true,
	.run = run,
};
