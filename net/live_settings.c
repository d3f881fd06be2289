/* live_settings.c - what the kernel lets be set of a link's IP, from the port to the bridge.
 *
 * Source: Documentation/networking/ip-sysctl.rst.
 */
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "net/live.h"

/* In this order: a link whose IPv6 is off takes none of the others' effects. */
static const char *const names[] = {
	"ipv6/conf/%s/disable_ipv6",
	"ipv6/conf/%s/addr_gen_mode",
	"ipv6/conf/%s/accept_ra",
	"ipv6/conf/%s/accept_ra_defrtr",
	"ipv6/conf/%s/accept_ra_pinfo",
	"ipv6/conf/%s/accept_ra_rtr_pref",
	"ipv6/conf/%s/accept_ra_rt_info_max_plen",
	"ipv6/conf/%s/autoconf",
	"ipv6/conf/%s/use_tempaddr",
	"ipv6/conf/%s/dad_transmits",
	"ipv6/conf/%s/accept_dad",
	"ipv6/conf/%s/accept_redirects",
	"ipv6/conf/%s/forwarding",
	"ipv6/conf/%s/proxy_ndp",
	"ipv4/conf/%s/rp_filter",
	"ipv4/conf/%s/forwarding",
	"ipv4/conf/%s/arp_filter",
	"ipv4/conf/%s/arp_ignore",
	"ipv4/conf/%s/arp_announce",
	"ipv4/conf/%s/arp_notify",
	"ipv4/conf/%s/proxy_arp",
	"ipv4/conf/%s/accept_redirects",
	"ipv4/conf/%s/send_redirects",
	"ipv4/conf/%s/accept_source_route",
	"ipv4/conf/%s/log_martians",
	"ipv4/conf/%s/promote_secondaries",
};

static char *path_of(const char *name, size_t length, const char *link)
{
	const char *mark = strstr(name, "%s");
	return kh_printf("/proc/sys/net/%.*s%s%.*s", (int)(mark - name), name, link,
			 (int)(length - (size_t)(mark - name) - 2), mark + 2);
}

void kh_live_settings_read(const struct kh_root *root, const char *link, struct kh_strv *settings)
{
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = path_of(names[i], strlen(names[i]), link);
		kh_auto(kh_free) char *value = kh_root_line(root, path);
		if (value && *value)
			kh_strv_addf(settings, "%s=%s", names[i], value);
	}
}

void kh_live_settings_write(const struct kh_root *root, const char *link,
			    const struct kh_strv *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const char *equals = strchr(settings->items[i], '=');
		if (!equals || !strstr(settings->items[i], "%s"))
			continue;
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *path =
			path_of(settings->items[i], (size_t)(equals - settings->items[i]), link);
		kh_auto(kh_free) char *now = kh_root_line(root, path);
		if (now && strcmp(now, equals + 1) != 0)
			(void)kh_file_set_value(root, path, equals + 1, &ignored);
	}
}
