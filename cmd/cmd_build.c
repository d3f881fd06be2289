/* cmd_build.c - kvmhost build: make artifacts; the host stays as it is. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/store.h"
#include "platform/recipe.h"

/* A program that was not named is left alone, as with version `none`. */
static char **version_of(struct kh_config *config, const char *program)
{
	if (strcmp(program, "kernel") == 0)
		return &config->kernel.version;
	return strcmp(program, "qemu") == 0 ? &config->qemu.version : &config->libvirt.version;
}

static int choose_programs(const struct kh_options *options, struct kh_config *config,
			   struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (const struct kh_recipe *const *recipe = kh_recipes; *recipe; recipe++)
		kh_strv_add(&known, (*recipe)->program);
	for (size_t i = 0; i < options->arguments.count; i++)
		if (!kh_strv_has(&known, options->arguments.items[i]))
			return kh_options_unknown(
				kh_printf("unknown program '%s'", options->arguments.items[i]),
				options->arguments.items[i], &known, err);
	for (size_t i = 0; i < known.count && options->arguments.count > 0; i++) {
		char **version = version_of(config, known.items[i]);
		if (kh_strv_has(&options->arguments, known.items[i]))
			continue;
		free(*version);
		*version = kh_strdup("none");
	}
	return 0;
}

/* ---- what there is now ---- */

static json_t *artifact_json(const struct kh_root *root, const char *program,
			     const struct kh_artifact *artifact)
{
	const json_t *about = json_object_get(artifact->manifest, "about");
	kh_auto(kh_free) char *path = kh_printf(
		"%s%s", strcmp(root->host_path, "/") == 0 ? "" : root->host_path, artifact->tree);
	json_t *object = json_object();
	json_object_set_new(object, "program", json_string(program));
	json_object_set_new(object, "version", kh_json_text(kh_json_get(about, "version")));
	json_object_set_new(object, "key", json_string(artifact->key));
	json_object_set_new(object, "tree", kh_json_text(path));
	json_object_set(object, "seconds", json_object_get(about, "seconds"));
	json_object_set(object, "imported", json_object_get(artifact->manifest, "is_imported"));
	return object;
}

static void print_artifact(const json_t *object)
{
	kh_print(stdout, "%-8s %-16s %.12s  %s", kh_json_get(object, "program"),
		 kh_json_get(object, "version"), kh_json_get(object, "key"),
		 kh_json_get(object, "tree"));
	if (json_is_true(json_object_get(object, "imported")))
		kh_print(stdout, "  (imported)\n");
	else
		kh_print(stdout, "  (%lld s)\n",
			 (long long)json_integer_value(json_object_get(object, "seconds")));
}

/* The artifacts of what was asked for. */
static int list_artifacts(const struct kh_session *session, json_t *list, struct kh_error *err)
{
	struct kh_context context = {
		.config = &session->config, .facts = &session->facts, .root = &session->root};
	for (const struct kh_recipe *const *recipe = kh_recipes; *recipe; recipe++) {
		kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
		int found = kh_recipe_find(&context, *recipe, &artifact, err);
		if (found < 0)
			return -1;
		if (found == 0)
			json_array_append_new(
				list, artifact_json(&session->root, (*recipe)->program, &artifact));
	}
	return 0;
}

static void print_notes(const struct kh_options *options, const struct kh_outcome *outcome)
{
	for (size_t i = 0; i < outcome->plan.note_count; i++) {
		const struct kh_note *note = &outcome->plan.notes[i];
		if (options->is_quiet && note->kind == KH_NOTE_INFO)
			continue;
		kh_auto(kh_free) char *line = kh_plan_note_line(note);
		kh_say("%s", line);
	}
}

static int print_result(const struct kh_options *options, struct kh_session *session,
			const struct kh_outcome *outcome, struct kh_error *err)
{
	json_t *list = json_array(), *object;
	size_t index;
	if (list_artifacts(session, list, err) != 0) {
		json_decref(list);
		return -1;
	}
	if (options->is_json) {
		kh_print_json(json_pack("{s:o, s:i, s:o}", "artifacts", list, "made",
					(int)outcome->made_count, "refusals",
					kh_refusals_json(outcome)));
		return 0;
	}
	json_array_foreach(list, index, object) print_artifact(object);
	if (json_array_size(list) == 0 && outcome->refusal_count == 0)
		kh_print(stdout, "nothing is to be built\n");
	json_decref(list);
	print_notes(options, outcome);
	kh_print_refusals(outcome);
	return 0;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	if (kh_session_open(options, false, &session, err) != 0 ||
	    choose_programs(options, &session.config, err) != 0 ||
	    kh_lock_take(&session.root, "build", &lock, err) != 0)
		return -1;
	signal(SIGHUP, SIG_IGN); /* a session that is lost must not cost hours of building */
	kh_stop_watch();
	struct kh_sink sink = kh_sink_lines(options);
	struct kh_strv all = {0};
	struct kh_engine engine = {.root = &session.root,
				   .config = &session.config,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .chosen = &all,
				   .command = "build",
				   .wants_rederive = options->wants_rederive};
	int result = kh_engine_build(&engine, &outcome, err);
	if (options->is_json)
		kh_print_refusals(&outcome); /* as events: they come before "end" */
	kh_sink_end(&sink);
	if (result != 0)
		return -1;
	kh_facts_collect(&session.root, &session.facts);
	if (print_result(options, &session, &outcome, err) != 0)
		return -1;
	return (int)kh_outcome_code(&outcome);
}

const struct kh_command kh_command_build = {
	.name = "build",
	.arguments = "[PROGRAM...]",
	.summary = "build kernel, qemu, libvirt into the store; the host stays as it is",
	.options = KH_OPTION_JSON | KH_OPTION_REDERIVE,
	.run = run,
};
