/* sysctl.c - see sysctl.h.
 *
 * Names are compared as paths below /proc/sys. Of a file list two candidates are kept: the last
 * line that gives the name itself and the last pattern that matches it. "-NAME" without a value
 * takes the name out of the patterns, which is the first candidate without a value.
 */
#include "core/sysctl.h"

#include <fnmatch.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/dropin.h"

static const char *const sysctl_dirs[] = {"/etc/sysctl.d",           "/run/sysctl.d",
					  "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
					  "/lib/sysctl.d",           NULL};
static const char *const sysctl_conf = "/etc/sysctl.conf";

struct candidates {
	struct kh_sysctl_setting exact; /* path set, value NULL: taken out of the patterns */
	struct kh_sysctl_setting pattern;
};

void kh_sysctl_setting_done(struct kh_sysctl_setting *setting)
{
	kh_free(&setting->path);
	kh_free(&setting->value);
	setting->line = 0;
}

static void candidates_done(struct candidates *candidates)
{
	kh_sysctl_setting_done(&candidates->exact);
	kh_sysctl_setting_done(&candidates->pattern);
}

/* Turn NAME into a path below /proc/sys, in place. */
static void name_to_path(char *name)
{
	char *first = strpbrk(name, "./");
	if (!first || *first == '/')
		return;
	for (; *first; first++)
		*first = *first == '.' ? '/' : *first == '/' ? '.' : *first;
}

char *kh_sysctl_path(const char *name)
{
	kh_auto(kh_free) char *path = kh_strdup(name);
	name_to_path(path);
	return kh_printf("/proc/sys/%s", path);
}

bool kh_sysctl_is_name(const char *name)
{
	kh_auto(kh_free) char *path = kh_sysctl_path(name);
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_split(&parts, path, "/");
	kh_auto(kh_free) char *joined = kh_strv_join(&parts, "/");
	if (parts.count < 4 || strcmp(joined, path + 1) != 0)
		return false;
	if (kh_strv_has(&parts, ".") || kh_strv_has(&parts, ".."))
		return false;
	return !strpbrk(name, " \t\n=#*?[");
}

bool kh_sysctl_equal(const char *a, const char *b)
{
	kh_auto(kh_strv_done) struct kh_strv words_a = {0}, words_b = {0};
	kh_strv_split(&words_a, a, " \t\n");
	kh_strv_split(&words_b, b, " \t\n");
	if (words_a.count != words_b.count)
		return false;
	for (size_t i = 0; i < words_a.count; i++)
		if (strcmp(words_a.items[i], words_b.items[i]) != 0)
			return false;
	return true;
}

static void keep(struct kh_sysctl_setting *setting, const char *path, int line, const char *value)
{
	kh_sysctl_setting_done(setting);
	setting->path = kh_strdup(path);
	setting->line = line;
	setting->value = kh_strdup(value);
}

/* Look at one line (changed in place). wanted: the name as a path. */
static void look_at_line(char *text, const char *path, int line, const char *wanted,
			 struct candidates *candidates)
{
	char *key = kh_str_trim(text);
	if (!*key || *key == '#' || *key == ';')
		return;
	bool has_dash = *key == '-';
	char *equals = strchr(key, '=');
	if (!equals && !has_dash)
		return;
	const char *value = NULL;
	if (equals) {
		*equals = '\0';
		value = kh_str_trim(equals + 1);
	}
	key = kh_str_trim(key + (has_dash ? 1 : 0));
	name_to_path(key);
	if (strcmp(key, wanted) == 0)
		keep(&candidates->exact, path, line, value);
	else if (value && fnmatch(key, wanted, FNM_PATHNAME) == 0)
		keep(&candidates->pattern, path, line, value);
}

static void look_at_text(const char *text, const char *path, const char *wanted,
			 struct candidates *candidates)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		look_at_line(lines.items[i], path, (int)i + 1, wanted, candidates);
}

/* Hand out the stronger candidate. */
static void decide(struct candidates *candidates, struct kh_sysctl_setting *ret_setting)
{
	struct kh_sysctl_setting *winner =
		candidates->exact.path ? &candidates->exact : &candidates->pattern;
	*ret_setting = (struct kh_sysctl_setting){0};
	if (!winner->value)
		return;
	*ret_setting = *winner;
	*winner = (struct kh_sysctl_setting){0};
}

void kh_sysctl_find(const char *text, const char *path, const char *name,
		    struct kh_sysctl_setting *ret_setting)
{
	kh_auto(candidates_done) struct candidates candidates = {0};
	kh_auto(kh_free) char *wanted = kh_strdup(name);
	name_to_path(wanted);
	look_at_text(text, path, wanted, &candidates);
	decide(&candidates, ret_setting);
}

static bool has_systemd(const struct kh_root *root)
{
	return kh_root_exists(root, "/usr/lib/systemd/systemd") ||
	       kh_root_exists(root, "/lib/systemd/systemd") ||
	       kh_root_is_dir(root, "/etc/systemd/system");
}

/* All files that are read, in order. */
static void list_files(const struct kh_root *root, const char *extra, struct kh_strv *paths)
{
	kh_dropin_list(root, sysctl_dirs, ".conf", extra, paths);
	if (has_systemd(root))
		return;
	bool is_first = kh_root_is_dir(root, "/etc/rc.d/init.d"); /* Red Hat's start scripts */
	kh_strv_insert(paths, is_first ? 0 : paths->count, sysctl_conf);
}

bool kh_sysctl_conf_is_read(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	list_files(root, NULL, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		kh_auto(kh_free) char *real = kh_root_resolve(root, paths.items[i]);
		if (real && strcmp(real, sysctl_conf) == 0)
			return true;
	}
	return false;
}

void kh_sysctl_winner_after(const struct kh_root *root, const char *name, const char *path,
			    const char *text, struct kh_sysctl_setting *ret_setting)
{
	kh_auto(candidates_done) struct candidates candidates = {0};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_auto(kh_free) char *wanted = kh_strdup(name);
	name_to_path(wanted);
	list_files(root, path, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		bool is_ours = path && strcmp(paths.items[i], path) == 0;
		kh_auto(kh_free) char *read =
			is_ours ? kh_strdup(text) : kh_root_text(root, paths.items[i]);
		if (read)
			look_at_text(read, paths.items[i], wanted, &candidates);
	}
	decide(&candidates, ret_setting);
}

void kh_sysctl_winner(const struct kh_root *root, const char *name,
		      struct kh_sysctl_setting *ret_setting)
{
	kh_sysctl_winner_after(root, name, NULL, NULL, ret_setting);
}
