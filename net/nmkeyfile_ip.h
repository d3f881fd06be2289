/* nmkeyfile_ip.h - [ipv4] and [ipv6] of the bridge's profile: what the port's profile says, with
 * the configuration's address, gateway and name servers in place of it where there are any, and
 * with what NetworkManager would otherwise derive from the link's kind and name.
 *
 * Sources: nm-settings-keyfile(5), nm-settings(5).
 */
#ifndef KH_NET_NMKEYFILE_IP_H
#define KH_NET_NMKEYFILE_IP_H

#include "net/backend.h"
#include "net/ini.h"

/* Does this method (NULL: not given) ask DHCP or routers? */
bool kh_nm_is_dynamic(const char *method);
/* Add the section, "ipv4" or "ipv6", made of that of the port's profile. */
void kh_nm_add_ip_section(const struct kh_net_wish *wish, const struct kh_ini *profile,
			  const char *section, struct kh_str *out);
/* Say which name servers of the configuration no section can have. */
void kh_nm_note_dns(const struct kh_net_wish *wish, const struct kh_ini *profile,
		    struct kh_net_answer *answer);

#endif
