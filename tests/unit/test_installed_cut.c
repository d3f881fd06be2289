/* test_installed_cut.c - a tree is installed, replaced by another, and undone: stopped at every
 * system call that writes, and with every such call failing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "tests/lib/cut.h"
#include "tests/lib/tree_host.h"

const struct kh_stage *const kh_stages[] = {&tree_host_stage, NULL};

/* A host that has the first tree; wants_upgrade: and now wants the second. */
static struct engine_host *open_host(bool wants_upgrade)
{
	struct engine_host *host = tree_host_open();
	if (!wants_upgrade)
		return host;
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	tree_wish.key = tree_second;
	return host;
}

static char *undisturbed(bool wants_upgrade)
{
	struct engine_host *host = open_host(wants_upgrade);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	char *tree = fixture_tree(&host->fixture);
	engine_host_close(host);
	return tree;
}

static void assert_tree(struct engine_host *host, const char *wanted)
{
	kh_auto(kh_free) char *now = fixture_tree(&host->fixture);
	assert_string_equal(now, wanted);
}

static void kill_apply_everywhere(bool wants_upgrade)
{
	kh_auto(kh_free) char *wanted = undisturbed(wants_upgrade);
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		struct engine_host *host = open_host(wants_upgrade);
		was_killed = engine_host_apply_killed(host, points + 1);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		assert_tree(host, wanted);
		assert_int_equal(engine_host_pending(host), 0);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
	assert_true(points > 60);
	print_message("%d cut points\n", points - 1);
}

static void killed_anywhere_a_rerun_installs_as_undisturbed(void **state)
{
	(void)state;
	kill_apply_everywhere(false);
}

static void killed_anywhere_a_rerun_replaces_as_undisturbed(void **state)
{
	(void)state;
	kill_apply_everywhere(true);
}

static void temporary_files_go_even_when_the_tree_is_not_wanted_any_more(void **state)
{
	(void)state;
	int left = 0;
	for (int n = 1, was_killed = 1; was_killed; n += 7) {
		struct engine_host *host = open_host(false);
		was_killed = engine_host_apply_killed(host, n);
		kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
		left += strstr(before, "kvmhost-new") != NULL;
		tree_wish.key = NULL;
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
		assert_null(strstr(after, "kvmhost-new"));
		engine_host_close(host);
	}
	assert_true(left > 3);
}

static void directories_that_were_made_before_a_cut_are_removed_with_the_program(void **state)
{
	(void)state;
	struct engine_host *calm = open_host(false);
	assert_int_equal(engine_host_apply(calm, NULL, NULL), KH_OK);
	tree_wish.is_uninstall = true;
	assert_int_equal(engine_host_apply(calm, NULL, NULL), KH_OK);
	kh_auto(kh_free) char *wanted = fixture_tree(&calm->fixture);
	engine_host_close(calm);
	for (int n = 1, was_killed = 1; was_killed; n += 5) {
		struct engine_host *host = open_host(false);
		was_killed = engine_host_apply_killed(host, n);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		tree_wish.is_uninstall = true;
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		assert_tree(host, wanted);
		engine_host_close(host);
	}
}

static void killed_anywhere_undo_takes_all_of_it_away(void **state)
{
	(void)state;
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		struct engine_host *host = open_host(true);
		was_killed = engine_host_apply_killed(host, points + 1);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
}

static void an_undo_killed_anywhere_goes_on_where_it_stopped(void **state)
{
	(void)state;
	int points = 0;
	for (bool was_killed = true; was_killed; points++) {
		struct engine_host *host = open_host(true);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		was_killed = engine_host_undo_killed(host, points + 1);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
	assert_true(points > 40);
	print_message("%d cut points\n", points - 1);
}

static void an_undo_killed_anywhere_is_finished_by_the_next_apply(void **state)
{
	(void)state;
	kh_auto(kh_free) char *wanted = undisturbed(false);
	for (int n = 1, was_killed = 1; was_killed; n += 5) {
		struct engine_host *host = open_host(false);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		was_killed = engine_host_undo_killed(host, n);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		assert_tree(host, wanted);
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
}

/* Nothing may be replaced before everything is written: an error in the first half leaves the tree
 * as it was, but for directories. */
static void fail_apply_everywhere(int error, int step)
{
	kh_auto(kh_free) char *wanted = undisturbed(true);
	bool is_over = false;
	for (int n = 1; !is_over; n += step) {
		struct engine_host *host = open_host(true);
		cut_arm_fail(n, error);
		enum kh_code code = engine_host_apply(host, NULL, NULL);
		is_over = cut_count() < n;
		cut_disarm();
		assert_true(is_over ? code == KH_OK : code == KH_OK || code == KH_SYSTEM);
		kh_auto(kh_free) char *tree = fixture_tree(&host->fixture);
		assert_null(strstr(tree, "kvmhost-new"));
		if (n % 2 == 0) {
			assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
			assert_tree(host, wanted);
		}
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
}

static void when_any_call_fails_undo_brings_all_back_and_a_rerun_ends_as_undisturbed(void **state)
{
	(void)state;
	fail_apply_everywhere(ENOSPC, 1);
	fail_apply_everywhere(EIO, 10);
}

static void an_undo_in_which_a_call_fails_can_be_repeated(void **state)
{
	(void)state;
	bool is_over = false;
	for (int n = 1; !is_over; n += 2) {
		struct engine_host *host = open_host(true);
		assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
		cut_arm_fail(n, ENOSPC);
		enum kh_code code = engine_host_undo(host, -1, false, NULL);
		is_over = cut_count() < n;
		cut_disarm();
		assert_true(code == KH_OK || (code == KH_SYSTEM && !is_over));
		assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
		engine_host_assert_original(host);
		engine_host_close(host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_anywhere_a_rerun_installs_as_undisturbed),
		cmocka_unit_test(killed_anywhere_a_rerun_replaces_as_undisturbed),
		cmocka_unit_test(temporary_files_go_even_when_the_tree_is_not_wanted_any_more),
		cmocka_unit_test(
			directories_that_were_made_before_a_cut_are_removed_with_the_program),
		cmocka_unit_test(killed_anywhere_undo_takes_all_of_it_away),
		cmocka_unit_test(an_undo_killed_anywhere_goes_on_where_it_stopped),
		cmocka_unit_test(an_undo_killed_anywhere_is_finished_by_the_next_apply),
		cmocka_unit_test(
			when_any_call_fails_undo_brings_all_back_and_a_rerun_ends_as_undisturbed),
		cmocka_unit_test(an_undo_in_which_a_call_fails_can_be_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
