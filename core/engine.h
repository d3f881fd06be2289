/* engine.h - plan all, then act: the only place that changes a host.
 *
 * kh_engine_plan() asks the chosen stages in order. kh_engine_apply() walks the plan change by
 * change: journal the intent, do it, journal that it is done; triggers after the last change of a
 * phase; then facts are collected again and the stages planned again: what is still pending is a
 * verification failure. Everything is told as events to one sink; nothing here prints.
 */
#ifndef KH_ENGINE_H
#define KH_ENGINE_H

#include "core/base/run.h"
#include "core/stage.h"

enum kh_event_kind {
	KH_EVENT_CHANGE, /* a change begins; text: its title */
	KH_EVENT_DONE,   /* it is done */
	KH_EVENT_NOTE,   /* something the operator should read */
	KH_EVENT_WARNING,
	KH_EVENT_PROGRESS, /* of a change that takes long; index and count in `unit` */
	KH_EVENT_TICK,     /* nothing new, but the change under way goes on */
};

struct kh_event {
	enum kh_event_kind kind;
	const char *stage;
	const char *text;
	size_t index, count; /* of changes: 3 of 12; count 0: not counted */
	const char *unit;    /* PROGRESS: "bytes", "unpacked bytes", "steps", "files", "patches" */
};

struct kh_sink {
	void (*event)(struct kh_sink *sink, const struct kh_event *event);
	void *data;
};

/* A stage that refused or failed while planning. */
struct kh_refusal {
	const char *stage;
	struct kh_error error;
	bool is_skipped; /* not asked, because a stage it comes after refused */
	bool is_unseen;  /* a plan without root rights could not read what the stage looks at */
};

struct kh_engine {
	const struct kh_root *root;
	const struct kh_config *config;
	struct kh_runner *runner;
	struct kh_sink *sink;         /* may be NULL */
	const struct kh_strv *chosen; /* names of stages; empty or NULL: all */
	const char *command;          /* as typed, for the journal: "apply modules" */
	bool wants_rederive;          /* see struct kh_context */
	bool skips_making;            /* from the phase INSTALL on: nothing is fetched or built */
};

struct kh_outcome { /* of planning or applying */
	struct kh_plan plan;
	struct kh_refusal *refusals;
	size_t refusal_count;
	long long run;          /* id of the journalled run, 0: nothing was changed */
	size_t done_count;      /* changes made */
	size_t made_count;      /* fetched and built into the store */
	bool has_settled;       /* an interrupted run was found and finished first */
	struct kh_strv residue; /* titles of what is still pending after apply */
};

/* Plan with these facts. Returns 0 (refusals are in the outcome), -1 for an error that stops all.
 */
int kh_engine_plan(const struct kh_engine *engine, const struct kh_facts *facts,
		   struct kh_outcome *ret_outcome, struct kh_error *err);
/* Plan and make the changes. Errors: KH_SYSTEM, KH_PROGRAM, KH_VERIFY; the journal has all that was
 * done, and the outcome is filled as far as it came. A file that cannot be changed or a trigger
 * that fails stops the work; a running value, a module or a program of a stage that fails does not:
 * the first such failure is the result once all the rest is in place. */
int kh_engine_apply(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err);
/* Only the phases up to BUILD, and of these only what fills the store (and the packages that
 * building needs, where the user may install them): the host's configuration stays as it is. */
int kh_engine_build(const struct kh_engine *engine, struct kh_outcome *ret_outcome,
		    struct kh_error *err);
int kh_engine_report(const struct kh_engine *engine, const struct kh_facts *facts,
		     struct kh_report *ret_report, struct kh_error *err);
void kh_outcome_done(struct kh_outcome *outcome);

/* The exit code of the refusals: KH_OK, or that of the first one that is not a mere skip. A stage
 * that could not be seen without root rights does not count: a plan needs none. */
enum kh_code kh_outcome_code(const struct kh_outcome *outcome);

#endif
