/* packages.c - the stage `packages`: what building and running needs of the distribution.
 *
 * For programs that are built from source only, and build packages only while the artifact is not
 * there: a host that gets its artifacts from another needs no compiler. What is there is left
 * alone; what comes is journalled by name, and undo removes it.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "core/repofile.h"
#include "platform/recipe.h"
#include "sources/program.h"
#include "stages/packages_table.h"
#include "stages/stages.h"

int kh_stage_has_artifact(const struct kh_context *context, const char *program,
			  struct kh_error *err)
{
	const struct kh_recipe *recipe = kh_recipe_named(program);
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (!recipe)
		return 0;
	int found = kh_recipe_find(context, recipe, &artifact, err);
	return found < 0 ? -1 : found == 0;
}

/* Bits of programs that are to be built, and of all that are not left to the distribution. */
static int choose(const struct kh_context *context, unsigned *ret_building, unsigned *ret_running,
		  struct kh_error *err)
{
	static const unsigned bits[KH_PROGRAM_COUNT] = {KH_FOR_KERNEL, KH_FOR_QEMU, KH_FOR_LIBVIRT};
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++) {
		const char *name = kh_programs[i].name;
		if (strcmp(kh_source_wanted(context->config, name), "none") == 0)
			continue;
		int has_artifact = kh_stage_has_artifact(context, name, err);
		if (has_artifact < 0)
			return -1;
		*ret_building |= has_artifact ? 0 : bits[i];
		*ret_running |= context->is_build ? 0 : bits[i];
	}
	return 0;
}

/* A bundle has its own packages. Owned, or NULL. */
static char *find_place(const struct kh_context *context)
{
	const char *provider = context->config->sources.provider;
	kh_auto(kh_free) char *index = kh_printf("%s/packages/Packages", provider);
	return *provider == '/' && kh_root_exists(context->root, index)
		       ? kh_printf("%s/packages", provider)
		       : NULL;
}

/* Installing them would fail, and say only that there are none. */
static void warn_of_crb(const struct kh_context *context, const struct kh_strv *names,
			struct kh_plan *plan)
{
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_auto(kh_strv_done) struct kh_strv there = {0};
	if (kh_packages_manager(context->root) != KH_PACKAGES_DNF)
		return;
	kh_repofile_read(context->root, &repos);
	kh_packages_in_crb(names, &there);
	const struct kh_repo *builder = kh_repofile_builder(&repos);
	if (!builder || there.count == 0)
		return;
	kh_auto(kh_free) char *text = kh_strv_join(&there, ", ");
	kh_plan_note(plan, KH_NOTE_WARNING,
		     "%s: the distribution has these in the repository '%s' (%s), which is not "
		     "enabled: 'dnf config-manager --set-enabled %s', then run again",
		     text, builder->id, builder->where, builder->id);
}

static int plan_missing(const struct kh_context *context, const struct kh_strv *names,
			struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_strv_join(names, " ");
	bool has_manager = kh_packages_manager(context->root) != KH_PACKAGES_NONE;
	if (!has_manager) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "building from source needs programs and libraries that are not "
			     "there, and this host has neither apt nor dnf to get them");
		return 0;
	}
	if (context->is_build && !kh_probe_is_superuser()) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "packages that the build needs are missing, and only root may "
			     "install them: %s",
			     text);
		return 0;
	}
	warn_of_crb(context, names, plan);
	kh_auto(kh_free) char *place = find_place(context);
	return kh_plan_packages(plan, names, place,
				"kernel, QEMU or libvirt from source need them to be built or run",
				err);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	unsigned building = 0, running = 0;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (choose(context, &building, &running, err) != 0)
		return -1;
	kh_packages_missing(context->root, context->facts->os.id, building, running, &names);
	return names.count > 0 ? plan_missing(context, &names, plan, err) : 0;
}

const struct kh_stage kh_stage_packages = {
	.name = "packages",
	.summary = "packages that building from source, and running what was built, needs",
	.touches = "the distribution's packages",
	.after = kh_after_preflight,
	.phase = KH_PHASE_PREPARE,
	.plan = plan,
};
