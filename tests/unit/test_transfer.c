/* test_transfer.c - archives fetched by the real kvmhost-fetch from a server that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "sources/transfer.h"
#include "sources/transfer_work.h"
#include "tests/lib/fixture.h"
#include "tests/lib/httpd.h"
#include "tests/lib/tarball.h"

enum { PAYLOAD = 300000, ACCOUNT = 65534 };

static struct fixture place;
static struct kh_str tar, other; /* two archives of the same length */
static char sha256[KH_DIGEST_SIZE], other_sha256[KH_DIGEST_SIZE];
static struct httpd server;
static bool has_server;
static struct kh_strv urls, notes;
static struct kh_transfer transfer;
static struct kh_transfer_result result;
static struct kh_error err;
static char *tree, *keep;
static size_t progress_count, progress_last;

/* ---- a transfer of each test's own ---- */

static void fill(struct kh_str *archive, unsigned seed)
{
	kh_auto(kh_free) char *bytes = kh_alloc(PAYLOAD);
	for (size_t i = 0; i < PAYLOAD; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (char)(seed >> 16);
	}
	tarball_add(archive, '5', "thing-1.0/", 0700, NULL, NULL, 0);
	tarball_file(archive, "thing-1.0/configure", 0775, "#!/bin/sh\n");
	tarball_add(archive, '0', "thing-1.0/src/data", 0600, NULL, bytes, PAYLOAD);
	tarball_add(archive, '2', "thing-1.0/src/up", 0777, "../configure", NULL, 0);
	tarball_end(archive);
}

static int group_setup(void **state)
{
	char self[4096] = "";
	(void)state;
	fill(&tar, 1);
	fill(&other, 2);
	kh_digest_bytes(tar.text, tar.length, sha256);
	kh_digest_bytes(other.text, other.length, other_sha256);
	/* The worker of this build: two directories above build/tests/unit/test_transfer. */
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	return setenv("KVMHOST_LIBEXEC", self, 1);
}

static void forget_keys(void);

static int group_teardown(void **state)
{
	(void)state;
	forget_keys();
	kh_str_done(&tar);
	kh_str_done(&other);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fixture_open_empty(&place);
	tree = kh_printf("%s/thing", place.path);
	keep = kh_printf("%s/thing.tar", place.path);
	progress_count = progress_last = 0;
	transfer = (struct kh_transfer){
		.name = "thing.tar",
		.urls = &urls,
		.size_bytes = (long long)tar.length,
		.sha256 = sha256,
		.keep = keep,
		.tree = tree,
		.limits = {.stall_ms = 150, .retry_ms = 2},
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (has_server)
		httpd_stop(&server);
	has_server = false;
	kh_strv_done(&urls);
	kh_strv_done(&notes);
	kh_error_done(&err);
	err = (struct kh_error)KH_ERROR_INIT;
	kh_transfer_result_done(&result);
	result = (struct kh_transfer_result){0};
	fixture_close(&place);
	kh_free(&tree);
	kh_free(&keep);
	return 0;
}

static void serve(const struct httpd_file *files, size_t count)
{
	httpd_start(&server, files, count);
	has_server = true;
	for (size_t i = 0; i < count; i++)
		kh_strv_addf(&urls, "%s%s", server.url, files[i].path);
}

/* The usual archive, served with these habits. */
static void serve_one(struct httpd_file file)
{
	file.path = "/thing.tar";
	if (!file.bytes) {
		file.bytes = tar.text;
		file.length = tar.length;
	}
	serve(&file, 1);
}

static void on_event(struct kh_sink *sink, const struct kh_event *event)
{
	(void)sink;
	assert_string_equal(event->stage, "fetch");
	if (event->kind == KH_EVENT_NOTE)
		kh_strv_add(&notes, event->text);
	if (event->kind != KH_EVENT_PROGRESS)
		return;
	assert_string_equal(event->unit, "bytes");
	progress_count++;
	progress_last = event->index;
}

static int run(void)
{
	struct kh_sink sink = {.event = on_event};
	const struct kh_making making = {.sink = &sink, .stage = "fetch"};
	kh_error_done(&err);
	err = (struct kh_error)KH_ERROR_INIT;
	kh_transfer_result_done(&result);
	result = (struct kh_transfer_result){0};
	return kh_transfer_run(&making, &transfer, &result, &err);
}

static void must_work(void)
{
	if (run() != 0)
		fail_msg("%s", err.message);
}

static bool is_there(const char *format)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s", place.path, format);
	struct stat status;
	return lstat(path, &status) == 0;
}

/* The tree and the kept archive, whole, and nothing beside them. */
static void assert_complete(void)
{
	struct stat status;
	kh_auto(kh_free) char *data = kh_printf("%s/src/data", tree);
	kh_auto(kh_free) char *text = fixture_get(&place, "/thing/configure");
	kh_auto(kh_free) char *up = fixture_get(&place, "/thing/src/up");
	assert_string_equal(text, "#!/bin/sh\n");
	assert_string_equal(up, "#!/bin/sh\n");
	assert_int_equal(stat(data, &status), 0);
	assert_int_equal(status.st_size, PAYLOAD);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(status.st_mtime, TARBALL_TIME);
	assert_int_equal(stat(tree, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(stat(keep, &status), 0);
	assert_int_equal(status.st_size, tar.length);
	assert_false(is_there("/thing.tar.partial"));
	assert_false(is_there("/thing.tar.partial.json"));
}

static void assert_nothing_left(void)
{
	kh_auto(kh_closedir) DIR *dir = opendir(place.path);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_name[0] != '.')
			fail_msg("'%s' is left", entry->d_name);
}

static bool has_note(const char *part)
{
	for (size_t i = 0; i < notes.count; i++)
		if (strstr(notes.items[i], part))
			return true;
	return false;
}

static void assert_says(const char *part)
{
	if (!err.message || !strstr(err.message, part))
		fail_msg("'%s' is not in: %s", part, err.message ? err.message : "(no error)");
}

/* ---- as it should be ---- */

static void an_archive_becomes_a_tree_and_is_kept(void **state)
{
	(void)state;
	serve_one((struct httpd_file){0});
	must_work();
	assert_complete();
	assert_string_equal(result.url, urls.items[0]);
	assert_int_equal(result.size_bytes, tar.length);
	assert_null(result.signer);
	assert_true(progress_count > 0 && progress_last <= tar.length);
}

static void what_is_kept_needs_no_network(void **state)
{
	(void)state;
	serve_one((struct httpd_file){0});
	must_work();
	fixture_remove(&place, "/thing");
	must_work();
	assert_complete();
	assert_null(result.url);
	assert_int_equal(server.seen[0].requests, 1);
}

static void a_kept_file_that_is_damaged_is_fetched_anew(void **state)
{
	(void)state;
	fixture_put(&place, "/thing.tar", "not what it was");
	serve_one((struct httpd_file){0});
	must_work();
	assert_complete();
	assert_true(has_note("the file that was kept is not the wanted one"));
}

static void a_damaged_kept_file_goes_even_when_no_url_has_it(void **state)
{
	(void)state;
	fixture_put(&place, "/thing.tar", "not what it was");
	serve_one((struct httpd_file){.status = 404});
	assert_int_equal(run(), 1);
	assert_nothing_left();
}

static void only_the_file_can_be_wanted(void **state)
{
	(void)state;
	transfer.tree = NULL;
	serve_one((struct httpd_file){0});
	must_work();
	assert_true(is_there("/thing.tar"));
	assert_false(is_there("/thing"));
}

static void only_the_tree_can_be_wanted(void **state)
{
	(void)state;
	transfer.keep = NULL;
	serve_one((struct httpd_file){.cuts = 1, .cut_after = 100000});
	must_work();
	assert_true(is_there("/thing/src/data"));
	assert_false(is_there("/thing.tar"));
}

static void an_only_top_directory_can_stay(void **state)
{
	(void)state;
	transfer.keeps_top = true;
	serve_one((struct httpd_file){0});
	must_work();
	assert_true(is_there("/thing/thing-1.0/src/data"));
}

static void a_tree_that_is_there_is_not_touched(void **state)
{
	(void)state;
	fixture_put(&place, "/thing/mine", "mine");
	serve_one((struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_says("File exists");
	assert_int_equal(server.seen[0].requests, 0);
	assert_true(is_there("/thing/mine"));
}

static void the_account_that_does_it_owns_the_tree_but_not_the_archive(void **state)
{
	struct stat status;
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can start something as another account */
	transfer.uid = transfer.gid = ACCOUNT;
	/* It cannot walk to where it works. */
	assert_int_equal(chmod(place.path, 0700), 0);
	serve_one((struct httpd_file){0});
	must_work();
	assert_complete();
	kh_auto(kh_free) char *data = kh_printf("%s/src/data", tree);
	assert_int_equal(stat(data, &status), 0);
	assert_int_equal(status.st_uid, ACCOUNT);
	assert_int_equal(status.st_gid, ACCOUNT);
	assert_int_equal(stat(keep, &status), 0);
	assert_int_equal(status.st_uid, 0);
}

static void the_confinements_are_reported(void **state)
{
	(void)state;
	serve_one((struct httpd_file){0});
	must_work();
	assert_true(kh_strv_has(&result.confined, "descriptors"));
	assert_true(kh_strv_has(&result.confined, "limits"));
}

/* ---- not the wanted one ---- */

static void wrong_bytes_leave_nothing_but_both_digests(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.bytes = other.text, .length = other.length});
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_HOST);
	kh_auto(kh_free) char *wanted = kh_printf("fetch 'thing.tar': %s: wanted sha256 %s, got %s",
						  urls.items[0], sha256, other_sha256);
	assert_string_equal(err.message, wanted);
	assert_nothing_left();
}

static void a_mirror_with_wrong_bytes_is_passed_over(void **state)
{
	(void)state;
	const struct httpd_file files[] = {
		{.path = "/bad", .bytes = other.text, .length = other.length},
		{.path = "/good", .bytes = tar.text, .length = tar.length}};
	serve(files, 2);
	must_work();
	assert_complete();
	assert_string_equal(result.url, urls.items[1]);
}

static void a_page_in_the_place_of_an_archive_is_told_by_its_digest(void **state)
{
	(void)state;
	transfer.size_bytes = -1;
	serve_one((struct httpd_file){.bytes = "<html>", .length = 6});
	assert_int_equal(run(), -1);
	assert_says("wanted sha256");
	assert_nothing_left();
}

static void another_length_is_refused_at_once(void **state)
{
	(void)state;
	transfer.size_bytes = (long long)tar.length - 1;
	serve_one((struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_says("it should have");
	assert_int_equal(err.code, KH_HOST);
	assert_int_equal(progress_count, 0);
	assert_nothing_left();
}

static void more_bytes_than_there_should_be_are_refused(void **state)
{
	(void)state;
	transfer.size_bytes = (long long)tar.length - 1;
	serve_one((struct httpd_file){.hides_length = true});
	assert_int_equal(run(), -1);
	assert_says("more than the");
	assert_nothing_left();
}

static void without_a_size_there_is_a_bound(void **state)
{
	(void)state;
	transfer.size_bytes = -1;
	transfer.limits.download_bytes = 1000;
	const struct httpd_file files[] = {
		{.path = "/said", .bytes = tar.text, .length = tar.length},
		{.path = "/hidden", .bytes = tar.text, .length = tar.length, .hides_length = true}};
	serve(files, 2);
	assert_int_equal(run(), -1);
	assert_says("are more than the 1000 that are allowed");
	assert_says("more than the 1000 bytes that are allowed");
	assert_nothing_left();
}

static void a_hostile_archive_is_refused_by_its_member_and_not_kept(void **state)
{
	struct kh_str hostile = {0};
	char digest[KH_DIGEST_SIZE];
	(void)state;
	tarball_file(&hostile, "thing/a", 0644, "a");
	tarball_add(&hostile, '2', "thing/out", 0777, "../../../etc", NULL, 0);
	tarball_end(&hostile);
	kh_digest_bytes(hostile.text, hostile.length, digest);
	transfer.sha256 = digest;
	transfer.size_bytes = -1;
	serve_one((struct httpd_file){.bytes = hostile.text, .length = hostile.length});
	int status = run();
	kh_str_done(&hostile);
	assert_int_equal(status, -1);
	assert_string_equal(
		err.message,
		"fetch 'thing.tar': member 'thing/out': a link that leads out of the tree");
	assert_int_equal(err.code, KH_HOST);
	assert_nothing_left();
}

static void bounds_of_the_tree_hold(void **state)
{
	(void)state;
	transfer.limits.entries = 3;
	serve_one((struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_says("member 'thing-1.0/src/data': more members than are allowed");
	transfer.limits.entries = 0;
	transfer.limits.unpacked_bytes = PAYLOAD;
	assert_int_equal(run(), -1);
	assert_says("member 'thing-1.0/src/data': with it the tree would have more bytes");
	assert_nothing_left();
}

/* ---- cuts ---- */

static void a_cut_is_resumed_where_it_was(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 2, .cut_after = 100000, .etag = "\"one\""});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 3);
	assert_int_equal(server.seen[0].last_from, 200000);
	assert_string_equal(server.seen[0].last_if_range, "\"one\"");
	assert_true(has_note("trying again in"));
}

static void a_later_run_goes_on_after_a_cut(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 5, .cut_after = 10000, .etag = "\"one\""});
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_says("(tried 5 times)");
	assert_true(is_there("/thing.tar.partial"));
	assert_false(is_there("/thing"));
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 6);
	assert_int_equal(server.seen[0].last_from, 50000);
	assert_string_equal(server.seen[0].last_if_range, "\"one\"");
	assert_true(has_note("going on after 50000 bytes"));
}

static void a_partial_file_of_another_archive_is_not_used(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 5, .cut_after = 10000});
	transfer.sha256 = other_sha256;
	assert_int_equal(run(), -1);
	assert_true(is_there("/thing.tar.partial"));
	transfer.sha256 = sha256;
	must_work();
	assert_int_equal(server.seen[0].last_from, 0);
	assert_complete();
}

static void a_partial_file_that_is_complete_needs_no_network(void **state)
{
	(void)state;
	kh_auto(kh_free) char *record = kh_printf("{\"sha256\": \"%s\"}", sha256);
	fixture_put(&place, "/thing.tar.partial.json", record);
	kh_auto(kh_free) char *path = kh_printf("%s.partial", keep);
	kh_auto(kh_fclose) FILE *file = fopen(path, "we");
	assert_int_equal(fwrite(tar.text, 1, tar.length, file), tar.length);
	fflush(file);
	must_work();
	assert_complete();
}

static void a_damaged_partial_file_costs_one_more_try(void **state)
{
	(void)state;
	kh_auto(kh_free) char *record = kh_printf("{\"sha256\": \"%s\"}", sha256);
	fixture_put(&place, "/thing.tar.partial.json", record);
	fixture_put(&place, "/thing.tar.partial", "these are not the first bytes of it");
	serve_one((struct httpd_file){0});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 2);
	assert_true(has_note("the parts that were put together are not the wanted archive"));
}

static void a_server_without_ranges_starts_anew(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 1, .cut_after = 100000, .ignores_ranges = true});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 2);
	assert_true(has_note("from the start"));
}

static void a_file_that_changed_meanwhile_starts_anew(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.bytes = other.text,
				      .length = tar.length,
				      .etag = "\"old\"",
				      .other = tar.text,
				      .other_etag = "\"new\"",
				      .cuts = 1,
				      .cut_after = 100000});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 2);
	assert_true(has_note("from the start"));
}

static void parts_of_two_files_are_found_out(void **state)
{
	(void)state;
	/* No ETag: the server goes on, with the rest of something else. */
	serve_one((struct httpd_file){.bytes = other.text,
				      .length = tar.length,
				      .other = tar.text,
				      .cuts = 1,
				      .cut_after = 100000});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 3);
}

static void another_part_than_asked_for_is_refused(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 1, .cut_after = 100000, .shifts_ranges = true});
	assert_int_equal(run(), -1);
	assert_says("the server sent another part than asked for");
	assert_nothing_left();
}

static void a_cut_that_looks_like_the_end_is_one(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 1, .cut_after = 100000, .hides_length = true});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].last_from, 100000);
}

static void a_promise_of_too_many_bytes_is_a_cut(void **state)
{
	(void)state;
	transfer.size_bytes = -1;
	serve_one((struct httpd_file){.claims = tar.length + 5});
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_false(is_there("/thing"));
}

static void a_stall_is_a_cut(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.cuts = 1, .cut_after = 100000, .stalls = true});
	must_work();
	assert_complete();
	assert_true(has_note("no byte for 0.15 s"));
	assert_int_equal(server.seen[0].last_from, 100000);
}

static void the_next_url_goes_on_where_the_first_was_cut(void **state)
{
	(void)state;
	const struct httpd_file files[] = {
		{.path = "/cut",
		 .bytes = tar.text,
		 .length = tar.length,
		 .etag = "\"one\"",
		 .cuts = 99,
		 .cut_after = 1000},
		{.path = "/whole", .bytes = tar.text, .length = tar.length, .etag = "\"two\""}};
	serve(files, 2);
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 5);
	assert_int_equal(server.seen[1].last_from, 5000);
	assert_string_equal(server.seen[1].last_if_range, "");
}

/* ---- what servers say ---- */

static void a_file_that_no_url_has_is_the_third_outcome(void **state)
{
	(void)state;
	const struct httpd_file files[] = {{.path = "/a", .status = 404},
					   {.path = "/b", .status = 410}};
	serve(files, 2);
	assert_int_equal(run(), 1);
	assert_says("/a: 404 Because; http://");
	assert_says("/b: 410 Because");
	assert_int_equal(server.seen[0].requests, 1);
	assert_nothing_left();
}

static void a_url_that_has_it_is_found_among_those_that_have_not(void **state)
{
	(void)state;
	const struct httpd_file files[] = {{.path = "/a", .status = 404},
					   {.path = "/b", .status = 403},
					   {.path = "/c", .bytes = tar.text, .length = tar.length}};
	serve(files, 3);
	must_work();
	assert_complete();
}

static void a_forbidden_file_is_not_an_absent_one(void **state)
{
	(void)state;
	const struct httpd_file files[] = {{.path = "/a", .status = 404},
					   {.path = "/b", .status = 403}};
	serve(files, 2);
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_int_equal(server.seen[1].requests, 1);
}

static void a_busy_server_is_asked_again(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.failures = 3, .failure_status = 503});
	must_work();
	assert_complete();
	assert_int_equal(server.seen[0].requests, 4);
	assert_true(has_note("503 Because; trying again in"));
}

static void a_host_that_is_not_there_is_asked_twice(void **state)
{
	(void)state;
	kh_strv_add(&urls, "http://user:secret@127.0.0.1:1/thing.tar");
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_says("(tried 2 times)");
	assert_null(strstr(err.message, "secret"));
	assert_nothing_left();
}

static void redirects_are_followed(void **state)
{
	(void)state;
	const struct httpd_file files[] = {
		{.path = "/from", .location = "%/to"},
		{.path = "/to", .bytes = tar.text, .length = tar.length}};
	serve(files, 1);
	httpd_stop(&server);
	kh_strv_done(&urls);
	httpd_start(&server, files, 2);
	kh_strv_addf(&urls, "%s/from", server.url);
	must_work();
	assert_complete();
	assert_int_equal(server.seen[1].requests, 1);
}

static void redirects_have_an_end(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.location = "%/thing.tar"});
	assert_int_equal(run(), -1);
	assert_says("more than 10 redirects");
	assert_int_equal(server.seen[0].requests, 11);
}

static void a_redirect_to_a_file_is_refused(void **state)
{
	(void)state;
	serve_one((struct httpd_file){.location = "file:///etc/passwd"});
	assert_int_equal(run(), -1);
	assert_says("a redirect to something that is neither https nor http");
	assert_nothing_left();
}

static void a_proxy_of_the_environment_is_used(void **state)
{
	(void)state;
	const struct httpd_file file = {
		.path = "/thing.tar", .bytes = tar.text, .length = tar.length};
	httpd_start(&server, &file, 1);
	has_server = true;
	kh_strv_add(&urls, "http://nowhere.invalid/thing.tar");
	setenv("http_proxy", server.url, 1);
	int status = run();
	unsetenv("http_proxy");
	assert_int_equal(status, 0);
	assert_true(server.seen[0].was_proxied);
	assert_complete();
}

/* ---- files, and what else is on this machine ---- */

static void write_archive(const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", place.path, name);
	kh_auto(kh_fclose) FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(tar.text, 1, tar.length, file), tar.length);
}

static void a_file_url_is_read_with_our_rights(void **state)
{
	(void)state;
	write_archive("a b.tar");
	kh_auto(kh_free) char *path = kh_printf("%s/a b.tar", place.path);
	assert_int_equal(chmod(path, 0600), 0);
	if (geteuid() == 0)
		transfer.uid = transfer.gid = ACCOUNT;
	kh_strv_addf(&urls, "file://%s/a%%20b.tar", place.path);
	must_work();
	assert_complete();
	assert_string_equal(result.url, urls.items[0]);
}

static void a_file_url_of_nothing_is_absent(void **state)
{
	(void)state;
	kh_strv_addf(&urls, "file://%s/nothing", place.path);
	assert_int_equal(run(), 1);
	assert_says("there is no such file");
	kh_strv_add(&urls, "file:///dev/zero");
	assert_int_equal(run(), -1);
	assert_says("it is no file that can be read");
	assert_nothing_left();
}

static void a_file_url_names_this_host_or_none(void **state)
{
	(void)state;
	kh_auto(kh_free) char *here = kh_transfer_file_path("file:///a%2fb%zz");
	kh_auto(kh_free) char *named = kh_transfer_file_path("FILE://localhost/a");
	assert_string_equal(here, "/a/b%zz");
	assert_string_equal(named, "/a");
	assert_null(kh_transfer_file_path("file://elsewhere/a"));
	assert_null(kh_transfer_file_path("file:relative"));
	assert_null(kh_transfer_file_path("https://host/a"));
}

static void what_a_killed_run_left_is_removed(void **state)
{
	(void)state;
	pid_t gone = fork();
	if (gone == 0)
		_exit(0);
	kh_auto(kh_free) char *stale = kh_printf("/thing.partial-%d/tree/a", (int)gone);
	kh_auto(kh_free) char *dir = kh_printf("/thing.partial-%d", (int)gone);
	kh_auto(kh_free) char *alive = kh_printf("/thing.partial-%d/tree/a", (int)getppid());
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	fixture_put(&place, stale, "a");
	fixture_put(&place, alive, "a");
	serve_one((struct httpd_file){0});
	must_work();
	assert_false(is_there(dir));
	assert_true(is_there(alive));
}

static void two_do_not_fetch_the_same_file(void **state)
{
	(void)state;
	kh_auto(kh_free) char *path = kh_printf("%s.partial", keep);
	kh_auto(kh_fclose) FILE *mine = fopen(path, "we");
	assert_int_equal(flock(fileno(mine), LOCK_EX | LOCK_NB), 0);
	serve_one((struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_string_equal(err.message,
			    "fetch 'thing.tar': 'thing.tar' is being fetched by another process");
	assert_true(is_there("/thing.tar.partial"));
}

static void a_missing_worker_is_told(void **state)
{
	(void)state;
	kh_auto(kh_free) char *before = kh_strdup(getenv("KVMHOST_LIBEXEC"));
	setenv("KVMHOST_LIBEXEC", place.path, 1);
	serve_one((struct httpd_file){0});
	int status = run();
	setenv("KVMHOST_LIBEXEC", before, 1);
	assert_int_equal(status, -1);
	assert_int_equal(err.code, KH_PROGRAM);
	assert_says("find 'kvmhost-fetch'");
	assert_nothing_left();
}

static void a_worker_that_says_nothing_is_an_error_with_its_last_words(void **state)
{
	(void)state;
	kh_auto(kh_free) char *before = kh_strdup(getenv("KVMHOST_LIBEXEC"));
	kh_auto(kh_free) char *fake = kh_printf("%s/fake", place.path);
	fixture_put_mode(&place, "/fake/kvmhost-fetch",
			 "#!/bin/sh\necho 'library\tis missing' >&2\nexit 3\n", 0755);
	setenv("KVMHOST_LIBEXEC", fake, 1);
	int status = run();
	setenv("KVMHOST_LIBEXEC", before, 1);
	fixture_remove(&place, "/fake");
	assert_int_equal(status, -1);
	assert_int_equal(err.code, KH_PROGRAM);
	assert_nothing_left();
}

/* ---- signatures ---- */

static struct fixture keys; /* a home directory of gpg with one key; opened by the first test */
static bool has_keys;
static struct kh_strv signature_urls;

static void gpg(const char *what, const char *name, const char *more)
{
	kh_auto(kh_free) char *path = name ? kh_printf("%s/%s", keys.path, name) : NULL;
	const char *const argv[] = {"gpg",
				    "--homedir",
				    keys.path,
				    "--batch",
				    "--yes",
				    "--quiet",
				    "--pinentry-mode=loopback",
				    "--passphrase=",
				    what,
				    path ? path : more,
				    path ? NULL : "ed25519",
				    path ? NULL : "sign",
				    path ? NULL : "never",
				    NULL};
	kh_auto(kh_error_done) struct kh_error failure = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, argv, 60, NULL, &failure) != 0)
		fail_msg("%s", failure.message);
}

static void put_bytes(const char *name, const struct kh_str *bytes)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", keys.path, name);
	kh_auto(kh_fclose) FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes->text, 1, bytes->length, file), bytes->length);
}

static bool has_program(const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("/usr/bin/%s", name);
	return access(path, X_OK) == 0;
}

/* thing.tar.sig and other.tar.sig, thing.tar.gz, and keyring.asc, in KEYS. */
static void make_keys(void)
{
	if (has_keys)
		return;
	fixture_open_empty(&keys);
	has_keys = true;
	assert_int_equal(chmod(keys.path, 0700), 0);
	gpg("--quick-generate-key", NULL, "A Signer <signer@example.org>");
	put_bytes("thing.tar", &tar);
	put_bytes("other.tar", &other);
	gpg("--detach-sign", "thing.tar", NULL);
	gpg("--detach-sign", "other.tar", NULL);
	kh_auto(kh_free) char *ring = kh_printf("--output=%s/keyring.asc", keys.path);
	kh_auto(kh_free) char *plain = kh_printf("%s/thing.tar", keys.path);
	const char *const export[] = {"gpg",     "--homedir", keys.path,  "--batch", "--yes",
				      "--armor", ring,        "--export", NULL};
	const char *const zip[] = {"gzip", "-1", "-k", plain, NULL};
	kh_auto(kh_error_done) struct kh_error failure = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, export, 60, NULL, &failure) != 0 ||
	    kh_run(&kh_run_system, zip, 60, NULL, &failure) != 0)
		fail_msg("%s", failure.message);
}

static void forget_keys(void)
{
	const char *const argv[] = {"gpgconf", "--homedir", keys.path, "--kill", "all", NULL};
	kh_auto(kh_error_done) struct kh_error failure = KH_ERROR_INIT;
	if (!has_keys)
		return;
	kh_run(&kh_run_system, argv, 60, NULL, &failure);
	fixture_close(&keys);
}

static char *read_bytes(const char *name, size_t *ret_length)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", keys.path, name);
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	struct stat status;
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	char *bytes = kh_alloc((size_t)status.st_size + 1);
	*ret_length = fread(bytes, 1, (size_t)status.st_size, file);
	return bytes;
}

static char *keyring_path;

static int setup_signed(void **state)
{
	if (!has_program("gpg") || !has_program("gpgv"))
		return setup(state);
	make_keys();
	keyring_path = kh_printf("%s/keyring.asc", keys.path);
	setup(state);
	transfer.keyring = keyring_path;
	transfer.signature_urls = &signature_urls;
	return 0;
}

static int teardown_signed(void **state)
{
	kh_free(&keyring_path);
	kh_strv_done(&signature_urls);
	return teardown(state);
}

/* The archive NAME, signed by SIGNATURE (files in KEYS), with these habits. */
static void serve_signed(const char *name, const char *signature, struct httpd_file habits)
{
	size_t length = 0, signature_length = 0;
	if (!keyring_path)
		skip(); /* gpg or gpgv is not installed */
	kh_auto(kh_free) char *bytes = read_bytes(name, &length);
	kh_auto(kh_free) char *signed_by = read_bytes(signature, &signature_length);
	habits.path = "/thing.tar";
	habits.bytes = bytes;
	habits.length = length;
	const struct httpd_file files[] = {
		habits, {.path = "/sig", .bytes = signed_by, .length = signature_length}};
	httpd_start(&server, files, 2);
	has_server = true;
	kh_strv_addf(&urls, "%s/thing.tar", server.url);
	kh_strv_addf(&signature_urls, "%s/sig", server.url);
	transfer.size_bytes = (long long)length;
}

static void assert_signer(void)
{
	static const char name[] = "A Signer <signer@example.org> (";
	assert_non_null(result.signer);
	if (!kh_str_starts(result.signer, name) || strlen(result.signer) != strlen(name) + 41)
		fail_msg("%s", result.signer);
}

static void a_good_signature_names_who_made_it(void **state)
{
	(void)state;
	serve_signed("thing.tar", "thing.tar.sig", (struct httpd_file){0});
	must_work();
	assert_complete();
	assert_signer();
	assert_true(is_there("/thing.tar.sig"));
	/* Once more, from what is kept. */
	fixture_remove(&place, "/thing");
	must_work();
	assert_signer();
	assert_int_equal(server.seen[0].requests, 1);
	assert_int_equal(server.seen[1].requests, 1);
}

static void a_signature_of_the_plain_tar_is_checked_in_the_same_pass(void **state)
{
	char digest[KH_DIGEST_SIZE];
	size_t length = 0;
	(void)state;
	serve_signed("thing.tar.gz", "thing.tar.sig",
		     (struct httpd_file){.cuts = 1, .cut_after = 9000, .ignores_ranges = true});
	kh_auto(kh_free) char *bytes = read_bytes("thing.tar.gz", &length);
	kh_digest_bytes(bytes, length, digest);
	transfer.sha256 = digest;
	transfer.is_signature_of_tar = true;
	must_work();
	assert_signer();
	assert_true(is_there("/thing/src/data"));
	/* Also when nothing is unpacked; and the same signature is none of the compressed file. */
	fixture_remove(&place, "/thing");
	transfer.tree = NULL;
	must_work();
	assert_signer();
	transfer.is_signature_of_tar = false;
	assert_int_equal(run(), -1);
	assert_says("the signature is bad");
	assert_nothing_left();
}

static void a_bad_signature_leaves_nothing(void **state)
{
	(void)state;
	serve_signed("thing.tar", "other.tar.sig", (struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(
		err.message,
		"fetch 'thing.tar': signature: the signature is bad: these are not the bytes that were signed");
	assert_nothing_left();
}

static void a_file_that_is_no_signature_is_refused(void **state)
{
	(void)state;
	serve_signed("thing.tar", "thing.tar", (struct httpd_file){0});
	assert_int_equal(run(), -1);
	assert_says("longer than any signature");
	assert_int_equal(server.seen[0].requests, 0);
	kh_strv_done(&signature_urls);
	fixture_put(&place, "/sig", "this is no signature");
	kh_strv_addf(&signature_urls, "file://%s/sig", place.path);
	assert_int_equal(run(), -1);
	assert_says("the file of the signature has none");
	fixture_remove(&place, "/sig");
	assert_nothing_left();
}

static void a_missing_signature_is_an_error_when_there_is_a_keyring(void **state)
{
	(void)state;
	serve_signed("thing.tar", "thing.tar.sig", (struct httpd_file){0});
	kh_strv_done(&signature_urls);
	kh_strv_addf(&signature_urls, "%s/none", server.url);
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_says("fetch signature of 'thing.tar': ");
	assert_says("/none: 404 Because");
	kh_strv_done(&signature_urls);
	assert_int_equal(run(), -1);
	assert_says("a keyring is given, but no signature is known for it");
	assert_nothing_left();
}

static void a_key_that_is_not_in_the_keyring_is_named(void **state)
{
	/* An OpenPGP public key packet (a user id, to be exact): a keyring without that key. */
	static const char ring[] = "\xb4\x05"
				   "Alice";
	(void)state;
	serve_signed("thing.tar", "thing.tar.sig", (struct httpd_file){0});
	fixture_put(&place, "/ring", ring);
	kh_auto(kh_free) char *path = kh_printf("%s/ring", place.path);
	transfer.keyring = path;
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_says("fetch 'thing.tar': signature: made by key ");
	assert_says(", which is not in the keyring");
	fixture_remove(&place, "/ring");
	assert_nothing_left();
}

static void a_keyring_that_is_none_is_an_error_of_the_configuration(void **state)
{
	(void)state;
	serve_signed("thing.tar", "thing.tar.sig", (struct httpd_file){0});
	transfer.keyring = "/etc/passwd";
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_says("keyring: there is no OpenPGP public key in it");
	transfer.keyring = "/nonexistent/keyring";
	assert_int_equal(run(), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_says("open the keyring '/nonexistent/keyring': No such file or directory");
	assert_nothing_left();
}

int main(void)
{
#define SIGNED(name) cmocka_unit_test_setup_teardown(name, setup_signed, teardown_signed)
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_archive_becomes_a_tree_and_is_kept),
		TEST(what_is_kept_needs_no_network),
		TEST(a_kept_file_that_is_damaged_is_fetched_anew),
		TEST(a_damaged_kept_file_goes_even_when_no_url_has_it),
		TEST(only_the_file_can_be_wanted),
		TEST(only_the_tree_can_be_wanted),
		TEST(an_only_top_directory_can_stay),
		TEST(a_tree_that_is_there_is_not_touched),
		TEST(the_account_that_does_it_owns_the_tree_but_not_the_archive),
		TEST(the_confinements_are_reported),
		TEST(wrong_bytes_leave_nothing_but_both_digests),
		TEST(a_mirror_with_wrong_bytes_is_passed_over),
		TEST(a_page_in_the_place_of_an_archive_is_told_by_its_digest),
		TEST(another_length_is_refused_at_once),
		TEST(more_bytes_than_there_should_be_are_refused),
		TEST(without_a_size_there_is_a_bound),
		TEST(a_hostile_archive_is_refused_by_its_member_and_not_kept),
		TEST(bounds_of_the_tree_hold),
		TEST(a_cut_is_resumed_where_it_was),
		TEST(a_later_run_goes_on_after_a_cut),
		TEST(a_partial_file_of_another_archive_is_not_used),
		TEST(a_partial_file_that_is_complete_needs_no_network),
		TEST(a_damaged_partial_file_costs_one_more_try),
		TEST(a_server_without_ranges_starts_anew),
		TEST(a_file_that_changed_meanwhile_starts_anew),
		TEST(parts_of_two_files_are_found_out),
		TEST(another_part_than_asked_for_is_refused),
		TEST(a_cut_that_looks_like_the_end_is_one),
		TEST(a_promise_of_too_many_bytes_is_a_cut),
		TEST(a_stall_is_a_cut),
		TEST(the_next_url_goes_on_where_the_first_was_cut),
		TEST(a_file_that_no_url_has_is_the_third_outcome),
		TEST(a_url_that_has_it_is_found_among_those_that_have_not),
		TEST(a_forbidden_file_is_not_an_absent_one),
		TEST(a_busy_server_is_asked_again),
		TEST(a_host_that_is_not_there_is_asked_twice),
		TEST(redirects_are_followed),
		TEST(redirects_have_an_end),
		TEST(a_redirect_to_a_file_is_refused),
		TEST(a_proxy_of_the_environment_is_used),
		TEST(a_file_url_is_read_with_our_rights),
		TEST(a_file_url_of_nothing_is_absent),
		TEST(a_file_url_names_this_host_or_none),
		TEST(what_a_killed_run_left_is_removed),
		TEST(two_do_not_fetch_the_same_file),
		TEST(a_missing_worker_is_told),
		TEST(a_worker_that_says_nothing_is_an_error_with_its_last_words),
		SIGNED(a_good_signature_names_who_made_it),
		SIGNED(a_signature_of_the_plain_tar_is_checked_in_the_same_pass),
		SIGNED(a_bad_signature_leaves_nothing),
		SIGNED(a_file_that_is_no_signature_is_refused),
		SIGNED(a_missing_signature_is_an_error_when_there_is_a_keyring),
		SIGNED(a_key_that_is_not_in_the_keyring_is_named),
		SIGNED(a_keyring_that_is_none_is_an_error_of_the_configuration),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
