/* Recipes: keys, which artifact is the wanted one, and what a build leaves in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "platform/build_log.h"
#include "platform/ccache.h"
#include "platform/recipe.h"
#include "tests/lib/fixture.h"

/* A program that is built in no time: two files and a link. What it is asked for, and what happens,
 * is up to the test. */
static const char *option = "one", *script, *uncovered;
static unsigned made_count, prepared_count;

static int add_inputs(const struct kh_context *context, const struct kh_source *source,
		      struct kh_inputs *inputs, struct kh_error *err)
{
	(void)context, (void)source, (void)err;
	kh_strv_add(&inputs->wanted, "option");
	kh_strv_add(&inputs->wanted, option);
	return 0;
}

static int make(struct kh_build *build, struct kh_error *err)
{
	const char *argv[] = {"sh", "-c", script, "sh", build->stage_dir, build->build_dir, NULL};
	made_count++;
	if (kh_sandbox_run(build->sandbox, build->build_dir, argv, err) != 0)
		return -1;
	json_object_set_new(build->about, "release", json_string("1.0"));
	build->steps_done = 3;
	return 0;
}

static int check_cover(const struct kh_context *context, const struct kh_artifact *artifact,
		       struct kh_error *err)
{
	(void)context, (void)artifact;
	return uncovered ? kh_fail(err, KH_HOST, 0, "it does not drive '%s'", uncovered) : 0;
}

static int prepare(struct kh_build *build, struct kh_error *err)
{
	(void)build, (void)err;
	prepared_count++;
	return 0;
}

static const char *const tools[] = {"true", NULL};
static struct kh_recipe recipe = {
	.program = "qemu",
	.tools = tools,
	.needs_mib = 1,
	.add_inputs = add_inputs,
	.make = make,
	.check_cover = check_cover,
};

static const char good_script[] = "set -e; mkdir -p $1/usr/local/bin; "
				  "echo binary > $1/usr/local/bin/x; "
				  "chmod 0775 $1/usr/local/bin/x; ln -s x $1/usr/local/bin/y; "
				  "date >> $2/objects";

/* ---- a host ---- */

struct host {
	struct fixture f;
	struct kh_config config;
	struct kh_facts facts;
	struct kh_context context;
};

static const char record[] =
	"{\"format\": 1, \"program\": \"qemu\", \"wanted\": \"distro\", \"version\": \"7.2\", "
	"\"provider\": \"distro\", \"digest\": \"%s\", \"signer\": \"somebody\", "
	"\"tree\": \"/store/sources/qemu-1\", \"files\": [{\"name\": \"qemu.tar.xz\", \"role\": "
	"\"archive\", \"size\": 1, \"sha256\": \"00\", \"urls\": []}]}";

static void put_source(struct host *host, const char *digest)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_addf(&text, record, digest);
	fixture_put(&host->f, "/store/sources/qemu.json", kh_str_text(&text));
	fixture_put(&host->f, "/store/sources/qemu-1/configure", "");
}

static void open_host(struct host *host, const char *yaml)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	*host = (struct host){0};
	option = "one", script = good_script, uncovered = NULL;
	made_count = prepared_count = 0;
	recipe.needs_mib = 1;
	recipe.prepare = NULL;
	fixture_open_empty(&host->f);
	chmod(host->f.path, 0755);
	host->f.root.is_live = true; /* so that building is planned */
	if (kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, &host->config, &err) != 0)
		fail_msg("%s", err.message);
	fixture_put(&host->f, "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
	fixture_put_mode(&host->f, "/usr/bin/true", "a compiler\n", 0755);
	put_source(host, "1111");
	kh_facts_collect(&host->f.root, &host->facts);
	host->context = (struct kh_context){
		.config = &host->config, .facts = &host->facts, .root = &host->f.root};
}

static const char yaml_of_all[] = "build: {store: /store, ccache: off}\n"
				  "kernel: {version: none}\nlibvirt: {version: none}\n";

static void close_host(struct host *host)
{
	kh_facts_done(&host->facts);
	kh_config_done(&host->config);
	fixture_close(&host->f);
}

static int build_with(struct host *host, bool wants_rederive, struct kh_error *err)
{
	struct kh_making making = {.root = &host->f.root,
				   .config = &host->config,
				   .facts = &host->facts,
				   .runner = &kh_run_system,
				   .stage = "qemu"};
	return kh_recipe_make(&recipe, &making, wants_rederive, err);
}

static void build(struct host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (build_with(host, false, &err) != 0)
		fail_msg("%s", err.message);
}

static int find(struct host *host, struct kh_artifact *ret_artifact)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	int result = kh_recipe_find(&host->context, &recipe, ret_artifact, &err);
	if (result < 0)
		fail_msg("%s", err.message);
	return result;
}

static bool is_found(struct host *host)
{
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	return find(host, &artifact) == 0;
}

/* How many builds are planned; the first note, if any. */
static size_t planned(struct host *host, char **ret_note)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_plan plan;
	kh_plan_init(&plan, &host->f.root);
	plan.stage = "qemu";
	if (kh_recipe_plan_build(&host->context, &recipe, &plan, &err) != 0)
		fail_msg("%s", err.message);
	size_t count = plan.change_count;
	if (ret_note)
		*ret_note = plan.note_count > 0 ? kh_strdup(plan.notes[0].text) : NULL;
	kh_plan_done(&plan);
	return count;
}

static void is_refused(struct host *host, enum kh_code code, const char *part)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(build_with(host, false, &err), -1);
	if (!strstr(err.message, part))
		fail_msg("'%s' is not in: %s", part, err.message);
	assert_int_equal(err.code, code);
	assert_false(is_found(host));
}

/* ---- building ---- */

static void a_build_leaves_an_artifact_that_is_nobody_s_but_ours(void **state)
{
	(void)state;
	struct host host;
	struct stat status;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	open_host(&host, yaml_of_all);
	assert_int_equal(planned(&host, NULL), 1);
	build(&host);
	assert_int_equal(find(&host, &artifact), 0);
	assert_int_equal(kh_store_verify(&host.f.root, &artifact, &err), 0);
	kh_auto(kh_free) char *binary = kh_printf("%s/usr/local/bin/x", artifact.tree);
	assert_int_equal(kh_root_stat(&host.f.root, binary, false, &status, &err), 0);
	assert_int_equal(status.st_uid, geteuid());
	assert_int_equal(status.st_mode & 07777, 0755); /* it was 0775 */
	const json_t *about = json_object_get(artifact.manifest, "about");
	assert_string_equal(kh_json_get(artifact.manifest, "program"), "qemu");
	assert_string_equal(kh_json_get(artifact.manifest, "distribution"), "debian 12");
	assert_string_equal(kh_artifact_about(&artifact, "version"), "7.2");
	assert_string_equal(kh_artifact_about(&artifact, "release"), "1.0");
	assert_string_equal(kh_json_get(json_object_get(about, "source"), "signer"), "somebody");
	assert_non_null(strstr(kh_json_get(json_object_get(about, "tools"), "true"), "coreutils"));
	assert_int_equal(json_integer_value(json_object_get(about, "steps")), 3);
	assert_string_equal(kh_json_get(json_object_get(artifact.manifest, "wanted"), "option"),
			    "one");
	close_host(&host);
}

static void what_was_built_is_not_built_again(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	build(&host);
	assert_int_equal(planned(&host, NULL), 0);
	build(&host); /* also when somebody asks */
	assert_int_equal(made_count, 1);
	option = "two";
	assert_false(is_found(&host));
	assert_int_equal(planned(&host, NULL), 1);
	option = "one";
	fixture_put_mode(&host.f, "/usr/bin/true", "another compiler\n", 0755);
	assert_int_equal(planned(&host, NULL), 1);
	close_host(&host);
}

static void another_source_is_another_artifact(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	build(&host);
	put_source(&host, "2222");
	assert_int_equal(planned(&host, NULL), 1);
	build(&host);
	assert_int_equal(made_count, 2);
	close_host(&host);
}

/* The directory with the objects stays; that of an older source goes. */
static void objects_are_kept_for_the_next_build_of_the_same(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_strv_done) struct kh_strv before = {0}, after = {0};
	open_host(&host, yaml_of_all);
	recipe.is_incremental = true;
	build(&host);
	option = "two";
	build(&host);
	kh_root_list(&host.f.root, "/store/build", &before);
	put_source(&host, "2222");
	build(&host);
	kh_root_list(&host.f.root, "/store/build", &after);
	recipe.is_incremental = false;
	assert_int_equal(before.count, 2); /* home, and one with the objects of both builds */
	assert_int_equal(after.count, 2);
	kh_auto(kh_free) char *path = kh_printf("/store/build/%s/objects", after.items[1]);
	assert_true(kh_str_starts(after.items[1], "qemu-"));
	assert_true(kh_root_exists(&host.f.root, path));
	assert_string_not_equal(before.items[1], after.items[1]);
	close_host(&host);
}

static void a_build_that_fails_says_why_and_leaves_no_artifact(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	script = "echo 'x.c:1:1: error: no'; exit 1";
	is_refused(&host, KH_PROGRAM, "exit status 1:\n  x.c:1:1: error: no");
	script = good_script;
	build(&host);
	assert_true(is_found(&host));
	close_host(&host);
}

static void a_tree_with_other_people_s_rights_is_refused(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	script = "mkdir -p $1/bin; echo x > $1/bin/x; chmod 4755 $1/bin/x";
	is_refused(&host, KH_HOST, "'/bin/x' of the tree would run with another account's rights");
	script = "mkfifo $1/pipe";
	is_refused(&host, KH_HOST, "'/pipe' of the tree is neither file, directory nor link");
	close_host(&host);
}

static void nothing_is_begun_without_space_or_tools(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	recipe.needs_mib = 1U << 31;
	is_refused(&host, KH_HOST, "needs 2147483648 MiB of free space in '/store'");
	recipe.needs_mib = 1;
	fixture_remove(&host.f, "/usr/bin/true");
	is_refused(&host, KH_HOST, "building needs programs that are not there: true");
	assert_int_equal(made_count, 0);
	assert_false(kh_root_exists(&host.f.root, "/store/build"));
	close_host(&host);
}

static void deriving_anew_is_asked_for_and_builds_only_what_changed(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, yaml_of_all);
	recipe.prepare = prepare;
	build(&host);
	assert_int_equal(planned(&host, NULL), 0);
	host.context.wants_rederive = true;
	assert_int_equal(planned(&host, NULL), 1);
	assert_int_equal(build_with(&host, true, &err), 0);
	assert_int_equal(prepared_count, 2);
	assert_int_equal(made_count, 1); /* the same came out */
	close_host(&host);
}

/* ---- finding ---- */

/* Marks what is in the store as imported. */
static void make_imported(struct host *host)
{
	kh_auto(kh_strv_done) struct kh_strv keys = {0};
	kh_root_list(&host->f.root, "/store/artifacts", &keys);
	for (size_t i = 0; i < keys.count; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/store/artifacts/%s/manifest.json", keys.items[i]);
		kh_auto(kh_free) char *text = fixture_get(&host->f, path);
		char *at = strstr(text, "\"is_imported\": false");
		if (!at)
			continue;
		*at = '\0';
		kh_auto(kh_free) char *changed = kh_printf("%s\"is_imported\": true%s", text,
							   at + strlen("\"is_imported\": false"));
		fixture_put(&host->f, path, changed);
	}
}

static void without_source_or_compiler_the_artifact_is_found(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	build(&host);
	fixture_remove(&host.f, "/usr/bin/true");
	assert_true(is_found(&host));
	fixture_remove(&host.f, "/store/sources");
	assert_true(is_found(&host));
	assert_int_equal(planned(&host, NULL), 0);
	option = "two";
	assert_false(is_found(&host));
	close_host(&host);
}

static void an_imported_one_of_the_same_source_is_taken_whatever_compiled_it(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	build(&host);
	fixture_put_mode(&host.f, "/usr/bin/true", "another compiler\n", 0755);
	assert_false(is_found(&host));
	make_imported(&host);
	assert_true(is_found(&host));
	put_source(&host, "2222");
	assert_false(is_found(&host));
	close_host(&host);
}

static void imported_ones_come_first_where_nothing_can_be_built(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	open_host(&host, yaml_of_all);
	build(&host);
	make_imported(&host);
	put_source(&host, "2222");
	build(&host); /* newer, and our own */
	fixture_remove(&host.f, "/store/sources");
	assert_int_equal(find(&host, &artifact), 0);
	assert_true(json_is_true(json_object_get(artifact.manifest, "is_imported")));
	close_host(&host);
}

static void one_that_does_not_cover_this_host_is_not_taken_and_named(void **state)
{
	(void)state;
	struct host host;
	struct kh_plan plan;
	kh_auto(kh_free) char *note = NULL;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, yaml_of_all);
	build(&host);
	fixture_remove(&host.f, "/store/sources");
	uncovered = "pci 14e4:165f";
	assert_false(is_found(&host));
	planned(&host, &note);
	assert_string_equal(note, "an artifact in the store does not fit: it does not drive 'pci "
				  "14e4:165f'");
	host.context.is_apply = true;
	kh_plan_init(&plan, &host.f.root);
	assert_int_equal(kh_recipe_plan_build(&host.context, &recipe, &plan, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message,
			    "the artifact in the store '/store' does not fit (it does not drive "
			    "'pci 14e4:165f'), and there is no source to build qemu distro from");
	kh_plan_done(&plan);
	close_host(&host);
}

static void another_release_of_the_distribution_needs_its_own(void **state)
{
	(void)state;
	struct host host;
	open_host(&host, yaml_of_all);
	build(&host);
	fixture_remove(&host.f, "/store/sources");
	assert_true(is_found(&host));
	free(host.facts.os.version_id);
	host.facts.os.version_id = kh_strdup("13");
	assert_false(is_found(&host));
	close_host(&host);
}

static void none_and_another_root_build_nothing(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_free) char *note = NULL, *nothing = NULL;
	open_host(&host, yaml_of_all);
	host.f.root.is_live = false;
	assert_int_equal(planned(&host, &note), 0);
	assert_string_equal(note, "left to do: build qemu 7.2 (no artifact in the store is of "
				  "these inputs)");
	close_host(&host);
	open_host(&host, "build: {store: /store}\nqemu: {version: none}\n");
	assert_int_equal(planned(&host, &nothing), 0);
	assert_null(nothing);
	assert_false(is_found(&host));
	close_host(&host);
}

/* ---- around it ---- */

static void the_last_logs_of_each_program_are_kept(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (int i = 0; i < 8; i++) {
		kh_auto(kh_free) char *path = kh_printf("/log/qemu-2026112%dT000000Z.log", i);
		fixture_put(&f, path, "");
	}
	fixture_put(&f, "/log/kernel-20200101T000000Z.log", "");
	kh_auto(kh_free) char *newest = kh_printf("%s/log/qemu-20261127T000000Z.log", f.path);
	kh_build_log_prune(newest, "qemu");
	kh_root_list(&f.root, "/log", &names);
	assert_int_equal(names.count, KH_BUILD_LOGS_KEPT + 1);
	assert_string_equal(names.items[0], "kernel-20200101T000000Z.log");
	assert_string_equal(names.items[1], "qemu-20261123T000000Z.log");
	fixture_close(&f);
}

static void all_logs_together_have_a_bound_and_the_newest_stays(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	static const char *const logs[] = {"qemu-20261101", "libvirt-20261102", "kernel-20261103",
					   "qemu-20261104"};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < KH_COUNT(logs); i++) {
		kh_auto(kh_free) char *path = kh_printf("/log/%sT000000Z.log", logs[i]);
		kh_auto(kh_free) char *host_path = kh_printf("%s%s", f.path, path);
		fixture_put(&f, path, "");
		assert_int_equal(truncate(host_path, KH_BUILD_LOGS_BYTES / 3), 0);
	}
	kh_auto(kh_free) char *newest = kh_printf("%s/log/qemu-20261104T000000Z.log", f.path);
	kh_build_log_prune(newest, "qemu");
	kh_root_list(&f.root, "/log", &names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "kernel-20261103T000000Z.log");
	assert_string_equal(names.items[1], "libvirt-20261102T000000Z.log");
	assert_int_equal(truncate(newest, 2LL * KH_BUILD_LOGS_BYTES), 0);
	kh_build_log_prune(newest, "qemu");
	kh_strv_done(&names);
	names = (struct kh_strv){0};
	kh_root_list(&f.root, "/log", &names);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "qemu-20261104T000000Z.log");
	fixture_close(&f);
}

static void the_compiler_cache_comes_first_where_there_is_one(void **state)
{
	(void)state;
	struct host host;
	struct kh_sandbox sandbox;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, "build: {store: /store, ccache: on}\n");
	kh_auto(kh_free) char *log = kh_printf("%s/log", host.f.path);
	assert_int_equal(kh_sandbox_open(&host.f.root, &host.config, log, &sandbox, &err), 0);
	int result = kh_ccache_use(&host.f.root, &host.config, &sandbox, &err);
	if (access("/usr/bin/ccache", X_OK) != 0) {
		assert_int_equal(result, -1);
		assert_string_equal(err.message,
				    "kvmhost.yaml:1:32: there is no ccache on this host");
	} else {
		kh_auto(kh_free) char *found = NULL;
		const char *argv[] = {"sh", "-c", "readlink $(command -v gcc)", NULL};
		assert_int_equal(result, 0);
		assert_int_equal(kh_sandbox_capture(&sandbox, "/", argv, &found, &err), 0);
		assert_string_equal(found, "/usr/bin/ccache\n");
		assert_true(kh_root_is_dir(&host.f.root, "/store/ccache"));
	}
	kh_sandbox_done(&sandbox);
	close_host(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_leaves_an_artifact_that_is_nobody_s_but_ours),
		cmocka_unit_test(what_was_built_is_not_built_again),
		cmocka_unit_test(another_source_is_another_artifact),
		cmocka_unit_test(objects_are_kept_for_the_next_build_of_the_same),
		cmocka_unit_test(a_build_that_fails_says_why_and_leaves_no_artifact),
		cmocka_unit_test(a_tree_with_other_people_s_rights_is_refused),
		cmocka_unit_test(nothing_is_begun_without_space_or_tools),
		cmocka_unit_test(deriving_anew_is_asked_for_and_builds_only_what_changed),
		cmocka_unit_test(without_source_or_compiler_the_artifact_is_found),
		cmocka_unit_test(an_imported_one_of_the_same_source_is_taken_whatever_compiled_it),
		cmocka_unit_test(imported_ones_come_first_where_nothing_can_be_built),
		cmocka_unit_test(one_that_does_not_cover_this_host_is_not_taken_and_named),
		cmocka_unit_test(another_release_of_the_distribution_needs_its_own),
		cmocka_unit_test(none_and_another_root_build_nothing),
		cmocka_unit_test(all_logs_together_have_a_bound_and_the_newest_stays),
		cmocka_unit_test(the_last_logs_of_each_program_are_kept),
		cmocka_unit_test(the_compiler_cache_comes_first_where_there_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
