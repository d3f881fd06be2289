/* The stage `preflight`. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static void an_ordinary_host_passes_without_a_word(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	host.context.is_apply = true;
	assert_string_equal(stage_host_plan(&host, &kh_stage_preflight), "");
	stage_host_close(&host);
}

static void another_machine_is_refused_even_in_a_plan(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	kh_free(&host.facts.os.machine);
	host.facts.os.machine = kh_strdup("aarch64");
	assert_null(stage_host_plan(&host, &kh_stage_preflight));
	assert_int_equal(host.err.code, KH_HOST);
	expect_text(host.err.message, "'aarch64'");
	stage_host_check(&host, &kh_stage_preflight);
	assert_string_equal(stage_host_status(&host, "preflight.arch"), "fail");
	stage_host_close(&host);
}

static void a_recorded_host_can_be_planned_for_but_not_applied_to(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "recorded-proc-sys", "");
	assert_non_null(stage_host_plan(&host, &kh_stage_preflight));
	host.context.is_apply = true;
	assert_null(stage_host_plan(&host, &kh_stage_preflight));
	assert_int_equal(host.err.code, KH_HOST);
	expect_text(host.err.message, "it is a recorded host, not a system");
	stage_host_close(&host);
}

static void missing_virtualization_is_a_warning_only(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, NULL, "");
	fixture_put(&host.fixture, "/etc/fstab", "");
	fixture_put(&host.fixture, "/proc/cpuinfo",
		    "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu lm\n\n");
	stage_host_configure(&host, "");
	host.context.is_apply = true;
	expect_text(stage_host_plan(&host, &kh_stage_preflight), "no hardware virtualization");
	stage_host_close(&host);
}

static void secure_boot_container_and_little_memory_are_said(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	host.facts.boot.secure_boot = KH_SECURE_BOOT_ON;
	host.facts.os.is_container = true;
	host.facts.memory.total_kib = 1 << 20;
	const char *text = stage_host_plan(&host, &kh_stage_preflight);
	expect_text(text, "Secure Boot is on");
	expect_text(text, "this is a container");
	expect_text(text, "only 1024 MiB of memory");
	stage_host_close(&host);
}

/* A process that holds the lock until it is killed. */
static pid_t hold(const struct stage_host *host, const char *path)
{
	kh_auto(kh_free) char *full = kh_printf("%s%s", host->fixture.path, path);
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(full, O_RDWR | O_CLOEXEC);
		if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_package_manager_at_work_stops_an_apply_and_warns_a_plan(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	fixture_put(&host.fixture, "/var/lib/dpkg/lock-frontend", "");
	pid_t pid = hold(&host, "/var/lib/dpkg/lock-frontend");
	host.fixture.root.is_live = true;
	kh_auto(kh_free) char *who = kh_printf("(pid %d) holds '/var/lib/dpkg/lock-frontend'", pid);
	expect_text(stage_host_plan(&host, &kh_stage_preflight), "apply would refuse");
	expect_text(host.text, who);
	if (kh_probe_is_superuser()) {
		host.context.is_apply = true;
		assert_null(stage_host_plan(&host, &kh_stage_preflight));
		assert_int_equal(host.err.code, KH_HOST);
		expect_text(host.err.message, who);
		assert_non_null(host.err.hint);
	}
	stage_host_check(&host, &kh_stage_preflight);
	assert_string_equal(stage_host_status(&host, "preflight.package_manager"), "warn");
	let_go(pid);
	stage_host_check(&host, &kh_stage_preflight);
	assert_string_equal(stage_host_status(&host, "preflight.package_manager"), "pass");
	stage_host_close(&host);
}

static void locks_of_another_root_are_left_alone(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	fixture_put(&host.fixture, "/var/lib/dpkg/lock-frontend", "");
	pid_t pid = hold(&host, "/var/lib/dpkg/lock-frontend");
	host.context.is_apply = true;
	assert_string_equal(stage_host_plan(&host, &kh_stage_preflight), "");
	let_go(pid);
	stage_host_close(&host);
}

static void a_pid_file_counts_only_while_the_package_manager_lives(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_probe_lock_done) struct kh_probe_lock lock = {0};
	stage_host_open(&host, "centos7-ifcfg-bios", "");
	host.fixture.root.is_live = true;
	fixture_put(&host.fixture, "/run/yum.pid", "4242");
	kh_probe_package_manager(&host.fixture.root, &lock);
	assert_null(lock.path);
	fixture_put(&host.fixture, "/proc/4242/comm", "yum\n");
	kh_probe_package_manager(&host.fixture.root, &lock);
	assert_string_equal(lock.path, "/run/yum.pid");
	assert_int_equal(lock.pid, 4242);
	stage_host_close(&host);
}

static void room_is_asked_of_the_nearest_directory_that_exists(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, NULL, "");
	assert_true(kh_probe_free_bytes(&host.fixture.root, "/var/lib/kvmhost") > 0);
	assert_false(kh_probe_is_read_only(&host.fixture.root, "/etc"));
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_host_passes_without_a_word),
		cmocka_unit_test(another_machine_is_refused_even_in_a_plan),
		cmocka_unit_test(a_recorded_host_can_be_planned_for_but_not_applied_to),
		cmocka_unit_test(missing_virtualization_is_a_warning_only),
		cmocka_unit_test(secure_boot_container_and_little_memory_are_said),
		cmocka_unit_test(a_package_manager_at_work_stops_an_apply_and_warns_a_plan),
		cmocka_unit_test(locks_of_another_root_are_left_alone),
		cmocka_unit_test(a_pid_file_counts_only_while_the_package_manager_lives),
		cmocka_unit_test(room_is_asked_of_the_nearest_directory_that_exists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
