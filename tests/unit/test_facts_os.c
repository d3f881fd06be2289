/* test_facts_os.c - distribution, kernel release, modules, and the kernel's configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/facts_os.h"
#include "tests/lib/fixture.h"

static void os_release_is_read_as_a_shell_would(void **state)
{
	(void)state;
	struct kh_facts_os os = {0};
	kh_facts_os_parse_release("# comment\nPRETTY_NAME=\"Debian \\\"GNU\\\"/Linux 12\"\n"
				  "ID=debian\nVERSION_ID='12'\nID_LIKE=\"a b\"\nHOME_URL=x\n",
				  &os);
	assert_string_equal(os.name, "Debian \"GNU\"/Linux 12");
	assert_string_equal(os.id, "debian");
	assert_string_equal(os.version_id, "12");
	assert_string_equal(os.id_like, "a b");
	kh_facts_os_done(&os);
}

static void the_release_number_is_major_and_minor(void **state)
{
	(void)state;
	assert_int_equal(kh_facts_release_number("5.10.0-21-amd64"), 5010);
	assert_int_equal(kh_facts_release_number("3.10.0-1160.el7.x86_64"), 3010);
	assert_int_equal(kh_facts_release_number("6.18"), 6018);
	assert_int_equal(kh_facts_release_number("6.1-rc1"), 6001);
	assert_int_equal(kh_facts_release_number("6"), -1);
	assert_int_equal(kh_facts_release_number("x.y"), -1);
	assert_int_equal(kh_facts_release_number("99999999999999999999.1"), -1);
	assert_int_equal(kh_facts_release_number(NULL), -1);
}

static void a_recorded_host_is_read(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
	fixture_put(&fixture, "/proc/sys/kernel/arch", "x86_64\n");
	fixture_put(&fixture, "/proc/sys/kernel/hostname", "rack7\n");
	fixture_put(&fixture, "/etc/hostname", "other\n");
	fixture_put(&fixture, "/proc/modules",
		    "kvm_amd 155648 0 - Live 0x0\nkvm 1142784 1 kvm_amd, Live 0x0\n");
	fixture_put(&fixture, "/.dockerenv", "");
	struct kh_facts_os os;
	kh_facts_os_collect(&fixture.root, &os);
	assert_string_equal(os.kernel_release, "6.1.0-9-amd64");
	assert_string_equal(os.machine, "x86_64");
	assert_string_equal(os.hostname, "rack7");
	assert_int_equal(os.loaded_modules.count, 2);
	assert_string_equal(os.loaded_modules.items[0], "kvm_amd");
	assert_true(os.is_booted);
	assert_false(os.is_container); /* only of the machine we run on */
	assert_false(os.has_systemd);
	assert_int_equal(kh_facts_os_option(&os, "KVM"), '?');
	json_t *json = kh_facts_os_json(&os);
	assert_true(json_is_null(json_object_get(json, "kernel_config")));
	assert_string_equal(json_string_value(json_object_get(json, "hostname")), "rack7");
	json_decref(json);
	kh_facts_os_done(&os);
	fixture_close(&fixture);
}

static void an_image_is_not_booted(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/etc/hostname", "image\n");
	fixture_put(&fixture, "/usr/lib/os-release", "ID=rocky\n");
	fixture_put_mode(&fixture, "/usr/lib/systemd/systemd", "", 0755);
	fixture_put(&fixture, "/bin/sh", "#!not a program\n");
	struct kh_facts_os os;
	kh_facts_os_collect(&fixture.root, &os);
	assert_string_equal(os.id, "rocky");
	assert_string_equal(os.hostname, "image");
	assert_true(os.has_systemd);
	assert_false(os.is_booted);
	assert_null(os.kernel_release);
	assert_null(os.machine);
	kh_facts_os_done(&os);
	fixture_close(&fixture);
}

static void this_machine_has_a_machine_name(void **state)
{
	(void)state;
	struct kh_root root = KH_ROOT_INIT;
	struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_root_open("/", &root, &err), 0);
	struct kh_facts_os os;
	kh_facts_os_collect(&root, &os);
	assert_non_null(os.machine);
	kh_facts_os_done(&os);
	kh_root_done(&root);
}

/* ---- kernel configuration ---- */

static const char config_text[] = "#\n# Linux/x86 6.1.0\n#\nCONFIG_KVM=m\nCONFIG_KVM_AMD=y\n"
				  "# CONFIG_KSM is not set\nCONFIG_NR_CPUS=8192\n"
				  "CONFIG_LSM=\"yama\"\nCONFIG_OFF=n\nCONFIG_=y\nCONFIG_BARE\n"
				  "CONFIG_EMPTY=\nCONFIG_LAST=y";

static void options_are_looked_up_by_their_whole_name(void **state)
{
	(void)state;
	struct kh_kernel_config *config = kh_kernel_config_from_text(config_text);
	assert_int_equal(kh_kernel_config_option(config, "KVM"), 'm');
	assert_int_equal(kh_kernel_config_option(config, "KVM_AMD"), 'y');
	assert_int_equal(kh_kernel_config_option(config, "KVM_"), 'n');
	assert_int_equal(kh_kernel_config_option(config, "KV"), 'n');
	assert_int_equal(kh_kernel_config_option(config, "KSM"), 'n');
	assert_int_equal(kh_kernel_config_option(config, "NR_CPUS"), 'y');
	assert_int_equal(kh_kernel_config_option(config, "LSM"), 'y');
	assert_int_equal(kh_kernel_config_option(config, "OFF"), 'n');
	assert_int_equal(kh_kernel_config_option(config, "BARE"), 'n');
	assert_int_equal(kh_kernel_config_option(config, "LAST"), 'y');
	kh_kernel_config_free(config);
	assert_int_equal(kh_kernel_config_option(NULL, "KVM"), '?');
	assert_null(kh_kernel_config_value(NULL, "KVM"));
}

static void the_configuration_in_boot_is_read_when_asked(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	struct kh_kernel_config *config = kh_kernel_config_open(&fixture.root, "6.1.0");
	fixture_put(&fixture, "/boot/config-6.1.0", config_text);
	char *path = kh_kernel_config_path(config);
	assert_string_equal(path, "/boot/config-6.1.0");
	free(path);
	assert_int_equal(kh_kernel_config_option(config, "KVM"), 'm');
	fixture_remove(&fixture, "/boot/config-6.1.0");
	assert_int_equal(kh_kernel_config_option(config, "KVM_AMD"), 'y');
	kh_kernel_config_free(config);
	fixture_close(&fixture);
}

static void the_kernels_own_word_comes_first(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/boot/config-6.1.0", config_text);
	fixture_put(&fixture, "/proc/keep", "");
	char path[512];
	snprintf(path, sizeof(path), "%s/proc/config.gz", fixture.path);
	gzFile file = gzopen(path, "wb");
	assert_non_null(file);
	gzputs(file, "CONFIG_KVM=y\n");
	gzclose(file);
	struct kh_kernel_config *config = kh_kernel_config_open(&fixture.root, "6.1.0");
	assert_int_equal(kh_kernel_config_option(config, "KVM"), 'y');
	kh_kernel_config_free(config);
	fixture_close(&fixture);
}

static void damaged_compressed_data_is_no_configuration(void **state)
{
	(void)state;
	assert_null(kh_kernel_config_gunzip("no gzip data", 12));
	assert_null(kh_kernel_config_gunzip("", 0));
	assert_null(kh_kernel_config_gunzip("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(os_release_is_read_as_a_shell_would),
		cmocka_unit_test(the_release_number_is_major_and_minor),
		cmocka_unit_test(a_recorded_host_is_read),
		cmocka_unit_test(an_image_is_not_booted),
		cmocka_unit_test(this_machine_has_a_machine_name),
		cmocka_unit_test(options_are_looked_up_by_their_whole_name),
		cmocka_unit_test(the_configuration_in_boot_is_read_when_asked),
		cmocka_unit_test(the_kernels_own_word_comes_first),
		cmocka_unit_test(damaged_compressed_data_is_no_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
