/* grub_cfg_copy.c - an entry of grub.cfg written again as one of its own; see grub_cfg.h. */
#include <string.h>

#include "core/base/mem.h"
#include "grub/grub_cfg.h"
#include "grub/grub_cfg_word.h"

char *kh_grub_cfg_word(const char *text, size_t *at)
{
	struct kh_str word = {0};
	char quote = '\0';
	size_t i = *at + strspn(text + *at, " \t");

	if (text[i] == '\0')
		return NULL;
	for (; text[i] != '\0' && (quote != '\0' || (text[i] != ' ' && text[i] != '\t')); i++) {
		if (quote == '\0' && (text[i] == '"' || text[i] == '\'')) {
			quote = text[i];
		} else if (quote != '\0' && text[i] == quote) {
			quote = '\0';
		} else {
			if (text[i] == '\\' && quote != '\'' && text[i + 1] != '\0')
				i++;
			kh_str_add_bytes(&word, text + i, 1);
		}
	}
	*at = i;
	return kh_str_take(&word);
}

bool kh_grub_cfg_is_id(const char *word)
{
	return strcmp(word, "--id") == 0 || strcmp(word, "$menuentry_id_option") == 0 ||
	       strcmp(word, "${menuentry_id_option}") == 0;
}

bool kh_grub_cfg_is_command(const char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\t');
}

bool kh_grub_cfg_is_linux(const char *line)
{
	return kh_grub_cfg_is_command(line, "linux") || kh_grub_cfg_is_command(line, "linux16") ||
	       kh_grub_cfg_is_command(line, "linuxefi");
}

static char *quoted(const char *text)
{
	struct kh_str out = {0};

	kh_str_add(&out, "'");
	for (; *text != '\0'; text++)
		kh_str_addf(&out, *text == '\'' ? "'\\%c'" : "%c", *text);
	kh_str_add(&out, "'");
	return kh_str_take(&out);
}

/* The words between title and '{', as they stand there, without the id. */
static void add_options(const char *header, struct kh_str *out)
{
	size_t at = strcspn(header, " \t");
	kh_auto(kh_free) char *title = kh_grub_cfg_word(header, &at);
	size_t start = at;

	for (char *word = kh_grub_cfg_word(header, &at); word != NULL;
	     word = kh_grub_cfg_word(header, &at)) {
		bool is_id = kh_grub_cfg_is_id(word);

		kh_free(&word);
		if (is_id)
			word = kh_grub_cfg_word(header, &at);
		else if (header[at] != '\0') /* the last word is the '{' */
			kh_str_add_bytes(out, header + start, at - start);
		kh_free(&word);
		start = at;
	}
}

static void add_header(const char *header, const char *title, const char *id, struct kh_str *out)
{
	kh_auto(kh_free) char *title_quoted = quoted(title);
	kh_auto(kh_free) char *id_quoted = quoted(id);

	kh_str_addf(out, "menuentry %s", title_quoted);
	add_options(header, out);
	kh_str_addf(out, " $menuentry_id_option %s {\n", id_quoted);
}

static void add_line(const char *line, size_t indent, const struct kh_boot_entry *entry,
		     const char *arguments, struct kh_str *out)
{
	size_t blank = strspn(line, " \t");
	const char *command = line + blank;

	if (strcmp(command, "savedefault") == 0)
		return;
	line += indent < blank ? indent : blank;
	if (!kh_grub_cfg_is_linux(command)) {
		kh_str_addf(out, "%s\n", line);
		return;
	}
	size_t name = strcspn(command, " \t");
	kh_str_add_bytes(out, line, (size_t)(command - line) + name);
	kh_str_addf(out, "\t%s %s\n", entry->kernel, arguments);
}

char *kh_grub_cfg_copy_entry(const char *text, const struct kh_boot_entry *entry, const char *title,
			     const char *id, const char *arguments)
{
	kh_auto(kh_free) char *block = kh_strndup(text + entry->start, entry->end - entry->start);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	struct kh_str out = {0};

	kh_strv_split_lines(&lines, block);
	for (size_t i = 0; i < lines.count; i++) {
		size_t indent = strspn(lines.items[0], " \t");

		if (i == 0)
			add_header(lines.items[0] + indent, title, id, &out);
		else
			add_line(lines.items[i], indent, entry, arguments, &out);
	}
	return kh_str_take(&out);
}
