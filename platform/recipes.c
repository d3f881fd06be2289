/* recipes.c - the list of recipes, and the maker of what is planned by their names. */
#include <string.h>

#include "core/base/json.h"
#include "platform/recipe.h"

const struct kh_recipe *const kh_recipes[] = {&kh_recipe_kernel, &kh_recipe_qemu,
					      &kh_recipe_libvirt, NULL};

const struct kh_recipe *kh_recipe_named(const char *program)
{
	for (const struct kh_recipe *const *recipe = kh_recipes; *recipe; recipe++)
		if (strcmp((*recipe)->program, program) == 0)
			return *recipe;
	return NULL;
}

static int make(const struct kh_making *making, const json_t *what, struct kh_error *err)
{
	const char *program = kh_json_get(what, "program");
	const struct kh_recipe *recipe = kh_recipe_named(program);
	if (!recipe)
		return kh_fail(err, KH_SYSTEM, 0, "nobody knows how to build '%s'", program);
	return kh_recipe_make(recipe, making, json_is_true(json_object_get(what, "rederive")), err);
}

const struct kh_maker kh_recipe_maker = {.make = make};
