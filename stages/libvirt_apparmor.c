/* libvirt_apparmor.c - libvirt and its guests under AppArmor.
 *
 * The profiles come with the artifact. They know the paths of the distributions; what this prefix
 * needs more goes into the files that they include for that: /etc/apparmor.d/local. Source:
 * libvirt's src/security/apparmor, https://libvirt.org/drvqemu.html#apparmor-svirt-confinement.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "stages/libvirt.h"

static int put_local(const struct kh_context *context, struct kh_plan *plan,
		     const struct kh_libvirt *libvirt, const char *name, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("/etc/apparmor.d/local/%s", name);
	/* The daemons need the same additions. */
	bool is_daemon = kh_str_starts(name, "usr.sbin.");
	kh_auto(kh_free) char *source =
		kh_printf("etc/apparmor.d/local/%s.in", is_daemon ? "usr.sbin.libvirtd" : name);
	kh_auto(kh_free) char *text = NULL;
	bool has_qemu = strcmp(context->config->qemu.version, "none") != 0;
	const struct kh_template_value values[] = {
		{"PREFIX", libvirt->prefix},
		{"QEMU", has_qemu ? context->config->qemu.prefix : "/usr"},
		{NULL, NULL}};
	if (kh_template_fill(context->root, source, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, 0644,
				"AppArmor: the profile knows the distribution's paths only", err);
}

static bool is_confining(const struct kh_context *context)
{
	kh_auto(kh_free) char *on =
		kh_root_line(context->root, "/sys/module/apparmor/parameters/enabled");
	return on && strcmp(on, "Y") == 0;
}

/* libvirt confines guests only when it is itself under a profile: that has to be loaded before. */
static int load_profiles(const struct kh_context *context, struct kh_plan *plan,
			 const struct kh_libvirt *libvirt, bool is_new, struct kh_error *err)
{
	const char *const argv[] = {"apparmor_parser",
				    "--replace",
				    "--write-cache",
				    "/etc/apparmor.d/usr.lib.libvirt.virt-aa-helper",
				    "/etc/apparmor.d/usr.sbin.libvirtd",
				    "/etc/apparmor.d/usr.sbin.virtqemud",
				    NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "the next boot loads what is in /etc/apparmor.d then",
		.why = "AppArmor confines guests only when libvirt's own profile is loaded",
	};
	kh_auto(kh_free) char *loaded =
		kh_root_text(context->root, "/sys/kernel/security/apparmor/profiles");
	bool is_loaded =
		loaded && (kh_str_starts(loaded, "libvirtd ") || strstr(loaded, "\nlibvirtd "));
	if (!libvirt->can_start || !is_confining(context) || (is_loaded && !is_new))
		return 0;
	kh_auto(kh_free) char *parser = kh_root_which(context->root, "apparmor_parser");
	if (parser)
		return kh_plan_run(plan, &command, err);
	kh_plan_note(plan, KH_NOTE_WARNING,
		     "AppArmor is on, but apparmor_parser is missing: guests are not confined; "
		     "install the package apparmor");
	return 0;
}

int kh_libvirt_plan_profiles(const struct kh_context *context, struct kh_plan *plan,
			     const struct kh_libvirt *libvirt, struct kh_error *err)
{
	static const char *const names[] = {"usr.sbin.libvirtd", "usr.sbin.virtqemud",
					    "abstractions/libvirt-qemu",
					    "usr.lib.libvirt.virt-aa-helper"};
	kh_auto(kh_free) char *built =
		kh_printf("%s/etc/apparmor.d/usr.sbin.libvirtd", libvirt->artifact->tree);
	size_t before = plan->change_count;
	if (!kh_root_exists(context->root, built)) {
		if (is_confining(context))
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "this libvirt was built without AppArmor: guests are not "
				     "confined by it");
		return 0;
	}
	for (size_t i = 0; i < KH_COUNT(names); i++)
		if (put_local(context, plan, libvirt, names[i], err) != 0)
			return -1;
	return load_profiles(context, plan, libvirt, plan->change_count > before, err);
}
