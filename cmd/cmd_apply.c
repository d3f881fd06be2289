/* cmd_apply.c - kvmhost apply: make the changes. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"

static int need_root(const struct kh_root *root, struct kh_error *err)
{
	if (!root->is_live || geteuid() == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "apply: root rights are needed to change this host");
	return kh_hint(err, "run 'sudo kvmhost apply'; 'kvmhost plan' needs none");
}

/* Show what would be done and ask. Returns 1 to go on, 0 to stop (nothing to do, or told no). */
static int show_and_ask(const struct kh_engine *engine, struct kh_session *session,
			struct kh_error *err)
{
	kh_facts_collect(engine->root, &session->facts);
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	if (kh_engine_plan(engine, &session->facts, &outcome, err) != 0)
		return -1;
	kh_print_plan(&outcome.plan);
	size_t count = outcome.plan.change_count;
	if (count == 0)
		return 1; /* the run itself says that there is nothing to do */
	kh_print_refusals(&outcome);
	kh_auto(kh_free) char *summary = kh_plan_summary(&outcome.plan);
	kh_print(stdout, "%s\n", summary);
	kh_auto(kh_free) char *question = kh_printf(
		"Make %s%zu change%s?", count == 1 ? "" : "these ", count, count == 1 ? "" : "s");
	if (kh_ask(question))
		return 1;
	kh_print(stdout, "nothing was changed\n");
	return 0;
}

static json_t *result_json(const struct kh_outcome *outcome, const struct kh_error *error)
{
	json_t *document = kh_plan_json(&outcome->plan);
	json_object_set_new(document, "run", json_integer(outcome->run));
	json_object_set_new(document, "done", json_integer((json_int_t)outcome->done_count));
	json_object_set_new(document, "refusals", kh_refusals_json(outcome));
	json_t *residue = json_array();
	for (size_t i = 0; i < outcome->residue.count; i++)
		json_array_append_new(residue, kh_json_text(outcome->residue.items[i]));
	json_object_set_new(document, "residue", residue);
	json_object_set_new(document, "error", kh_json_text(error->message));
	return document;
}

static void print_notes(const struct kh_options *options, const struct kh_outcome *outcome,
			bool has_failed)
{
	size_t reboots = 0;
	for (size_t i = 0; i < outcome->plan.note_count; i++) {
		const struct kh_note *note = &outcome->plan.notes[i];
		reboots += note->kind == KH_NOTE_REBOOT;
		if (note->kind == KH_NOTE_REBOOT ||
		    (options->is_quiet && note->kind == KH_NOTE_INFO))
			continue;
		kh_auto(kh_free) char *line = kh_plan_note_line(note);
		kh_say("%s", line);
	}
	if (reboots > 0)
		kh_print(stdout, "a reboot is needed%s:\n",
			 has_failed ? ", once what failed is done" : "");
	for (size_t i = 0; i < outcome->plan.note_count; i++)
		if (outcome->plan.notes[i].kind == KH_NOTE_REBOOT)
			kh_print(stdout, "  [%s] %s\n", outcome->plan.notes[i].stage,
				 outcome->plan.notes[i].text);
}

static void print_result(const struct kh_options *options, const struct kh_outcome *outcome,
			 bool has_failed)
{
	if (outcome->done_count > 0)
		kh_print(stdout, "%zu change%s made (run %lld; 'kvmhost undo' puts %s back)\n",
			 outcome->done_count, outcome->done_count == 1 ? "" : "s", outcome->run,
			 outcome->done_count == 1 ? "it" : "them");
	else
		kh_print(stdout, "%s\n",
			 outcome->refusal_count > 0 ? "nothing was changed" : "nothing to do");
	print_notes(options, outcome, has_failed);
	kh_print_settled(options, outcome);
	kh_print_refusals(outcome);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	if (kh_session_open(options, false, &session, err) != 0 ||
	    need_root(&session.root, err) != 0 ||
	    kh_lock_take(&session.root, "apply", &lock, err) != 0)
		return -1;
	signal(SIGHUP,
	       SIG_IGN); /* a session that is lost half-way must not stop the work half-way */
	kh_stop_watch();
	struct kh_sink sink = kh_sink_lines(options);
	struct kh_engine engine = {.root = &session.root,
				   .config = &session.config,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .chosen = &options->arguments,
				   .command = "apply"};
	if (!options->is_yes && !options->is_json && kh_is_terminal()) {
		int answer = show_and_ask(&engine, &session, err);
		if (answer <= 0)
			return answer;
	}
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	int result = kh_engine_apply(&engine, &outcome, err);
	if (options->is_json)
		kh_print_refusals(&outcome); /* as events: they come before "end" */
	kh_sink_end(&sink);
	if (options->is_json)
		kh_print_json(result_json(&outcome, err));
	else if (result == 0 || outcome.done_count > 0)
		print_result(options, &outcome, result != 0);
	return result == 0 ? (int)kh_outcome_code(&outcome) : -1;
}

const struct kh_command kh_command_apply = {
	.name = "apply",
	.arguments = "[STAGE...]",
	.summary = "make the changes; on a terminal shows the plan and asks first",
	.options = KH_OPTION_JSON | KH_OPTION_YES,
	.takes_stages = true,
	.run = run,
};
