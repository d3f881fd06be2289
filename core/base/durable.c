/* durable.c - see durable.h. */
#include "core/base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/sys.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#ifndef EXT4_IOC_CHECKPOINT
#define EXT4_IOC_CHECKPOINT _IOW('f', 43, uint32_t)
#endif

/* Where a host's own files may have a file system of their own. */
static const char *const places[] = {"/",    "/boot", "/boot/efi", "/boot/grub", "/boot/grub2",
				     "/efi", "/etc",  "/usr",      "/var",       "/var/lib"};

bool kh_durable_is_boot(const char *path)
{
	return kh_str_starts(path, "/boot/") || kh_str_starts(path, "/efi/");
}

static bool is_boot_place(const char *place)
{
	return kh_str_starts(place, "/boot") || strcmp(place, "/efi") == 0;
}

static int open_place(const struct kh_root *root, const char *place, struct stat *ret_status)
{
	int fd = kh_root_open_at(root, place, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 && fstat(fd, ret_status) != 0)
		kh_close(&fd);
	return fd;
}

/* Freezing writes the log out and stops whoever writes; on the root file system that would be
 * ourselves, should anything happen before it is thawed. */
static void freeze_and_thaw(const struct kh_root *root, int fd, dev_t device)
{
	struct stat top;
	struct statfs system;
	kh_auto(kh_close) int top_fd = open_place(root, "/", &top);
	if (!root->is_live || top_fd < 0 || top.st_dev == device || fstatfs(fd, &system) != 0 ||
	    system.f_type != XFS_SUPER_MAGIC)
		return;
	if (ioctl(fd, FIFREEZE, 0) == 0)
		(void)ioctl(fd, FITHAW, 0);
}

static void write_out_log(const struct kh_root *root, int fd, dev_t device)
{
	uint32_t flags = 0;
	if (ioctl(fd, EXT4_IOC_CHECKPOINT, &flags) != 0)
		freeze_and_thaw(root, fd, device);
}

static bool is_new(dev_t *devices, size_t *count, dev_t device)
{
	for (size_t i = 0; i < *count; i++)
		if (devices[i] == device)
			return false;
	devices[(*count)++] = device;
	return true;
}

void kh_durable_boot(const struct kh_root *root)
{
	dev_t devices[KH_COUNT(places)];
	size_t count = 0;
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		struct stat status;
		kh_auto(kh_close) int fd =
			is_boot_place(places[i]) ? open_place(root, places[i], &status) : -1;
		if (fd >= 0 && is_new(devices, &count, status.st_dev))
			write_out_log(root, fd, status.st_dev);
	}
}

int kh_durable_sync(const struct kh_root *root, struct kh_error *err)
{
	dev_t devices[KH_COUNT(places)];
	size_t count = 0;
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		struct stat status;
		kh_auto(kh_close) int fd = open_place(root, places[i], &status);
		if (fd < 0 || !is_new(devices, &count, status.st_dev))
			continue; /* what is not there has nothing to be written */
		if (kh_sys_syncfs(fd) != 0)
			return kh_fail(err, KH_SYSTEM, errno,
				       "write to disk what was changed on the file system of '%s'",
				       places[i]);
	}
	kh_durable_boot(root);
	return 0;
}
