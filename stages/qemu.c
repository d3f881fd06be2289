/* qemu.c - the distribution's QEMU is used: nothing is planned, but the report says whether there
 * is one. */
#include "core/base/mem.h"
#include "stages/stages.h"

static const char *const after[] = {"preflight", "fetch", NULL};

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	/* RHEL's lies in libexec. */
	static const char *const places[] = {"/usr/local/bin/qemu-system-x86_64",
					     "/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm",
					     "/usr/bin/kvm", NULL};
	const char *found = kh_root_find_program(context->root, places);
	struct kh_check_text text = {
		.expected = "an installed QEMU",
		.found = found ? found : "none",
		.why = "QEMU is what runs the guests",
		.fix = found ? NULL
			     : "install qemu-system-x86 (Debian) or qemu-kvm (CentOS family)"};
	enum kh_status status = found ? KH_PASS : KH_WARN;
	if (!found && !kh_root_exists(context->root, "/usr")) {
		text.found = "the programs of this host were not recorded";
		status = KH_SKIP;
	}
	kh_report_add(report, "qemu.binary", status, &text);
	return 0;
}

const struct kh_stage kh_stage_qemu = {
	.name = "qemu",
	.summary = "the chosen QEMU (this version leaves it to the distribution)",
	.touches = "nothing",
	.after = after,
	.phase = KH_PHASE_INSTALL,
	.check = check,
};
