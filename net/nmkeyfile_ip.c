/* nmkeyfile_ip.c - see nmkeyfile_ip.h. */
#include "net/nmkeyfile_ip.h"

#include <string.h>

#include "core/base/mem.h"

bool kh_nm_is_dynamic(const char *method)
{
	return !method || strcmp(method, "auto") == 0 || strcmp(method, "dhcp") == 0;
}

/* A line of [ipv4] or [ipv6] that the configuration's address replaces. */
static bool is_replaced(const struct kh_net_wish *wish, const struct kh_ini_line *line)
{
	int family = strcmp(line->section, "ipv4") == 0 ? 4 : 6;
	bool is_ip = family == 4 || strcmp(line->section, "ipv6") == 0;
	if (!is_ip || !line->key || !kh_net_replaces(wish, family))
		return false;
	if (strcmp(line->key, "dns") == 0)
		return wish->config->dns.count > 0 || wish->config->address_mode == KH_ADDRESS_DHCP;
	/* Else the gateway of the configuration would be read, and not be used. */
	if (strcmp(line->key, "never-default") == 0)
		return kh_net_gateway(wish, family) != NULL;
	return strcmp(line->key, "method") == 0 || strcmp(line->key, "gateway") == 0 ||
	       kh_str_starts(line->key, "address");
}

/* Can a section of this method name servers? NetworkManager refuses a profile with servers where
 * the family is switched off. Source: verify() of nm-setting-ip4-config.c and -ip6-config.c. */
static bool can_have_dns(const char *method)
{
	return kh_nm_is_dynamic(method) || strcmp(method, "manual") == 0;
}

/* The configuration's servers of this family, "192.0.2.2;192.0.2.3;", or "". Owned. */
static char *own_dns(const struct kh_net_wish *wish, int family)
{
	const struct kh_config_bridge *config = wish->config;
	kh_auto(kh_str_done) struct kh_str dns = {0};
	for (size_t i = 0; i < config->dns.count; i++)
		if (config->address_mode == KH_ADDRESS_STATIC &&
		    kh_net_family(config->dns.items[i]) == family)
			kh_str_addf(&dns, "%s;", config->dns.items[i]);
	return kh_strdup(kh_str_text(&dns));
}

/* Where the configuration has an address of the other family only, its servers of this one take
 * the place of the profile's: which servers there are is the configuration's word. */
static bool adds_dns(const struct kh_net_wish *wish, const struct kh_ini *profile, int family)
{
	const char *section = family == 4 ? "ipv4" : "ipv6";
	kh_auto(kh_free) char *dns = own_dns(wish, family);
	return *dns && !kh_net_replaces(wish, family) &&
	       can_have_dns(kh_ini_get(profile, section, "method"));
}

void kh_nm_note_dns(const struct kh_net_wish *wish, const struct kh_ini *profile,
		    struct kh_net_answer *answer)
{
	for (int family = 4; family <= 6; family += 2) {
		kh_auto(kh_free) char *dns = own_dns(wish, family);
		if (!*dns || kh_net_replaces(wish, family) || adds_dns(wish, profile, family))
			continue;
		dns[strlen(dns) - 1] = '\0';
		kh_strv_addf(&answer->notes,
			     "left out, as IPv%d is switched off in NetworkManager's profile: the "
			     "name servers %s",
			     family, dns);
	}
}

static void add_own_address(const struct kh_net_wish *wish, int family, struct kh_str *out)
{
	const struct kh_config_bridge *config = wish->config;
	const char *gateway = kh_net_gateway(wish, family);
	int number = 0;
	if (!kh_net_replaces(wish, family))
		return;
	if (config->address_mode == KH_ADDRESS_DHCP) {
		kh_str_add(out, "method=auto\n");
		return;
	}
	kh_str_add(out, "method=manual\n");
	for (size_t i = 0; i < config->addresses.count; i++) {
		if (kh_net_family(config->addresses.items[i]) != family)
			continue;
		number++;
		kh_str_addf(out, "address%d=%s%s%s\n", number, config->addresses.items[i],
			    gateway && number == 1 ? "," : "",
			    gateway && number == 1 ? gateway : "");
	}
}

static void add_dns(const struct kh_net_wish *wish, const struct kh_ini *profile, int family,
		    struct kh_str *out)
{
	kh_auto(kh_free) char *dns = own_dns(wish, family);
	if (*dns && (kh_net_replaces(wish, family) || adds_dns(wish, profile, family)))
		kh_str_addf(out, "dns=%s\n", dns);
}

/* The IAID is made of the link's name unless it is given: give the one of today. */
static void add_identity(const struct kh_net_wish *wish, const struct kh_ini *profile,
			 const char *section, struct kh_str *out)
{
	const char *client_id = kh_ini_get(profile, section, "dhcp-client-id");
	bool is_v4 = strcmp(section, "ipv4") == 0;
	bool has_iaid = !is_v4 || (client_id && strstr(client_id, "duid"));
	if (has_iaid && !kh_ini_get(profile, section, "dhcp-iaid") &&
	    kh_nm_is_dynamic(kh_ini_get(profile, section, "method")))
		kh_str_addf(out, "dhcp-iaid=%u\n", kh_dhcp_iaid_of_name(wish->port->name));
}

/* Does the default route go over the port? As it was when the record was made: the plan must not
 * change with a cable that is out. */
static bool is_default_link(const struct kh_net_wish *wish)
{
	const struct kh_net_record *record = wish->view->record;
	const char *best = wish->facts->default_link;
	if (wish->config->gateways.count > 0)
		return true;
	return record ? record->wants_route : best && strcmp(best, wish->port->name) == 0;
}

/* A bridge gets the default metric 425, which loses against every other uplink's: the port's kind
 * decides, as today. Of two routes with one metric the first made would win, so the link that has
 * the default route today stays one below the others of its kind, and another one above.
 * Source: nm_device_get_route_metric_default() of NetworkManager. */
static int metric_of(const struct kh_net_wish *wish)
{
	enum { OF_ETHERNET = 100, OF_BOND = 300, OF_VLAN = 400 };
	int usual = wish->port->kind == KH_LINK_BOND   ? OF_BOND
		    : wish->port->kind == KH_LINK_VLAN ? OF_VLAN
						       : OF_ETHERNET;
	return is_default_link(wish) ? usual - 1 : usual + 1;
}

static void add_metric(const struct kh_net_wish *wish, const struct kh_ini *profile,
		       const char *section, bool is_given, struct kh_str *out)
{
	const char *metric = kh_ini_get(profile, section, "route-metric");
	const char *method = kh_ini_get(profile, section, "method");
	bool has_routes = is_given || kh_nm_is_dynamic(method) || strcmp(method, "manual") == 0;
	if (has_routes && (!metric || metric[0] == '-'))
		kh_str_addf(out, "route-metric=%d\n", metric_of(wish));
}

void kh_nm_add_ip_section(const struct kh_net_wish *wish, const struct kh_ini *profile,
			  const char *section, struct kh_str *out)
{
	int family = strcmp(section, "ipv4") == 0 ? 4 : 6;
	bool has_dns = adds_dns(wish, profile, family);
	kh_str_addf(out, "\n[%s]\n", section);
	for (size_t i = 0; i < profile->line_count; i++) {
		const struct kh_ini_line *line = &profile->lines[i];
		bool is_dns = has_dns && line->key && strcmp(line->key, "dns") == 0;
		if (strcmp(line->section, section) == 0 && !line->is_header &&
		    !kh_ini_is_blank(line) && !is_replaced(wish, line) && !is_dns)
			kh_ini_add_raw(out, line->raw);
	}
	bool is_given = kh_net_replaces(wish, family);
	if (!is_given && !kh_ini_get(profile, section, "method"))
		kh_str_add(out, "method=auto\n");
	add_own_address(wish, family, out);
	add_dns(wish, profile, family, out);
	add_metric(wish, profile, section, is_given, out);
	if (!is_given || wish->config->address_mode == KH_ADDRESS_DHCP)
		add_identity(wish, profile, section, out);
}
