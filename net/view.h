/* view.h - the network files of a host as they were before kvmhost wrote them.
 *
 * A back end that plans on its own earlier result would see a bridge already there, and on half of
 * it (a run that was cut) something in between. Both must lead to the same plan as the untouched
 * host. So back ends read through a view: a file that is, byte for byte, what the guard's record
 * says we wrote shows what was there before. As soon as one of the recorded files is neither
 * (somebody edited it since), the record no longer describes this host and the view shows plain
 * files.
 */
#ifndef KH_NET_VIEW_H
#define KH_NET_VIEW_H

#include "core/base/root.h"
#include "core/facts_net.h"
#include "net/record.h"

struct kh_net_view {
	const struct kh_root *root;
	const struct kh_net_record *record; /* NULL: plain files */
};

/* record may be NULL; it must outlive the view. */
void kh_net_view_init(struct kh_net_view *view, const struct kh_root *root,
		      const struct kh_net_record *record);

char *kh_net_view_text(const struct kh_net_view *view,
		       const char *path); /* owned, or NULL: absent */
bool kh_net_view_exists(const struct kh_net_view *view, const char *path);
/* Names in a directory, sorted; as kh_root_list. */
void kh_net_view_list(const struct kh_net_view *view, const char *dir, struct kh_strv *names);

/* Are the files of this manager readable? To everything above, a file that is not would be absent,
 * and the plan one for another host. Error KH_SYSTEM with EACCES: they are for root only. */
int kh_net_view_check(const struct kh_net_view *view, enum kh_net_manager manager,
		      struct kh_error *err);

#endif
