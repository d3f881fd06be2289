/* options.c - the command line: options may stand before or after the command. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/stage.h"

enum {
	OPTION_SET = 256,
	OPTION_ROOT,
	OPTION_JSON,
	OPTION_FORCE,
	OPTION_ALL,
	OPTION_EXIT_CODE,
	OPTION_REDERIVE,
	OPTION_UNIT,
	OPTION_RETRY,
	OPTION_DEEP,
	OPTION_LOCK,
	OPTION_UPDATE,
	OPTION_STAT,
	OPTION_FEATURES,
	OPTION_GUIDED,
	OPTION_FORMAT,
	OPTION_PREVIOUS,
};

struct option_row {
	const char *name;
	int value; /* the letter, or one of the above */
	const char *argument;
	unsigned set; /* of enum kh_option_set; 0: every command takes it */
	const char *summary;
};

static const struct option_row rows[] = {
	{"config", 'c', "FILE", 0, "the configuration (default: /etc/kvmhost/kvmhost.yaml)"},
	{"root", OPTION_ROOT, "DIR", 0, "read and change the tree below DIR instead of /"},
	{"set", OPTION_SET, "KEY=VALUE", 0, "a setting that wins over the file; may be repeated"},
	{"json", OPTION_JSON, NULL, KH_OPTION_JSON, "one JSON document on standard output"},
	{"quiet", 'q', NULL, 0, "only results and what went wrong"},
	{"verbose", 'v', NULL, 0, "also what is as it should be"},
	{"yes", 'y', NULL, KH_OPTION_YES, "do not ask (apply, undo)"},
	{"force", OPTION_FORCE, NULL, KH_OPTION_FORCE,
	 "overwrite what was changed (undo, init); keep what is not proved (confirm)"},
	{"all", OPTION_ALL, NULL, KH_OPTION_ALL,
	 "put everything back (undo); also what can be made again (store prune)"},
	{"exit-code", OPTION_EXIT_CODE, NULL, KH_OPTION_EXIT_CODE,
	 "exit 1 when changes are pending (plan)"},
	{"stat", OPTION_STAT, NULL, KH_OPTION_STAT,
	 "only a list: how many lines of what change (plan)"},
	{"guided", OPTION_GUIDED, NULL, KH_OPTION_GUIDED, "ask what nobody can find out (init)"},
	{"features", OPTION_FEATURES, NULL, KH_OPTION_FEATURES,
	 "also what it was built with (version)"},
	{"deep", OPTION_DEEP, NULL, KH_OPTION_DEEP,
	 "really boot a small guest through libvirt (report)"},
	{"rederive", OPTION_REDERIVE, NULL, KH_OPTION_REDERIVE,
	 "make the kernel's derived base configuration anew (build)"},
	{"retry", OPTION_RETRY, NULL, KH_OPTION_RETRY,
	 "try what failed its trial once more (confirm)"},
	{"unit", OPTION_UNIT, NULL, KH_OPTION_UNIT,
	 "as kvmhost-confirm.service calls it at boot: wait for the network (confirm)"},
	{"lock", OPTION_LOCK, NULL, KH_OPTION_LOCK,
	 "write kvmhost.lock beside the configuration, which later runs use (fetch)"},
	{"update", OPTION_UPDATE, NULL, KH_OPTION_LOCK,
	 "look for newer ones where the version is 'distro' (fetch)"},
	{"format", OPTION_FORMAT, "FORMAT", KH_OPTION_REPORT,
	 "text, plain, json, html, junit or prometheus (report)"},
	{"output", 'o', "FILE", KH_OPTION_REPORT, "write the report to FILE (report)"},
	{"previous", OPTION_PREVIOUS, "FILE", KH_OPTION_REPORT,
	 "say what changed since an earlier report in JSON (report)"},
	{"help", 'h', NULL, 0, "this help, or that of the command"},
	{"version", 'V', NULL, 0, "the version"},
};

char *kh_options_help(const struct kh_command *command)
{
	struct kh_str out = {0};
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		if (command && row->set != 0 && (command->options & row->set) == 0)
			continue;
		kh_auto(kh_free) char *name =
			kh_printf("--%s%s%s", row->name, row->argument ? " " : "",
				  row->argument ? row->argument : "");
		if (row->value < OPTION_SET)
			kh_str_addf(&out, "  -%c, %-18s %s\n", row->value, name, row->summary);
		else
			kh_str_addf(&out, "      %-18s %s\n", name, row->summary);
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
		bool is_short = row->value < OPTION_SET && word[0] == '-' &&
				word[1] == (char)row->value && word[2] == '\0';
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

int kh_options_unknown(const char *what, const char *typed, const struct kh_strv *known,
		       struct kh_error *err)
{
	kh_fail(err, KH_USAGE, 0, "unknown %s '%s'", what, typed);
	const char *nearest =
		kh_str_nearest(typed, (const char *const *)known->items, known->count);
	if (nearest)
		return kh_hint(err, "did you mean '%s'?", nearest);
	kh_auto(kh_free) char *all = kh_strv_join(known, ", ");
	return kh_hint(err, "known: %s", all);
}

static void take_option(struct kh_options *options, int value, const char **ret_instead)
{
	switch (value) {
	case 'c':
		options->config = optarg;
		break;
	case 'q':
		options->is_quiet = true;
		break;
	case 'v':
		options->is_verbose = true;
		break;
	case 'y':
		options->is_yes = true;
		break;
	case 'h':
		*ret_instead = "help";
		break;
	case 'V':
		*ret_instead = "version";
		break;
	case OPTION_SET:
		kh_strv_add(&options->settings, optarg);
		break;
	case OPTION_ROOT:
		options->root = optarg;
		break;
	case OPTION_JSON:
		options->is_json = true;
		break;
	case OPTION_FORCE:
		options->is_forced = true;
		break;
	case OPTION_ALL:
		options->is_all = true;
		break;
	case OPTION_UNIT:
		options->is_unit = true;
		break;
	case OPTION_RETRY:
		options->wants_retry = true;
		break;
	case OPTION_LOCK:
		options->wants_lock = true;
		break;
	case OPTION_UPDATE:
		options->is_update = true;
		break;
	case OPTION_GUIDED:
		options->is_guided = true;
		break;
	case OPTION_FEATURES:
		options->wants_features = true;
		break;
	case OPTION_STAT:
		options->wants_stat = true;
		break;
	case OPTION_FORMAT:
		options->format = optarg;
		break;
	case 'o':
		options->output = optarg;
		break;
	case OPTION_PREVIOUS:
		options->previous = optarg;
		break;
	case OPTION_EXIT_CODE:
		options->wants_exit_code = true;
		break;
	case OPTION_DEEP:
		options->is_deep = true;
		break;
	case OPTION_REDERIVE:
		options->wants_rederive = true;
		break;
	}
}

static int check_option(const struct kh_command *command, bool is_given, const char *name,
			unsigned bit, struct kh_error *err)
{
	if (!is_given || (command->options & bit) != 0)
		return 0;
	return kh_fail(err, KH_USAGE, 0, "command '%s' takes no option '--%s'", command->name,
		       name);
}

static int check_stages(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++)
		kh_strv_add(&known, (*stage)->name);
	for (size_t i = 0; i < options->arguments.count; i++)
		if (!kh_stage_find(options->arguments.items[i]))
			return kh_options_unknown("stage", options->arguments.items[i], &known,
						  err);
	return 0;
}

static int check(const struct kh_options *options, const struct kh_command *command,
		 struct kh_error *err)
{
	if (check_option(command, options->is_json, "json", KH_OPTION_JSON, err) != 0 ||
	    check_option(command, options->is_yes, "yes", KH_OPTION_YES, err) != 0 ||
	    check_option(command, options->is_forced, "force", KH_OPTION_FORCE, err) != 0 ||
	    check_option(command, options->is_all, "all", KH_OPTION_ALL, err) != 0 ||
	    check_option(command, options->is_unit, "unit", KH_OPTION_UNIT, err) != 0 ||
	    check_option(command, options->wants_retry, "retry", KH_OPTION_RETRY, err) != 0 ||
	    check_option(command, options->wants_stat, "stat", KH_OPTION_STAT, err) != 0 ||
	    check_option(command, options->is_guided, "guided", KH_OPTION_GUIDED, err) != 0 ||
	    check_option(command, options->wants_features, "features", KH_OPTION_FEATURES, err) !=
		    0 ||
	    check_option(command, options->is_deep, "deep", KH_OPTION_DEEP, err) != 0 ||
	    check_option(command, options->wants_lock, "lock", KH_OPTION_LOCK, err) != 0 ||
	    check_option(command, options->format, "format", KH_OPTION_REPORT, err) != 0 ||
	    check_option(command, options->output, "output", KH_OPTION_REPORT, err) != 0 ||
	    check_option(command, options->previous, "previous", KH_OPTION_REPORT, err) != 0 ||
	    check_option(command, options->is_update, "update", KH_OPTION_LOCK, err) != 0 ||
	    check_option(command, options->wants_exit_code, "exit-code", KH_OPTION_EXIT_CODE,
			 err) != 0 ||
	    check_option(command, options->wants_rederive, "rederive", KH_OPTION_REDERIVE, err) !=
		    0)
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
	return kh_options_unknown("command", name, &known, err);
}

static void make_getopt_tables(struct option *table, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		int has_argument = rows[i].argument ? required_argument : no_argument;
		table[i] = (struct option){rows[i].name, has_argument, NULL, rows[i].value};
		if (rows[i].value < OPTION_SET) {
			*letters++ = (char)rows[i].value;
			if (rows[i].argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
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
		take_option(ret_options, value, &instead);
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
