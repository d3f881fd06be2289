/* test_hostile_write.c - with --root nothing outside of the root is written, whatever the command:
 * every call that opens for writing or changes by name is watched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "tests/lib/hostile.h"

/* Where output goes, and nothing else. */
static bool is_allowed(const char *line)
{
	static const char *const allowed[] = {"open /dev/null", "open /dev/tty"};
	return kh_str_is_one_of(line, allowed, KH_COUNT(allowed));
}

/* "rename to /dev/shm/kvmhost-test.X/etc/fstab": the part from the first '/' on is the path. */
static bool is_below(const char *line, const char *root)
{
	const char *path = strchr(line, '/');
	size_t length = strlen(root);
	if (!path || strncmp(path, root, length) != 0 || (path[length] && path[length] != '/'))
		return false;
	return !strstr(path, "/../");
}

/* least: so many changes are made, or nothing was seen. */
static void check_command(struct hostile *host, size_t least, const char *name, ...)
{
	struct spy spy;
	va_list words;
	va_start(words, name);
	const char *reason = NULL;
	int result = hostile_watch(host, &spy, &reason, name, words);
	va_end(words);
	if (result != 0) {
		print_message("[  SKIPPED ] %s\n", reason);
		skip();
	}
	assert_false(spy.timed_out);
	assert_true(spy.status <= 7);
	assert_true(spy.opened.count > 10);
	for (size_t i = 0; i < spy.changed.count; i++)
		if (!is_below(spy.changed.items[i], host->fixture.path) &&
		    !is_allowed(spy.changed.items[i]))
			fail_msg("kvmhost %s: %s", name, spy.changed.items[i]);
	assert_true(spy.changed.count >= least);
	spy_done(&spy);
}

/* Links in all the places that could lead out. */
static void put_traps(struct hostile *host)
{
	static const char *const dirs[] = {"/etc/sysctl.d", "/etc/modprobe.d", "/etc/udev/rules.d",
					   "/etc/systemd/system", "/var/lib/kvmhost"};
	kh_auto(kh_free) char *inside = kh_printf("%s/file", host->outside);
	fixture_put(&host->fixture, inside, "the same path inside\n");
	for (size_t i = 0; i < KH_COUNT(dirs); i++) {
		kh_auto(kh_free) char *target =
			kh_printf("../../../../../../../..%s", host->outside);
		fixture_remove(&host->fixture, dirs[i]);
		fixture_link(&host->fixture, dirs[i], i % 2 ? target : host->outside);
	}
}

/* Only proc/ and sys/ were captured there: nothing can be applied. */
static const char recorded[] = "recorded-proc-sys";

static void check_root(const char *name, bool has_traps)
{
	struct hostile host;
	hostile_open(&host, name);
	if (has_traps)
		put_traps(&host);
	check_command(&host, 0, "plan", NULL);
	check_command(&host, 0, "report", NULL);
	check_command(&host, 0, "facts", NULL);
	check_command(&host, strcmp(name, recorded) == 0 ? 0 : 10, "apply", "--yes", NULL);
	check_command(&host, 0, "apply", "--yes", NULL);
	check_command(&host, 0, "history", NULL);
	check_command(&host, 0, "fetch", NULL);
	check_command(&host, 0, "build", NULL);
	check_command(&host, 0, "store", "list", NULL);
	check_command(&host, 0, "init", "--force", NULL);
	check_command(&host, 0, "undo", "--all", "--force", NULL);
	hostile_check_outside(&host);
	hostile_close(&host);
}

static void nothing_outside_of_the_root_is_written(void **state)
{
	(void)state;
	/* one of each network manager and boot loader; KVMHOST_LONG=1: every one */
	static const char *const some[] = {"centos6-grub-legacy", "centos7-ifcfg-uefi",
					   "debian13-networkd", "ubuntu2404-netplan"};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	for (size_t i = 0; i < names.count; i++)
		if (getenv("KVMHOST_LONG") ||
		    kh_str_is_one_of(names.items[i], some, KH_COUNT(some)))
			check_root(names.items[i], false);
}

static void nothing_outside_is_written_where_links_lead_out(void **state)
{
	(void)state;
	check_root("debian12-ifupdown", true);
	check_root("rocky9-bls-nm", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_outside_of_the_root_is_written),
		cmocka_unit_test(nothing_outside_is_written_where_links_lead_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
