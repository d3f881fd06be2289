/* connection.c - TCP connections to sshd; see connection.h. */
#include "net/connection.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "net/connection_private.h"

enum { DEFAULT_PORT = 22, ARPHRD_IS_ETHER = 1 };

/* ---- the ports ---- */

static void add_port(struct kh_strv *ports, const char *text)
{
	long long number = text ? kh_str_number(text) : -1;
	if (number <= 0 || number > 65535)
		return;
	kh_auto(kh_free) char *port = kh_printf("%lld", number);
	if (!kh_strv_has(ports, port))
		kh_strv_add(ports, port);
}

/* "Port 2222", "ListenAddress 192.0.2.10:2222", "ListenAddress [2001:db8::1]:2222" */
static void read_line(const char *line, struct kh_strv *ports)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line, " \t=\r\"");
	if (words.count < 2)
		return;
	const char *value = words.items[1];
	const char *colon = strrchr(value, ':');
	bool is_port_given = colon && (value[0] == '[' || strchr(value, ':') == colon) &&
			     colon[-(colon > value)] != ':';
	if (strcasecmp(words.items[0], "Port") == 0)
		add_port(ports, value);
	else if (strcasecmp(words.items[0], "ListenAddress") == 0 && is_port_given)
		add_port(ports, colon + 1);
}

/* ListenStream= of a socket unit: "2222", "0.0.0.0:2222", "[::]:2222"; also paths and vsock.
 * Source: systemd.socket(5). */
static void read_socket_line(const char *line, struct kh_strv *ports)
{
	static const char key[] = "ListenStream";
	line += strspn(line, " \t");
	if (!kh_str_starts(line, key))
		return;
	line += strlen(key) + strspn(line + strlen(key), " \t");
	if (*line != '=')
		return;
	line += 1 + strspn(line + 1, " \t");
	const char *colon = strrchr(line, ':');
	kh_auto(kh_free) char *port = kh_strdup(colon ? colon + 1 : line);
	port[strcspn(port, " \t\r")] = '\0';
	if (line[0] != '/' && line[0] != '@' && !kh_str_starts(line, "vsock:"))
		add_port(ports, port);
}

static void each_line(const struct kh_root *root, const char *path,
		      void (*read)(const char *line, struct kh_strv *ports), struct kh_strv *ports)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		read(lines.items[i], ports);
}

/* With socket activation systemd takes the connections, and sshd_config's Port says nothing. A port
 * that a later file takes away is listed as well: nobody comes in over it, so it does no harm.
 * Source: systemd.unit(5); sshd-socket-generator writes below /run/systemd/generator. */
static void find_socket_ports(const struct kh_root *root, struct kh_strv *ports)
{
	static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system",
					   "/run/systemd/generator", "/usr/lib/systemd/system",
					   "/lib/systemd/system"};
	static const char *const units[] = {"ssh.socket", "sshd.socket"};
	for (size_t i = 0; i < KH_COUNT(dirs) * KH_COUNT(units); i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_auto(kh_free) char *unit =
			kh_printf("%s/%s", dirs[i / KH_COUNT(units)], units[i % KH_COUNT(units)]);
		kh_auto(kh_free) char *drop_ins = kh_printf("%s.d", unit);
		each_line(root, unit, read_socket_line, ports);
		kh_root_list(root, drop_ins, &names);
		for (size_t n = 0; n < names.count; n++) {
			kh_auto(kh_free) char *path = kh_printf("%s/%s", drop_ins, names.items[n]);
			if (kh_str_ends(path, ".conf"))
				each_line(root, path, read_socket_line, ports);
		}
	}
}

static void find_ports(const struct kh_root *root, const char *own_port, struct kh_strv *ports)
{
	static const char dir[] = "/etc/ssh/sshd_config.d";
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	each_line(root, "/etc/ssh/sshd_config", read_line, ports);
	kh_root_list(root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
		if (kh_str_ends(names.items[i], ".conf"))
			each_line(root, path, read_line, ports);
	}
	if (ports->count == 0)
		kh_strv_addf(ports, "%d", DEFAULT_PORT);
	find_socket_ports(root, ports);
	/* There may be another sshd, or another program of its kind. */
	add_port(ports, own_port);
}

bool kh_connection_has_server(const struct kh_root *root)
{
	static const char *const programs[] = {"/usr/sbin/sshd", "/usr/local/sbin/sshd",
					       "/usr/sbin/dropbear", NULL};
	return kh_root_find_program(root, programs) != NULL;
}

/* ---- /proc/net/tcp ---- */

struct end {
	char address[INET6_ADDRSTRLEN];
	unsigned port;
};

/* "0100007F:0016", or four such words: each a number of this machine's byte order. */
static bool read_end(const char *text, struct end *end)
{
	uint32_t words[4] = {0};
	size_t digits = strcspn(text, ":");
	if ((digits != 8 && digits != 32) || sscanf(text + digits, ":%x", &end->port) != 1)
		return false;
	for (size_t i = 0; i < digits / 8; i++)
		if (sscanf(text + 8 * i, "%8x", &words[i]) != 1)
			return false;
	bool is_mapped =
		digits == 32 && words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff);
	if (digits == 8 || is_mapped)
		return inet_ntop(AF_INET, &words[is_mapped ? 3 : 0], end->address,
				 sizeof(end->address)) != NULL;
	return inet_ntop(AF_INET6, words, end->address, sizeof(end->address)) != NULL;
}

/* Those whose handshake is done: established, and being closed in one way or another.
 * Source: include/net/tcp_states.h. */
static bool has_been_made(unsigned state)
{
	enum {
		ESTABLISHED = 1,
		FIN_WAIT1 = 4,
		FIN_WAIT2,
		TIME_WAIT,
		CLOSE_WAIT = 8,
		LAST_ACK,
		CLOSING = 11
	};
	return state == ESTABLISHED || (state >= FIN_WAIT1 && state <= TIME_WAIT) ||
	       state == CLOSE_WAIT || state == LAST_ACK || state == CLOSING;
}

static bool is_from_outside(const struct end *local, const struct end *remote)
{
	return strcmp(local->address, remote->address) != 0 &&
	       !kh_str_starts(remote->address, "127.") && strcmp(remote->address, "::1") != 0;
}

static void read_table(const struct kh_root *root, const char *path, const struct kh_strv *ports,
		       struct kh_strv *connections)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 1; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		struct end local, remote;
		kh_strv_split(&words, lines.items[i], " ");
		if (words.count < 4 || !read_end(words.items[1], &local) ||
		    !read_end(words.items[2], &remote))
			continue;
		kh_auto(kh_free) char *port = kh_printf("%u", local.port);
		if (has_been_made((unsigned)strtoul(words.items[3], NULL, 16)) &&
		    (!ports || kh_strv_has(ports, port)) && is_from_outside(&local, &remote))
			kh_strv_addf(connections, "%s %u %s %u", local.address, local.port,
				     remote.address, remote.port);
	}
}

void kh_connection_list_all(const struct kh_root *root, struct kh_strv *connections)
{
	read_table(root, "/proc/net/tcp", NULL, connections);
	read_table(root, "/proc/net/tcp6", NULL, connections);
}

void kh_connection_list(const struct kh_root *root, const char *own_port,
			struct kh_strv *connections)
{
	kh_auto(kh_strv_done) struct kh_strv ports = {0};
	find_ports(root, own_port, &ports);
	read_table(root, "/proc/net/tcp", &ports, connections);
	read_table(root, "/proc/net/tcp6", &ports, connections);
}

/* ---- the link ---- */

static bool read_address(const char *text, size_t length, int *ret_family, unsigned char bytes[16])
{
	kh_auto(kh_free) char *address = kh_strndup(text, length);
	*ret_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	return inet_pton(*ret_family, address, bytes) == 1;
}

/* Is the address in the network of "192.0.2.10/25"? */
static bool is_in_network(const char *address, const char *network)
{
	unsigned char a[16] = {0}, n[16] = {0};
	int family, network_family;
	size_t length = strcspn(network, "/");
	if (!read_address(address, strlen(address), &family, a) ||
	    !read_address(network, length, &network_family, n) || family != network_family ||
	    !network[length])
		return false;
	long long bits = kh_str_number(network + length + 1);
	if (bits <= 0 || bits > (family == AF_INET ? 32 : 128))
		return false;
	size_t whole = (size_t)bits / 8;
	unsigned rest = (unsigned)bits % 8;
	return memcmp(a, n, whole) == 0 && (rest == 0 || (a[whole] ^ n[whole]) >> (8 - rest) == 0);
}

static bool is_neighbour(const struct kh_facts_link *link, const char *address)
{
	for (size_t i = 0; i < link->addresses.count; i++)
		if (is_in_network(address, link->addresses.items[i]))
			return true;
	return false;
}

static bool lists_address(const struct kh_strv *addresses, const char *address)
{
	size_t length = strlen(address);
	for (size_t i = 0; i < addresses->count; i++)
		if (strncmp(addresses->items[i], address, length) == 0 &&
		    addresses->items[i][length] == '/')
			return true;
	return false;
}

bool kh_connection_is_over(const char *connection, const struct kh_facts_net *net, const char *name)
{
	const struct kh_facts_link *link = kh_facts_net_link(net, name);
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, connection, " ");
	if (!link || words.count != 4 ||
	    (!lists_address(&link->addresses, words.items[0]) &&
	     !lists_address(&link->own_addresses, words.items[0])))
		return false;
	if (is_neighbour(link, words.items[2]))
		return true;
	for (size_t i = 0; i < net->link_count; i++)
		if (net->links[i].hardware == ARPHRD_IS_ETHER &&
		    is_neighbour(&net->links[i], words.items[2]))
			return false;
	return true;
}
