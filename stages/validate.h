/* validate.h - what the parts of the `validate` stage share; nobody else includes it.
 *
 * The checks need facts, a few files of /sys below the root and the answer of /dev/kvm; a part has
 * one file (validate_cpu.c, ...) and adds its checks in a fixed order. A check fails only for what
 * makes guests impossible; the rest warns, and what is not applicable or not known skips with the
 * reason in `found`.
 */
#ifndef STAGES_VALIDATE_H
#define STAGES_VALIDATE_H

#include "core/kvm_probe.h"
#include "core/stage.h"

struct kh_validation {
	const struct kh_facts *facts;
	const struct kh_config *config;
	const struct kh_root *root;
	const struct kh_kvm_probe *kvm;
	struct kh_report *report;
};

/* The texts of a check that do not depend on what is found. */
struct kh_validate_check {
	const char *id;
	const char *expected;
	const char *why;
	const char *fix; /* shown when it warns or fails; may be NULL */
};

void kh_validate_add(const struct kh_validation *validation, const struct kh_validate_check *check,
		     enum kh_status status, const char *found_format, ...)
	__attribute__((format(printf, 4, 5)));

/* A module's parameter as a switch: 1 for "Y" and "1", 0 for "N" and "0", -1 when there is no such
 * file or it says something else. Source: kernel bool and int parameters print either. */
int kh_validate_parameter(const struct kh_validation *validation, const char *module,
			  const char *parameter);
/* kvm_intel or kvm_amd, or NULL when the vendor is not known. */
const char *kh_validate_vendor_module(const struct kh_validation *validation);
/* The module that drives KVM here: the vendor's, or a paravirtual one; NULL: none is loaded. */
const char *kh_validate_kvm_module(const struct kh_validation *validation);

void kh_validate_cpu(const struct kh_validation *validation);
void kh_validate_cpu_state(const struct kh_validation *validation); /* microcode, vulnerabilities */
void kh_validate_kvm(const struct kh_validation *validation);
void kh_validate_kernel(const struct kh_validation *validation);
void kh_validate_memory(const struct kh_validation *validation);
void kh_validate_io(const struct kh_validation *validation);

/* All of them, with the probe's answer handed in: for the stage and its tests. */
void kh_validate_all(const struct kh_context *context, const struct kh_kvm_probe *kvm,
		     struct kh_report *report);

extern const struct kh_stage kh_stage_validate;

#endif
