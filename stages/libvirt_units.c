/* libvirt_units.c - libvirt under systemd.
 *
 * Units are enabled by the links that `systemctl enable` makes, planned as links: so they are there
 * below another root too, and undo removes them. Only units that the artifact has are enabled.
 * Sockets listen from boot on; a daemon starts when somebody connects, and goes again when it is
 * idle. The services are enabled too: they start the networks, pools and guests that are to start
 * at boot. Source: https://libvirt.org/daemons.html, systemd.unit(5), "Unit File Load Path".
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/dropin.h"
#include "stages/libvirt.h"

static const char *const common[] = {"virtlogd.socket",        "virtlogd-admin.socket",
				     "virtlockd.socket",       "virtlockd-admin.socket",
				     "libvirt-guests.service", NULL};
static const char *const monolithic[] = {"libvirtd.socket", "libvirtd-ro.socket",
					 "libvirtd-admin.socket", "libvirtd.service", NULL};
static const char *const modular_daemons[] = {"virtinterfaced", "virtnetworkd", "virtnodedevd",
					      "virtnwfilterd",  "virtsecretd",  "virtstoraged",
					      "virtproxyd",     "virtqemud"};

/* ---- which ---- */

static bool has_preset(const struct kh_root *root, const char *path)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " \t");
		if (words.count == 2 && strcmp(words.items[0], "enable") == 0 &&
		    kh_str_starts(words.items[1], "virtqemud."))
			return true;
	}
	return false;
}

bool kh_libvirt_is_modular(const struct kh_context *context)
{
	static const char *const directories[] = {"/etc/systemd/system-preset",
						  "/usr/lib/systemd/system-preset",
						  "/lib/systemd/system-preset", NULL};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	switch (context->config->libvirt.daemon) {
	case KH_LIBVIRT_MONOLITHIC:
		return false;
	case KH_LIBVIRT_MODULAR:
		return true;
	case KH_LIBVIRT_AUTO:
		break;
	}
	kh_dropin_list(context->root, directories, ".preset", NULL, &paths);
	for (size_t i = 0; i < paths.count; i++)
		if (has_preset(context->root, paths.items[i]))
			return true;
	return false;
}

static void add_if_built(const struct kh_context *context, const struct kh_libvirt *libvirt,
			 const char *unit, struct kh_strv *units)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s/lib/systemd/system/%s",
						libvirt->artifact->tree, libvirt->prefix, unit);
	if (kh_root_exists(context->root, path))
		kh_strv_add(units, unit);
}

void kh_libvirt_list_units(const struct kh_context *context, const struct kh_libvirt *libvirt,
			   struct kh_strv *ret_units)
{
	for (const char *const *unit = common; *unit; unit++)
		add_if_built(context, libvirt, *unit, ret_units);
	for (const char *const *unit = monolithic; *unit && !libvirt->is_modular; unit++)
		add_if_built(context, libvirt, *unit, ret_units);
	static const char *const ends[] = {".socket", "-ro.socket", "-admin.socket", ".service"};
	for (size_t end = 0; libvirt->is_modular && end < KH_COUNT(ends); end++)
		for (size_t i = 0; i < KH_COUNT(modular_daemons); i++) {
			kh_auto(kh_free) char *unit =
				kh_printf("%s%s", modular_daemons[i], ends[end]);
			add_if_built(context, libvirt, unit, ret_units);
		}
}

/* ---- enabled at boot ---- */

static int enable(struct kh_plan *plan, const char *directory, const char *unit,
		  struct kh_error *err)
{
	const char *target = kh_str_ends(unit, ".socket") ? "sockets" : "multi-user";
	kh_auto(kh_free) char *link =
		kh_printf("/etc/systemd/system/%s.target.wants/%s", target, unit);
	kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, unit);
	return kh_plan_link(plan, link, path, "started at boot", err);
}

/* systemd looks into /usr/local/lib/systemd/system, but not below other prefixes. */
static int make_known(const struct kh_context *context, struct kh_plan *plan,
		      const struct kh_libvirt *libvirt, const char *directory, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *built = kh_printf("%s%s", libvirt->artifact->tree, directory);
	if (strcmp(libvirt->prefix, "/usr/local") == 0 || strcmp(libvirt->prefix, "/usr") == 0)
		return 0;
	kh_root_list(context->root, built, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *link = kh_printf("/etc/systemd/system/%s", names.items[i]);
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, names.items[i]);
		if (kh_plan_link(plan, link, path, "systemd does not look there by itself", err) !=
		    0)
			return -1;
	}
	return 0;
}

/* The daemon finds QEMU by its PATH, which has /usr/local/bin but no other prefix. */
static int find_qemu(const struct kh_context *context, struct kh_plan *plan,
		     const struct kh_libvirt *libvirt, struct kh_error *err)
{
	const char *qemu = context->config->qemu.prefix;
	const char *daemon = libvirt->is_modular ? "virtqemud" : "libvirtd";
	if (strcmp(context->config->qemu.version, "none") == 0 || strcmp(qemu, "/usr/local") == 0 ||
	    strcmp(qemu, "/usr") == 0)
		return 0;
	kh_auto(kh_free) char *path =
		kh_printf("/etc/systemd/system/%s.service.d/kvmhost.conf", daemon);
	kh_auto(kh_free) char *text =
		kh_printf("[Service]\nEnvironment=PATH=%s/bin:/usr/local/sbin:"
			  "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
			  qemu);
	return kh_plan_put_file(plan, path, text, 0644, "libvirt looks for QEMU in its PATH", err);
}

int kh_libvirt_plan_units(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_libvirt *libvirt, struct kh_error *err)
{
	kh_auto(kh_free) char *directory = kh_printf("%s/lib/systemd/system", libvirt->prefix);
	kh_auto(kh_strv_done) struct kh_strv units = {0};
	kh_libvirt_list_units(context, libvirt, &units);
	if (make_known(context, plan, libvirt, directory, err) != 0 ||
	    find_qemu(context, plan, libvirt, err) != 0)
		return -1;
	for (size_t i = 0; i < units.count; i++)
		if (enable(plan, directory, units.items[i], err) != 0)
			return -1;
	return 0;
}
