/* ifupdown_line.c - see ifupdown_line.h. */
#include "net/ifupdown_line.h"

#include <string.h>

#include "core/base/mem.h"
#include "net/interfaces.h"

enum { OF_PORT = 1, OF_BRIDGE = 2 };

bool kh_ifupdown_is_command(const char *key)
{
	static const char *const keys[] = {"pre-up", "up",       "post-up",
					   "down",   "pre-down", "post-down"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

static bool is_port_option(const char *key)
{
	static const char *const prefixes[] = {"bond-",     "bond_",     "slaves",   "vlan-",
					       "vlan_",     "wpa-",      "wireless", "ethernet-",
					       "link-",     "hardware-", "offload-", "ethtool",
					       "hwaddress", "raw-device"};
	for (size_t i = 0; i < KH_COUNT(prefixes); i++)
		if (kh_str_starts(key, prefixes[i]))
			return true;
	return false;
}

/* ---- one command ---- */

static bool is_program(const char *word, const char *name)
{
	const char *slash = strrchr(word, '/');
	return strcmp(slash ? slash + 1 : word, name) == 0;
}

/* Objects can be shortened (ip(8)): "ip -d l" is "ip link". */
static int owners_of_ip(const struct kh_strv *words)
{
	int owners = 0;
	for (size_t i = 0; i < words->count; i++) {
		if (!is_program(words->items[i], "ip"))
			continue;
		for (i++; i < words->count && words->items[i][0] == '-';)
			i++;
		if (i < words->count)
			owners |= kh_str_starts("link", words->items[i]) ? OF_PORT : OF_BRIDGE;
	}
	return owners;
}

static int owners_by_words(const char *command, const struct kh_strv *words)
{
	static const char *const of_port[] = {"ethtool", "ifenslave", "vconfig", "/sys/class/net/"};
	static const char *const of_bridge[] = {"route", "ifconfig", "sysctl"};
	int owners = owners_of_ip(words);
	for (size_t i = 0; i < KH_COUNT(of_port); i++)
		if (strstr(command, of_port[i]))
			owners |= OF_PORT;
	for (size_t i = 0; i < words->count; i++)
		for (size_t n = 0; n < KH_COUNT(of_bridge); n++)
			if (is_program(words->items[i], of_bridge[n]))
				owners |= OF_BRIDGE;
	return strstr(command, "/proc/sys/net/") ? owners | OF_BRIDGE : owners;
}

/* What it begins with has nothing to do with either. */
static bool is_neutral(const char *word)
{
	static const char *const neutral[] = {
		"true", "false", ":",    "echo", "printf", "sleep",    "logger", "exit",
		"wait", "sh",    "bash", "dash", "exec",   "env",      "nohup",  "timeout",
		"cat",  "grep",  "awk",  "sed",  "for",    "done",     "fi",     "case",
		"esac", "break", "set",  "cd",   "export", "modprobe", "udevadm"};
	const char *slash = strrchr(word, '/');
	return kh_str_is_one_of(slash ? slash + 1 : word, neutral, KH_COUNT(neutral)) ||
	       strchr(word, '=');
}

/* guess: a program that is not known here is one that needs the address. */
static int owners_of_command(const char *command, bool guess)
{
	static const char *const keywords[] = {"if",    "then",  "else", "elif", "do",
					       "while", "until", "!",    "{",    "}"};
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, command, " \t\n\"'");
	while (words.count > 0 && kh_str_is_one_of(words.items[0], keywords, KH_COUNT(keywords)))
		kh_strv_remove(&words, 0);
	/* A test asks; it changes neither. */
	if (words.count == 0 || is_program(words.items[0], "test") ||
	    strcmp(words.items[0], "[") == 0)
		return 0;
	int owners = owners_by_words(command, &words);
	return owners || !guess || is_neutral(words.items[0]) ? owners : OF_BRIDGE;
}

static int owners_of_commands(const char *text)
{
	kh_auto(kh_strv_done) struct kh_strv commands = {0};
	kh_auto(kh_free) char *copy = kh_strdup(text);
	bool guess = !strpbrk(text, "\"'`("); /* else a word may be anything */
	int owners = 0;
	for (char *at = copy; *at; at++) /* "2>&1" and "&>" end no command */
		if (*at == '&' && ((at > copy && strchr("<>", at[-1])) || at[1] == '>'))
			*at = ' ';
	kh_strv_split(&commands, copy, ";&|()`");
	for (size_t i = 0; i < commands.count; i++)
		owners |= owners_of_command(commands.items[i], guess);
	return owners;
}

/* ---- several commands in a line ---- */

/* Is it a row of commands that know nothing of each other? */
static bool is_plain_list(const char *text)
{
	static const char *const words_of_more[] = {"if",   "for",  "while", "until",
						    "case", "then", "do",    "set",
						    "exec", "exit", "cd",    "export"};
	kh_auto(kh_strv_done) struct kh_strv commands = {0};
	for (const char *at = text; *at; at++)
		if (strchr("\"'`()\\#", *at) || (*at == '{' && (at == text || at[-1] != '$')))
			return false;
	kh_strv_split(&commands, text, ";&|");
	for (size_t i = 0; i < commands.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, commands.items[i], " \t\n");
		if (words.count > 0 &&
		    (strchr(words.items[0], '=') ||
		     kh_str_is_one_of(words.items[0], words_of_more, KH_COUNT(words_of_more))))
			return false;
	}
	return true;
}

/* "a; b" ends as b does: what went before it must not begin to count, now that it ends a line. */
static char *line_of(const char *start, size_t length, const struct kh_strv *commands, bool is_end)
{
	kh_auto(kh_free) char *joined = kh_strv_join(commands, "; ");
	bool is_tamed = is_end || kh_str_ends(joined, "|| true");
	return kh_printf("%.*s%s%s\n", (int)length, start, joined, is_tamed ? "" : " || true");
}

static int divide_commands(const char *start, size_t length, const char *text, char **ret_port,
			   char **ret_bridge)
{
	kh_auto(kh_strv_done) struct kh_strv commands = {0};
	kh_auto(kh_strv_done) struct kh_strv of_port = {0};
	kh_auto(kh_strv_done) struct kh_strv of_bridge = {0};
	int last = 0;
	if (!is_plain_list(text))
		return 1;
	kh_strv_split(&commands, text, ";");
	for (size_t i = 0; i < commands.count; i++) {
		const char *command = kh_str_trim(commands.items[i]);
		int owners = owners_of_commands(command);
		if (owners == (OF_PORT | OF_BRIDGE))
			return 1;
		last = owners ? owners : last; /* "sleep 1" goes with what it follows */
		if (*command)
			kh_strv_add(last == OF_BRIDGE ? &of_bridge : &of_port, command);
	}
	*ret_port = line_of(start, length, &of_port, last == OF_PORT);
	*ret_bridge = line_of(start, length, &of_bridge, last == OF_BRIDGE);
	return 0;
}

int kh_ifupdown_divide(const char *line, char **ret_port, char **ret_bridge)
{
	kh_auto(kh_free) char *copy = kh_strdup(line);
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	*ret_port = *ret_bridge = NULL;
	kh_interfaces_words(line, &words);
	if (words.count == 0)
		return 0;
	int owners = is_port_option(words.items[0]) ? OF_PORT : OF_BRIDGE;
	for (char *at = copy; *at; at++) /* a line that goes on is one to the shell */
		if (at[0] == '\\' && at[1] == '\n')
			at[0] = at[1] = ' ';
	size_t start = strspn(copy, " \t");
	start += strcspn(copy + start, " \t\n");
	start += strspn(copy + start, " \t\n");
	if (kh_ifupdown_is_command(words.items[0]))
		owners = owners_of_commands(copy + start);
	if (owners == (OF_PORT | OF_BRIDGE))
		return divide_commands(copy, start, copy + start, ret_port, ret_bridge);
	*(owners == OF_PORT ? ret_port : ret_bridge) = kh_strdup(line);
	return 0;
}
