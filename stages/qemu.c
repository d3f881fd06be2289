/* qemu.c - the chosen QEMU: built, installed, and called kvm where nothing else is.
 *
 * A QEMU of the distribution does no harm beside it: libvirt and people find ours first. With
 * version none the distribution's serves, and what kvmhost installed before is removed.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "platform/meson_build.h"
#include "platform/recipe.h"
#include "stages/installed_check.h"
#include "stages/stages.h"

static const char kvm_path[] = "/usr/bin/kvm";

static bool is_wanted(const struct kh_context *context)
{
	return strcmp(context->config->qemu.version, "none") != 0;
}

static int build(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	return kh_recipe_plan_build(context, &kh_recipe_qemu, plan, err);
}

/* ---- /usr/bin/kvm ---- */

static char *kvm_target(const struct kh_context *context)
{
	return kh_printf("%s/bin/qemu-system-x86_64", context->config->qemu.prefix);
}

/* What is at /usr/bin/kvm and is not ours: "a file of the package qemu-system-x86", or NULL. Debian
 * records the files of its packages in lists; RHEL has no such path in any package. */
static char *kvm_owner(const struct kh_context *context)
{
	static const char *const lists[] = {"/var/lib/dpkg/info/qemu-system-x86.list",
					    "/var/lib/dpkg/info/qemu-kvm.list"};
	kh_auto(kh_free) char *target = kvm_target(context);
	kh_auto(kh_free) char *link = kh_root_readlink(context->root, kvm_path);
	if (link && kh_str_ends(link, "/bin/qemu-system-x86_64") &&
	    !kh_str_starts(link, "/usr/bin/") && kh_str_starts(link, "/"))
		return NULL; /* ours, perhaps of another prefix */
	for (size_t i = 0; i < KH_COUNT(lists); i++) {
		kh_auto(kh_free) char *files = kh_root_text(context->root, lists[i]);
		if (files && kh_str_has_word(files, kvm_path))
			return kh_strdup("a package of the distribution");
	}
	if (link)
		return kh_printf("a link to %s", link);
	return kh_root_exists(context->root, kvm_path) ? kh_strdup("a file") : NULL;
}

static bool has_x86_64(const struct kh_context *context)
{
	return kh_strv_has(&context->config->qemu.targets, "x86_64-softmmu");
}

static int plan_kvm(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *target = kvm_target(context);
	kh_auto(kh_free) char *owner = kvm_owner(context);
	if (!has_x86_64(context))
		return 0;
	if (!owner)
		return kh_plan_link(plan, kvm_path, target, "the usual name of QEMU with KVM", err);
	kh_plan_note(plan, KH_NOTE_INFO,
		     "%s stays as it is, it belongs to %s: the QEMU that was built is %s", kvm_path,
		     owner, target);
	return 0;
}

/* ---- install ---- */

static void note_libraries(const struct kh_context *context, struct kh_plan *plan,
			   const struct kh_artifact *artifact)
{
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	kh_meson_missing_libraries(context->root, json_object_get(artifact->manifest, "about"),
				   &missing);
	kh_auto(kh_free) char *names = kh_strv_join(&missing, ", ");
	if (missing.count > 0)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "QEMU does not run before these libraries are installed: %s", names);
}

static int uninstall(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	json_t *record = kh_installed_read(context->root, "qemu");
	kh_auto(kh_free) char *prefix =
		kh_strdup(kh_json_get(json_object_get(record, "about"), "prefix"));
	kh_auto(kh_free) char *target = kh_printf("%s/bin/qemu-system-x86_64", prefix);
	kh_auto(kh_free) char *link = kh_root_readlink(context->root, kvm_path);
	bool is_ours = record && link && strcmp(link, target) == 0;
	json_decref(record);
	if (is_ours && kh_plan_remove_file(plan, kvm_path, "its QEMU is removed", err) != 0)
		return -1;
	return kh_plan_uninstall(plan, "qemu", "qemu.version is none", err);
}

static int plan_qemu(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (!is_wanted(context))
		return uninstall(context, plan, err);
	int result = kh_recipe_find(context, &kh_recipe_qemu, &artifact, err);
	if (result < 0)
		return -1;
	if (result == 1) {
		kh_plan_note(plan, KH_NOTE_INFO, "QEMU is installed once it is built");
		return 0;
	}
	if (kh_plan_install(plan, "qemu", &artifact, "the QEMU that was built", err) != 0)
		return -1;
	note_libraries(context, plan, &artifact);
	return plan_kvm(context, plan, err);
}

/* ---- report ---- */

static void check_binary(const struct kh_context *context, struct kh_report *report)
{
	kh_auto(kh_free) char *chosen = kvm_target(context);
	/* RHEL's lies in libexec. */
	const char *const places[] = {chosen,
				      "/usr/local/bin/qemu-system-x86_64",
				      "/usr/bin/qemu-system-x86_64",
				      "/usr/libexec/qemu-kvm",
				      "/usr/bin/kvm",
				      NULL};
	const char *found = kh_root_find_program(context->root, places);
	struct kh_check_text text = {
		.expected = "an installed QEMU",
		.found = found ? found : "none found",
		.why = "QEMU is what runs the guests",
		.fix = found ? NULL
			     : kh_installed_how(context->config->qemu.version,
						"install qemu-system-x86 (Debian) or qemu-kvm "
						"(CentOS family)")};
	enum kh_status status = found ? KH_PASS : KH_WARN;
	if (!found && !kh_root_exists(context->root, "/usr")) {
		text.found = "the programs of this host were not recorded";
		status = KH_SKIP;
	}
	kh_report_add(report, "qemu.binary", status, &text);
}

static void check_kvm_link(const struct kh_context *context, struct kh_report *report)
{
	kh_auto(kh_free) char *target = kvm_target(context);
	kh_auto(kh_free) char *link = kh_root_readlink(context->root, kvm_path);
	kh_auto(kh_free) char *owner = kvm_owner(context);
	kh_auto(kh_free) char *other = owner ? kh_printf("it belongs to %s", owner) : NULL;
	bool is_ours = link && strcmp(link, target) == 0;
	json_t *record = kh_installed_read(context->root, "qemu");
	bool is_installed = record;
	json_decref(record);
	if (!is_installed || !has_x86_64(context))
		return;
	const struct kh_check_text text = {
		.expected = target,
		.found = is_ours ? target
			 : owner ? other
				 : "missing",
		.why = "/usr/bin/kvm is what scripts call",
		.fix = is_ours || owner ? NULL : "'kvmhost apply' makes it",
	};
	kh_report_add(report, "qemu.kvm_link",
		      is_ours ? KH_PASS
		      : owner ? KH_SKIP
			      : KH_WARN,
		      &text);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	check_binary(context, report);
	kh_installed_check_add(context, report, "qemu", "QEMU", context->config->qemu.version);
	check_kvm_link(context, report);
	return 0;
}

const struct kh_stage kh_stage_qemu = {
	.name = "qemu",
	.summary = "the chosen QEMU, built for KVM",
	.touches = "the prefix (/usr/local), /usr/bin/kvm",
	.after = kh_after_preflight, /* not after fetch, as the kernel */
	.phase = KH_PHASE_INSTALL,
	.build = build,
	.plan = plan_qemu,
	.check = check,
};
