/* test_obstacles.c - what stands in the way of a run: another run, the distribution's package
 * manager, a read-only /etc, an immutable file, no room in /boot or for the journal, a link that
 * leads nowhere, a file that somebody replaced meanwhile. Each has a clear outcome, nothing is
 * half-done, and when the obstacle is gone `apply` ends as always and `undo` gives the host back.
 *
 * What needs mounts is skipped without root rights, and where a mount namespace cannot be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/packages.h"
#include "tests/crash/crash_host.h"

static struct crash_host host;
static char *original, *applied;
static bool can_mount;
static struct fixture copy; /* of the host, fresh for each test */

/* ---- running ---- */

static void expect_run(const char *command, int status, const char *text)
{
	struct watch watch = {0};
	int found = crash_run(&host, &copy, &watch, command);
	if (found != status || (text && !strstr(watch.output, text)))
		fail_msg("%s: exit status %d, not %d, or without '%s':\n%s", command, found, status,
			 text ? text : "", watch.output);
	watch_done(&watch);
}

static void expect_tree(const char *wanted)
{
	kh_auto(kh_free) char *found = crash_tree(&copy);
	if (strcmp(found, wanted) == 0)
		return;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, found);
	for (size_t i = 0; i < lines.count; i++)
		if (!strstr(wanted, lines.items[i]))
			print_message("# another: %s\n", lines.items[i]);
	fail_msg("the tree differs");
}

/* All is well again. */
static void expect_both_ways(void)
{
	expect_run("apply", KH_OK, NULL);
	expect_tree(applied);
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
}

static char *host_path(const char *path)
{
	return kh_printf("%s%s", copy.path, path);
}

static void expect_text_of(const char *path, const char *wanted)
{
	kh_auto(kh_free) char *text = fixture_get(&copy, path);
	if (!text || !strstr(text, wanted))
		fail_msg("'%s' is not in %s: %s", wanted, path, text ? text : "(absent)");
}

/* ---- one at a time ---- */

static pid_t start_apply(FILE *output)
{
	kh_auto(kh_free) char *config = host_path(crash_config);
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	dup2(fileno(output), 1);
	dup2(fileno(output), 2);
	execl(host.program, host.program, "--root", copy.path, "--config", config, "apply", "--yes",
	      "--quiet", (char *)NULL);
	_exit(127);
}

static bool is_refused(int status, const char *text)
{
	if (status == 0)
		return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == KH_SYSTEM &&
	    strstr(text, "another kvmhost is at work: pid "))
		return true;
	print_message("# status %d: %s\n", status, text);
	return false;
}

static void of_two_runs_at_once_one_does_the_work_and_the_other_says_who_does(void **state)
{
	(void)state;
	enum { AT_ONCE = 6 };
	FILE *outputs[AT_ONCE];
	pid_t pids[AT_ONCE];
	int done = 0, refused = 0;
	for (int i = 0; i < AT_ONCE; i++) {
		outputs[i] = tmpfile();
		assert_non_null(outputs[i]);
		pids[i] = start_apply(outputs[i]);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		int status = 0;
		char text[4096] = "";
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		rewind(outputs[i]);
		text[fread(text, 1, sizeof(text) - 1, outputs[i])] = '\0';
		fclose(outputs[i]);
		done += status == 0;
		refused += is_refused(status, text);
	}
	assert_int_equal(done + refused, AT_ONCE);
	assert_in_range(done, 1, AT_ONCE - 1);
	expect_both_ways();
}

/* A process that holds a lock as dpkg and rpm do, for so long. */
static pid_t hold(const char *path, short type, unsigned milliseconds)
{
	kh_auto(kh_free) char *full = host_path(path);
	fixture_put(&copy, path, "");
	int ready[2];
	char byte = 0;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
		int fd = open(full, O_RDWR | O_CLOEXEC);
		if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || write(ready[1], "1", 1) != 1)
			_exit(1);
		usleep(milliseconds * 1000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void release(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_package_run_is_waited_for_and_told(void **state)
{
	(void)state;
	pid_t dpkg = hold("/var/lib/dpkg/lock-frontend", F_WRLCK, 700);
	kh_auto(kh_free) char *text =
		kh_printf("packages are being installed or removed by pid %d, '", (int)dpkg);
	expect_run("apply", KH_OK, text);
	release(dpkg);
	dpkg = hold("/var/lib/dpkg/lock-frontend", F_WRLCK, 700);
	expect_run("undo", KH_OK, "which holds '/var/lib/dpkg/lock-frontend': waiting");
	release(dpkg);
	fixture_remove(&copy, "/var/lib/dpkg/lock-frontend");
	expect_both_ways();
}

static void a_package_run_that_does_not_end_is_an_error_that_names_it(void **state)
{
	(void)state;
	static const char *const paths[] = {"/var/lib/dpkg/lock", "/var/lib/rpm/.rpm.lock"};
	for (size_t i = 0; i < KH_COUNT(paths); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		pid_t pid = hold(paths[i], F_WRLCK, 60000);
		kh_auto(kh_free) char *begin = kh_printf(
			"packages are still being installed or removed after 1 s by pid %d, '",
			(int)pid);
		kh_auto(kh_free) char *end = kh_printf("', which holds '%s'", paths[i]);
		assert_int_equal(kh_packages_wait(&copy.root, 1, NULL, &err), -1);
		assert_int_equal(err.code, KH_SYSTEM);
		assert_true(kh_str_starts(err.message, begin));
		assert_true(kh_str_ends(err.message, end));
		assert_non_null(err.hint);
		release(pid);
		fixture_remove(&copy, paths[i]);
	}
}

static void who_only_reads_the_package_database_is_not_waited_for(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	pid_t rpm = hold("/var/lib/rpm/.rpm.lock", F_RDLCK, 60000);
	assert_int_equal(kh_packages_wait(&copy.root, 0, NULL, &err), 0);
	release(rpm);
}

/* ---- file systems ---- */

static void need_mounts(void)
{
	if (!can_mount) {
		print_message("# no mounts: not root, or no mount namespace\n");
		skip();
	}
}

static void must(int result, const char *what)
{
	if (result != 0)
		fail_msg("%s: %s", what, strerror(errno));
}

static void a_read_only_etc_is_told_before_anything_is_changed(void **state)
{
	(void)state;
	need_mounts();
	kh_auto(kh_free) char *etc = host_path("/etc");
	must(mount(etc, etc, NULL, MS_BIND, NULL), etc);
	must(mount(NULL, etc, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), etc);
	expect_run("apply", KH_HOST, "'/etc' is on a read-only file system\n  hint: remount it");
	expect_tree(original);
	must(umount(etc), etc);
	expect_both_ways();
}

/* As a file system that has found an error does by itself. */
static void make_read_only(const struct watch *watch)
{
	kh_auto(kh_free) char *etc = host_path("/etc");
	(void)watch;
	must(mount(NULL, etc, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), etc);
}

static void an_etc_that_becomes_read_only_in_the_middle_stops_the_work_and_it_goes_on_later(
	void **state)
{
	(void)state;
	need_mounts();
	if (!watch_is_possible())
		skip();
	kh_auto(kh_free) char *etc = host_path("/etc");
	struct watch watch = {.target = 260, .meet = make_read_only};
	must(mount(etc, etc, NULL, MS_BIND, NULL), etc);
	assert_int_equal(crash_run(&host, &copy, &watch, "apply"), KH_SYSTEM);
	if (!strstr(watch.output, ": Read-only file system\n  hint: that file system is mounted"))
		fail_msg("%s", watch.output);
	watch_done(&watch);
	must(umount(etc), etc);
	expect_run("apply", KH_OK, NULL);
	expect_tree(applied);
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
}

static void an_undo_that_meets_a_read_only_etc_goes_on_later(void **state)
{
	(void)state;
	need_mounts();
	kh_auto(kh_free) char *etc = host_path("/etc");
	expect_run("apply", KH_OK, NULL);
	must(mount(etc, etc, NULL, MS_BIND, NULL), etc);
	must(mount(NULL, etc, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), etc);
	expect_run("undo", KH_SYSTEM, ": Read-only file system\n  hint: that file system");
	must(umount(etc), etc);
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
}

static int set_immutable(const char *path, bool is_immutable)
{
	kh_auto(kh_free) char *full = host_path(path);
	kh_auto(kh_close) int fd = open(full, O_RDONLY | O_CLOEXEC);
	int flags = 0;
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		return -1;
	flags = is_immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static void an_immutable_file_is_named_with_the_way_out(void **state)
{
	(void)state;
	static const char text[] = "'/etc/fstab': Operation not permitted\n  hint: the file or its "
				   "directory may be immutable";
	if (set_immutable("/etc/fstab", true) != 0) {
		print_message("# no immutable files: not root, or not on this file system\n");
		skip();
	}
	expect_run("apply", KH_SYSTEM, text);
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
	expect_run("apply", KH_SYSTEM, text);
	must(set_immutable("/etc/fstab", false), "chattr -i");
	expect_run("apply", KH_OK, NULL);
	expect_tree(applied);
	must(set_immutable("/etc/fstab", true), "chattr +i");
	expect_run("undo", KH_SYSTEM, "write '/etc/fstab' from ");
	must(set_immutable("/etc/fstab", false), "chattr -i");
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
}

/* A file system of its own at PATH, with what is there, and no room for more. */
static void mount_full(const char *path)
{
	kh_auto(kh_free) char *full = host_path(path);
	kh_auto(kh_free) char *all = kh_printf("%s/.", full);
	kh_auto(kh_free) char *before = host_path("/.before");
	kh_auto(kh_free) char *filler = kh_printf("%s/filler", full);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *saved = kh_printf("%s/.", before);
	static char block[65536];
	must(mkdir(before, 0700), before);
	crash_must(kh_run(&kh_run_system, (const char *const[]){"cp", "-a", all, before, NULL}, 60,
			  NULL, &err),
		   &err);
	must(mount("full", full, "tmpfs", 0, "size=24m,mode=0755"), full);
	crash_must(kh_run(&kh_run_system, (const char *const[]){"cp", "-a", saved, full, NULL}, 60,
			  NULL, &err),
		   &err);
	fixture_remove(&copy, "/.before");
	kh_auto(kh_close) int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && write(fd, block, sizeof(block)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
}

static void a_full_boot_refuses_the_kernel_and_nothing_of_it_is_left(void **state)
{
	(void)state;
	need_mounts();
	kh_auto(kh_free) char *boot = host_path("/boot");
	mount_full("/boot");
	expect_run("apply", KH_HOST, "only 0 MiB free at '/boot'");
	kh_auto(kh_free) char *image = kh_printf("/boot/vmlinuz-%s", crash_release);
	kh_auto(kh_free) char *modules = kh_printf("/lib/modules/%s", crash_release);
	assert_false(kh_root_exists(&copy.root, image));
	assert_false(kh_root_exists(&copy.root, modules));
	fixture_remove(&copy, "/boot/filler");
	expect_run("apply", KH_OK, NULL);
	expect_tree(applied);
	expect_run("undo", KH_OK, NULL);
	expect_tree(original);
	must(umount(boot), boot);
}

static void without_room_for_the_journal_nothing_is_begun(void **state)
{
	(void)state;
	need_mounts();
	kh_auto(kh_free) char *own = host_path("/var/lib/kvmhost");
	must(mkdir(own, 0755), own);
	mount_full("/var/lib/kvmhost");
	expect_run("apply", KH_SYSTEM, "No space left on device");
	must(umount(own), own);
	must(rmdir(own), own);
	expect_tree(original);
	expect_both_ways();
}

/* ---- links and other people's files ---- */

static void a_link_that_leads_nowhere_is_kept_and_what_it_means_is_made(void **state)
{
	(void)state;
	fixture_link(&copy, "/etc/rc.local", "rc.d/rc.local");
	kh_auto(kh_free) char *directory = host_path("/etc/rc.d");
	must(mkdir(directory, 0755), directory);
	kh_auto(kh_free) char *before = crash_tree(&copy);
	expect_run("apply", KH_OK, NULL);
	kh_auto(kh_free) char *target = kh_root_readlink(&copy.root, "/etc/rc.local");
	assert_string_equal(target, "rc.d/rc.local");
	expect_text_of("/etc/rc.d/rc.local", "ksm");
	expect_run("undo", KH_OK, NULL);
	expect_tree(before);
}

static void a_link_into_a_directory_that_is_not_there_has_that_made_and_taken_away(void **state)
{
	(void)state;
	fixture_link(&copy, "/etc/rc.local", "/srv/nowhere/rc.local");
	kh_auto(kh_free) char *before = crash_tree(&copy);
	expect_run("apply", KH_OK, NULL);
	expect_text_of("/srv/nowhere/rc.local", "ksm");
	expect_run("undo", KH_OK, NULL);
	expect_tree(before);
}

static void replace_fstab(const struct watch *watch)
{
	(void)watch;
	kh_auto(kh_free) char *text = fixture_get(&copy, "/etc/fstab");
	kh_auto(kh_free) char *edited = kh_printf("# somebody's\n%s", text);
	kh_auto(kh_free) char *from = host_path("/etc/fstab.new");
	kh_auto(kh_free) char *to = host_path("/etc/fstab");
	fixture_put(&copy, "/etc/fstab.new", edited);
	must(rename(from, to), to);
}

static void a_file_replaced_after_it_was_planned_is_left_alone(void **state)
{
	(void)state;
	if (!watch_is_possible())
		skip();
	/* In front of its 30th call it has planned the files of the first phase; fstab comes in
	 * another, so try until it is met in that one. */
	bool is_met = false;
	for (int n = 30; n < 400 && !is_met; n += 12) {
		struct watch watch = {.target = n, .meet = replace_fstab};
		fixture_close(&copy);
		crash_copy(&copy, host.base.fixture.path, host.is_live);
		int status = crash_run(&host, &copy, &watch, "apply");
		is_met = status == KH_SYSTEM &&
			 strstr(watch.output,
				"'/etc/fstab' was changed while kvmhost was at work") &&
			 strstr(watch.output, "nothing was written to it; run the command again");
		if (!is_met && status != KH_OK)
			fail_msg("met at call %d: exit status %d: %s", n, status, watch.output);
		expect_text_of("/etc/fstab", "# somebody's\n");
		watch_done(&watch);
	}
	assert_true(is_met);
	expect_run("apply", KH_OK, NULL);
	expect_text_of("/etc/fstab", "# somebody's\n");
	expect_text_of("/etc/fstab", "/dev/hugepages1G");
	expect_run("undo", KH_OK, NULL);
	expect_text_of("/etc/fstab", "# somebody's\n");
}

static void what_was_edited_between_plan_and_apply_is_kept(void **state)
{
	(void)state;
	kh_auto(kh_free) char *config = host_path(crash_config);
	const char *const plan[] = {host.program, "--root", copy.path, "--config",
				    config,       "plan",   NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	crash_must(kh_run(&kh_run_system, plan, 60, NULL, &err), &err);
	replace_fstab(NULL);
	kh_auto(kh_free) char *before = crash_tree(&copy);
	expect_run("apply", KH_OK, NULL);
	expect_text_of("/etc/fstab", "# somebody's\n");
	expect_text_of("/etc/fstab", "/dev/hugepages1G");
	expect_run("undo", KH_OK, NULL);
	expect_tree(before);
}

/* ---- the host ---- */

static int set_up_all(void **state)
{
	(void)state;
	struct watch watch = {0};
	can_mount = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	crash_host_open(&host, "debian12-ifupdown");
	crash_copy(&copy, host.base.fixture.path, host.is_live);
	original = crash_tree(&copy);
	if (crash_run(&host, &copy, &watch, "apply") != KH_OK)
		fail_msg("%s", watch.output);
	applied = crash_tree(&copy);
	watch_done(&watch);
	fixture_close(&copy);
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	kh_free(&original);
	kh_free(&applied);
	crash_host_close(&host);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	crash_copy(&copy, host.base.fixture.path, host.is_live);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const mounts[] = {"/etc", "/boot", "/var/lib/kvmhost"};
	(void)state;
	set_immutable("/etc/fstab", false);
	for (size_t i = 0; i < KH_COUNT(mounts); i++) {
		kh_auto(kh_free) char *full = host_path(mounts[i]);
		if (can_mount)
			umount2(full, MNT_DETACH); /* of a test that has failed */
	}
	fixture_close(&copy);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_two_runs_at_once_one_does_the_work_and_the_other_says_who_does),
		TEST(a_package_run_is_waited_for_and_told),
		TEST(a_package_run_that_does_not_end_is_an_error_that_names_it),
		TEST(who_only_reads_the_package_database_is_not_waited_for),
		TEST(a_read_only_etc_is_told_before_anything_is_changed),
		TEST(an_etc_that_becomes_read_only_in_the_middle_stops_the_work_and_it_goes_on_later),
		TEST(an_undo_that_meets_a_read_only_etc_goes_on_later),
		TEST(an_immutable_file_is_named_with_the_way_out),
		TEST(a_full_boot_refuses_the_kernel_and_nothing_of_it_is_left),
		TEST(without_room_for_the_journal_nothing_is_begun),
		TEST(a_link_that_leads_nowhere_is_kept_and_what_it_means_is_made),
		TEST(a_link_into_a_directory_that_is_not_there_has_that_made_and_taken_away),
		TEST(a_file_replaced_after_it_was_planned_is_left_alone),
		TEST(what_was_edited_between_plan_and_apply_is_kept),
	};
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
