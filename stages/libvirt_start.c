/* libvirt_start.c - libvirt is started, restarted when its programs are replaced, or stopped.
 *
 * Where systemd does not run (another root, a container) the links of libvirt_units.c are all.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "stages/libvirt.h"

static int reload(struct kh_plan *plan, struct kh_error *err)
{
	static const char *const argv[] = {"systemctl", "daemon-reload", NULL};
	static const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "it reads the units as they are",
		.why = "systemd learns of libvirt's units",
	};
	if (kh_plan_run(plan, &command, err) != 0)
		return -1;
	/* Undo asks for it again, when the units are gone. */
	return kh_plan_trigger(plan, "reload systemd", &command, err);
}

static int start_units(const struct kh_context *context, struct kh_plan *plan,
		       const struct kh_libvirt *libvirt, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_auto(kh_strv_done) struct kh_strv undo_argv = {0};
	kh_auto(kh_strv_done) struct kh_strv units = {0};
	kh_libvirt_list_units(context, libvirt, &units);
	kh_strv_add(&argv, "systemctl");
	kh_strv_add(&argv, "start");
	kh_strv_add(&undo_argv, "systemctl");
	kh_strv_add(&undo_argv, "stop");
	for (size_t i = 0; i < units.count; i++) {
		kh_strv_add(&argv, units.items[i]);
		kh_strv_add(&undo_argv, units.items[units.count - 1 - i]);
	}
	kh_strv_add_owned(&argv, NULL);
	kh_strv_add_owned(&undo_argv, NULL);
	const struct kh_plan_command command = {
		.argv = (const char *const *)argv.items,
		.undo_argv = (const char *const *)undo_argv.items,
		.why = "libvirt answers now, not only after the next boot",
	};
	return kh_plan_run(plan, &command, err);
}

/* Its bridge and dnsmasq outlive the daemon: undo has to end it while the daemon still answers. */
static int see_network(struct kh_plan *plan, const struct kh_libvirt *libvirt, struct kh_error *err)
{
	kh_auto(kh_free) char *virsh = kh_printf("%s/bin/virsh", libvirt->prefix);
	const char *const argv[] = {virsh, "-c", "qemu:///system", "net-info", "default", NULL};
	const char *const undo_argv[] = {virsh,         "-c",      "qemu:///system",
					 "net-destroy", "default", NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo_argv,
		.why = "the client reaches the daemon, which knows the default network",
	};
	return kh_plan_run(plan, &command, err);
}

static int restart(struct kh_plan *plan, const struct kh_libvirt *libvirt, struct kh_error *err)
{
	const char *const one[] = {"systemctl", "try-restart", "libvirtd.service", NULL};
	const char *const many[] = {"systemctl",
				    "try-restart",
				    "virtqemud.service",
				    "virtnetworkd.service",
				    "virtstoraged.service",
				    "virtnodedevd.service",
				    "virtproxyd.service",
				    NULL};
	const struct kh_plan_command command = {
		.argv = libvirt->is_modular ? many : one,
		.no_undo = "undo asks for it again, with the old programs in place",
		.why = "the running daemon is the old one; guests go on running",
	};
	if (reload(plan, err) != 0)
		return -1;
	return kh_plan_trigger(plan, "restart libvirt", &command, err);
}

int kh_libvirt_plan_start(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_libvirt *libvirt, bool has_new, struct kh_error *err)
{
	const char *socket =
		libvirt->is_modular ? "/run/libvirt/virtqemud-sock" : "/run/libvirt/libvirt-sock";
	if (!libvirt->can_start) {
		if (libvirt->is_first)
			kh_plan_note(plan, KH_NOTE_LEFT, "libvirt is started by the next boot");
		return 0;
	}
	if (kh_probe_is_listening(context->root, socket))
		return has_new ? restart(plan, libvirt, err) : 0;
	if (reload(plan, err) != 0 || start_units(context, plan, libvirt, err) != 0)
		return -1;
	return libvirt->is_first ? see_network(plan, libvirt, err) : 0;
}

/* ---- no longer wanted ---- */

static bool is_unit_of_ours(const struct kh_root *root, const char *path, const char *directory)
{
	kh_auto(kh_free) char *target = kh_root_readlink(root, path);
	const char *name = target ? strrchr(target, '/') : NULL;
	return name && kh_str_starts(target, directory) &&
	       (kh_str_starts(name, "/virt") || kh_str_starts(name, "/libvirt"));
}

static int remove_links(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
			struct kh_strv *units, struct kh_error *err)
{
	static const char *const directories[] = {"/etc/systemd/system/multi-user.target.wants",
						  "/etc/systemd/system/sockets.target.wants",
						  "/etc/systemd/system"};
	kh_auto(kh_free) char *ours = kh_printf("%s/lib/systemd/system/", prefix);
	for (size_t i = 0; i < KH_COUNT(directories); i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_root_list(context->root, directories[i], &names);
		for (size_t j = 0; j < names.count; j++) {
			kh_auto(kh_free) char *path =
				kh_printf("%s/%s", directories[i], names.items[j]);
			if (!is_unit_of_ours(context->root, path, ours))
				continue;
			if (!kh_strv_has(units, names.items[j]))
				kh_strv_add(units, names.items[j]);
			if (kh_plan_remove_file(plan, path, "its libvirt is removed", err) != 0)
				return -1;
		}
	}
	return 0;
}

static int stop(struct kh_plan *plan, struct kh_strv *units, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv undo_argv = {0};
	kh_strv_add(&undo_argv, "systemctl");
	kh_strv_add(&undo_argv, "start");
	kh_strv_copy(&undo_argv, units);
	kh_strv_add_owned(&undo_argv, NULL);
	kh_strv_insert(units, 0, "stop");
	kh_strv_insert(units, 0, "systemctl");
	kh_strv_add_owned(units, NULL);
	const struct kh_plan_command command = {
		.argv = (const char *const *)units->items,
		.undo_argv = (const char *const *)undo_argv.items,
		.why = "its programs are removed; guests go on running",
	};
	return kh_plan_run(plan, &command, err);
}

int kh_libvirt_plan_stop(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
			 bool can_start, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv units = {0};
	size_t changes = plan->change_count, notes = plan->note_count, claims = plan->claim_count;
	if (remove_links(context, plan, prefix, &units, err) != 0)
		return -1;
	if (units.count == 0 || !can_start)
		return 0;
	/* Stopped while systemd still knows them: the links go after that. */
	kh_plan_cut(plan, changes, notes, claims);
	kh_auto(kh_strv_done) struct kh_strv again = {0};
	if (stop(plan, &units, err) != 0 || remove_links(context, plan, prefix, &again, err) != 0)
		return -1;
	return reload(plan, err);
}
