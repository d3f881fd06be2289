/* recipe_make.c - building an artifact; see recipe.h.
 *
 * Refuse first (tools, space), then: directories of the build account, its sandbox and log; the
 * recipe prepares, and now the key is known; it makes a staged tree; that is copied into the store
 * as root's own (core/store_tree.h), gets the recipe's last touch, its manifest, and its name.
 * A build directory stays for the next time; those of other sources of the program go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/redact.h"
#include "core/base/tree.h"
#include "core/engine.h"
#include "core/store_tree.h"
#include "platform/build_log.h"
#include "platform/ccache.h"
#include "platform/recipe.h"
#include "platform/tools.h"

struct work {
	const struct kh_recipe *recipe;
	const struct kh_making *making;
	struct kh_context context;
	struct kh_source source;
	struct kh_sandbox sandbox;
	struct kh_build build;
	struct kh_inputs inputs;
	char *build_path, *stage_path; /* below the root */
	char key[KH_DIGEST_SIZE];
	time_t begun;
};

static void work_done(struct work *work)
{
	kh_source_done(&work->source);
	kh_sandbox_done(&work->sandbox);
	kh_inputs_done(&work->inputs);
	free(work->build.source_dir);
	free(work->build.build_dir);
	free(work->build.stage_dir);
	json_decref(work->build.about);
	free(work->build_path);
	free(work->stage_path);
}

static const char *store_of(const struct work *work)
{
	return work->making->config->build.store;
}

static char *host_path(const struct work *work, const char *path)
{
	const char *top = work->making->root->host_path;
	return kh_printf("%s%s", strcmp(top, "/") == 0 ? "" : top, path);
}

/* ---- what it tells ---- */

static void tell(const struct kh_build *build, enum kh_event_kind kind, const char *text)
{
	struct kh_sink *sink = build->making->sink;
	struct kh_event event = {.kind = kind,
				 .stage = build->making->stage,
				 .text = text,
				 .index = build->steps_done,
				 .count = build->steps_total,
				 .unit = "steps"};
	if (sink)
		sink->event(sink, &event);
}

void kh_build_progress(struct kh_build *build, const char *text)
{
	tell(build, KH_EVENT_PROGRESS, text);
}

void kh_build_warn(struct kh_build *build, const char *text)
{
	tell(build, KH_EVENT_WARNING, text);
}

/* ---- before anything is begun ---- */

static int check_tools(const struct work *work, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	kh_tools_missing(work->making->root, work->recipe->tools, &missing);
	if (missing.count == 0)
		return 0;
	kh_auto(kh_free) char *names = kh_strv_join(&missing, ", ");
	kh_fail(err, KH_HOST, 0, "building needs programs that are not there: %s", names);
	return kh_hint(err, "install them, or build on another host and 'kvmhost store import' it");
}

static int check_space(const struct work *work, struct kh_error *err)
{
	struct statvfs free_space;
	kh_auto(kh_close) int fd =
		kh_root_open_at(work->making->root, store_of(work), O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fstatvfs(fd, &free_space) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "store '%s'", store_of(work));
	/* What an earlier build left is written over, not beside. */
	unsigned long long has =
		(unsigned long long)free_space.f_bavail * free_space.f_frsize +
		(unsigned long long)kh_tree_bytes(work->making->root, work->build_path);
	unsigned long long needs = (unsigned long long)work->recipe->needs_mib << 20;
	if (has >= needs)
		return 0;
	kh_fail(err, KH_HOST, 0,
		"building %s needs %u MiB of free space in '%s', which has %llu MiB",
		work->recipe->program, work->recipe->needs_mib, store_of(work), has >> 20);
	return kh_hint(err, "'kvmhost store prune --all' frees what can be made again; "
			    "'build.store' may name another place");
}

static int find_source(struct work *work, struct kh_error *err)
{
	int found = kh_source_find(&work->context, work->recipe->program, &work->source, err);
	return found == 1 ? kh_fail(err, KH_HOST, 0, "the source is not in the store '%s'",
				    store_of(work))
			  : found;
}

/* ---- directories ---- */

static void name_directories(struct work *work)
{
	kh_auto(kh_strv_done) struct kh_strv what = {0};
	kh_strv_add(&what, work->source.digest);
	if (!work->recipe->is_incremental)
		kh_strv_copy(&what, &work->inputs.wanted);
	kh_auto(kh_free) char *text = kh_strv_join(&what, "\n");
	char digest[KH_DIGEST_SIZE];
	kh_digest_bytes(text, strlen(text), digest);
	work->build_path =
		kh_printf("%s/build/%s-%.12s", store_of(work), work->recipe->program, digest);
	work->stage_path = kh_printf("%s.stage", work->build_path);
	work->build.build_dir = host_path(work, work->build_path);
	work->build.stage_dir = host_path(work, work->stage_path);
	work->build.source_dir = host_path(work, work->source.tree);
}

/* Build directories of other sources of this program: their objects are of no more use. */
static void prune_directories(const struct work *work)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *dir = kh_printf("%s/build", store_of(work));
	kh_auto(kh_free) char *prefix = kh_printf("%s-", work->recipe->program);
	kh_root_list(work->making->root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (kh_str_starts(names.items[i], prefix) && strcmp(path, work->build_path) != 0)
			kh_tree_remove(work->making->root, path, NULL, &ignored);
	}
}

static int open_sandbox(struct work *work, struct kh_error *err)
{
	const struct kh_making *making = work->making;
	struct kh_strv *writable = &work->sandbox.writable;
	kh_auto(kh_free) char *log =
		kh_build_log_path(making->root, making->config, work->recipe->program);
	if (kh_sandbox_open(making->root, making->config, log, &work->sandbox, err) != 0 ||
	    kh_ccache_use(making->root, making->config, &work->sandbox, err) != 0)
		return -1;
	kh_strv_add(writable, work->sandbox.home);
	kh_strv_add(writable, work->build.build_dir);
	kh_strv_add(writable, work->build.stage_dir);
	kh_auto(kh_free) char *warning =
		kh_printf("the build is not cut off from the network: %s",
			  work->sandbox.obstacle ? work->sandbox.obstacle : "");
	if (!work->sandbox.is_isolated)
		kh_build_warn(&work->build, warning);
	return 0;
}

static int open_directories(struct work *work, struct kh_error *err)
{
	if (kh_tree_remove(work->making->root, work->stage_path, NULL, err) != 0)
		return -1;
	prune_directories(work);
	return kh_sandbox_dir(&work->sandbox, work->build.build_dir, err);
}

/* ---- the result ---- */

static json_t *source_json(const struct kh_source *source)
{
	json_t *object = json_object();
	json_object_set_new(object, "version", kh_json_text(source->version));
	json_object_set_new(object, "package_version", kh_json_text(source->package_version));
	kh_auto(kh_free) char *provider = kh_redact(source->provider);
	json_object_set_new(object, "provider", kh_json_text(provider));
	json_object_set_new(object, "digest", kh_json_text(source->digest));
	json_object_set_new(object, "signer", kh_json_text(source->signer));
	return object;
}

static json_t *manifest_of(struct work *work)
{
	json_t *about = work->build.about;
	kh_auto(kh_free) char *distribution = kh_recipe_distribution(work->making->facts);
	if (!json_object_get(about, "version"))
		json_object_set_new(about, "version", kh_json_text(work->source.version));
	json_object_set_new(about, "source", source_json(&work->source));
	json_object_set_new(about, "tools", kh_tools_versions(&work->sandbox, work->recipe->tools));
	json_object_set_new(about, "seconds", json_integer((json_int_t)(time(NULL) - work->begun)));
	json_object_set_new(about, "steps", json_integer((json_int_t)work->build.steps_done));
	json_object_set_new(about, "isolated", json_boolean(work->sandbox.is_isolated));
	json_t *manifest = json_object();
	json_object_set_new(manifest, "format", json_integer(1));
	json_object_set_new(manifest, "program", kh_json_text(work->recipe->program));
	json_object_set_new(manifest, "distribution", kh_json_text(distribution));
	json_object_set_new(manifest, "wanted", kh_inputs_json(&work->inputs.wanted));
	json_object_set_new(manifest, "made_with", kh_inputs_json(&work->inputs.made_with));
	json_object_set(manifest, "about", about);
	json_object_set_new(manifest, "is_imported", json_false());
	return manifest;
}

/* The staged tree becomes the artifact's: copied, owned by whoever runs us, not by the account. */
static int take_over(struct work *work, struct kh_error *err)
{
	const struct kh_root *root = work->making->root;
	kh_auto(kh_free) char *tree = NULL;
	if (kh_store_begin(root, store_of(work), work->key, &tree, err) != 0)
		return -1;
	kh_auto(kh_close) int from =
		open(work->build.stage_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	kh_auto(kh_close) int to = kh_root_open_at(root, tree, O_RDONLY | O_DIRECTORY);
	if (from < 0 || to < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", work->build.stage_dir);
	if (kh_store_tree_copy(from, to, work->sandbox.uid, err) != 0)
		return -1;
	kh_auto(kh_free) char *finished = host_path(work, tree);
	return work->recipe->finish ? work->recipe->finish(&work->build, finished, err) : 0;
}

static int publish(struct work *work, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (take_over(work, err) != 0 || kh_store_publish(work->making->root, store_of(work),
							  work->key, manifest_of(work), err) != 0)
		return -1;
	kh_tree_remove(work->making->root, work->stage_path, NULL, &ignored);
	return 0;
}

/* ---- all of it ---- */

/* With the inputs of now; after prepare() they are complete. */
static int take_inputs(struct work *work, struct kh_error *err)
{
	kh_inputs_done(&work->inputs);
	work->inputs = (struct kh_inputs){0};
	int result =
		kh_recipe_inputs(&work->context, work->recipe, &work->source, &work->inputs, err);
	if (result < 0)
		return -1;
	kh_store_key(work->recipe->program, &work->inputs.wanted, &work->inputs.made_with,
		     work->key);
	return 0;
}

static int open_work(struct work *work, struct kh_error *err)
{
	if (find_source(work, err) != 0 || check_tools(work, err) != 0 ||
	    take_inputs(work, err) != 0)
		return -1;
	if (work->recipe->check_host &&
	    work->recipe->check_host(&work->context, &work->source, err) != 0)
		return -1;
	name_directories(work);
	return check_space(work, err) != 0 || open_sandbox(work, err) != 0 ? -1 : 0;
}

static bool is_there(const struct work *work)
{
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	return kh_store_find(work->making->root, store_of(work), work->key, &artifact) == 0;
}

static int build(struct work *work, struct kh_error *err)
{
	if (work->recipe->prepare && work->recipe->prepare(&work->build, err) != 0)
		return -1;
	if (take_inputs(work, err) != 0)
		return -1;
	if (is_there(work))
		return 0;
	if (open_directories(work, err) != 0 ||
	    kh_sandbox_dir(&work->sandbox, work->build.stage_dir, err) != 0)
		return -1;
	int result = work->recipe->make(&work->build, err) != 0 ? -1 : publish(work, err);
	kh_build_log_prune(work->sandbox.log_path, work->recipe->program);
	return result;
}

int kh_recipe_make(const struct kh_recipe *recipe, const struct kh_making *making,
		   bool wants_rederive, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.recipe = recipe,
					       .making = making,
					       .context = {.config = making->config,
							   .facts = making->facts,
							   .root = making->root,
							   .is_apply = true,
							   .is_build = true,
							   .wants_rederive = wants_rederive},
					       .begun = time(NULL)};
	work.build = (struct kh_build){.making = making,
				       .context = &work.context,
				       .source = &work.source,
				       .sandbox = &work.sandbox,
				       .about = json_object()};
	if (open_work(&work, err) != 0)
		return -1;
	return build(&work, err);
}
