/* test_engine_more.c - what can go wrong between two runs: damaged journals, lost copies, files
 * that became something else, programs that fail, other boots, other roots. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine.h"
#include "core/journal.h"
#include "tests/lib/engine_host.h"

/* ---- one stage: two files, a count, a value, a trigger ---- */

static struct {
	const char *content; /* of /etc/one and /etc/two */
	const char *knob;
	bool wants_count, has_trigger;
	int program_fails; /* so many times */
} wish;

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	static const char *const argv[] = {"make-out", NULL};
	static const char *const outputs[] = {"/boot/link", NULL};
	(void)context;
	if (kh_plan_put_file(plan, "/etc/one", wish.content, 0, "one", err) != 0 ||
	    kh_plan_put_file(plan, "/etc/new/two", wish.content, 0644, "two", err) != 0)
		return -1;
	if (wish.knob && kh_plan_set_value(plan, "/sys/knob", wish.knob, "a knob", err) != 0)
		return -1;
	if (wish.wants_count && kh_plan_set_count(plan, "/sys/count", 512, "a count", err) != 0)
		return -1;
	const struct kh_plan_command command = {.argv = argv, .outputs = outputs, .why = "stale"};
	if (wish.has_trigger && plan->change_count > 0)
		return kh_plan_trigger(plan, "make out", &command, err);
	return 0;
}

static const struct kh_stage stage = {.name = "stage", .phase = KH_PHASE_CONFIGURE, .plan = plan};
const struct kh_stage *const kh_stages[] = {&stage, NULL};

/* ---- the host ---- */

static int run_program(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	struct engine_host *host = runner->data;
	(void)timeout_s;
	bool fails = wish.program_fails > 0;
	kh_strv_add(&host->ran, argv[0]);
	wish.program_fails -= fails;
	*ret_result = (struct kh_run_result){.output = kh_strdup("no\n"), .status = fails};
	struct kh_file_state meta = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	return fails ? 0 : kh_file_put(&host->fixture.root, "/boot/link", "made\n", 5, &meta, err);
}

static int setup(void **state)
{
	struct engine_host *host = engine_host_open();
	host->runner.run = run_program;
	wish = (__typeof__(wish)){.content = "ours\n"};
	fixture_put_mode(&host->fixture, "/etc/one", "theirs\n", 0600);
	fixture_put(&host->fixture, "/sys/count", "100\n");
	fixture_put(&host->fixture, "/boot/out", "old\n");
	fixture_link(&host->fixture, "/boot/link", "out");
	host->fixture.root.is_live = true;
	engine_host_remember(host);
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	engine_host_close(*state);
	return 0;
}

static const char journal_path[] = "/var/lib/kvmhost/runs/0001/journal.jsonl";

/* Replace WHAT in the first run's journal. */
static void edit_journal(struct engine_host *host, const char *what, const char *with)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, journal_path);
	char *at = strstr(text, what);
	assert_non_null(at);
	kh_auto(kh_free) char *edited =
		kh_printf("%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
	fixture_put(&host->fixture, journal_path, edited);
}

static char *host_path(struct engine_host *host, const char *path)
{
	return kh_printf("%s%s", host->fixture.path, path);
}

/* ---- what undo needs is gone ---- */

static void a_missing_copy_stops_undo_before_it_begins(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_auto(kh_free) char *applied = fixture_tree(&host->fixture);
	fixture_remove(&host->fixture, "/var/lib/kvmhost/runs/0001/0001.old");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	assert_string_equal(message,
			    "kept copy '/var/lib/kvmhost/runs/0001/0001.old': No such file "
			    "or directory, of '/etc/one'");
	kh_auto(kh_free) char *now = fixture_tree(&host->fixture);
	assert_string_equal(now, applied);
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/one", "ours\n");
	engine_host_assert_file(host, "/etc/new/two", "(absent)");
	assert_int_equal(host->warnings.count, 1);
}

static void a_damaged_copy_is_not_put_back(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/var/lib/kvmhost/runs/0001/0001.old", "thei");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	assert_string_equal(message,
			    "kept copy '/var/lib/kvmhost/runs/0001/0001.old' is damaged, of "
			    "'/etc/one'");
	engine_host_assert_file(host, "/etc/one", "ours\n");
}

static void a_garbled_intent_is_noticed_and_the_rest_is_not_mixed_up(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	edit_journal(host, "\"event\":\"intent\",\"kind\":\"put\"", "\"ev\x01");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	assert_string_equal(message, "run 1: 1 of its changes cannot be read in the journal");
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/new/two", "(absent)");
	engine_host_assert_file(host, "/etc/one", "ours\n");
}

static void lines_of_noise_in_a_journal_are_no_obstacle(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	edit_journal(host, "\n",
		     "\n[]\n{}\nnull\n\xff\xfe\n{\"event\":\"intent\"}\n"
		     "{\"event\":\"done\",\"n\":-3}\n{\"event\":7,\"n\":\"x\"}\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

/* ---- what undo would overwrite is something else now ---- */

static void a_directory_in_a_files_place_stops_even_a_forced_undo(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_remove(&host->fixture, "/etc/one");
	fixture_put(&host->fixture, "/etc/one/inside", "x\n");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, true, &message), KH_HOST);
	assert_string_equal(message, "not a file any more: '/etc/one'");
	engine_host_assert_file(host, "/etc/new/two", "ours\n");
	fixture_remove(&host->fixture, "/etc/one");
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void a_link_in_a_files_place_is_somebodys_change(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/etc/elsewhere", "ours\n");
	fixture_remove(&host->fixture, "/etc/one");
	fixture_link(&host->fixture, "/etc/one", "elsewhere");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_HOST);
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/elsewhere", "ours\n"); /* not written through */
	fixture_remove(&host->fixture, "/etc/elsewhere");
	engine_host_assert_original(host);
}

static void a_directory_that_became_a_link_stays(void **state)
{
	struct engine_host *host = *state;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_remove(&host->fixture, "/etc/new");
	fixture_put(&host->fixture, "/srv/new/two", "ours\n");
	fixture_link(&host->fixture, "/etc/new", "../srv/new");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/srv/new/two", "(absent)");
	engine_host_assert_file(host, "/etc/one", "theirs\n");
	assert_int_equal(host->warnings.count, 1);
}

/* ---- files of all kinds ---- */

static void owner_mode_and_extended_attributes_come_back(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *path = host_path(host, "/etc/one");
	kh_auto(kh_free) char *large = kh_alloc(3000);
	memset(large, 'x', 3000);
	bool is_root = geteuid() == 0;
	if (is_root)
		assert_int_equal(chown(path, 12, 34), 0);
	assert_int_equal(chmod(path, 0), 0);
	if (!is_root)
		assert_int_equal(chmod(path, 0400), 0);
	if (setxattr(path, "user.note", large, 3000, 0) != 0)
		skip();
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	struct stat status;
	char value[4000];
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, is_root ? 0 : 0400);
	assert_true(!is_root || (status.st_uid == 12 && status.st_gid == 34));
	assert_int_equal(getxattr(path, "user.note", value, sizeof(value)), 3000);
	assert_memory_equal(value, large, 3000);
}

static void a_dangling_link_is_written_through_and_kept(void **state)
{
	struct engine_host *host = *state;
	fixture_remove(&host->fixture, "/etc/one");
	fixture_link(&host->fixture, "/etc/one", "../srv/not/there/yet");
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/srv/not/there/yet", "ours\n");
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(after, before);
}

static void a_file_too_large_to_keep_is_refused_not_cut(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *path = host_path(host, "/etc/one");
	assert_int_equal(truncate(path, 65L << 20), 0);
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	assert_int_equal(outcome.refusal_count, 1);
	assert_string_equal(outcome.refusals[0].error.message,
			    "stage 'stage': read '/etc/one': File too large");
}

/* ---- programs ---- */

static void a_failed_program_is_run_again_once_by_the_next_apply(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	wish.program_fails = 3;
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_PROGRAM);
	assert_string_equal(message, "stage 'stage': run 'make-out': exit status 1: no");
	assert_int_equal(engine_host_pending(host), 1);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_PROGRAM);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_PROGRAM);
	assert_int_equal(host->ran.count, 3);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(host->ran.count, 4);
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(host->ran.count, 4);
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void what_a_program_writes_through_a_link_is_kept(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/boot/out", "made\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
	assert_int_equal(host->ran.count, 1);
}

static void a_refused_value_does_not_keep_the_trigger_from_running(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	wish.knob = "1";
	fixture_remove(&host->fixture, "/sys/knob");
	fixture_put(&host->fixture, "/sys/knob/inside", "writing to a directory is refused\n");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_SYSTEM);
	assert_string_equal(message, "stage 'stage': set '/sys/knob' to '1': Is a directory");
	engine_host_assert_file(host, "/etc/one", "ours\n");
	engine_host_assert_file(host, "/boot/out", "made\n");
	assert_int_equal(engine_host_pending(host),
			 2); /* the value, and the trigger this stage asks for with it */
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
	assert_null(kh_history_unfinished(&history, 0));
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_file(host, "/etc/one", "theirs\n");
	engine_host_assert_file(host, "/boot/out", "old\n");
}

static void below_another_root_undo_runs_no_program_and_sets_no_value(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	wish.knob = "1";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/boot/out", "made by somebody else\n");
	host->fixture.root.is_live = false;
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 1);
	engine_host_assert_file(host, "/sys/knob", "1\n");
	engine_host_assert_file(host, "/etc/one", "theirs\n");
	assert_string_equal(host->warnings.items[0], "left to do on the running system: make out");
}

static void below_another_root_an_interrupted_runs_program_is_left_to_do(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	wish.program_fails = 1;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_PROGRAM);
	host->fixture.root.is_live = false;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(host->ran.count, 1);
}

/* ---- running values ---- */

static void a_value_of_an_earlier_boot_is_left_alone_when_it_is_not_ours(void **state)
{
	struct engine_host *host = *state;
	wish.knob = "1";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/proc/sys/kernel/random/boot_id", "boot-2\n");
	fixture_put(&host->fixture, "/sys/knob", "7\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/sys/knob", "7\n");
	engine_host_assert_file(host, "/etc/one", "theirs\n");
}

static void a_value_somebody_changed_in_this_boot_is_named(void **state)
{
	struct engine_host *host = *state;
	wish.knob = "1";
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	fixture_put(&host->fixture, "/sys/knob", "7\n");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_HOST);
	assert_string_equal(message, "changed by somebody since: '/sys/knob'");
}

/* The kernel gave 300: as a journal of such a run says. */
static void make_less_of_it(struct engine_host *host)
{
	edit_journal(host, "\"obtained\":\"512\"", "\"obtained\":\"300\"");
	fixture_put(&host->fixture, "/sys/count", "300\n");
}

static void what_was_not_obtained_is_not_asked_for_again_in_this_boot(void **state)
{
	struct engine_host *host = *state;
	wish.wants_count = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	make_less_of_it(host);
	assert_int_equal(engine_host_pending(host), 0);
	fixture_put(&host->fixture, "/sys/count", "299\n"); /* it is another number now */
	assert_int_equal(engine_host_pending(host), 1);
	fixture_put(&host->fixture, "/sys/count", "300\n");
	fixture_put(&host->fixture, "/proc/sys/kernel/random/boot_id", "boot-2\n");
	assert_int_equal(engine_host_pending(host), 1);
}

static void fewer_pages_than_asked_for_are_no_obstacle_for_undo(void **state)
{
	struct engine_host *host = *state;
	wish.wants_count = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	make_less_of_it(host);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	kh_auto(kh_free) char *count = kh_root_line(&host->fixture.root, "/sys/count");
	assert_string_equal(count, "100");
}

static void a_count_cut_off_before_its_result_is_put_back_all_the_same(void **state)
{
	struct engine_host *host = *state;
	wish.wants_count = true;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	edit_journal(host, "\"event\":\"done\",\"n\":4,\"obtained\":\"512\"", "\"event\":\"?\"");
	edit_journal(host, "\"event\":\"end\"", "\"event\":\"?\"");
	fixture_put(&host->fixture, "/sys/count", "300\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	kh_auto(kh_free) char *count = kh_root_line(&host->fixture.root, "/sys/count");
	assert_string_equal(count, "100");
}

/* ---- several runs ---- */

static void two_interrupted_runs_are_both_settled_and_undone(void **state)
{
	(void)state;
	for (int n = 12; n < 40; n += 3) {
		void *inner = NULL;
		setup(&inner);
		struct engine_host *host = inner;
		wish.has_trigger = true;
		engine_host_apply_killed(host, n);
		wish.content = "newer\n";
		engine_host_apply_killed(host, n);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		engine_host_assert_file(host, "/etc/one", "newer\n");
		engine_host_assert_file(host, "/boot/out", "made\n");
		assert_int_equal(engine_host_pending(host), 0);
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_history_done) struct kh_history history = {0};
		assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
		assert_null(kh_history_unfinished(&history, 0));
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		teardown(&inner);
	}
}

static void an_interrupted_undo_is_finished_by_the_next_apply(void **state)
{
	(void)state;
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		void *inner = NULL;
		setup(&inner);
		struct engine_host *host = inner;
		wish.has_trigger = true;
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		was_killed = engine_host_undo_killed(host, points + 1);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		assert_int_equal(engine_host_pending(host), 0);
		engine_host_assert_file(host, "/etc/one", "ours\n");
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		teardown(&inner);
	}
	assert_true(points > 10);
}

static void an_unwritable_state_directory_stops_before_the_first_change(void **state)
{
	struct engine_host *host = *state;
	fixture_put(&host->fixture, "/var/lib/kvmhost", "a file\n");
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_SYSTEM);
	engine_host_assert_file(host, "/etc/one", "theirs\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- what programs write ---- */

static struct kh_strv order; /* of what happened */

static int note_call(const char *call, const char *path)
{
	if (strcmp(call, "syncfs") == 0 || kh_str_ends(path, "/journal.jsonl"))
		kh_strv_addf(&order, "%s %s", call, path);
	return 0;
}

static int run_and_note(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
			struct kh_run_result *ret_result, struct kh_error *err)
{
	kh_strv_add(&order, "the program");
	return run_program(runner, argv, timeout_s, ret_result, err);
}

static void expect_order(const char *text)
{
	kh_auto(kh_free) char *found = kh_strv_join(&order, ", ");
	if (!strstr(found, text))
		fail_msg("'%s' is not in: %s", text, found);
	kh_strv_done(&order);
}

static void what_a_program_wrote_is_on_the_disk_before_the_journal_says_done(void **state)
{
	struct engine_host *host = *state;
	wish.has_trigger = true;
	host->runner.run = run_and_note;
	kh_sys_hook = note_call;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	expect_order("the program, syncfs , write /var/lib/kvmhost/runs/0001/journal.jsonl");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	/* "undo" of the directory, then what all of it left, then "undone" */
	expect_order("fsync /var/lib/kvmhost/runs/0001/journal.jsonl, syncfs , write "
		     "/var/lib/kvmhost/runs/0001/journal.jsonl");
	kh_sys_hook = NULL;
}

static int refuse_to_sync(const char *call, const char *path)
{
	(void)path;
	return strcmp(call, "syncfs") == 0 ? EIO : 0;
}

static void a_program_whose_files_do_not_reach_the_disk_has_failed(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *message = NULL;
	wish.has_trigger = true;
	kh_sys_hook = refuse_to_sync;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_SYSTEM);
	kh_sys_hook = NULL;
	assert_string_equal(message, "stage 'stage': write to disk what was changed on the file "
				     "system of '/': Input/output error");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_missing_copy_stops_undo_before_it_begins),
		TEST(a_damaged_copy_is_not_put_back),
		TEST(a_garbled_intent_is_noticed_and_the_rest_is_not_mixed_up),
		TEST(lines_of_noise_in_a_journal_are_no_obstacle),
		TEST(a_directory_in_a_files_place_stops_even_a_forced_undo),
		TEST(a_link_in_a_files_place_is_somebodys_change),
		TEST(a_directory_that_became_a_link_stays),
		TEST(owner_mode_and_extended_attributes_come_back),
		TEST(a_dangling_link_is_written_through_and_kept),
		TEST(a_file_too_large_to_keep_is_refused_not_cut),
		TEST(a_failed_program_is_run_again_once_by_the_next_apply),
		TEST(what_a_program_writes_through_a_link_is_kept),
		TEST(a_refused_value_does_not_keep_the_trigger_from_running),
		TEST(below_another_root_undo_runs_no_program_and_sets_no_value),
		TEST(below_another_root_an_interrupted_runs_program_is_left_to_do),
		TEST(a_value_of_an_earlier_boot_is_left_alone_when_it_is_not_ours),
		TEST(a_value_somebody_changed_in_this_boot_is_named),
		TEST(what_was_not_obtained_is_not_asked_for_again_in_this_boot),
		TEST(fewer_pages_than_asked_for_are_no_obstacle_for_undo),
		TEST(a_count_cut_off_before_its_result_is_put_back_all_the_same),
		cmocka_unit_test(two_interrupted_runs_are_both_settled_and_undone),
		cmocka_unit_test(an_interrupted_undo_is_finished_by_the_next_apply),
		TEST(an_unwritable_state_directory_stops_before_the_first_change),
		cmocka_unit_test_setup_teardown(
			what_a_program_wrote_is_on_the_disk_before_the_journal_says_done, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_program_whose_files_do_not_reach_the_disk_has_failed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
