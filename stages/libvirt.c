/* libvirt.c - the distribution's libvirt is used: nothing is planned, but the report says which
 * daemons there are (monolithic libvirtd or modular virtqemud). Source:
 * https://libvirt.org/daemons.html */
#include "core/base/mem.h"
#include "stages/stages.h"

static const char *const after[] = {"preflight", "fetch", "qemu", NULL};

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	static const char *const monolithic[] = {"/usr/local/sbin/libvirtd", "/usr/sbin/libvirtd",
						 NULL};
	static const char *const modular[] = {"/usr/local/sbin/virtqemud", "/usr/sbin/virtqemud",
					      NULL};
	const char *one = kh_root_find_program(context->root, monolithic);
	const char *many = kh_root_find_program(context->root, modular);
	const char *found = many ? many : one;
	struct kh_check_text text = {
		.expected = "an installed libvirt daemon",
		.found = found ? found : "none",
		.why = "libvirt starts guests at boot and manages their storage and networks",
		.fix = found ? NULL
			     : "install libvirt-daemon-system (Debian) or libvirt (CentOS family)"};
	enum kh_status status = found ? KH_PASS : KH_WARN;
	if (!found && !kh_root_exists(context->root, "/usr")) {
		text.found = "the programs of this host were not recorded";
		status = KH_SKIP;
	}
	kh_report_add(report, "libvirt.daemon", status, &text);
	return 0;
}

const struct kh_stage kh_stage_libvirt = {
	.name = "libvirt",
	.summary = "the chosen libvirt (this version leaves it to the distribution)",
	.touches = "nothing",
	.after = after,
	.phase = KH_PHASE_INSTALL,
	.check = check,
};
