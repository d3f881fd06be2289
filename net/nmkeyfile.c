/* nmkeyfile.c - the bridge in the language of NetworkManager's keyfiles.
 *
 * The profile that serves the port today is rewritten in place into the port's profile: same file,
 * same UUID (VLAN and bond profiles refer to it), same priority, so that no second profile competes
 * for the link. Its addresses, DNS and proxy settings move to a new bridge profile. A profile that
 * is not tied to one link is left as it is and outranked by a new one.
 *
 * NetworkManager ignores keyfiles that others than root can read: mode 0600.
 * Sources: nm-settings-keyfile(5), nm-settings(5).
 */
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "net/backend.h"
#include "net/nmkeyfile_find.h"
#include "net/nmkeyfile_ip.h"

enum { KEYFILE_MODE = 0600, MOST_PRIORITY = 999 };
static const char dir[] = "/etc/NetworkManager/system-connections";
static const char move_why[] = "the address moves from the port to the bridge";
static const char port_why[] = "the uplink becomes the bridge's port";

static bool is_host_section(const char *section)
{
	static const char *const sections[] = {"ipv4", "ipv6", "proxy", "hostname"};
	return kh_str_is_one_of(section, sections, KH_COUNT(sections));
}

/* Of [connection]: what goes with the address. */
static bool is_host_key(const char *key)
{
	static const char *const keys[] = {
		"zone",    "mdns",      "llmnr",       "dns-over-tls",
		"metered", "stable-id", "secondaries", "gateway-ping-timeout"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

static bool is_shared_key(const char *key)
{
	static const char *const keys[] = {"autoconnect-priority", "autoconnect-retries",
					   "permissions"};
	return kh_str_is_one_of(key, keys, KH_COUNT(keys));
}

/* A UUID that is the same on every run: made of a digest. */
static char *uuid_of(const char *kind, const char *name, const char *mac)
{
	char hex[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *seed = kh_printf("kvmhost %s %s %s", kind, name, mac ? mac : "");
	kh_digest_bytes(seed, strlen(seed), hex);
	return kh_printf("%.8s-%.4s-5%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
}

/* ---- the bridge's profile ---- */

static void add_other_sections(const struct kh_ini *profile, struct kh_str *out)
{
	for (size_t i = 0; i < profile->line_count; i++) {
		const struct kh_ini_line *line = &profile->lines[i];
		if (!is_host_section(line->section) || kh_str_starts(line->section, "ipv") ||
		    kh_ini_is_blank(line))
			continue;
		if (line->is_header)
			kh_str_add(out, "\n");
		kh_ini_add_raw(out, line->raw);
	}
}

static const char *mtu_of(const struct kh_ini *profile)
{
	const char *mtu = kh_ini_get(profile, "ethernet", "mtu");
	return mtu ? mtu : kh_ini_get(profile, "802-3-ethernet", "mtu");
}

static char *bridge_text(const struct kh_net_wish *wish, const struct kh_ini *profile)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const char *name = wish->config->name, *mac = wish->port->mac;
	kh_auto(kh_free) char *uuid = uuid_of("bridge", name, mac);
	kh_str_addf(&out, "[connection]\nid=%s\nuuid=%s\ntype=bridge\n", name, uuid);
	kh_str_addf(&out, "interface-name=%s\nautoconnect-slaves=1\n", name);
	for (size_t i = 0; i < profile->line_count; i++) {
		const struct kh_ini_line *line = &profile->lines[i];
		if (line->key && strcmp(line->section, "connection") == 0 &&
		    (is_host_key(line->key) || is_shared_key(line->key)))
			kh_ini_add_raw(&out, line->raw);
	}
	kh_str_add(&out, "\n[bridge]\n");
	if (mac)
		kh_str_addf(&out, "mac-address=%s\n", mac);
	kh_str_add(&out, wish->config->stp ? "stp=true\n" : "forward-delay=0\nstp=false\n");
	if (mtu_of(profile))
		kh_str_addf(&out, "\n[ethernet]\nmtu=%s\n", mtu_of(profile));
	kh_nm_add_ip_section(wish, profile, "ipv4", &out);
	kh_nm_add_ip_section(wish, profile, "ipv6", &out);
	add_other_sections(profile, &out);
	return kh_str_take(&out);
}

/* ---- the port's profile ---- */

static bool is_ethernet(const char *section)
{
	return strcmp(section, "ethernet") == 0 || strcmp(section, "802-3-ethernet") == 0;
}

/* Found by its MAC address, where it has one of its own that nothing changes. */
static bool can_match_mac(const struct kh_net_wish *wish, const struct kh_ini *profile)
{
	const char *type = kh_ini_get(profile, "connection", "type");
	return kh_net_has_own_mac(wish) && type && is_ethernet(type) &&
	       !kh_ini_get(profile, type, "cloned-mac-address");
}

static bool is_dropped_key(const struct kh_net_wish *wish, const struct kh_ini *profile,
			   const struct kh_ini_line *line)
{
	static const char *const dropped[] = {"master",    "slave-type",  "controller",
					      "port-type", "autoconnect", "multi-connect"};
	bool is_name = strcmp(line->key, "interface-name") == 0;
	return is_host_key(line->key) || kh_str_is_one_of(line->key, dropped, KH_COUNT(dropped)) ||
	       (is_name && can_match_mac(wish, profile));
}

static void add_connection_end(const struct kh_net_wish *wish, const struct kh_ini *profile,
			       struct kh_str *out)
{
	if (!can_match_mac(wish, profile) && !kh_ini_get(profile, "connection", "interface-name"))
		kh_str_addf(out, "interface-name=%s\n", wish->port->name);
	kh_str_addf(out, "master=%s\nslave-type=bridge\n", wish->config->name);
}

/* After the last line of this section that says something? */
static bool is_section_end(const struct kh_ini *profile, size_t at)
{
	const struct kh_ini_line *lines = profile->lines;
	if (kh_ini_is_blank(&lines[at]))
		return false;
	for (size_t i = at + 1; i < profile->line_count && lines[i].block == lines[at].block; i++)
		if (!kh_ini_is_blank(&lines[i]))
			return false;
	return true;
}

/* Lines at the end of a section: the ties to the bridge, and the MAC address to find the port by.
 */
static void add_section_end(const struct kh_net_wish *wish, const struct kh_ini *profile,
			    const char *section, struct kh_str *out)
{
	if (strcmp(section, "connection") == 0)
		add_connection_end(wish, profile, out);
	if (is_ethernet(section) && can_match_mac(wish, profile) &&
	    !kh_ini_get(profile, section, "mac-address"))
		kh_str_addf(out, "mac-address=%s\n", wish->port->mac);
}

static char *port_text(const struct kh_net_wish *wish, const struct kh_ini *profile)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	bool has_ethernet = false;
	for (size_t i = 0; i < profile->line_count; i++) {
		const struct kh_ini_line *line = &profile->lines[i];
		bool is_connection = strcmp(line->section, "connection") == 0;
		has_ethernet = has_ethernet || is_ethernet(line->section);
		if (is_host_section(line->section))
			continue;
		if (!line->key || !is_connection || !is_dropped_key(wish, profile, line))
			kh_ini_add_raw(&out, line->raw);
		if (is_section_end(profile, i))
			add_section_end(wish, profile, line->section, &out);
	}
	if (!has_ethernet && can_match_mac(wish, profile))
		kh_str_addf(&out, "\n[ethernet]\nmac-address=%s\n", wish->port->mac);
	return kh_str_take(&out);
}

/* Where no profile is tied to the port: one of its own, that outranks what serves it today. */
static char *fresh_port_text(const struct kh_net_wish *wish, const struct kh_ini *today)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const char *name = wish->port->name;
	const char *value = kh_ini_get(today, "connection", "autoconnect-priority");
	long long priority = value && value[0] != '-' ? kh_str_number(value) : 0;
	if (priority < 0 || priority >= MOST_PRIORITY)
		priority = MOST_PRIORITY - 1;
	kh_auto(kh_free) char *uuid = uuid_of("port", name, wish->port->mac);
	kh_str_addf(&out, "[connection]\nid=%s-%s\nuuid=%s\ntype=ethernet\n", wish->config->name,
		    name, uuid);
	kh_str_addf(&out, "autoconnect-priority=%lld\n", priority + 1);
	if (!kh_net_has_own_mac(wish))
		kh_str_addf(&out, "interface-name=%s\n", name);
	kh_str_addf(&out, "master=%s\nslave-type=bridge\n\n[ethernet]\n", wish->config->name);
	if (kh_net_has_own_mac(wish))
		kh_str_addf(&out, "mac-address=%s\n", wish->port->mac);
	if (mtu_of(today))
		kh_str_addf(&out, "mtu=%s\n", mtu_of(today));
	return kh_str_take(&out);
}

/* ---- all of it ---- */

static bool is_dynamic(const struct kh_net_wish *wish, const struct kh_ini *profile)
{
	if (wish->config->address_mode != KH_ADDRESS_INHERIT)
		return wish->config->address_mode == KH_ADDRESS_DHCP;
	return kh_nm_is_dynamic(kh_ini_get(profile, "ipv4", "method"));
}

static void note_privacy(const struct kh_ini *profile, struct kh_net_answer *answer)
{
	const char *mode = kh_ini_get(profile, "ipv6", "addr-gen-mode");
	if (kh_nm_is_dynamic(kh_ini_get(profile, "ipv6", "method")) &&
	    (!mode || strstr(mode, "stable") || strcmp(mode, "1") == 0))
		kh_strv_add(&answer->notes,
			    "an IPv6 address from router advertisements will change: "
			    "'stable-privacy' makes it from the link's name");
}

static char *name_of(const char *path)
{
	return kh_strdup(strrchr(path, '/') + 1);
}

static int plan(const struct kh_net_wish *wish, struct kh_net_answer *answer, struct kh_error *err)
{
	const char *bridge = wish->config->name;
	kh_auto(kh_nm_profile_done) struct kh_nm_profile profile = {0};
	if (kh_nm_profile_find(wish, &profile, err) != 0)
		return -1;
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(profile.text ? profile.text : "", &ini);
	if (profile.carrier) {
		answer->carrier = kh_strdup(profile.carrier);
		return 0;
	}
	kh_auto(kh_free) char *bridge_path = kh_printf("%s/%s.nmconnection", dir, bridge);
	if (kh_net_view_exists(wish->view, bridge_path))
		return kh_net_taken(wish, bridge_path, err);
	/* By its id, too: nmcli knows profiles by that. */
	kh_auto(kh_free) char *taken = kh_nm_profile_of_name(wish, bridge);
	if (taken)
		return kh_net_taken(wish, taken, err);
	kh_auto(kh_free) char *of_bridge = bridge_text(wish, &ini);
	bool is_fresh = !profile.path || !profile.is_tied;
	kh_auto(kh_free) char *of_port =
		is_fresh ? fresh_port_text(wish, &ini) : port_text(wish, &ini);
	kh_auto(kh_free) char *file_name =
		is_fresh ? kh_printf("%s-%s.nmconnection", bridge, wish->port->name)
			 : name_of(profile.path);
	kh_auto(kh_free) char *port_path = kh_printf("%s/%s", dir, file_name);
	kh_net_answer_edit(answer, bridge_path, of_bridge, KEYFILE_MODE, move_why);
	kh_net_answer_edit(answer, port_path, of_port, KEYFILE_MODE, port_why);
	note_privacy(&ini, answer);
	kh_nm_note_dns(wish, &ini, answer);
	answer->is_dynamic = is_dynamic(wish, &ini);
	return 0;
}

const struct kh_net_backend kh_net_nmkeyfile = {KH_NET_NETWORKMANAGER, plan};
