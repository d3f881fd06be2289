/* account.c - see account.h. */
#include "core/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/store.h"

/* ---- numbers nobody uses ---- */

static bool has_name(uid_t uid)
{
	return getpwuid(uid) || getgrgid((gid_t)uid);
}

static bool is_used_by_unit(const struct kh_root *root, uid_t uid)
{
	kh_auto(kh_free) char *path = kh_printf("/run/systemd/dynamic-uid/%u", uid);
	return kh_root_exists(root, path);
}

static bool is_used_by_process(const struct kh_root *root, const struct kh_strv *processes,
			       uid_t uid)
{
	for (size_t i = 0; i < processes->count; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *path = kh_printf("/proc/%s", processes->items[i]);
		struct stat status;
		if (kh_str_number(processes->items[i]) > 0 &&
		    kh_root_stat(root, path, false, &status, &ignored) == 0 && status.st_uid == uid)
			return true;
	}
	return false;
}

uid_t kh_account_free_number(const struct kh_root *root, uid_t first)
{
	kh_auto(kh_strv_done) struct kh_strv processes = {0};
	kh_root_list(root, "/proc", &processes);
	for (uid_t uid = first; uid <= KH_ACCOUNT_LAST; uid++)
		if (!has_name(uid) && !is_used_by_unit(root, uid) &&
		    !is_used_by_process(root, &processes, uid))
			return uid;
	return 0;
}

/* ---- its directory ---- */

static int make_parents(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
			return -1;
	}
	return kh_root_is_dir(root, path) ? 0 : kh_file_make_dir(root, path, 0755, err);
}

static int own_directory(const struct kh_root *root, const char *path,
			 const struct kh_account *account, struct kh_error *err)
{
	if (make_parents(root, path, err) != 0)
		return -1;
	if (account->is_own)
		return 0;
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0 || kh_sys_fchown(fd, account->uid, account->gid, path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "give '%s' to the build account", path);
	return 0;
}

/* ---- choosing ---- */

/* The number of an earlier run, unless it has become somebody's since. */
static bool is_kept_number(const struct kh_root *root, const char *path, uid_t *ret_uid)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct stat status;
	if (kh_root_stat(root, path, false, &status, &ignored) != 0 || !S_ISDIR(status.st_mode) ||
	    status.st_uid < KH_ACCOUNT_FIRST || status.st_uid > KH_ACCOUNT_LAST ||
	    has_name(status.st_uid) || is_used_by_unit(root, status.st_uid))
		return false;
	*ret_uid = status.st_uid;
	return true;
}

static int choose_number(const struct kh_root *root, const char *path,
			 struct kh_account *ret_account, struct kh_error *err)
{
	uid_t uid = 0;
	if (!is_kept_number(root, path, &uid))
		uid = kh_account_free_number(root, KH_ACCOUNT_FIRST);
	if (uid == 0) {
		kh_fail(err, KH_SYSTEM, 0, "no free account number between %d and %d",
			KH_ACCOUNT_FIRST, KH_ACCOUNT_LAST);
		return kh_hint(err, "name an account of this host as 'build.user'");
	}
	*ret_account = (struct kh_account){.uid = uid, .gid = uid};
	return 0;
}

static int choose_named(const struct kh_config *config, struct kh_account *ret_account,
			struct kh_error *err)
{
	const char *name = config->build.user;
	const char *where = kh_config_where(config, "build.user");
	errno = 0;
	const struct passwd *entry = getpwnam(name);
	if (!entry) {
		kh_fail(err, KH_CONFIG, 0, "%s: there is no account '%s'", where, name);
		return kh_hint(err, "create it ('useradd --system %s'), or use 'build.user: auto'",
			       name);
	}
	if (entry->pw_uid == 0 || entry->pw_gid == 0) {
		kh_fail(err, KH_CONFIG, 0, "%s: '%s' has root's rights: nothing is built with them",
			where, name);
		return kh_hint(err, "use 'build.user: auto'");
	}
	*ret_account = (struct kh_account){.uid = entry->pw_uid, .gid = entry->pw_gid};
	return 0;
}

int kh_account_choose(const struct kh_root *root, const struct kh_config *config,
		      struct kh_account *ret_account, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/build", config->build.store);
	struct kh_account account = {.uid = geteuid(), .gid = getegid(), .is_own = true};
	int result = kh_store_check_place(root, config->build.store, err);
	if (result != 0)
		return -1;
	if (account.uid == 0 && strcmp(config->build.user, "auto") == 0)
		result = choose_number(root, path, &account, err);
	else if (account.uid == 0)
		result = choose_named(config, &account, err);
	if (result != 0 || own_directory(root, path, &account, err) != 0)
		return -1;
	*ret_account = account;
	return 0;
}
