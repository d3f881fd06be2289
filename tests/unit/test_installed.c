/* test_installed.c - trees as one change: what is planned, refused, done, recorded, reported and
 * undone. Being cut off is test_installed_cut.c. */
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

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "core/undo.h"
#include "tests/lib/tree_host.h"

const struct kh_stage *const kh_stages[] = {&tree_host_stage, NULL};

static int setup(void **state)
{
	*state = tree_host_open();
	return 0;
}

static int teardown(void **state)
{
	engine_host_close(*state);
	return 0;
}

static void apply(struct engine_host *host)
{
	kh_auto(kh_free) char *message = NULL;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	enum kh_code code = engine_host_apply(host, &outcome, &message);
	assert_string_equal(message ? message : "", "");
	assert_int_equal(code, KH_OK);
	if (outcome.refusal_count > 0)
		fail_msg("%s", outcome.refusals[0].error.message);
}

static char *host_path(struct engine_host *host, const char *path)
{
	return kh_printf("%s%s", host->fixture.path, path);
}

static struct stat stat_of(struct engine_host *host, const char *path)
{
	struct stat status = {0};
	kh_auto(kh_free) char *full = host_path(host, path);
	assert_int_equal(lstat(full, &status), 0);
	return status;
}

static void set_time(struct engine_host *host, const char *path, time_t seconds)
{
	kh_auto(kh_free) char *full = host_path(host, path);
	const struct timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 123456789},
					  {.tv_sec = seconds, .tv_nsec = 123456789}};
	assert_int_equal(utimensat(AT_FDCWD, full, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* What the plan would show, as text or as its JSON. */
static char *plan_text(struct engine_host *host, json_t **ret_json)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	struct kh_engine engine = engine_host_engine(host);
	assert_int_equal(kh_engine_plan(&engine, &facts, &outcome, &err), 0);
	if (outcome.refusal_count > 0)
		return kh_strdup(outcome.refusals[0].error.message);
	if (ret_json)
		*ret_json = kh_plan_json(&outcome.plan);
	return kh_plan_text(&outcome.plan);
}

static void expect_plan(struct engine_host *host, const char *wanted)
{
	kh_auto(kh_free) char *text = plan_text(host, NULL);
	assert_string_equal(text, wanted);
}

static void expect_refusal(struct engine_host *host, const char *wanted)
{
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	kh_auto(kh_free) char *refusal = tree_host_refusal(host);
	assert_string_equal(refusal, wanted);
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	assert_int_equal(outcome.done_count, 0);
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(before, after);
}

/* ---- planning ---- */

static void the_plan_is_one_line_with_what_is_replaced(void **state)
{
	expect_plan(*state,
		    "[installer] install tool 1.0 below /usr: 7 files of 8, 55 bytes; replaces 3 "
		    "files; 4 new directories\n"
		    "    why: the program that was built\n"
		    "    replaces /usr/local/bin/alias\n"
		    "    replaces /usr/local/bin/mode\n"
		    "    replaces /usr/local/bin/tool\n"
		    "\n");
}

static void the_plan_of_a_successor_says_what_goes(void **state)
{
	apply(*state);
	tree_wish.key = tree_second;
	expect_plan(*state, "[installer] install tool 2.0 below /usr: 5 files of 7, 42 bytes; "
			    "replaces 3 files; 1 new directory; removes 3 files\n"
			    "    why: the program that was built\n"
			    "    replaces /usr/local/bin/alias\n"
			    "    replaces /usr/local/bin/mode\n"
			    "    replaces /usr/local/bin/tool\n"
			    "    removes /usr/lib/tool/plugin\n"
			    "    removes /usr/local/share/tool/deep/link\n"
			    "    removes /usr/local/share/tool/deep/only-first\n"
			    "\n");
}

static void the_json_plan_has_every_path(void **state)
{
	json_t *plan = NULL;
	kh_auto(kh_free) char *text = plan_text(*state, &plan);
	json_t *change = json_array_get(json_object_get(plan, "changes"), 0);
	assert_string_equal(kh_json_get(change, "kind"), "install");
	json_t *entries = json_object_get(change, "entries");
	assert_int_equal(json_array_size(entries), 11);
	json_t *first = json_array_get(entries, 0);
	assert_string_equal(kh_json_get(first, "path"), "/usr/lib/tool");
	assert_string_equal(kh_json_get(first, "kind"), "directory");
	json_t *tool = json_array_get(entries, 4);
	assert_string_equal(kh_json_get(tool, "path"), "/usr/local/bin/tool");
	assert_true(json_is_true(json_object_get(tool, "replaces")));
	assert_int_equal(json_integer_value(json_object_get(tool, "size")), 10);
	assert_int_equal(json_integer_value(json_object_get(tool, "mode")), 0755);
	json_decref(plan);
}

static void a_tree_that_is_there_is_not_planned_and_not_recorded_again(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	assert_int_equal(engine_host_pending(host), 0);
	kh_auto(kh_outcome_done) struct kh_outcome again = {0};
	assert_int_equal(engine_host_apply(host, &again, NULL), KH_OK);
	assert_int_equal(again.run, 0);
}

static void a_touched_file_is_read_and_found_right(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	set_time(host, "/usr/local/bin/tool", 1000);
	assert_int_equal(engine_host_pending(host), 0);
}

static void what_somebody_changed_or_removed_is_installed_again(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	struct stat status = stat_of(host, "/usr/local/bin/tool");
	fixture_put_mode(&host->fixture, "/usr/local/bin/tool", "THE FIRST\n", 0755);
	fixture_remove(&host->fixture, "/usr/local/share/tool/deep");
	kh_auto(kh_free) char *full = host_path(host, "/usr/local/bin/mode");
	assert_int_equal(chmod(full, 0700), 0);
	expect_plan(host, "[installer] install tool 1.0 below /usr/local: 4 files of 8, 30 bytes; "
			  "replaces 2 files; 1 new directory\n"
			  "    why: the program that was built\n"
			  "    replaces /usr/local/bin/mode\n"
			  "    replaces /usr/local/bin/tool\n"
			  "\n");
	apply(host);
	engine_host_assert_file(host, "/usr/local/bin/tool", "the first\n");
	engine_host_assert_file(host, "/usr/local/share/tool/deep/only-first", "x\n");
	assert_int_equal(stat_of(host, "/usr/local/bin/mode").st_mode & 07777, 0755);
	assert_int_equal(stat_of(host, "/usr/local/bin/tool").st_mtim.tv_sec,
			 status.st_mtim.tv_sec);
}

static void a_lost_record_is_written_again_without_touching_the_files(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	ino_t before = stat_of(host, "/usr/local/bin/tool").st_ino;
	fixture_remove(&host->fixture, "/var/lib/kvmhost/installed");
	expect_plan(host, "[installer] install tool 1.0: all of it is there already, only the "
			  "record is written\n"
			  "    why: the program that was built\n"
			  "\n");
	apply(host);
	assert_int_equal(engine_host_pending(host), 0);
	assert_true(stat_of(host, "/usr/local/bin/tool").st_ino == before);
}

static void a_stage_sees_the_paths_of_its_tree_in_the_plan(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	struct kh_plan plan;
	kh_plan_init(&plan, &host->fixture.root);
	assert_int_equal(kh_store_find(&host->fixture.root, tree_store, tree_first, &artifact), 0);
	assert_int_equal(kh_plan_install(&plan, "tool", &artifact, "why", &err), 0);
	assert_true(kh_plan_has(&plan, "/usr/local/bin/tool"));
	assert_true(kh_plan_has(&plan, "/lib/tool/plugin")); /* through the link */
	assert_false(kh_plan_has(&plan, "/usr/local/bin/same"));
	/* Its directory is made by the tree, and not once more. */
	assert_int_equal(
		kh_plan_put_file(&plan, "/usr/local/share/tool/deep/mine", "x", 0, "mine", &err),
		0);
	assert_int_equal(plan.change_count, 2);
	kh_plan_done(&plan);
}

static void a_file_of_the_stage_in_a_new_directory_of_the_tree_is_put_after_it(void **state)
{
	struct engine_host *host = *state;
	tree_wish.file = "/usr/local/share/tool/deep/mine"; /* planned before the tree */
	apply(host);
	engine_host_assert_file(host, "/usr/local/share/tool/deep/mine", "the stage's\n");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void a_path_of_the_tree_that_is_planned_already_is_refused(void **state)
{
	tree_wish.file = "/usr/local/share/tool/data";
	expect_refusal(*state,
		       "stage 'installer': '/usr/local/share/tool/data' is planned by stage "
		       "'installer' and by stage 'installer'");
}

static void a_path_that_became_the_stages_is_not_removed_with_the_old_tree(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	tree_wish.key = tree_second;
	tree_wish.file = "/usr/local/share/tool/deep/only-first";
	apply(host);
	engine_host_assert_file(host, "/usr/local/share/tool/deep/only-first", "the stage's\n");
	engine_host_assert_file(host, "/usr/lib/tool/plugin", "(absent)");
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

/* ---- refusing ---- */

static void a_file_in_a_directorys_place_is_named(void **state)
{
	struct engine_host *host = *state;
	fixture_put(&host->fixture, "/usr/local/share/tool", "a file\n");
	expect_refusal(host,
		       "stage 'installer': '/usr/local/share/tool' is in the way: it is not a "
		       "directory");
}

static void a_link_to_nowhere_in_a_directorys_place_is_named(void **state)
{
	struct engine_host *host = *state;
	fixture_link(&host->fixture, "/usr/local/share", "nowhere");
	expect_refusal(host, "stage 'installer': '/usr/local/share' is in the way: a link that "
			     "leads to no directory");
}

static void a_directory_in_a_files_place_is_named(void **state)
{
	struct engine_host *host = *state;
	fixture_put(&host->fixture, "/usr/local/share/tool/data/inside", "x\n");
	expect_refusal(host, "stage 'installer': '/usr/local/share/tool/data' is in the way: it is "
			     "a directory");
}

static void a_file_of_a_package_is_not_replaced(void **state)
{
	struct engine_host *host = *state;
	fixture_put(&host->fixture, "/var/lib/dpkg/info/other.list",
		    "/.\n/usr\n/usr/local/bin/same\n");
	fixture_put(&host->fixture, "/var/lib/dpkg/info/tool:amd64.list",
		    "/.\n/usr/local/bin\n/usr/local/bin/tool\n");
	expect_refusal(host, "stage 'installer': '/usr/local/bin/tool' belongs to the package "
			     "'tool': it is not replaced");
}

static void a_package_that_names_its_file_by_the_old_path_is_found(void **state)
{
	struct engine_host *host = *state;
	fixture_put(&host->fixture, "/usr/lib/tool/plugin", "the package's\n");
	fixture_put(&host->fixture, "/var/lib/dpkg/info/plugins.list", "/lib/tool/plugin");
	expect_refusal(host, "stage 'installer': '/lib/tool/plugin' belongs to the package "
			     "'plugins': it is not replaced");
}

static void a_file_we_installed_ourselves_may_be_replaced_whoever_lists_it(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	fixture_put(&host->fixture, "/var/lib/dpkg/info/tool.list", "/usr/local/bin/tool\n");
	tree_wish.key = tree_second;
	apply(host);
	engine_host_assert_file(host, "/usr/local/bin/tool", "the second\n");
}

/* Replace WHAT in the first artifact's manifest. */
static void edit_manifest(struct engine_host *host, const char *what, const char *with)
{
	kh_auto(kh_free) char *path =
		kh_printf("%s/artifacts/%s/manifest.json", tree_store, tree_first);
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	char *at = strstr(text, what);
	assert_non_null(at);
	kh_auto(kh_free) char *edited =
		kh_printf("%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
	fixture_put(&host->fixture, path, edited);
}

static char *in_store(struct engine_host *host, const char *path)
{
	return kh_printf("%s%s/artifacts/%s/tree%s", host->fixture.path, tree_store, tree_first,
			 path);
}

static void too_little_room_is_said_before_anything_is_done(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *data = in_store(host, "/usr/local/share/tool/deep/only-first");
	if (truncate(data, (off_t)1 << 43) != 0) {
		print_message("this file system has no sparse files of 8 TiB: skipped\n");
		skip();
	}
	edit_manifest(host, "\"size\": 2,", "\"size\": 8796093022208,");
	kh_auto(kh_free) char *refusal = tree_host_refusal(host);
	assert_non_null(strstr(refusal,
			       "stage 'installer': install tool 1.0: 8388609 MiB are needed "
			       "on the file system of '/usr/l"));
	assert_non_null(strstr(refusal, " MiB are free"));
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	engine_host_apply(host, NULL, NULL);
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(before, after);
}

static void a_hostile_manifest_is_refused(void **state)
{
	struct engine_host *host = *state;
	static const char *const bad[] = {
		"/usr/local/../../x", "usr/local/bin/mode", "/nowhere/mode", "/usr//mode", "/",
		"/usr/local/bin/.",
	};
	kh_auto(kh_free) char *path =
		kh_printf("%s/artifacts/%s/manifest.json", tree_store, tree_first);
	kh_auto(kh_free) char *good = fixture_get(&host->fixture, path);
	for (size_t i = 0; i < KH_COUNT(bad); i++) {
		kh_auto(kh_free) char *with = kh_printf("\"%s\"", bad[i]);
		fixture_put(&host->fixture, path, good);
		edit_manifest(host, "\"/usr/local/bin/mode\"", with);
		kh_auto(kh_free) char *wanted = kh_printf(
			"stage 'installer': artifact '111111111111': '%s' is not as a path of a tree can be",
			bad[i]);
		expect_refusal(host, wanted);
	}
}

static void a_manifest_with_senseless_values_is_refused(void **state)
{
	struct engine_host *host = *state;
	static const char *const bad[][2] = {
		{"\"size\": 18", "\"size\": -1"},
		{"\"mode\": 493", "\"mode\": 65536"},
		{"\"target\": \"tool\"", "\"target\": \"to\\nol\""},
		{"\"type\": \"link\"", "\"type\": \"device\""},
		{"\"sha256\": \"", "\"sha256\": \"x"},
	};
	kh_auto(kh_free) char *path =
		kh_printf("%s/artifacts/%s/manifest.json", tree_store, tree_first);
	kh_auto(kh_free) char *good = fixture_get(&host->fixture, path);
	for (size_t i = 0; i < KH_COUNT(bad); i++) {
		fixture_put(&host->fixture, path, good);
		edit_manifest(host, bad[i][0], bad[i][1]);
		kh_auto(kh_free) char *refusal = tree_host_refusal(host);
		assert_non_null(strstr(refusal, "is not as a path of a tree can be"));
	}
}

static void a_damaged_artifact_replaces_nothing(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *plugin =
		kh_printf("%s/artifacts/%s/tree/usr/local/share/tool/data", tree_store, tree_first);
	fixture_put(&host->fixture, plugin, "DATA of the first\n"); /* of the same size */
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_VERIFY);
	assert_non_null(strstr(message, "tree/usr/local/share/tool/data' is damaged"));
	engine_host_assert_file(host, "/usr/local/bin/tool", "somebody's\n");
	engine_host_assert_file(host, "/usr/lib/tool/plugin", "(absent)");
	assert_int_equal(engine_host_undo(host, -1, false, NULL), KH_OK);
	engine_host_assert_original(host);
	fixture_remove(&host->fixture, plugin);
	kh_auto(kh_free) char *refusal = tree_host_refusal(host);
	assert_non_null(strstr(refusal, "of the store is damaged or gone"));
}

/* ---- doing and undoing ---- */

static void files_get_mode_time_and_the_host_keeps_its_directories(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *bin = host_path(host, "/usr/local/bin");
	kh_auto(kh_free) char *stored = in_store(host, "/usr/local/bin/tool");
	const struct timespec times[2] = {{.tv_sec = 77, .tv_nsec = 5},
					  {.tv_sec = 77, .tv_nsec = 5}};
	assert_int_equal(utimensat(AT_FDCWD, stored, times, 0), 0);
	assert_int_equal(chmod(bin, 0711), 0);
	apply(host);
	struct stat status = stat_of(host, "/usr/local/bin/tool");
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(status.st_mtim.tv_sec, 77);
	assert_int_equal(stat_of(host, "/usr/local/bin").st_mode & 07777, 0711);
	assert_true(S_ISLNK(stat_of(host, "/lib").st_mode));
	assert_int_equal(stat_of(host, "/usr/local/share/tool/deep/only-first").st_mode & 07777,
			 0600);
}

static void undo_gives_back_bytes_modes_times_and_attributes(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *tool = host_path(host, "/usr/local/bin/tool");
	bool has_xattrs = setxattr(tool, "user.note", "theirs", 6, 0) == 0;
	set_time(host, "/usr/local/bin/tool", 4242);
	apply(host);
	char value[16];
	assert_int_equal(getxattr(tool, "user.note", value, sizeof(value)), -1);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
	struct stat status = stat_of(host, "/usr/local/bin/tool");
	assert_int_equal(status.st_mtim.tv_sec, 4242);
	assert_int_equal(status.st_mtim.tv_nsec, 123456789);
	if (has_xattrs)
		assert_int_equal(getxattr(tool, "user.note", value, sizeof(value)), 6);
	assert_false(kh_root_exists(&host->fixture.root, "/var/lib/kvmhost/installed/tool.record"));
}

static void undo_of_the_second_brings_the_first_back_and_its_record(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	kh_auto(kh_free) char *first = fixture_tree(&host->fixture);
	tree_wish.key = tree_second;
	apply(host);
	engine_host_assert_file(host, "/usr/local/bin/alias", "a file now\n");
	assert_false(kh_root_exists(&host->fixture.root, "/usr/local/share/tool/deep"));
	assert_false(kh_root_exists(&host->fixture.root, "/usr/lib/tool"));
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	kh_auto(kh_free) char *now = fixture_tree(&host->fixture);
	assert_string_equal(now, first);
	tree_wish.key = tree_first;
	assert_int_equal(engine_host_pending(host), 0);
	json_t *record = kh_installed_read(&host->fixture.root, "tool");
	assert_string_equal(kh_json_get(record, "key"), tree_first);
	json_decref(record);
}

static void undo_names_what_somebody_changed_since_and_force_overwrites_it(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	fixture_put(&host->fixture, "/usr/local/share/tool/data", "mine\n");
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_HOST);
	assert_string_equal(message, "changed by somebody since: '/usr/local/share/tool/data'");
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(before, after);
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void a_directory_somebody_put_something_in_stays_and_that_is_said(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	fixture_put(&host->fixture, "/usr/local/share/tool/deep/theirs", "x\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_file(host, "/usr/local/share/tool/deep/theirs", "x\n");
	engine_host_assert_file(host, "/usr/local/share/tool/data", "(absent)");
	assert_int_equal(host->warnings.count, 1);
	assert_non_null(strstr(host->warnings.items[0],
			       "directory /usr/local/share/tool/deep stays: it is in use"));
}

static void without_a_kept_copy_undo_does_nothing_and_forced_the_rest(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(&host->fixture.root, "/var/lib/kvmhost/runs/0001", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/var/lib/kvmhost/runs/0001/%s", names.items[i]);
		kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
		if (strcmp(text, "somebody's\n") == 0)
			fixture_put(&host->fixture, path, "SOMEBODY'S\n");
	}
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	assert_non_null(strstr(message, "is damaged, of '/usr/local/bin/tool'"));
	engine_host_assert_file(host, "/usr/local/share/tool/data", "data of the first\n");
	assert_int_equal(engine_host_undo(host, 0, true, NULL), KH_OK);
	engine_host_assert_file(host, "/usr/local/bin/tool", "the first\n");
	engine_host_assert_file(host, "/usr/local/share/tool/data", "(absent)");
	assert_int_equal(host->warnings.count, 1);
}

static void a_damaged_list_of_files_stops_undo(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	kh_auto(kh_free) char *before = fixture_tree(&host->fixture);
	fixture_put(&host->fixture, "/var/lib/kvmhost/runs/0001/0001.entries", "[]");
	kh_auto(kh_free) char *message = NULL;
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	assert_string_equal(message,
			    "list of files '/var/lib/kvmhost/runs/0001/0001.entries' is damaged");
	kh_auto(kh_free) char *after = fixture_tree(&host->fixture);
	assert_string_equal(before, after);
}

static void a_file_larger_than_what_is_read_into_memory_is_installed_and_undone(void **state)
{
	struct engine_host *host = *state;
	static const char key[] =
		"3333333333333333333333333333333333333333333333333333333333333333";
	kh_auto(kh_free) char *tree = tree_host_begin(host, key);
	tree_host_put(host, tree, "/usr/local/bin/other", "#!", 0755);
	kh_auto(kh_free) char *large =
		kh_printf("%s%s/usr/local/bin/other", host->fixture.path, tree);
	assert_int_equal(truncate(large, (65 << 20) + 1), 0);
	tree_host_publish(host, key);
	tree_wish.key = key;
	apply(host);
	assert_int_equal(stat_of(host, "/usr/local/bin/other").st_size, (65 << 20) + 1);
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void a_directory_that_was_moved_behind_a_link_is_no_change(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	kh_auto(kh_free) char *from = host_path(host, "/usr/local/share/tool");
	kh_auto(kh_free) char *to = host_path(host, "/usr/elsewhere");
	assert_int_equal(rename(from, to), 0);
	fixture_link(&host->fixture, "/usr/local/share/tool", "../../elsewhere");
	assert_int_equal(engine_host_pending(host), 0);
	json_t *record = kh_installed_read(&host->fixture.root, "tool");
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_installed_check(&host->fixture.root, record, false, &changed);
	assert_int_equal(changed.count, 0);
	json_decref(record);
	tree_wish.key = tree_second; /* and its successor goes where the files are */
	apply(host);
	engine_host_assert_file(host, "/usr/elsewhere/new/only-second", "y\n");
	assert_true(S_ISLNK(stat_of(host, "/usr/local/share/tool").st_mode));
	assert_int_equal(engine_host_pending(host), 0);
}

static void a_file_of_another_owner_is_installed_again_and_undo_gives_it_back(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_free) char *same = host_path(host, "/usr/local/bin/same");
	if (geteuid() != 0) {
		print_message("only root can give files away: skipped\n");
		skip();
	}
	assert_int_equal(chown(same, 12345, 12345), 0);
	engine_host_remember(host);
	apply(host);
	assert_int_equal(stat_of(host, "/usr/local/bin/same").st_uid, 0);
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
}

static void an_edited_record_is_no_obstacle(void **state)
{
	struct engine_host *host = *state;
	static const char record[] = "/var/lib/kvmhost/installed/tool.record";
	apply(host);
	kh_auto(kh_free) char *good = fixture_get(&host->fixture, record);
	kh_auto(kh_free) char *header = kh_strndup(good, (size_t)(strchr(good, '\n') - good));
	kh_auto(kh_free) char *noise =
		kh_printf("%s\n\n\t\nf\nf\t\t\t\t\nd\t0755\tmade\t/../../etc\nl\tx\n%s", header,
			  strchr(good, '\n') + 1);
	fixture_put(&host->fixture, record, noise);
	assert_int_equal(engine_host_pending(host), 0);
	fixture_put(&host->fixture, record, "{\"key\":7}\nx");
	assert_int_equal(engine_host_pending(host), 1);
	fixture_put(&host->fixture, record, "");
	apply(host); /* writes it anew; the directories are not known as ours any more */
	assert_int_equal(engine_host_pending(host), 0);
	kh_auto(kh_free) char *anew = fixture_get(&host->fixture, record);
	assert_int_equal(strncmp(anew, good, strlen(header)), 0);
}

/* ---- removing ---- */

static void uninstalling_removes_what_is_ours_and_undo_brings_it_back(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	kh_auto(kh_free) char *installed = fixture_tree(&host->fixture);
	fixture_put(&host->fixture, "/usr/local/share/tool/data", "edited\n");
	tree_wish.is_uninstall = true;
	expect_plan(host, "[installer] uninstall tool 1.0 below /usr: removes 7 files\n"
			  "    why: not wanted any more\n"
			  "    removes /usr/lib/tool/plugin\n"
			  "    removes /usr/local/bin/alias\n"
			  "    removes /usr/local/bin/mode\n"
			  "    removes /usr/local/bin/same\n"
			  "    removes /usr/local/bin/tool\n"
			  "    removes /usr/local/share/tool/deep/link\n"
			  "    removes /usr/local/share/tool/deep/only-first\n"
			  "\n"
			  "note: [installer] /usr/local/share/tool/data stays: it came with tool, "
			  "and somebody changed it since\n");
	apply(host);
	engine_host_assert_file(host, "/usr/local/share/tool/data", "edited\n");
	assert_false(kh_root_exists(&host->fixture.root, "/usr/lib/tool"));
	assert_false(kh_root_exists(&host->fixture.root, "/usr/local/share/tool/deep"));
	assert_true(kh_root_is_dir(&host->fixture.root, "/usr/local/bin"));
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	fixture_put(&host->fixture, "/usr/local/share/tool/data", "data of the first\n");
	kh_auto(kh_free) char *now = fixture_tree(&host->fixture);
	assert_string_equal(now, installed);
}

static void what_was_never_installed_needs_no_uninstalling(void **state)
{
	struct engine_host *host = *state;
	tree_wish.is_uninstall = true;
	assert_int_equal(engine_host_pending(host), 0);
}

/* ---- the report ---- */

static const struct kh_check *check(struct engine_host *host, struct kh_report *report,
				    bool wants_digests)
{
	kh_installed_report(report, &host->fixture.root, "tool", wants_digests);
	return kh_report_find(report, "tool.files");
}

static void the_report_says_what_is_no_longer_what_was_installed(void **state)
{
	struct engine_host *host = *state;
	kh_auto(kh_report_done) struct kh_report none = {0};
	assert_null(check(host, &none, false));
	apply(host);
	kh_auto(kh_report_done) struct kh_report whole = {0};
	const struct kh_check *result = check(host, &whole, true);
	assert_int_equal(result->status, KH_PASS);
	assert_string_equal(result->found, "all 15 of them");
	fixture_remove(&host->fixture, "/usr/local/bin/alias");
	fixture_put_mode(&host->fixture, "/usr/local/bin/tool", "The first\n", 0755);
	set_time(host, "/usr/local/share/tool/data", 99); /* touched only */
	kh_auto(kh_report_done) struct kh_report changed = {0};
	result = check(host, &changed, false);
	assert_int_equal(result->status, KH_FAIL);
	assert_string_equal(result->found,
			    "2 of 15 changed: /usr/local/bin/alias, /usr/local/bin/tool");
}

static void only_digests_find_a_file_with_its_old_size_and_time(void **state)
{
	struct engine_host *host = *state;
	apply(host);
	struct stat status = stat_of(host, "/usr/local/bin/tool");
	const struct timespec times[2] = {status.st_mtim, status.st_mtim};
	fixture_put_mode(&host->fixture, "/usr/local/bin/tool", "The first\n", 0755);
	kh_auto(kh_free) char *full = host_path(host, "/usr/local/bin/tool");
	assert_int_equal(utimensat(AT_FDCWD, full, times, 0), 0);
	json_t *record = kh_installed_read(&host->fixture.root, "tool");
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_installed_check(&host->fixture.root, record, false, &changed);
	assert_int_equal(changed.count, 0);
	kh_installed_check(&host->fixture.root, record, true, &changed);
	assert_int_equal(changed.count, 1);
	assert_string_equal(changed.items[0], "/usr/local/bin/tool");
	json_decref(record);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_plan_is_one_line_with_what_is_replaced),
		TEST(the_plan_of_a_successor_says_what_goes),
		TEST(the_json_plan_has_every_path),
		TEST(a_tree_that_is_there_is_not_planned_and_not_recorded_again),
		TEST(a_touched_file_is_read_and_found_right),
		TEST(what_somebody_changed_or_removed_is_installed_again),
		TEST(a_lost_record_is_written_again_without_touching_the_files),
		TEST(a_stage_sees_the_paths_of_its_tree_in_the_plan),
		TEST(a_file_of_the_stage_in_a_new_directory_of_the_tree_is_put_after_it),
		TEST(a_path_of_the_tree_that_is_planned_already_is_refused),
		TEST(a_path_that_became_the_stages_is_not_removed_with_the_old_tree),
		TEST(a_file_in_a_directorys_place_is_named),
		TEST(a_link_to_nowhere_in_a_directorys_place_is_named),
		TEST(a_directory_in_a_files_place_is_named),
		TEST(a_file_of_a_package_is_not_replaced),
		TEST(a_package_that_names_its_file_by_the_old_path_is_found),
		TEST(a_file_we_installed_ourselves_may_be_replaced_whoever_lists_it),
		TEST(too_little_room_is_said_before_anything_is_done),
		TEST(a_hostile_manifest_is_refused),
		TEST(a_manifest_with_senseless_values_is_refused),
		TEST(a_damaged_artifact_replaces_nothing),
		TEST(a_directory_that_was_moved_behind_a_link_is_no_change),
		TEST(a_file_of_another_owner_is_installed_again_and_undo_gives_it_back),
		TEST(an_edited_record_is_no_obstacle),
		TEST(files_get_mode_time_and_the_host_keeps_its_directories),
		TEST(undo_gives_back_bytes_modes_times_and_attributes),
		TEST(undo_of_the_second_brings_the_first_back_and_its_record),
		TEST(undo_names_what_somebody_changed_since_and_force_overwrites_it),
		TEST(a_directory_somebody_put_something_in_stays_and_that_is_said),
		TEST(without_a_kept_copy_undo_does_nothing_and_forced_the_rest),
		TEST(a_damaged_list_of_files_stops_undo),
		TEST(a_file_larger_than_what_is_read_into_memory_is_installed_and_undone),
		TEST(uninstalling_removes_what_is_ours_and_undo_brings_it_back),
		TEST(what_was_never_installed_needs_no_uninstalling),
		TEST(the_report_says_what_is_no_longer_what_was_installed),
		TEST(only_digests_find_a_file_with_its_old_size_and_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
