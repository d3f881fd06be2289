/* test_hostile_gate.c - what stands between kvmhost and a tree that somebody else filled. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/lock.h"
#include "core/base/mem.h"
#include "core/base/redact.h"
#include "core/installed.h"
#include "core/journal.h"
#include "core/plan.h"
#include "tests/lib/fixture.h"

static int setup(void **state)
{
	struct fixture *fixture = kh_alloc(sizeof(*fixture));
	fixture_open_empty(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	fixture_close(*state);
	kh_free(state);
	return 0;
}

static char *host_path(const struct fixture *f, const char *path)
{
	return kh_printf("%s%s", f->path, path);
}

/* ---- reading ---- */

static void expect_unreadable(const struct fixture *f, const char *path, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *text = NULL;
	assert_int_equal(kh_root_read(&f->root, path, &text, NULL, &err), -1);
	assert_string_equal(err.message, message);
	assert_null(text);
}

static void what_is_no_file_is_not_opened(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_free) char *fifo = host_path(f, "/fifo");
	kh_auto(kh_free) char *dir = host_path(f, "/dir");
	assert_int_equal(mkfifo(fifo, 0644), 0);
	assert_int_equal(mkdir(dir, 0755), 0);
	fixture_link(f, "/link", "/fifo");
	expect_unreadable(f, "/fifo", "read '/fifo': not a regular file");
	expect_unreadable(f, "/link", "read '/link': not a regular file");
	expect_unreadable(f, "/dir", "read '/dir': Is a directory");
	/* nothing waited for it, not even a reader */
	assert_int_equal(open(fifo, O_WRONLY | O_NONBLOCK), -1);
	assert_int_equal(errno, ENXIO);
}

static void a_device_is_not_opened(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_free) char *device = host_path(f, "/device");
	/* one that exists nowhere: to open it would be another error */
	if (mknod(device, S_IFCHR | 0644, makedev(240, 77)) != 0)
		skip();
	expect_unreadable(f, "/device", "read '/device': not a regular file");
	assert_int_equal(kh_root_open_file(&f->root, "/device", O_RDONLY), -1);
	assert_int_equal(errno, EINVAL);
}

static void a_file_of_1_GiB_is_refused_by_its_size(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_free) char *huge = host_path(f, "/huge");
	fixture_put(f, "/huge", "");
	assert_int_equal(truncate(huge, (off_t)1 << 30), 0);
	expect_unreadable(f, "/huge", "read '/huge': File too large");
}

/* ---- files of our own ---- */

static void expect_no_lock(const struct fixture *f, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_lock lock = KH_LOCK_INIT;
	assert_int_equal(kh_lock_take(&f->root, "apply", &lock, &err), -1);
	assert_string_equal(err.message, message);
}

static void the_lock_is_a_file_of_its_own(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_free) char *victim = host_path(f, "/victim");
	kh_auto(kh_free) char *lock = host_path(f, "/var/lib/kvmhost/lock");
	fixture_put(f, "/victim", "precious\n");
	fixture_put(f, "/var/lib/kvmhost/x", "");
	assert_int_equal(link(victim, lock), 0);
	expect_no_lock(f, "lock '/var/lib/kvmhost/lock': not a file of its own");
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(symlink("/victim", lock), 0);
	expect_no_lock(f, "lock '/var/lib/kvmhost/lock': not a regular file");
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(mkfifo(lock, 0644), 0);
	expect_no_lock(f, "lock '/var/lib/kvmhost/lock': not a regular file");
	kh_auto(kh_free) char *text = fixture_get(f, "/victim");
	assert_string_equal(text, "precious\n");
}

static const char journal_path[] = "/var/lib/kvmhost/runs/0001/journal.jsonl";

static void a_journal_with_a_second_name_is_not_appended_to(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_journal *journal = NULL;
	kh_auto(kh_free) char *victim = host_path(f, "/victim");
	kh_auto(kh_free) char *path = host_path(f, journal_path);
	fixture_put(f, "/victim", "precious\n");
	fixture_put(f, "/var/lib/kvmhost/runs/0001/x", "");
	assert_int_equal(link(victim, path), 0);
	assert_int_equal(kh_journal_reopen(&f->root, 1, &journal, &err), -1);
	assert_string_equal(err.message, "journal '/var/lib/kvmhost/runs/0001/journal.jsonl': "
					 "Too many links");
	kh_auto(kh_free) char *text = fixture_get(f, "/victim");
	assert_string_equal(text, "precious\n");
}

static void root_believes_only_journals_that_root_wrote(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_error_done) struct kh_error writable = KH_ERROR_INIT;
	struct kh_history history = {0};
	kh_auto(kh_free) char *path = host_path(f, journal_path);
	fixture_put_mode(f, journal_path, "{\"event\":\"begin\"}\n", 0600);
	if (geteuid() != 0)
		skip();
	assert_int_equal(kh_history_read(&f->root, &history, &err), 0);
	kh_history_done(&history);
	assert_int_equal(chown(path, 1234, 1234), 0);
	assert_int_equal(kh_history_read(&f->root, &history, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message,
			    "history: '/var/lib/kvmhost/runs/0001/journal.jsonl' was not "
			    "written by root");
	assert_string_equal(err.hint, "run this as the user who ran kvmhost there (number 1234)");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(kh_history_read(&f->root, &history, &writable), -1);
}

/* ---- plans ---- */

static void put_bytes(const struct fixture *f, const char *path, const char *bytes, size_t length)
{
	fixture_put((struct fixture *)(uintptr_t)f, path, "");
	kh_auto(kh_free) char *full = host_path(f, path);
	kh_auto(kh_fclose) FILE *file = fopen(full, "we");
	assert_int_equal(fwrite(bytes, 1, length, file), length);
}

static void a_file_with_NUL_characters_is_not_edited_unless_it_is_ours(void **state)
{
	struct fixture *f = *state;
	static const char bytes[] = "a\n\0b\n";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_plan_done) struct kh_plan plan;
	put_bytes(f, "/etc/fstab", bytes, sizeof(bytes) - 1);
	put_bytes(f, "/etc/sysctl.d/90-kvmhost.conf", bytes, sizeof(bytes) - 1);
	kh_plan_init(&plan, &f->root);
	plan.stage = "test";
	assert_int_equal(kh_plan_put_file(&plan, "/etc/fstab", "a\nours\n", 0, "why", &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message,
			    "'/etc/fstab' has NUL characters: it is damaged, or no text file");
	assert_int_equal(plan.change_count, 0);
	assert_int_equal(
		kh_plan_put_file(&plan, "/etc/sysctl.d/90-kvmhost.conf", "a\n", 0, "why", &err), 0);
	assert_int_equal(plan.change_count, 1);
}

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_manifest_cannot_ask_for_a_set_user_id_file(void **state)
{
	struct fixture *f = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_plan_done) struct kh_plan plan;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	kh_auto(kh_free) char *manifest =
		kh_printf("{\"key\":\"%s\",\"files\":[{\"path\":\"/sh\",\"type\":\"file\","
			  "\"mode\":%d,\"size\":2,\"sha256\":\"%s\"}]}",
			  KEY, 04755, KEY);
	fixture_put(f, "/store/artifacts/" KEY "/manifest.json", manifest);
	fixture_put(f, "/store/artifacts/" KEY "/tree/sh", "a\n");
	kh_plan_init(&plan, &f->root);
	plan.stage = "test";
	assert_int_equal(kh_store_find(&f->root, "/store", KEY, &artifact), 0);
	assert_int_equal(kh_plan_install(&plan, "qemu", &artifact, "why", &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_int_equal(plan.change_count, 0);
}

/* ---- passwords ---- */

static void passwords_are_taken_out_of_urls(void **state)
{
	static const struct {
		const char *open, *shown;
	} texts[] = {
		{"https://me:secret@host/a", "https://host/a"},
		{"https://me:p@ss@host/a@b", "https://host/a@b"},
		{"proxy 'http://u:p@proxy:3128' and ftp://x@y/",
		 "proxy 'http://proxy:3128' and ftp://y/"},
		{"https://host/a?mail=b@c", "https://host/a?mail=b@c"},
		{"://@", "://"},
		{"nobody@example.org", "nobody@example.org"},
		{"", ""},
	};
	(void)state;
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		kh_auto(kh_free) char *shown = kh_redact(texts[i].open);
		assert_string_equal(shown, texts[i].shown);
	}
	assert_null(kh_redact(NULL));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_file_is_not_opened),
		TEST(a_device_is_not_opened),
		TEST(a_file_of_1_GiB_is_refused_by_its_size),
		TEST(the_lock_is_a_file_of_its_own),
		TEST(a_journal_with_a_second_name_is_not_appended_to),
		TEST(root_believes_only_journals_that_root_wrote),
		TEST(a_file_with_NUL_characters_is_not_edited_unless_it_is_ours),
		TEST(a_manifest_cannot_ask_for_a_set_user_id_file),
		TEST(passwords_are_taken_out_of_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
