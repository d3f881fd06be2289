/* nmkeyfile_find.c - see nmkeyfile_find.h. */
#include "net/nmkeyfile_find.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static const char *const dirs[] = {"/etc/NetworkManager/system-connections",
				   "/run/NetworkManager/system-connections",
				   "/usr/lib/NetworkManager/system-connections"};

static const char ifcfg_dir[] = "/etc/sysconfig/network-scripts";

void kh_nm_profile_done(struct kh_nm_profile *profile)
{
	kh_free(&profile->path);
	kh_free(&profile->text);
	kh_free(&profile->carrier);
}

/* How well a profile fits the link; higher is better. */
enum fit { FITS_NOT, FITS_ANY, FITS_LINK, IS_ACTIVE };

static bool is_type_of(const char *type, const struct kh_facts_link *link)
{
	switch (link->kind) {
	case KH_LINK_BOND:
		return strcmp(type, "bond") == 0;
	case KH_LINK_VLAN:
		return strcmp(type, "vlan") == 0;
	case KH_LINK_BRIDGE:
		return strcmp(type, "bridge") == 0;
	case KH_LINK_PHYSICAL:
	case KH_LINK_OTHER:
	case KH_LINK_LOOPBACK:
		break;
	}
	return strcmp(type, "ethernet") == 0 || strcmp(type, "802-3-ethernet") == 0;
}

static const char *mac_of(const struct kh_ini *profile)
{
	const char *mac = kh_ini_get(profile, "ethernet", "mac-address");
	return mac ? mac : kh_ini_get(profile, "802-3-ethernet", "mac-address");
}

static enum fit fit_of(const struct kh_ini *profile, const struct kh_facts_link *link,
		       const char *active_uuid)
{
	const char *type = kh_ini_get(profile, "connection", "type");
	const char *uuid = kh_ini_get(profile, "connection", "uuid");
	const char *name = kh_ini_get(profile, "connection", "interface-name");
	const char *mac = mac_of(profile);
	const char *autoconnect = kh_ini_get(profile, "connection", "autoconnect");
	if (active_uuid && uuid && strcmp(uuid, active_uuid) == 0)
		return IS_ACTIVE;
	if (!type || !is_type_of(type, link) || (autoconnect && !kh_ini_is_true(autoconnect)))
		return FITS_NOT;
	if ((name && strcmp(name, link->name) != 0) ||
	    (mac && (!link->mac || strcasecmp(mac, link->mac) != 0)) ||
	    kh_ini_has_section(profile, "match"))
		return FITS_NOT;
	return name || mac ? FITS_LINK : FITS_ANY;
}

static long priority_of(const struct kh_ini *profile)
{
	const char *text = kh_ini_get(profile, "connection", "autoconnect-priority");
	return text ? strtol(text, NULL, 10) : 0;
}

/* connection-uuid= of the running device, or NULL. */
static char *active_uuid(const struct kh_net_wish *wish)
{
	kh_auto(kh_free) char *path =
		kh_printf("/run/NetworkManager/devices/%lld", wish->port->ifindex);
	kh_auto(kh_free) char *text = kh_root_text(wish->view->root, path);
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(text ? text : "", &ini);
	return kh_strdup(kh_ini_get(&ini, "device", "connection-uuid"));
}

/* "bridge" ties: master=NAME or the UUID of the bridge's profile; the name is what is wanted. */
static char *carrier_of(const struct kh_ini *profile)
{
	const char *kind = kh_ini_get(profile, "connection", "slave-type");
	const char *master = kh_ini_get(profile, "connection", "master");
	if (!kind)
		kind = kh_ini_get(profile, "connection", "port-type");
	if (!master)
		master = kh_ini_get(profile, "connection", "controller");
	return kind && master && strcmp(kind, "bridge") == 0 ? kh_strdup(master) : NULL;
}

/* ---- ifcfg files, which NetworkManager's plugin ifcfg-rh reads as well ---- */

/* By DEVICE=, HWADDR= and UUID=, whatever the file is called; not the ones that it passes over.
 * Source: nm-settings-ifcfg-rh(5), utils_should_ignore_file() of the plugin. */
static bool is_ifcfg_name(const char *name)
{
	static const char *const ends[] = {"~",       ".bak",     ".old",     ".orig",   ".rej",
					   ".rpmnew", ".rpmsave", ".rpmorig", ".augnew", ".augtmp"};
	if (!kh_str_starts(name, "ifcfg-") || strcmp(name, "ifcfg-lo") == 0)
		return false;
	for (size_t i = 0; i < KH_COUNT(ends); i++)
		if (kh_str_ends(name, ends[i]))
			return false;
	return true;
}

/* Owned; the quotes of a shell are taken off. */
static char *ifcfg_value(const struct kh_ini *ini, const char *key)
{
	const char *value = kh_ini_get(ini, "", key);
	size_t length = value ? strlen(value) : 0;
	bool is_quoted = length >= 2 && strchr("\"'", value[0]) && value[length - 1] == value[0];
	return is_quoted ? kh_strndup(value + 1, length - 2) : kh_strdup(value ? value : "");
}

/* uuid NULL: it is not known what is active; then a file that is brought up at boot counts. */
static bool is_ifcfg_of(const char *text, const struct kh_facts_link *link, const char *uuid)
{
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(text, &ini);
	kh_auto(kh_free) char *device = ifcfg_value(&ini, "DEVICE");
	kh_auto(kh_free) char *mac = ifcfg_value(&ini, "HWADDR");
	kh_auto(kh_free) char *own_uuid = ifcfg_value(&ini, "UUID");
	kh_auto(kh_free) char *on_boot = ifcfg_value(&ini, "ONBOOT");
	if (uuid && *own_uuid)
		return strcasecmp(own_uuid, uuid) == 0;
	bool is_named = *device ? strcmp(device, link->name) == 0
				: *mac && link->mac && strcasecmp(mac, link->mac) == 0;
	return is_named && (uuid || strcasecmp(on_boot, "no") != 0);
}

static char *ifcfg_of(const struct kh_net_wish *wish, const char *uuid)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_net_view_list(wish->view, ifcfg_dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", ifcfg_dir, names.items[i]);
		kh_auto(kh_free) char *text =
			is_ifcfg_name(names.items[i]) ? kh_net_view_text(wish->view, path) : NULL;
		if (text && is_ifcfg_of(text, wish->port, uuid))
			return kh_take(path);
	}
	return NULL;
}

/* On disk as it is, not in the view: our own profile of the port is active after the switch. */
static bool is_in_a_keyfile(const struct kh_root *root, const char *uuid)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_root_list(root, dirs[d], &names);
		for (size_t i = 0; i < names.count; i++) {
			kh_auto(kh_free) char *path = kh_printf("%s/%s", dirs[d], names.items[i]);
			kh_auto(kh_free) char *text = kh_root_text(root, path);
			kh_auto(kh_ini_done) struct kh_ini ini = {0};
			kh_ini_parse(text ? text : "", &ini);
			const char *own = kh_ini_get(&ini, "connection", "uuid");
			if (own && strcasecmp(own, uuid) == 0)
				return true;
		}
	}
	return false;
}

/* What serves the port today has to be in a keyfile: another profile would be another network. */
static int refuse_unseen(const struct kh_net_wish *wish, const char *uuid, struct kh_error *err)
{
	const char *port = wish->port->name;
	if (uuid && is_in_a_keyfile(wish->view->root, uuid))
		return 0;
	kh_auto(kh_free) char *path = ifcfg_of(wish, uuid);
	if (path) {
		kh_fail(err, KH_HOST, 0, "'%s' configures '%s', and its name does not say so", path,
			port);
		return kh_hint(err,
			       "rename it to ifcfg-%s, or make it a keyfile: nmcli connection "
			       "migrate",
			       port);
	}
	if (!uuid)
		return 0;
	kh_fail(err, KH_HOST, 0, "NetworkManager's profile of '%s' (%s) is in no file", port, uuid);
	return kh_hint(err,
		       "have it written: nmcli connection modify %s connection.interface-name %s",
		       uuid, port);
}

/* ---- a name that is taken ---- */

/* What NetworkManager makes up of a link that it did not make, below /run, is nobody's wish: of our
 * own bridge as well, after a live switch. Source: NM_KEYFILE_KEY_NMMETA_NM_GENERATED of
 * NetworkManager. */
static bool is_generated(const struct kh_ini *profile)
{
	return kh_ini_is_true(kh_ini_get(profile, ".nmmeta", "nm-generated"));
}

static bool has_name(const char *text, const char *name)
{
	static const char *const keys[] = {"interface-name", "id"};
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(text, &ini);
	if (is_generated(&ini))
		return false;
	for (size_t i = 0; i < KH_COUNT(keys); i++) {
		const char *value = kh_ini_get(&ini, "connection", keys[i]);
		if (value && strcmp(value, name) == 0)
			return true;
	}
	kh_auto(kh_free) char *device = ifcfg_value(&ini, "DEVICE");
	return strcmp(device, name) == 0;
}

char *kh_nm_profile_of_name(const struct kh_net_wish *wish, const char *name)
{
	for (size_t d = 0; d <= KH_COUNT(dirs); d++) {
		bool is_ifcfg = d == KH_COUNT(dirs);
		const char *dir = is_ifcfg ? ifcfg_dir : dirs[d];
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_net_view_list(wish->view, dir, &names);
		for (size_t i = 0; i < names.count; i++) {
			kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, names.items[i]);
			bool is_read =
				is_ifcfg ? is_ifcfg_name(names.items[i])
					 : names.items[i][0] != '.' && !kh_str_ends(path, "~");
			kh_auto(kh_free) char *text =
				is_read ? kh_net_view_text(wish->view, path) : NULL;
			if (text && has_name(text, name))
				return kh_take(path);
		}
	}
	return NULL;
}

/* ---- searching ---- */

struct search {
	enum fit fit;
	long priority;
	int equals;
};

static void consider(const char *path, const char *text, const struct kh_net_wish *wish,
		     const char *uuid, struct search *best, struct kh_nm_profile *profile)
{
	kh_auto(kh_ini_done) struct kh_ini ini = {0};
	kh_ini_parse(text, &ini);
	enum fit fit = fit_of(&ini, wish->port, uuid);
	long priority = priority_of(&ini);
	if (fit == FITS_NOT || fit < best->fit || (fit == best->fit && priority < best->priority))
		return;
	bool is_equal = fit == best->fit && priority == best->priority;
	if (is_equal) {
		best->equals++;
		return;
	}
	*best = (struct search){fit, priority, 0};
	const char *name = kh_ini_get(&ini, "connection", "interface-name");
	kh_nm_profile_done(profile);
	profile->path = kh_strdup(path);
	profile->text = kh_strdup(text);
	profile->carrier = carrier_of(&ini);
	profile->is_tied = name || mac_of(&ini);
}

int kh_nm_profile_find(const struct kh_net_wish *wish, struct kh_nm_profile *ret_profile,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *uuid = active_uuid(wish);
	kh_auto(kh_strv_done) struct kh_strv seen = {0};
	struct search best = {FITS_NOT, 0, 0};
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_net_view_list(wish->view, dirs[d], &names);
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.items[i];
			kh_auto(kh_free) char *path = kh_printf("%s/%s", dirs[d], name);
			kh_auto(kh_free) char *text = kh_net_view_text(wish->view, path);
			if (!text || name[0] == '.' || kh_str_ends(name, "~") ||
			    kh_strv_has(&seen, name))
				continue;
			kh_strv_add(&seen, name);
			consider(path, text, wish, uuid, &best, ret_profile);
		}
	}
	bool is_seen = best.fit == IS_ACTIVE || refuse_unseen(wish, uuid, err) == 0;
	if (best.equals == 0 && is_seen)
		return 0;
	kh_nm_profile_done(ret_profile);
	if (!is_seen)
		return -1;
	kh_fail(err, KH_HOST, 0, "several NetworkManager profiles could serve '%s'",
		wish->port->name);
	return kh_hint(err,
		       "tie one to it: nmcli connection modify NAME connection.interface-name %s",
		       wish->port->name);
}
