/* config_check_platform.c - see config_check.h: names of what is built from source. */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config_check.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_made_of(const char *text, const char *characters)
{
	return *text && text[strspn(text, characters)] == '\0';
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

#define IS_ONE_OF(text, ...) is_one_of(text, (const char *const[]){__VA_ARGS__, NULL})

static void make_lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

const char *kh_config_check_path(char *text)
{
	if (*text != '/')
		return "it must be an absolute path";
	if (!is_made_of(text, ALNUM "/._+@-"))
		return "such a path has only letters, digits, '/', '.', '_', '+', '@' and '-'";
	if (strstr(text, "/../") || kh_str_ends(text, "/.."))
		return "it must not have '..'";
	return NULL;
}

const char *kh_config_check_store(char *text)
{
	/* Of the Filesystem Hierarchy Standard 3.0, chapter 3. */
	static const char *const shared[] = {"",     "bin",   "boot",  "dev",   "etc", "home",
					     "lib",  "lib32", "lib64", "media", "mnt", "opt",
					     "proc", "root",  "run",   "sbin",  "srv", "sys",
					     "tmp",  "usr",   "var"};
	const char *why = kh_config_check_path(text);
	const char *name = text + strspn(text, "/");
	size_t length = strcspn(name, "/");
	for (size_t i = 0; !why && i < KH_COUNT(shared); i++)
		if (!name[length + strspn(name + length, "/")] && strlen(shared[i]) == length &&
		    memcmp(name, shared[i], length) == 0)
			why = "the store is a directory of its own: other people's files must not "
			      "be in it";
	return why;
}

const char *kh_config_check_prefix(char *text)
{
	const char *why = kh_config_check_path(text);
	if (why)
		return why;
	for (size_t length = strlen(text); length > 1 && text[length - 1] == '/'; length--)
		text[length - 1] = '\0';
	return strcmp(text, "/") == 0 ? "nothing is installed into '/' itself" : NULL;
}

const char *kh_config_check_provider(char *text)
{
	if (IS_ONE_OF(text, "auto", "upstream", "distro"))
		return NULL;
	if (*text == '/')
		return kh_config_check_path(text);
	static const char *const schemes[] = {"https://", "http://", "file:///"};
	for (size_t i = 0; i < KH_COUNT(schemes); i++)
		if (kh_str_starts(text, schemes[i]) && text[strlen(schemes[i])])
			return strpbrk(text, " \t\n\"'\\") ? "a URL has no blanks or quotes" : NULL;
	return "it is none of auto, upstream, distro, an absolute path, or a URL (https, http, "
	       "file)";
}

const char *kh_config_check_jobs(char *text)
{
	if (strcmp(text, "auto") == 0)
		return NULL;
	long long jobs = kh_str_number(text);
	return jobs >= 1 && jobs <= 4096 ? NULL : "it is neither auto nor a number from 1 to 4096";
}

const char *kh_config_check_account(char *text)
{
	bool is_good = strlen(text) <= 32 && is_made_of(text, ALNUM "_.-") && *text != '-' &&
		       !isdigit((unsigned char)*text);
	return is_good ? NULL
		       : "an account's name has at most 32 letters, digits, '_', '.' and '-', and "
			 "begins with a letter";
}

const char *kh_config_check_version(char *text)
{
	if (IS_ONE_OF(text, "distro", "none"))
		return NULL;
	if (!isdigit((unsigned char)*text) || !is_made_of(text, ALNUM ".+~:-"))
		return "it is neither distro nor none, and a version begins with a digit";
	return strlen(text) > 64 ? "it is too long for a version" : NULL;
}

const char *kh_config_check_sha256(char *text)
{
	make_lower(text);
	return strlen(text) == 64 && is_made_of(text, "0123456789abcdef")
		       ? NULL
		       : "a SHA-256 digest has 64 hexadecimal digits";
}

const char *kh_config_check_base(char *text)
{
	if (IS_ONE_OF(text, "host", "running", "defconfig"))
		return NULL;
	return *text == '/' ? kh_config_check_path(text)
			    : "it is none of host, running, defconfig or an absolute path";
}

const char *kh_config_check_host(char *text)
{
	if (strcmp(text, "self") == 0)
		return NULL;
	return *text == '/' ? kh_config_check_path(text)
			    : "it is neither self nor the absolute path of a file with facts";
}

const char *kh_config_check_fragment(char *text)
{
	if (*text == '/')
		return kh_config_check_path(text);
	return is_made_of(text, ALNUM "-")
		       ? NULL
		       : "it is neither a shipped fragment's name nor an absolute path";
}

const char *kh_config_check_localversion(char *text)
{
	if (strlen(text) > 32 || !is_made_of(text, ALNUM "._+~-"))
		return "it has at most 32 letters, digits, '.', '_', '+', '~' and '-'";
	return *text == '-' || *text == '+' || *text == '.' || *text == '_'
		       ? NULL
		       : "it begins with '-', so that it does not run into the version";
}

const char *kh_config_check_target(char *text)
{
	return is_made_of(text, ALNUM "_-") && strchr(text, '-')
		       ? NULL
		       : "a target is ARCHITECTURE-softmmu or ARCHITECTURE-linux-user";
}

const char *kh_config_check_configure(char *text)
{
	if (!kh_str_starts(text, "--") || strlen(text) < 3)
		return "an option of configure begins with '--'";
	for (const char *at = text; *at; at++)
		if (iscntrl((unsigned char)*at))
			return "it has control characters";
	return kh_str_starts(text, "--prefix") ? "use 'qemu.prefix' for it" : NULL;
}
