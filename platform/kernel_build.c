/* kernel_build.c - the recipe of the kernel; see kernel_build.h. */
#include "platform/kernel_build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "kconfig/cover.h"
#include "platform/kernel_steps.h"
#include "platform/toolchain.h"

/* ---- inputs ---- */

static void add_pair(struct kh_strv *pairs, const char *name, const char *value)
{
	kh_strv_add(pairs, name);
	kh_strv_add(pairs, value);
}

static void add_digest(struct kh_strv *pairs, const char *name, const char *text)
{
	char digest[KH_DIGEST_SIZE];
	kh_digest_bytes(text, strlen(text), digest);
	add_pair(pairs, name, digest);
}

/* What the fragments say, not where they lie: that differs between hosts. */
static int add_fragments(const struct kh_context *context, struct kh_strv *pairs,
			 struct kh_error *err)
{
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	if (kh_fragment_load(context->root, &context->config->kernel.fragments, &fragment, err) !=
	    0)
		return -1;
	kh_auto(kh_free) char *text = kh_kernel_fragment_text(&fragment, false);
	add_digest(pairs, "fragments", text);
	return 0;
}

static int add_certificate(const struct kh_context *context, struct kh_strv *pairs,
			   struct kh_error *err)
{
	const char *path = context->config->kernel.mok_certificate;
	kh_auto(kh_free) char *text = NULL;
	if (!path)
		return 0;
	int result = kh_root_read(context->root, path, &text, NULL, err);
	if (result == 1)
		return kh_fail(err, KH_CONFIG, 0, "%s: there is no file '%s'",
			       kh_config_where(context->config, "kernel.mok_certificate"), path);
	if (result == 0)
		add_digest(pairs, "mok_certificate", text);
	return result;
}

/* base: its kind, and for a file its content. What is derived is "made with": another host derives
 * another one, and may take this artifact all the same, if it covers it. */
static int add_base(const struct kh_context *context, const struct kh_source *source,
		    struct kh_inputs *inputs, struct kh_error *err)
{
	const struct kh_config *config = context->config;
	kh_auto(kh_free) char *path = NULL, *text = NULL;
	if (kh_kernel_base_kind(config) == KH_KERNEL_BASE_FILE) {
		if (kh_kernel_base_text(context, source, &text, err) != 0)
			return -1;
		add_pair(&inputs->wanted, "base", "file");
		add_digest(&inputs->wanted, "base_file", text);
		return 0;
	}
	add_pair(&inputs->wanted, "base", config->kernel.base);
	if (!source)
		return 0;
	if (kh_kernel_base_path(context, source, &path, err) != 0)
		return -1;
	text = path ? kh_root_text(context->root, path) : NULL;
	if (text)
		add_digest(&inputs->made_with, "base", text);
	else
		add_pair(&inputs->made_with, "base", path ? "not derived yet" : "");
	return 0;
}

static int add_inputs(const struct kh_context *context, const struct kh_source *source,
		      struct kh_inputs *inputs, struct kh_error *err)
{
	add_pair(&inputs->wanted, "localversion", context->config->kernel.localversion);
	if (add_fragments(context, &inputs->wanted, err) != 0 ||
	    add_certificate(context, &inputs->wanted, err) != 0)
		return -1;
	return add_base(context, source, inputs, err);
}

/* Source: Documentation/process/changes.rst of these versions; 8.1: commit "x86/build: Raise the
 * minimum GCC version to 8.1". */
static const struct kh_toolchain_need needs[] = {
	{"4.19", "gcc", "4.6"}, {"5.9", "gcc", "4.9"}, {"5.15", "gcc", "5.1"},
	{"6.15", "gcc", "8.1"}, {NULL, NULL, NULL},
};

static int check_host(const struct kh_context *context, const struct kh_source *source,
		      struct kh_error *err)
{
	const char *machine = context->facts->os.machine;
	if (machine && strcmp(machine, "x86_64") != 0)
		return kh_fail(err, KH_HOST, 0, "kernels are built for x86_64, this is a %s",
			       machine);
	if (source &&
	    kh_toolchain_check(context->root, "Linux", source->version, needs,
			       "choose an older 'kernel.version', or build on a newer "
			       "release of the distribution and 'kvmhost store import' it",
			       err) != 0)
		return -1;
	return kh_kernel_sign_check(context, err);
}

/* ---- compiling ---- */

/* "  CC [M]  fs/fuse/dir.o": kbuild prints one such line for each step.
 * Source: scripts/Kbuild.include (cmd, quiet_cmd_*). */
static bool is_step(const char *line)
{
	return line[0] == ' ' && line[1] == ' ' && isupper((unsigned char)line[2]) &&
	       isupper((unsigned char)line[3]);
}

static void take_line(void *data, const char *line)
{
	struct kh_build *build = data;
	if (!is_step(line))
		return;
	build->steps_done++;
	if (build->steps_total > 0 && build->steps_done >= build->steps_total)
		build->steps_total = build->steps_done + 1; /* the end is told when it is there */
	kh_build_progress(build, line + 2);
}

/* How many steps a whole build of this very configuration took before, if there was one; nothing is
 * guessed. */
static size_t known_steps(const struct kh_build *build, const char *config_sha256)
{
	struct kh_artifact *all = NULL;
	size_t count = 0, steps = 0;
	kh_store_list(build->making->root, build->making->config->build.store, &all, &count);
	for (size_t i = 0; i < count && steps == 0; i++) {
		const json_t *about = json_object_get(all[i].manifest, "about");
		if (strcmp(kh_artifact_about(&all[i], "config_sha256"), config_sha256) == 0 &&
		    json_is_false(json_object_get(about, "incremental")))
			steps = (size_t)json_integer_value(json_object_get(about, "steps"));
	}
	kh_artifacts_free(all, count);
	return steps;
}

static bool has_objects(const struct kh_build *build)
{
	kh_auto(kh_free) char *path = kh_printf("%s/vmlinux.o", build->build_dir);
	return access(path, F_OK) == 0;
}

/* The same source and configuration give the same kernel, whenever and wherever it is built.
 * Source: Documentation/kbuild/reproducible-builds.rst. */
static void set_environment(const struct kh_build *build)
{
	struct kh_strv *environment = &build->sandbox->environment;
	kh_auto(kh_free) char *path = kh_printf("%s/COPYING", build->source_dir);
	char moment[64];
	struct stat status = {0};
	struct tm utc;
	time_t released = stat(path, &status) == 0 ? status.st_mtime : 0;
	strftime(moment, sizeof(moment), "%a %b %e %H:%M:%S UTC %Y", gmtime_r(&released, &utc));
	kh_strv_addf(environment, "KBUILD_BUILD_TIMESTAMP=%s", moment);
	kh_strv_add(environment, "KBUILD_BUILD_USER=kvmhost");
	kh_strv_add(environment, "KBUILD_BUILD_HOST=kvmhost");
	kh_strv_add(environment, "KBUILD_BUILD_VERSION=1");
	kh_strv_add(environment, "LOCALVERSION="); /* given, so that nothing is made up */
}

/* make with its lines going to on_line. */
static int make_heard(struct kh_build *build, const char *const *words,
		      void (*on_line)(void *, const char *), void *data, struct kh_error *err)
{
	build->sandbox->on_line = on_line;
	build->sandbox->data = data;
	int result = kh_kernel_make(build, words, NULL, err);
	build->sandbox->on_line = NULL;
	return result;
}

/* How many steps make sees before it: it is asked what it would do (-n), which takes some seconds
 * of a build of many minutes. It cannot see beyond what is not made yet (-k: it looks at the rest
 * all the same), so the links of the modules and of the kernel itself are added. The megabytes it
 * prints are not for the log. */
static int count_steps(struct kh_build *build, struct kh_error *err)
{
	static const char *const prepare[] = {"prepare", NULL};
	static const char *const ask[] = {"-n", "-k", "all", NULL};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct kh_kernel_steps steps = {0};
	if (make_heard(build, prepare, take_line, build, err) != 0)
		return -1;
	char *log_path = build->sandbox->log_path;
	build->sandbox->log_path = kh_strdup("/dev/null");
	make_heard(build, ask, kh_kernel_steps_take, &steps, &ignored);
	kh_free(&build->sandbox->log_path);
	build->sandbox->log_path = log_path;
	if (kh_stop_check(err) != 0)
		return -1;
	size_t total = kh_kernel_steps_total(&steps);
	build->steps_total = total > 0 ? build->steps_done + total : 0;
	return 0;
}

static int compile(struct kh_build *build, const char *config_sha256, struct kh_error *err)
{
	static const char *const words[] = {"all", NULL};
	bool is_incremental = has_objects(build);
	json_object_set_new(build->about, "incremental", json_boolean(is_incremental));
	build->steps_total = is_incremental ? 0 : known_steps(build, config_sha256);
	if ((build->steps_total == 0 && count_steps(build, err) != 0) ||
	    make_heard(build, words, take_line, build, err) != 0)
		return kh_wrap(err, "build the kernel");
	if (build->steps_total > 0) {
		build->steps_total = build->steps_done;
		kh_build_progress(build, "done");
	}
	return 0;
}

/* ---- staging ---- */

static int ask_make(struct kh_build *build, const char *target, char **ret_word,
		    struct kh_error *err)
{
	const char *words[] = {"-s", target, NULL};
	if (kh_kernel_make(build, words, ret_word, err) != 0)
		return -1;
	kh_auto(kh_free) char *output = *ret_word;
	*ret_word = kh_strdup(kh_str_trim(output));
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._+~/-";
	size_t length = strlen(*ret_word);
	if (length > 0 && length < 128 && strspn(*ret_word, good) == length &&
	    !strstr(*ret_word, ".."))
		return 0;
	kh_fail(err, KH_PROGRAM, 0, "'make %s' said '%.200s'", target, *ret_word);
	free(*ret_word);
	return -1;
}

static int install_file(struct kh_build *build, const char *mode, const char *from,
			const char *name, const char *release, struct kh_error *err)
{
	kh_auto(kh_free) char *source = kh_printf("%s/%s", build->build_dir, from);
	kh_auto(kh_free) char *target = kh_printf("%s/boot/%s-%s", build->stage_dir, name, release);
	const char *argv[] = {"install", "-D", "-m", mode, source, target, NULL};
	return kh_sandbox_run(build->sandbox, build->build_dir, argv, err);
}

/* The links to source and objects lead to directories that no other host has. */
static int install_modules(struct kh_build *build, const char *release, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("INSTALL_MOD_PATH=%s", build->stage_dir);
	kh_auto(kh_free) char *objects =
		kh_printf("%s/lib/modules/%s/build", build->stage_dir, release);
	kh_auto(kh_free) char *source =
		kh_printf("%s/lib/modules/%s/source", build->stage_dir, release);
	const char *words[] = {path, "INSTALL_MOD_STRIP=1", "modules_install", NULL};
	const char *argv[] = {"rm", "-f", objects, source, NULL};
	if (kh_kernel_make(build, words, NULL, err) != 0)
		return kh_wrap(err, "install the modules");
	return kh_sandbox_run(build->sandbox, build->build_dir, argv, err);
}

static int record_cover(struct kh_build *build, const char *release, struct kh_error *err)
{
	kh_auto(kh_kernel_hosts_done) struct kh_kernel_hosts hosts = {0};
	kh_auto(kh_root_done) struct kh_root tree = KH_ROOT_INIT;
	json_t *record = NULL;
	if (kh_kernel_base_hosts(build->context, build->source, &hosts, err) != 0 ||
	    kh_root_open(build->stage_dir, &tree, err) != 0 ||
	    kh_cover_record(&tree, release, hosts.items, hosts.count, &record, err) != 0)
		return -1;
	json_object_set_new(build->about, "covers", record);
	return 0;
}

static int stage(struct kh_build *build, const struct kh_dotconfig *config, struct kh_error *err)
{
	kh_auto(kh_free) char *release = NULL, *image = NULL;
	const char *modules = kh_dotconfig_value(config, "MODULES");
	if (ask_make(build, "kernelrelease", &release, err) != 0 ||
	    ask_make(build, "image_name", &image, err) != 0 ||
	    install_file(build, "0644", image, "vmlinuz", release, err) != 0 ||
	    install_file(build, "0600", "System.map", "System.map", release, err) != 0 ||
	    install_file(build, "0644", ".config", "config", release, err) != 0)
		return -1;
	json_object_set_new(build->about, "release", json_string(release));
	json_object_set_new(build->about, "base", kh_json_text(build->making->config->kernel.base));
	if (!modules || strcmp(modules, "y") != 0)
		return 0; /* all is built in, and there is no index to tell what it drives */
	if (install_modules(build, release, err) != 0)
		return -1;
	return record_cover(build, release, err);
}

static int make(struct kh_build *build, struct kh_error *err)
{
	struct kh_dotconfig *config = NULL;
	char digest[KH_DIGEST_SIZE];
	set_environment(build);
	if (kh_kernel_configure(build, &config, digest, err) != 0)
		return -1;
	json_object_set_new(build->about, "config_sha256", json_string(digest));
	int result = compile(build, digest, err) != 0 ? -1 : stage(build, config, err);
	kh_dotconfig_free(config);
	return result;
}

/* ---- covering ---- */

static int check_cover(const struct kh_context *context, const struct kh_artifact *artifact,
		       struct kh_error *err)
{
	const json_t *covers =
		json_object_get(json_object_get(artifact->manifest, "about"), "covers");
	const char *release = kh_artifact_about(artifact, "release");
	if (!json_is_object(covers)) {
		kh_fail(err, KH_HOST, 0,
			"kernel '%s' was built without modules: there is no telling "
			"whether it drives this host",
			release);
		return kh_hint(err, "set CONFIG_MODULES=y in a fragment of 'kernel.fragments'");
	}
	kh_auto(kh_root_done) struct kh_root tree = KH_ROOT_INIT;
	struct kh_hardware hardware = {0};
	kh_auto(kh_free) char *path = kh_printf(
		"%s%s", strcmp(context->root->host_path, "/") == 0 ? "" : context->root->host_path,
		artifact->tree);
	if (kh_root_open(path, &tree, err) != 0)
		return -1;
	kh_hardware_collect(context->root, &hardware);
	int result = kh_cover_check(&tree, covers, &hardware, err);
	kh_hardware_done(&hardware);
	return result;
}

static const char *const tools[] = {"gcc", "ld", NULL};

const struct kh_recipe kh_recipe_kernel = {
	.program = "kernel",
	.tools = tools,
	.needs_mib = 6 * 1024,
	.is_incremental = true,
	.add_inputs = add_inputs,
	.check_host = check_host,
	.prepare = kh_kernel_base_prepare,
	.make = make,
	.finish = kh_kernel_sign,
	.check_cover = check_cover,
};
