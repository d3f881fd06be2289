/* test_facts_disk.c - disks: class, scheduler, node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/facts_disk.h"
#include "tests/lib/fixture.h"

static const char sata[] = "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block";
static const char virtio_scsi[] = "pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/block";
static const char nvme[] = "pci0000:80/0000:80:01.0/0000:81:00.0/nvme/nvme0";

static void put(struct fixture *fixture, const char *place, const char *name, const char *file,
		const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "/sys/devices/%s/%s/%s", place, name, file);
	fixture_put(fixture, path, text);
}

static void put_disk(struct fixture *fixture, const char *place, const char *name,
		     const char *rotational, const char *scheduler)
{
	char link[128], target[512];
	put(fixture, place, name, "queue/rotational", rotational);
	put(fixture, place, name, "queue/scheduler", scheduler);
	put(fixture, place, name, "removable", "0\n");
	put(fixture, place, name, "size", "2097152\n");
	snprintf(link, sizeof(link), "/sys/block/%s", name);
	snprintf(target, sizeof(target), "../devices/%s/%s", place, name);
	fixture_link(fixture, link, target);
}

static const struct kh_facts_disk_one *find(const struct kh_facts_disk *disk, const char *name)
{
	for (size_t i = 0; i < disk->disk_count; i++)
		if (strcmp(disk->disks[i].name, name) == 0)
			return &disk->disks[i];
	return NULL;
}

static void disks_are_classed_by_what_they_hang_on(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_disk(&fixture, sata, "sda", "1\n", "[mq-deadline] kyber bfq none\n");
	put_disk(&fixture, sata, "sdb", "0\n", "mq-deadline [none]\n");
	put_disk(&fixture, virtio_scsi, "sdc", "1\n", "[none] mq-deadline\n");
	put_disk(&fixture, nvme, "nvme0n1", "0\n", "[none]\n");
	fixture_put(&fixture, "/sys/bus/pci/devices/0000:81:00.0/numa_node", "1\n");
	fixture_put(&fixture, "/sys/bus/pci/devices/0000:00:1f.2/numa_node", "-1\n");
	struct kh_facts_disk disk;
	kh_facts_disk_collect(&fixture.root, &disk);
	assert_int_equal(disk.disk_count, 4);
	const struct kh_facts_disk_one *sda = find(&disk, "sda");
	assert_int_equal(sda->class, KH_DISK_ROTATIONAL);
	assert_string_equal(sda->scheduler, "mq-deadline");
	assert_int_equal(sda->schedulers.count, 4);
	assert_string_equal(sda->schedulers.items[0], "mq-deadline");
	assert_int_equal(sda->size_bytes, 1LL << 30);
	assert_int_equal(sda->node, -1);
	assert_int_equal(find(&disk, "sdb")->class, KH_DISK_SOLID);
	assert_int_equal(find(&disk, "sdc")->class, KH_DISK_VIRTUAL);
	assert_int_equal(find(&disk, "nvme0n1")->class, KH_DISK_NVME);
	assert_int_equal(find(&disk, "nvme0n1")->node, 1);
	json_t *json = kh_facts_disk_json(&disk);
	assert_int_equal(json_array_size(json), 4);
	json_decref(json);
	kh_facts_disk_done(&disk);
	fixture_close(&fixture);
}

static void what_holds_no_data_of_its_own_is_left_out(void **state)
{
	(void)state;
	static const char *const names[] = {"loop0", "ram1",  "zram0", "sr0",
					    "dm-0",  "md127", "fd0"};
	struct fixture fixture;
	fixture_open_empty(&fixture);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_disk(&fixture, "virtual/block", names[i], "1\n", "none\n");
	put_disk(&fixture, sata, "sdz", "0\n", "none\n");
	put(&fixture, sata, "sdz", "removable", "1\n");
	put_disk(&fixture, nvme, "nvme0c0n1", "0\n", "none\n");
	put(&fixture, nvme, "nvme0c0n1", "hidden", "1\n");
	struct kh_facts_disk disk;
	kh_facts_disk_collect(&fixture.root, &disk);
	assert_int_equal(disk.disk_count, 0);
	kh_facts_disk_done(&disk);
	fixture_close(&fixture);
}

static void a_disk_without_a_scheduler_file_is_kept(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/sys/block/vda/size", "8\n");
	struct kh_facts_disk disk;
	kh_facts_disk_collect(&fixture.root, &disk);
	assert_int_equal(disk.disk_count, 1);
	assert_null(disk.disks[0].scheduler);
	assert_int_equal(disk.disks[0].class, KH_DISK_VIRTUAL);
	assert_int_equal(disk.disks[0].node, -1);
	kh_facts_disk_done(&disk);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_are_classed_by_what_they_hang_on),
		cmocka_unit_test(what_holds_no_data_of_its_own_is_left_out),
		cmocka_unit_test(a_disk_without_a_scheduler_file_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
