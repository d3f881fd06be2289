/* kernel.c - the place of the kernel stage in the order of work: the distribution's kernel is used.
 * What the running one can do is checked by validate (kernel.*). */
#include "stages/stages.h"

static const char *const after[] = {"preflight", "fetch", NULL};

const struct kh_stage kh_stage_kernel = {
	.name = "kernel",
	.summary = "the chosen kernel (this version leaves it to the distribution)",
	.touches = "nothing",
	.after = after,
	.phase = KH_PHASE_INSTALL,
};
