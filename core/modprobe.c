/* modprobe.c - see modprobe.h. */
#include "core/modprobe.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/dropin.h"
#include "core/modules.h"

static const char *const modprobe_dirs[] = {"/etc/modprobe.d",           "/run/modprobe.d",
					    "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
					    "/lib/modprobe.d",           NULL};

/* Cut the next word off *rest. */
static char *next_word(const char **rest)
{
	*rest += strspn(*rest, " \t");
	size_t length = strcspn(*rest, " \t");
	char *word = kh_strndup(*rest, length);
	*rest += length;
	return word;
}

static void add_line(struct kh_modprobe *modprobe, const char *path, int line, const char *text)
{
	kh_auto(kh_free) char *command = next_word(&text);
	if (!*command || *command == '#')
		return;
	kh_auto(kh_free) char *module = next_word(&text);
	struct kh_modprobe_line *added = kh_append(modprobe->lines, modprobe->line_count);
	added->path = kh_strdup(path);
	added->line = line;
	added->command = kh_take(command);
	added->module = kh_take(module);
	kh_auto(kh_free) char *rest = kh_strdup(text);
	added->rest = kh_strdup(kh_str_trim(rest));
}

/* A backslash at the end of a line joins it with the next. */
static void add_text(struct kh_modprobe *modprobe, const char *path, const char *text)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str joined = {0};
	kh_strv_split_lines(&lines, text);
	int start = 1;
	for (size_t i = 0; i < lines.count; i++) {
		size_t length = strlen(lines.items[i]);
		if (length > 0 && lines.items[i][length - 1] == '\\') {
			kh_str_add_bytes(&joined, lines.items[i], length - 1);
			continue;
		}
		kh_str_add(&joined, lines.items[i]);
		kh_auto(kh_free) char *whole = kh_str_take(&joined);
		add_line(modprobe, path, start, whole);
		start = (int)i + 2;
	}
}

void kh_modprobe_read(const struct kh_root *root, const char *path, const char *text,
		      struct kh_modprobe *ret_modprobe)
{
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	*ret_modprobe = (struct kh_modprobe){0};
	kh_dropin_list(root, modprobe_dirs, ".conf", path, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		bool is_ours = path && strcmp(paths.items[i], path) == 0;
		kh_auto(kh_free) char *read =
			is_ours ? kh_strdup(text) : kh_root_text(root, paths.items[i]);
		if (read)
			add_text(ret_modprobe, paths.items[i], read);
	}
}

void kh_modprobe_done(struct kh_modprobe *modprobe)
{
	for (size_t i = 0; i < modprobe->line_count; i++) {
		free(modprobe->lines[i].path);
		free(modprobe->lines[i].command);
		free(modprobe->lines[i].module);
		free(modprobe->lines[i].rest);
	}
	free(modprobe->lines);
	*modprobe = (struct kh_modprobe){0};
}

const struct kh_modprobe_line *kh_modprobe_blacklist(const struct kh_modprobe *modprobe,
						     const char *module)
{
	for (size_t i = 0; i < modprobe->line_count; i++) {
		const struct kh_modprobe_line *line = &modprobe->lines[i];
		if (strcmp(line->command, "blacklist") == 0 &&
		    kh_modules_same(line->module, module))
			return line;
	}
	return NULL;
}

/* The last value of parameter in "a=1 b c=2"; a parameter without a value is "1". Owned or NULL. */
static char *value_in(const char *rest, const char *parameter)
{
	char *found = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, rest, " \t");
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals)
			*equals = '\0';
		if (!kh_modules_same(words.items[i], parameter))
			continue;
		free(found);
		found = kh_strdup(equals ? equals + 1 : "1");
	}
	return found;
}

const struct kh_modprobe_line *kh_modprobe_option(const struct kh_modprobe *modprobe,
						  const char *module, const char *parameter,
						  char **ret_value)
{
	const struct kh_modprobe_line *found = NULL;
	kh_auto(kh_free) char *value = NULL;
	for (size_t i = 0; i < modprobe->line_count; i++) {
		const struct kh_modprobe_line *line = &modprobe->lines[i];
		if (strcmp(line->command, "options") != 0 || !kh_modules_same(line->module, module))
			continue;
		char *here = value_in(line->rest, parameter);
		if (!here)
			continue;
		kh_free(&value);
		value = here;
		found = line;
	}
	if (found && ret_value)
		*ret_value = kh_take(value);
	return found;
}
