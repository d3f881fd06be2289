/* modules.c - what modules a kernel release has; see modules.h. */
#include "core/modules.h"

#include <errno.h>
#include <libkmod.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/modules_index.h"

struct kh_modules {
	const struct kh_root *root;
	struct kmod_ctx *context;
};

/* libkmod reads no configuration here: aliases of modprobe.d are no modules of a release. */
static const char *const no_config[] = {NULL};

static void be_silent(void *data, int priority, const char *file, int line, const char *function,
		      const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line;
	(void)function, (void)format, (void)args;
}

static struct kmod_ctx *open_context(const char *dir)
{
	struct kmod_ctx *context = kmod_new(dir, no_config);
	if (context)
		kmod_set_log_fn(context, be_silent, NULL);
	return context;
}

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

bool kh_modules_same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (fold(*a) != fold(*b))
			return false;
	return *a == *b;
}

/* ---- releases ---- */

static bool has_index(const struct kh_root *root, const char *release)
{
	if (!release || !*release || strchr(release, '/'))
		return false;
	kh_auto(kh_free) char *dep = kh_printf("/lib/modules/%s/modules.dep", release);
	return kh_root_exists(root, dep);
}

char *kh_modules_release(const struct kh_root *root, const char *running, const char *next)
{
	const char *first = root->is_live ? running : next;
	const char *second = root->is_live ? next : running;
	if (has_index(root, first))
		return kh_strdup(first);
	if (has_index(root, second))
		return kh_strdup(second);
	kh_auto(kh_strv_done) struct kh_strv releases = {0};
	const char *newest = NULL;
	kh_root_list(root, "/lib/modules", &releases);
	for (size_t i = 0; i < releases.count; i++) {
		const char *release = releases.items[i];
		if (has_index(root, release) && (!newest || strverscmp(release, newest) > 0))
			newest = release;
	}
	return kh_strdup(newest);
}

/* ---- looking ---- */

/* PATH inside the root as a path of the machine we run on, links followed inside the root. */
static char *host_path(const struct kh_root *root, const char *path)
{
	kh_auto(kh_free) char *resolved = kh_root_resolve(root, path);
	if (!resolved)
		return NULL;
	const char *top = strcmp(root->host_path, "/") == 0 ? "" : root->host_path;
	return kh_printf("%s%s", top, resolved);
}

/* libkmod opens files by itself, without a look at what they are, and follows links on the machine
 * we run on. So below another root they must be files, and of a size that an index or a module has.
 */
static bool is_harmless(const struct kh_root *root, const char *path)
{
	static const off_t most_bytes = 256L << 20;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct stat status;
	return kh_root_stat(root, path, root->is_live, &status, &ignored) == 0 &&
	       S_ISREG(status.st_mode) && status.st_size <= most_bytes;
}

/* A damaged index makes libkmod crash. */
static bool is_sound(const struct kh_root *root, const char *path)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	if (!kh_str_ends(path, ".bin"))
		return kh_root_is_dir(root, path) || is_harmless(root, path);
	if (!is_harmless(root, path))
		return false;
	return kh_root_read(root, path, &bytes, &length, &ignored) == 0 &&
	       kh_modules_index_is_sound(bytes, length);
}

static int check_indexes(const struct kh_root *root, const char *dir, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (!kh_str_starts(names.items[i], "modules.") || is_sound(root, path))
			continue;
		kh_fail(err, KH_HOST, 0, "'%s' is damaged: no index of modules", path);
		return kh_hint(err, "'depmod' writes it anew");
	}
	return 0;
}

int kh_modules_open(const struct kh_root *root, const char *release,
		    struct kh_modules **ret_modules, struct kh_error *err)
{
	if (!has_index(root, release))
		return 1;
	kh_auto(kh_free) char *path = kh_printf("/lib/modules/%s", release);
	kh_auto(kh_free) char *dir = host_path(root, path);
	if (check_indexes(root, path, err) != 0)
		return -1;
	struct kmod_ctx *context = dir ? open_context(dir) : NULL;
	if (!context)
		return kh_fail(err, KH_SYSTEM, errno, "modules of '%s'", path);
	struct kh_modules *modules = kh_alloc(sizeof(*modules));
	*modules = (struct kh_modules){.root = root, .context = context};
	*ret_modules = modules;
	return 0;
}

void kh_modules_free(struct kh_modules **modules)
{
	if (!*modules)
		return;
	kmod_unref((*modules)->context);
	kh_free(modules);
}

static void unref_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

static bool is_builtin(struct kmod_ctx *context, struct kmod_list *found)
{
	kh_auto(unref_list) struct kmod_list *rest = NULL;
	return kmod_module_apply_filter(context, KMOD_FILTER_BUILTIN, found, &rest) == 0 && !rest;
}

enum kh_module_state kh_modules_look(struct kh_modules *modules, const char *name)
{
	kh_auto(unref_list) struct kmod_list *found = NULL;
	if (kmod_module_new_from_lookup(modules->context, name, &found) < 0 || !found)
		return KH_MODULE_ABSENT;
	return is_builtin(modules->context, found) ? KH_MODULE_BUILTIN : KH_MODULE_AVAILABLE;
}

void kh_modules_lookup(struct kh_modules *modules, const char *alias, struct kh_strv *ret_names)
{
	kh_auto(unref_list) struct kmod_list *found = NULL;
	struct kmod_list *entry;
	if (kmod_module_new_from_lookup(modules->context, alias, &found) < 0)
		return;
	kmod_list_foreach(entry, found)
	{
		struct kmod_module *module = kmod_module_get_module(entry);
		const char *name = kmod_module_get_name(module);
		if (!kh_strv_has(ret_names, name))
			kh_strv_add(ret_names, name);
		kmod_module_unref(module);
	}
}

/* ---- parameters ---- */

/* "parm" is "NAME:what it does", "parmtype" is "NAME:int". */
static bool names_parameter(const char *key, const char *value, const char *parameter)
{
	if (strcmp(key, "parm") != 0 && strcmp(key, "parmtype") != 0)
		return false;
	kh_auto(kh_free) char *name = kh_strndup(value, strcspn(value, ":"));
	return kh_modules_same(name, parameter);
}

static int info_has(struct kmod_module *module, const char *parameter)
{
	struct kmod_list *info = NULL, *entry;
	if (kmod_module_get_info(module, &info) < 0)
		return -1;
	int has = 0;
	kmod_list_foreach(entry, info)
	{
		const char *key = kmod_module_info_get_key(entry);
		if (names_parameter(key, kmod_module_info_get_value(entry), parameter))
			has = 1;
	}
	kmod_module_info_free_list(info);
	return has;
}

/* A module's file may be a link, which has to be followed inside the root (weak-updates of EL), so
 * it is opened by its real path, in a context of its own. */
static int file_has(const struct kh_root *root, const char *file, const char *parameter)
{
	/* What stands in an index need not begin with the root. */
	size_t top = strcmp(root->host_path, "/") == 0 ? 0 : strlen(root->host_path);
	bool is_below = strncmp(file, root->host_path, top) == 0 && file[top] == '/';
	kh_auto(kh_free) char *settled = kh_root_resolve(root, is_below ? file + top : file);
	kh_auto(kh_free) char *path =
		settled && is_harmless(root, settled) ? host_path(root, settled) : NULL;
	struct kmod_ctx *context = path ? open_context(NULL) : NULL;
	struct kmod_module *module = NULL;
	if (!context)
		return -1;
	int has = -1;
	if (kmod_module_new_from_path(context, path, &module) == 0)
		has = info_has(module, parameter);
	kmod_module_unref(module);
	kmod_unref(context);
	return has;
}

static int module_has(struct kh_modules *modules, struct kmod_module *module, const char *parameter)
{
	const char *file = kmod_module_get_path(module);
	if (file)
		return file_has(modules->root, file, parameter);
	return info_has(module, parameter) == 1 ? 1 : -1;
}

int kh_modules_has_parameter(struct kh_modules *modules, const char *name, const char *parameter)
{
	kh_auto(unref_list) struct kmod_list *found = NULL;
	struct kmod_list *entry;
	int has = -1;
	if (kmod_module_new_from_lookup(modules->context, name, &found) < 0)
		return -1;
	kmod_list_foreach(entry, found)
	{
		struct kmod_module *module = kmod_module_get_module(entry);
		has = has == 1 ? 1 : module_has(modules, module, parameter);
		kmod_module_unref(module);
	}
	return has;
}

/* ---- the running kernel ---- */

static bool is_listed(const struct kh_root *root, const char *name)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/modules");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		lines.items[i][strcspn(lines.items[i], " \t")] = '\0';
		if (kh_modules_same(lines.items[i], name))
			return true;
	}
	return false;
}

/* Built-in ones with parameters or a version have a directory in /sys/module, without "initstate"
 * (which only real modules have). Source: Documentation/ABI/testing/sysfs-module */
static bool is_built_in_sysfs(const struct kh_root *root, const char *name)
{
	kh_auto(kh_free) char *dir = kh_printf("/sys/module/%s", name);
	for (char *c = dir; *c; c++)
		*c = fold(*c);
	kh_auto(kh_free) char *state = kh_printf("%s/initstate", dir);
	return kh_root_is_dir(root, dir) && !kh_root_exists(root, state);
}

bool kh_modules_is_loaded(const struct kh_root *root, const char *name)
{
	if (is_listed(root, name))
		return true;
	if (!kh_root_exists(root, "/proc/sys/kernel/osrelease"))
		return false;
	if (is_built_in_sysfs(root, name))
		return true;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *release = kh_root_line(root, "/proc/sys/kernel/osrelease");
	kh_auto(kh_modules_free) struct kh_modules *modules = NULL;
	if (kh_modules_open(root, release, &modules, &ignored) != 0)
		return false;
	return kh_modules_look(modules, name) == KH_MODULE_BUILTIN;
}
