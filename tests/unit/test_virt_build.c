/* test_virt_build.c - the recipes of QEMU and libvirt: options, what a host has to build with, what
 * meson and ninja say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "platform/libvirt_build.h"
#include "platform/meson_build.h"
#include "platform/qemu_build.h"
#include "platform/toolchain.h"
#include "tests/lib/fixture.h"

/* As QEMU 7.2 and 8.1 say it. */
static const char help[] =
	"Standard options:\n"
	"  --without-default-features default all --enable-* options to off\n"
	"  --with-git-submodules=ignore   do not update or check git submodules\n"
	"  --disable-werror         disable compilation abort on warning\n"
	"  --enable-fdt[=CHOICE]    Whether and how to find the libfdt library\n"
	"  --enable-strip           Strip targets on install\n"
	"Optional features, enabled with --enable-FEATURE and\n"
	"\n"
	"  kvm             KVM acceleration support\n"
	"  vhost-user      vhost-user backend support\n"
	"  vhost-user-blk-server\n"
	"  docs            Documentations build support\n"
	"  png             PNG support with libpng\n";

static void load(struct kh_config *config, const char *yaml)
{
	struct kh_error err = KH_ERROR_INIT;
	if (kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, config, &err) != 0)
		fail_msg("%s", err.message);
}

static void qemu_gets_what_its_version_knows_and_nothing_else(void **state)
{
	(void)state;
	struct kh_config config;
	kh_auto(kh_strv_done) struct kh_strv options = {0};
	load(&config, "qemu: {prefix: /opt/q, targets: [x86_64-softmmu, i386-softmmu]}\n");
	kh_qemu_options(&config, help, true, &options);
	kh_auto(kh_free) char *text = kh_strv_join(&options, "\n");
	assert_string_equal(text,
			    "--prefix=/opt/q\n"
			    "--libdir=/opt/q/lib\n"
			    "--sysconfdir=/etc\n"
			    "--localstatedir=/var\n"
			    "--firmwarepath=/opt/q/share/qemu:/usr/share/seabios:/usr/share/qemu:"
			    "/usr/lib/ipxe/qemu:/usr/share/seavgabios:/usr/share/ipxe/qemu:"
			    "/usr/share/qemu-kvm:/usr/share/edk2/ovmf\n"
			    "--target-list=x86_64-softmmu,i386-softmmu\n"
			    "--cc=gcc\n"
			    "--host-cc=gcc\n"
			    "--without-default-features\n"
			    "--with-git-submodules=ignore\n"
			    "--disable-docs\n"
			    "--disable-werror\n"
			    "--enable-kvm\n"
			    "--enable-vhost-user\n"
			    "--enable-png\n"
			    "--enable-strip\n"
			    "--enable-fdt=system");
	kh_config_done(&config);
}

static void the_users_own_options_come_last(void **state)
{
	(void)state;
	struct kh_config config;
	kh_auto(kh_strv_done) struct kh_strv options = {0};
	load(&config, "qemu: {configure: [\"--enable-spice\", \"--disable-png\"]}\n");
	kh_qemu_options(&config, help, false, &options);
	assert_string_equal(options.items[options.count - 1], "--disable-png");
	assert_string_equal(options.items[options.count - 2], "--enable-spice");
	assert_string_equal(options.items[options.count - 3], "--enable-fdt=internal");
	kh_config_done(&config);
}

static const char known[] = "option('runstatedir', type: 'string', value: '')\n"
			    "option('apparmor', type: 'feature', value: 'auto')\n"
			    "option('secdriver_apparmor', type: 'feature', value: 'auto')\n"
			    "option('driver_qemu', type: 'feature', value: 'auto')\n"
			    "option('json_c', type: 'feature', value: 'auto')\n";

static bool libvirt_has(struct fixture *f, const char *option)
{
	struct kh_config config;
	kh_auto(kh_strv_done) struct kh_strv options = {0};
	load(&config, "libvirt: {prefix: /opt/v}\n");
	kh_libvirt_options(&f->root, &config, known, &options);
	bool has = kh_strv_has(&options, option);
	kh_config_done(&config);
	return has;
}

static void libvirts_options_follow_its_version_and_the_libraries_that_are_there(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	assert_true(libvirt_has(&f, "--prefix=/opt/v"));
	assert_true(libvirt_has(&f, "--sysconfdir=/etc"));
	assert_true(libvirt_has(&f, "-Drunstatedir=/run"));
	assert_true(libvirt_has(&f, "-Ddriver_qemu=enabled"));
	assert_false(libvirt_has(&f, "-Ddriver_network=enabled"));
	assert_false(libvirt_has(&f, "-Dyajl=disabled"));
	assert_true(libvirt_has(&f, "-Dapparmor=disabled"));
	assert_true(libvirt_has(&f, "-Djson_c=disabled"));
	fixture_put(&f, "/usr/lib/x86_64-linux-gnu/pkgconfig/libapparmor.pc", "Version: 3.0.8\n");
	fixture_put(&f, "/usr/lib64/pkgconfig/json-c.pc", "Version: 0.16\n");
	assert_true(libvirt_has(&f, "-Dapparmor=enabled"));
	assert_true(libvirt_has(&f, "-Dsecdriver_apparmor=enabled"));
	assert_true(libvirt_has(&f, "-Djson_c=enabled"));
	assert_false(libvirt_has(&f, "-Dapparmor=disabled"));
	fixture_close(&f);
}

/* ---- the toolchain ---- */

static void versions_are_compared_as_numbers(void **state)
{
	(void)state;
	assert_int_equal(kh_toolchain_compare("7.2+dfsg", "7.2"), 0);
	assert_int_equal(kh_toolchain_compare("10.0", "9.2"), 1);
	assert_int_equal(kh_toolchain_compare("7.4", "7.10"), -1);
	assert_int_equal(kh_toolchain_compare("12", "12.0.0"), 0);
	assert_int_equal(kh_toolchain_compare("0.56.1", "0.56"), 1);
}

static void assert_version(struct fixture *f, const char *name, const char *version)
{
	kh_auto(kh_free) char *found = kh_toolchain_version(&f->root, name);
	if (version)
		assert_string_equal(found ? found : "(none)", version);
	else
		assert_null(found);
}

static void versions_are_read_from_files(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	assert_version(&f, "gcc", NULL);
	assert_version(&f, "python3", NULL);
	fixture_put_mode(&f, "/usr/bin/gcc", "", 0755);
	fixture_put(&f, "/usr/lib/gcc/x86_64-linux-gnu/9/x", "");
	fixture_put(&f, "/usr/lib/gcc/x86_64-linux-gnu/12/x", "");
	fixture_put_mode(&f, "/usr/bin/python3.11", "", 0755);
	fixture_link(&f, "/usr/bin/python3", "python3.11");
	fixture_put(&f, "/usr/lib/python3/dist-packages/meson-1.0.1.egg-info/x", "");
	fixture_put(&f, "/usr/lib64/pkgconfig/glib-2.0.pc", "prefix=/usr\nVersion: 2.56.1 \n");
	assert_version(&f, "gcc", "12");
	assert_version(&f, "python3", "3.11");
	assert_version(&f, "meson", "1.0.1");
	assert_version(&f, "glib-2.0", "2.56.1");
	assert_version(&f, "gnutls", NULL);
	fixture_close(&f);
}

static void what_is_too_old_is_named_with_both_versions(void **state)
{
	(void)state;
	static const struct kh_toolchain_need needs[] = {
		{"6.1", "gcc", "7.4"}, {"8.2", "python3", "3.8"}, {NULL, NULL, NULL}};
	struct fixture f;
	struct kh_error err = KH_ERROR_INIT;
	fixture_open_empty(&f);
	fixture_put_mode(&f, "/usr/bin/gcc", "", 0755);
	fixture_put(&f, "/usr/lib/gcc/x86_64-redhat-linux/4.8.5/x", "");
	assert_int_equal(kh_toolchain_check(&f.root, "QEMU", "6.0", needs, "x", &err), 0);
	assert_int_equal(
		kh_toolchain_check(&f.root, "QEMU", "7.2", needs, "take an older one", &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message,
			    "QEMU 7.2 cannot be built here: it needs gcc 7.4, this is 4.8.5");
	assert_string_equal(err.hint, "take an older one");
	kh_error_done(&err);
	fixture_close(&f);
}

static void a_recipe_refuses_a_host_that_is_too_old(void **state)
{
	(void)state;
	struct fixture f;
	struct kh_config config;
	struct kh_error err = KH_ERROR_INIT;
	char version[] = "9.0.0";
	const struct kh_source source = {.version = version};
	fixture_open_empty(&f);
	load(&config, "");
	const struct kh_context context = {.root = &f.root, .config = &config};
	fixture_put(&f, "/usr/lib64/pkgconfig/gnutls.pc", "Version: 3.3.29\n");
	assert_int_equal(kh_recipe_libvirt.check_host(&context, &source, &err), -1);
	assert_non_null(strstr(err.message, "it needs gnutls 3.6.0, this is 3.3.29"));
	assert_non_null(strstr(err.hint, "none"));
	assert_int_equal(kh_recipe_qemu.check_host(&context, &source, &err), 0);
	assert_int_equal(kh_recipe_libvirt.check_host(&context, NULL, &err), 0);
	kh_error_done(&err);
	kh_config_done(&config);
	fixture_close(&f);
}

/* ---- what the tools say ---- */

static void ninjas_steps_are_read(void **state)
{
	(void)state;
	size_t done = 0, total = 0;
	assert_true(kh_meson_parse_progress("[12/345] Compiling C object", &done, &total));
	assert_int_equal(done, 12);
	assert_int_equal(total, 345);
	assert_false(kh_meson_parse_progress("[12/] x", &done, &total));
	assert_false(kh_meson_parse_progress("[5/3] x", &done, &total));
	assert_false(kh_meson_parse_progress("In file [1/2]", &done, &total));
	assert_false(kh_meson_parse_progress("", &done, &total));
}

static void only_what_is_installed_is_built(void **state)
{
	(void)state;
	struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv targets = {0};
	static const char json[] =
		"[{\"filename\": [\"/b/qemu-img\"], \"installed\": true},"
		" {\"filename\": [\"/b/tests/unit\"], \"installed\": false},"
		" {\"filename\": [\"/b/po/a.mo\", \"/b/po/b.mo\", \"/bb/c\"], \"installed\": true}]";
	assert_int_equal(kh_meson_parse_targets(json, "/b", &targets, &err), 0);
	kh_auto(kh_free) char *text = kh_strv_join(&targets, " ");
	assert_string_equal(text, "qemu-img po/a.mo po/b.mo");
	kh_auto(kh_strv_done) struct kh_strv none = {0};
	assert_int_equal(kh_meson_parse_targets("[]", "/b", &none, &err), -1);
	assert_int_equal(kh_meson_parse_targets("{nonsense", "/b", &none, &err), -1);
	assert_int_equal(err.code, KH_PROGRAM);
	kh_error_done(&err);
}

static void needed_libraries_are_listed_once(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_meson_parse_needed("Dynamic section at offset 0x2d0:\n"
			      " 0x01 (NEEDED)   Shared library: [libaio.so.1]\n"
			      " 0x01 (NEEDED)   Shared library: [libc.so.6]\n"
			      " 0x0e (SONAME)   Library soname: [libx.so]\n"
			      " 0x01 (NEEDED)   Shared library: [libc.so.6]\n",
			      &names);
	kh_auto(kh_free) char *text = kh_strv_join(&names, " ");
	assert_string_equal(text, "libaio.so.1 libc.so.6");
}

static void missing_libraries_are_told(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	json_t *about = json_pack("{s:[s,s]}", "libraries", "libaio.so.1", "libfdt.so.1");
	fixture_open_empty(&f);
	fixture_put(&f, "/usr/lib64/libfdt.so.1", "");
	kh_meson_missing_libraries(&f.root, about, &missing);
	assert_int_equal(missing.count, 1);
	assert_string_equal(missing.items[0], "libaio.so.1");
	json_decref(about);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_gets_what_its_version_knows_and_nothing_else),
		cmocka_unit_test(the_users_own_options_come_last),
		cmocka_unit_test(
			libvirts_options_follow_its_version_and_the_libraries_that_are_there),
		cmocka_unit_test(versions_are_compared_as_numbers),
		cmocka_unit_test(versions_are_read_from_files),
		cmocka_unit_test(what_is_too_old_is_named_with_both_versions),
		cmocka_unit_test(a_recipe_refuses_a_host_that_is_too_old),
		cmocka_unit_test(ninjas_steps_are_read),
		cmocka_unit_test(only_what_is_installed_is_built),
		cmocka_unit_test(needed_libraries_are_listed_once),
		cmocka_unit_test(missing_libraries_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
