/* cmd_store.c - kvmhost store: artifacts that were built, to be listed, pruned, and carried to
 * other hosts. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/store_url.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/base/tree.h"
#include "core/store.h"
#include "core/store_prune.h"
#include "core/store_transfer.h"
#include "platform/recipe.h"

/* Keys of what the configuration asks for now. What cannot be told (a fragment that is not there)
 * is wanted by nobody. */
static void wanted_keys(struct kh_session *session, struct kh_strv *keys)
{
	struct kh_context context = {
		.config = &session->config, .facts = &session->facts, .root = &session->root};
	for (const struct kh_recipe *const *recipe = kh_recipes; *recipe; recipe++) {
		kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		if (kh_recipe_find(&context, *recipe, &artifact, &ignored) == 0)
			kh_strv_add(keys, artifact.key);
	}
}

/* ---- list ---- */

struct states {
	struct kh_strv wanted, installed;
};

static json_t *artifact_json(const struct kh_session *session, const struct kh_artifact *artifact,
			     const struct states *states)
{
	const json_t *manifest = artifact->manifest;
	json_t *object = json_object();
	json_object_set_new(object, "key", json_string(artifact->key));
	json_object_set(object, "program", json_object_get(manifest, "program"));
	json_object_set_new(object, "version",
			    kh_json_text(kh_artifact_about(artifact, "version")));
	json_object_set(object, "distribution", json_object_get(manifest, "distribution"));
	json_object_set(object, "made", json_object_get(manifest, "made"));
	json_object_set_new(object, "bytes",
			    json_integer(kh_tree_bytes(&session->root, artifact->tree)));
	json_object_set(object, "imported", json_object_get(manifest, "is_imported"));
	json_object_set_new(object, "wanted",
			    json_boolean(kh_strv_has(&states->wanted, artifact->key)));
	json_object_set_new(object, "installed",
			    json_boolean(kh_strv_has(&states->installed, artifact->key)));
	json_object_set_new(object, "tree", kh_json_text(artifact->tree));
	return object;
}

static void print_row(const json_t *object)
{
	static const char *const marks[] = {"wanted", "installed", "imported"};
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	for (size_t i = 0; i < KH_COUNT(marks); i++)
		if (json_is_true(json_object_get(object, marks[i])))
			kh_strv_add(&words, marks[i]);
	kh_auto(kh_free) char *joined = kh_strv_join(&words, ", ");
	kh_print(stdout, "%.12s  %-8s %-14s %-12s %s %5lld MiB  %s\n", kh_json_get(object, "key"),
		 kh_json_get(object, "program"), kh_json_get(object, "version"),
		 kh_json_get(object, "distribution"), kh_json_get(object, "made"),
		 (long long)json_integer_value(json_object_get(object, "bytes")) >> 20, joined);
}

static int list(const struct kh_options *options, struct kh_session *session)
{
	struct states states = {0};
	struct kh_artifact *all = NULL;
	size_t count = 0;
	json_t *rows = json_array();
	wanted_keys(session, &states.wanted);
	kh_store_installed_keys(&session->root, &states.installed);
	kh_store_list(&session->root, session->config.build.store, &all, &count);
	for (size_t i = 0; i < count; i++) {
		json_t *object = artifact_json(session, &all[i], &states);
		json_array_append_new(rows, object);
		if (!options->is_json)
			print_row(object);
	}
	if (!options->is_json && count == 0)
		kh_print(stdout, "the store '%s' has no artifacts\n", session->config.build.store);
	if (options->is_json)
		kh_print_json(rows);
	else
		json_decref(rows);
	kh_artifacts_free(all, count);
	kh_strv_done(&states.wanted);
	kh_strv_done(&states.installed);
	return 0;
}

/* ---- prune ---- */

static void print_pruned(const struct kh_options *options, const struct kh_pruned_list *pruned)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < pruned->count; i++) {
		const struct kh_pruned *item = &pruned->items[i];
		json_array_append_new(rows,
				      json_pack("{s:o, s:o, s:I}", "path", kh_json_text(item->path),
						"what", kh_json_text(item->what), "bytes",
						(json_int_t)item->bytes));
		if (!options->is_json)
			kh_print(stdout, "removed %s (%s, %lld MiB)\n", item->path, item->what,
				 item->bytes >> 20);
	}
	if (options->is_json) {
		kh_print_json(json_pack("{s:o, s:I}", "removed", rows, "bytes",
					(json_int_t)pruned->bytes));
		return;
	}
	json_decref(rows);
	kh_print(stdout, "%lld MiB freed\n", pruned->bytes >> 20);
}

static int prune(const struct kh_options *options, struct kh_session *session, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv keep = {0};
	kh_auto(kh_pruned_list_done) struct kh_pruned_list pruned = {0};
	wanted_keys(session, &keep);
	int result = kh_store_prune(&session->root, session->config.build.store, &keep,
				    options->is_all, &pruned, err);
	if (result == 0 || pruned.count > 0)
		print_pruned(options, &pruned);
	return result;
}

/* ---- export, import ---- */

/* A key, the beginning of one (6 digits or more), or a program: the one wanted now, else its
 * newest.
 */
static int find_key(struct kh_session *session, const char *word, const struct kh_strv *wanted,
		    struct kh_strv *keys, struct kh_error *err)
{
	struct kh_artifact *all = NULL;
	size_t count = 0, found = 0;
	kh_auto(kh_free) char *key = NULL;
	bool is_key = strlen(word) >= 6 && strspn(word, "0123456789abcdef") == strlen(word);
	kh_store_list(&session->root, session->config.build.store, &all, &count);
	for (size_t i = 0; i < count; i++) {
		bool is_meant = is_key ? kh_str_starts(all[i].key, word)
				       : strcmp(kh_json_get(all[i].manifest, "program"), word) == 0;
		bool is_better = !key || (!is_key && !kh_strv_has(wanted, key) &&
					  kh_strv_has(wanted, all[i].key));
		found += is_meant;
		if (!is_meant || !is_better)
			continue;
		kh_free(&key);
		key = kh_strdup(all[i].key);
	}
	kh_artifacts_free(all, count);
	if (found == 0) {
		kh_fail(err, KH_USAGE, 0, "the store '%s' has no artifact '%s'",
			session->config.build.store, word);
		return kh_hint(err, "'kvmhost store list' shows what it has");
	}
	if (is_key && found > 1)
		return kh_fail(err, KH_USAGE, 0, "'%s' is the beginning of %zu keys", word, found);
	if (!kh_strv_has(keys, key))
		kh_strv_add(keys, key);
	return 0;
}

static int export_artifacts(const struct kh_options *options, struct kh_session *session,
			    struct kh_error *err)
{
	const struct kh_strv *words = &options->arguments;
	kh_auto(kh_strv_done) struct kh_strv keys = {0}, wanted = {0};
	if (words->count < 3) {
		kh_fail(err, KH_USAGE, 0, "export: which artifacts, and where to?");
		return kh_hint(err, "'kvmhost store export kernel qemu FILE.tar', or a directory");
	}
	const char *target = words->items[words->count - 1];
	wanted_keys(session, &wanted);
	for (size_t i = 1; i + 1 < words->count; i++)
		if (find_key(session, words->items[i], &wanted, &keys, err) != 0)
			return -1;
	if (kh_store_export(&session->root, session->config.build.store, &keys, target, err) != 0)
		return -1;
	json_t *list = json_array();
	for (size_t i = 0; i < keys.count; i++) {
		json_array_append_new(list, json_string(keys.items[i]));
		if (!options->is_json)
			kh_print(stdout, "exported %.12s to %s\n", keys.items[i], target);
	}
	kh_auto(kh_free) char *digest =
		kh_str_ends(target, ".tar") ? kh_store_digest(target) : NULL;
	if (digest && !options->is_json)
		kh_print(stdout, "served over HTTP, it is imported as 'URL#sha256=%s'\n", digest);
	if (!options->is_json) {
		json_decref(list);
		return 0;
	}
	json_t *document =
		json_pack("{s:o, s:o}", "exported", list, "target", kh_json_text(target));
	if (digest)
		json_object_set_new(document, "sha256", json_string(digest));
	kh_print_json(document);
	return 0;
}

static json_t *add_keys(const struct kh_options *options, const struct kh_strv *keys,
			const char *said)
{
	json_t *list = json_array();
	for (size_t i = 0; i < keys->count; i++) {
		json_array_append_new(list, json_string(keys->items[i]));
		if (!options->is_json)
			kh_print(stdout, "%.12s %s\n", keys->items[i], said);
	}
	return list;
}

static int import_one(const struct kh_options *options, struct kh_session *session,
		      const char *from, struct kh_strv *imported, struct kh_strv *present,
		      struct kh_error *err)
{
	if (kh_store_is_url(from))
		return kh_store_import_url(options, session, from, imported, present, err);
	return kh_store_import(&session->root, &session->config, from, imported, present, err);
}

static int import_artifacts(const struct kh_options *options, struct kh_session *session,
			    struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv imported = {0}, present = {0};
	int result = 0;
	if (options->arguments.count < 2)
		return kh_fail(err, KH_USAGE, 0, "import: from which directory or tar file?");
	for (size_t i = 1; i < options->arguments.count && result == 0; i++)
		result = import_one(options, session, options->arguments.items[i], &imported,
				    &present, err);
	json_t *came = add_keys(options, &imported, "imported");
	json_t *were = add_keys(options, &present, "was there already");
	if (options->is_json && result == 0) {
		kh_print_json(json_pack("{s:o, s:o}", "imported", came, "present", were));
		return 0;
	}
	json_decref(came);
	json_decref(were);
	return result;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	static const char *const verbs[] = {"list", "prune", "export", "import"};
	const char *verb = options->arguments.count > 0 ? options->arguments.items[0] : "list";
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (size_t i = 0; i < KH_COUNT(verbs); i++)
		kh_strv_add(&known, verbs[i]);
	if (!kh_strv_has(&known, verb))
		return kh_options_unknown(kh_printf("unknown word after 'store' '%s'", verb), verb,
					  &known, err);
	bool takes_more = strcmp(verb, "export") == 0 || strcmp(verb, "import") == 0;
	if (!takes_more && options->arguments.count > 1)
		return kh_fail(err, KH_USAGE, 0, "'store %s' takes no argument '%s'", verb,
			       options->arguments.items[1]);
	if (kh_session_open(options, true, &session, err) != 0)
		return -1;
	if (strcmp(verb, "list") == 0)
		return list(options, &session);
	if (strcmp(verb, "export") == 0)
		return export_artifacts(options, &session, err);
	if (kh_lock_take(&session.root, "store", &lock, err) != 0)
		return -1;
	if (strcmp(verb, "import") == 0)
		kh_stop_watch();
	return strcmp(verb, "prune") == 0 ? prune(options, &session, err)
					  : import_artifacts(options, &session, err);
}

const struct kh_command kh_command_store = {
	.name = "store",
	.arguments = "[VERB...]",
	.summary = "what was built: list, prune, export NAME... FILE|DIR, import FILE|DIR|URL",
	.options = KH_OPTION_JSON | KH_OPTION_ALL,
	.run = run,
};
