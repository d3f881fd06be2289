/* cover.c - see cover.h.
 *
 * A module drives a device when the artifact's modules.alias leads from the device's modalias to
 * the module that drives it now. Built-in drivers have no aliases (before linux 6.18), and some
 * modules have another name in another kernel; so a built-in driver of that name is enough, and
 * where the kernel knows nothing of that name at all, any module that claims the device.
 */
#include "kconfig/cover.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"
#include "core/modules.h"
#include "kconfig/base_names.h"

/* ---- what was built ---- */

static void add_names(const struct kh_root *tree, const char *release, const char *file,
		      struct kh_strv *names)
{
	kh_auto(kh_free) char *path = kh_printf("/lib/modules/%s/%s", release, file);
	kh_auto(kh_free) char *text = kh_root_text(tree, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		char *slash = strrchr(lines.items[i], '/');
		char *name = slash ? slash + 1 : lines.items[i];
		name[strcspn(name, ".")] = '\0';
		for (char *c = name; *c; c++)
			if (*c == '-')
				*c = '_';
		kh_strv_add(names, name);
	}
	kh_strv_sort(names);
}

static int open_tree(const struct kh_root *tree, const char *release,
		     struct kh_modules **ret_modules, struct kh_error *err)
{
	int status = kh_modules_open(tree, release, ret_modules, err);
	if (status == 1)
		return kh_fail(err, KH_SYSTEM, 0,
			       "no index of modules (modules.dep) of '%s' in '%s'", release,
			       tree->host_path);
	return status;
}

/* Only what is strict: of the others the record would say nothing that is ever asked. */
static json_t *devices_json(const struct kh_hardware *hosts, size_t host_count)
{
	kh_auto(kh_strv_done) struct kh_strv seen = {0};
	json_t *devices = json_array();
	for (size_t i = 0; i < host_count; i++)
		for (size_t j = 0; j < hosts[i].device_count; j++) {
			const struct kh_hardware_device *device = &hosts[i].devices[j];
			if (!kh_base_is_strict(device) || kh_strv_has(&seen, device->modalias))
				continue;
			kh_strv_add(&seen, device->modalias);
			json_array_append_new(devices,
					      json_pack("{so so}", "modalias",
							kh_json_text(device->modalias), "modules",
							kh_facts_json_list(&device->modules)));
		}
	return devices;
}

/* Root file systems and others that the kernel has, of those that are asked for. */
static void add_filesystems(const struct kh_hardware *hosts, size_t host_count,
			    struct kh_strv *roots, struct kh_strv *all)
{
	for (size_t i = 0; i < host_count; i++) {
		const char *type = hosts[i].root_filesystem;
		if (type && !kh_strv_has(roots, type))
			kh_strv_add(roots, type);
		for (size_t j = 0; j < hosts[i].filesystems.count; j++)
			if (!kh_strv_has(all, hosts[i].filesystems.items[j]))
				kh_strv_add(all, hosts[i].filesystems.items[j]);
	}
	kh_strv_sort(roots);
	kh_strv_sort(all);
}

int kh_cover_record(const struct kh_root *tree, const char *release,
		    const struct kh_hardware *hosts, size_t host_count, json_t **ret_record,
		    struct kh_error *err)
{
	kh_auto(kh_modules_free) struct kh_modules *modules = NULL;
	if (open_tree(tree, release, &modules, err) != 0)
		return kh_wrap(err, "record what the kernel covers");
	kh_auto(kh_strv_done) struct kh_strv built = {0}, builtin = {0}, roots = {0}, all = {0};
	add_names(tree, release, "modules.order", &built);
	add_names(tree, release, "modules.builtin", &builtin);
	add_filesystems(hosts, host_count, &roots, &all);
	*ret_record = json_pack("{so so so so so so}", "release", kh_json_text(release),
				"root_filesystems", kh_facts_json_list(&roots), "filesystems",
				kh_facts_json_list(&all), "builtin", kh_facts_json_list(&builtin),
				"modules", kh_facts_json_list(&built), "devices",
				devices_json(hosts, host_count));
	return 0;
}

/* ---- does it drive this host? ---- */

struct cover {
	struct kh_modules *modules;
	const json_t *built, *builtin; /* lists of names */
};

static bool list_has(const json_t *list, const char *name)
{
	const json_t *item;
	size_t index;
	json_array_foreach(list, index, item)
	{
		if (kh_modules_same(json_string_value(item) ? json_string_value(item) : "", name))
			return true;
	}
	return false;
}

/* By any name that modprobe would understand: "mpt2sas" is an alias of mpt3sas. */
static bool has_module(const struct cover *cover, const char *name)
{
	return list_has(cover->built, name) || list_has(cover->builtin, name) ||
	       kh_modules_look(cover->modules, name) != KH_MODULE_ABSENT;
}

static bool claims(const struct kh_strv *claimants, const char *name)
{
	for (size_t i = 0; i < claimants->count; i++)
		if (kh_modules_same(claimants->items[i], name))
			return true;
	return false;
}

/* Bound by hand, to devices that it does not claim: handed to guests. */
static bool is_bound_by_hand(const char *module)
{
	static const char *const names[] = {"vfio_pci", "pci_stub", "uio_pci_generic", "igb_uio",
					    "xen_pciback"};
	return kh_str_is_one_of(module, names, KH_COUNT(names));
}

static bool covers_device(const struct cover *cover, const struct kh_hardware_device *device)
{
	kh_auto(kh_strv_done) struct kh_strv claimants = {0};
	kh_modules_lookup(cover->modules, device->modalias, &claimants);
	bool is_known = false;
	for (size_t i = 0; i < device->modules.count; i++) {
		const char *name = device->modules.items[i];
		if (claims(&claimants, name) || list_has(cover->builtin, name))
			return true;
		bool is_there = has_module(cover, name);
		if (is_there && is_bound_by_hand(name))
			return true;
		is_known = is_known || is_there;
	}
	return !is_known && claimants.count > 0;
}

static void find_devices(const struct cover *cover, const struct kh_hardware *hardware,
			 struct kh_strv *uncovered)
{
	for (size_t i = 0; i < hardware->device_count; i++) {
		const struct kh_hardware_device *device = &hardware->devices[i];
		if (!kh_base_is_strict(device) || covers_device(cover, device))
			continue;
		char *name = kh_base_device_name(device);
		if (kh_strv_has(uncovered, name))
			kh_free(&name);
		else
			kh_strv_add_owned(uncovered, name);
	}
}

static bool covers_filesystem(const struct cover *cover, const char *type)
{
	kh_auto(kh_strv_done) struct kh_strv modules = {0};
	kh_auto(kh_free) char *alias = kh_printf("fs-%s", type);
	kh_base_filesystem_modules(type, &modules);
	return has_module(cover, alias) || has_module(cover, modules.items[0]);
}

static void find_filesystems(const struct cover *cover, const struct kh_hardware *hardware,
			     struct kh_strv *uncovered)
{
	const char *root = hardware->root_filesystem;
	if (root && !covers_filesystem(cover, root))
		kh_strv_addf(uncovered, "root file system '%s'", root);
	for (size_t i = 0; i < hardware->root_stack.count; i++) {
		const char *name = hardware->root_stack.items[i];
		if (!has_module(cover, name) && !kh_base_is_always_there(name))
			kh_strv_addf(uncovered, "'%s', below the root file system", name);
	}
	for (size_t i = 0; i < hardware->filesystems.count; i++) {
		const char *type = hardware->filesystems.items[i];
		if ((!root || strcmp(type, root) != 0) && !covers_filesystem(cover, type))
			kh_strv_addf(uncovered, "file system '%s'", type);
	}
}

int kh_cover_find(const struct kh_root *tree, const json_t *record,
		  const struct kh_hardware *hardware, struct kh_strv *ret_uncovered,
		  struct kh_error *err)
{
	kh_auto(kh_modules_free) struct kh_modules *modules = NULL;
	if (open_tree(tree, kh_json_get(record, "release"), &modules, err) != 0)
		return kh_wrap(err, "does the kernel cover this host");
	struct cover cover = {.modules = modules,
			      .built = json_object_get(record, "modules"),
			      .builtin = json_object_get(record, "builtin")};
	find_filesystems(&cover, hardware, ret_uncovered);
	find_devices(&cover, hardware, ret_uncovered);
	return 0;
}

int kh_cover_check(const struct kh_root *tree, const json_t *record,
		   const struct kh_hardware *hardware, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv uncovered = {0};
	if (kh_cover_find(tree, record, hardware, &uncovered, err) != 0)
		return -1;
	if (uncovered.count == 0)
		return 0;
	kh_auto(kh_free) char *all = kh_strv_join(&uncovered, ", ");
	kh_fail(err, KH_HOST, 0, "kernel '%s' does not cover host '%s': %s",
		kh_json_get(record, "release"), hardware->host, all);
	return kh_hint(err, "build it for this host too: kvmhost facts --json > FILE here, FILE in "
			    "kernel.hosts there; or on this host: kvmhost build --rederive kernel");
}
