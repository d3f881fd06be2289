/* test_rehearsal.c - a boot rehearsed in QEMU: the arguments, the second archive, the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "platform/rehearsal.h"
#include "tests/lib/fixture.h"

static void add_all(struct kh_strv *list, const char *words)
{
	kh_strv_split(list, words, " ");
}

static void what_is_about_memory_consoles_and_the_root_is_left_out(void **state)
{
	(void)state;
	kh_auto(kh_free) char *plain = kh_rehearsal_arguments(
		"root=UUID=1 ro quiet console=tty0 default_hugepagesz=1G hugepagesz=1G hugepages=9 "
		"intel_iommu=on panic=30 $tuned_params memmap=4G\\$0x100 x=a\\;b rdinit=/nowhere "
		"kvmhost.trial=abc.1");
	assert_string_equal(plain, "ro intel_iommu=on x=a;b rdinit=/nowhere console=ttyS0 "
				   "loglevel=6 panic=-1");
}

static void the_modules_are_those_of_root_and_storage(void **state)
{
	(void)state;
	char ext4[] = "ext4", dm[] = "dm_mod", ahci[] = "ahci", e1000[] = "e1000e",
	     virtio[] = "virtio_blk";
	char pci[] = "pci", virt[] = "virtio";
	char sata[] = "pci:v00008086d00002922sv00sd00bc01sc06i01";
	char nic[] = "pci:v00008086d000010D3sv00sd00bc02sc00i00";
	char disk[] = "virtio:d00000002v00001AF4", net[] = "virtio:d00000001v00001AF4";
	char *stack[] = {dm}, *of_sata[] = {ahci}, *of_nic[] = {e1000}, *of_disk[] = {virtio};
	struct kh_hardware_device devices[] = {
		{.modalias = nic, .bus = pci, .modules = {of_nic, 1}},
		{.modalias = sata, .bus = pci, .modules = {of_sata, 1}},
		{.modalias = net, .bus = virt, .modules = {of_nic, 1}},
		{.modalias = disk, .bus = virt, .modules = {of_disk, 1}},
	};
	struct kh_hardware hardware = {.devices = devices,
				       .device_count = KH_COUNT(devices),
				       .root_filesystem = ext4,
				       .root_stack = {stack, 1}};
	kh_auto(kh_strv_done) struct kh_strv all = {0};
	assert_int_equal(kh_rehearsal_modules(&hardware, &all), 2);
	kh_auto(kh_free) char *joined = kh_strv_join(&all, " ");
	assert_string_equal(joined, "ext4 dm_mod ahci virtio_blk");
}

static void the_archive_is_one_that_cpio_reads(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_strv_done) struct kh_strv modules = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *output = NULL;
	size_t length = 0;
	static const char *const version[] = {"cpio", "--version", NULL};
	kh_auto(kh_error_done) struct kh_error missing = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, version, 10, NULL, &missing) != 0)
		skip(); /* no cpio here to read it with */
	add_all(&modules, "ext4 ahci");
	fixture_open_empty(&fixture);
	kh_auto(kh_free) char *bytes = kh_rehearsal_archive(&modules, &length);
	assert_int_equal(length % 4, 0);
	kh_auto(kh_free) char *path = kh_printf("%s/archive", fixture.path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	const char *const argv[] = {"/bin/sh",
				    "-c",
				    "cd \"${1%/*}\" && cpio -itv <archive && cpio -i --quiet "
				    "--to-stdout init <archive >init && sh -n init && cat init",
				    "sh",
				    path,
				    NULL};
	if (kh_run(&kh_run_system, argv, 10, &output, &err) != 0)
		fail_msg("%s", err.message);
	assert_non_null(strstr(output, "crw-------"));
	assert_non_null(strstr(output, "5,   1"));
	assert_non_null(strstr(output, "-rwxr-xr-x"));
	assert_non_null(strstr(output, "\ntry ext4\ntry ahci\n"));
	fixture_close(&fixture);
}

static void the_console_decides(void **state)
{
	(void)state;
#define MARK "kvmhost-rehearsal: "
	static const struct {
		const char *console, *wanted;
	} rows[] = {
		{"[    0.1] Freeing unused memory", "it does not reach userspace"},
		{"[    0.1] Kernel panic - not syncing: VFS",
		 "it does not reach userspace: Kernel panic - not syncing: VFS"},
		{MARK "userspace|" MARK "module ext4: loaded", "it does not come to its end"},
		{MARK "userspace|" MARK "module ext4: loaded|" MARK "module ahci: loaded\r|" MARK
		      "module nvme: modprobe: module nvme not found in modules.dep|" MARK "end",
		 "none"},
		{MARK "userspace|" MARK "module ext4: modprobe: FATAL: Module ext4 not found in "
		      "directory /lib/modules/6|" MARK "module ahci: loaded|" MARK "end",
		 "the initramfs has no module 'ext4', which the root file system needs"},
		{MARK "userspace|" MARK "module ext4: loaded|" MARK
		      "module ahci: modprobe: can't load module ahci: Invalid module format|" MARK
		      "end",
		 "module 'ahci' does not load: modprobe: can't load module ahci: Invalid module "
		 "format"},
		{MARK "userspace|" MARK "module ext4: loaded|" MARK
		      "module ahci: module not found|" MARK "module nvme: module not found|" MARK
		      "end",
		 "the initramfs has no driver of this host's storage"},
		{MARK "userspace|" MARK "module ext4: loaded|" MARK
		      "module ahci: No such device|" MARK "module nvme: module not found|" MARK
		      "end",
		 "none"},
	};
	kh_auto(kh_strv_done) struct kh_strv modules = {0};
	add_all(&modules, "ext4 ahci nvme");
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		kh_auto(kh_strv_done) struct kh_strv console = {0};
		kh_strv_split(&console, rows[i].console, "|");
		kh_auto(kh_free) char *wrong = kh_rehearsal_judge(&console, &modules, 1);
		assert_string_equal(wrong ? wrong : "none", rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_about_memory_consoles_and_the_root_is_left_out),
		cmocka_unit_test(the_modules_are_those_of_root_and_storage),
		cmocka_unit_test(the_archive_is_one_that_cpio_reads),
		cmocka_unit_test(the_console_decides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
