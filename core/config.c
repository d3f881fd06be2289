/* config.c - see config.h. Three sources, one parser: the defaults of the key table as a YAML text,
 * the file, each --set. */
#include "core/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/config_parse.h"

const char *const kh_config_default_path = "/etc/kvmhost/kvmhost.yaml";

static void add_defaults(struct kh_str *text, const struct kh_config_key *table)
{
	const char *separator = "";
	for (; table->name; table++) {
		if (table->type != KH_KEY_SECTION && !table->fallback)
			continue;
		kh_str_addf(text, "%s%s: ", separator, table->name);
		separator = ", ";
		if (table->fallback) {
			kh_str_add(text, table->fallback);
			continue;
		}
		kh_str_add(text, "{");
		add_defaults(text, table->nested);
		kh_str_add(text, "}");
	}
}

static int load_defaults(struct kh_config *config, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_add(&text, "{");
	add_defaults(&text, kh_config_keys);
	kh_str_add(&text, "}");
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	if (kh_yaml_load("built-in default", NULL, text.text, text.length, &yaml, err) < 0)
		return -1;
	struct kh_config_parser parser = {config, &yaml, true, err};
	return kh_config_parse_document(&parser);
}

static int load_text(struct kh_config *config, const char *name, const char *text, size_t length,
		     struct kh_error *err)
{
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	if (kh_yaml_load(name, NULL, text, length, &yaml, err) < 0)
		return -1;
	struct kh_config_parser parser = {config, &yaml, false, err};
	return kh_config_parse_document(&parser);
}

/* A file named by the operator: also a pipe or /dev/stdin, hence not through a root. One byte more
 * than is allowed is enough to see that it is too large. 1: /dev/null, which stands for no file. */
static int read_named(const char *path, char **ret_text, size_t *ret_length, struct kh_error *err)
{
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	if (!file) {
		bool is_absent = errno == ENOENT;
		kh_fail(err, KH_CONFIG, errno, "read configuration '%s'", path);
		return is_absent ? kh_hint(err, "'kvmhost init' writes a starter configuration")
				 : -1;
	}
	kh_auto(kh_free) char *text = kh_alloc(KH_YAML_BYTES + 2);
	size_t length = fread(text, 1, KH_YAML_BYTES + 1, file);
	if (ferror(file))
		return kh_fail(err, KH_CONFIG, errno, "read configuration '%s'", path);
	struct stat st;
	*ret_length = length;
	*ret_text = kh_take(text);
	return length == 0 && fstat(fileno(file), &st) == 0 && S_ISCHR(st.st_mode) ? 1 : 0;
}

/* A power cut soon after an editor wrote it leaves a file without content, a generator that failed
 * an empty pipe. What was wanted is unknown then, and the defaults would build a kernel and move
 * the network. */
static int refuse_empty(const char *name, struct kh_error *err)
{
	kh_fail(err, KH_CONFIG, 0, "%s:1:1: configuration file is empty", name);
	return kh_hint(err,
		       "a power cut can leave it so: write it again; without the file, or with "
		       "'{}' in it, the defaults hold");
}

/* Messages name the file as an editor on this machine finds it. */
static char *default_name(const struct kh_root *root)
{
	size_t length = strlen(root->host_path);
	while (length > 0 && root->host_path[length - 1] == '/')
		length--;
	return kh_printf("%.*s%s", (int)length, root->host_path, kh_config_default_path);
}

/* A link that leads nowhere, to a file system that is not mounted, is not "no file". Nor is
 * anything else that cannot be read. */
static int read_default(const struct kh_root *root, char **ret_text, size_t *ret_length,
			struct kh_error *err)
{
	int found = kh_root_read(root, kh_config_default_path, ret_text, ret_length, err);
	if (found < 0) {
		err->code = KH_CONFIG;
		return kh_wrap(err, "configuration");
	}
	kh_auto(kh_free) char *target =
		found == 1 ? kh_root_readlink(root, kh_config_default_path) : NULL;
	if (!target)
		return found;
	kh_fail(err, KH_CONFIG, 0, "configuration: '%s' is a link to '%s', which is not there",
		kh_config_default_path, target);
	return kh_hint(err, "mount what has it, or remove the link: the defaults hold then");
}

static int load_file(const struct kh_root *root, const char *path, struct kh_config *config,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	int found = path ? read_named(path, &text, &length, err)
			 : read_default(root, &text, &length, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	config->path = path ? kh_strdup(path) : default_name(root);
	if (length == 0)
		return refuse_empty(config->path, err);
	return load_text(config, config->path, text, length, err);
}

static int load_setting(const char *setting, struct kh_config *config, struct kh_error *err)
{
	const char *equals = strchr(setting, '=');
	if (!equals || equals == setting) {
		kh_auto(kh_free) char *quoted = kh_yaml_quote(setting);
		kh_fail(err, KH_USAGE, 0, "--set %s is not KEY=VALUE", quoted);
		return kh_hint(err, "for example --set bridge.stp=true");
	}
	kh_auto(kh_free) char *key = kh_strndup(setting, (size_t)(equals - setting));
	kh_auto(kh_free) char *lead = kh_printf("%s=", key);
	kh_auto(kh_free) char *name = kh_printf("--set %s", key);
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	if (kh_yaml_load(name, lead, equals + 1, strlen(equals + 1), &yaml, err) < 0)
		return -1;
	struct kh_config_parser parser = {config, &yaml, false, err};
	return kh_config_parse_setting(&parser, key);
}

/* The last source, and what holds for all of them together: a shorter modules.load than the one
 * that modules.require was made for leaves nothing required that is not loaded. */
static int load_settings(const struct kh_strv *settings, struct kh_config *config,
			 struct kh_error *err)
{
	for (size_t i = 0; settings && i < settings->count; i++)
		if (load_setting(settings->items[i], config, err) < 0)
			return -1;
	struct kh_config_modules *modules = &config->modules;
	for (size_t i = modules->require.count; i > 0; i--)
		if (!kh_strv_has(&modules->load, modules->require.items[i - 1]))
			kh_strv_remove(&modules->require, i - 1);
	return 0;
}

int kh_config_load_text(const char *name, const char *text, size_t length,
			const struct kh_strv *settings, struct kh_config *ret_config,
			struct kh_error *err)
{
	kh_auto(kh_config_done) struct kh_config config = {0};
	if (load_defaults(&config, err) < 0)
		return -1;
	if (text && load_text(&config, name, text, length, err) < 0)
		return -1;
	if (load_settings(settings, &config, err) < 0)
		return -1;
	*ret_config = config;
	config = (struct kh_config){0};
	return 0;
}

int kh_config_load(const struct kh_root *root, const char *path, const struct kh_strv *settings,
		   struct kh_config *ret_config, struct kh_error *err)
{
	kh_auto(kh_config_done) struct kh_config config = {0};
	if (load_defaults(&config, err) < 0 || load_file(root, path, &config, err) < 0)
		return -1;
	if (load_settings(settings, &config, err) < 0)
		return -1;
	*ret_config = config;
	config = (struct kh_config){0};
	return 0;
}

static void free_keys(const struct kh_config_key *table, void *base)
{
	for (; table->name; table++) {
		void *member = (char *)base + table->offset;
		if (table->type == KH_KEY_TEXT)
			kh_free(member);
		else if (table->type == KH_KEY_LIST)
			kh_strv_done(member);
		else if (table->nested && table->type != KH_KEY_POOLS)
			free_keys(table->nested, base);
	}
}

void kh_config_done(struct kh_config *config)
{
	free_keys(kh_config_keys, config);
	kh_config_clear_options(config);
	kh_config_clear_pools(config);
	kh_config_clear_sysctl(config);
	free(config->path);
	kh_strv_done(&config->keys);
	*config = (struct kh_config){0};
}

unsigned kh_config_jobs(const struct kh_config *config)
{
	long long jobs = kh_str_number(config->build.jobs);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return jobs > 0 ? (unsigned)jobs : online > 0 ? (unsigned)online : 1;
}

const char *kh_config_where(const struct kh_config *config, const char *dotted_key)
{
	for (size_t i = config->keys.count; i >= 2; i -= 2) /* the last one given won */
		if (strcmp(config->keys.items[i - 2], dotted_key) == 0)
			return config->keys.items[i - 1];
	return "built-in default";
}
