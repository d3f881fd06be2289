/* stages.c - the order of work. A new stage is one file and one line here. */
#include "stages/stages.h"

const struct kh_stage *const kh_stages[] = {
	&kh_stage_preflight, /* refuses what would do harm */
	&kh_stage_packages,  /* prepare */
	&kh_stage_fetch,
	&kh_stage_kernel, /* install */
	&kh_stage_qemu,
	&kh_stage_libvirt,
	&kh_stage_modules, /* configure */
	&kh_stage_bridge,
	&kh_stage_grub,
	&kh_stage_hugepages,
	&kh_stage_ksm,
	&kh_stage_thp,
	&kh_stage_io,
	&kh_stage_numa,
	&kh_stage_sysctl,
	&kh_stage_sleep,
	&kh_stage_validate, /* the report's checks */
	NULL,
};
