/* Modules through libkmod, below another root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/modprobe.h"
#include "core/modules.h"
#include "tests/lib/fixture.h"

static const char *const release = "6.1.0-56-amd64";

static int setup(void **state)
{
	struct fixture *fixture = kh_alloc(sizeof(*fixture));
	fixture_open(fixture, "debian12-ifupdown");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	fixture_close(fixture);
	kh_free(&fixture);
	return 0;
}

static struct kh_modules *open_modules(struct fixture *fixture)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_modules *modules = NULL;
	assert_int_equal(kh_modules_open(&fixture->root, release, &modules, &err), 0);
	return modules;
}

static void a_module_is_available_built_in_or_absent(void **state)
{
	kh_auto(kh_modules_free) struct kh_modules *modules = open_modules(*state);
	assert_int_equal(kh_modules_look(modules, "kvm_amd"), KH_MODULE_AVAILABLE);
	assert_int_equal(kh_modules_look(modules, "kvm-amd"), KH_MODULE_AVAILABLE);
	assert_int_equal(kh_modules_look(modules, "no_such_module"), KH_MODULE_ABSENT);
}

static void a_built_in_module_is_found_in_modules_builtin(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_free) char *list =
		fixture_get(fixture, "/lib/modules/6.1.0-56-amd64/modules.builtin");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, list);
	assert_true(lines.count > 0);
	char *name = strrchr(lines.items[0], '/') + 1;
	name[strcspn(name, ".")] = '\0';
	kh_auto(kh_modules_free) struct kh_modules *modules = open_modules(fixture);
	assert_int_equal(kh_modules_look(modules, name), KH_MODULE_BUILTIN);
}

static void parameters_come_from_the_module_file(void **state)
{
	kh_auto(kh_modules_free) struct kh_modules *modules = open_modules(*state);
	assert_int_equal(kh_modules_has_parameter(modules, "kvm_intel", "nested"), 1);
	assert_int_equal(kh_modules_has_parameter(modules, "kvm_amd", "nested"), 1);
	assert_int_equal(kh_modules_has_parameter(modules, "kvm_amd", "nestedx"), 0);
}

static void a_module_file_that_links_to_an_absolute_path_stays_in_the_root(void **state)
{
	struct fixture *fixture = *state;
	static const char *const file = "/lib/modules/6.1.0-56-amd64/kernel/arch/x86/kvm/"
					"kvm-amd.ko";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	assert_int_equal(kh_file_look(&fixture->root, file, &old, &err), 0);
	if (old.type != KH_FILE_REGULAR)
		skip();
	assert_int_equal(
		kh_file_put(&fixture->root, "/kvm-amd.ko", old.content, old.length, &old, &err), 0);
	fixture_remove(fixture, file);
	fixture_link(fixture, file, "/kvm-amd.ko");
	kh_auto(kh_modules_free) struct kh_modules *modules = open_modules(fixture);
	assert_int_equal(kh_modules_has_parameter(modules, "kvm_amd", "nested"), 1);
}

/* libkmod crashes on the first two, and waits for somebody to write on the third. */
static void an_index_that_is_damaged_or_no_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	static const char *const path = "/usr/lib/modules/6.1.0-56-amd64/modules.dep.bin";
	static const char shifted[] = "\xb0\x07\xf4\x57\0\2\0\1\x20\0\1\0";
	kh_auto(kh_free) char *full = kh_printf("%s%s", fixture->path, path);
	for (int i = 0; i < 3; i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		struct kh_modules *modules = NULL;
		assert_int_equal(unlink(full), 0);
		if (i == 2) {
			assert_int_equal(mkfifo(full, 0644), 0);
		} else {
			kh_auto(kh_fclose) FILE *file = fopen(full, "we");
			assert_int_equal(fwrite(shifted, 1, i ? 12 : 9, file), i ? 12 : 9);
		}
		assert_int_equal(kh_modules_open(&fixture->root, release, &modules, &err), -1);
		assert_string_equal(err.message, "'/lib/modules/6.1.0-56-amd64/modules.dep.bin' is "
						 "damaged: no index of modules");
		assert_string_equal(err.hint, "'depmod' writes it anew");
	}
}

static void a_release_without_an_index_is_an_outcome(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_modules *modules = NULL;
	assert_int_equal(kh_modules_open(&fixture->root, "9.9.9", &modules, &err), 1);
	assert_int_equal(kh_modules_open(&fixture->root, NULL, &modules, &err), 1);
	assert_int_equal(kh_modules_open(&fixture->root, "../modules", &modules, &err), 1);
	assert_null(modules);
}

static void expect_release(struct fixture *fixture, const char *running, const char *next,
			   const char *expected)
{
	kh_auto(kh_free) char *is = kh_modules_release(&fixture->root, running, next);
	assert_string_equal(is, expected);
}

static void another_root_has_the_modules_of_its_next_boot(void **state)
{
	struct fixture *fixture = *state;
	fixture_put(fixture, "/lib/modules/6.12.1/modules.dep", "");
	fixture_put(fixture, "/lib/modules/6.9.1/modules.dep", "");
	expect_release(fixture, release, "6.9.1", "6.9.1");
	expect_release(fixture, release, NULL, release);
	expect_release(fixture, NULL, NULL, "6.12.1");
	fixture->root.is_live = true;
	expect_release(fixture, release, "6.9.1", release);
	expect_release(fixture, "5.0", "6.9.1", "6.9.1");
}

static void loaded_is_what_the_kernel_lists_or_has_built_in(void **state)
{
	struct fixture *fixture = *state;
	assert_true(kh_modules_is_loaded(&fixture->root, "kvm_amd"));
	assert_true(kh_modules_is_loaded(&fixture->root, "kvm-amd"));
	assert_false(kh_modules_is_loaded(&fixture->root, "kvm_intel"));
	assert_false(kh_modules_is_loaded(&fixture->root, "kvm_am"));
	fixture_put(fixture, "/sys/module/kvm_intel/parameters/nested", "Y\n");
	assert_true(kh_modules_is_loaded(&fixture->root, "kvm-intel"));
	fixture_put(fixture, "/sys/module/kvm_intel/initstate", "going\n");
	assert_false(kh_modules_is_loaded(&fixture->root, "kvm_intel"));
}

static void nothing_is_loaded_on_another_root(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv loaded = {0};
	assert_int_equal(kh_modules_load(&fixture->root, release, "kvm", &loaded, &err), -1);
	assert_int_equal(loaded.count, 0);
	assert_int_equal(kh_modules_unload(&fixture->root, release, "kvm", &err), -1);
}

/* ---- modprobe.d ---- */

static void the_last_options_line_decides(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_modprobe_done) struct kh_modprobe modprobe = {0};
	kh_auto(kh_free) char *value = NULL;
	fixture_put(fixture, "/etc/modprobe.d/a.conf", "options kvm-amd nested=1 npt=1\n");
	fixture_put(fixture, "/usr/lib/modprobe.d/z.conf", "# x\noptions kvm_amd \\\n nested=0\n");
	kh_modprobe_read(&fixture->root, NULL, NULL, &modprobe);
	const struct kh_modprobe_line *line =
		kh_modprobe_option(&modprobe, "kvm_amd", "nested", &value);
	assert_non_null(line);
	assert_string_equal(line->path, "/usr/lib/modprobe.d/z.conf");
	assert_int_equal(line->line, 2);
	assert_string_equal(value, "0");
	assert_null(kh_modprobe_option(&modprobe, "kvm_amd", "avic", NULL));
}

static void a_blacklist_line_is_found_with_its_place(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_modprobe_done) struct kh_modprobe modprobe = {0};
	fixture_put(fixture, "/etc/modprobe.d/no.conf", "\n  blacklist vhost-net\n");
	kh_modprobe_read(&fixture->root, NULL, NULL, &modprobe);
	const struct kh_modprobe_line *line = kh_modprobe_blacklist(&modprobe, "vhost_net");
	assert_non_null(line);
	assert_int_equal(line->line, 2);
	assert_null(kh_modprobe_blacklist(&modprobe, "vhost"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_module_is_available_built_in_or_absent),
		TEST(a_built_in_module_is_found_in_modules_builtin),
		TEST(parameters_come_from_the_module_file),
		TEST(a_module_file_that_links_to_an_absolute_path_stays_in_the_root),
		TEST(an_index_that_is_damaged_or_no_file_is_refused),
		TEST(a_release_without_an_index_is_an_outcome),
		TEST(another_root_has_the_modules_of_its_next_boot),
		TEST(loaded_is_what_the_kernel_lists_or_has_built_in),
		TEST(nothing_is_loaded_on_another_root),
		TEST(the_last_options_line_decides),
		TEST(a_blacklist_line_is_found_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
