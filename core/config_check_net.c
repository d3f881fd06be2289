/* config_check_net.c - see config_check.h: link names, MAC and IP addresses. */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config_check.h"

static const char *check_link(const char *text)
{
	if (*text == '\0')
		return "it is empty";
	if (strlen(text) >= IFNAMSIZ)
		return "a link name has at most 15 characters";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return "it is not a link name";
	for (const char *at = text; *at; at++) {
		if (*at == '/' || *at == ':' || isspace((unsigned char)*at))
			return "a link name has no '/', ':' or blanks";
		if (!isalnum((unsigned char)*at) && !strchr("._-+@", *at))
			return "a link name has only letters, digits and . _ - + @ here";
	}
	if (*text == '-')
		return "a link name does not start with '-' here";
	return strcmp(text, "lo") == 0 ? "'lo' is the loopback link" : NULL;
}

const char *kh_config_check_bridge(char *text)
{
	static const char *const taken[] = {"auto", "none", "all", "default"};
	for (size_t i = 0; i < KH_COUNT(taken); i++)
		if (strcmp(text, taken[i]) == 0)
			return "this word means something else where links are named";
	return check_link(text);
}

/* Six pairs of digits with ':' or '-' between them. */
static bool is_mac_shaped(const char *text)
{
	if (strlen(text) != 17)
		return false;
	for (int i = 0; i < 17; i++) {
		bool is_separator = text[i] == text[2] && (text[i] == ':' || text[i] == '-');
		if (i % 3 == 2 ? !is_separator : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static const char *check_mac(char *text)
{
	for (char *at = text; *at; at++)
		*at = *at == '-' ? ':' : (char)tolower((unsigned char)*at);
	if (strcmp(text, "00:00:00:00:00:00") == 0)
		return "this is no station's MAC address";
	return strtol(text, NULL, 16) & 1 ? "this is a group's MAC address, not a link's" : NULL;
}

const char *kh_config_check_port(char *text)
{
	if (is_mac_shaped(text))
		return check_mac(text);
	if (strchr(text, ':'))
		return "a MAC address reads like '52:54:00:12:34:56'";
	return check_link(text);
}

bool kh_config_is_ipv6(const char *text)
{
	return strchr(text, ':') != NULL;
}

/* Of one station? has_prefix: with how many bits of network. */
static const char *check_ipv4(const char *text, int prefix)
{
	struct in_addr binary;
	if (inet_pton(AF_INET, text, &binary) != 1)
		return "it is not an IPv4 or IPv6 address";
	uint32_t address = ntohl(binary.s_addr);
	if (address >> 24 == 0)
		return "it is not the address of a host";
	if (address >> 28 >= 14)
		return address == UINT32_MAX
			       ? "it is the broadcast address"
			       : "it is not the address of one host (multicast or reserved)";
	if (prefix <= 0 || prefix > 30)
		return NULL;
	uint32_t host_mask = UINT32_MAX >> prefix;
	if ((address & host_mask) == 0)
		return "it is the address of the network itself";
	return (address & host_mask) == host_mask ? "it is the network's broadcast address" : NULL;
}

static const char *check_ipv6(const char *text)
{
	struct in6_addr binary;
	if (inet_pton(AF_INET6, text, &binary) != 1)
		return "it is not an IPv4 or IPv6 address";
	if (IN6_IS_ADDR_UNSPECIFIED(&binary))
		return "it is not the address of a host";
	return IN6_IS_ADDR_MULTICAST(&binary)
		       ? "it is not the address of one host (multicast or reserved)"
		       : NULL;
}

static const char *check_ip(const char *text, int prefix)
{
	return kh_config_is_ipv6(text) ? check_ipv6(text) : check_ipv4(text, prefix);
}

const char *kh_config_check_server(char *text)
{
	if (strchr(text, '/'))
		return "no prefix length belongs here";
	return check_ip(text, 0);
}

const char *kh_config_check_listen(char *text)
{
	bool is_any = strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0;
	return is_any ? NULL : kh_config_check_server(text);
}

const char *kh_config_check_address(char *text)
{
	char *slash = strchr(text, '/');
	if (!slash) {
		const char *why = check_ip(text, 0);
		return why ? why : "its prefix length is missing (as in 192.0.2.10/24)";
	}
	int most = kh_config_is_ipv6(text) ? 128 : 32;
	bool is_number =
		isdigit((unsigned char)slash[1]) && slash[1] != '0' && strlen(slash + 1) <= 3;
	long long prefix = is_number ? kh_str_number(slash + 1) : -1;
	if (prefix < 1 || prefix > most)
		return most == 32 ? "the prefix length is a number from 1 to 32"
				  : "the prefix length is a number from 1 to 128";
	kh_auto(kh_free) char *address = kh_strndup(text, (size_t)(slash - text));
	const char *why = check_ip(address, (int)prefix);
	if (why)
		return why;
	bool is_loopback = strncmp(text, "127.", 4) == 0 || strcmp(address, "::1") == 0;
	return is_loopback ? "it is the loopback address" : NULL;
}
