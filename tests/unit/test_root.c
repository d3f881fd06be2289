/* test_root.c - reading below a root, and changing files there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "tests/lib/cut.h"
#include "tests/lib/fixture.h"

static int setup(void **state)
{
	struct fixture *host = kh_alloc(sizeof(*host));
	fixture_open_empty(host);
	fixture_put(host, "/etc/passwd", "inside\n");
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *host = *state;
	cut_disarm();
	fixture_close(host);
	kh_free(state);
	return 0;
}

static void assert_text(struct fixture *host, const char *path, const char *wanted)
{
	kh_auto(kh_free) char *text = kh_root_text(&host->root, path);
	assert_string_equal(text ? text : "(absent)", wanted);
}

static void links_and_dots_cannot_lead_out_of_the_root(void **state)
{
	struct fixture *host = *state;
	fixture_link(host, "/etc/absolute", "/etc/passwd");
	fixture_link(host, "/etc/up", "../../../../../../../../etc/passwd");
	fixture_link(host, "/etc/dir", "/../../etc");
	assert_text(host, "/etc/absolute", "inside\n");
	assert_text(host, "/etc/up", "inside\n");
	assert_text(host, "/etc/dir/passwd", "inside\n");
	assert_text(host, "/../../../../etc/passwd", "inside\n");
	kh_auto(kh_free) char *settled = kh_root_resolve(&host->root, "/etc/dir/up");
	assert_string_equal(settled, "/etc/passwd");
}

static void links_in_circles_are_an_error(void **state)
{
	struct fixture *host = *state;
	fixture_link(host, "/etc/a", "b");
	fixture_link(host, "/etc/b", "a");
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	assert_null(kh_root_resolve(&host->root, "/etc/a"));
	assert_int_equal(kh_root_read(&host->root, "/etc/a", &text, NULL, &err), -1);
	assert_string_equal(err.message, "read '/etc/a': Too many levels of symbolic links");
}

static void absence_is_an_outcome_not_an_error(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	assert_int_equal(kh_root_read(&host->root, "/etc/none", &text, NULL, &err), 1);
	assert_int_equal(kh_root_read(&host->root, "/etc/passwd/below", &text, NULL, &err), 1);
	assert_null(err.message);
	assert_int_equal(kh_root_number(&host->root, "/etc/none"), -1);
	assert_int_equal(kh_root_read(&host->root, "/etc", &text, NULL, &err), -1);
	assert_string_equal(err.message, "read '/etc': Is a directory");
}

static void a_file_is_put_with_owner_mode_and_attributes_and_links_are_kept(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	kh_auto(kh_file_state_done) struct kh_file_state new = {0};
	fixture_put_mode(host, "/etc/real", "old\n", 0640);
	fixture_link(host, "/etc/link", "/etc/real");
	kh_auto(kh_free) char *full = kh_printf("%s/etc/real", host->path);
	bool has_xattr = setxattr(full, "user.kvmhost", "label", 5, 0) == 0;
	assert_int_equal(kh_file_look(&host->root, "/etc/real", &old, &err), 0);
	assert_int_equal(kh_file_put(&host->root, "/etc/link", "new\n", 4, &old, &err), 0);
	assert_text(host, "/etc/real", "new\n");
	kh_auto(kh_free) char *target = kh_root_readlink(&host->root, "/etc/link");
	assert_string_equal(target, "/etc/real");
	assert_int_equal(kh_file_look(&host->root, "/etc/real", &new, &err), 0);
	assert_int_equal(new.mode, 0640);
	assert_int_equal(new.xattr_count, has_xattr ? 1 : 0);
}

static void a_failed_put_leaves_the_old_file_and_no_other(void **state)
{
	struct fixture *host = *state;
	struct kh_file_state meta = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	for (int n = 1;; n++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		fixture_put(host, "/etc/file", "old\n");
		cut_arm_fail(n, EIO);
		int result = kh_file_put(&host->root, "/etc/file", "new\n", 4, &meta, &err);
		int calls = cut_count();
		cut_disarm();
		if (calls < n) {
			assert_int_equal(result, 0);
			assert_true(n > 5);
			return;
		}
		assert_int_equal(result, -1);
		assert_string_equal(err.message, "write '/etc/file': Input/output error");
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_root_list(&host->root, "/etc", &names);
		assert_int_equal(names.count, 2);
	}
}

static void what_a_killed_put_left_is_cleaned_up(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	fixture_put(host, "/etc/.file.kvmhost-new", "half");
	assert_int_equal(kh_file_clean(&host->root, "/etc/file", &err), 0);
	assert_text(host, "/etc/.file.kvmhost-new", "(absent)");
	assert_int_equal(kh_file_clean(&host->root, "/nowhere/file", &err), 0);
	/* of a file that is a link, and of the link */
	fixture_put(host, "/usr/.real.kvmhost-new", "half");
	fixture_link(host, "/etc/link", "/usr/real");
	fixture_link(host, "/etc/.link.kvmhost-new", "/usr/new");
	assert_int_equal(kh_file_clean(&host->root, "/etc/link", &err), 0);
	assert_text(host, "/usr/.real.kvmhost-new", "(absent)");
	assert_null(kh_root_readlink(&host->root, "/etc/.link.kvmhost-new"));
}

static void a_temporary_name_that_is_a_link_is_not_followed(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_file_state meta = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	fixture_link(host, "/etc/.file.kvmhost-new", "/etc/passwd");
	assert_int_equal(kh_file_put(&host->root, "/etc/file", "new\n", 4, &meta, &err), 0);
	assert_text(host, "/etc/passwd", "inside\n");
	assert_text(host, "/etc/file", "new\n");
}

static void a_directory_with_something_in_it_is_not_removed(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_file_remove_dir(&host->root, "/etc", &err), 1);
	assert_int_equal(kh_file_make_dir(&host->root, "/etc/new", 0700, &err), 0);
	assert_int_equal(kh_file_remove_dir(&host->root, "/etc/new", &err), 0);
}

/* ---- programs ---- */

static void a_program_gets_a_clean_environment_and_no_shell(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *output = NULL;
	const char *const argv[] = {"env", NULL};
	assert_int_equal(kh_run(&kh_run_system, argv, 10, &output, &err), 0);
	assert_string_equal(output,
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			    "LC_ALL=C\nDEBIAN_FRONTEND=noninteractive\n");
	const char *const echo[] = {"echo", "$HOME; `id`", NULL};
	kh_free(&output);
	assert_int_equal(kh_run(&kh_run_system, echo, 10, &output, &err), 0);
	assert_string_equal(output, "$HOME; `id`\n");
}

static void a_failing_program_is_an_error_with_its_last_words(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	const char *const argv[] = {"sh", "-c", "echo one; echo two >&2; exit 3", NULL};
	assert_int_equal(kh_run(&kh_run_system, argv, 10, NULL, &err), -1);
	assert_int_equal(err.code, KH_PROGRAM);
	assert_string_equal(err.message, "run 'sh': exit status 3: one\ntwo");
	const char *const none[] = {"/nonexistent/program", NULL};
	assert_int_equal(kh_run(&kh_run_system, none, 10, NULL, &err), -1);
	assert_string_equal(err.message, "run '/nonexistent/program': No such file or directory");
}

static void wait_tenth(void)
{
	const struct timespec tenth = {0, 100000000};
	nanosleep(&tenth, NULL);
}

/* Killed, it may wait for its parent to ask for it. */
static bool is_alive(const char *pid)
{
	char line[512] = "";
	kh_auto(kh_free) char *path = kh_printf("/proc/%s/stat", pid);
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	return file && fgets(line, sizeof(line), file) && !strstr(line, ") Z ");
}

/* Within so many tenths of a second. */
static bool comes_to_be(struct fixture *host, const char *path, int tenths)
{
	for (int i = 0; i < tenths && !kh_root_exists(&host->root, path); i++)
		wait_tenth();
	return kh_root_exists(&host->root, path);
}

static void a_program_that_does_not_end_is_ended(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("%s/left", host->path);
	const char *const argv[] = {"sh", "-c", "sleep 60 & echo $! >\"$1\"; sleep 60",
				    "-",  path, NULL};
	assert_int_equal(kh_run(&kh_run_system, argv, 1, NULL, &err), -1);
	assert_string_equal(err.message, "run 'sh': no end after 1 s");
	kh_auto(kh_free) char *pid = kh_root_line(&host->root, "/left");
	assert_non_null(pid);
	for (int i = 0; i < 100 && is_alive(pid); i++)
		wait_tenth();
	assert_false(is_alive(pid));
}

/* dhclient, when it has its lease: it forks, its first process ends, and the second one becomes a
 * session of its own only then. */
static void what_a_program_starts_before_it_ends_goes_on(void **state)
{
	struct fixture *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("%s/left", host->path);
	const char *const argv[] = {"sh", "-c", "(sleep 0.2; echo left >\"$1\") >&- 2>&- &",
				    "-",  path, NULL};
	assert_int_equal(kh_run(&kh_run_system, argv, 10, NULL, &err), 0);
	assert_true(comes_to_be(host, "/left", 100));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_and_dots_cannot_lead_out_of_the_root),
		TEST(links_in_circles_are_an_error),
		TEST(absence_is_an_outcome_not_an_error),
		TEST(a_file_is_put_with_owner_mode_and_attributes_and_links_are_kept),
		TEST(a_failed_put_leaves_the_old_file_and_no_other),
		TEST(what_a_killed_put_left_is_cleaned_up),
		TEST(a_temporary_name_that_is_a_link_is_not_followed),
		TEST(a_directory_with_something_in_it_is_not_removed),
		TEST(a_program_gets_a_clean_environment_and_no_shell),
		TEST(a_failing_program_is_an_error_with_its_last_words),
		TEST(a_program_that_does_not_end_is_ended),
		TEST(what_a_program_starts_before_it_ends_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
