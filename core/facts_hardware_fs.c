/* facts_hardware_fs.c - the file systems of facts_hardware.h: which are in use, which is the
 * root's, and the chain from it down to the controller.
 *
 * Source: proc_pid_mountinfo(5); Documentation/ABI/testing/sysfs-block-dm,
 * Documentation/admin-guide/ md.rst (md/level); "slaves" of a block device are what it is stacked
 * on.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_hardware_private.h"
#include "core/fstab.h"

/* Of no device, and a part of every kernel here: nothing has to be built for them. */
static const char *const pseudo[] = {
	"autofs",  "binfmt_misc", "bpf",        "cgroup",    "cgroup2", "configfs",
	"debugfs", "devpts",      "devtmpfs",   "efivarfs",  "fusectl", "hugetlbfs",
	"mqueue",  "nsfs",        "proc",       "pstore",    "ramfs",   "resctrl",
	"rootfs",  "rpc_pipefs",  "securityfs", "selinuxfs", "sysfs",   "tmpfs",
	"tracefs", "usbfs",       "swap",       "none",      "auto",    "bind",
};

enum { most_layers = 16 };

/* "fuse.sshfs" and "fuseblk" are served by fuse. */
static void add_type(struct kh_strv *types, const char *type)
{
	const char *served =
		kh_str_starts(type, "fuse.") || strcmp(type, "fuseblk") == 0 ? "fuse" : type;
	if (!*type || kh_str_is_one_of(type, pseudo, KH_COUNT(pseudo)) ||
	    strcmp(type, "fusectl") == 0 || kh_strv_has(types, served))
		return;
	kh_strv_add(types, served);
}

/* ---- what the root file system stands on ---- */

static void add_once(struct kh_strv *list, const char *text)
{
	if (!kh_strv_has(list, text))
		kh_strv_add(list, text);
}

static void add_dm(const struct kh_root *root, const char *name, struct kh_strv *stack)
{
	kh_auto(kh_free) char *uuid = kh_root_linef(root, "/sys/class/block/%s/dm/uuid", name);
	if (!uuid)
		return;
	add_once(stack, "dm_mod");
	if (kh_str_starts(uuid, "CRYPT-"))
		add_once(stack, "dm_crypt");
	if (kh_str_starts(uuid, "mpath-"))
		add_once(stack, "dm_multipath");
}

static void add_md(const struct kh_root *root, const char *name, struct kh_strv *stack)
{
	kh_auto(kh_free) char *level = kh_root_linef(root, "/sys/class/block/%s/md/level", name);
	if (!level)
		return;
	add_once(stack, "md_mod");
	bool is_parity = strcmp(level, "raid4") == 0 || strcmp(level, "raid5") == 0 ||
			 strcmp(level, "raid6") == 0;
	if (is_parity || kh_str_starts(level, "raid") || strcmp(level, "linear") == 0)
		add_once(stack, is_parity ? "raid456" : level);
}

/* The drivers of every device that the disk hangs on, from the disk up. */
static void add_buses(const struct kh_root *root, const char *name, struct kh_strv *stack)
{
	kh_auto(kh_free) char *link = kh_printf("/sys/class/block/%s", name);
	kh_auto(kh_free) char *dir = kh_root_resolve(root, link);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	for (; slash && kh_str_starts(dir, "/sys/devices/"); slash = strrchr(dir, '/')) {
		kh_auto(kh_free) char *module = kh_hardware_driver_module(root, dir);
		if (module)
			add_once(stack, module);
		*slash = '\0';
	}
}

static void add_layers(const struct kh_root *root, const char *name, int depth,
		       struct kh_strv *stack)
{
	add_dm(root, name, stack);
	add_md(root, name, stack);
	if (kh_str_starts(name, "bcache"))
		add_once(stack, "bcache");
	kh_auto(kh_free) char *dir = kh_printf("/sys/class/block/%s/slaves", name);
	kh_auto(kh_strv_done) struct kh_strv below = {0};
	kh_root_list(root, dir, &below);
	for (size_t i = 0; i < below.count && depth < most_layers; i++)
		add_layers(root, below.items[i], depth + 1, stack);
	add_buses(root, name, stack);
}

/* "/dev/mapper/vg-root" is a link to "../dm-0"; "/dev/root" and the like are none. */
static char *block_name(const struct kh_root *root, const char *device, const char *number)
{
	kh_auto(kh_free) char *link = kh_printf("/sys/dev/block/%s", number);
	kh_auto(kh_free) char *by_number = kh_root_readlink(root, link);
	kh_auto(kh_free) char *by_name = kh_root_resolve(root, device);
	const char *path = by_number ? by_number : by_name ? by_name : device;
	const char *slash = strrchr(path, '/');
	return kh_strdup(slash ? slash + 1 : path);
}

/* ---- mounts ---- */

struct mount {
	const char *number, *target, *type, *source;
};

/* "27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw": the optional fields end with "-". */
static bool read_mount(const struct kh_strv *words, struct mount *ret_mount)
{
	size_t dash = 6;
	while (dash < words->count && strcmp(words->items[dash], "-") != 0)
		dash++;
	if (dash + 2 >= words->count)
		return false;
	*ret_mount = (struct mount){.number = words->items[2],
				    .target = words->items[4],
				    .type = words->items[dash + 1],
				    .source = words->items[dash + 2]};
	return true;
}

static void take_mount(const struct kh_root *root, const struct mount *mount,
		       struct kh_hardware *hardware)
{
	add_type(&hardware->filesystems, mount->type);
	if (strcmp(mount->target, "/") != 0 || strcmp(mount->type, "rootfs") == 0)
		return;
	kh_free(&hardware->root_filesystem);
	hardware->root_filesystem = kh_strdup(mount->type);
	kh_strv_done(&hardware->root_stack);
	kh_auto(kh_free) char *name = block_name(root, mount->source, mount->number);
	add_layers(root, name, 0, &hardware->root_stack);
}

static void collect_mounted(const struct kh_root *root, struct kh_hardware *hardware)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/self/mountinfo");
	if (!text)
		text = kh_root_text(root, "/proc/1/mountinfo");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		struct mount mount;
		kh_strv_split(&words, lines.items[i], " ");
		if (read_mount(&words, &mount))
			take_mount(root, &mount, hardware);
	}
}

static bool is_disc(const struct kh_strv *types)
{
	return kh_strv_has(types, "iso9660") || kh_strv_has(types, "udf");
}

static void collect_listed(const struct kh_root *root, struct kh_hardware *hardware)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/fstab");
	kh_auto(kh_fstab_done) struct kh_fstab fstab = {0};
	kh_fstab_parse(text ? text : "", &fstab);
	for (size_t i = 0; i < fstab.entry_count; i++) {
		const struct kh_fstab_entry *entry = &fstab.entries[i];
		kh_auto(kh_strv_done) struct kh_strv types = {0};
		kh_strv_split(&types, entry->type, ",");
		/* The installer's line for a drive of discs is no reason to refuse a kernel. */
		if (kh_fstab_has_option(entry->options, "noauto") && is_disc(&types))
			continue;
		for (size_t j = 0; j < types.count; j++)
			add_type(&hardware->filesystems, types.items[j]);
		/* A root that is not mounted (an image) is known by its line. */
		if (!hardware->root_filesystem && strcmp(entry->target, "/") == 0 &&
		    types.count == 1)
			hardware->root_filesystem = kh_strdup(types.items[0]);
	}
}

void kh_hardware_collect_filesystems(const struct kh_root *root, struct kh_hardware *hardware)
{
	collect_mounted(root, hardware);
	collect_listed(root, hardware);
	kh_strv_sort(&hardware->filesystems);
}
