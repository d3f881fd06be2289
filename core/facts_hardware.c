/* facts_hardware.c - see facts_hardware.h. File systems are in facts_hardware_fs.c, the JSON form
 * in facts_hardware_json.c. */
#include "core/facts_hardware.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_hardware_private.h"
#include "core/modules.h"

static const char bus_dir[] = "/sys/bus";

/* Buses whose drivers are named where nothing else says which module it was. */
static const char *const named_buses[] = {"pci",   "usb", "virtio", "scsi",
					  "vmbus", "xen", "hid",    NULL};

/* Drivers that are not called as their module. Empty: always a part of the bus. Source: the names
 * in struct pci_driver, usb_driver, device_driver of linux 6.1. */
static const struct {
	const char *driver, *module;
} renamed[] = {
	{"sd", "sd_mod"},
	{"sr", "sr_mod"},
	{"xhci_hcd", "xhci_pci"},
	{"ehci_hcd", "ehci_pci"},
	{"ohci_hcd", "ohci_pci"},
	{"bochs-drm", "bochs"},
	{"i801_smbus", "i2c_i801"},
	{"piix4_smbus", "i2c_piix4"},
	{"hid-generic", "hid_generic"},

	{"usb", ""},
	{"hub", ""},
	{"pcieport", ""},
	{"serial", ""},
	{"xen-platform-pci", ""},
};

char *kh_hardware_link_name(const struct kh_root *root, const char *dir, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, name);
	kh_auto(kh_free) char *target = kh_root_readlink(root, path);
	const char *slash = target ? strrchr(target, '/') : NULL;
	return kh_strdup(slash ? slash + 1 : target);
}

static void fold(char *name)
{
	for (; name && *name; name++)
		if (*name == '-')
			*name = '_';
}

static bool is_part_of_bus(const char *driver)
{
	for (size_t i = 0; i < KH_COUNT(renamed); i++)
		if (strcmp(renamed[i].driver, driver) == 0)
			return !*renamed[i].module;
	return false;
}

static char *module_of_name(const char *driver)
{
	for (size_t i = 0; i < KH_COUNT(renamed); i++)
		if (strcmp(renamed[i].driver, driver) == 0)
			return kh_strdup(renamed[i].module);
	char *module = kh_strdup(driver);
	fold(module);
	return module;
}

char *kh_hardware_driver_module(const struct kh_root *root, const char *device_dir)
{
	kh_auto(kh_free) char *driver = kh_hardware_link_name(root, device_dir, "driver");
	if (driver && is_part_of_bus(driver))
		return NULL;
	char *module = kh_hardware_link_name(root, device_dir, "driver/module");
	fold(module);
	if (module)
		return module;
	kh_auto(kh_free) char *bus = kh_hardware_link_name(root, device_dir, "subsystem");
	if (!driver || !bus || !kh_str_is_one_of(bus, named_buses, KH_COUNT(named_buses) - 1))
		return NULL;
	return module_of_name(driver);
}

/* ---- devices ---- */

static void collect_device(const struct kh_root *root, const char *bus, const char *name,
			   struct kh_modules *modules, struct kh_hardware *hardware)
{
	kh_auto(kh_free) char *dir = kh_printf("%s/%s/devices/%s", bus_dir, bus, name);
	kh_auto(kh_free) char *modalias = kh_root_linef(root, "%s/modalias", dir);
	if (!modalias || !*modalias)
		return;
	struct kh_hardware_device device = {.modalias = kh_take(modalias), .bus = kh_strdup(bus)};
	device.driver = kh_hardware_link_name(root, dir, "driver");
	char *module = kh_hardware_driver_module(root, dir);
	if (module)
		kh_strv_add_owned(&device.modules, module);
	else if (modules)
		kh_modules_lookup(modules, device.modalias, &device.modules);
	*kh_append(hardware->devices, hardware->device_count) = device;
}

static void device_done(struct kh_hardware_device *device)
{
	free(device->modalias);
	free(device->bus);
	free(device->driver);
	kh_strv_done(&device->modules);
}

/* By modalias; of equal ones first the one that a driver is bound to. */
static int compare_devices(const void *left, const void *right)
{
	const struct kh_hardware_device *a = left, *b = right;
	int order = strcmp(a->modalias, b->modalias);
	if (order != 0)
		return order;
	if (!a->driver != !b->driver)
		return a->driver ? -1 : 1;
	return strcmp(a->driver ? a->driver : "", b->driver ? b->driver : "");
}

static void keep_one_of_each(struct kh_hardware *hardware)
{
	if (hardware->device_count == 0)
		return;
	qsort(hardware->devices, hardware->device_count, sizeof(*hardware->devices),
	      compare_devices);
	size_t kept = 1;
	for (size_t i = 1; i < hardware->device_count; i++) {
		struct kh_hardware_device *device = &hardware->devices[i];
		if (strcmp(device->modalias, hardware->devices[kept - 1].modalias) == 0)
			device_done(device);
		else
			hardware->devices[kept++] = *device;
	}
	hardware->device_count = kept;
}

static void collect_devices(const struct kh_root *root, struct kh_modules *modules,
			    struct kh_hardware *hardware)
{
	kh_auto(kh_strv_done) struct kh_strv buses = {0};
	kh_root_list(root, bus_dir, &buses);
	for (size_t i = 0; i < buses.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_auto(kh_free) char *dir = kh_printf("%s/%s/devices", bus_dir, buses.items[i]);
		kh_root_list(root, dir, &names);
		for (size_t j = 0; j < names.count; j++)
			collect_device(root, buses.items[i], names.items[j], modules, hardware);
	}
	keep_one_of_each(hardware);
}

/* ---- modules ---- */

static void collect_modules(const struct kh_root *root, struct kh_hardware *hardware)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/modules");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		lines.items[i][strcspn(lines.items[i], " \t")] = '\0';
		if (*lines.items[i])
			kh_strv_add(&hardware->modules, lines.items[i]);
	}
	kh_strv_sort(&hardware->modules);
}

/* The index of the running kernel's modules, or NULL: of none (not recorded, or no modules). */
static struct kh_modules *open_modules(const struct kh_root *root)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *running = kh_root_line(root, "/proc/sys/kernel/osrelease");
	kh_auto(kh_free) char *release = kh_modules_release(root, running, NULL);
	struct kh_modules *modules = NULL;
	if (release && kh_modules_open(root, release, &modules, &ignored) != 0)
		return NULL;
	return modules;
}

void kh_hardware_collect(const struct kh_root *root, struct kh_hardware *ret_hardware)
{
	*ret_hardware = (struct kh_hardware){.host = kh_strdup("self")};
	kh_auto(kh_modules_free) struct kh_modules *modules = open_modules(root);
	collect_devices(root, modules, ret_hardware);
	collect_modules(root, ret_hardware);
	kh_hardware_collect_filesystems(root, ret_hardware);
}

void kh_hardware_done(struct kh_hardware *hardware)
{
	for (size_t i = 0; i < hardware->device_count; i++)
		device_done(&hardware->devices[i]);
	free(hardware->devices);
	free(hardware->host);
	free(hardware->root_filesystem);
	kh_strv_done(&hardware->modules);
	kh_strv_done(&hardware->filesystems);
	kh_strv_done(&hardware->root_stack);
	*hardware = (struct kh_hardware){0};
}

/* ---- read when first asked ---- */

struct kh_hardware_reader {
	struct kh_root root; /* a descriptor of its own */
	bool is_read;
	struct kh_hardware hardware;
};

struct kh_hardware_reader *kh_hardware_reader_new(const struct kh_root *root)
{
	struct kh_hardware_reader *reader = kh_alloc(sizeof(*reader));
	reader->root = *root;
	reader->root.fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 0);
	reader->root.host_path = kh_strdup(root->host_path);
	return reader;
}

void kh_hardware_reader_free(struct kh_hardware_reader *reader)
{
	if (!reader)
		return;
	kh_root_done(&reader->root);
	kh_hardware_done(&reader->hardware);
	free(reader);
}

const struct kh_hardware *kh_hardware_read(struct kh_hardware_reader *reader)
{
	static const struct kh_hardware none;
	if (!reader)
		return &none;
	if (!reader->is_read)
		kh_hardware_collect(&reader->root, &reader->hardware);
	reader->is_read = true;
	return &reader->hardware;
}
