/* dhcp.c - see dhcp.h. */
#include "net/dhcp.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- SipHash-2-4, 64 bits: nettle has none. Source: Aumasson and Bernstein, 2012 ---- */

static uint64_t rotate(uint64_t value, int by)
{
	return value << by | value >> (64 - by);
}

static void sip_rounds(uint64_t v[4], int count)
{
	for (int i = 0; i < count; i++) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t little_endian(const unsigned char *bytes, size_t count)
{
	uint64_t value = 0;
	for (size_t i = 0; i < count; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static uint64_t siphash24(const unsigned char key[16], const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
			 k1 ^ 0x7465646279746573};
	size_t left = length;
	for (; left >= 8; left -= 8, bytes += 8) {
		uint64_t word = little_endian(bytes, 8);
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
	}
	uint64_t last = little_endian(bytes, left) | (uint64_t)length << 56;
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t kh_dhcp_iaid_of_name(const char *name)
{
	static const unsigned char key[16] = {0x80, 0x11, 0x8c, 0xc2, 0xfe, 0x4a, 0x03, 0xee,
					      0x3e, 0xd6, 0x0c, 0x6f, 0x36, 0x39, 0x14, 0x09};
	uint64_t hash = siphash24(key, name, strlen(name));
	return (uint32_t)hash ^ (uint32_t)(hash >> 32);
}

/* ---- leases ---- */

static char *field(const char *text, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		if (kh_str_starts(lines.items[i], key))
			return kh_strdup(lines.items[i] + strlen(key));
	return NULL;
}

/* CLIENTID=ffd223b24d0002... : the IAID is the four bytes after "ff", most significant first. */
static void read_client_id(const char *hex, struct kh_dhcp_identity *identity)
{
	if (kh_str_starts(hex, "01") && strlen(hex) == 14) {
		identity->kind = KH_DHCP_MAC;
		return;
	}
	identity->kind = KH_DHCP_OTHER;
	if (!kh_str_starts(hex, "ff") || strlen(hex) < 14)
		return;
	kh_auto(kh_free) char *digits = kh_strndup(hex + 2, 8);
	char *end = NULL;
	unsigned long iaid = strtoul(digits, &end, 16);
	if (*end)
		return;
	identity->kind = KH_DHCP_DUID;
	identity->has_iaid = true;
	identity->iaid = (uint32_t)iaid;
}

static bool read_networkd(const struct kh_root *root, long long ifindex,
			  struct kh_dhcp_identity *identity)
{
	kh_auto(kh_free) char *path = kh_printf("/run/systemd/netif/leases/%lld", ifindex);
	kh_auto(kh_free) char *lease = kh_root_text(root, path);
	if (ifindex < 0 || !lease)
		return false;
	kh_auto(kh_free) char *id = field(lease, "CLIENTID=");
	if (id)
		read_client_id(kh_str_trim(id), identity);
	return id != NULL;
}

/* DHCP6_CLIENT_IAID=0xd223b24d: of a client that was started, with a lease or without. */
static void read_networkd6(const struct kh_root *root, long long ifindex,
			   struct kh_dhcp_identity *identity)
{
	kh_auto(kh_free) char *path = kh_printf("/run/systemd/netif/links/%lld", ifindex);
	kh_auto(kh_free) char *state = ifindex > 0 ? kh_root_text(root, path) : NULL;
	kh_auto(kh_free) char *text = field(state, "DHCP6_CLIENT_IAID=0x");
	char *end = NULL;
	unsigned long iaid = text ? strtoul(text, &end, 16) : 0;
	if (!text || end == text || *end || iaid > UINT32_MAX)
		return;
	identity->has_iaid6 = true;
	identity->iaid6 = (uint32_t)iaid;
}

/* dhclient's DUID is in the lease file of the interface, so a new interface would get a new one. */
static bool read_dhclient(const struct kh_root *root, const char *link,
			  struct kh_dhcp_identity *identity)
{
	static const char *const dirs[] = {"/var/lib/dhcp", "/var/lib/dhclient"};
	for (size_t i = 0; i < KH_COUNT(dirs); i++) {
		kh_auto(kh_free) char *file = kh_printf("%s/dhclient.%s.leases", dirs[i], link);
		kh_auto(kh_free) char *file6 = kh_printf("%s/dhclient6.%s.leases", dirs[i], link);
		if (!kh_root_exists(root, file) && !kh_root_exists(root, file6))
			continue;
		kh_auto(kh_free) char *text = kh_root_text(root, file);
		identity->has_dhclient = true;
		identity->dhclient_dir = kh_strdup(dirs[i]);
		identity->kind = text && strstr(text, "default-duid") ? KH_DHCP_DUID : KH_DHCP_MAC;
		return true;
	}
	return false;
}

void kh_dhcp_identity_read(const struct kh_root *root, const char *link, long long ifindex,
			   struct kh_dhcp_identity *ret_identity)
{
	*ret_identity = (struct kh_dhcp_identity){.kind = KH_DHCP_UNKNOWN};
	if (!read_networkd(root, ifindex, ret_identity))
		read_dhclient(root, link, ret_identity);
	read_networkd6(root, ifindex, ret_identity);
}

void kh_dhcp_identity_done(struct kh_dhcp_identity *identity)
{
	kh_free(&identity->dhclient_dir);
}
