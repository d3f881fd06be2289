/* cmd_fetch.c - kvmhost fetch: the sources into the store; the host stays as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "sources/pin.h"
#include "sources/program.h"
#include "sources/record.h"

struct fetching {
	const struct kh_options *options;
	struct kh_session *session;
	struct kh_making making;
	struct kh_source sources[KH_PROGRAM_COUNT]; /* that are in the store now */
	size_t count;
};

static void fetching_done(struct fetching *fetching)
{
	for (size_t i = 0; i < fetching->count; i++)
		kh_source_done(&fetching->sources[i]);
}

static int check_programs(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++)
		kh_strv_add(&known, kh_programs[i].name);
	for (size_t i = 0; i < options->arguments.count; i++)
		if (!kh_program_find(options->arguments.items[i]))
			return kh_options_unknown(
				kh_printf("unknown program '%s'", options->arguments.items[i]),
				options->arguments.items[i], &known, err);
	return 0;
}

/* ---- fetching ---- */

static int make(const struct fetching *fetching, const char *program, struct kh_error *err)
{
	json_t *what = json_pack("{s:s, s:b}", "program", program, "update",
				 (int)fetching->options->is_update);
	int result = kh_source_maker.make(&fetching->making, what, err);
	json_decref(what);
	return result;
}

static int fetch_program(struct fetching *fetching, const char *program, struct kh_error *err)
{
	struct kh_session *session = fetching->session;
	struct kh_context context = {.config = &session->config,
				     .facts = &session->facts,
				     .root = &session->root,
				     .is_apply = true};
	struct kh_source *source = &fetching->sources[fetching->count];
	int found =
		fetching->options->is_update ? 1 : kh_source_find(&context, program, source, err);
	if (found == 1 && make(fetching, program, err) != 0)
		return -1;
	if (found == 1)
		found = kh_record_read(&session->root, session->config.build.store, program,
				       source);
	if (found != 0)
		return found < 0 ? -1
				 : kh_fail(err, KH_VERIFY, 0, "%s: not in the store after all",
					   program);
	fetching->count++;
	return 0;
}

static int fetch_all(struct fetching *fetching, struct kh_error *err)
{
	const struct kh_strv *chosen = &fetching->options->arguments;
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++) {
		const char *name = kh_programs[i].name;
		if (chosen->count > 0 && !kh_strv_has(chosen, name))
			continue;
		if (strcmp(kh_source_wanted(&fetching->session->config, name), "none") == 0) {
			kh_say("%s: 'version: none': nothing to fetch", name);
			continue;
		}
		if (fetch_program(fetching, name, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the lock file ---- */

/* Those that were fetched now, and what it said of the others. */
static int write_lock(const struct fetching *fetching, const char *path, const struct kh_pins *pins,
		      struct kh_error *err)
{
	struct kh_source all[KH_PROGRAM_COUNT]; /* borrowed */
	size_t count = 0;
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++) {
		const char *name = kh_programs[i].name;
		const struct kh_pin *pin = kh_pin_find(pins, name);
		const struct kh_source *source = pin ? &pin->source : NULL;
		for (size_t f = 0; f < fetching->count; f++)
			if (strcmp(fetching->sources[f].program, name) == 0)
				source = &fetching->sources[f];
		if (source)
			all[count++] = *source;
	}
	return kh_pin_write(path, all, count, err);
}

/* Newer ones than the lock file has are no use to later runs as long as it says otherwise. */
static int check_lock(const struct kh_options *options, const char *path,
		      const struct kh_pins *pins, struct kh_error *err)
{
	if (!options->is_update || options->wants_lock || pins->count == 0)
		return 0;
	kh_fail(err, KH_USAGE, 0, "'%s' says which sources are used", path);
	return kh_hint(err, "'kvmhost fetch --update --lock' makes it anew");
}

/* ---- what came ---- */

static void print_source(const struct kh_source *source)
{
	kh_print(stdout, "%s: %s %s from %s\n", source->program,
		 kh_program_find(source->program)->title,
		 source->package_version ? source->package_version : source->version,
		 source->provider);
	for (size_t i = 0; i < source->file_count; i++)
		if (source->files[i].sha256)
			kh_print(stdout, "  %s  %s (%lld bytes)\n", source->files[i].sha256,
				 source->files[i].name, source->files[i].size_bytes);
	kh_print(stdout, "  signed by: %s\n",
		 source->signer ? source->signer : "not asked for (no sources.keyring)");
}

static void print_all(const struct fetching *fetching)
{
	json_t *list = json_array();
	for (size_t i = 0; i < fetching->count; i++) {
		json_array_append_new(list, kh_record_json(&fetching->sources[i]));
		if (!fetching->options->is_json)
			print_source(&fetching->sources[i]);
	}
	if (fetching->options->is_json)
		kh_print_json(list);
	else
		json_decref(list);
}

static int fetch(struct fetching *fetching, struct kh_error *err)
{
	const struct kh_options *options = fetching->options;
	struct kh_session *session = fetching->session;
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	kh_auto(kh_free) char *path = kh_pin_path(&session->root, &session->config);
	if (kh_pin_read(path, &pins, err) != 0 || check_lock(options, path, &pins, err) != 0)
		return -1;
	int result = fetch_all(fetching, err);
	kh_sink_end(fetching->making.sink);
	if (result != 0)
		return -1;
	print_all(fetching);
	if (!options->wants_lock)
		return 0;
	if (write_lock(fetching, path, &pins, err) != 0)
		return -1;
	kh_say("written: %s", path);
	return 0;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	if (check_programs(options, err) != 0 ||
	    kh_session_open(options, true, &session, err) != 0 ||
	    kh_lock_take(&session.root, "fetch", &lock, err) != 0)
		return -1;
	struct kh_sink sink = kh_sink_lines(options);
	kh_auto(fetching_done) struct fetching fetching = {.options = options,
							   .session = &session,
							   .making = {.root = &session.root,
								      .config = &session.config,
								      .facts = &session.facts,
								      .runner = &kh_run_system,
								      .sink = &sink,
								      .stage = "fetch"}};
	kh_stop_watch();
	return fetch(&fetching, err);
}

const struct kh_command kh_command_fetch = {
	.name = "fetch",
	.arguments = "[PROGRAM...]",
	.summary = "fetch and verify the sources of kernel, qemu and libvirt into the store",
	.options = KH_OPTION_JSON | KH_OPTION_LOCK,
	.run = run,
};
