/* bootargs.c - see bootargs.h. */
#include "core/bootargs.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

char *kh_bootargs_value(const char *arguments, const char *key)
{
	size_t length = strlen(key);
	const char *found = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, arguments, " \t\n");
	for (size_t i = 0; i < words.count; i++)
		if (strncmp(words.items[i], key, length) == 0 && words.items[i][length] == '=')
			found = words.items[i] + length + 1;
	return kh_strdup(found);
}

/* The arguments in a line: without quotes, without the shell variable they are assigned to, and
 * without what is behind "--", which is init's. */
static char *arguments_of(char *line)
{
	char *assigned = strchr(line, '=');
	if (kh_str_starts(line, "GRUB_CMDLINE_LINUX") && assigned)
		line = assigned + 1;
	for (char *at = line; *at; at++)
		if (*at == '"' || *at == '\'')
			*at = ' ';
	char *end = strstr(line, " -- ");
	if (end)
		*end = '\0';
	return line;
}

static char *look_in(const struct kh_root *root, const char *path, kh_bootargs_match match,
		     void *data)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		char *line = kh_str_trim(lines.items[i]);
		if (*line != '#' && match(arguments_of(line), data))
			return kh_printf("%s:%zu", path, i + 1);
	}
	return NULL;
}

static char *look_in_directory(const struct kh_root *root, const char *directory,
			       const char *suffix, kh_bootargs_match match, void *data)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, directory, &names);
	for (size_t i = names.count; i-- > 0;) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, names.items[i]);
		char *found = kh_str_ends(path, suffix) ? look_in(root, path, match, data) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

char *kh_bootargs_find(const struct kh_root *root, const struct kh_facts *facts,
		       kh_bootargs_match match, void *data)
{
	char *found = look_in_directory(root, "/etc/default/grub.d", ".cfg", match, data);
	if (!found)
		found = look_in(root, "/etc/default/grub", match, data);
	if (!found)
		found = look_in_directory(root, "/boot/loader/entries", ".conf", match, data);
	if (!found)
		found = look_in(root, "/etc/kernel/cmdline", match, data);
	if (!found && facts->boot.grub_cfg)
		found = look_in(root, facts->boot.grub_cfg, match, data);
	return found;
}
