/* facts_hardware_json.c - the JSON form of facts_hardware.h, there and back. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_hardware.h"
#include "core/facts_text.h"

static json_t *device_json(const struct kh_hardware_device *device)
{
	return json_pack("{so so so so}", "modalias", kh_json_text(device->modalias), "bus",
			 kh_json_text(device->bus), "driver", kh_json_text(device->driver),
			 "modules", kh_facts_json_list(&device->modules));
}

json_t *kh_hardware_json(const struct kh_hardware *hardware)
{
	json_t *devices = json_array();
	for (size_t i = 0; i < hardware->device_count; i++)
		json_array_append_new(devices, device_json(&hardware->devices[i]));
	return json_pack("{so so so so so}", "root_filesystem",
			 kh_json_text(hardware->root_filesystem), "root_stack",
			 kh_facts_json_list(&hardware->root_stack), "filesystems",
			 kh_facts_json_list(&hardware->filesystems), "modules",
			 kh_facts_json_list(&hardware->modules), "devices", devices);
}

/* ---- back ---- */

static int fail(struct kh_error *err, const char *file, const char *what)
{
	kh_fail(err, KH_CONFIG, 0, "hardware of '%s': %s", file, what);
	return kh_hint(err, "make the file anew on that host: kvmhost facts --json > FILE");
}

static int read_list(const json_t *object, const char *key, const char *file,
		     struct kh_strv *ret_list, struct kh_error *err)
{
	const json_t *list = json_object_get(object, key), *item;
	size_t index;
	if (!json_is_array(list)) {
		kh_auto(kh_free) char *what = kh_printf("'%s' is no list", key);
		return fail(err, file, what);
	}
	json_array_foreach(list, index, item)
	{
		if (!json_is_string(item)) {
			kh_auto(kh_free) char *what =
				kh_printf("'%s' has an item that is no text", key);
			return fail(err, file, what);
		}
		kh_strv_add(ret_list, json_string_value(item));
	}
	return 0;
}

static int read_device(const json_t *object, const char *file, struct kh_hardware *hardware,
		       struct kh_error *err)
{
	const char *modalias = kh_json_get(object, "modalias");
	const char *bus = kh_json_get(object, "bus");
	if (!*modalias || !*bus)
		return fail(err, file, "a device has no 'modalias' or no 'bus'");
	struct kh_hardware_device *device = kh_append(hardware->devices, hardware->device_count);
	device->modalias = kh_strdup(modalias);
	device->bus = kh_strdup(bus);
	device->driver = kh_strdup(json_string_value(json_object_get(object, "driver")));
	return read_list(object, "modules", file, &device->modules, err);
}

static int read_all(const json_t *object, const char *file, struct kh_hardware *hardware,
		    struct kh_error *err)
{
	const json_t *devices = json_object_get(object, "devices"), *item;
	size_t index;
	const char *filesystem = json_string_value(json_object_get(object, "root_filesystem"));
	hardware->host = kh_strdup(file);
	hardware->root_filesystem = kh_strdup(filesystem);
	if (read_list(object, "root_stack", file, &hardware->root_stack, err) != 0 ||
	    read_list(object, "filesystems", file, &hardware->filesystems, err) != 0 ||
	    read_list(object, "modules", file, &hardware->modules, err) != 0)
		return -1;
	if (!json_is_array(devices))
		return fail(err, file, "'devices' is no list");
	json_array_foreach(devices, index, item)
	{
		if (read_device(item, file, hardware, err) != 0)
			return -1;
	}
	return 0;
}

int kh_hardware_from_json(const json_t *facts, const char *file, struct kh_hardware *ret_hardware,
			  struct kh_error *err)
{
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	const json_t *object = json_object_get(facts, "hardware");
	if (!json_is_object(object))
		return fail(err, file, "there is no \"hardware\" in it");
	if (read_all(object, file, &hardware, err) != 0)
		return -1;
	*ret_hardware = hardware;
	hardware = (struct kh_hardware){0};
	return 0;
}
