/* fetch.c - the place of the fetch stage in the order of work: this version fetches no sources. */
#include "stages/stages.h"

static const char *const after[] = {"preflight", "packages", NULL};

const struct kh_stage kh_stage_fetch = {
	.name = "fetch",
	.summary = "verified sources of kernel, QEMU and libvirt (this version fetches none)",
	.touches = "nothing",
	.after = after,
	.phase = KH_PHASE_PREPARE,
};
