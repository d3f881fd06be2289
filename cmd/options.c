/* options.c - the command line: options may stand before or after the command. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/wrap.h"
#include "core/stage.h"

/* What an option does to struct kh_options. */
enum option_kind {
	OPTION_FLAG,    /* a bool */
	OPTION_TEXT,    /* a const char * */
	OPTION_LIST,    /* a struct kh_strv */
	OPTION_COMMAND, /* the command of its name runs in the place of the one given */
};

struct option_row {
	const char *name;
	char letter; /* or '\0' */
	const char *argument;
	unsigned set; /* of enum kh_option_set; 0: every command takes it */
	enum option_kind kind;
	size_t offset;
	const char *summary;
};

#define AT(kind, member) OPTION_##kind, offsetof(struct kh_options, member)

static const struct option_row rows[] = {
	{"config", 'c', "FILE", 0, AT(TEXT, config),
	 "the configuration (default: /etc/kvmhost/kvmhost.yaml)"},
	{"root", '\0', "DIR", 0, AT(TEXT, root), "read and change the tree below DIR instead of /"},
	{"set", '\0', "KEY=VALUE", 0, AT(LIST, settings),
	 "a setting that wins over the file; may be repeated"},
	{"json", '\0', NULL, KH_OPTION_JSON, AT(FLAG, is_json),
	 "one JSON document on standard output"},
	{"quiet", 'q', NULL, 0, AT(FLAG, is_quiet), "only results and what went wrong"},
	{"verbose", 'v', NULL, 0, AT(FLAG, is_verbose), "also what is as it should be"},
	{"yes", 'y', NULL, KH_OPTION_YES, AT(FLAG, is_yes), "do not ask (apply, undo)"},
	{"force", '\0', NULL, KH_OPTION_FORCE, AT(FLAG, is_forced),
	 "overwrite what exists (init) or changed (undo); keep the unproved (confirm)"},
	{"all", '\0', NULL, KH_OPTION_ALL, AT(FLAG, is_all),
	 "put everything back (undo); also what can be made again (store prune)"},
	{"exit-code", '\0', NULL, KH_OPTION_EXIT_CODE, AT(FLAG, wants_exit_code),
	 "exit 1 when changes are pending (plan)"},
	{"stat", '\0', NULL, KH_OPTION_STAT, AT(FLAG, wants_stat),
	 "only a list: how many lines of what change (plan)"},
	{"guided", '\0', NULL, KH_OPTION_GUIDED, AT(FLAG, is_guided),
	 "ask what nobody can find out (init)"},
	{"features", '\0', NULL, KH_OPTION_FEATURES, AT(FLAG, wants_features),
	 "also what it was built with (version)"},
	{"deep", '\0', NULL, KH_OPTION_DEEP, AT(FLAG, is_deep),
	 "really boot a small guest through libvirt (report)"},
	{"rederive", '\0', NULL, KH_OPTION_REDERIVE, AT(FLAG, wants_rederive),
	 "make the kernel's derived base configuration anew (build)"},
	{"retry", '\0', NULL, KH_OPTION_RETRY, AT(FLAG, wants_retry),
	 "try what failed its trial once more (confirm)"},
	{"unit", '\0', NULL, KH_OPTION_UNIT, AT(FLAG, is_unit),
	 "as kvmhost-confirm.service calls it at boot: wait for the network (confirm)"},
	{"lock", '\0', NULL, KH_OPTION_LOCK, AT(FLAG, wants_lock),
	 "write kvmhost.lock beside the configuration, which later runs use (fetch)"},
	{"update", '\0', NULL, KH_OPTION_LOCK, AT(FLAG, is_update),
	 "look for newer ones where the version is 'distro' (fetch)"},
	{"format", '\0', "FORMAT", KH_OPTION_REPORT, AT(TEXT, format),
	 "text, plain, json, html, junit or prometheus (report)"},
	{"output", 'o', "FILE", KH_OPTION_REPORT, AT(TEXT, output),
	 "write the report to FILE (report)"},
	{"previous", '\0', "FILE", KH_OPTION_REPORT, AT(TEXT, previous),
	 "say what changed since an earlier report in JSON (report)"},
	{"help", 'h', NULL, 0, OPTION_COMMAND, 0, "this help, or that of the command"},
	{"version", 'V', NULL, 0, OPTION_COMMAND, 0, "the version"},
};

char *kh_options_help(const struct kh_command *command)
{
	enum { COLUMN = 25 };
	struct kh_str out = {0};
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		if (command && row->set != 0 && (command->options & row->set) == 0)
			continue;
		kh_auto(kh_free) char *letter =
			row->letter ? kh_printf("-%c, ", row->letter) : kh_strdup("    ");
		kh_auto(kh_free) char *label =
			kh_printf("  %s--%s%s%s", letter, row->name, row->argument ? " " : "",
				  row->argument ? row->argument : "");
		kh_wrap_item(&out, label, COLUMN, row->summary, kh_text_width());
	}
	return kh_str_take(&out);
}

const char *kh_options_argument(const char *word)
{
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		size_t length = strlen(row->name);
		bool is_long = kh_str_starts(word, "--") &&
			       strncmp(word + 2, row->name, length) == 0 &&
			       (word[2 + length] == '\0' || word[2 + length] == '=');
		bool is_short =
			row->letter && word[0] == '-' && word[1] == row->letter && word[2] == '\0';
		if (is_long || is_short)
			return row->argument;
	}
	return NULL;
}

void kh_options_list(const struct kh_command *command, struct kh_strv *ret_names,
		     struct kh_strv *ret_abouts)
{
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		if (command && row->set != 0 && (command->options & row->set) == 0)
			continue;
		kh_strv_addf(ret_names, "--%s%s", row->name, row->argument ? "=" : "");
		kh_strv_add(ret_abouts, row->summary);
	}
}

static int unknown_option(const char *typed, struct kh_error *err)
{
	const char *names[KH_COUNT(rows)];
	for (size_t i = 0; i < KH_COUNT(rows); i++)
		names[i] = rows[i].name;
	kh_fail(err, KH_USAGE, 0, "unknown option '%s'", typed);
	kh_auto(kh_free) char *word = kh_strdup(typed + strspn(typed, "-"));
	word[strcspn(word, "=")] = '\0';
	const char *nearest = kh_str_nearest(word, names, KH_COUNT(rows));
	return nearest ? kh_hint(err, "did you mean '--%s'?", nearest)
		       : kh_hint(err, "'kvmhost --help' lists the options");
}

int kh_options_unknown(char *message, const char *typed, const struct kh_strv *known,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *owned = message;
	kh_fail(err, KH_USAGE, 0, "%s", owned);
	const char *nearest =
		kh_str_nearest(typed, (const char *const *)known->items, known->count);
	if (nearest)
		return kh_hint(err, "did you mean '%s'?", nearest);
	kh_auto(kh_free) char *all = kh_strv_join(known, ", ");
	return kh_hint(err, "known: %s", all);
}

static void take_option(struct kh_options *options, const struct option_row *row,
			const char **ret_instead)
{
	void *member = (char *)options + row->offset;
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)member = true;
		break;
	case OPTION_TEXT:
		*(const char **)member = optarg;
		break;
	case OPTION_LIST:
		kh_strv_add(member, optarg);
		break;
	case OPTION_COMMAND:
		*ret_instead = row->name;
		break;
	}
}

static bool is_given(const struct kh_options *options, const struct option_row *row)
{
	const void *member = (const char *)options + row->offset;
	switch (row->kind) {
	case OPTION_FLAG:
		return *(const bool *)member;
	case OPTION_TEXT:
		return *(const char *const *)member != NULL;
	case OPTION_LIST:
		return ((const struct kh_strv *)member)->count > 0;
	case OPTION_COMMAND:
		break;
	}
	return false;
}

static int check_options(const struct kh_options *options, const struct kh_command *command,
			 struct kh_error *err)
{
	for (size_t i = 0; i < KH_COUNT(rows); i++)
		if (rows[i].set != 0 && (command->options & rows[i].set) == 0 &&
		    is_given(options, &rows[i]))
			return kh_fail(err, KH_USAGE, 0, "command '%s' takes no option '--%s'",
				       command->name, rows[i].name);
	return 0;
}

static int check_stages(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++)
		kh_strv_add(&known, (*stage)->name);
	for (size_t i = 0; i < options->arguments.count; i++)
		if (!kh_stage_find(options->arguments.items[i]))
			return kh_options_unknown(
				kh_printf("unknown stage '%s'", options->arguments.items[i]),
				options->arguments.items[i], &known, err);
	return 0;
}

static int check(const struct kh_options *options, const struct kh_command *command,
		 struct kh_error *err)
{
	if (check_options(options, command, err) != 0)
		return -1;
	if (command->takes_stages)
		return check_stages(options, err);
	if (options->arguments.count > 0 && !*command->arguments)
		return kh_fail(err, KH_USAGE, 0, "command '%s' takes no argument '%s'",
			       command->name, options->arguments.items[0]);
	return 0;
}

static int find_command(const char *name, const struct kh_command **ret_command,
			struct kh_error *err)
{
	*ret_command = kh_command_find(name);
	if (*ret_command)
		return 0;
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (const struct kh_command *const *command = kh_commands; *command; command++)
		if (!(*command)->is_hidden)
			kh_strv_add(&known, (*command)->name);
	return kh_options_unknown(kh_printf("unknown command '%s'", name), name, &known, err);
}

/* getopt's value is the place of the row, behind all letters. */
enum { VALUE_FIRST = 256 };

static void make_getopt_tables(struct option *table, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		int has_argument = rows[i].argument ? required_argument : no_argument;
		table[i] = (struct option){rows[i].name, has_argument, NULL, VALUE_FIRST + (int)i};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].argument)
			*letters++ = ':';
	}
	*letters = '\0';
}

static const struct option_row *row_of(int value)
{
	for (size_t i = 0; i < KH_COUNT(rows); i++)
		if (value == VALUE_FIRST + (int)i || value == rows[i].letter)
			return &rows[i];
	return NULL;
}

int kh_options_parse(int argc, char **argv, struct kh_options *ret_options,
		     const struct kh_command **ret_command, struct kh_error *err)
{
	struct option table[KH_COUNT(rows) + 1] = {0};
	char letters[2 * KH_COUNT(rows) + 2];
	const char *instead = NULL;
	make_getopt_tables(table, letters);
	ret_options->root = "/";
	opterr = 0;
	unsetenv("POSIXLY_CORRECT"); /* with it, getopt would stop at the command */
	for (;;) {
		const char *typed = optind < argc ? argv[optind] : "";
		int value = getopt_long(argc, argv, letters, table, NULL);
		if (value == -1)
			break;
		/* getopt may have stepped over the command: what it read stands just before optind
		 */
		if (value == '?')
			return unknown_option(
				optind > 0 && argv[optind - 1][0] == '-' ? argv[optind - 1] : typed,
				err);
		if (value == ':')
			return kh_fail(err, KH_USAGE, 0, "option '%s' needs a value",
				       argv[optind - 1]);
		take_option(ret_options, row_of(value), &instead);
	}
	const char *name = optind < argc ? argv[optind++] : NULL;
	for (; optind < argc; optind++)
		kh_strv_add(&ret_options->arguments, argv[optind]);
	if (instead) {
		if (name && strcmp(instead, "help") == 0)
			kh_strv_insert(&ret_options->arguments, 0, name);
		*ret_command = kh_command_find(instead);
		return 0;
	}
	if (!name) {
		kh_fail(err, KH_USAGE, 0, "no command");
		return kh_hint(err, "'kvmhost help' lists the commands");
	}
	if (find_command(name, ret_command, err) != 0)
		return -1;
	return check(ret_options, *ret_command, err);
}

void kh_options_done(struct kh_options *options)
{
	kh_strv_done(&options->settings);
	kh_strv_done(&options->arguments);
}
