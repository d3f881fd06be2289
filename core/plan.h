/* plan.h - the changes a run would make, as data.
 *
 * Stages add changes with the calls below and nothing else; each takes a `why`, printed in the plan
 * and kept in the journal. The plan compares with what is below the root and keeps only what
 * differs, so a finished host gives an empty plan. Missing parent directories are planned by
 * themselves. Two stages (or one stage twice) planning the same path is an error that names both.
 *
 * Running values, modules and programs exist on the live root only: below another root such a
 * change becomes a note ("left to the boot", "left to do") and does not count as pending.
 *
 * Texts are copied. All return 0 or -1 with *err filled.
 */
#ifndef KH_PLAN_H
#define KH_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/root.h"
#include "core/base/str.h"

enum kh_change_kind {
	KH_CHANGE_PUT_FILE,
	KH_CHANGE_REMOVE_FILE,
	KH_CHANGE_MAKE_DIR,
	KH_CHANGE_LINK,
	KH_CHANGE_SET_VALUE,
	KH_CHANGE_LOAD_MODULE,
	KH_CHANGE_RUN,
	KH_CHANGE_TRIGGER,
	KH_CHANGE_FETCH, /* fill the store: nothing of the host changes, so neither is journalled */
	KH_CHANGE_BUILD,
	KH_CHANGE_INSTALL, /* a whole tree; see installed.h */
	KH_CHANGE_UNINSTALL,
	KH_CHANGE_PACKAGES, /* of the distribution, installed */
	KH_CHANGE_REHEARSE, /* changes nothing; its failure is the stage's refusal */
};

struct kh_sink;
struct kh_config;
struct kh_facts;
struct kh_runner;
struct kh_install;

/* What makes a FETCH or BUILD change real gets from the engine. */
struct kh_making {
	const struct kh_root *root;
	const struct kh_config *config;
	const struct kh_facts *facts; /* of the phase */
	struct kh_runner *runner;
	struct kh_sink *sink; /* may be NULL */
	const char *stage;
};

struct kh_maker {
	int (*make)(const struct kh_making *making, const json_t *what, struct kh_error *err);
};

struct kh_change {
	enum kh_change_kind kind;
	char *stage; /* name */
	char *path;  /* PUT_FILE...SET_VALUE; the module's name for LOAD_MODULE; the trigger's name;
			the record's path for INSTALL and UNINSTALL */
	char *why;
	struct kh_file_state old; /* as found when planned (files, directories, links) */
	char *content;            /* PUT_FILE: new bytes; INSTALL: of the record */
	size_t length;
	mode_t mode;             /* PUT_FILE, MAKE_DIR */
	char *target;            /* LINK */
	char *old_value, *value; /* SET_VALUE */
	bool accepts_less;       /* SET_VALUE: fewer obtained is a warning, not an error */
	struct kh_strv argv;     /* RUN, TRIGGER; PACKAGES: their names */
	struct kh_strv undo_argv;
	struct kh_strv outputs; /* RUN, TRIGGER: files it rewrites; kept before, put back by undo */
	bool is_required;       /* RUN: see struct kh_plan_command */
	char *needed_release;   /* RUN: see struct kh_plan_command; or NULL */
	const struct kh_maker *maker; /* FETCH, BUILD, REHEARSE */
	json_t *what;                 /* its parameters; PACKAGES: {"place": directory} or NULL */
	struct kh_install *install;   /* INSTALL, UNINSTALL: see install.h */
};

enum kh_note_kind {
	KH_NOTE_INFO, /* skipped, and why; left to the boot; stale things found */
	KH_NOTE_WARNING,
	KH_NOTE_REBOOT, /* persisted, effective only after a reboot, and why */
	KH_NOTE_LEFT,   /* left to do by the operator or the boot, below another root */
};

struct kh_note {
	enum kh_note_kind kind;
	char *stage;
	char *text;
};

struct kh_claim { /* a path some stage decides on, changed or not */
	char *path;
	const char *stage;
};

struct kh_plan {
	const struct kh_root *root;
	const char *stage; /* that is planning now */
	struct kh_change *changes;
	size_t change_count;
	struct kh_note *notes;
	size_t note_count;
	struct kh_claim *claims;
	size_t claim_count;
	size_t phase_start; /* index of the first change of the phase that is planned */
	json_t *claimed;    /* object: the paths of the claims; or NULL */
};

void kh_plan_init(struct kh_plan *plan, const struct kh_root *root);
void kh_plan_done(struct kh_plan *plan);
/* Drop what was added after these counts: a stage that fails half-way leaves nothing. */
void kh_plan_cut(struct kh_plan *plan, size_t changes, size_t notes, size_t claims);

/* A regular file with this text. mode 0: keep what is there, 0644 for a new file. Owner and
 * extended attributes of an existing file stay. One with NUL characters is refused (KH_HOST),
 * unless its path says that it is ours. */
int kh_plan_put_file(struct kh_plan *plan, const char *path, const char *content, mode_t mode,
		     const char *why, struct kh_error *err);
/* The same for content that is not text. */
int kh_plan_put_bytes(struct kh_plan *plan, const char *path, const char *content, size_t length,
		      mode_t mode, const char *why, struct kh_error *err);
/* No regular file or symbolic link there. */
int kh_plan_remove_file(struct kh_plan *plan, const char *path, const char *why,
			struct kh_error *err);
int kh_plan_make_dir(struct kh_plan *plan, const char *path, mode_t mode, const char *why,
		     struct kh_error *err);
int kh_plan_link(struct kh_plan *plan, const char *path, const char *target, const char *why,
		 struct kh_error *err);
/* A value in a file of /proc or /sys. Equal when the trimmed text, or its word in brackets, is the
 * value. A file that does not exist becomes a note ("this kernel has no such knob"), one that
 * cannot be written because /sys or /proc is mounted read-only becomes a note too. */
int kh_plan_set_value(struct kh_plan *plan, const char *path, const char *value, const char *why,
		      struct kh_error *err);
/* The same where the kernel may give less than was asked for (huge pages). What an earlier apply of
 * this boot already got less for becomes a note: asking again would change nothing. */
int kh_plan_set_count(struct kh_plan *plan, const char *path, long long count, const char *why,
		      struct kh_error *err);
/* Load a module now (with what it needs), unless it is loaded or built in; absence is for the stage
 * to find out before. Below another root: a note. */
int kh_plan_load_module(struct kh_plan *plan, const char *name, const char *why,
			struct kh_error *err);

/* A program. argv and outputs are NULL-terminated; undo_argv reverses it, or no_undo says why
 * nothing need. outputs (may be NULL) are files it rewrites: undo puts their old content back. A
 * stage plans a program only while its effect is missing. */
struct kh_plan_command {
	const char *const *argv;
	const char *const *undo_argv;
	const char *no_undo;
	const char *const *outputs;
	const char *why;
	/* What comes after it must not be done without it: a failure stops the work, as that of a
	 * file does. */
	bool is_required;
	/* A kernel whose files go with the undoing: while it runs, undo is refused without force.
	 */
	const char *needed_release;
};
int kh_plan_run(struct kh_plan *plan, const struct kh_plan_command *command, struct kh_error *err);

/* Work that several changes want once, run after the last change of the phase: name is what it is
 * called ("regenerate grub.cfg"); the same name asked for twice in a phase runs once. Undo runs it
 * again after the files are back; outputs as above. */
int kh_plan_trigger(struct kh_plan *plan, const char *name, const struct kh_plan_command *command,
		    struct kh_error *err);

/* Fill the store (kind is FETCH or BUILD) or try something out (REHEARSE): name is what is made
 * ("linux 6.12.104"), what the parameters of the maker (the reference is taken over). Below another
 * root: a note of what is left to do. */
int kh_plan_make(struct kh_plan *plan, enum kh_change_kind kind, const char *name,
		 const struct kh_maker *maker, json_t *what, const char *why, struct kh_error *err);

/* Packages of the distribution that are not installed: what came with them is found out and
 * journalled, and undo removes exactly that. place: a directory to take them from (packages.h), or
 * NULL. Below another root: a note of what is left to do. An empty list plans nothing. */
int kh_plan_packages(struct kh_plan *plan, const struct kh_strv *names, const char *place,
		     const char *why, struct kh_error *err);

void kh_plan_note(struct kh_plan *plan, enum kh_note_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Has this plan a change of this path, as a file of its own or in a tree that is installed (so that
 * a stage can ask for a trigger)? */
bool kh_plan_has(const struct kh_plan *plan, const char *path);

/* Has any stage planned this path, whether that changes something or not? */
bool kh_plan_is_claimed(const struct kh_plan *plan, const char *path);

/* The plan as text: a unified diff or one line per change, with its reason, then the notes. */
char *kh_plan_text(const struct kh_plan *plan);
/* One change of it, with an empty line at its end. Owned. */
char *kh_plan_change_text(const struct kh_change *change);
json_t *kh_plan_json(const struct kh_plan *plan); /* {"changes": [...], "notes": [...]} */
/* One line that names a change: "put /etc/fstab", "set /sys/… 0 → 1". Owned by the caller. */
char *kh_plan_change_title(const struct kh_change *change);
/* "put", "remove", "directory", "link", "set", "load", "run", "trigger", "fetch", "build",
 * "install", "uninstall", "packages", "rehearse": also in the journal. */
const char *kh_plan_kind_name(enum kh_change_kind kind);
char *kh_plan_note_line(const struct kh_note *note); /* owned: a line without its end */
const char *kh_plan_note_name(enum kh_note_kind kind);

#endif
