/* live_host.h - the host of crash_host.h as a running system: kvmhost runs in it with chroot(2), so
 * that what is left to the boot below another root is done here: programs, triggers, running
 * values, the kernel's trial, packages. Its /proc and /sys are files; its programs are
 * tests/crash/programs.
 *
 * Needs root rights and a mount namespace of the test's own (CLONE_NEWNS): the machine's /usr is
 * mounted below /.host for libraries and tools.
 */
#ifndef TESTS_CRASH_LIVE_HOST_H
#define TESTS_CRASH_LIVE_HOST_H

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/crash_host.h"

/* ASan wants the real /proc. Enters the namespace. */
static bool live_is_possible(void)
{
#ifdef __SANITIZE_ADDRESS__
	return false;
#endif
	return geteuid() == 0 && watch_is_possible() && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static const char live_usr[] = "/.host";

/* The directory of the C library, and the loader of programs, as paths below /usr. */
struct live_places {
	char *libraries, *loader;
};

static int live_see_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct live_places *places = data;
	(void)size;
	if (strstr(info->dlpi_name, "/libc.so.6"))
		places->libraries =
			kh_strndup(info->dlpi_name, strlen(info->dlpi_name) - strlen("/libc.so.6"));
	if (strstr(info->dlpi_name, "/ld-linux") || strstr(info->dlpi_name, "/ld64"))
		places->loader = kh_strdup(info->dlpi_name);
	return 0;
}

static const char *live_below_usr(const char *path)
{
	return kh_str_starts(path, "/usr/") ? path + strlen("/usr") : path;
}

static void live_link(struct fixture *fixture, const char *path, const char *below_usr)
{
	kh_auto(kh_free) char *target = kh_printf("%s%s", live_usr, below_usr);
	fixture_remove(fixture, path);
	fixture_link(fixture, path, target);
}

static void live_put_programs(struct fixture *fixture)
{
	static const char *const names[] = {"/usr/sbin/update-grub", "/usr/bin/run-parts",
					    "/usr/sbin/grub-reboot", "/usr/bin/grub-editenv",
					    "/usr/bin/apt-get"};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *programs = kh_printf("%s/.programs", fixture->path);
	const char *const argv[] = {"cp", "tests/crash/programs", programs, NULL};
	crash_must(kh_run(&kh_run_system, argv, 10, NULL, &err), &err);
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *full = kh_printf("%s%s", fixture->path, names[i]);
		fixture_remove(fixture, names[i]);
		assert_int_equal(link(programs, full), 0);
	}
}

static void live_put_libraries(struct crash_host *host)
{
	struct fixture *fixture = &host->base.fixture;
	struct live_places places = {0};
	kh_auto(kh_free) char *mount_point = kh_printf("%s%s", fixture->path, live_usr);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *program = kh_printf("%s/.kvmhost", fixture->path);
	const char *const argv[] = {"cp", host->program, program, NULL};
	assert_int_equal(mkdir(mount_point, 0755), 0);
	dl_iterate_phdr(live_see_object, &places);
	assert_non_null(places.libraries);
	assert_non_null(places.loader);
	kh_auto(kh_free) char *libraries = kh_printf("/usr%s", live_below_usr(places.libraries));
	live_link(fixture, libraries, live_below_usr(places.libraries));
	const char *name = strrchr(places.loader, '/') + 1;
	kh_auto(kh_free) char *loader = kh_printf("/usr/lib64/%s", name);
	kh_auto(kh_free) char *target = kh_printf("%s/%s", live_below_usr(places.libraries), name);
	live_link(fixture, loader, target);
	live_link(fixture, "/usr/bin/sh", "/bin/sh");
	crash_must(kh_run(&kh_run_system, argv, 10, NULL, &err), &err);
	kh_free(&places.libraries);
	kh_free(&places.loader);
}

/* From now on the menu is what our update-grub makes of the files. */
static void live_make_menu(const struct fixture *fixture)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *usr = kh_printf("%s%s", fixture->path, live_usr);
	const char *const argv[] = {"chroot", fixture->path, "/usr/sbin/update-grub", NULL};
	assert_int_equal(mount("/usr", usr, NULL, MS_BIND, NULL), 0);
	int result = kh_run(&kh_run_system, argv, 10, NULL, &err);
	umount2(usr, MNT_DETACH);
	crash_must(result, &err);
}

static void live_host_open(struct crash_host *host, const char *root)
{
	crash_host_open(host, root);
	struct fixture *fixture = &host->base.fixture;
	kh_auto(kh_free) char *text = fixture_get(fixture, crash_config);
	struct kh_str config = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) /* no module can be loaded, nothing mounted */
		kh_str_addf(&config, "%s\n",
			    kh_str_starts(lines.items[i], "  load:")     ? "  load: []"
			    : strstr(lines.items[i], "mount: /dev/huge") ? ""
									 : lines.items[i]);
	kh_auto(kh_free) char *without = kh_str_take(&config);
	kh_auto(kh_free) char *pools = kh_printf("%s", without);
	char *at = strstr(pools, "  pools:\n");
	assert_non_null(at);
	memcpy(at, "  #     \n", strlen("  pools:\n"));
	fixture_put(fixture, crash_config, pools);
	live_put_programs(fixture);
	live_put_libraries(host);
	fixture_put(fixture, "/etc/kernel/postinst.d/zz-update-grub", "x");
	fixture_put(fixture, "/dev/null", ""); /* a device cannot be had on every file system */
	fixture_put(fixture, "/boot/grub/grubenv", "# GRUB Environment Block\n");
	fixture_put(fixture, "/proc/self/mountinfo",
		    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	fixture_put(fixture, "/sys/class/block/sda1/dev", "8:1\n");
	fixture_remove(fixture, "/sys/kernel/mm/transparent_hugepage"); /* is no plain value */
	kh_auto(kh_free) char *status = fixture_get(fixture, "/var/lib/dpkg/status");
	kh_auto(kh_free) char *ended = kh_printf("%s\n", status);
	fixture_put(fixture, "/var/lib/dpkg/status", ended);
	live_make_menu(fixture);
	kh_free(&host->tree);
	host->tree = fixture_tree(fixture);
	host->is_live = true;
}

#endif
