/* rclocal.c - see rclocal.h. */
#include "core/rclocal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/block.h"

/* A line without its newline and without the white space around it. */
static char *line_at(const char *text)
{
	kh_auto(kh_free) char *line = kh_strndup(text, strcspn(text, "\n"));
	return kh_strdup(kh_str_trim(line));
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : text;
}

/* "exit", "exit 0", "exit 0;", "exit $?  # done" */
static bool is_exit(const char *line)
{
	if (!kh_str_starts(line, "exit"))
		return false;
	line += strlen("exit");
	if (*line && !strchr(" \t;#", *line))
		return false;
	size_t length = strcspn(line, "#;");
	return line[length] != ';' || line[length + 1 + strspn(line + length + 1, " \t;")] == '\0';
}

static bool is_command(const char *line)
{
	return *line && *line != '#';
}

/* Does the command go on in the next line? */
static bool goes_on(const char *line)
{
	return kh_str_ends(line, "\\") || kh_str_ends(line, "&&") || kh_str_ends(line, "|");
}

/* The start of the final "exit" (with the line it continues, if any), or the end of the text. */
static size_t insertion_point(const char *text)
{
	size_t found = strlen(text), command = 0;
	bool is_continued = false;
	for (const char *at = text; *at; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		if (!is_command(line) && !is_continued)
			continue;
		if (!is_continued)
			command = (size_t)(at - text);
		found = is_exit(line) ? command : strlen(text);
		is_continued = goes_on(line);
	}
	return found;
}

int kh_rclocal_put(const char *path, const char *text, const char *lines, char **ret_text,
		   struct kh_error *err)
{
	struct kh_block block;
	if (kh_block_find(path, text, &block, err) != 0)
		return -1;
	*ret_text = kh_block_put(text, &block, insertion_point(text), lines ? lines : "");
	return 0;
}

bool kh_rclocal_has_shell(const char *text)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ksh", "ash", "mksh", "zsh"};
	kh_auto(kh_free) char *line = line_at(text);
	if (!kh_str_starts(text, "#!"))
		return false;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line + 2, " \t");
	for (size_t i = 0; i < words.count; i++) {
		const char *slash = strrchr(words.items[i], '/');
		const char *name = slash ? slash + 1 : words.items[i];
		for (size_t j = 0; j < KH_COUNT(shells); j++)
			if (strcmp(name, shells[j]) == 0)
				return true;
	}
	return false;
}

/* ---- what else is in it ---- */

/* Our block, or an absent one where it is damaged: these questions are about everybody's lines. */
static struct kh_block our_block(const char *text)
{
	struct kh_block block = {0};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (kh_block_find("", text, &block, &ignored) != 0)
		return (struct kh_block){0};
	return block;
}

static bool is_inside(const struct kh_block *block, size_t offset)
{
	return block->is_present && offset >= block->start && offset < block->end;
}

bool kh_rclocal_has_commands(const char *text)
{
	struct kh_block block = our_block(text);
	for (const char *at = text; *at; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		if (is_command(line) && !is_exit(line) && !is_inside(&block, (size_t)(at - text)))
			return true;
	}
	return false;
}

int kh_rclocal_early_exit(const char *text)
{
	struct kh_block block = our_block(text);
	size_t limit = block.is_present ? block.start : insertion_point(text);
	int number = 0;
	for (const char *at = text; *at && (size_t)(at - text) < limit; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		number++;
		if (is_exit(line) && !isspace((unsigned char)*at))
			return number;
	}
	return 0;
}

void kh_rclocal_mentions(const char *text, const char *needle, struct kh_strv *ret_lines)
{
	struct kh_block block = our_block(text);
	int number = 0;
	for (const char *at = text; *at; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		number++;
		if (is_command(line) && strstr(line, needle) &&
		    !is_inside(&block, (size_t)(at - text)))
			kh_strv_addf(ret_lines, "%d: %s", number, line);
	}
}

/* VALUE of "echo VALUE > PATH", or NULL. "echo 1 >PATH || :" and "echo -n 1" count too. */
static char *echoed_value(const char *line, const char *path)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_auto(kh_str_done) struct kh_str spaced = {0};
	for (const char *at = line; *at; at++)
		kh_str_addf(&spaced, *at == '>' ? " %c " : strchr("\"'", *at) ? " " : "%c", *at);
	kh_strv_split(&words, kh_str_text(&spaced), " \t");
	for (size_t i = 0; i + 3 < words.count; i++) {
		if (strcmp(words.items[i], "echo") != 0)
			continue;
		size_t value = i + 1 + (strcmp(words.items[i + 1], "-n") == 0);
		if (value + 2 < words.count && strcmp(words.items[value + 1], ">") == 0 &&
		    strcmp(words.items[value + 2], path) == 0)
			return kh_strdup(words.items[value]);
	}
	return NULL;
}

char *kh_rclocal_value(const char *text, const char *path, int *ret_line)
{
	char *found = NULL;
	int number = 0;
	for (const char *at = text; *at; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		number++;
		char *value = is_command(line) ? echoed_value(line, path) : NULL;
		if (!value)
			continue;
		free(found);
		found = value;
		*ret_line = number;
	}
	return found;
}

/* ---- does the host run it? ---- */

static const char *const unit_paths[] = {
	"/etc/systemd/system/rc-local.service",
	"/run/systemd/system/rc-local.service",
	"/usr/local/lib/systemd/system/rc-local.service",
	"/usr/lib/systemd/system/rc-local.service",
	"/lib/systemd/system/rc-local.service",
};

static const char generators[] = "/usr/lib/systemd/system-generators";

/* The unit says which file it runs: EL's /etc/rc.d/rc.local, /etc/rc.local elsewhere. */
static char *path_in_unit(const char *unit)
{
	static const char key[] = "ConditionFileIsExecutable=";
	for (const char *at = unit; *at; at = next_line(at)) {
		kh_auto(kh_free) char *line = line_at(at);
		if (kh_str_starts(line, key) && line[strlen(key)] == '/')
			return kh_strdup(line + strlen(key));
	}
	return NULL;
}

/* The generator pulls the unit in when the file is executable; a system without it needs a link. */
static bool is_pulled_in(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, generators, &names);
	bool is_complete = kh_strv_has(&names, "systemd-fstab-generator"); /* not a partial copy */
	if (!is_complete || kh_strv_has(&names, "systemd-rc-local-generator"))
		return true;
	kh_auto(kh_free) char *link = kh_root_readlink(
		root, "/etc/systemd/system/multi-user.target.wants/rc-local.service");
	return link != NULL;
}

static void look_at_unit(const struct kh_root *root, struct kh_rclocal_host *host)
{
	for (size_t i = 0; i < KH_COUNT(unit_paths); i++) {
		kh_auto(kh_free) char *link = kh_root_readlink(root, unit_paths[i]);
		if (link && strcmp(link, "/dev/null") == 0) {
			host->why_not = "rc-local.service is masked";
			return;
		}
		kh_auto(kh_free) char *unit = kh_root_text(root, unit_paths[i]);
		if (!unit)
			continue;
		host->path = path_in_unit(unit);
		if (!*unit)
			host->why_not = "rc-local.service is masked";
		else if (!is_pulled_in(root))
			host->why_not = "nothing starts rc-local.service";
		return;
	}
	host->why_not = "this systemd has no rc-local.service";
}

void kh_rclocal_look(const struct kh_root *root, bool has_systemd, struct kh_rclocal_host *ret_host)
{
	struct kh_rclocal_host host = {0};
	if (has_systemd)
		look_at_unit(root, &host);
	bool is_el = !kh_root_exists(root, "/etc/rc.local") && kh_root_is_dir(root, "/etc/rc.d");
	if (!host.path)
		host.path = kh_strdup(is_el ? "/etc/rc.d/rc.local" : "/etc/rc.local");
	*ret_host = host;
}

void kh_rclocal_host_done(struct kh_rclocal_host *host)
{
	free(host->path);
	*host = (struct kh_rclocal_host){0};
}
