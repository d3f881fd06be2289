/* kernel_base.c - see kernel_build.h: the base that fragments are merged into. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/tree.h"
#include "core/kernel_config.h"
#include "kconfig/base.h"
#include "platform/kernel_build.h"

enum kh_kernel_base kh_kernel_base_kind(const struct kh_config *config)
{
	const char *base = config->kernel.base;
	if (strcmp(base, "host") == 0)
		return KH_KERNEL_BASE_HOST;
	if (strcmp(base, "running") == 0)
		return KH_KERNEL_BASE_RUNNING;
	return strcmp(base, "defconfig") == 0 ? KH_KERNEL_BASE_DEFCONFIG : KH_KERNEL_BASE_FILE;
}

/* ---- fragments as text ---- */

static void add_version(struct kh_strv *conditions, const char *word, int version)
{
	if (version > 0)
		kh_strv_addf(conditions, "%s %d.%d", word, version / 1000, version % 1000);
}

static void add_line(struct kh_str *text, const struct kh_fragment_line *line, bool has_reasons)
{
	kh_auto(kh_strv_done) struct kh_strv conditions = {0}, reasons = {0};
	add_version(&conditions, "since", line->since);
	add_version(&conditions, "until", line->until);
	for (size_t i = 0; i < line->was.count; i++)
		kh_strv_addf(&conditions, "was %s", line->was.items[i]);
	if (line->is_optional)
		kh_strv_add(&conditions, "optional");
	if (line->vendor != KH_VENDOR_UNKNOWN)
		kh_strv_addf(&conditions, "vendor %s",
			     line->vendor == KH_VENDOR_INTEL ? "intel" : "amd");
	kh_auto(kh_free) char *joined = kh_strv_join(&conditions, ", ");
	kh_str_add(text, "\n");
	if (*joined)
		kh_str_addf(text, "#: %s\n", joined);
	kh_strv_split_lines(&reasons, has_reasons && line->why ? line->why : "");
	for (size_t i = 0; i < reasons.count; i++)
		kh_str_addf(text, "# %s\n", reasons.items[i]);
	if (strcmp(line->value, "n") == 0)
		kh_str_addf(text, "# CONFIG_%s is not set\n", line->name);
	else
		kh_str_addf(text, "CONFIG_%s=%s\n", line->name, line->value);
}

char *kh_kernel_fragment_text(const struct kh_fragment *fragment, bool has_reasons)
{
	struct kh_str text = {0};
	for (size_t i = 0; i < fragment->line_count; i++)
		add_line(&text, &fragment->lines[i], has_reasons);
	return kh_str_take(&text);
}

/* ---- hosts ---- */

void kh_kernel_hosts_done(struct kh_kernel_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		kh_hardware_done(&hosts->items[i]);
	free(hosts->items);
	*hosts = (struct kh_kernel_hosts){0};
}

/* A file of the machine we run on, as named in the configuration. */
static int read_file(const struct kh_config *config, const char *key, const char *path,
		     char **ret_text, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root here = KH_ROOT_INIT;
	if (kh_root_open("/", &here, err) != 0)
		return -1;
	int result = kh_root_read(&here, path, ret_text, NULL, err);
	if (result == 1)
		kh_fail(err, KH_CONFIG, 0, "%s: there is no file '%s'",
			kh_config_where(config, key), path);
	return result == 0 ? 0 : -1;
}

static int read_host(const struct kh_context *context, const char *name,
		     struct kh_hardware *ret_hardware, struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	if (strcmp(name, "self") == 0) {
		kh_hardware_collect(context->root, ret_hardware);
		return 0;
	}
	if (read_file(context->config, "kernel.hosts", name, &text, err) != 0)
		return -1;
	json_error_t problem;
	json_t *facts = json_loads(text, 0, &problem);
	if (!facts) {
		kh_fail(err, KH_CONFIG, 0, "%s:%d:%d: %s", name, problem.line, problem.column,
			problem.text);
		return kh_hint(err, "'kvmhost facts --json' on that host writes such a file");
	}
	int result = kh_hardware_from_json(facts, name, ret_hardware, err);
	json_decref(facts);
	return result;
}

static int read_hosts(const struct kh_context *context, struct kh_kernel_hosts *ret_hosts,
		      struct kh_error *err)
{
	const struct kh_strv *names = &context->config->kernel.hosts;
	kh_auto(kh_kernel_hosts_done) struct kh_kernel_hosts hosts = {0};
	for (size_t i = 0; i < names->count; i++) {
		struct kh_hardware hardware = {0};
		if (read_host(context, names->items[i], &hardware, err) != 0)
			return -1;
		*kh_append(hosts.items, hosts.count) = hardware;
	}
	*ret_hosts = hosts;
	hosts = (struct kh_kernel_hosts){0};
	return 0;
}

static json_t *hosts_json(const struct kh_kernel_hosts *hosts)
{
	json_t *list = json_array();
	for (size_t i = 0; i < hosts->count; i++)
		json_array_append_new(
			list, json_pack("{s:o}", "hardware", kh_hardware_json(&hosts->items[i])));
	return json_pack("{s:o}", "hosts", list);
}

/* Returns 1 when no record is kept. */
static int kept_hosts(const struct kh_context *context, const char *base_path,
		      struct kh_kernel_hosts *ret_hosts, struct kh_error *err)
{
	kh_auto(kh_free) char *path =
		kh_printf("%.*s.json", (int)(strlen(base_path) - strlen(".config")), base_path);
	kh_auto(kh_free) char *text = kh_root_text(context->root, path);
	kh_auto(kh_kernel_hosts_done) struct kh_kernel_hosts hosts = {0};
	json_t *record = text ? json_loads(text, 0, NULL) : NULL, *host;
	size_t index;
	int result = record ? 0 : 1;
	json_array_foreach(json_object_get(record, "hosts"), index, host)
	{
		struct kh_hardware hardware = {0};
		result = result == 0 ? kh_hardware_from_json(host, path, &hardware, err) : result;
		if (result == 0)
			*kh_append(hosts.items, hosts.count) = hardware;
	}
	json_decref(record);
	if (result != 0)
		return result;
	*ret_hosts = hosts;
	hosts = (struct kh_kernel_hosts){0};
	return 0;
}

int kh_kernel_base_hosts(const struct kh_context *context, const struct kh_source *source,
			 struct kh_kernel_hosts *ret_hosts, struct kh_error *err)
{
	kh_auto(kh_free) char *path = NULL;
	if (kh_kernel_base_path(context, source, &path, err) != 0)
		return -1;
	int result = path ? kept_hosts(context, path, ret_hosts, err) : 1;
	return result == 1 ? read_hosts(context, ret_hosts, err) : result;
}

/* ---- the kept base ---- */

static int add_host_inputs(const struct kh_context *context, struct kh_strv *inputs,
			   struct kh_error *err)
{
	const struct kh_strv *names = &context->config->kernel.hosts;
	kh_auto(kh_strv_done) struct kh_strv below = {0};
	kh_auto(kh_fragment_done) struct kh_fragment shipped = {0};
	kh_strv_add(&below, "server");
	kh_strv_add(&below, "drivers");
	if (kh_fragment_load(context->root, &below, &shipped, err) != 0)
		return -1;
	kh_strv_add_owned(inputs, kh_kernel_fragment_text(&shipped, false));
	for (size_t i = 0; i < names->count; i++) {
		kh_auto(kh_free) char *text = NULL;
		if (strcmp(names->items[i], "self") != 0 &&
		    read_file(context->config, "kernel.hosts", names->items[i], &text, err) != 0)
			return -1;
		kh_strv_add(inputs, names->items[i]);
		kh_strv_add(inputs, text ? text : "");
	}
	return 0;
}

int kh_kernel_base_path(const struct kh_context *context, const struct kh_source *source,
			char **ret_path, struct kh_error *err)
{
	enum kh_kernel_base kind = kh_kernel_base_kind(context->config);
	kh_auto(kh_strv_done) struct kh_strv inputs = {0}, none = {0};
	*ret_path = NULL;
	if (kind == KH_KERNEL_BASE_DEFCONFIG || kind == KH_KERNEL_BASE_FILE)
		return 0;
	kh_strv_add(&inputs, context->config->kernel.base);
	kh_strv_add(&inputs, source->digest);
	if (kind == KH_KERNEL_BASE_HOST && add_host_inputs(context, &inputs, err) != 0)
		return -1;
	if (inputs.count % 2)
		kh_strv_add(&inputs, "");
	char key[KH_DIGEST_SIZE];
	kh_store_key("kernel base", &inputs, &none, key);
	*ret_path = kh_printf("%s/base/%s.config", context->config->build.store, key);
	return 0;
}

int kh_kernel_base_text(const struct kh_context *context, const struct kh_source *source,
			char **ret_text, struct kh_error *err)
{
	kh_auto(kh_free) char *path = NULL;
	if (kh_kernel_base_kind(context->config) == KH_KERNEL_BASE_FILE)
		return read_file(context->config, "kernel.base", context->config->kernel.base,
				 ret_text, err);
	if (kh_kernel_base_path(context, source, &path, err) != 0)
		return -1;
	int result = kh_root_read(context->root, path, ret_text, NULL, err);
	return result == 1 ? kh_fail(err, KH_SYSTEM, ENOENT, "read '%s'", path) : result;
}

static int keep(const struct kh_context *context, const char *path, const char *text,
		struct kh_error *err)
{
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	kh_auto(kh_free) char *dir = kh_strndup(path, (size_t)(strrchr(path, '/') - path));
	if (kh_tree_make_dirs(context->root, dir, err) != 0)
		return -1;
	return kh_file_put(context->root, path, text, strlen(text), &meta, err);
}

/* The running kernel's configuration. Returns 1 when it is not known. */
static int read_running(const struct kh_context *context, char **ret_text, struct kh_error *err)
{
	struct kh_kernel_config *places =
		kh_kernel_config_open(context->root, context->facts->os.kernel_release);
	kh_auto(kh_free) char *path = kh_kernel_config_path(places);
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	kh_kernel_config_free(places);
	if (!path)
		return 1;
	if (kh_root_read(context->root, path, &bytes, &length, err) != 0)
		return -1;
	*ret_text =
		kh_str_ends(path, ".gz") ? kh_kernel_config_gunzip(bytes, length) : kh_take(bytes);
	return *ret_text ? 0 : kh_fail(err, KH_SYSTEM, 0, "'%s' is damaged", path);
}

static void warn_unknown(struct kh_build *build, const struct kh_strv *unknown)
{
	kh_auto(kh_free) char *names = kh_strv_join(unknown, ", ");
	kh_auto(kh_free) char *text =
		kh_printf("kernel %s has nothing for: %s", build->source->version, names);
	if (unknown->count > 0)
		kh_build_warn(build, text);
}

static void free_makefiles(struct kh_makefiles **makefiles)
{
	kh_makefiles_free(*makefiles);
}

static int derive_host(struct kh_build *build, const struct kh_kernel_hosts *hosts, char **ret_text,
		       struct kh_error *err)
{
	const struct kh_context *context = build->context;
	kh_auto(free_makefiles) struct kh_makefiles *makefiles = NULL;
	kh_auto(kh_free) char *running_text = NULL;
	kh_auto(kh_fragment_done) struct kh_fragment base = {0};
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	int has_running = read_running(context, &running_text, err);
	if (has_running < 0 || kh_makefiles_load(build->source_dir, &makefiles, err) != 0)
		return -1;
	struct kh_dotconfig *running = has_running == 0 ? kh_dotconfig_parse(running_text) : NULL;
	int result = kh_base_make(context->root, makefiles,
				  kh_facts_release_number(build->source->version), hosts->items,
				  hosts->count, running, &base, &unknown, err);
	kh_dotconfig_free(running);
	if (result != 0)
		return -1;
	warn_unknown(build, &unknown);
	*ret_text = kh_kernel_fragment_text(&base, true);
	return 0;
}

static int derive_running(struct kh_build *build, char **ret_text, struct kh_error *err)
{
	int result = read_running(build->context, ret_text, err);
	if (result != 1)
		return result;
	kh_fail(err, KH_HOST, 0, "%s: the running kernel's configuration is not to be found",
		kh_config_where(build->context->config, "kernel.base"));
	return kh_hint(err, "it is looked for in /proc/config.gz, /boot and /lib/modules; "
			    "use 'kernel.base: host'");
}

/* The record of the hosts first: the base is what says that all of it is there. */
static int derive(struct kh_build *build, const char *path, struct kh_error *err)
{
	kh_auto(kh_kernel_hosts_done) struct kh_kernel_hosts hosts = {0};
	kh_auto(kh_free) char *text = NULL;
	bool is_host = kh_kernel_base_kind(build->context->config) == KH_KERNEL_BASE_HOST;
	if (read_hosts(build->context, &hosts, err) != 0 ||
	    (is_host ? derive_host(build, &hosts, &text, err)
		     : derive_running(build, &text, err)) != 0)
		return -1;
	json_t *record = hosts_json(&hosts);
	kh_auto(kh_free) char *dumped = json_dumps(record, JSON_INDENT(1) | JSON_SORT_KEYS);
	kh_auto(kh_free) char *record_path =
		kh_printf("%.*s.json", (int)(strlen(path) - strlen(".config")), path);
	json_decref(record);
	return keep(build->context, record_path, dumped, err) != 0 ||
			       keep(build->context, path, text, err) != 0
		       ? -1
		       : 0;
}

int kh_kernel_base_prepare(struct kh_build *build, struct kh_error *err)
{
	kh_auto(kh_free) char *path = NULL;
	if (kh_kernel_base_path(build->context, build->source, &path, err) != 0)
		return -1;
	if (!path ||
	    (kh_root_exists(build->context->root, path) && !build->context->wants_rederive))
		return 0;
	return derive(build, path, err) == 0 ? 0 : kh_wrap(err, "base of the kernel");
}
