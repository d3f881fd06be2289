/* perform.c - see perform.h. */
#include "core/perform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/durable.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_memory.h"
#include "core/install.h"
#include "core/modules.h"
#include "core/packages.h"

/* Is what we are about to replace still what the plan showed? */
static int check_unchanged(const struct kh_root *root, const struct kh_change *change,
			   struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state now = {0};
	if (kh_file_look(root, change->path, &now, err) != 0)
		return -1;
	const char *old_target = change->old.target ? change->old.target : "";
	bool is_same = now.type == change->old.type && now.mode == change->old.mode &&
		       strcmp(now.digest, change->old.digest) == 0 &&
		       strcmp(now.target ? now.target : "", old_target) == 0;
	if (is_same)
		return 0;
	kh_fail(err, KH_SYSTEM, 0, "'%s' was changed while kvmhost was at work", change->path);
	err->sys = KH_PERFORM_UNTOUCHED;
	return kh_hint(err, "nothing was written to it; run the command again");
}

static int put_file(const struct kh_root *root, const struct kh_change *change,
		    struct kh_error *err)
{
	if (check_unchanged(root, change, err) != 0)
		return -1;
	struct kh_file_state meta = change->old; /* borrows the extended attributes */
	if (meta.type == KH_FILE_ABSENT) {
		meta.uid = geteuid();
		meta.gid = getegid();
	}
	meta.mode = change->mode;
	return kh_file_put(root, change->path, change->content, change->length, &meta, err);
}

/* The tree, and when all of it is on disk, the record that says so. */
static int install(const struct kh_root *root, const struct kh_change *change, struct kh_error *err)
{
	if (kh_install_perform(root, change->install, err) != 0)
		return -1;
	if (change->kind == KH_CHANGE_UNINSTALL)
		return check_unchanged(root, change, err) == 0
			       ? kh_file_remove(root, change->path, err)
			       : -1;
	if (!kh_root_is_dir(root, kh_installed_dir) &&
	    kh_file_make_dir(root, kh_installed_dir, 0755, err) != 0)
		return -1;
	return put_file(root, change, err);
}

static char *value_now(const struct kh_root *root, const char *path)
{
	kh_auto(kh_free) char *text = kh_root_line(root, path);
	return kh_facts_chosen_word(text);
}

static int set_value(const struct kh_root *root, const struct kh_change *change,
		     json_t **ret_details, char **ret_warning, struct kh_error *err)
{
	if (kh_file_set_value(root, change->path, change->value, err) != 0)
		return -1;
	kh_auto(kh_free) char *whole = kh_root_line(root, change->path);
	kh_auto(kh_free) char *now = value_now(root, change->path);
	const char *obtained = now ? now : "";
	*ret_details = json_pack("{s:o}", "obtained", kh_json_text(obtained));
	if (strcmp(obtained, change->value) == 0 || (whole && strcmp(whole, change->value) == 0))
		return 0;
	if (change->accepts_less && kh_str_number(obtained) > kh_str_number(change->value)) {
		*ret_warning = kh_printf("%s: asked for %s, obtained %s: the others are in use, "
					 "and go when they no longer are",
					 change->path, change->value, obtained);
		return 0;
	}
	if (change->accepts_less) {
		*ret_warning =
			kh_printf("%s: asked for %s, obtained %s: not enough free, unfragmented "
				  "memory now; a reboot usually helps",
				  change->path, change->value, obtained);
		return 0;
	}
	return kh_fail(err, KH_VERIFY, 0, "set '%s' to '%s': the kernel still says '%s'",
		       change->path, change->value, obtained);
}

/* What the hardware refuses is a warning: the rest of the configuration can still be applied, and
 * the next plan says what is missing. */
static int load_module(const struct kh_root *root, const struct kh_change *change,
		       json_t **ret_details, char **ret_warning, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv loaded = {0};
	kh_auto(kh_free) char *release = kh_root_line(root, "/proc/sys/kernel/osrelease");
	int result = kh_modules_load(root, release, change->path, &loaded, err);
	if (result == 1) {
		*ret_warning = kh_printf("%s (%s)", err->message, err->hint ? err->hint : "");
		kh_error_done(err);
	}
	json_t *names = json_array();
	for (size_t i = 0; i < loaded.count; i++)
		json_array_append_new(names, json_string(loaded.items[i]));
	*ret_details = json_pack("{s:o}", "loaded", names);
	return result < 0 ? -1 : 0;
}

static int run_program(struct kh_runner *runner, const struct kh_change *change,
		       struct kh_error *err)
{
	kh_auto(kh_free) const char **argv = kh_alloc((change->argv.count + 1) * sizeof(char *));
	for (size_t i = 0; i < change->argv.count; i++)
		argv[i] = change->argv.items[i];
	return kh_run(runner, argv, KH_PERFORM_TIMEOUT_S, NULL, err);
}

static int perform(const struct kh_root *root, struct kh_runner *runner,
		   const struct kh_change *change, json_t **ret_details, char **ret_warning,
		   struct kh_error *err)
{
	switch (change->kind) {
	case KH_CHANGE_PUT_FILE:
		return put_file(root, change, err);
	case KH_CHANGE_REMOVE_FILE:
		return check_unchanged(root, change, err) == 0
			       ? kh_file_remove(root, change->path, err)
			       : -1;
	case KH_CHANGE_MAKE_DIR:
		return kh_file_make_dir(root, change->path, change->mode, err);
	case KH_CHANGE_LINK:
		return check_unchanged(root, change, err) == 0
			       ? kh_file_link(root, change->path, change->target, err)
			       : -1;
	case KH_CHANGE_SET_VALUE:
		return set_value(root, change, ret_details, ret_warning, err);
	case KH_CHANGE_LOAD_MODULE:
		return load_module(root, change, ret_details, ret_warning, err);
	case KH_CHANGE_RUN:
	case KH_CHANGE_TRIGGER:
		return run_program(runner, change, err);
	case KH_CHANGE_INSTALL:
	case KH_CHANGE_UNINSTALL:
		return install(root, change, err);
	case KH_CHANGE_PACKAGES:
		return kh_packages_install(
			root, runner, &change->argv,
			json_string_value(json_object_get(change->what, "place")), ret_details,
			err);
	case KH_CHANGE_FETCH: /* the engine's own: apply.c */
	case KH_CHANGE_BUILD:
	case KH_CHANGE_REHEARSE:
		break;
	}
	return kh_fail(err, KH_SYSTEM, 0, "unknown change");
}

bool kh_perform_explain(struct kh_error *err)
{
	static const char then[] = "'kvmhost apply' then goes on, 'kvmhost undo' takes back what "
				   "was done";
	if (err->hint)
		return false;
	if (err->sys == ENOSPC || err->sys == EDQUOT)
		kh_hint(err, "make room there: %s", then);
	else if (err->sys == EROFS)
		kh_hint(err,
			"that file system is mounted read-only: make it writable ('mount -o "
			"remount,rw'); %s",
			then);
	else if (err->sys == EPERM && geteuid() == 0)
		kh_hint(err,
			"the file or its directory may be immutable ('lsattr' shows it, "
			"'chattr -i' ends it): %s",
			then);
	return err->hint != NULL;
}

static bool changes_file(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_PUT_FILE || change->kind == KH_CHANGE_REMOVE_FILE ||
	       change->kind == KH_CHANGE_MAKE_DIR || change->kind == KH_CHANGE_LINK ||
	       change->install;
}

static bool runs_program(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_RUN || change->kind == KH_CHANGE_TRIGGER ||
	       change->kind == KH_CHANGE_PACKAGES;
}

/* "done" is written when it is done on the disk as well; a program that failed wrote, too. */
int kh_perform(const struct kh_root *root, struct kh_runner *runner, const struct kh_change *change,
	       json_t **ret_details, char **ret_warning, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error unwritten = KH_ERROR_INIT;
	int result = perform(root, runner, change, ret_details, ret_warning, err);
	if (result != 0 && changes_file(change))
		kh_perform_explain(err);
	if (runs_program(change) && kh_durable_sync(root, &unwritten) != 0 && result == 0)
		return kh_fail(err, unwritten.code, 0, "%s", unwritten.message);
	if (change->install || kh_durable_is_boot(change->path))
		kh_durable_boot(root);
	return result;
}
