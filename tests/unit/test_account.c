/* The account that unpacks and builds. */
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/account.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/base/stop.h"
#include "tests/lib/fixture.h"

static void load(const char *yaml, struct kh_config *config)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, config, &err) != 0)
		fail_msg("%s", err.message);
}

static void auto_is_a_number_without_a_name_and_stays_the_same(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_account one, two;
	struct stat status;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("build: {store: /store}\n", &config);
	assert_int_equal(kh_account_choose(&f.root, &config, &one, &err), 0);
	assert_int_equal(kh_root_stat(&f.root, "/store/build", false, &status, &err), 0);
	assert_int_equal(status.st_uid, one.uid);
	assert_int_equal(status.st_mode & 0777, 0755);
	assert_int_equal(kh_account_choose(&f.root, &config, &two, &err), 0);
	assert_int_equal(one.uid, two.uid);
	assert_int_equal(one.is_own, geteuid() != 0);
	if (geteuid() == 0) {
		assert_in_range(one.uid, KH_ACCOUNT_FIRST, KH_ACCOUNT_LAST);
		assert_null(getpwuid(one.uid));
		/* A unit of systemd took the number since: another one, and the directory goes with
		 * it. */
		kh_auto(kh_free) char *lock = kh_printf("/run/systemd/dynamic-uid/%u", one.uid);
		fixture_put(&f, lock, "");
		assert_int_equal(kh_account_choose(&f.root, &config, &two, &err), 0);
		assert_int_not_equal(one.uid, two.uid);
		assert_int_equal(kh_root_stat(&f.root, "/store/build", false, &status, &err), 0);
		assert_int_equal(status.st_uid, two.uid);
	} else {
		assert_int_equal(one.uid, geteuid());
	}
	fixture_close(&f);
}

static void a_number_in_use_is_passed_over(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	uid_t first = kh_account_free_number(&f.root, KH_ACCOUNT_FIRST);
	assert_in_range(first, KH_ACCOUNT_FIRST, KH_ACCOUNT_LAST);
	kh_auto(kh_free) char *path = kh_printf("/run/systemd/dynamic-uid/%u", first);
	fixture_put(&f, path, "");
	assert_true(kh_account_free_number(&f.root, KH_ACCOUNT_FIRST) > first);
	fixture_put(&f, "/proc/77/comm", "x\n");
	/* The process belongs to whoever runs the test. */
	assert_int_not_equal(kh_account_free_number(&f.root, geteuid()), geteuid());
	assert_int_equal(kh_account_free_number(&f.root, KH_ACCOUNT_LAST + 1), 0);
	fixture_close(&f);
}

static void refuse(const char *yaml, const char *message)
{
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_account account;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	load(yaml, &config);
	assert_int_equal(kh_account_choose(&f.root, &config, &account, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_string_equal(err.message, message);
	assert_false(kh_root_exists(&f.root, "/store"));
	fixture_close(&f);
}

static void root_and_strangers_do_not_build(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	refuse("build: {store: /store, user: root}\n",
	       "kvmhost.yaml:1:30: 'root' has root's rights: nothing is built with them");
	refuse("build:\n  store: /store\n  user: nobody-here\n",
	       "kvmhost.yaml:3:9: there is no account 'nobody-here'");
}

static void a_named_account_gets_the_directory(void **state)
{
	(void)state;
	const struct passwd *nobody = getpwnam("nobody");
	if (geteuid() != 0 || !nobody)
		skip();
	uid_t uid = nobody->pw_uid;
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_account account;
	struct stat status;
	fixture_open_empty(&f);
	kh_auto(kh_config_done) struct kh_config config = {0};
	load("build: {store: /store, user: nobody}\n", &config);
	assert_int_equal(kh_account_choose(&f.root, &config, &account, &err), 0);
	assert_int_equal(account.uid, uid);
	assert_int_equal(kh_root_stat(&f.root, "/store/build", false, &status, &err), 0);
	assert_int_equal(status.st_uid, uid);
	fixture_close(&f);
}

/* ---- running as somebody else ---- */

static int run_as(uid_t uid, gid_t gid, const char *directory, const char *const *argv,
		  char **ret_output, struct kh_error *err)
{
	struct kh_run_place place = {.uid = uid, .gid = gid, .directory = directory};
	return kh_run_as(&place, argv, 10, ret_output, err);
}

static void a_program_runs_there_as_that_account_with_nothing_more(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *where = NULL, *who = NULL, *groups = NULL, *status = NULL;
	uid_t uid = geteuid() == 0 ? 64999 : geteuid();
	gid_t gid = geteuid() == 0 ? 64998 : getegid();
	static const char *const pwd[] = {"pwd", NULL};
	static const char *const id[] = {"id", "-u", NULL};
	static const char *const all[] = {"id", "-G", NULL};
	static const char *const privileges[] = {"grep", "NoNewPrivs", "/proc/self/status", NULL};
	assert_int_equal(run_as(uid, gid, "/usr", pwd, &where, &err), 0);
	assert_string_equal(where, "/usr\n");
	assert_int_equal(run_as(uid, gid, "/", id, &who, &err), 0);
	assert_int_equal(kh_str_number(who), uid);
	assert_int_equal(run_as(uid, gid, "/", privileges, &status, &err), 0);
	assert_string_equal(status, "NoNewPrivs:\t1\n");
	if (geteuid() == 0) {
		assert_int_equal(run_as(uid, gid, "/", all, &groups, &err), 0);
		assert_string_equal(groups, "64998\n");
	}
}

/* A spec file's %prep is a program of strangers: a process that stays would be there to exchange
 * what the next build or root itself is about to use. */
static void what_left_its_process_group_ends_with_it(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char *const argv[] = {
		"sh", "-c", "setsid sh -c 'sleep 1; echo late > late' >/dev/null 2>&1 & sleep 0.2",
		NULL};
	fixture_open_empty(&f);
	assert_int_equal(chmod(f.path, 0777), 0);
	assert_int_equal(run_as(64999, 64998, f.path, argv, NULL, &err), 0);
	usleep(1300000);
	assert_false(kh_root_exists(&f.root, "/late"));
	fixture_close(&f);
}

static void who_wants_to_stop_does_not_wait_for_it(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char *const argv[] = {"sleep", "8", NULL};
	uid_t uid = geteuid() == 0 ? 64999 : geteuid();
	gid_t gid = geteuid() == 0 ? 64998 : getegid();
	time_t before = time(NULL);
	kh_stop_want(SIGINT);
	int result = run_as(uid, gid, "/", argv, NULL, &err);
	kh_stop_want(0);
	assert_int_equal(result, -1);
	assert_string_equal(err.message, "run 'sleep': stopped by SIGINT");
	assert_in_range(time(NULL) - before, 0, 4);
}

static void a_program_that_fails_or_has_no_place_is_an_error(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char *const cat[] = {"cat", "/nowhere/at/all", NULL};
	assert_int_equal(run_as(geteuid(), getegid(), "/", cat, NULL, &err), -1);
	assert_string_equal(err.message, "run 'cat': exit status 1: cat: /nowhere/at/all: No such "
					 "file or directory");
	kh_error_done(&err);
	assert_int_equal(run_as(geteuid(), getegid(), "/nowhere", cat, NULL, &err), -1);
	assert_string_equal(err.message, "run 'cat': No such file or directory");
	kh_error_done(&err);
	if (geteuid() == 0)
		return;
	assert_int_equal(run_as(geteuid() + 1, getegid(), "/", cat, NULL, &err), -1);
	assert_string_equal(err.message, "run 'cat': Operation not permitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_is_a_number_without_a_name_and_stays_the_same),
		cmocka_unit_test(a_number_in_use_is_passed_over),
		cmocka_unit_test(root_and_strangers_do_not_build),
		cmocka_unit_test(a_named_account_gets_the_directory),
		cmocka_unit_test(a_program_runs_there_as_that_account_with_nothing_more),
		cmocka_unit_test(what_left_its_process_group_ends_with_it),
		cmocka_unit_test(who_wants_to_stop_does_not_wait_for_it),
		cmocka_unit_test(a_program_that_fails_or_has_no_place_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
