/* facts_hardware.h - what a kernel must drive on this host: devices, modules in use, file systems.
 *
 * Source: the modalias of every device of /sys/bus with the driver bound to it;
 * /proc/modules; /lib/modules/RELEASE/modules.alias and modules.builtin (through libkmod) for
 * devices whose driver is not bound; /proc/self/mountinfo and fstab for file systems, the root's
 * first; /sys/class/block for what the root's device is stacked on (dm, md). Written by `kvmhost
 * facts --json` ("hardware") and read back from there for `kernel.hosts`.
 */
#ifndef KH_FACTS_HARDWARE_H
#define KH_FACTS_HARDWARE_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

struct kh_hardware_device {
	char *modalias;
	char *bus;              /* "pci", "usb", "virtio", "acpi", ... */
	char *driver;           /* bound, or NULL */
	struct kh_strv modules; /* that drive it: of the bound driver, or by modules.alias */
};

struct kh_hardware {
	char *host;                         /* "self", or the file it was read from */
	struct kh_hardware_device *devices; /* by modalias, each once */
	size_t device_count;
	struct kh_strv modules;     /* loaded */
	struct kh_strv filesystems; /* types: mounted from a device or listed in fstab */
	char *root_filesystem;      /* "ext4", or NULL: not known */
	struct kh_strv root_stack;  /* modules below the root file system: "dm_mod", "raid1" */
};

/* Reads several hundred small files: some 10 ms. Facts are collected at every start and most starts
 * do not ask, so struct kh_facts only holds a reader: it keeps a descriptor of the root of its own,
 * and collects at the first kh_hardware_read(). Not for use by two threads at once. */
struct kh_hardware_reader;
struct kh_hardware_reader *kh_hardware_reader_new(const struct kh_root *root);
void kh_hardware_reader_free(struct kh_hardware_reader *reader);
/* Borrowed; NULL gives empty hardware. */
const struct kh_hardware *kh_hardware_read(struct kh_hardware_reader *reader);

void kh_hardware_collect(const struct kh_root *root, struct kh_hardware *ret_hardware);
void kh_hardware_done(struct kh_hardware *hardware);
json_t *kh_hardware_json(const struct kh_hardware *hardware);
/* From the file of another host; KH_CONFIG when it has no "hardware". */
int kh_hardware_from_json(const json_t *facts, const char *file, struct kh_hardware *ret_hardware,
			  struct kh_error *err);

#endif
