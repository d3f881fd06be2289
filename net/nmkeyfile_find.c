/* nmkeyfile_find.c - see nmkeyfile_find.h. */
#include "net/nmkeyfile_find.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static const char *const dirs[] = {"/etc/NetworkManager/system-connections",
				   "/run/NetworkManager/system-connections",
				   "/usr/lib/NetworkManager/system-connections"};

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
	if (best.equals == 0)
		return 0;
	kh_nm_profile_done(ret_profile);
	kh_fail(err, KH_HOST, 0, "several NetworkManager profiles could serve '%s'",
		wish->port->name);
	return kh_hint(err,
		       "tie one to it: nmcli connection modify NAME connection.interface-name %s",
		       wish->port->name);
}
