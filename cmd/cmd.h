/* cmd.h - what the operator types. Only code in cmd/ prints or chooses an exit code.
 *
 * One file per command, one const struct each, listed in commands.c; help is printed by walking
 * that list. Results go to stdout, everything else to stderr.
 */
#ifndef KH_CMD_H
#define KH_CMD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/lock.h"
#include "core/base/root.h"
#include "core/base/str.h"
#include "core/config.h"
#include "core/engine.h"
#include "core/facts.h"
#include "core/journal.h"

struct kh_options {
	const char *config; /* --config FILE, or NULL */
	const char *root;   /* --root DIR, default "/" */
	struct kh_strv settings;
	bool is_json, is_quiet, is_verbose;
	bool is_yes, is_forced, is_all, wants_exit_code, wants_rederive, is_deep;
	bool is_unit, wants_retry, wants_lock, is_update;
	bool wants_stat, wants_features, is_guided;
	/* report: as typed, or NULL */
	const char *format, *output, *previous;
	struct kh_strv arguments; /* after the command */
};

enum kh_option_set { /* options only some commands take */
		     KH_OPTION_YES = 1,
		     KH_OPTION_FORCE = 2,
		     KH_OPTION_ALL = 4,
		     KH_OPTION_EXIT_CODE = 8,
		     KH_OPTION_JSON = 16,
		     KH_OPTION_DEEP = 1024,
		     KH_OPTION_REDERIVE = 32,
		     KH_OPTION_UNIT = 1 << 16,
		     KH_OPTION_RETRY = 1 << 17,
		     KH_OPTION_LOCK = 64, /* and --update */
		     KH_OPTION_STAT = 1 << 20,
		     KH_OPTION_FEATURES = 1 << 21,
		     KH_OPTION_GUIDED = 1 << 22,
		     KH_OPTION_REPORT = 1 << 18, /* --format, --output, --previous */
};

struct kh_command {
	const char *name;
	const char *arguments; /* "[STAGE...]", or "" */
	const char *summary;
	unsigned options;  /* of enum kh_option_set */
	bool takes_stages; /* arguments are names of stages */
	bool is_hidden;    /* run by units, not by people */
	/* Returns the exit code, or -1 with *err filled. */
	int (*run)(const struct kh_options *options, struct kh_error *err);
};

extern const struct kh_command *const kh_commands[]; /* NULL-terminated */
const struct kh_command *kh_command_find(const char *name);

/* What a caller leaves behind (descriptors, mask, signals, environment) is put in order; start.c
 * says how. Comes first. Errors: KH_SYSTEM; KH_USAGE when set-user-id. */
int kh_start_clean(struct kh_error *err);

/* What people read is in their language from here on, where there is a catalogue of it: in
 * "locale" beside the program (a build directory), or where 'make install' puts it. */
void kh_language_start(void);
/* Those there is a catalogue of ("zh_CN"), added to *ret_names. */
void kh_language_list(struct kh_strv *ret_names);

/* undo_left.c: the kernel arguments that every entry has from us (before undo), and the entries
 * that still have some when undo has taken them back: a warning each. */
void kh_undo_remember(const struct kh_root *root, struct kh_strv *ret_words);
void kh_undo_tell_left(const struct kh_root *root, const struct kh_strv *words,
		       struct kh_sink *sink);

/* The command line (main.c's helper): fills options and the command, or fails with KH_USAGE. */
int kh_options_parse(int argc, char **argv, struct kh_options *ret_options,
		     const struct kh_command **ret_command, struct kh_error *err);
void kh_options_done(struct kh_options *options);
/* Owned: the options that COMMAND takes, or all (NULL), a line each. */
char *kh_options_help(const struct kh_command *command);
/* For completion. What the option "--NAME", "--NAME=..." or "-X" takes ("FILE"), or NULL; and the
 * options that COMMAND takes, or all (NULL): "--json", and what it does. */
const char *kh_options_argument(const char *word);
void kh_options_list(const struct kh_command *command, struct kh_strv *ret_names,
		     struct kh_strv *ret_abouts);
/* Fail with KH_USAGE and a whole message ("unknown stage 'x'", taken over); the hint is the known
 * name that is nearest to what was typed. */
int kh_options_unknown(char *message, const char *typed, const struct kh_strv *known,
		       struct kh_error *err);

/* Root, configuration and facts, as most commands want them. */
struct kh_session {
	struct kh_root root;
	struct kh_config config;
	struct kh_facts facts;
};
int kh_session_open(const struct kh_options *options, bool wants_facts,
		    struct kh_session *ret_session, struct kh_error *err);
void kh_session_done(struct kh_session *session);

/* ---- output ---- */
/* TEXT without control characters and passwords: clean.c says why. has_color: colours may stay.
 * Owned. */
char *kh_clean(const char *text, bool has_color);
/* Print a text that may hold what others wrote. */
void kh_print(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kh_print_json(json_t *document); /* the reference is taken over */
void kh_print_error(const struct kh_error *err);
/* Say on stderr that an earlier run was cut off, if one was. */
void kh_print_unfinished(const struct kh_root *root);
void kh_print_refusals(const struct kh_outcome *outcome);
/* With --verbose: the stages that had nothing to change, on stderr. */
void kh_print_settled(const struct kh_options *options, const struct kh_outcome *outcome);
json_t *kh_refusals_json(const struct kh_outcome *outcome);
/* What the terminal can show: terminal.c. */
bool kh_terminal_is_dumb(void); /* it says so itself: TERM */
bool kh_wants_color(void);
bool kh_wants_utf8(void); /* the locale's characters are UTF-8 */
/* Columns of the terminal FD; where it does not know, COLUMNS; 80 where there is no terminal. */
size_t kh_terminal_columns(int fd);
size_t kh_text_width(void); /* of standard output, for text: 40 to 120 */
/* The title of a change for people, its arrow in ASCII where the locale has no other. Owned. */
char *kh_shown_title(const char *title);
/* A plan per stage with its diffs, or as a list of what changes and by how many lines. */
void kh_print_plan(const struct kh_plan *plan);
void kh_print_plan_stat(const struct kh_plan *plan);
/* "14 changes in 6 stages, 3 need a reboot". Owned. */
char *kh_plan_summary(const struct kh_plan *plan);
json_t *kh_plan_summary_json(const struct kh_plan *plan); /* {"changes", "stages", "reboots"} */
/* One line on stderr that is no error; with --json a note event. */
void kh_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Events of the engine on stderr (watch.h); one sink at a time. End it before a result is printed.
 */
struct kh_sink kh_sink_lines(const struct kh_options *options);
/* The live line goes; where the time went is told. */
void kh_sink_end(struct kh_sink *sink);
/* Ask a yes-or-no question on the terminal; default no. */
bool kh_ask(const char *question);
bool kh_is_terminal(void);
/* The questions of init --guided; what is not as proposed by default is added as KEY=VALUE. */
int kh_init_guide(const struct kh_facts *facts, struct kh_strv *chosen, struct kh_error *err);

#endif
