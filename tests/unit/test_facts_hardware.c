/* test_facts_hardware.c - devices, file systems and what the root stands on; the JSON form and
 * back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/facts.h"
#include "tests/lib/fixture.h"

static const char igb[] = "pci:v00008086d000010D6sv00001AF4sd00001100bc02sc00i00";

/* A device below /sys/devices and its link on the bus; module NULL: the driver says none. */
static void put_device(struct fixture *fixture, const char *bus, const char *path,
		       const char *modalias, const char *driver, const char *module)
{
	kh_auto(kh_free) char *alias = kh_printf("/sys/devices/%s/modalias", path);
	fixture_put(fixture, alias, modalias);
	kh_auto(kh_free) char *subsystem = kh_printf("/sys/devices/%s/subsystem", path);
	kh_auto(kh_free) char *bus_dir = kh_printf("/sys/bus/%s", bus);
	fixture_link(fixture, subsystem, bus_dir);
	kh_auto(kh_free) char *link = kh_printf("%s/devices/%s", bus_dir, strrchr(path, '/') + 1);
	kh_auto(kh_free) char *target = kh_printf("/sys/devices/%s", path);
	fixture_link(fixture, link, target);
	if (!driver)
		return;
	kh_auto(kh_free) char *driver_dir = kh_printf("%s/drivers/%s", bus_dir, driver);
	kh_auto(kh_free) char *uevent = kh_printf("%s/uevent", driver_dir);
	fixture_put(fixture, uevent, "");
	kh_auto(kh_free) char *bound = kh_printf("/sys/devices/%s/driver", path);
	fixture_link(fixture, bound, driver_dir);
	if (!module)
		return;
	kh_auto(kh_free) char *module_link = kh_printf("%s/module", driver_dir);
	kh_auto(kh_free) char *module_dir = kh_printf("/sys/module/%s", module);
	fixture_link(fixture, module_link, module_dir);
}

static const struct kh_hardware_device *find(const struct kh_hardware *hardware,
					     const char *modalias)
{
	for (size_t i = 0; i < hardware->device_count; i++)
		if (strcmp(hardware->devices[i].modalias, modalias) == 0)
			return &hardware->devices[i];
	return NULL;
}

static void a_bound_device_names_the_module_of_its_driver(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_device(&fixture, "pci", "pci0000:00/0000:00:1f.2",
		   "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01\n", "ahci", "ahci");
	put_device(&fixture, "pci", "pci0000:00/0000:00:01.0", igb, NULL, NULL);
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	assert_int_equal(hardware.device_count, 2);
	const struct kh_hardware_device *disk =
		find(&hardware, "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01");
	assert_non_null(disk);
	assert_string_equal(disk->bus, "pci");
	assert_string_equal(disk->driver, "ahci");
	assert_int_equal(disk->modules.count, 1);
	assert_string_equal(disk->modules.items[0], "ahci");
	assert_null(find(&hardware, igb)->driver);
	assert_int_equal(find(&hardware, igb)->modules.count, 0);
	fixture_close(&fixture);
}

static void a_device_without_a_driver_gets_the_modules_that_claim_it(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open(&fixture, "debian12-ifupdown");
	put_device(&fixture, "pci", "pci0000:7f/0000:7f:01.0", igb, NULL, NULL);
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	const struct kh_hardware_device *card = find(&hardware, igb);
	assert_non_null(card);
	assert_null(card->driver);
	assert_int_equal(card->modules.count, 1);
	assert_string_equal(card->modules.items[0], "igb");
	fixture_close(&fixture);
}

static void a_built_in_driver_has_the_name_its_module_would_have(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_device(&fixture, "virtio", "pci0000:00/0000:00:04.0/virtio0",
		   "virtio:d00000001v00001AF4", "virtio-net", NULL);
	put_device(&fixture, "scsi", "pci0000:00/0000:00:05.0/0:0:0:0", "scsi:t-0x00", "sd", NULL);
	put_device(&fixture, "pci", "pci0000:00/0000:00:1c.0",
		   "pci:v00008086d00003420sv00000000sd00000000bc06sc04i00", "pcieport", NULL);
	put_device(&fixture, "platform", "platform/serial8250", "platform:serial8250", "serial8250",
		   NULL);
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	assert_string_equal(find(&hardware, "virtio:d00000001v00001AF4")->modules.items[0],
			    "virtio_net");
	assert_string_equal(find(&hardware, "scsi:t-0x00")->modules.items[0], "sd_mod");
	/* Parts of every kernel, and buses where a driver's name says nothing. */
	assert_int_equal(find(&hardware, "pci:v00008086d00003420sv00000000sd00000000bc06sc04i00")
				 ->modules.count,
			 0);
	assert_int_equal(find(&hardware, "platform:serial8250")->modules.count, 0);
	fixture_close(&fixture);
}

static void of_equal_devices_the_one_with_a_driver_is_kept(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_device(&fixture, "pci", "pci0000:00/0000:00:03.0", igb, NULL, NULL);
	put_device(&fixture, "pci", "pci0000:00/0000:00:04.0", igb, "igb", "igb");
	put_device(&fixture, "pci", "pci0000:00/0000:00:05.0", igb, NULL, NULL);
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	assert_int_equal(hardware.device_count, 1);
	assert_string_equal(hardware.devices[0].driver, "igb");
	fixture_close(&fixture);
}

static void file_systems_are_those_of_devices_mounted_or_listed(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/proc/self/mountinfo",
		    "22 27 0:20 / /sys rw - sysfs sysfs rw\n"
		    "27 1 8:1 / / rw,relatime shared:1 master:2 - xfs /dev/sda1 rw\n"
		    "30 27 0:40 / /srv rw - fuse.sshfs host:/ rw\n"
		    "31 27 0:41 / /home rw - nfs4 server:/home rw\n"
		    "broken line\n");
	fixture_put(&fixture, "/etc/fstab",
		    "UUID=1 / xfs defaults 0 1\n/dev/sda2 none swap sw 0 0\n"
		    "UUID=2 /boot/efi vfat noauto 0 0\n/dev/sr0 /media udf,iso9660 noauto 0 0\n"
		    "tmpfs /tmp tmpfs defaults 0 0\n");
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	assert_string_equal(hardware.root_filesystem, "xfs");
	kh_auto(kh_free) char *all = kh_strv_join(&hardware.filesystems, " ");
	assert_string_equal(all, "fuse nfs4 vfat xfs");
	fixture_close(&fixture);
}

static void the_root_of_an_image_is_known_by_fstab(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/etc/fstab", "UUID=1 / btrfs subvol=@ 0 1\n");
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	assert_string_equal(hardware.root_filesystem, "btrfs");
	assert_int_equal(hardware.root_stack.count, 0);
	fixture_close(&fixture);
}

static void the_root_stack_goes_through_lvm_encryption_and_raid_to_the_controller(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/proc/self/mountinfo",
		    "27 1 254:1 / / rw - ext4 /dev/mapper/vg-root rw\n");
	fixture_link(&fixture, "/sys/dev/block/254:1", "../../devices/virtual/block/dm-1");
	const char *const names[] = {"dm-1", "dm-0", "md0"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *link = kh_printf("/sys/class/block/%s", names[i]);
		kh_auto(kh_free) char *dir = kh_printf("/sys/devices/virtual/block/%s", names[i]);
		fixture_link(&fixture, link, dir);
	}
	fixture_put(&fixture, "/sys/devices/virtual/block/dm-1/dm/uuid", "LVM-abc\n");
	fixture_put(&fixture, "/sys/devices/virtual/block/dm-1/slaves/dm-0/x", "");
	fixture_put(&fixture, "/sys/devices/virtual/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc\n");
	fixture_put(&fixture, "/sys/devices/virtual/block/dm-0/slaves/md0/x", "");
	fixture_put(&fixture, "/sys/devices/virtual/block/md0/md/level", "raid5\n");
	fixture_put(&fixture, "/sys/devices/virtual/block/md0/slaves/sda2/x", "");
	put_device(&fixture, "pci", "pci0000:00/0000:00:1f.2", "pci:v00008086d1", "megaraid_sas",
		   "megaraid_sas");
	put_device(&fixture, "scsi", "pci0000:00/0000:00:1f.2/host0/0:0:0:0", "scsi:t-0x00", "sd",
		   "sd_mod");
	fixture_put(&fixture, "/sys/devices/pci0000:00/0000:00:1f.2/host0/0:0:0:0/block/sda/sda2/x",
		    "");
	fixture_link(&fixture, "/sys/class/block/sda2",
		     "../../devices/pci0000:00/0000:00:1f.2/host0/0:0:0:0/block/sda/sda2");
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_hardware_collect(&fixture.root, &hardware);
	kh_auto(kh_free) char *stack = kh_strv_join(&hardware.root_stack, " ");
	assert_string_equal(stack, "dm_mod dm_crypt md_mod raid456 sd_mod megaraid_sas");
	fixture_close(&fixture);
}

static void json_there_and_back_is_the_same_hardware(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_device(&fixture, "pci", "pci0000:00/0000:00:03.0", igb, "igb", "igb");
	put_device(&fixture, "acpi", "LNXSYSTM:00/LNXPWRBN:00", "acpi:LNXPWRBN:", NULL, NULL);
	fixture_put(&fixture, "/proc/modules", "igb 1 0 - Live 0x0\nkvm 1 1 kvm_amd, Live 0x0\n");
	fixture_put(&fixture, "/etc/fstab", "UUID=1 / ext4 defaults 0 1\n");
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	kh_facts_collect(&fixture.root, &facts);
	json_t *json = kh_facts_json(&facts);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware back = {0};
	assert_int_equal(kh_hardware_from_json(json, "other.json", &back, &err), 0);
	assert_string_equal(back.host, "other.json");
	assert_string_equal(back.root_filesystem, "ext4");
	assert_string_equal(find(&back, igb)->driver, "igb");
	assert_null(find(&back, "acpi:LNXPWRBN:")->driver);
	assert_true(kh_strv_has(&back.modules, "kvm"));
	json_t *again = kh_hardware_json(&back);
	assert_true(json_equal(again, json_object_get(json, "hardware")));
	json_decref(again);
	json_decref(json);
	fixture_close(&fixture);
}

static void bad_facts_are_refused_with_file_and_reason(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"os\": {}}", "hardware of 'h.json': there is no \"hardware\" in it"},
		{"{\"hardware\": {\"root_stack\": []}}",
		 "hardware of 'h.json': 'filesystems' is no list"},
		{"{\"hardware\": {\"root_stack\": [1], \"filesystems\": [], \"modules\": []}}",
		 "hardware of 'h.json': 'root_stack' has an item that is no text"},
		{"{\"hardware\": {\"root_stack\": [], \"filesystems\": [], \"modules\": []}}",
		 "hardware of 'h.json': 'devices' is no list"},
		{"{\"hardware\": {\"root_stack\": [], \"filesystems\": [], \"modules\": [], "
		 "\"devices\": [{\"bus\": \"pci\"}]}}",
		 "hardware of 'h.json': a device has no 'modalias' or no 'bus'"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		struct kh_hardware hardware;
		json_t *json = json_loads(cases[i].text, 0, NULL);
		assert_int_equal(kh_hardware_from_json(json, "h.json", &hardware, &err), -1);
		assert_int_equal(err.code, KH_CONFIG);
		assert_string_equal(err.message, cases[i].message);
		assert_non_null(err.hint);
		json_decref(json);
	}
}

static void hardware_is_read_only_when_asked_and_then_once(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	struct kh_hardware_reader *reader = kh_hardware_reader_new(&fixture.root);
	put_device(&fixture, "pci", "pci0000:00/0000:00:03.0", igb, "igb", "igb");
	assert_int_equal(kh_hardware_read(reader)->device_count, 1); /* what came later is there */
	put_device(&fixture, "pci", "pci0000:00/0000:00:04.0", "pci:other", NULL, NULL);
	assert_int_equal(kh_hardware_read(reader)->device_count, 1);
	kh_hardware_reader_free(reader);
	assert_int_equal(kh_hardware_read(NULL)->device_count, 0);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_device_names_the_module_of_its_driver),
		cmocka_unit_test(a_device_without_a_driver_gets_the_modules_that_claim_it),
		cmocka_unit_test(a_built_in_driver_has_the_name_its_module_would_have),
		cmocka_unit_test(of_equal_devices_the_one_with_a_driver_is_kept),
		cmocka_unit_test(file_systems_are_those_of_devices_mounted_or_listed),
		cmocka_unit_test(the_root_of_an_image_is_known_by_fstab),
		cmocka_unit_test(
			the_root_stack_goes_through_lvm_encryption_and_raid_to_the_controller),
		cmocka_unit_test(json_there_and_back_is_the_same_hardware),
		cmocka_unit_test(bad_facts_are_refused_with_file_and_reason),
		cmocka_unit_test(hardware_is_read_only_when_asked_and_then_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
