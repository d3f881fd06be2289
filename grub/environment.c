/* environment.c - see environment.h. mountinfo is read here and not by libmount, which would look
 * into the /proc of the machine we run on for what it does not find. */
#include "grub/environment.h"

#include <string.h>

#include "core/base/mem.h"

/* File systems whose files keep their place and have no checksums over them. */
static const char *const writable[] = {"ext2", "ext3", "ext4", "xfs", "vfat", "msdos"};

struct place {
	char *directory; /* of the block, links followed */
	char *filesystem;
	char *device;  /* "254:1" */
	size_t length; /* of the mount point that was found */
};

static void place_done(struct place *place)
{
	kh_free(&place->directory);
	kh_free(&place->filesystem);
	kh_free(&place->device);
}

static char *find_directory(const struct kh_root *root)
{
	static const char *const places[] = {"/boot/grub2/grubenv", "/boot/grub/grubenv"};
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		char *path =
			kh_root_exists(root, places[i]) ? kh_root_resolve(root, places[i]) : NULL;
		char *slash = path ? strrchr(path, '/') : NULL;
		if (!slash)
			continue;
		*slash = '\0';
		return path;
	}
	return kh_strdup(kh_root_is_dir(root, "/boot/grub2") ? "/boot/grub2" : "/boot/grub");
}

/* Is the mount point at the path, or above it? */
static bool covers(const char *point, const char *path)
{
	size_t length = strlen(point);
	return strcmp(point, "/") == 0 ||
	       (strncmp(path, point, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

/* "36 35 98:0 /root /point options optional... - type source super". The last mount wins.
 * Source: proc(5), /proc/PID/mountinfo. */
static void read_mount(const char *line, struct place *place)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line, " ");
	size_t dash = 6;
	while (dash < words.count && strcmp(words.items[dash], "-") != 0)
		dash++;
	if (dash + 1 >= words.count || !covers(words.items[4], place->directory) ||
	    strlen(words.items[4]) < place->length)
		return;
	kh_free(&place->filesystem);
	kh_free(&place->device);
	place->length = strlen(words.items[4]);
	place->device = kh_strdup(words.items[2]);
	place->filesystem = kh_strdup(words.items[dash + 1]);
}

static char *block_name(const struct kh_root *root, const char *device)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/sys/class/block", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *number =
			kh_root_linef(root, "/sys/class/block/%s/dev", names.items[i]);
		if (number && strcmp(number, device) == 0)
			return kh_strdup(names.items[i]);
	}
	return NULL;
}

/* What kind of stacked device this is, or NULL: a plain one. Multipath is one: the firmware shows
 * its disk. */
static const char *stacked(const struct kh_root *root, const char *name)
{
	kh_auto(kh_free) char *uuid = kh_root_linef(root, "/sys/class/block/%s/dm/uuid", name);
	if (kh_str_starts(name, "md"))
		return "RAID";
	if (!uuid)
		return kh_str_starts(name, "dm-") ? "a device-mapper device" : NULL;
	if (kh_str_starts(uuid, "LVM-"))
		return "LVM";
	if (kh_str_starts(uuid, "CRYPT-"))
		return "an encrypted device";
	if (kh_str_starts(uuid, "mpath-") || strstr(uuid, "-mpath-"))
		return NULL;
	return kh_str_starts(uuid, "DMRAID-") ? "RAID" : "a device-mapper device";
}

static char *judge(const struct kh_root *root, const struct place *place)
{
	if (!place->filesystem)
		return kh_printf("what %s is on is not known", place->directory);
	if (!kh_str_is_one_of(place->filesystem, writable, KH_COUNT(writable)))
		return kh_printf("%s is on %s", place->directory, place->filesystem);
	kh_auto(kh_free) char *name = block_name(root, place->device);
	if (!name)
		return kh_printf("the device %s is on is not known", place->directory);
	const char *what = stacked(root, name);
	return what ? kh_printf("%s is on %s", place->directory, what) : NULL;
}

char *kh_environment_obstacle(const struct kh_root *root)
{
	kh_auto(place_done) struct place place = {.directory = find_directory(root)};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/self/mountinfo");
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		read_mount(lines.items[i], &place);
	return judge(root, &place);
}
