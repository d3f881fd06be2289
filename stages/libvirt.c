/* libvirt.c - the chosen libvirt: built, installed, configured, started.
 *
 * Nothing is built or installed while another libvirt is on the host: they would share settings,
 * sockets and guests (libvirt_rival.c). With version none the distribution's own serves, and what
 * kvmhost installed before is removed.
 */
#include "stages/libvirt.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "platform/meson_build.h"
#include "platform/recipe.h"
#include "stages/stages.h"

/* Not after fetch, as the kernel. */
static const char *const after[] = {"preflight", "qemu", NULL};

static bool is_wanted(const struct kh_context *context)
{
	return strcmp(context->config->libvirt.version, "none") != 0;
}

static int refuse_rival(const struct kh_context *context, struct kh_error *err)
{
	kh_auto(kh_free) char *rival = kh_libvirt_rival(context);
	if (!rival)
		return 0;
	kh_fail(err, KH_HOST, 0, "there is another libvirt on this host: %s", rival);
	return kh_hint(err, "keep it with 'libvirt: {version: none}', or remove it (its guests' "
			    "definitions in /etc/libvirt stay), then run this again");
}

/* ---- build ---- */

static int build(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	/* A build of the store only may be for another host. */
	if (is_wanted(context) && !context->is_build && refuse_rival(context, err) != 0)
		return -1;
	return kh_recipe_plan_build(context, &kh_recipe_libvirt, plan, err);
}

/* ---- install ---- */

static bool can_start(const struct kh_context *context)
{
	return context->root->is_live && kh_root_is_dir(context->root, "/run/systemd/system");
}

int kh_libvirt_decide(const struct kh_context *context, const struct kh_artifact *artifact,
		      struct kh_libvirt *ret_libvirt, struct kh_error *err)
{
	struct kh_libvirt libvirt = {.artifact = artifact,
				     .prefix = context->config->libvirt.prefix};
	if (kh_libvirt_accounts(context, &libvirt.user, &libvirt.group, err) != 0)
		return -1;
	json_t *record = kh_installed_read(context->root, "libvirt");
	libvirt.is_first = !record;
	json_decref(record);
	libvirt.is_modular = kh_libvirt_is_modular(context);
	libvirt.can_start = can_start(context);
	*ret_libvirt = libvirt;
	return 0;
}

void kh_libvirt_done(struct kh_libvirt *libvirt)
{
	free(libvirt->user);
	free(libvirt->group);
	*libvirt = (struct kh_libvirt){0};
}

static bool is_searched(const struct kh_root *root, const char *directory)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/etc/ld.so.conf.d", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("/etc/ld.so.conf.d/%s", names.items[i]);
		kh_auto(kh_free) char *text = kh_root_text(root, path);
		if (strcmp(names.items[i], "kvmhost.conf") != 0 && text &&
		    kh_str_has_word(text, directory))
			return true;
	}
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/ld.so.conf");
	return text && kh_str_has_word(text, directory);
}

/* Our own programs find the library by themselves (RUNPATH); this is for what others build. */
static int plan_library(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
			bool has_new, struct kh_error *err)
{
	static const char path[] = "/etc/ld.so.conf.d/kvmhost.conf";
	static const char *const argv[] = {"ldconfig", NULL};
	static const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "undo runs it again",
		.why = "programs find libvirt's library",
	};
	kh_auto(kh_free) char *directory = kh_printf("%s/lib", prefix);
	kh_auto(kh_free) char *text = kh_printf("%s\n", directory);
	if (!is_searched(context->root, directory) &&
	    kh_plan_put_file(plan, path, text, 0644, "the loader does not look there by itself",
			     err) != 0)
		return -1;
	if (!has_new && !kh_plan_has(plan, path))
		return 0;
	return kh_plan_trigger(plan, "update the loader's cache", &command, err);
}

static void note_libraries(const struct kh_context *context, struct kh_plan *plan,
			   const struct kh_artifact *artifact)
{
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	json_t *about = json_object_get(artifact->manifest, "about");
	kh_meson_missing_libraries(context->root, about, &missing);
	kh_auto(kh_free) char *names = kh_strv_join(&missing, ", ");
	if (missing.count > 0)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "libvirt does not run before these libraries are installed: %s",
			     names);
}

static int install(const struct kh_context *context, struct kh_plan *plan,
		   const struct kh_artifact *artifact, struct kh_error *err)
{
	kh_auto(kh_libvirt_done) struct kh_libvirt libvirt = {0};
	if (kh_libvirt_decide(context, artifact, &libvirt, err) != 0 ||
	    kh_libvirt_plan_accounts(context, plan, &libvirt, err) != 0 ||
	    kh_libvirt_plan_conf(context, plan, &libvirt, err) != 0)
		return -1;
	size_t before = plan->change_count;
	if (kh_plan_install(plan, "libvirt", artifact, "the libvirt that was built", err) != 0)
		return -1;
	bool has_new = plan->change_count > before;
	if (plan_library(context, plan, libvirt.prefix, has_new, err) != 0 ||
	    kh_libvirt_plan_profiles(context, plan, &libvirt, err) != 0 ||
	    kh_libvirt_plan_units(context, plan, &libvirt, err) != 0)
		return -1;
	note_libraries(context, plan, artifact);
	return kh_libvirt_plan_start(context, plan, &libvirt, has_new, err);
}

static int uninstall(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	json_t *record = kh_installed_read(context->root, "libvirt");
	const char *prefix = kh_json_get(json_object_get(record, "about"), "prefix");
	int result = 0;
	if (record && *prefix)
		result = kh_libvirt_plan_stop(context, plan, prefix, can_start(context), err);
	json_decref(record);
	if (result != 0)
		return -1;
	return kh_plan_uninstall(plan, "libvirt", "libvirt.version is none", err);
}

static int plan_libvirt(const struct kh_context *context, struct kh_plan *plan,
			struct kh_error *err)
{
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (!is_wanted(context))
		return uninstall(context, plan, err);
	if (refuse_rival(context, err) != 0)
		return -1;
	int result = kh_recipe_find(context, &kh_recipe_libvirt, &artifact, err);
	if (result < 0)
		return -1;
	if (result == 0)
		return install(context, plan, &artifact, err);
	kh_plan_note(plan, KH_NOTE_INFO, "libvirt is installed once it is built");
	return 0;
}

const struct kh_stage kh_stage_libvirt = {
	.name = "libvirt",
	.summary = "the chosen libvirt, its daemons, accounts, default network and pool",
	.touches = "the prefix (/usr/local), /etc/libvirt, /etc/systemd/system, /etc/ld.so.conf.d, "
		   "/etc/apparmor.d/local, accounts; starts libvirt",
	.after = after,
	.phase = KH_PHASE_INSTALL,
	.build = build,
	.plan = plan_libvirt,
	.check = kh_libvirt_check,
};
