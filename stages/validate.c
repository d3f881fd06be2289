/* validate.c - stage `validate`: is the machine itself able to be a KVM host?
 *
 * It plans nothing. Its checks need no QEMU and no libvirt, and all but the trying of /dev/kvm work
 * on a recorded host as well.
 */
#include "stages/validate.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/mem.h"

void kh_validate_add(const struct kh_validation *validation, const struct kh_validate_check *check,
		     enum kh_status status, const char *found_format, ...)
{
	va_list args;
	va_start(args, found_format);
	kh_auto(kh_free) char *found = kh_vprintf(found_format, args);
	va_end(args);
	bool is_bad = status == KH_WARN || status == KH_FAIL;
	struct kh_check_text text = {
		.expected = check->expected,
		.found = found,
		.why = check->why,
		.fix = is_bad ? check->fix : NULL,
	};
	kh_report_add(validation->report, check->id, status, &text);
}

int kh_validate_parameter(const struct kh_validation *validation, const char *module,
			  const char *parameter)
{
	kh_auto(kh_free) char *value =
		kh_root_linef(validation->root, "/sys/module/%s/parameters/%s", module, parameter);
	if (!value)
		return -1;
	if (strcmp(value, "Y") == 0 || strcmp(value, "1") == 0)
		return 1;
	return strcmp(value, "N") == 0 || strcmp(value, "0") == 0 ? 0 : -1;
}

const char *kh_validate_vendor_module(const struct kh_validation *validation)
{
	switch (validation->facts->cpu.vendor) {
	case KH_VENDOR_INTEL:
		return "kvm_intel";
	case KH_VENDOR_AMD:
		return "kvm_amd";
	case KH_VENDOR_UNKNOWN:
		break;
	}
	return NULL;
}

const char *kh_validate_kvm_module(const struct kh_validation *validation)
{
	static const char *const modules[] = {"kvm_intel", "kvm_amd", "kvm_pvm"};
	for (size_t i = 0; i < KH_COUNT(modules); i++) {
		kh_auto(kh_free) char *dir = kh_printf("/sys/module/%s", modules[i]);
		if (kh_strv_has(&validation->facts->os.loaded_modules, modules[i]) ||
		    kh_root_is_dir(validation->root, dir))
			return modules[i];
	}
	return NULL;
}

void kh_validate_all(const struct kh_context *context, const struct kh_kvm_probe *kvm,
		     struct kh_report *report)
{
	const struct kh_validation validation = {
		.facts = context->facts,
		.config = context->config,
		.root = context->root,
		.kvm = kvm,
		.report = report,
	};
	kh_validate_cpu(&validation);
	kh_validate_cpu_state(&validation);
	kh_validate_kvm(&validation);
	kh_validate_kernel(&validation);
	kh_validate_memory(&validation);
	kh_validate_io(&validation);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	kh_auto(kh_kvm_probe_done) struct kh_kvm_probe kvm;
	kh_kvm_probe_run(context->root, &kvm);
	kh_validate_all(context, &kvm, report);
	return 0;
}

const struct kh_stage kh_stage_validate = {
	.name = "validate",
	.summary = "the readiness report's checks of CPU, KVM, kernel, memory and I/O",
	.touches = "nothing",
	.phase = KH_PHASE_CONFIGURE,
	.check = check,
};
