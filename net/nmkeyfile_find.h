/* nmkeyfile_find.h - which NetworkManager profile serves a link.
 *
 * The running NetworkManager says it (/run/NetworkManager/devices/INDEX: connection-uuid); where
 * that is not recorded, the profile that is tied to the link by name or MAC address, else the one
 * tied to none, with the highest autoconnect-priority. Two that are equally good are refused, and
 * so is one that is in no keyfile: NetworkManager has it from an ifcfg file, or in memory only.
 */
#ifndef KH_NET_NMKEYFILE_FIND_H
#define KH_NET_NMKEYFILE_FIND_H

#include "net/backend.h"
#include "net/ini.h"

struct kh_nm_profile {
	char *path; /* NULL: none; NetworkManager then makes up one with DHCP */
	char *text;
	char *carrier; /* the bridge it makes the link a port of, or NULL */
	bool is_tied;  /* it can serve this link only */
};

/* Error KH_HOST: cannot tell. */
int kh_nm_profile_find(const struct kh_net_wish *wish, struct kh_nm_profile *ret_profile,
		       struct kh_error *err);
/* The file of a profile or of an ifcfg file that has this link's name, or this id, already; owned,
 * or NULL. */
char *kh_nm_profile_of_name(const struct kh_net_wish *wish, const char *name);
void kh_nm_profile_done(struct kh_nm_profile *profile);

#endif
