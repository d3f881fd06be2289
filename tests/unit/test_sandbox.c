/* The sandbox builds run in, and which lines of a build's output say what went wrong. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/landlock.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/base/stop.h"
#include "platform/build_errors.h"
#include "platform/build_log.h"
#include "platform/sandbox.h"
#include "tests/lib/fixture.h"

static struct fixture host;
static struct kh_config config;
static struct kh_sandbox sandbox;
static struct kh_strv lines;

static void take_line(void *data, const char *line)
{
	(void)data;
	kh_strv_add(&lines, line);
}

static int open_sandbox(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char yaml[] = "build: {store: /store}\n";
	fixture_open_empty(&host);
	chmod(host.path, 0755); /* the build account has to reach its directories */
	kh_auto(kh_free) char *log = kh_printf("%s/store/log/test.log", host.path);
	if (kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, &config, &err) != 0 ||
	    kh_sandbox_open(&host.root, &config, log, &sandbox, &err) != 0)
		fail_msg("%s", err.message);
	sandbox.on_line = take_line;
	return 0;
}

static int close_sandbox(void **state)
{
	(void)state;
	kh_strv_done(&lines);
	kh_sandbox_done(&sandbox);
	kh_config_done(&config);
	fixture_close(&host);
	return 0;
}

/* A program for the sandbox: sh is what builds are full of. */
static int run_script(const char *script, struct kh_error *err)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	return kh_sandbox_run(&sandbox, "/", argv, err);
}

static void must_run(const char *script)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_strv_done(&lines);
	if (run_script(script, &err) != 0)
		fail_msg("%s", err.message);
}

static void must_capture(const char *script, char **ret_output)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	const char *argv[] = {"sh", "-c", script, NULL};
	if (kh_sandbox_capture(&sandbox, "/", argv, ret_output, &err) != 0)
		fail_msg("%s", err.message);
}

static void a_step_is_never_root_and_cannot_become_it(void **state)
{
	(void)state;
	kh_auto(kh_free) char *uid = NULL, *groups = NULL, *privileges = NULL, *caps = NULL;
	must_capture("id -u", &uid);
	assert_int_equal(kh_str_number(uid), sandbox.uid);
	assert_int_not_equal(sandbox.uid, 0);
	must_capture("grep NoNewPrivs /proc/self/status", &privileges);
	assert_string_equal(privileges, "NoNewPrivs:\t1\n");
	must_capture("grep CapEff /proc/self/status", &caps);
	assert_string_equal(caps, "CapEff:\t0000000000000000\n");
	if (geteuid() != 0)
		return;
	must_capture("id -G", &groups);
	assert_int_equal(kh_str_number(groups), sandbox.gid);
}

static void a_step_sees_no_network_but_a_loopback_that_is_down(void **state)
{
	(void)state;
	kh_auto(kh_free) char *links = NULL;
	if (!sandbox.is_isolated) {
		assert_non_null(sandbox.obstacle);
		skip();
	}
	must_capture("tail -n +3 /proc/self/net/dev | cut -d: -f1 | tr -d ' '", &links);
	assert_null(strstr(links, "eth"));
	assert_string_equal(links, "lo\n");
}

static void a_step_has_a_clean_environment_of_its_own(void **state)
{
	(void)state;
	kh_auto(kh_free) char *environment = NULL, *nothing = NULL, *mask = NULL;
	setenv("KVMHOST_SECRET", "1", 1);
	kh_strv_add(&sandbox.environment, "CCACHE_DIR=/somewhere");
	must_capture("env | sort | grep -v '^PWD=\\|^SHLVL=\\|^_='", &environment);
	kh_auto(kh_free) char *wanted =
		kh_printf("CCACHE_DIR=/somewhere\nHOME=%s/store/build/home\nLC_ALL=C\n"
			  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			  "TMPDIR=%s/store/build/home/tmp\n",
			  host.path, host.path);
	assert_string_equal(environment, wanted);
	must_capture("cat", &nothing); /* standard input is empty */
	assert_string_equal(nothing, "");
	must_capture("umask", &mask);
	assert_string_equal(mask, "0022\n");
	kh_strv_remove(&sandbox.environment, 0);
}

static void a_step_inherits_no_descriptor(void **state)
{
	(void)state;
	kh_auto(kh_free) char *said = NULL;
	int leaked = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, 50); /* without O_CLOEXEC */
	kh_auto(kh_free) char *link = kh_printf("readlink /proc/self/fd/%d || echo closed", leaked);
	must_capture(link, &said);
	close(leaked);
	assert_string_equal(said, "closed\n");
}

static void output_goes_line_by_line_to_the_log_and_to_who_asks(void **state)
{
	(void)state;
	must_run("echo one; echo two >&2; printf three");
	assert_int_equal(lines.count, 3);
	assert_true(kh_strv_has(&lines, "one") && kh_strv_has(&lines, "two"));
	assert_string_equal(lines.items[2], "three");
	kh_auto(kh_free) char *log = fixture_get(&host, "/store/log/test.log");
	assert_non_null(strstr(log, "# in /: sh -c echo one; echo two >&2; printf three\n"));
	assert_non_null(strstr(log, "\none\n"));
	assert_non_null(strstr(log, "\nthree\n"));
}

static void a_failure_shows_the_error_lines_and_where_the_log_is(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(run_script("echo '  CC  a.o'; echo 'a.c:3:1: error: no such thing'; "
				    "echo 'b.c: note: x'; exit 2",
				    &err),
			 -1);
	assert_int_equal(err.code, KH_PROGRAM);
	assert_string_equal(err.message,
			    "run 'sh': exit status 2:\n  a.c:3:1: error: no such thing");
	kh_auto(kh_free) char *hint = kh_printf("the whole log is '%s'", sandbox.log_path);
	assert_string_equal(err.hint, hint);
}

static void a_signal_to_us_ends_the_step_and_all_it_started(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		usleep(300000);
		kill(parent, SIGTERM);
		_exit(0);
	}
	kh_stop_watch();
	time_t begun = time(NULL);
	assert_int_equal(run_script("echo begun; sleep 60; echo ended", &err), -1);
	kh_stop_want(0);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	waitpid(child, NULL, 0);
	assert_true(time(NULL) - begun < 20);
	assert_string_equal(err.message, "stopped by SIGTERM");
	assert_string_equal(lines.items[lines.count - 1], "begun");
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	const char *argv[] = {"no-such-program", NULL};
	assert_int_equal(kh_sandbox_run(&sandbox, "/", argv, &err), -1);
	assert_string_equal(err.message, "run 'no-such-program': No such file or directory");
	kh_error_done(&err);
	const char *true_argv[] = {"true", NULL};
	assert_int_equal(kh_sandbox_run(&sandbox, "/no/where", true_argv, &err), -1);
	assert_non_null(strstr(err.message, "enter directory '/no/where'"));
}

static void silence_ends_a_step_with_all_it_started(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	time_t before = time(NULL);
	sandbox.timeout_s = 1;
	assert_int_equal(run_script("sleep 60 & sleep 60", &err), -1);
	sandbox.timeout_s = 0;
	assert_true(time(NULL) - before < 20);
	assert_non_null(strstr(err.message, "no output for 1 s, so it was ended"));
}

/* More directories in one another than there are descriptors. */
static void a_build_cannot_leave_what_nobody_can_remove(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_sandbox next = {0};
	must_run("cd $HOME; mkdir other; echo x > other/x; chmod 0500 other; i=0;"
		 " while [ $i -lt 3000 ]; do mkdir d && cd -P d || exit 1; i=$((i+1)); done; > x");
	if (kh_sandbox_open(&host.root, &config, sandbox.log_path, &next, &err) != 0)
		fail_msg("%.300s", err.message);
	assert_false(kh_root_exists(&host.root, "/store/build/home/d"));
	kh_sandbox_done(&next);
}

/* A program that QEMU's build puts where PATH begins must not be the kernel's linker. */
static void what_a_build_left_at_home_is_not_there_for_the_next(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_sandbox next = {0};
	must_run("mkdir $HOME/ccache; ln -s /bin/true $HOME/ccache/ld; echo x > $HOME/.gitconfig");
	assert_true(kh_root_exists(&host.root, "/store/build/home/.gitconfig"));
	assert_int_equal(kh_sandbox_open(&host.root, &config, sandbox.log_path, &next, &err), 0);
	assert_false(kh_root_exists(&host.root, "/store/build/home/.gitconfig"));
	assert_false(kh_root_exists(&host.root, "/store/build/home/ccache"));
	assert_true(kh_root_is_dir(&host.root, "/store/build/home/tmp"));
	kh_sandbox_done(&next);
}

/* Not below /tmp, where every step may write. */
static void a_step_changes_nothing_but_its_own_build(void **state)
{
	(void)state;
	char place[] = "/run/kvmhost-test-XXXXXX";
	long landlock = syscall(KH_LANDLOCK_CREATE, NULL, 0, KH_LANDLOCK_VERSION);
	if (geteuid() != 0 || landlock < 2 || !mkdtemp(place))
		skip();
	chmod(place, 0777);
	kh_auto(kh_free) char *own = kh_printf("%s/own", place);
	kh_auto(kh_free) char *script = kh_printf(
		"cd %s; mkdir own/a other && exit 1; mkdir own/a/b && echo x > own/a/b/x &&"
		" mv own/a/b own/b && ln own/b/x own/a/y && rm -r own/a &&"
		" ! sh -c '> sources' && ! rm kept && ! mv kept own/kept && ! sh -c '>> kept' &&"
		" echo x > /dev/null && cat kept > $TMPDIR/t",
		place);
	kh_auto(kh_free) char *kept = kh_printf("echo x > %s/kept && mkdir %s", place, own);
	must_run(kept);
	kh_strv_add(&sandbox.writable, own);
	kh_strv_add(&sandbox.writable, "/nowhere/at/all");
	must_run(script);
	const char *argv[] = {"rm", "-r", place, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_run(&kh_run_system, argv, 10, NULL, &err), 0);
}

/* A daemon in a session of its own does not outlive its step, nor keep us waiting. */
static void what_a_step_leaves_running_ends_with_it(void **state)
{
	(void)state;
	kh_auto(kh_free) char *mark = kh_printf("%s/store/build/home/tmp/alive", host.path);
	kh_auto(kh_free) char *script = kh_printf(
		"setsid sh -c 'sleep 2; touch %s' </dev/null >/dev/null 2>&1 & echo started", mark);
	if (!sandbox.is_isolated)
		skip();
	must_run(script);
	struct timespec pause = {2, 500000000};
	nanosleep(&pause, NULL);
	assert_int_not_equal(access(mark, F_OK), 0);
}

static void a_step_that_is_killed_says_by_what(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(run_script("kill -9 $$", &err), -1);
	assert_string_equal(err.message, "run 'sh': killed by signal 9 (Killed)");
}

static void a_directory_belongs_to_the_build_account_and_to_no_other(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct stat status;
	kh_auto(kh_free) char *path = kh_printf("%s/store/build/some/where", host.path);
	assert_int_equal(kh_sandbox_dir(&sandbox, path, &err), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, sandbox.uid);
	kh_auto(kh_free) char *write = kh_printf("echo x > %s/mine", path);
	must_run(write);
	assert_int_equal(kh_sandbox_dir(&sandbox, path, &err), 0);
	assert_true(kh_root_exists(&host.root, "/store/build/some/where/mine"));
	if (geteuid() == 0) { /* that of another account is begun anew */
		assert_int_equal(chown(path, sandbox.uid + 1, sandbox.gid), 0);
		assert_int_equal(kh_sandbox_dir(&sandbox, path, &err), 0);
		assert_false(kh_root_exists(&host.root, "/store/build/some/where/mine"));
	}
	fixture_link(&host, "/store/build/some/link", "/etc");
	kh_auto(kh_free) char *link = kh_printf("%s/store/build/some/link", host.path);
	assert_int_equal(kh_sandbox_dir(&sandbox, link, &err), -1);
	assert_non_null(strstr(err.message, "Not a directory"));
}

static void files_of_the_build_are_written_and_read_but_not_through_links(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *dir = kh_printf("%s/store/build/files", host.path);
	kh_auto(kh_free) char *path = kh_printf("%s/.config", dir);
	kh_auto(kh_free) char *text = NULL, *target = NULL;
	struct stat status;
	assert_int_equal(kh_sandbox_dir(&sandbox, dir, &err), 0);
	assert_int_equal(kh_sandbox_get(&sandbox, path, &text, &err), 1);
	/* What a build may have put there. */
	fixture_put(&host, "/victim", "untouched\n");
	fixture_link(&host, "/store/build/files/.config", "../../../victim");
	assert_int_equal(kh_sandbox_get(&sandbox, path, &text, &err), -1);
	kh_error_done(&err);
	assert_int_equal(kh_sandbox_put(&sandbox, path, "CONFIG_A=y\n", &err), 0);
	target = fixture_get(&host, "/victim");
	assert_string_equal(target, "untouched\n");
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_uid, sandbox.uid);
	assert_int_equal(kh_sandbox_get(&sandbox, path, &text, &err), 0);
	assert_string_equal(text, "CONFIG_A=y\n");
}

static void a_log_that_is_full_says_so_and_the_step_goes_on(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct stat status;
	assert_int_equal(stat(sandbox.log_path, &status), 0);
	off_t before = status.st_size;
	assert_int_equal(truncate(sandbox.log_path, KH_BUILD_LOG_BYTES - 100), 0);
	assert_int_equal(
		run_script("for i in 1 2 3 4 5 6 7 8 9; do echo 0123456789012345678; done; "
			   "echo end",
			   &err),
		0);
	assert_string_equal(lines.items[lines.count - 1], "end");
	assert_int_equal(stat(sandbox.log_path, &status), 0);
	assert_true(status.st_size <= KH_BUILD_LOG_BYTES + 100);
	kh_auto(kh_fclose) FILE *log = fopen(sandbox.log_path, "re");
	char tail[200] = "";
	assert_int_equal(fseek(log, -47, SEEK_END), 0);
	assert_non_null(fgets(tail, sizeof(tail), log));
	assert_string_equal(tail, "# the log is full: what comes now is not in it\n");
	assert_int_equal(truncate(sandbox.log_path, before), 0);
}

/* ---- error lines, from recorded logs ---- */

static void shows(const char *log, const char *wanted)
{
	struct kh_build_errors errors = {0};
	kh_auto(kh_strv_done) struct kh_strv all = {0};
	kh_strv_split_lines(&all, log);
	for (size_t i = 0; i < all.count; i++)
		kh_build_errors_take(&errors, all.items[i]);
	kh_auto(kh_free) char *text = kh_build_errors_text(&errors);
	kh_build_errors_done(&errors);
	assert_string_equal(text, wanted);
}

static void the_compiler_s_word_comes_before_that_of_make(void **state)
{
	(void)state;
	shows("  CC      kernel/fork.o\n"
	      "kernel/fork.c: In function 'copy_process':\n"
	      "kernel/fork.c:2013:9: error: implicit declaration of function 'nonsense' "
	      "[-Werror=implicit-function-declaration]\n"
	      " 2013 |         nonsense();\n"
	      "      |         ^~~~~~~~\n"
	      "  CC      kernel/exit.o\n"
	      "cc1: some warnings being treated as errors\n"
	      "make[2]: *** [scripts/Makefile.build:250: kernel/fork.o] Error 1\n"
	      "make[1]: *** [Makefile:2001: kernel] Error 2\n"
	      "make: *** [Makefile:238: __sub-make] Error 2\n",
	      "  kernel/fork.c: In function 'copy_process':\n"
	      "  kernel/fork.c:2013:9: error: implicit declaration of function 'nonsense' "
	      "[-Werror=implicit-function-declaration]\n"
	      "   2013 |         nonsense();\n"
	      "        |         ^~~~~~~~");
}

static void ninja_meson_configure_and_the_linker_are_understood(void **state)
{
	(void)state;
	shows("[1/2] Compiling C object a.p/a.c.o\n"
	      "FAILED: a.p/a.c.o \n"
	      "cc -Ia.p -o a.p/a.c.o -c ../a.c\n"
	      "../a.c:1:10: fatal error: nowhere.h: No such file or directory\n"
	      "compilation terminated.\n"
	      "ninja: build stopped: subcommand failed.\n",
	      "  ../a.c:1:10: fatal error: nowhere.h: No such file or directory");
	shows("Run-time dependency glib-2.0 found: NO (tried pkgconfig)\n\n"
	      "../meson.build:1001:0: ERROR: Dependency \"glib-2.0\" not found, tried pkgconfig\n\n"
	      "A full log can be found at /b/meson-logs/meson-log.txt\n",
	      "  ../meson.build:1001:0: ERROR: Dependency \"glib-2.0\" not found, tried "
	      "pkgconfig");
	shows("\nERROR: Cannot find Ninja\n\n", "  ERROR: Cannot find Ninja");
	shows("/usr/bin/ld: a.o: in function `main':\n"
	      "a.c:(.text+0xa): undefined reference to `nothing'\n"
	      "collect2: error: ld returned 1 exit status\n",
	      "  /usr/bin/ld: a.o: in function `main':\n"
	      "  a.c:(.text+0xa): undefined reference to `nothing'\n"
	      "  collect2: error: ld returned 1 exit status");
	shows("/bin/sh: 1: bison: not found\n"
	      "make[2]: *** [scripts/Makefile.host:17: scripts/kconfig/parser.tab.h] Error 127\n",
	      "  /bin/sh: 1: bison: not found");
	shows("  HOSTCC  scripts/x\nmake[1]: *** [scripts/Makefile.build:250: x] Error 1\n",
	      "  make[1]: *** [scripts/Makefile.build:250: x] Error 1");
}

static void a_full_disk_and_lack_of_memory_are_named(void **state)
{
	(void)state;
	shows("  LD      vmlinux.o\n"
	      "ld: final link failed: No space left on device\n"
	      "make: *** [Makefile:1250: vmlinux] Error 1\n",
	      "  ld: final link failed: No space left on device");
	shows("cc: fatal error: Killed signal terminated program cc1\n"
	      "compilation terminated.\n",
	      "  cc: fatal error: Killed signal terminated program cc1");
}

static void the_first_error_comes_with_its_source_and_what_led_to_it(void **state)
{
	(void)state;
	shows("  CC      kernel/fork.o\n"
	      "kernel/other.c: In function 'fine':\n"
	      "  CC      kernel/exec_domain.o\n"
	      "In file included from ./include/linux/list.h:5,\n"
	      "                 from kernel/fork.c:14:\n"
	      "kernel/fork.c: In function 'copy_process':\n"
	      "kernel/fork.c:2013:9: error: 'nonsense' undeclared (first use in this function)\n"
	      " 2013 |         nonsense = 1;\n"
	      "      |         ^~~~~~~~\n"
	      "kernel/fork.c:2013:9: note: each undeclared identifier is reported only once\n"
	      " 2013 |         not of the error\n"
	      "kernel/fork.c:2020:9: error: expected ';'\n"
	      " 2020 |         of the second\n"
	      "make[3]: *** [scripts/Makefile.build:250: kernel/fork.o] Error 1\n",
	      "  In file included from ./include/linux/list.h:5,\n"
	      "                   from kernel/fork.c:14:\n"
	      "  kernel/fork.c: In function 'copy_process':\n"
	      "  kernel/fork.c:2013:9: error: 'nonsense' undeclared (first use in this function)\n"
	      "   2013 |         nonsense = 1;\n"
	      "        |         ^~~~~~~~\n"
	      "  kernel/fork.c:2020:9: error: expected ';'");
}

static void a_symbol_that_is_missing_comes_with_the_function_that_needs_it(void **state)
{
	(void)state;
	shows("/usr/bin/ld: a.o: in function `main':\n"
	      "a.c:(.text+0x5): undefined reference to `nowhere'\n"
	      "collect2: error: ld returned 1 exit status\n",
	      "  /usr/bin/ld: a.o: in function `main':\n"
	      "  a.c:(.text+0x5): undefined reference to `nowhere'\n"
	      "  collect2: error: ld returned 1 exit status");
}

static void names_that_merely_look_like_errors_are_not(void **state)
{
	(void)state;
	shows("  CC      lib/error.o\n"
	      "checking for strerror: yes\n"
	      "cc -Werror -o x x.c\n"
	      "Program perl found: NO\n"
	      "the last line\n",
	      "    CC      lib/error.o\n  checking for strerror: yes\n  cc -Werror -o x x.c\n"
	      "  Program perl found: NO\n  the last line");
}

static void no_more_than_five_lines_are_shown(void **state)
{
	(void)state;
	shows("a.c:1:1: error: a\na.c:1:1: error: a\nb.c:1:1: error: b\nc.c:1:1: error: c\n"
	      "d.c:1:1: error: d\ne.c:1:1: error: e\nf.c:1:1: error: f\n",
	      "  a.c:1:1: error: a\n  b.c:1:1: error: b\n  c.c:1:1: error: c\n"
	      "  d.c:1:1: error: d\n  e.c:1:1: error: e");
	shows("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_never_root_and_cannot_become_it),
		cmocka_unit_test(a_step_sees_no_network_but_a_loopback_that_is_down),
		cmocka_unit_test(a_step_has_a_clean_environment_of_its_own),
		cmocka_unit_test(a_step_inherits_no_descriptor),
		cmocka_unit_test(output_goes_line_by_line_to_the_log_and_to_who_asks),
		cmocka_unit_test(a_failure_shows_the_error_lines_and_where_the_log_is),
		cmocka_unit_test(a_signal_to_us_ends_the_step_and_all_it_started),
		cmocka_unit_test(a_log_that_is_full_says_so_and_the_step_goes_on),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error),
		cmocka_unit_test(silence_ends_a_step_with_all_it_started),
		cmocka_unit_test(a_build_cannot_leave_what_nobody_can_remove),
		cmocka_unit_test(what_a_build_left_at_home_is_not_there_for_the_next),
		cmocka_unit_test(a_step_changes_nothing_but_its_own_build),
		cmocka_unit_test(what_a_step_leaves_running_ends_with_it),
		cmocka_unit_test(a_step_that_is_killed_says_by_what),
		cmocka_unit_test(a_directory_belongs_to_the_build_account_and_to_no_other),
		cmocka_unit_test(files_of_the_build_are_written_and_read_but_not_through_links),
		cmocka_unit_test(the_compiler_s_word_comes_before_that_of_make),
		cmocka_unit_test(ninja_meson_configure_and_the_linker_are_understood),
		cmocka_unit_test(a_full_disk_and_lack_of_memory_are_named),
		cmocka_unit_test(the_first_error_comes_with_its_source_and_what_led_to_it),
		cmocka_unit_test(a_symbol_that_is_missing_comes_with_the_function_that_needs_it),
		cmocka_unit_test(names_that_merely_look_like_errors_are_not),
		cmocka_unit_test(no_more_than_five_lines_are_shown),
	};
	return cmocka_run_group_tests(tests, open_sandbox, close_sandbox);
}
