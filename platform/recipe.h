/* recipe.h - how one program becomes an artifact, and which artifact is the wanted one.
 *
 * A recipe says what goes in beside the source, and how to fill a staged tree; keys, the store, the
 * log, progress and the manifest are the same for all and live in recipe.c. The inputs come in two
 * kinds. *Wanted* is what the configuration asks for (version, prefix, options, fragments) and the
 * distribution release; *made with* is what only a host that builds knows (source digest, compiler,
 * linker, derived base). The key is over both. A host without source or compiler takes an artifact
 * that has the same wanted inputs and covers it (an imported one, usually).
 */
#ifndef KH_PLATFORM_RECIPE_H
#define KH_PLATFORM_RECIPE_H

#include "core/plan.h"
#include "core/stage.h"
#include "core/store.h"
#include "platform/sandbox.h"
#include "sources/source.h"

struct kh_inputs { /* NAME, VALUE in pairs */
	struct kh_strv wanted;
	struct kh_strv made_with;
};

struct kh_build { /* one that is under way */
	const struct kh_making *making;
	const struct kh_source *source;
	struct kh_sandbox *sandbox;
	char *source_dir; /* host paths: the source tree (no step writes there), */
	char *build_dir;  /* out-of-tree objects; kept for incremental builds, */
	char *stage_dir;  /* to be filled: the tree as it lies below the root */
	json_t *about;    /* for the manifest: {"release": ..., "covers": ...}; to be filled */
	const struct kh_context *context; /* what the inputs are made from */
	/* Progress: steps_total is set by the recipe when it knows it; 0: not known. */
	size_t steps_done, steps_total;
};

struct kh_recipe {
	const char *program;      /* "kernel", "qemu", "libvirt" */
	const char *const *tools; /* whose version is an input: {"gcc", "ld", NULL} */
	unsigned needs_mib;       /* free space to begin with */
	/* make finds itself what changed: one build directory for a source, whatever is wanted.
	 * Otherwise each set of wanted inputs has its own. */
	bool is_incremental;
	/* What the recipe adds to kh_recipe_inputs(): options, prefix, fragments. */
	int (*add_inputs)(const struct kh_context *context, const struct kh_source *source,
			  struct kh_inputs *inputs, struct kh_error *err); /* source may be NULL */
	/* May refuse (KH_HOST) before anything is built: compiler or Python too old. */
	int (*check_host)(const struct kh_context *context, const struct kh_source *source,
			  struct kh_error *err);
	/* May be NULL: what the inputs depend on and only a build can make (a derived base), before
	 * the key is known. stage_dir is not there yet. */
	int (*prepare)(struct kh_build *build, struct kh_error *err);
	int (*make)(struct kh_build *build, struct kh_error *err);
	/* May be NULL: the last touch to the tree once it is root's and out of the build account's
	 * reach (signing: the key is for nobody else). tree: its host path. */
	int (*finish)(struct kh_build *build, const char *tree, struct kh_error *err);
	/* Does this artifact fit this host? 0, or -1 with KH_HOST naming what it does not cover. */
	int (*check_cover)(const struct kh_context *context, const struct kh_artifact *artifact,
			   struct kh_error *err);
};

extern const struct kh_recipe kh_recipe_kernel, kh_recipe_qemu, kh_recipe_libvirt;

/* All of them, in the order of work; NULL-terminated. */
extern const struct kh_recipe *const kh_recipes[];
const struct kh_recipe *kh_recipe_named(const char *program); /* or NULL */

/* Tell how far it is: one event of KH_EVENT_PROGRESS. */
void kh_build_progress(struct kh_build *build, const char *text);
/* Something the operator should read: one event of KH_EVENT_WARNING. */
void kh_build_warn(struct kh_build *build, const char *text);

/* All inputs, those of the recipe and those that all have: wanted: program's version, distribution,
 * machine; made with: source digest, tools. source may be NULL. Returns 0, 1 when something that
 * goes into the key is not there (source, a tool), -1. */
int kh_recipe_inputs(const struct kh_context *context, const struct kh_recipe *recipe,
		     const struct kh_source *source, struct kh_inputs *ret_inputs,
		     struct kh_error *err);
void kh_inputs_done(struct kh_inputs *inputs);
json_t *kh_inputs_json(const struct kh_strv *pairs); /* {NAME: VALUE, ...}; a new reference */

/* The artifact that this configuration asks for: that of the exact key; else one made elsewhere
 * (imported) of the same source; and where source or tools are missing, any with the same wanted
 * inputs, imported ones first. What is not of the exact key must cover this host; whether one of
 * the exact key still does (a device came since) is for the stage to ask. Nothing is run or
 * changed. Returns 0, 1: none is there yet (or the version is `none`), -1. */
int kh_recipe_find(const struct kh_context *context, const struct kh_recipe *recipe,
		   struct kh_artifact *ret_artifact, struct kh_error *err);
/* For a stage's build(): plans the build unless the artifact is there, nothing is wanted (none), or
 * the source is missing in a plan that is not carried out (then a note says it comes later). Below
 * another root: a note of what is left to do. */
int kh_recipe_plan_build(const struct kh_context *context, const struct kh_recipe *recipe,
			 struct kh_plan *plan, struct kh_error *err);

/* Build it: what the maker of the planned change does. Refuses where nothing can be built, before
 * anything is begun. Does nothing when the artifact is there. */
int kh_recipe_make(const struct kh_recipe *recipe, const struct kh_making *making,
		   bool wants_rederive, struct kh_error *err);
/* what: {"program": "kernel", "rederive": bool}. */
extern const struct kh_maker kh_recipe_maker;

/* The distribution release that artifacts are for: "debian 12". Owned. */
char *kh_recipe_distribution(const struct kh_facts *facts);

#endif
