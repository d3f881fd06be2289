/* recipe.c - see recipe.h: what goes in, which artifact that is, and whether it has to be built.
 * Building is recipe_make.c. All here is planning: it reads and runs nothing.
 *
 * Ways to the artifact, in this order:
 *   1. the exact key: all inputs as they are on this host;
 *   2. imported, of the same wanted inputs and the same source: made elsewhere by another compiler;
 *   3. where the source or a tool is not there, so that no key can be told: any of the same wanted
 *      inputs, imported ones first. That is how a second host does without a compiler, and a host
 *      whose sources were pruned stays as it is.
 * What 2 and 3 find must cover this host.
 */
#include "platform/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "platform/tools.h"

/* ---- inputs ---- */

char *kh_recipe_distribution(const struct kh_facts *facts)
{
	const char *id = facts->os.id ? facts->os.id : "unknown";
	return facts->os.version_id ? kh_printf("%s %s", id, facts->os.version_id) : kh_strdup(id);
}

static void add_pair(struct kh_strv *pairs, const char *name, const char *value)
{
	kh_strv_add(pairs, name);
	kh_strv_add(pairs, value);
}

void kh_inputs_done(struct kh_inputs *inputs)
{
	kh_strv_done(&inputs->wanted);
	kh_strv_done(&inputs->made_with);
}

json_t *kh_inputs_json(const struct kh_strv *pairs)
{
	json_t *object = json_object();
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		json_object_set_new(object, pairs->items[i], kh_json_text(pairs->items[i + 1]));
	return object;
}

/* Returns whether all tools are there. */
static bool add_tools(const struct kh_root *root, const char *const *tools, struct kh_strv *pairs)
{
	bool has_all = true;
	for (; *tools; tools++) {
		kh_auto(kh_free) char *identity = kh_tools_identity(root, *tools);
		has_all = has_all && identity;
		add_pair(pairs, *tools, identity ? identity : "");
	}
	return has_all;
}

int kh_recipe_inputs(const struct kh_context *context, const struct kh_recipe *recipe,
		     const struct kh_source *source, struct kh_inputs *ret_inputs,
		     struct kh_error *err)
{
	const struct kh_facts *facts = context->facts;
	kh_auto(kh_free) char *distribution = kh_recipe_distribution(facts);
	kh_auto(kh_inputs_done) struct kh_inputs inputs = {0};
	add_pair(&inputs.wanted, "version", kh_source_wanted(context->config, recipe->program));
	add_pair(&inputs.wanted, "distribution", distribution);
	add_pair(&inputs.wanted, "machine", facts->os.machine ? facts->os.machine : "unknown");
	add_pair(&inputs.made_with, "source", source ? source->digest : "");
	bool has_tools = add_tools(context->root, recipe->tools, &inputs.made_with);
	if (recipe->add_inputs(context, source, &inputs, err) != 0)
		return -1;
	*ret_inputs = inputs;
	inputs = (struct kh_inputs){0};
	return source && has_tools ? 0 : 1;
}

/* ---- finding ---- */

static const char *value_of(const struct kh_strv *pairs, const char *name)
{
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		if (strcmp(pairs->items[i], name) == 0)
			return pairs->items[i + 1];
	return "";
}

static bool has_wanted(const struct kh_artifact *artifact, const struct kh_strv *wanted)
{
	json_t *object = kh_inputs_json(wanted);
	bool is_same = json_equal(object, json_object_get(artifact->manifest, "wanted"));
	json_decref(object);
	return is_same;
}

static bool is_imported(const struct kh_artifact *artifact)
{
	return json_is_true(json_object_get(artifact->manifest, "is_imported"));
}

struct search {
	const struct kh_context *context;
	const struct kh_recipe *recipe;
	const struct kh_inputs *inputs;
	bool is_keyed; /* the key is known: only imported ones of the same source will do */
	struct kh_error *uncovered; /* why a candidate does not fit, of the first that does not */
};

static bool is_candidate(const struct search *search, const struct kh_artifact *artifact,
			 bool wants_imported)
{
	if (strcmp(kh_json_get(artifact->manifest, "program"), search->recipe->program) != 0 ||
	    is_imported(artifact) != wants_imported ||
	    !has_wanted(artifact, &search->inputs->wanted))
		return false;
	const json_t *made_with = json_object_get(artifact->manifest, "made_with");
	return !search->is_keyed || strcmp(kh_json_get(made_with, "source"),
					   value_of(&search->inputs->made_with, "source")) == 0;
}

static bool does_cover(const struct search *search, const struct kh_artifact *artifact)
{
	struct kh_error error = KH_ERROR_INIT;
	if (!search->recipe->check_cover ||
	    search->recipe->check_cover(search->context, artifact, &error) == 0)
		return true;
	if (search->uncovered && !search->uncovered->message)
		*search->uncovered = error;
	else
		kh_error_done(&error);
	return false;
}

/* Newest first; the first that will do. Returns 0 or 1. */
static int find_candidate(const struct search *search, struct kh_artifact *ret_artifact)
{
	struct kh_artifact *all = NULL;
	size_t count = 0;
	int result = 1;
	kh_store_list(search->context->root, search->context->config->build.store, &all, &count);
	for (int round = 0; round < (search->is_keyed ? 1 : 2) && result == 1; round++)
		for (size_t i = 0; i < count && result == 1; i++) {
			if (!is_candidate(search, &all[i], round == 0) ||
			    !does_cover(search, &all[i]))
				continue;
			*ret_artifact = all[i];
			all[i] = (struct kh_artifact){0};
			result = 0;
		}
	kh_artifacts_free(all, count);
	return result;
}

static bool is_wanted(const struct kh_context *context, const struct kh_recipe *recipe)
{
	return strcmp(kh_source_wanted(context->config, recipe->program), "none") != 0;
}

/* As kh_recipe_find, also when what is there does not cover this host (*uncovered, may be NULL). */
static int find(const struct kh_context *context, const struct kh_recipe *recipe,
		const struct kh_source *source, struct kh_artifact *ret_artifact,
		struct kh_error *uncovered, struct kh_error *err)
{
	kh_auto(kh_inputs_done) struct kh_inputs inputs = {0};
	int result = kh_recipe_inputs(context, recipe, source, &inputs, err);
	if (result < 0)
		return -1;
	struct search search = {.context = context,
				.recipe = recipe,
				.inputs = &inputs,
				.is_keyed = result == 0,
				.uncovered = uncovered};
	char key[KH_DIGEST_SIZE];
	kh_store_key(recipe->program, &inputs.wanted, &inputs.made_with, key);
	if (search.is_keyed &&
	    kh_store_find(context->root, context->config->build.store, key, ret_artifact) == 0)
		return 0;
	return find_candidate(&search, ret_artifact);
}

int kh_recipe_find(const struct kh_context *context, const struct kh_recipe *recipe,
		   struct kh_artifact *ret_artifact, struct kh_error *err)
{
	kh_auto(kh_source_done) struct kh_source source = {0};
	if (!is_wanted(context, recipe))
		return 1;
	int found = kh_source_find(context, recipe->program, &source, err);
	return found < 0 ? -1
			 : find(context, recipe, found == 0 ? &source : NULL, ret_artifact, NULL,
				err);
}

/* ---- planning ---- */

static int plan_make(const struct kh_context *context, const struct kh_recipe *recipe,
		     const struct kh_source *source, struct kh_plan *plan, struct kh_error *err)
{
	const char *version =
		source ? source->version : kh_source_wanted(context->config, recipe->program);
	kh_auto(kh_free) char *name = kh_printf("%s %s", recipe->program, version);
	json_t *what = json_pack("{s:s, s:b}", "program", recipe->program, "rederive",
				 context->wants_rederive);
	return kh_plan_make(plan, KH_CHANGE_BUILD, name, &kh_recipe_maker, what,
			    "no artifact in the store is of these inputs", err);
}

static int refuse_without_source(const struct kh_context *context, const struct kh_recipe *recipe,
				 const struct kh_error *uncovered, struct kh_error *err)
{
	const char *wanted = kh_source_wanted(context->config, recipe->program);
	const char *store = context->config->build.store;
	if (uncovered->message)
		kh_fail(err, KH_HOST, 0,
			"the artifact in the store '%s' does not fit (%s), and there is no source "
			"to build %s %s from",
			store, uncovered->message, recipe->program, wanted);
	else
		kh_fail(err, KH_HOST, 0, "the source of %s %s is not in the store '%s'",
			recipe->program, wanted, store);
	return kh_hint(err,
		       "fetch it ('kvmhost fetch %s'), or import an artifact ('kvmhost store "
		       "import')",
		       recipe->program);
}

/* No source. Before anything is done that is the normal case; when it is to be built, it is not. */
static int plan_without_source(const struct kh_context *context, const struct kh_recipe *recipe,
			       const struct kh_error *uncovered, struct kh_plan *plan,
			       struct kh_error *err)
{
	if (context->is_apply && context->root->is_live)
		return refuse_without_source(context, recipe, uncovered, err);
	if (uncovered->message)
		kh_plan_note(plan, KH_NOTE_WARNING, "an artifact in the store does not fit: %s",
			     uncovered->message);
	if (!context->root->is_live)
		return plan_make(context, recipe, NULL, plan, err); /* a note of what is left */
	kh_plan_note(plan, KH_NOTE_INFO, "%s is built once its source is there", recipe->program);
	return 0;
}

int kh_recipe_plan_build(const struct kh_context *context, const struct kh_recipe *recipe,
			 struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_source_done) struct kh_source source = {0};
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	kh_auto(kh_error_done) struct kh_error uncovered = KH_ERROR_INIT;
	if (!is_wanted(context, recipe))
		return 0;
	int has_source = kh_source_find(context, recipe->program, &source, err);
	const struct kh_source *found = has_source == 0 ? &source : NULL;
	if (has_source < 0)
		return -1;
	bool is_anew = context->wants_rederive && recipe->prepare && found;
	int result = is_anew ? 1 : find(context, recipe, found, &artifact, &uncovered, err);
	if (result <= 0)
		return result;
	if (!found)
		return plan_without_source(context, recipe, &uncovered, plan, err);
	if (context->root->is_live && recipe->check_host &&
	    recipe->check_host(context, found, err) != 0)
		return -1;
	return plan_make(context, recipe, found, plan, err);
}
