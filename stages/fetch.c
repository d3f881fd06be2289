/* fetch.c - the stage `fetch`: verified sources of what is built from source, in the store.
 *
 * A program whose artifact is there needs no source, and one whose source is there as configured is
 * not fetched again: an unchanged rerun asks nobody. */
#include <string.h>

#include "core/base/mem.h"
#include "sources/program.h"
#include "sources/source.h"
#include "stages/stages.h"

static const char *const after[] = {"preflight", "packages", NULL};

static char *title_of(const struct kh_context *context, const struct kh_program *program)
{
	const char *wanted = kh_source_wanted(context->config, program->name);
	bool is_upstream = strcmp(context->config->sources.provider, "upstream") == 0;
	if (strcmp(wanted, "distro") != 0)
		return kh_printf("%s %s", program->title, wanted);
	return kh_printf("%s (%s)", program->title,
			 is_upstream ? "the newest release that kvmhost knows"
				     : "the distribution's newest");
}

static int plan_program(const struct kh_context *context, const struct kh_program *program,
			struct kh_plan *plan, struct kh_error *err)
{
	if (strcmp(kh_source_wanted(context->config, program->name), "none") == 0)
		return 0;
	kh_auto(kh_source_done) struct kh_source source = {0};
	int found = kh_source_find(context, program->name, &source, err);
	int has_artifact = found == 1 ? kh_stage_has_artifact(context, program->name, err) : 0;
	if (found < 0 || has_artifact < 0)
		return -1;
	if (found == 0 || has_artifact)
		return 0;
	kh_auto(kh_free) char *title = title_of(context, program);
	return kh_plan_make(
		plan, KH_CHANGE_FETCH, title, &kh_source_maker,
		json_pack("{s:s}", "program", program->name),
		"it is built from source, and the store has neither source nor artifact", err);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++)
		if (plan_program(context, &kh_programs[i], plan, err) != 0)
			return -1;
	return 0;
}

const struct kh_stage kh_stage_fetch = {
	.name = "fetch",
	.summary = "verified sources of kernel, QEMU and libvirt",
	.touches = "the store (/var/cache/kvmhost)",
	.after = after,
	.phase = KH_PHASE_FETCH,
	.plan = plan,
};
