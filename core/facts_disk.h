/* facts_disk.h - block devices that hold data: class, scheduler. Source: /sys/block. */
#ifndef KH_FACTS_DISK_H
#define KH_FACTS_DISK_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

enum kh_disk_class {
	KH_DISK_ROTATIONAL, /* SATA/SAS spinning disks */
	KH_DISK_SOLID,      /* SATA/SAS flash */
	KH_DISK_NVME,
	KH_DISK_VIRTUAL, /* virtio, xen: the real scheduling happens below us */
};

struct kh_facts_disk_one {
	char *name; /* "sda" */
	enum kh_disk_class class;
	char *scheduler;           /* the chosen one, or NULL: no such file */
	struct kh_strv schedulers; /* those offered, in order */
	long long size_bytes;
	long long node; /* NUMA node of its controller, or -1 */
};

/* Loop, ram, zram, optical, device-mapper, md and removable devices are left out. */
struct kh_facts_disk {
	struct kh_facts_disk_one *disks; /* by name */
	size_t disk_count;
};

void kh_facts_disk_collect(const struct kh_root *root, struct kh_facts_disk *ret_disk);
void kh_facts_disk_done(struct kh_facts_disk *disk);
json_t *kh_facts_disk_json(const struct kh_facts_disk *disk);

#endif
