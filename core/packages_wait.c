/* packages_wait.c - see packages.h: not at the same time as the distribution's own package run. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/engine.h"
#include "core/packages.h"

/* dpkg takes the first for a whole run of apt, the second while it unpacks or configures; rpm the
 * others during a transaction (reading the database takes a lock that others may share). Source:
 * dpkg(1), FILES, and its lib/dpkg/dbmodify.c; rpm's lib/rpmlock.c and its macro _rpmlock_path. */
static const char *const locks[] = {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
				    "/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock"};

/* "apt-get -y upgrade", as the running system calls it. Owned. */
static char *name_of(pid_t pid)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_root_done) struct kh_root here = KH_ROOT_INIT;
	kh_auto(kh_free) char *path = kh_printf("/proc/%d/cmdline", (int)pid);
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	if (kh_root_open("/", &here, &ignored) != 0 ||
	    kh_root_read(&here, path, &text, &length, &ignored) != 0 || length == 0)
		return kh_strdup("its name is not known");
	for (size_t i = 0; i + 1 < length; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	return kh_printf("'%.80s'", text);
}

/* Who writes under this lock; NULL: nobody, or there is no such file. Owned. */
static char *find_holder(const struct kh_root *root, const char *path)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return NULL;
	if (lock.l_pid <= 0) /* of another namespace */
		return kh_printf("somebody, who holds '%s'", path);
	kh_auto(kh_free) char *name = name_of(lock.l_pid);
	return kh_printf("pid %d, %s, which holds '%s'", (int)lock.l_pid, name, path);
}

static char *find_any_holder(const struct kh_root *root)
{
	char *holder = NULL;
	for (size_t i = 0; i < KH_COUNT(locks) && !holder; i++)
		holder = find_holder(root, locks[i]);
	return holder;
}

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void tell(struct kh_sink *sink, const char *holder)
{
	kh_auto(kh_free) char *text =
		kh_printf("packages are being installed or removed by %s: waiting", holder);
	struct kh_event event = {.kind = KH_EVENT_NOTE, .stage = "", .text = text};
	if (sink)
		sink->event(sink, &event);
}

int kh_packages_wait(const struct kh_root *root, unsigned most_s, struct kh_sink *sink,
		     struct kh_error *err)
{
	const struct timespec moment = {0, 200000000};
	long long deadline_ms = now_ms() + most_s * 1000LL;
	kh_auto(kh_free) char *holder = find_any_holder(root);
	if (!holder)
		return 0;
	tell(sink, holder);
	while (now_ms() < deadline_ms) {
		nanosleep(&moment, NULL);
		if (kh_stop_check(err) != 0)
			return -1;
		kh_free(&holder);
		holder = find_any_holder(root);
		if (!holder)
			return 0;
	}
	kh_fail(err, KH_SYSTEM, 0, "packages are still being installed or removed after %u s by %s",
		most_s, holder);
	return kh_hint(err, "nothing was changed; wait until it has ended, then run this again");
}
