/* cmd_bundle.c - kvmhost bundle: all that a build needs, for a host without a network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "sources/bundle.h"
#include "sources/program.h"
#include "sources/record.h"
#include "stages/packages_table.h"

struct bundling {
	struct kh_session *session;
	struct kh_making making;
	struct kh_source sources[KH_PROGRAM_COUNT];
	size_t count;
	unsigned programs; /* KH_FOR_... */
};

static void bundling_done(struct bundling *bundling)
{
	for (size_t i = 0; i < bundling->count; i++)
		kh_source_done(&bundling->sources[i]);
}

/* From the store; fetched first where it is not there. */
static int add_source(struct bundling *bundling, const char *program, struct kh_error *err)
{
	struct kh_session *session = bundling->session;
	struct kh_context context = {.config = &session->config,
				     .facts = &session->facts,
				     .root = &session->root,
				     .is_apply = true};
	struct kh_source *source = &bundling->sources[bundling->count];
	int found = kh_source_find(&context, program, source, err);
	if (found == 1) {
		json_t *what = json_pack("{s:s}", "program", program);
		found = kh_source_maker.make(&bundling->making, what, err);
		json_decref(what);
		if (found == 0)
			found = kh_source_find(&context, program, source, err);
	}
	if (found != 0)
		return found < 0 ? -1
				 : kh_fail(err, KH_VERIFY, 0, "%s: not in the store after all",
					   program);
	bundling->count++;
	return 0;
}

static int add_sources(struct bundling *bundling, struct kh_error *err)
{
	static const unsigned bits[KH_PROGRAM_COUNT] = {KH_FOR_KERNEL, KH_FOR_QEMU, KH_FOR_LIBVIRT};
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++) {
		const char *name = kh_programs[i].name;
		if (strcmp(kh_source_wanted(&bundling->session->config, name), "none") == 0)
			continue;
		if (add_source(bundling, name, err) != 0)
			return -1;
		bundling->programs |= bits[i];
	}
	if (bundling->count > 0)
		return 0;
	return kh_fail(err, KH_CONFIG, 0, "'version: none' for all programs: nothing to bundle");
}

/* Of this machine, made where missing. Owned, or NULL with *err. */
static char *absolute(const char *directory, struct kh_error *err)
{
	if (*directory == '/')
		return kh_strdup(directory);
	kh_auto(kh_free) char *here = realpath(".", NULL);
	if (!here) {
		kh_fail(err, KH_SYSTEM, errno, "bundle '%s'", directory);
		return NULL;
	}
	return kh_printf("%s/%s", here, directory);
}

static json_t *result_json(const struct bundling *bundling, const char *directory,
			   size_t package_count)
{
	json_t *sources = json_array();
	for (size_t i = 0; i < bundling->count; i++)
		json_array_append_new(sources, kh_record_json(&bundling->sources[i]));
	return json_pack("{s:o, s:o, s:I}", "directory", kh_json_text(directory), "sources",
			 sources, "packages", (json_int_t)package_count);
}

static void print_result(const struct bundling *bundling, const char *directory,
			 size_t package_count)
{
	for (size_t i = 0; i < bundling->count; i++)
		kh_print(stdout, "%s: %s\n", bundling->sources[i].program,
			 bundling->sources[i].package_version ? bundling->sources[i].package_version
							      : bundling->sources[i].version);
	kh_print(stdout, "%zu packages\n%s/README says how to use it\n", package_count, directory);
}

static int bundle(struct bundling *bundling, const char *directory, size_t *ret_packages,
		  struct kh_error *err)
{
	const struct kh_session *session = bundling->session;
	enum kh_package_manager manager = kh_packages_manager(&session->root);
	kh_auto(kh_strv_done) struct kh_strv packages = {0};
	if (add_sources(bundling, err) != 0)
		return -1;
	if (manager == KH_PACKAGES_APT)
		kh_packages_all(manager, session->facts.os.id, bundling->programs, &packages);
	else
		kh_say("kvmhost: packages are not bundled: this host has no apt");
	struct kh_bundle what = {.making = &bundling->making,
				 .directory = directory,
				 .sources = bundling->sources,
				 .source_count = bundling->count,
				 .packages = &packages};
	return kh_bundle_make(&what, ret_packages, err);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	if (options->arguments.count != 1) {
		kh_fail(err, KH_USAGE, 0, "bundle: one directory is needed");
		return kh_hint(err, "'kvmhost bundle DIR'");
	}
	kh_auto(kh_free) char *directory = absolute(options->arguments.items[0], err);
	if (!directory || kh_session_open(options, true, &session, err) != 0 ||
	    kh_lock_take(&session.root, "bundle", &lock, err) != 0)
		return -1;
	struct kh_sink sink = kh_sink_lines(options);
	kh_auto(bundling_done) struct bundling bundling = {.session = &session,
							   .making = {.root = &session.root,
								      .config = &session.config,
								      .facts = &session.facts,
								      .runner = &kh_run_system,
								      .sink = &sink,
								      .stage = "bundle"}};
	size_t package_count = 0;
	kh_stop_watch();
	int result = bundle(&bundling, directory, &package_count, err);
	kh_sink_end(&sink);
	if (result != 0)
		return -1;
	if (options->is_json)
		kh_print_json(result_json(&bundling, directory, package_count));
	else
		print_result(&bundling, directory, package_count);
	return 0;
}

const struct kh_command kh_command_bundle = {
	.name = "bundle",
	.arguments = "DIR",
	.summary = "collect in DIR all that building needs, for a host without a network",
	.options = KH_OPTION_JSON,
	.run = run,
};
