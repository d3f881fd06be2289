/* live_record.c - what the port was, read from the kernel, and kept on disk; see live.h. */
/* before the kernel's headers, which then leave out what it has */
#include <net/if.h>

#include <jansson.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "net/dhcp_client.h"
#include "net/live_private.h"

const char *const kh_live_path = "/var/lib/kvmhost/guard.live";

void kh_live_done(struct kh_live *live)
{
	kh_free(&live->boot_id);
	kh_free(&live->bridge);
	kh_free(&live->port);
	kh_strv_done(&live->settings);
	kh_strv_done(&live->addresses);
	kh_strv_done(&live->gateways);
	kh_strv_done(&live->clients);
	kh_netlink_messages_done(&live->known);
	*live = (struct kh_live){0};
}

/* ---- reading the port ---- */

static bool is_of_port(const struct kh_netlink_message *message, int ifindex)
{
	const struct kh_live_way way = {.from = {ifindex, ""}, .to = {ifindex, ""}};
	kh_auto(kh_str_done) struct kh_str ignored = {0};
	if (message->type == RTM_NEWADDR)
		return kh_live_copy_address(message, &way, &ignored);
	if (message->type == RTM_NEWROUTE)
		return kh_live_copy_route(message, &way, &ignored);
	return message->type == RTM_NEWNEIGH && kh_live_copy_neighbour(message, &way, &ignored);
}

static int read_known(struct kh_live *live, struct kh_error *err)
{
	static const int kinds[] = {RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH};
	static const int families[] = {AF_INET, AF_INET6};
	kh_auto(kh_netlink_close) struct nl_sock *socket = kh_netlink_open(err);
	struct kh_netlink_messages all = {0};
	int failed = socket ? 0 : -1;
	for (size_t i = 0; i < KH_COUNT(kinds) * KH_COUNT(families) && !failed; i++)
		failed = kh_netlink_dump(socket, kinds[i / 2], families[i % 2], &all, err);
	for (size_t i = 0; i < all.count && !failed; i++)
		if (is_of_port(&all.items[i], live->ifindex))
			kh_netlink_add(&live->known, all.items[i].type, all.items[i].bytes,
				       all.items[i].length);
	kh_netlink_messages_done(&all);
	return failed;
}

bool kh_live_is_leased(const struct kh_live *live)
{
	for (size_t i = 0; i < live->known.count; i++)
		if (live->known.items[i].type == RTM_NEWADDR &&
		    kh_live_address_is_leased(&live->known.items[i], live->ifindex))
			return true;
	return false;
}

static int read_mac(const struct kh_root *root, struct kh_live *live, struct kh_error *err)
{
	kh_auto(kh_free) char *text = kh_root_linef(root, "/sys/class/net/%s/address", live->port);
	unsigned bytes[6];
	if (!text || sscanf(text, "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
			    &bytes[4], &bytes[5]) != 6)
		return kh_fail(err, KH_SYSTEM, 0, "'%s' has no MAC address", live->port);
	for (size_t i = 0; i < 6; i++)
		live->mac[i] = (unsigned char)bytes[i];
	return 0;
}

int kh_live_take(const struct kh_root *root, const char *bridge, const char *port,
		 struct kh_live *ret_live, struct kh_error *err)
{
	kh_auto(kh_live_done) struct kh_live live = {
		.boot_id = kh_root_line(root, "/proc/sys/kernel/random/boot_id"),
		.bridge = kh_strdup(bridge),
		.port = kh_strdup(port),
		.ifindex = (int)if_nametoindex(port),
		.taken_s = kh_live_now_s(),
		.had_bridge = if_nametoindex(bridge) != 0,
	};
	if (live.ifindex == 0)
		return kh_fail(err, KH_HOST, 0, "there is no link '%s'", port);
	long long mtu = kh_root_numberf(root, "/sys/class/net/%s/mtu", port);
	live.mtu = mtu > 0 ? (unsigned)mtu : 1500;
	kh_live_settings_read(root, port, &live.settings);
	kh_dhcp_client_find(root, port, &live.clients);
	if (read_mac(root, &live, err) != 0 || read_known(&live, err) != 0)
		return -1;
	*ret_live = live;
	live = (struct kh_live){0};
	return 0;
}

/* ---- as a file ---- */

static void json_done(json_t **json)
{
	json_decref(*json);
}

static json_t *hex_json(const unsigned char *bytes, size_t length)
{
	kh_auto(kh_str_done) struct kh_str hex = {0};
	for (size_t i = 0; i < length; i++)
		kh_str_addf(&hex, "%02x", bytes[i]);
	return json_string(kh_str_text(&hex));
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Returns the number of bytes, or -1: not hexadecimal, or more than there is room for. */
static long long hex_bytes(const char *hex, unsigned char *bytes, size_t room)
{
	size_t count = strlen(hex) / 2;
	if (strlen(hex) % 2 != 0 || count > room)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		bytes[i] = (unsigned char)(high * 16 + low);
	}
	return (long long)count;
}

static json_t *list_json(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, kh_json_text(list->items[i]));
	return array;
}

static json_t *known_json(const struct kh_netlink_messages *known)
{
	json_t *array = json_array();
	for (size_t i = 0; i < known->count; i++)
		json_array_append_new(
			array, json_pack("[i, o]", known->items[i].type,
					 hex_json(known->items[i].bytes, known->items[i].length)));
	return array;
}

int kh_live_write(const struct kh_root *root, const struct kh_live *live, struct kh_error *err)
{
	kh_auto(json_done) json_t *object = json_pack(
		"{s:i, s:s*, s:s, s:s, s:i, s:o, s:i, s:I, s:b, s:b, s:o, s:o, s:o, s:o, s:o}",
		"schema", 1, "boot_id", live->boot_id, "bridge", live->bridge, "port", live->port,
		"ifindex", live->ifindex, "mac", hex_json(live->mac, sizeof(live->mac)), "mtu",
		(int)live->mtu, "taken_s", (json_int_t)live->taken_s, "had_bridge",
		(int)live->had_bridge, "stp", (int)live->wants_stp, "settings",
		list_json(&live->settings), "addresses", list_json(&live->addresses), "gateways",
		list_json(&live->gateways), "clients", list_json(&live->clients), "known",
		known_json(&live->known));
	kh_auto(kh_free) char *dump = json_dumps(object, JSON_INDENT(1));
	kh_auto(kh_free) char *text = kh_printf("%s\n", dump ? dump : "{}");
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0600, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, kh_live_path, text, strlen(text), &meta, err);
}

static void read_list(const json_t *object, const char *key, struct kh_strv *list)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(object, key), i, item) if (json_is_string(item))
		kh_strv_add(list, json_string_value(item));
}

static int read_messages(const json_t *array, struct kh_netlink_messages *known)
{
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		const char *hex = json_string_value(json_array_get(item, 1));
		size_t room = hex ? strlen(hex) / 2 + 1 : 0;
		kh_auto(kh_free) unsigned char *bytes = kh_alloc(room + 1);
		long long length = hex ? hex_bytes(hex, bytes, room) : -1;
		if (length < 0)
			return -1;
		kh_netlink_add(known, (int)json_integer_value(json_array_get(item, 0)), bytes,
			       (size_t)length);
	}
	return 0;
}

static int read_object(const json_t *object, struct kh_live *live)
{
	const char *boot_id = json_string_value(json_object_get(object, "boot_id"));
	live->boot_id = kh_strdup(boot_id);
	live->bridge = kh_strdup(kh_json_get(object, "bridge"));
	live->port = kh_strdup(kh_json_get(object, "port"));
	live->ifindex = (int)json_integer_value(json_object_get(object, "ifindex"));
	live->mtu = (unsigned)json_integer_value(json_object_get(object, "mtu"));
	live->taken_s = json_integer_value(json_object_get(object, "taken_s"));
	live->had_bridge = json_is_true(json_object_get(object, "had_bridge"));
	live->wants_stp = json_is_true(json_object_get(object, "stp"));
	read_list(object, "settings", &live->settings);
	read_list(object, "addresses", &live->addresses);
	read_list(object, "gateways", &live->gateways);
	read_list(object, "clients", &live->clients);
	bool has_mac = hex_bytes(kh_json_get(object, "mac"), live->mac, 6) == 6;
	return has_mac && *live->bridge && *live->port && live->ifindex > 0
		       ? read_messages(json_object_get(object, "known"), &live->known)
		       : -1;
}

int kh_live_read(const struct kh_root *root, struct kh_live *ret_live, struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	int found = kh_root_read(root, kh_live_path, &text, &length, err);
	if (found != 0)
		return found;
	kh_auto(json_done) json_t *object = json_loadb(text, length, 0, NULL);
	kh_auto(kh_live_done) struct kh_live live = {0};
	if (!object || read_object(object, &live) != 0)
		return kh_fail(err, KH_SYSTEM, 0, "'%s' is damaged", kh_live_path);
	*ret_live = live;
	live = (struct kh_live){0};
	return 0;
}
