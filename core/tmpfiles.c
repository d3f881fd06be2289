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

enum { FIELD_PATH = 1, FIELD_ARGUMENT = 6 };

void kh_tmpfiles_setting_done(struct kh_tmpfiles_setting *setting)
{
	free(setting->file);
	free(setting->value);
	*setting = (struct kh_tmpfiles_setting){0};
}

static bool is_match(const char *target, const char *path, bool is_glob)
{
	if (is_glob)
		return strpbrk(target, "*?[") && fnmatch(target, path, FNM_PATHNAME) == 0;
	return strcmp(target, path) == 0;
}

/* Keep the line of the file in found if it writes PATH and nothing was found before. */
static void take(const struct kh_strv *fields, const char *file, size_t line, const char *path,
		 bool is_glob, struct kh_tmpfiles_setting *found)
{
	if (found->file || !is_match(fields->items[FIELD_PATH], path, is_glob))
		return;
	found->file = kh_strdup(file);
	found->line = (int)line;
	found->value = kh_strdup(fields->items[FIELD_ARGUMENT]);
	found->is_glob = is_glob;
}

/* The first lines of the file that write PATH, by a pattern and by its name. */
static void look_in(const struct kh_root *root, const char *file, const char *path,
		    struct kh_tmpfiles_setting *by_glob, struct kh_tmpfiles_setting *by_name)
{
	kh_auto(kh_free) char *text = kh_root_text(root, file);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t\r");
		if (*line != 'w') /* most are not, and splitting takes time */
			continue;
		kh_auto(kh_strv_done) struct kh_strv fields = {0};
		kh_strv_split(&fields, line, " \t\r");
		if (fields.count <= FIELD_ARGUMENT)
			continue;
		take(&fields, file, i + 1, path, true, by_glob);
		take(&fields, file, i + 1, path, false, by_name);
	}
}

void kh_tmpfiles_winner(const struct kh_root *root, const char *path,
			struct kh_tmpfiles_setting *ret_setting)
{
	struct kh_tmpfiles_setting by_glob = {0}, by_name = {0};
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_dropin_list(root, directories, ".conf", NULL, &files);
	for (size_t i = 0; i < files.count; i++)
		look_in(root, files.items[i], path, &by_glob, &by_name);
	*ret_setting = by_glob.file ? by_glob : by_name;
	kh_tmpfiles_setting_done(by_glob.file ? &by_name : &by_glob);
}
