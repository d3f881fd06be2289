/* test_engine.c - the engine, the journal and undo, with three small stages of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/lock.h"
#include "core/base/mem.h"
#include "core/engine.h"
#include "core/journal.h"
#include "tests/lib/cut.h"
#include "tests/lib/engine_host.h"

/* ---- the stages ---- */

static struct {
	const char *knob;    /* value beta wants in /sys/knob, NULL: leave it */
	const char *content; /* of /etc/alpha/new.conf */
	bool has_trigger, alpha_refuses, gamma_wants_alphas_file, program_does_nothing,
		program_changes_the_wish;
} wish;

static int alpha_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	(void)context;
	if (kh_plan_put_file(plan, "/etc/alpha/sub/new.conf", wish.content, 0600, "a new one",
			     err) != 0 ||
	    kh_plan_put_file(plan, "/etc/existing", "changed\n", 0, "an edit", err) != 0)
		return -1;
	if (wish.alpha_refuses)
		return kh_fail(err, KH_HOST, 0, "not on this host");
	if (kh_plan_remove_file(plan, "/etc/old", "it is stale", err) != 0 ||
	    kh_plan_link(plan, "/etc/link", "existing", "a link", err) != 0)
		return -1;
	return kh_plan_put_file(plan, "/etc/pointer", "through the link\n", 0755, "links are kept",
				err);
}

static int beta_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	static const char *const argv[] = {"make-out", NULL};
	static const char *const outputs[] = {"/boot/out", NULL};
	if (wish.knob && kh_plan_set_value(plan, "/sys/knob", wish.knob, "a knob", err) != 0)
		return -1;
	if (!wish.has_trigger)
		return 0;
	kh_auto(kh_free) char *out = kh_root_line(context->root, "/boot/out");
	struct kh_plan_command command = {.argv = argv, .outputs = outputs, .why = "out is stale"};
	if (!out || strcmp(out, "made") != 0)
		return kh_plan_trigger(plan, "make out", &command, err);
	return 0;
}

static int gamma_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	(void)context;
	if (wish.gamma_wants_alphas_file)
		return kh_plan_put_file(plan, "/etc/existing", "mine\n", 0, "also mine", err);
	return kh_plan_put_file(plan, "/etc/gamma", "gamma\n", 0, "independent", err);
}

static const char *const after_alpha[] = {"alpha", NULL};
static const struct kh_stage alpha = {
	.name = "alpha", .phase = KH_PHASE_CONFIGURE, .plan = alpha_plan};
static const struct kh_stage beta = {
	.name = "beta", .after = after_alpha, .phase = KH_PHASE_CONFIGURE, .plan = beta_plan};
static const struct kh_stage gamma_stage = {
	.name = "gamma", .phase = KH_PHASE_CONFIGURE, .plan = gamma_plan};
const struct kh_stage *const kh_stages[] = {&alpha, &beta, &gamma_stage, NULL};

/* ---- a host and a runner that records ---- */

static int record_run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		      struct kh_run_result *ret_result, struct kh_error *err)
{
	struct engine_host *host = runner->data;
	(void)timeout_s;
	(void)err;
	kh_strv_add(&host->ran, argv[0]);
	if (wish.program_changes_the_wish)
		wish.content = "newer\n";
	*ret_result = (struct kh_run_result){.output = kh_strdup("")};
	struct kh_file_state meta = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	if (strcmp(argv[0], "make-out") == 0 && !wish.program_does_nothing)
		return kh_file_put(&host->fixture.root, "/boot/out", "made\n", 5, &meta, err);
	return 0;
}

static int setup(void **state)
{
	struct engine_host *host = engine_host_open();
	host->runner.run = record_run;
	wish = (__typeof__(wish)){.content = "new\n"};
	fixture_put_mode(&host->fixture, "/etc/existing", "original\n", 0640);
	fixture_put(&host->fixture, "/etc/old", "stale\n");
	fixture_put(&host->fixture, "/etc/real/target", "pointed at\n");
	fixture_link(&host->fixture, "/etc/pointer", "real/target");
	fixture_put(&host->fixture, "/boot/out", "old out\n");
	engine_host_remember(host);
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	engine_host_close(*state);
	return 0;
}

/* ---- apply and undo ---- */

static void a_second_apply_has_nothing_to_do(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/existing", "changed\n");
	engine_host_assert_file(host, "/etc/real/target", "through the link\n");
	engine_host_assert_file(host, "/etc/old", "(absent)");
	assert_int_equal(engine_host_pending(host), 0);
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	assert_int_equal(engine_host_apply(host, &again, NULL), KH_OK);
	assert_int_equal(again.done_count, 0);
	assert_int_equal(again.run, 0);
}

static void undo_brings_everything_back(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK); /* nothing left: fine */
	engine_host_assert_original(host);
}

static void undo_of_an_early_run_reverts_the_later_ones_first(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	wish.content = "newer\n";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/alpha/sub/new.conf", "newer\n");
	assert_int_equal(engine_host_undo(host, 1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void undo_of_the_last_run_leaves_the_earlier_ones(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	wish.content = "newer\n";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/alpha/sub/new.conf", "new\n");
	engine_host_assert_file(host, "/etc/existing", "changed\n");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static bool is_undone(const struct engine_host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
	return kh_history_is_undone(&history);
}

static void history_tells_whether_an_undo_was_the_last_word(void **state)
{
	struct engine_host *host = *state;
	assert_false(is_undone(host));
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_false(is_undone(host));
	wish.content = "newer\n";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_true(is_undone(host));
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_false(is_undone(host));
}

static void undo_refuses_what_somebody_changed_since_and_changes_nothing(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put_mode(&host->fixture, "/etc/existing", "mine now\n", 0640);
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_HOST);
	assert_string_equal(message, "changed by somebody since: '/etc/existing'");
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(before, after);
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void undo_refuses_an_edit_made_between_two_runs(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put_mode(&host->fixture, "/etc/existing", "edited between\n", 0640);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK); /* takes it over again */
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, -1, false, &message), KH_HOST);
	assert_string_equal(message, "changed by somebody since: '/etc/existing'");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/existing", "edited between\n");
}

static void undo_of_an_unknown_run_says_so(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 7, false, &message), KH_USAGE);
	assert_string_equal(message, "there is no run 7");
}

static void a_directory_somebody_put_something_in_stays(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/etc/alpha/sub/theirs", "x\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/alpha/sub/theirs", "x\n");
	engine_host_assert_file(host, "/etc/existing", "original\n");
}

/* ---- stages that refuse or collide ---- */

static void a_refusal_stops_what_comes_after_it_and_nothing_else(void **state)
{
	struct engine_host *host = *state;
	wish.alpha_refuses = true;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	assert_int_equal(outcome.refusal_count, 2);
	assert_string_equal(outcome.refusals[0].error.message, "stage 'alpha': not on this host");
	assert_string_equal(outcome.refusals[1].error.message,
			    "stage 'beta': skipped, because it comes after stage 'alpha'");
	assert_int_equal(kh_outcome_code(&outcome), KH_HOST);
	/* What it had planned is dropped. */
	engine_host_assert_file(host, "/etc/existing", "original\n");
	engine_host_assert_file(host, "/etc/gamma", "gamma\n");
}

static void two_stages_with_one_path_are_both_named(void **state)
{
	struct engine_host *host = *state;
	wish.gamma_wants_alphas_file = true;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	assert_int_equal(outcome.refusal_count, 1);
	assert_string_equal(
		outcome.refusals[0].error.message,
		"stage 'gamma': '/etc/existing' is planned by stage 'alpha' and by stage "
		"'gamma'");
}

static void a_stage_named_alone_says_what_it_builds_on(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	kh_strv_add(&chosen, "beta");
	struct kh_engine engine = engine_host_engine(host);
	engine.chosen = &chosen;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	assert_int_equal(kh_engine_plan(&engine, &facts, &outcome, &err), 0);
	assert_int_equal(outcome.plan.note_count, 1);
	assert_string_equal(outcome.plan.notes[0].text,
			    "builds on stage 'alpha', which has 7 pending changes: run 'kvmhost "
			    "apply alpha'");
}

/* ---- running values and programs (on a root that is called live) ---- */

static void a_running_value_goes_back_to_what_it_was(void **state)
{
	struct engine_host *host = *state;
	host->fixture.root.is_live = true;
	wish.knob = "1";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_auto(kh_free) char *knob = kh_root_line(&host->fixture.root, "/sys/knob");
	assert_string_equal(knob, "1");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/sys/knob", "0\n");
}

static void below_another_root_a_running_value_is_left_to_the_boot(void **state)
{
	struct engine_host *host = *state;
	wish.knob = "1";
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	engine_host_assert_file(host, "/sys/knob", "0\n");
	assert_string_equal(outcome.plan.notes[0].text,
			    "left to the boot: set /sys/knob to 1 (a knob)");
	assert_int_equal(engine_host_pending(host), 0);
}

static void a_trigger_runs_once_and_undo_restores_what_it_wrote(void **state)
{
	struct engine_host *host = *state;
	host->fixture.root.is_live = true;
	wish.has_trigger = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(host->ran.count, 1);
	engine_host_assert_file(host, "/boot/out", "made\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 1);
	engine_host_assert_original(host);
}

static void undo_runs_the_trigger_again_when_somebody_else_had_run_it(void **state)
{
	struct engine_host *host = *state;
	host->fixture.root.is_live = true;
	wish.has_trigger = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/boot/out", "made by a kernel package\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 2);
}

static void a_program_that_changes_nothing_is_a_verification_failure(void **state)
{
	struct engine_host *host = *state;
	host->fixture.root.is_live = true;
	wish.has_trigger = true;
	wish.program_does_nothing = true;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_VERIFY);
	assert_int_equal(outcome.residue.count, 1);
	assert_string_equal(outcome.residue.items[0],
			    "[beta] make out: run make-out: out is stale");
}

static void what_came_to_be_wanted_meanwhile_is_told_as_that(void **state)
{
	struct engine_host *host = *state;
	host->fixture.root.is_live = true;
	wish.has_trigger = wish.program_changes_the_wish = true;
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_VERIFY);
	assert_non_null(strstr(message, "the host changed meanwhile and now wants 1 change that "
					"nobody planned; the first: [alpha] "));
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/alpha/sub/new.conf", "newer\n");
}

/* ---- interruptions ---- */

static char *undisturbed_tree(void)
{
	void *state = NULL;
	setup(&state);
	struct engine_host *host = state;
	wish.has_trigger = true;
	host->fixture.root.is_live = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	char *tree = fixture_tree(&host->fixture);
	teardown(&state);
	return tree;
}

static struct engine_host *fresh_live_host(void **state)
{
	setup(state);
	struct engine_host *host = *state;
	wish.has_trigger = true;
	host->fixture.root.is_live = true;
	return host;
}

static void killed_anywhere_a_rerun_ends_as_undisturbed(void **state)
{
	(void)state;
	kh_auto(kh_free) char *wanted = undisturbed_tree();
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		void *inner = NULL;
		struct engine_host *host = fresh_live_host(&inner);
		was_killed = engine_host_apply_killed(host, points + 1);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		kh_auto(kh_free) char *tree = fixture_tree(&host->fixture);
		assert_string_equal(tree, wanted);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		teardown(&inner);
	}
	assert_true(points > 40);
	print_message("%d cut points\n", points - 1);
}

static void killed_anywhere_undo_brings_everything_back(void **state)
{
	(void)state;
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		void *inner = NULL;
		struct engine_host *host = fresh_live_host(&inner);
		was_killed = engine_host_apply_killed(host, points + 1);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		teardown(&inner);
	}
}

static void an_undo_killed_anywhere_goes_on_where_it_stopped(void **state)
{
	(void)state;
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		void *inner = NULL;
		struct engine_host *host = fresh_live_host(&inner);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		was_killed = engine_host_undo_killed(host, points + 1);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		teardown(&inner);
	}
	assert_true(points > 15);
}

static void when_any_call_fails_the_error_is_clear_and_undo_brings_all_back(void **state)
{
	(void)state;
	static const int errors[] = {ENOSPC, EIO};
	for (size_t e = 0; e < KH_COUNT(errors); e++) {
		enum kh_code code = KH_SYSTEM;
		for (int n = 1; code != KH_OK; n++) {
			void *inner = NULL;
			struct engine_host *host = fresh_live_host(&inner);
			cut_arm_fail(n, errors[e]);
			code = engine_host_apply(host, NULL, NULL);
			bool is_over = cut_count() < n;
			cut_disarm();
			assert_true(code == KH_SYSTEM || code == KH_PROGRAM || is_over);
			assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
			engine_host_assert_original(host);
			teardown(&inner);
		}
	}
}

static void a_run_that_changed_nothing_is_not_recorded(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
	assert_int_equal(history.run_count, 1);
	assert_int_equal(history.runs[0].state, KH_RUN_ENDED);
	assert_int_equal(history.runs[0].record_count, 8);
	assert_null(kh_history_unfinished(&history, 0));
}

static void half_a_journal_line_is_no_obstacle(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_auto(kh_free) char *journal =
		fixture_get(&host->fixture, "/var/lib/kvmhost/runs/0001/journal.jsonl");
	*strstr(journal, "{\"event\":\"end\"}") = '\0';
	journal[strlen(journal) - 20] = '\0';
	fixture_put(&host->fixture, "/var/lib/kvmhost/runs/0001/journal.jsonl", journal);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void the_second_of_two_is_told_who_the_first_is(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_lock_done) struct kh_lock first = KH_LOCK_INIT;
	kh_auto(kh_lock_done) struct kh_lock second = KH_LOCK_INIT;
	assert_int_equal(kh_lock_take(&host->fixture.root, "apply", &first, &err), 0);
	assert_int_equal(kh_lock_take(&host->fixture.root, "undo", &second, &err), -1);
	kh_auto(kh_free) char *wanted =
		kh_printf("another kvmhost is at work: pid %d, 'apply'", (int)getpid());
	assert_string_equal(err.message, wanted);
	assert_int_equal(err.code, KH_SYSTEM);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_apply_has_nothing_to_do),
		TEST(undo_brings_everything_back),
		TEST(undo_of_an_early_run_reverts_the_later_ones_first),
		TEST(undo_of_the_last_run_leaves_the_earlier_ones),
		TEST(history_tells_whether_an_undo_was_the_last_word),
		TEST(undo_refuses_what_somebody_changed_since_and_changes_nothing),
		TEST(undo_refuses_an_edit_made_between_two_runs),
		TEST(undo_of_an_unknown_run_says_so),
		TEST(a_directory_somebody_put_something_in_stays),
		TEST(a_refusal_stops_what_comes_after_it_and_nothing_else),
		TEST(two_stages_with_one_path_are_both_named),
		TEST(a_stage_named_alone_says_what_it_builds_on),
		TEST(a_running_value_goes_back_to_what_it_was),
		TEST(below_another_root_a_running_value_is_left_to_the_boot),
		TEST(a_trigger_runs_once_and_undo_restores_what_it_wrote),
		TEST(undo_runs_the_trigger_again_when_somebody_else_had_run_it),
		TEST(a_program_that_changes_nothing_is_a_verification_failure),
		TEST(what_came_to_be_wanted_meanwhile_is_told_as_that),
		cmocka_unit_test(killed_anywhere_a_rerun_ends_as_undisturbed),
		cmocka_unit_test(killed_anywhere_undo_brings_everything_back),
		cmocka_unit_test(an_undo_killed_anywhere_goes_on_where_it_stopped),
		cmocka_unit_test(when_any_call_fails_the_error_is_clear_and_undo_brings_all_back),
		TEST(a_run_that_changed_nothing_is_not_recorded),
		TEST(half_a_journal_line_is_no_obstacle),
		TEST(the_second_of_two_is_told_who_the_first_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
