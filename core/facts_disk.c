/* facts_disk.c - see facts_disk.h.
 *
 * What a disk hangs on is read from its place in the device tree: /sys/block/sda is a link such as
 * ../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda.
 */
#include "core/facts_disk.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_memory.h"
#include "core/facts_text.h"

enum {
	SECTOR_BYTES = 512
}; /* the unit of /sys/block/X/size, whatever the disk's own. Source:
      Documentation/ABI/stable/sysfs-block */

/* Kinds of block devices that hold no data of their own, or other people's. */
static bool is_left_out(const struct kh_root *root, const char *name)
{
	static const char *const kinds[] = {"loop", "ram",  "zram", "sr",     "fd",  "dm-",
					    "md",   "drbd", "nbd",  "bcache", "mtd", "zd"};
	for (size_t i = 0; i < KH_COUNT(kinds); i++)
		if (kh_str_starts(name, kinds[i]))
			return true;
	/* The paths below a multipath NVMe namespace are hidden; eMMC has boot partitions. */
	if (strstr(name, "boot") || kh_root_numberf(root, "/sys/block/%s/hidden", name) == 1)
		return true;
	return kh_root_numberf(root, "/sys/block/%s/removable", name) == 1;
}

static enum kh_disk_class class_of(const struct kh_root *root, const char *name, const char *place)
{
	static const char *const paravirtual[] = {"/virtio", "/vbd-", "/VMBUS"};
	if (kh_str_starts(name, "nvme"))
		return KH_DISK_NVME;
	if (kh_str_starts(name, "vd") || kh_str_starts(name, "xvd"))
		return KH_DISK_VIRTUAL;
	for (size_t i = 0; i < KH_COUNT(paravirtual); i++)
		if (strstr(place, paravirtual[i]))
			return KH_DISK_VIRTUAL;
	return kh_root_numberf(root, "/sys/block/%s/queue/rotational", name) == 1
		       ? KH_DISK_ROTATIONAL
		       : KH_DISK_SOLID;
}

/* "0000:00:1f.2" */
static bool is_pci_address(struct kh_slice part)
{
	static const char form[] = "xxxx:xx:xx.x";
	if (part.length != strlen(form))
		return false;
	for (size_t i = 0; i < part.length; i++) {
		bool is_digit = strchr("0123456789abcdef", part.start[i]) != NULL;
		if (form[i] == 'x' ? !is_digit : part.start[i] != form[i])
			return false;
	}
	return true;
}

/* The PCI device nearest above the disk, or an empty slice. */
static struct kh_slice controller_of(const char *place)
{
	struct kh_slice found = {"", 0};
	for (const char *at = place; *at; at += *at == '/') {
		struct kh_slice part = {at, strcspn(at, "/")};
		if (is_pci_address(part))
			found = part;
		at += part.length;
	}
	return found;
}

static long long node_of(const struct kh_root *root, const char *place)
{
	struct kh_slice controller = controller_of(place);
	if (controller.length == 0)
		return -1;
	return kh_root_numberf(root, "/sys/bus/pci/devices/%.*s/numa_node", (int)controller.length,
			       controller.start);
}

/* "mq-deadline kyber [bfq] none" */
static void set_schedulers(const char *line, struct kh_facts_disk_one *disk)
{
	disk->scheduler = kh_facts_chosen_word(line);
	struct kh_slice rest = {line, strlen(line)}, word;
	while (kh_slice_next_word(&rest, &word)) {
		if (word.length > 2 && *word.start == '[')
			word = (struct kh_slice){word.start + 1, word.length - 2};
		kh_strv_add_owned(&disk->schedulers, kh_slice_dup(word));
	}
}

static void collect_disk(const struct kh_root *root, const char *name,
			 struct kh_facts_disk_one *disk)
{
	kh_auto(kh_free) char *link = kh_printf("/sys/block/%s", name);
	kh_auto(kh_free) char *place = kh_root_readlink(root, link);
	const char *where = place ? place : "";
	disk->name = kh_strdup(name);
	disk->class = class_of(root, name, where);
	disk->node = node_of(root, where);
	long long sectors = kh_root_numberf(root, "/sys/block/%s/size", name);
	disk->size_bytes = sectors < 0 ? -1 : sectors * SECTOR_BYTES;
	kh_auto(kh_free) char *line = kh_root_linef(root, "/sys/block/%s/queue/scheduler", name);
	if (line)
		set_schedulers(line, disk);
}

void kh_facts_disk_collect(const struct kh_root *root, struct kh_facts_disk *ret_disk)
{
	*ret_disk = (struct kh_facts_disk){0};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/sys/block", &names);
	for (size_t i = 0; i < names.count; i++)
		if (!is_left_out(root, names.items[i]))
			collect_disk(root, names.items[i],
				     kh_append(ret_disk->disks, ret_disk->disk_count));
}

void kh_facts_disk_done(struct kh_facts_disk *disk)
{
	for (size_t i = 0; i < disk->disk_count; i++) {
		free(disk->disks[i].name);
		free(disk->disks[i].scheduler);
		kh_strv_done(&disk->disks[i].schedulers);
	}
	free(disk->disks);
	*disk = (struct kh_facts_disk){0};
}

static const char *class_name(enum kh_disk_class class)
{
	switch (class) {
	case KH_DISK_ROTATIONAL:
		return "rotational";
	case KH_DISK_SOLID:
		return "solid";
	case KH_DISK_NVME:
		return "nvme";
	case KH_DISK_VIRTUAL:
		return "virtual";
	}
	return NULL;
}

json_t *kh_facts_disk_json(const struct kh_facts_disk *disk)
{
	json_t *array = json_array();
	for (size_t i = 0; i < disk->disk_count; i++) {
		const struct kh_facts_disk_one *one = &disk->disks[i];
		json_array_append_new(
			array, json_pack("{so so so so so so}", "name", kh_json_text(one->name),
					 "class", kh_json_text(class_name(one->class)), "scheduler",
					 kh_json_text(one->scheduler), "schedulers",
					 kh_facts_json_list(&one->schedulers), "size_bytes",
					 kh_facts_json_number(one->size_bytes), "node",
					 kh_facts_json_number(one->node)));
	}
	return array;
}
