/* sweep.c - see sweep.h. */
#include "core/base/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

static int sweep_below(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), result = 0;
	kh_auto(kh_closedir) DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir) {
		kh_close(&copy);
		return -1;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    kh_sweep_tree(fd, entry->d_name) != 0)
			result = -1;
	return result;
}

int kh_sweep_tree(int dir_fd, const char *name)
{
	if (kh_sys_unlink(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	kh_auto(kh_close) int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || sweep_below(fd) != 0)
		return -1;
	return kh_sys_unlink(dir_fd, name, AT_REMOVEDIR);
}
