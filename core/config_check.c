/* config_check.c - see config_check.h: names of kernel things. */
#include "core/config_check.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_made_of(const char *text, const char *characters)
{
	return *text && text[strspn(text, characters)] == '\0';
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

const char *kh_config_check_module(char *text)
{
	if (!is_made_of(text, ALNUM "_-"))
		return "a module name has only letters, digits, '_' and '-'";
	for (; *text; text++)
		if (*text == '-')
			*text = '_';
	return NULL;
}

const char *kh_config_check_option_name(char *text)
{
	return is_made_of(text, ALNUM "_-.")
		       ? NULL
		       : "a parameter name has only letters, digits, '_', '-' "
			 "and '.'";
}

const char *kh_config_check_option_value(char *text)
{
	if (*text == '\0')
		return "it is empty";
	if (has_control(text) || strpbrk(text, " \"'\\#"))
		return "a module parameter cannot hold blanks, quotes, '\\' or '#'";
	return NULL;
}

/* Arguments that have a key of their own: two places that say different things help nobody. */
static const char *owner_of_argument(const char *text)
{
	static const struct {
		const char *name, *why;
	} owned[] = {
		{"default_hugepagesz", "use 'hugepages.default_size' for it"},
		{"hugepagesz", "use 'hugepages.pools' for it"},
		{"hugepages", "use 'hugepages.pools' for it"},
		{"transparent_hugepage", "use 'grub.transparent_hugepage' for it"},
		{"elevator", "use 'grub.elevator' for it"},
		{"cgroup_disable", "use 'grub.cgroup_disable' for it"},
	};
	size_t length = strcspn(text, "=");
	for (size_t i = 0; i < KH_COUNT(owned); i++)
		if (strlen(owned[i].name) == length && memcmp(text, owned[i].name, length) == 0)
			return owned[i].why;
	return NULL;
}

const char *kh_config_check_argument(char *text)
{
	if (*text == '\0')
		return "it is empty";
	if (has_control(text))
		return "a kernel argument is one line without control characters";
	bool is_inside = false;
	for (const char *at = text; *at; at++) {
		if (*at == '"')
			is_inside = !is_inside;
		else if (*at == ' ' && !is_inside)
			return "give each argument as an item of its own (blanks only inside \"...\")";
	}
	if (is_inside)
		return "its double quote is not closed";
	return *text == '=' ? "the name before '=' is missing" : owner_of_argument(text);
}

const char *kh_config_check_mount(char *text)
{
	size_t length = strlen(text);
	if (text[0] != '/' || length == 1)
		return "a mount point is an absolute path below '/'";
	if (has_control(text) || strpbrk(text, " \\#\"'"))
		return "a mount point with blanks, quotes, '\\' or '#' is not supported";
	if (strstr(text, "//") || strstr(text, "/./") || strstr(text, "/../") ||
	    kh_str_ends(text, "/.") || kh_str_ends(text, "/.."))
		return "a mount point has no '//', '.' or '..' in it";
	if (length > 255)
		return "it is longer than 255 characters";
	if (text[length - 1] == '/')
		text[length - 1] = '\0';
	return NULL;
}

const char *kh_config_check_id(char *text)
{
	bool is_id = is_made_of(text, ALNUM "_.:/@-") && islower((unsigned char)*text) &&
		     strchr(text, '.') && !kh_str_ends(text, ".");
	return is_id ? NULL : "the id of a check reads like 'cpu.aes' (see 'kvmhost report')";
}

static const char *owner_of_sysctl(const char *text)
{
	if (strcmp(text, "vm.nr_hugepages") == 0 || strcmp(text, "vm.nr_hugepages_mempolicy") == 0)
		return "use 'hugepages.pools' for it";
	if (strcmp(text, "kernel.numa_balancing") == 0)
		return "use 'numa.balancing' for it";
	return NULL;
}

const char *kh_config_check_sysctl_name(char *text)
{
	if (strchr(text, '*'))
		return "patterns are not supported, name one setting";
	if (!is_made_of(text, ALNUM "_./:@-") || *text == '-')
		return "a sysctl name reads like 'vm.swappiness'";
	bool was_separator = true;
	size_t separators = 0;
	for (const char *at = text; *at; at++) {
		bool is_separator = *at == '.' || *at == '/';
		if (is_separator && was_separator)
			return "a sysctl name has no empty parts";
		separators += is_separator;
		was_separator = is_separator;
	}
	if (was_separator)
		return "a sysctl name has no empty parts";
	return separators > 0 ? owner_of_sysctl(text) : "a sysctl name reads like 'vm.swappiness'";
}

const char *kh_config_check_sysctl_value(char *text)
{
	for (const char *at = text; *at; at++)
		if (iscntrl((unsigned char)*at) && *at != '\t')
			return "a sysctl value is one line without control characters";
	size_t length = strlen(text);
	bool is_padded = length > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[length - 1]));
	return is_padded ? "it has blanks at an end" : NULL;
}
