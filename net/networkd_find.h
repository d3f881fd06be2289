/* networkd_find.h - which .network file systemd-networkd takes for a link.
 *
 * The files of all directories in the order of their names, a name in an earlier directory hiding
 * the same name in later ones; the first whose [Match] section fits is taken, with its drop-ins.
 * Where networkd runs, it says which file it took; that settles what cannot be told from here (the
 * alternative names of a link, Path=, Host=). Where the files say another one and were not changed
 * since, somebody misjudges them, and nothing is built on that.
 *
 * Source: systemd.network(5).
 */
#ifndef KH_NET_NETWORKD_FIND_H
#define KH_NET_NETWORKD_FIND_H

#include "core/facts_net.h"
#include "net/view.h"

struct kh_networkd_file {
	char *name; /* "10-eno1.network"; NULL: none fits */
	char *path;
	char *text; /* with the text of its drop-ins behind it */
};

/* Error KH_HOST: a file may fit, but its [Match] asks for something that cannot be told here; or
 * networkd took another one. */
int kh_networkd_find(const struct kh_net_view *view, const struct kh_facts_link *link,
		     struct kh_networkd_file *ret_file, struct kh_error *err);
/* The name of the first file that takes the link, or may: a file of a smaller name is before it.
 * Owned; NULL: none does. */
char *kh_networkd_first(const struct kh_net_view *view, const struct kh_facts_link *link);
/* The path of a .netdev or .network file that makes, configures or fills the link of this name;
 * those that mean it by a pattern only do not count. Owned; NULL: none does. */
char *kh_networkd_about(const struct kh_net_view *view, const char *link);
void kh_networkd_file_done(struct kh_networkd_file *file);

#endif
