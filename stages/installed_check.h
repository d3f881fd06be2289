/* installed_check.h - the report's checks that every program built from source has:
 * PROGRAM.version, PROGRAM.files, PROGRAM.libraries. */
#ifndef KH_STAGES_INSTALLED_CHECK_H
#define KH_STAGES_INSTALLED_CHECK_H

#include "core/stage.h"

/* program: "qemu"; name: "QEMU"; wanted: its configured version. With version none there are no
 * checks: there is nothing of ours to judge. */
void kh_installed_check_add(const struct kh_context *context, struct kh_report *report,
			    const char *program, const char *name, const char *wanted);

/* What to do about a program that is not there; by_hand: when its version is none. */
const char *kh_installed_how(const char *wanted, const char *by_hand);

#endif
