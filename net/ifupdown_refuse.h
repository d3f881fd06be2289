/* ifupdown_refuse.h - what of ifupdown's language cannot be kept when a bridge takes the port's
 * place: interfaces that are renamed by scripts, stanzas that hand down their options, files that
 * do not outlast a boot.
 *
 * Source: interfaces(5), "MAPPINGS" and "INTERFACE TEMPLATES".
 */
#ifndef KH_NET_IFUPDOWN_REFUSE_H
#define KH_NET_IFUPDOWN_REFUSE_H

#include "net/ifupdown_stanza.h"

/* Error KH_HOST: the block at this place is such a one. */
int kh_ifupdown_refuse(const struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
		       size_t place, struct kh_error *err);

#endif
