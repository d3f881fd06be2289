/* The stage packages: what is missing, for what is built, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/packages_table.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

#define NONE "kernel: {version: none}\nqemu: {version: none}\nlibvirt: {version: none}\n"
#define QEMU "kernel: {version: none}\nqemu: {version: distro}\nlibvirt: {version: none}\n"
#define KERNEL "kernel: {version: distro}\nqemu: {version: none}\nlibvirt: {version: none}\n"

static void open_debian(struct stage_host *host, const char *yaml)
{
	stage_host_open(host, NULL, yaml);
	fixture_put(&host->fixture, "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
	fixture_put_mode(&host->fixture, "/usr/bin/apt-get", "", 0755);
	stage_host_configure(host, yaml);
	host->fixture.root.is_live = true;
}

static void install(struct stage_host *host, const struct kh_strv *names, size_t from)
{
	kh_auto(kh_str_done) struct kh_str status = {0};
	for (size_t i = from; i < names->count; i++)
		kh_str_addf(&status, "Package: %s\nStatus: install ok installed\nVersion: 1\n\n",
			    names->items[i]);
	fixture_put(&host->fixture, "/var/lib/dpkg/status", kh_str_text(&status));
}

static void a_host_that_builds_nothing_needs_nothing(void **state)
{
	(void)state;
	struct stage_host host;
	open_debian(&host, NONE);
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count + host.plan.note_count, 0);
	stage_host_close(&host);
}

static void only_what_is_missing_is_planned(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_strv_done) struct kh_strv all = {0};
	open_debian(&host, QEMU);
	kh_packages_missing(&host.fixture.root, "debian", KH_FOR_QEMU, KH_FOR_QEMU, &all);
	assert_true(kh_strv_has(&all, "gcc") && kh_strv_has(&all, "ovmf"));
	assert_false(kh_strv_has(&all, "bison") || kh_strv_has(&all, "dnsmasq-base"));
	assert_false(kh_strv_has(&all, "libglib2.0-0")); /* comes with the -dev one */
	install(&host, &all, 1);
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, 1);
	assert_int_equal(host.plan.changes[0].kind, KH_CHANGE_PACKAGES);
	assert_int_equal(host.plan.changes[0].argv.count, 1);
	assert_string_equal(host.plan.changes[0].argv.items[0], all.items[0]);
	install(&host, &all, 0);
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_close(&host);
}

static void what_was_built_elsewhere_needs_libraries_and_no_compiler(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_strv_done) struct kh_strv names = {0}, ubuntu = {0};
	open_debian(&host, QEMU);
	fixture_put(&host.fixture, "/usr/lib/x86_64-linux-gnu/libaio.so.1t64", "");
	kh_packages_missing(&host.fixture.root, "debian", 0, KH_FOR_QEMU, &names);
	assert_false(kh_strv_has(&names, "gcc") || kh_strv_has(&names, "libglib2.0-dev"));
	assert_true(kh_strv_has(&names, "libglib2.0-0") && kh_strv_has(&names, "seabios"));
	assert_false(kh_strv_has(&names, "libaio1")); /* by its file, whatever the package */
	kh_packages_missing(&host.fixture.root, "ubuntu", 0, KH_FOR_QEMU, &ubuntu);
	assert_true(kh_strv_has(&names, "libjpeg62-turbo"));
	assert_true(kh_strv_has(&ubuntu, "libjpeg-turbo8"));
	stage_host_close(&host);
}

static void a_maker_of_initramfs_images_is_not_pushed_out(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_strv_done) struct kh_strv names = {0}, dracut = {0}, again = {0};
	open_debian(&host, KERNEL);
	kh_packages_missing(&host.fixture.root, "debian", KH_FOR_KERNEL, KH_FOR_KERNEL, &names);
	assert_true(kh_strv_has(&names, "initramfs-tools"));
	kh_strv_add(&dracut, "dracut");
	install(&host, &dracut, 0);
	kh_packages_missing(&host.fixture.root, "debian", KH_FOR_KERNEL, KH_FOR_KERNEL, &again);
	assert_false(kh_strv_has(&again, "initramfs-tools"));
	stage_host_close(&host);
}

static void a_bundle_brings_its_own(void **state)
{
	(void)state;
	struct stage_host host;
	open_debian(&host, QEMU "sources: {provider: /srv/bundle}\n");
	fixture_put(&host.fixture, "/srv/bundle/packages/Packages", "");
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, 1);
	assert_string_equal(json_string_value(json_object_get(host.plan.changes[0].what, "place")),
			    "/srv/bundle/packages");
	stage_host_close(&host);
}

static void building_alone_needs_no_firmware(void **state)
{
	(void)state;
	struct stage_host host;
	open_debian(&host, QEMU);
	host.context.is_build = true;
	stage_host_plan(&host, &kh_stage_packages);
	if (geteuid() == 0) {
		assert_int_equal(host.plan.change_count, 1);
		assert_true(kh_strv_has(&host.plan.changes[0].argv, "gcc"));
		assert_false(kh_strv_has(&host.plan.changes[0].argv, "ovmf"));
	} else {
		assert_int_equal(host.plan.change_count, 0);
		expect_text(host.plan.notes[0].text, "only root may install them: gcc");
	}
	stage_host_close(&host);
}

static void rpm_hosts_are_asked_by_files(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	stage_host_open(&host, NULL, QEMU);
	fixture_put_mode(&host.fixture, "/usr/bin/dnf", "", 0755);
	fixture_put(&host.fixture, "/usr/include/zlib.h", "");
	kh_packages_missing(&host.fixture.root, "rocky", KH_FOR_QEMU, KH_FOR_QEMU, &names);
	assert_true(kh_strv_has(&names, "pixman-devel"));
	assert_false(kh_strv_has(&names, "zlib-devel"));
	stage_host_close(&host);
}

static void open_el(struct stage_host *host, const char *yaml, const char *el)
{
	stage_host_open(host, NULL, yaml);
	kh_auto(kh_free) char *text =
		kh_printf("ID=centos\nVERSION_ID=\"%s\"\nPLATFORM_ID=\"platform:el%s\"\n", el, el);
	fixture_put(&host->fixture, "/etc/os-release", text);
	fixture_put_mode(&host->fixture, "/usr/bin/dnf", "", 0755);
	stage_host_configure(host, yaml);
	host->fixture.root.is_live = true;
}

static void what_source_packages_of_rpm_need_is_among_them(void **state)
{
	(void)state;
	struct stage_host host;
	kh_auto(kh_strv_done) struct kh_strv names = {0}, dnf5 = {0};
	open_el(&host, KERNEL, "9");
	kh_packages_missing(&host.fixture.root, "centos", KH_FOR_KERNEL, KH_FOR_KERNEL, &names);
	assert_true(kh_strv_has(&names, "rpm-build"));
	assert_true(kh_strv_has(&names, "dnf-plugins-core"));
	assert_false(kh_strv_has(&names, "yum-utils"));
	fixture_put_mode(&host.fixture, "/usr/bin/dnf5", "", 0755);
	fixture_put_mode(&host.fixture, "/usr/bin/rpmbuild", "", 0755);
	kh_packages_missing(&host.fixture.root, "centos", KH_FOR_KERNEL, KH_FOR_KERNEL, &dnf5);
	assert_false(kh_strv_has(&dnf5, "rpm-build"));
	assert_false(kh_strv_has(&dnf5, "dnf-plugins-core"));
	stage_host_close(&host);
}

static void names_are_those_of_the_release(void **state)
{
	(void)state;
	static const struct {
		const char *el, *name;
		bool is_there;
	} cases[] = {{"9", "yajl-devel", true},
		     {"10", "yajl-devel", false},
		     {"10", "json-c-devel", true},
		     {"8", "iptables", true}};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct stage_host host;
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		open_el(&host, NONE, cases[i].el);
		kh_packages_missing(&host.fixture.root, "centos", KH_FOR_LIBVIRT, KH_FOR_LIBVIRT,
				    &names);
		if (kh_strv_has(&names, cases[i].name) != cases[i].is_there)
			fail_msg("%s on %s", cases[i].name, cases[i].el);
		stage_host_close(&host);
	}
}

static void a_repository_that_has_to_be_enabled_is_named_beforehand(void **state)
{
	(void)state;
	struct stage_host host;
	open_el(&host, QEMU, "9");
	fixture_put(&host.fixture, "/etc/yum.repos.d/centos.repo",
		    "[baseos]\nenabled=1\n[crb]\nenabled=0\n");
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, geteuid() == 0 || !host.context.is_build);
	assert_int_equal(host.plan.note_count, 1);
	assert_int_equal(host.plan.notes[0].kind, KH_NOTE_WARNING);
	assert_string_equal(host.plan.notes[0].text,
			    "ninja-build, meson, libfdt-devel: the distribution has these in the "
			    "repository 'crb' (/etc/yum.repos.d/centos.repo), which is not "
			    "enabled: 'dnf config-manager --set-enabled crb', then run again");
	fixture_put(&host.fixture, "/etc/yum.repos.d/centos.repo", "[crb]\nenabled=1\n");
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.note_count, 0);
	stage_host_close(&host);
}

static void without_a_package_manager_it_is_said(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, NULL, QEMU);
	host.fixture.root.is_live = true;
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, 0);
	assert_int_equal(host.plan.notes[0].kind, KH_NOTE_WARNING);
	expect_text(host.plan.notes[0].text, "this host has neither apt nor dnf");
	stage_host_close(&host);
}

static void below_another_root_they_are_left_to_do(void **state)
{
	(void)state;
	struct stage_host host;
	open_debian(&host, QEMU);
	host.fixture.root.is_live = false;
	stage_host_plan(&host, &kh_stage_packages);
	assert_int_equal(host.plan.change_count, 0);
	assert_int_equal(host.plan.notes[0].kind, KH_NOTE_LEFT);
	expect_text(host.plan.notes[0].text, "left to do: install packages gcc libc6-dev");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_that_builds_nothing_needs_nothing),
		cmocka_unit_test(only_what_is_missing_is_planned),
		cmocka_unit_test(what_was_built_elsewhere_needs_libraries_and_no_compiler),
		cmocka_unit_test(a_maker_of_initramfs_images_is_not_pushed_out),
		cmocka_unit_test(a_bundle_brings_its_own),
		cmocka_unit_test(building_alone_needs_no_firmware),
		cmocka_unit_test(rpm_hosts_are_asked_by_files),
		cmocka_unit_test(what_source_packages_of_rpm_need_is_among_them),
		cmocka_unit_test(names_are_those_of_the_release),
		cmocka_unit_test(a_repository_that_has_to_be_enabled_is_named_beforehand),
		cmocka_unit_test(without_a_package_manager_it_is_said),
		cmocka_unit_test(below_another_root_they_are_left_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
