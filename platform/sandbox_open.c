/* sandbox_open.c - see sandbox.h: the account, its directories and files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/account.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/tree.h"
#include "platform/sandbox_start.h"

static int make_host_dirs(const char *host_path, struct kh_error *err)
{
	for (const char *slash = strchr(host_path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(host_path, (size_t)(slash - host_path));
		if (mkdir(parent, 0755) != 0 && errno != EEXIST)
			return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", parent);
	}
	return 0;
}

static char *host_path_of(const struct kh_root *root, const char *path)
{
	return kh_printf("%s%s", strcmp(root->host_path, "/") == 0 ? "" : root->host_path, path);
}

int kh_sandbox_open(const struct kh_root *root, const struct kh_config *config,
		    const char *log_path, struct kh_sandbox *ret_sandbox, struct kh_error *err)
{
	struct kh_account account = {0};
	if (kh_account_choose(root, config, &account, err) != 0 ||
	    make_host_dirs(log_path, err) != 0)
		return -1;
	kh_auto(kh_free) char *home = kh_printf("%s/build/home", config->build.store);
	kh_auto(kh_sandbox_done) struct kh_sandbox sandbox = {.uid = account.uid,
							      .gid = account.gid,
							      .home = host_path_of(root, home),
							      .log_path = kh_strdup(log_path)};
	if (kh_sandbox_probe(account.is_own) == 0)
		sandbox.is_isolated = true;
	else
		sandbox.obstacle = kh_strdup(strerror(errno));
	kh_auto(kh_free) char *temporary = kh_printf("%s/tmp", sandbox.home);
	/* A new one: what a build leaves in it (settings of tools, programs where PATH begins) is
	 * not for the next one. */
	if (kh_tree_remove(root, home, NULL, err) != 0 ||
	    kh_sandbox_dir(&sandbox, sandbox.home, err) != 0 ||
	    kh_sandbox_dir(&sandbox, temporary, err) != 0)
		return -1;
	*ret_sandbox = sandbox;
	sandbox = (struct kh_sandbox){0};
	return 0;
}

void kh_sandbox_done(struct kh_sandbox *sandbox)
{
	free(sandbox->home);
	free(sandbox->log_path);
	free(sandbox->obstacle);
	kh_strv_done(&sandbox->environment);
	kh_strv_done(&sandbox->writable);
	*sandbox = (struct kh_sandbox){0};
}

/* ---- directories of the build account ---- */

/* Removes one of another account. */
static int clear_foreign(int parent, const char *name, uid_t uid, struct kh_error *err)
{
	struct stat status;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : kh_fail(err, KH_SYSTEM, errno, "look at '%s'", name);
	if (!S_ISDIR(status.st_mode))
		return kh_fail(err, KH_SYSTEM, ENOTDIR, "directory '%s'", name);
	return status.st_uid == uid ? 0 : kh_tree_remove_at(parent, name, NULL, err);
}

int kh_sandbox_dir(const struct kh_sandbox *sandbox, const char *host_path, struct kh_error *err)
{
	const char *slash = strrchr(host_path, '/');
	if (!slash || !slash[1])
		return kh_fail(err, KH_SYSTEM, EINVAL, "directory '%s'", host_path);
	if (make_host_dirs(host_path, err) != 0)
		return -1;
	kh_auto(kh_free) char *parent_path = kh_strndup(host_path, (size_t)(slash - host_path));
	const char *name = slash + 1;
	kh_auto(kh_close) int parent = open(parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s'", parent_path);
	if (clear_foreign(parent, name, sandbox->uid, err) != 0)
		return kh_wrap(err, "build directory '%s'", host_path);
	if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST)
		return kh_fail(err, KH_SYSTEM, errno, "make directory '%s'", host_path);
	kh_auto(kh_close) int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0 ||
	    (status.st_uid != sandbox->uid && fchown(fd, sandbox->uid, sandbox->gid) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "give '%s' to the build account", host_path);
	return 0;
}

/* ---- files of the build account ---- */

int kh_sandbox_put(const struct kh_sandbox *sandbox, const char *host_path, const char *text,
		   struct kh_error *err)
{
	kh_auto(kh_free) char *dir = kh_strdup(host_path);
	char *slash = strrchr(dir, '/');
	if (!slash || !slash[1])
		return kh_fail(err, KH_SYSTEM, EINVAL, "write '%s'", host_path);
	*slash = '\0';
	kh_auto(kh_close) int parent = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", host_path);
	if (kh_tree_remove_at(parent, slash + 1, NULL, err) != 0)
		return kh_wrap(err, "write '%s'", host_path);
	kh_auto(kh_close) int fd = kh_sys_create(
		parent, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || kh_sys_write_all(fd, text, strlen(text), host_path) != 0 ||
	    (geteuid() == 0 && kh_sys_fchown(fd, sandbox->uid, sandbox->gid, host_path) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", host_path);
	return 0;
}

int kh_sandbox_get(const struct kh_sandbox *sandbox, const char *host_path, char **ret_text,
		   struct kh_error *err)
{
	enum { MOST = 64 << 20 };
	kh_auto(kh_str_done) struct kh_str text = {0};
	char block[16384];
	struct stat status;
	kh_auto(kh_close) int fd = open(host_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : kh_fail(err, KH_SYSTEM, errno, "read '%s'", host_path);
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != sandbox->uid ||
	    status.st_size > MOST)
		return kh_fail(err, KH_SYSTEM, 0, "read '%s': not a file that the build made",
			       host_path);
	ssize_t got;
	do {
		got = read(fd, block, sizeof(block));
		if (got > 0)
			kh_str_add_bytes(&text, block, (size_t)got);
	} while ((got > 0 && text.length <= MOST) || (got < 0 && errno == EINTR));
	if (got < 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", host_path);
	*ret_text = kh_str_take(&text);
	return 0;
}
