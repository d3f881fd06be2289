/* stages.h - the stages, one const struct per file, and what they share. The order is in stages.c.
 */
#ifndef KH_STAGES_H
#define KH_STAGES_H

#include "core/stage.h"

extern const struct kh_stage kh_stage_preflight, kh_stage_packages, kh_stage_fetch, kh_stage_kernel,
	kh_stage_qemu, kh_stage_libvirt, kh_stage_modules, kh_stage_bridge, kh_stage_sysctl,
	kh_stage_numa, kh_stage_thp, kh_stage_io, kh_stage_grub, kh_stage_hugepages, kh_stage_ksm,
	kh_stage_sleep, kh_stage_validate;

extern const char *const kh_after_preflight[]; /* {"preflight", NULL} */

/* Is what is configured of this program ("kernel") built already? 1, 0, or -1. */
int kh_stage_has_artifact(const struct kh_context *context, const char *program,
			  struct kh_error *err);

#endif
