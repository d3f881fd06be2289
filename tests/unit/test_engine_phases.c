/* test_engine_phases.c - the phases of the engine: what is fetched and built fills the store, is no
 * change of the host, and its failure is its stage's alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/engine.h"
#include "core/journal.h"
#include "tests/lib/engine_host.h"

/* ---- three stages: one fetches, one builds and installs, one does neither ---- */

static struct {
	const char *failing; /* what cannot be made */
	bool wants_nothing_else, has_triggers;
} wish;

static struct engine_host *the_host; /* for the maker */

static int make(const struct kh_making *making, const json_t *what, struct kh_error *err)
{
	const char *name = kh_json_get(what, "name");
	assert_non_null(making->config);
	assert_non_null(making->facts);
	assert_non_null(making->runner);
	if (wish.failing && strstr(wish.failing, name))
		return kh_fail(err, KH_PROGRAM, 0, "%s cannot be made", name);
	struct kh_event half = {.kind = KH_EVENT_PROGRESS,
				.stage = making->stage,
				.text = name,
				.index = 1,
				.count = 2,
				.unit = "steps"};
	if (making->sink)
		making->sink->event(making->sink, &half);
	kh_auto(kh_free) char *path = kh_printf("/var/cache/kvmhost/%s", name);
	fixture_put(&the_host->fixture, path, "made\n");
	return 0;
}

static const struct kh_maker maker = {.make = make};

static int want(const struct kh_context *context, struct kh_plan *plan, enum kh_change_kind kind,
		const char *name, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("/var/cache/kvmhost/%s", name);
	if (kh_root_exists(context->root, path))
		return 0;
	return kh_plan_make(plan, kind, name, &maker, json_pack("{s:s}", "name", name), "it is new",
			    err);
}

static int fetch_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	return want(context, plan, KH_CHANGE_FETCH, "source-one", err) != 0
		       ? -1
		       : want(context, plan, KH_CHANGE_FETCH, "source-two", err);
}

static int program_build(const struct kh_context *context, struct kh_plan *plan,
			 struct kh_error *err)
{
	return want(context, plan, KH_CHANGE_BUILD, "artifact", err);
}

static int trigger(struct kh_plan *plan, size_t changes, struct kh_error *err)
{
	static const char *const argv[] = {"reload", NULL};
	struct kh_plan_command command = {.argv = argv, .why = "files are new"};
	return wish.has_triggers && plan->change_count > changes
		       ? kh_plan_trigger(plan, "reload", &command, err)
		       : 0;
}

static int program_plan(const struct kh_context *context, struct kh_plan *plan,
			struct kh_error *err)
{
	size_t changes = plan->change_count;
	(void)context;
	if (wish.wants_nothing_else)
		return 0;
	return kh_plan_put_file(plan, "/etc/program", "x\n", 0, "it is built", err) == 0
		       ? trigger(plan, changes, err)
		       : -1;
}

static int other_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	size_t changes = plan->change_count;
	(void)context;
	if (wish.wants_nothing_else)
		return 0;
	return kh_plan_put_file(plan, "/etc/other", "y\n", 0, "independent", err) == 0
		       ? trigger(plan, changes, err)
		       : -1;
}

static const char *const after_fetch[] = {"fetch", NULL};
static const struct kh_stage fetch = {.name = "fetch", .phase = KH_PHASE_FETCH, .plan = fetch_plan};
static const struct kh_stage program = {.name = "program",
					.after = after_fetch,
					.phase = KH_PHASE_INSTALL,
					.build = program_build,
					.plan = program_plan};
static const struct kh_stage other = {
	.name = "other", .phase = KH_PHASE_CONFIGURE, .plan = other_plan};
const struct kh_stage *const kh_stages[] = {&fetch, &program, &other, NULL};

/* ---- the host, and a sink that notes ---- */

static int run_program(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	struct engine_host *host = runner->data;
	(void)timeout_s;
	(void)err;
	kh_strv_add(&host->ran, argv[0]);
	*ret_result = (struct kh_run_result){.output = kh_strdup("")};
	return 0;
}

static int setup(void **state)
{
	the_host = engine_host_open();
	the_host->runner.run = run_program;
	the_host->fixture.root.is_live = true;
	wish = (__typeof__(wish)){0};
	fixture_put(&the_host->fixture, "/etc/keep", "");
	fixture_put(&the_host->fixture, "/var/cache/keep", "");
	engine_host_remember(the_host);
	*state = the_host;
	return 0;
}

static int teardown(void **state)
{
	engine_host_close(*state);
	return 0;
}

static void note_event(struct kh_sink *sink, const struct kh_event *event)
{
	static const char *const names[] = {"change", "done", "note", "warning", "progress"};
	kh_strv_addf(sink->data, "%s %zu/%zu [%s] %s%s%s", names[event->kind], event->index,
		     event->count, event->stage, event->text, event->unit ? " " : "",
		     event->unit ? event->unit : "");
}

static enum kh_code run(struct engine_host *host, bool is_build, struct kh_strv *events,
			struct kh_outcome *outcome)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_sink sink = {.event = note_event, .data = events};
	struct kh_engine engine = engine_host_engine(host);
	engine.sink = events ? &sink : NULL;
	int result = is_build ? kh_engine_build(&engine, outcome, &err)
			      : kh_engine_apply(&engine, outcome, &err);
	if (result != 0)
		print_message("# %s\n", err.message);
	return result == 0 ? KH_OK : err.code;
}

static size_t count_runs(struct engine_host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
	return history.run_count;
}

/* ---- tests ---- */

static void what_is_made_comes_first_and_is_not_journalled(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_strv_done) struct kh_strv events = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(run(host, false, &events, &outcome), KH_OK);
	assert_int_equal(outcome.made_count, 3);
	assert_int_equal(outcome.done_count, 2);
	kh_auto(kh_free) char *text = kh_strv_join(&events, "\n");
	assert_string_equal(text, "change 1/2 [fetch] fetch source-one\n"
				  "progress 1/2 [fetch] source-one steps\n"
				  "done 1/2 [fetch] fetch source-one\n"
				  "change 2/2 [fetch] fetch source-two\n"
				  "progress 1/2 [fetch] source-two steps\n"
				  "done 2/2 [fetch] fetch source-two\n"
				  "change 3/3 [program] build artifact\n"
				  "progress 1/2 [program] artifact steps\n"
				  "done 3/3 [program] build artifact\n"
				  "change 4/4 [program] create /etc/program (mode 0644)\n"
				  "done 4/4 [program] create /etc/program (mode 0644)\n"
				  "change 5/5 [other] create /etc/other (mode 0644)\n"
				  "done 5/5 [other] create /etc/other (mode 0644)");
	kh_auto(kh_free) char *journal =
		fixture_get(&host->fixture, "/var/lib/kvmhost/runs/0001/journal.jsonl");
	assert_null(strstr(journal, "source-one"));
	assert_null(strstr(journal, "artifact"));
	assert_non_null(strstr(journal, "/etc/program"));
	assert_int_equal(engine_host_pending(host), 0);
}

static void a_run_that_only_makes_is_not_recorded_and_there_is_nothing_to_undo(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	wish.wants_nothing_else = true;
	assert_int_equal(run(host, false, NULL, &outcome), KH_OK);
	assert_int_equal(outcome.made_count, 3);
	assert_int_equal(outcome.run, 0);
	assert_int_equal(count_runs(host), 0);
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_file(host, "/var/cache/kvmhost/artifact", "made\n");
}

static void build_fills_the_store_and_leaves_the_host_alone(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	assert_int_equal(run(host, true, NULL, &outcome), KH_OK);
	assert_int_equal(outcome.made_count, 3);
	assert_int_equal(outcome.done_count, 0);
	engine_host_assert_file(host, "/var/cache/kvmhost/artifact", "made\n");
	engine_host_assert_original(host);
	assert_int_equal(count_runs(host), 0);
	assert_int_equal(run(host, true, NULL, &again), KH_OK);
	assert_int_equal(again.made_count, 0);
}

static void a_failed_fetch_stops_what_builds_on_it_and_nothing_else(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_strv_done) struct kh_strv events = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	wish.failing = "source-one";
	assert_int_equal(run(host, false, &events, &outcome), KH_OK);
	assert_int_equal(outcome.refusal_count, 2);
	assert_string_equal(outcome.refusals[0].error.message,
			    "stage 'fetch': source-one cannot be made");
	assert_string_equal(outcome.refusals[1].error.message,
			    "stage 'program': skipped, because it comes after stage 'fetch'");
	assert_int_equal(kh_outcome_code(&outcome), KH_PROGRAM);
	assert_int_equal(outcome.made_count, 1); /* the other source is there for the next time */
	engine_host_assert_file(host, "/var/cache/kvmhost/source-two", "made\n");
	engine_host_assert_file(host, "/etc/program", "(absent)");
	engine_host_assert_file(host, "/etc/other", "y\n");
	assert_int_equal(outcome.residue.count, 0);
}

static void the_second_failure_of_a_stage_is_told_too(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_strv_done) struct kh_strv events = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	wish.failing = "source-one source-two";
	assert_int_equal(run(host, true, &events, &outcome), KH_OK);
	assert_int_equal(outcome.refusal_count, 2); /* fetch, and program that comes after it */
	assert_true(kh_strv_has(&events,
				"warning 2/2 [fetch] stage 'fetch': source-two cannot be made"));
}

static void a_failed_build_installs_nothing_and_is_no_residue(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	wish.failing = "artifact";
	assert_int_equal(run(host, false, NULL, &outcome), KH_OK);
	assert_int_equal(outcome.refusal_count, 1);
	assert_string_equal(outcome.refusals[0].stage, "program");
	assert_int_equal(kh_outcome_code(&outcome), KH_PROGRAM);
	assert_int_equal(outcome.residue.count, 0);
	engine_host_assert_file(host, "/etc/program", "(absent)");
	engine_host_assert_file(host, "/etc/other", "y\n");
	wish.failing = NULL; /* mended: the next run does the rest */
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	assert_int_equal(run(host, false, NULL, &again), KH_OK);
	assert_int_equal(again.made_count, 1);
	engine_host_assert_file(host, "/etc/program", "x\n");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void a_trigger_that_two_phases_want_runs_in_each(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	wish.has_triggers = true;
	assert_int_equal(run(host, false, NULL, &outcome), KH_OK);
	assert_int_equal(host->ran.count, 2);
	assert_int_equal(engine_host_pending(host), 0);
}

static void below_another_root_making_is_left_to_do(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	host->fixture.root.is_live = false;
	assert_int_equal(run(host, false, NULL, &outcome), KH_OK);
	assert_int_equal(outcome.made_count, 0);
	assert_int_equal(outcome.plan.note_count, 3);
	assert_string_equal(outcome.plan.notes[0].text, "left to do: fetch source-one (it is new)");
	assert_string_equal(outcome.plan.notes[2].text, "left to do: build artifact (it is new)");
	engine_host_assert_file(host, "/var/cache/kvmhost/artifact", "(absent)");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_made_comes_first_and_is_not_journalled),
		TEST(a_run_that_only_makes_is_not_recorded_and_there_is_nothing_to_undo),
		TEST(build_fills_the_store_and_leaves_the_host_alone),
		TEST(a_failed_fetch_stops_what_builds_on_it_and_nothing_else),
		TEST(the_second_failure_of_a_stage_is_told_too),
		TEST(a_failed_build_installs_nothing_and_is_no_residue),
		TEST(a_trigger_that_two_phases_want_runs_in_each),
		TEST(below_another_root_making_is_left_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
