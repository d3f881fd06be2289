/* test_stop.c - Ctrl-C: the engine stops between changes, the real program says what it left. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pty.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/journal.h"
#include "tests/lib/engine_host.h"
#include "tests/lib/httpd.h"

/* ---- the engine, with one stage of three files ---- */

static int three_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	(void)context;
	if (kh_plan_put_file(plan, "/one", "1\n", 0, "first", err) != 0 ||
	    kh_plan_put_file(plan, "/two", "2\n", 0, "second", err) != 0)
		return -1;
	return kh_plan_put_file(plan, "/three", "3\n", 0, "third", err);
}

static const struct kh_stage three = {
	.name = "three", .plan = three_plan, .phase = KH_PHASE_CONFIGURE};
const struct kh_stage *const kh_stages[] = {&three, NULL};

static void press_at_second(struct kh_sink *sink, const struct kh_event *event)
{
	(void)sink;
	if (event->kind == KH_EVENT_CHANGE && event->index == 2)
		kh_stop_want(SIGINT);
}

static void the_change_under_way_is_finished_and_the_next_not_begun(void **state)
{
	(void)state;
	struct engine_host *host = engine_host_open();
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_history_done) struct kh_history history = {0};
	struct kh_sink sink = {press_at_second, NULL};
	struct kh_engine engine = engine_host_engine(host);
	engine.sink = &sink;
	assert_int_equal(kh_engine_apply(&engine, &outcome, &err), -1);
	kh_stop_want(0);
	assert_string_equal(err.message, "stopped by SIGINT");
	assert_int_equal(outcome.done_count, 2);
	engine_host_assert_file(host, "/two", "2\n");
	engine_host_assert_file(host, "/three", "(absent)");
	assert_int_equal(kh_history_read(&host->fixture.root, &history, &err), 0);
	assert_non_null(kh_history_unfinished(&history, 0));
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	engine_host_assert_file(host, "/three", "3\n");
	engine_host_close(host);
}

static void an_undo_that_is_stopped_goes_on_later(void **state)
{
	(void)state;
	struct engine_host *host = engine_host_open();
	kh_auto(kh_free) char *message = NULL;
	engine_host_remember(host);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_stop_want(SIGTERM);
	assert_int_equal(engine_host_undo(host, 0, false, &message), KH_SYSTEM);
	kh_stop_want(0);
	assert_string_equal(message, "undo: stopped by SIGTERM");
	engine_host_assert_file(host, "/three", "3\n");
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	engine_host_assert_original(host);
	engine_host_close(host);
}

/* ---- the signals ---- */

static void a_signal_is_noted_once_and_the_next_one_ends_the_program(void **state)
{
	(void)state;
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		kh_stop_watch();
		raise(SIGTERM);
		if (kh_stop_signal() != SIGTERM || strcmp(kh_stop_name(), "SIGTERM") != 0)
			_exit(1);
		raise(SIGTERM);
		_exit(2);
	}
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void a_signal_that_was_ignored_stays_ignored(void **state)
{
	(void)state;
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_IGN);
		kh_stop_watch();
		raise(SIGINT);
		_exit(kh_stop_is_wanted() ? 1 : 0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- the program, at a download that takes its time ---- */

enum { SLOW_BYTES = 400000 };

static struct fixture host;
static struct httpd server;
static char program[4096], *archive;
static bool has_worker;

static int open_server(void **state)
{
	(void)state;
	char digest[KH_DIGEST_SIZE];
	archive = kh_alloc(SLOW_BYTES);
	memset(archive, 'x', SLOW_BYTES);
	kh_digest_bytes(archive, SLOW_BYTES, digest);
	struct httpd_file file = {.path = "/qemu-99.1.2.tar.xz",
				  .bytes = archive,
				  .length = SLOW_BYTES,
				  .bytes_per_s = 5000};
	httpd_start(&server, &file, 1);
	fixture_open(&host, "debian12-ifupdown");
	kh_auto(kh_free) char *yaml = kh_printf(
		"sources: {provider: %s}\nbuild: {store: /store}\nkernel: {version: none}\n"
		"libvirt: {version: none}\nqemu: {version: 99.1.2, sha256: %s}\n",
		server.url, digest);
	fixture_put(&host, "/etc/kvmhost/kvmhost.yaml", yaml);
	/* two directories above build/tests/unit/test_stop */
	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 16) > 0);
	for (int i = 0; i < 3; i++)
		*strrchr(program, '/') = '\0';
	setenv("KVMHOST_LIBEXEC", program, 1);
	kh_auto(kh_free) char *worker = kh_printf("%s/kvmhost-fetch", program);
	has_worker = access(worker, X_OK) == 0;
	kh_auto(kh_free) char *path = kh_printf("%s/kvmhost", program);
	assert_true(strlen(path) < sizeof(program));
	memcpy(program, path, strlen(path) + 1);
	return 0;
}

static int close_server(void **state)
{
	(void)state;
	httpd_stop(&server);
	fixture_close(&host);
	free(archive);
	return 0;
}

/* On a terminal of 80 columns; Ctrl-C once it shows how far it is. */
static char *fetch_and_press(int *ret_status)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct kh_str text = {0};
	char block[4096];
	int fd = -1;
	bool is_pressed = false;
	pid_t child = forkpty(&fd, NULL, NULL, &size);
	assert_true(child >= 0);
	if (child == 0) {
		setenv("TERM", "xterm", 1);
		setenv("LC_ALL", "C", 1);
		signal(SIGINT, SIG_DFL); /* the tests may run in the background */
		execl(program, "kvmhost", "--root", host.path, "fetch", (char *)NULL);
		_exit(99);
	}
	for (ssize_t got; (got = read(fd, block, sizeof(block))) > 0;) {
		kh_str_add_bytes(&text, block, (size_t)got);
		if (!is_pressed && strstr(text.text, "MiB/s")) {
			is_pressed = true;
			assert_int_equal(write(fd, "\003", 1), 1);
		}
	}
	close(fd);
	waitpid(child, ret_status, 0);
	return kh_str_take(&text);
}

static void ctrl_c_stops_a_download_and_says_how_to_go_on(void **state)
{
	(void)state;
	int status = 0;
	time_t begun = time(NULL);
	if (!has_worker)
		skip(); /* built without kvmhost-fetch */
	kh_auto(kh_free) char *text = fetch_and_press(&status);
	if (time(NULL) - begun >= 60)
		print_error("%s\n", text);
	assert_true(time(NULL) - begun < 60); /* all of it takes 80 s */
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_non_null(strstr(text, "[fetch] qemu-99.1.2.tar.xz  "));
	assert_non_null(strstr(text, ": fetch qemu-99.1.2.tar.xz: stopped by SIGINT\r\n"));
	assert_non_null(strstr(text, "this host is as it was before; what was fetched and built so "
				     "far is kept, and the same command goes on from there\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_change_under_way_is_finished_and_the_next_not_begun),
		cmocka_unit_test(an_undo_that_is_stopped_goes_on_later),
		cmocka_unit_test(a_signal_is_noted_once_and_the_next_one_ends_the_program),
		cmocka_unit_test(a_signal_that_was_ignored_stays_ignored),
		cmocka_unit_test_setup_teardown(ctrl_c_stops_a_download_and_says_how_to_go_on,
						open_server, close_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
