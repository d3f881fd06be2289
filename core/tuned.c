/* tuned.c - does tuned hold a knob? See kh_tuned_setter in sysctl.h.
 *
 * /etc/tuned/active_profile names the profiles (words); each is a directory with a tuned.conf, an
 * INI file whose [main] section includes others. The file stays when tuned is switched off, so that
 * it is only believed where tuned runs or is started at boot. Source: tuned.conf(5),
 * tuned-profiles(7), tuned/consts.py (profile directories).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/sysctl.h"

static bool is_active(const struct kh_root *root)
{
	static const char *const signs[] = {
		"/run/tuned/tuned.pid",
		"/etc/systemd/system/multi-user.target.wants/tuned.service",
		"/etc/rc.d/rc3.d/S27tuned",
	};
	for (size_t i = 0; i < KH_COUNT(signs); i++) {
		/* the link's target may be missing in a copy of the host */
		kh_auto(kh_free) char *target = kh_root_readlink(root, signs[i]);
		if (target || kh_root_exists(root, signs[i]))
			return true;
	}
	return false;
}

static char *profile_text(const struct kh_root *root, const char *profile)
{
	static const char *const dirs[] = {"/etc/tuned/profiles", "/etc/tuned",
					   "/usr/lib/tuned/profiles", "/usr/lib/tuned"};
	for (size_t i = 0; i < KH_COUNT(dirs); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s/tuned.conf", dirs[i], profile);
		kh_auto(kh_free) char *text = kh_root_text(root, path);
		if (text)
			return kh_take(text);
	}
	return NULL;
}

/* Does this text set knob outside [main] and [variables]? Includes are collected on the way. */
static bool text_sets(const char *text, const char *knob, struct kh_strv *includes)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	bool is_main = false, is_variables = false;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		char *key = kh_str_trim(lines.items[i]);
		if (*key == '[') {
			is_main = kh_str_starts(key, "[main]");
			is_variables = kh_str_starts(key, "[variables]");
		}
		char *equals = strchr(key, '=');
		if (!equals || *key == '#' || *key == ';' || *key == '[' || is_variables)
			continue;
		*equals = '\0';
		key = kh_str_trim(key);
		if (is_main && strcmp(key, "include") == 0)
			kh_strv_split(includes, equals + 1, ", \t");
		if (!is_main && strcmp(key, knob) == 0)
			return true;
	}
	return false;
}

/* The profiles, and after them those they include, each once. */
static bool profiles_set(const struct kh_root *root, struct kh_strv *profiles, const char *knob)
{
	for (size_t i = 0; i < profiles->count; i++) {
		kh_auto(kh_strv_done) struct kh_strv includes = {0};
		kh_auto(kh_free) char *text = profile_text(root, profiles->items[i]);
		if (text && text_sets(text, knob, &includes))
			return true;
		for (size_t k = 0; k < includes.count; k++)
			if (!kh_strv_has(profiles, includes.items[k]))
				kh_strv_add(profiles, includes.items[k]);
	}
	return false;
}

char *kh_tuned_setter(const struct kh_root *root, const char *knob)
{
	kh_auto(kh_free) char *active = kh_root_line(root, "/etc/tuned/active_profile");
	kh_auto(kh_strv_done) struct kh_strv profiles = {0};
	if (!active || !is_active(root))
		return NULL;
	kh_strv_split(&profiles, active, " \t\n");
	return profiles_set(root, &profiles, knob) ? kh_printf("tuned profile '%s'", active) : NULL;
}
