/* takeover.h - the network manager learns what the kernel has already.
 *
 * After a live switch (live.h) kernel and files say the same; the manager is told so that it takes
 * over without tearing anything down: ifupdown by its list of interfaces that are up, a DHCP client
 * by being started on the other link with the same words, NetworkManager, networkd and netplan by
 * being made to read their files. For networkd a drop-in in /run/systemd/network says until the next
 * boot that addresses are to be kept. Nothing here decides anything: what a manager does to the network
 * is looked at by the guard afterwards.
 */
#ifndef KH_NET_TAKEOVER_H
#define KH_NET_TAKEOVER_H

#include "core/base/run.h"
#include "net/live.h"
#include "net/record.h"

/* All of it is tried; the first error is told. */
int kh_takeover(const struct kh_root *root, struct kh_runner *runner,
		const struct kh_net_record *record, const struct kh_live *live,
		struct kh_error *err);
/* The other way, with the old files in place. */
int kh_takeover_back(const struct kh_root *root, struct kh_runner *runner,
		     const struct kh_net_record *record, const struct kh_live *live,
		     struct kh_error *err);

#endif
