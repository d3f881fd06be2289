/* packages.c - the place of the packages stage in the order of work.
 *
 * The host stages need no package that is not on every supported host, and this version of kvmhost
 * builds nothing from source: there is nothing to plan yet. */
#include "stages/stages.h"

const struct kh_stage kh_stage_packages = {
	.name = "packages",
	.summary = "packages that building from source needs (this version builds nothing)",
	.touches = "nothing",
	.after = kh_after_preflight,
	.phase = KH_PHASE_PREPARE,
};
