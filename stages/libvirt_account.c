/* libvirt_account.c - the account that guests run as.
 *
 * The distributions' packages make it: libvirt-qemu (Debian), qemu (Fedora, RHEL). Theirs is taken
 * where it is, so that files of guests keep their owner when the one libvirt replaces the other.
 * It has to be in the group of /dev/kvm. Source: libvirt's meson.build (qemu_user), Debian's
 * libvirt-daemon-system.postinst, systemd's rules.d/50-udev-default.rules.
 */
#include <string.h>

#include "core/base/mem.h"
#include "stages/libvirt.h"

static const char passwd[] = "/etc/passwd", group_file[] = "/etc/group";

/* Field `wanted` (from 0) of the line of NAME in a file like /etc/passwd; owned, or NULL. */
static char *field(const struct kh_root *root, const char *path, const char *name, size_t wanted)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_free) char *start = kh_printf("%s:", name);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		const char *at = lines.items[i];
		if (!kh_str_starts(at, start))
			continue;
		for (size_t n = 0; n < wanted && at; n++) {
			at = strchr(at, ':');
			at = at ? at + 1 : NULL;
		}
		return at ? kh_strndup(at, strcspn(at, ":")) : NULL;
	}
	return NULL;
}

static bool exists(const struct kh_root *root, const char *path, const char *name)
{
	kh_auto(kh_free) char *found = field(root, path, name, 0);
	return found;
}

static char *pick_user(const struct kh_context *context)
{
	static const char *const known[] = {"libvirt-qemu", "qemu"};
	for (size_t i = 0; i < KH_COUNT(known); i++)
		if (exists(context->root, passwd, known[i]))
			return kh_strdup(known[i]);
	return kh_strdup(kh_root_exists(context->root, "/var/lib/dpkg/status") ? "libvirt-qemu"
									       : "qemu");
}

/* The name of the group with this number; owned, or NULL. */
static char *group_of_number(const struct kh_root *root, const char *gid)
{
	kh_auto(kh_free) char *text = kh_root_text(root, group_file);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv fields = {0};
		kh_strv_split(&fields, lines.items[i], ":");
		/* An empty password field drops out: the number is the third or the second. */
		for (size_t n = 1; n < 3 && n < fields.count; n++)
			if (strcmp(fields.items[n], gid) == 0)
				return kh_strdup(fields.items[0]);
	}
	return NULL;
}

/* The group called as the user; else the user's own; else one to be made. */
static char *pick_group(const struct kh_context *context, const char *user)
{
	if (exists(context->root, group_file, user))
		return kh_strdup(user);
	kh_auto(kh_free) char *gid = field(context->root, passwd, user, 3);
	char *name = gid ? group_of_number(context->root, gid) : NULL;
	return name ? name : kh_strdup(user);
}

static int refuse(const char *what, const char *name, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "libvirt.qemu_conf.%s: there is no %s '%s' on this host", what,
		what, name);
	return kh_hint(err, "make it, or leave it at 'auto'");
}

int kh_libvirt_accounts(const struct kh_context *context, char **ret_user, char **ret_group,
			struct kh_error *err)
{
	const char *user = context->config->libvirt.qemu_conf.user;
	const char *group = context->config->libvirt.qemu_conf.group;
	bool is_auto_user = strcmp(user, "auto") == 0, is_auto_group = strcmp(group, "auto") == 0;
	if (!is_auto_user && !exists(context->root, passwd, user))
		return refuse("user", user, err);
	if (!is_auto_group && !exists(context->root, group_file, group))
		return refuse("group", group, err);
	*ret_user = is_auto_user ? pick_user(context) : kh_strdup(user);
	*ret_group = is_auto_group ? pick_group(context, *ret_user) : kh_strdup(group);
	return 0;
}

/* ---- making them ---- */

static int run(struct kh_plan *plan, const char *const *argv, const char *const *undo_argv,
	       const char *why, struct kh_error *err)
{
	const struct kh_plan_command command = {.argv = argv, .undo_argv = undo_argv, .why = why};
	return kh_plan_run(plan, &command, err);
}

static int make_group(struct kh_plan *plan, const char *name, const char *why, struct kh_error *err)
{
	const char *const argv[] = {"groupadd", "--system", name, NULL};
	const char *const undo_argv[] = {"groupdel", name, NULL};
	return run(plan, argv, undo_argv, why, err);
}

/* A group of the same name comes and goes with the account: userdel removes it. */
static int make_user(const struct kh_root *root, struct kh_plan *plan,
		     const struct kh_libvirt *libvirt, struct kh_error *err)
{
	bool has_group = exists(root, group_file, libvirt->group) ||
			 strcmp(libvirt->group, libvirt->user) != 0;
	static const char *const shells[] = {"/usr/sbin/nologin", "/sbin/nologin", NULL};
	const char *shell = kh_root_find_program(root, shells);
	const char *const argv[] = {"useradd",
				    "--system",
				    "--no-create-home",
				    "--home-dir",
				    "/var/lib/libvirt",
				    "--shell",
				    shell ? shell : "/bin/false",
				    "--groups",
				    "kvm",
				    has_group ? "--gid" : "--user-group",
				    has_group ? libvirt->group : libvirt->user,
				    has_group ? libvirt->user : NULL,
				    NULL};
	const char *const undo_argv[] = {"userdel", libvirt->user, NULL};
	return run(plan, argv, undo_argv, "guests run as it, not as root", err);
}

static bool is_member(const struct kh_root *root, const char *user, const char *group)
{
	kh_auto(kh_free) char *members = field(root, group_file, group, 3);
	kh_auto(kh_free) char *gid = field(root, group_file, group, 2);
	kh_auto(kh_free) char *own_gid = field(root, passwd, user, 3);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_strv_split(&names, members ? members : "", ",");
	return kh_strv_has(&names, user) || (gid && own_gid && strcmp(gid, own_gid) == 0);
}

static int join_kvm(const struct kh_root *root, struct kh_plan *plan, const char *user,
		    struct kh_error *err)
{
	const char *const argv[] = {"usermod", "--append", "--groups", "kvm", user, NULL};
	const char *const undo_argv[] = {"gpasswd", "--delete", user, "kvm", NULL};
	if (strcmp(user, "root") == 0 || is_member(root, user, "kvm"))
		return 0;
	return run(plan, argv, undo_argv, "/dev/kvm belongs to this group", err);
}

int kh_libvirt_plan_accounts(const struct kh_context *context, struct kh_plan *plan,
			     const struct kh_libvirt *libvirt, struct kh_error *err)
{
	const struct kh_root *root = context->root;
	if (!exists(root, group_file, "kvm") &&
	    make_group(plan, "kvm", "/dev/kvm belongs to this group", err) != 0)
		return -1;
	bool has_user = exists(root, passwd, libvirt->user);
	bool is_other = has_user || strcmp(libvirt->group, libvirt->user) != 0;
	if (is_other && !exists(root, group_file, libvirt->group) &&
	    make_group(plan, libvirt->group, "guests run in it", err) != 0)
		return -1;
	if (!has_user)
		return make_user(root, plan, libvirt, err);
	return join_kvm(root, plan, libvirt->user, err);
}
