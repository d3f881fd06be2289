/* base_names.c - see base_names.h. */
#include "kconfig/base_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const char *const strict_buses[] = {"pci", "virtio", "usb", "scsi", "vmbus", "xen"};

/* Of PCI: what a host is reached by and boots from. Bridges and what belongs to the chip set have
 * drivers that are a part of every kernel and leave no trace in modules.builtin; the firmware's
 * screen remains where a graphics driver is missing. */
static bool is_vital_class(const char *modalias)
{
	static const char *const vital[] = {
		"bc01", /* storage */
		"bc02", /* network */
		"bc0C", /* USB, Fibre Channel */
		"bc0D", /* wireless */
	};
	for (size_t i = 0; i < KH_COUNT(vital); i++)
		if (strstr(modalias, vital[i]))
			return true;
	return false;
}

bool kh_base_is_strict(const struct kh_hardware_device *device)
{
	if (strcmp(device->bus, "pci") == 0 && !is_vital_class(device->modalias))
		return false;
	return device->driver && device->modules.count > 0 &&
	       kh_str_is_one_of(device->bus, strict_buses, KH_COUNT(strict_buses));
}

/* ---- devices ---- */

/* Source: PCI Code and ID Assignment Specification, base classes. */
static const char *const pci_classes[] = {
	"old",        "storage",         "network",
	"display",    "multimedia",      "memory",
	"bridge",     "communication",   "system",
	"input",      "docking station", "processor",
	"serial bus", "wireless",        "intelligent controller",
	"satellite",  "encryption",      "signal processing",
};

/* Source: Documentation/ABI and linux/virtio_ids.h. */
static const char *const virtio_kinds[] = {
	NULL, "network", "storage", "console", "random numbers", "memory balloon",
	NULL, NULL,      "storage", "files",
};

static const char *kind_of(const char *const *names, size_t count, unsigned number)
{
	return number < count ? names[number] : NULL;
}

static char *join_name(const char *id, const char *driver, const char *kind)
{
	if (!driver && !kind)
		return kh_strdup(id);
	return kh_printf("%s (%s%s%s)", id, driver ? driver : "no driver", kind ? ", " : "",
			 kind ? kind : "");
}

static const char *driver_of(const struct kh_hardware_device *device)
{
	return device->driver && device->modules.count > 0 ? device->modules.items[0]
							   : device->driver;
}

static char *pci_name(const struct kh_hardware_device *device)
{
	unsigned vendor, id, class;
	const char *at = strstr(device->modalias, "bc");
	if (sscanf(device->modalias, "pci:v%8xd%8xsv", &vendor, &id) != 2 || !at ||
	    sscanf(at, "bc%2xsc", &class) != 1)
		return NULL;
	kh_auto(kh_free) char *name = kh_printf("pci %04x:%04x", vendor, id);
	return join_name(name, driver_of(device),
			 kind_of(pci_classes, KH_COUNT(pci_classes), class));
}

static char *virtio_name(const struct kh_hardware_device *device)
{
	unsigned id;
	if (sscanf(device->modalias, "virtio:d%8xv", &id) != 1)
		return NULL;
	kh_auto(kh_free) char *name = kh_printf("virtio %u", id);
	return join_name(name, driver_of(device),
			 kind_of(virtio_kinds, KH_COUNT(virtio_kinds), id));
}

static char *usb_name(const struct kh_hardware_device *device)
{
	unsigned vendor, product;
	if (sscanf(device->modalias, "usb:v%4xp%4xd", &vendor, &product) != 2)
		return NULL;
	kh_auto(kh_free) char *name = kh_printf("usb %04x:%04x", vendor, product);
	return join_name(name, driver_of(device), NULL);
}

char *kh_base_device_name(const struct kh_hardware_device *device)
{
	char *name = NULL;
	if (strcmp(device->bus, "pci") == 0)
		name = pci_name(device);
	else if (strcmp(device->bus, "virtio") == 0)
		name = virtio_name(device);
	else if (strcmp(device->bus, "usb") == 0)
		name = usb_name(device);
	if (name)
		return name;
	kh_auto(kh_free) char *id = kh_printf("%.40s", device->modalias);
	return join_name(id, driver_of(device), NULL);
}

/* ---- file systems ---- */

static const struct {
	const char *type;
	const char *modules[4];
} filesystem_modules[] = {
	{"ext2", {"ext4"}},
	{"ext3", {"ext4"}},
	{"ext4", {"ext4"}},
	{"iso9660", {"isofs"}},
	{"vfat", {"vfat", "nls_cp437", "nls_iso8859_1", "nls_ascii"}},
	{"nfs", {"nfs", "nfsv3", "nfsv4"}},
	{"nfs4", {"nfs", "nfsv4"}},
	{"nfsd", {"nfsd"}},
	{"smb3", {"cifs"}},
	{"9p", {"9p", "9pnet_virtio"}},
	{"virtiofs", {"virtiofs"}},
	{"ntfs", {"ntfs3"}},
};

void kh_base_filesystem_modules(const char *type, struct kh_strv *ret_modules)
{
	for (size_t i = 0; i < KH_COUNT(filesystem_modules); i++) {
		if (strcmp(filesystem_modules[i].type, type) != 0)
			continue;
		for (size_t j = 0; j < 4 && filesystem_modules[i].modules[j]; j++)
			kh_strv_add(ret_modules, filesystem_modules[i].modules[j]);
		return;
	}
	kh_strv_add(ret_modules, type);
}

/* ---- parts ---- */

bool kh_base_is_needless(const char *module)
{
	static const char *const names[] = {"psmouse", "mousedev", "joydev",
					    "pcspkr",  "snd_pcsp", "sermouse"};
	return kh_str_is_one_of(module, names, KH_COUNT(names));
}

bool kh_base_is_always_there(const char *module)
{
	/* Libraries and implementations that Kconfig selects under other names in other versions:
	 * whoever needs one brings it. */
	static const char *const prefixes[] = {"crc", "sha", "lib", "drm_", "ghash", "crct10dif"};
	static const char *const names[] = {"usbcore",    "scsi_mod",  "scsi_common", "t10_pi",
					    "xhci_hcd",   "ehci_hcd",  "ohci_hcd",    "cryptd",
					    "mbcache",    "irqbypass", "usb_common",  "hid",
					    "virtio_ring"};
	for (size_t i = 0; i < KH_COUNT(prefixes); i++)
		if (kh_str_starts(module, prefixes[i]))
			return true;
	return kh_str_is_one_of(module, names, KH_COUNT(names));
}
