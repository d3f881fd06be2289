/* cmdline_word.c - single words of a command line: keys, quoting. See cmdline.h. */
#include <string.h>

#include "core/base/mem.h"
#include "grub/cmdline.h"

char *kh_cmdline_escape(const char *word)
{
	struct kh_str out = {0};
	bool in_quotes = false;

	for (const char *c = word; *c != '\0'; c++) {
		if (*c == '\\' && c[1] != '\0') {
			kh_str_add_bytes(&out, c++, 2);
			continue;
		}
		if (*c == '"')
			in_quotes = !in_quotes;
		if (strchr(in_quotes ? "$" : "$;|&<>{}'", *c) != NULL)
			kh_str_add(&out, "\\");
		kh_str_add_bytes(&out, c, 1);
	}
	return kh_str_take(&out);
}

char *kh_cmdline_key(const char *word)
{
	char *key = kh_strndup(word, strcspn(word, "="));

	for (char *c = key; *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
	return key;
}

static char *unquote(const char *word)
{
	kh_auto(kh_str_done) struct kh_str plain = {0};

	for (; *word != '\0'; word++)
		if (*word != '"' && *word != '\\')
			kh_str_add_bytes(&plain, word, 1);
	return kh_str_take(&plain);
}

bool kh_cmdline_is_key(const char *word, const char *key)
{
	kh_auto(kh_free) char *plain_word = unquote(word);
	kh_auto(kh_free) char *plain_key = unquote(key);
	kh_auto(kh_free) char *one = kh_cmdline_key(plain_word);
	kh_auto(kh_free) char *other = kh_cmdline_key(plain_key);

	return strcmp(one, other) == 0;
}

bool kh_cmdline_same_word(const char *a, const char *b)
{
	kh_auto(kh_free) char *one = unquote(a);
	kh_auto(kh_free) char *other = unquote(b);

	if (!kh_cmdline_is_key(one, other))
		return false;
	return strcmp(one + strcspn(one, "="), other + strcspn(other, "=")) == 0;
}

bool kh_cmdline_is_repeatable(const char *key)
{
	static const char *const repeatable[] = {
		"console",   "earlycon",     "earlyprintk",   "netconsole",
		"memmap",    "mem",          "cma",           "reserve",
		"efi",       "pci",          "video",         "acpi",
		"acpi_osi",  "clearcpuid",   "setcpuid",      "initcall_blacklist",
		"ip",        "ifname",       "nameserver",    "vlan",
		"bond",      "bridge",       "dyndbg",        "rd_break",
		"blacklist", "systemd.mask", "systemd.wants", "systemd.setenv"};

	/* Of a module's parameter the last one counts. Source: kernel/params.c, parse_args(). */
	if (kh_str_starts(key, "rd.") || kh_str_ends(key, ".dyndbg")) /* dracut.cmdline(7) */
		return true;
	for (size_t i = 0; i < KH_COUNT(repeatable); i++)
		if (kh_cmdline_is_key(key, repeatable[i]))
			return true;
	return false;
}
