/* networkd_match.h - does a .network file's [Match] section fit a link?
 *
 * Source: systemd.network(5), systemd src/shared/net-match.c (net_match_config).
 */
#ifndef KH_NET_NETWORKD_MATCH_H
#define KH_NET_NETWORKD_MATCH_H

#include "core/facts_net.h"
#include "net/ini.h"

/* Returns 1 when it fits, 0 when not, -1 when that cannot be told: *ret_unknown is then the
 * condition that nothing is known of, NULL when there is none at all. is_taken: networkd took this
 * file. So what cannot be told did fit, and so did the name: links have alternative ones, which are
 * not seen here. */
int kh_networkd_match(const struct kh_ini *ini, const struct kh_facts_link *link, bool is_taken,
		      const char **ret_unknown);

#endif
