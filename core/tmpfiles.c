/* tmpfiles.c - see tmpfiles.h. */
#include "core/tmpfiles.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/dropin.h"

static const char *const directories[] = {
	"/etc/tmpfiles.d",     "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d",
	"/usr/lib/tmpfiles.d", "/lib/tmpfiles.d", NULL,
};

enum { FIELD_TYPE, FIELD_PATH, FIELD_ARGUMENT = 6 };

void kh_tmpfiles_setting_done(struct kh_tmpfiles_setting *setting)
{
	free(setting->file);
	free(setting->value);
	*setting = (struct kh_tmpfiles_setting){0};
}

/* The argument of a "w" line for PATH (is_glob: by a pattern), or NULL. */
static const char *written(const struct kh_strv *fields, const char *path, bool is_glob)
{
	if (fields->count <= FIELD_ARGUMENT || fields->items[FIELD_TYPE][0] != 'w')
		return NULL;
	const char *target = fields->items[FIELD_PATH];
	bool matches = is_glob ? strpbrk(target, "*?[") && fnmatch(target, path, FNM_PATHNAME) == 0
			       : strcmp(target, path) == 0;
	return matches ? fields->items[FIELD_ARGUMENT] : NULL;
}

/* The first line of the file that writes PATH. */
static void look_in(const struct kh_root *root, const char *file, const char *path, bool is_glob,
		    struct kh_tmpfiles_setting *setting)
{
	kh_auto(kh_free) char *text = kh_root_text(root, file);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count && !setting->file; i++) {
		kh_auto(kh_strv_done) struct kh_strv fields = {0};
		kh_strv_split(&fields, lines.items[i], " \t\r");
		const char *value = written(&fields, path, is_glob);
		if (!value)
			continue;
		setting->file = kh_strdup(file);
		setting->line = (int)i + 1;
		setting->value = kh_strdup(value);
		setting->is_glob = is_glob;
	}
}

void kh_tmpfiles_winner(const struct kh_root *root, const char *path,
			struct kh_tmpfiles_setting *ret_setting)
{
	struct kh_tmpfiles_setting setting = {0};
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_dropin_list(root, directories, ".conf", NULL, &files);
	for (size_t i = 0; i < files.count && !setting.file; i++)
		look_in(root, files.items[i], path, true, &setting);
	for (size_t i = 0; i < files.count && !setting.file; i++)
		look_in(root, files.items[i], path, false, &setting);
	*ret_setting = setting;
}
