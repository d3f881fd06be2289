/* ethtool.h - segmentation offloads of a NIC of the running machine, as `ethtool -k` shows them. */
#ifndef KH_ETHTOOL_H
#define KH_ETHTOOL_H

#include "core/base/root.h"

enum kh_offload { KH_OFFLOAD_TSO, KH_OFFLOAD_GSO };

/* 1 on, 0 off, -1 not known (another root, no such link, no such offload).
 * Source: linux/ethtool.h, ETHTOOL_GTSO and ETHTOOL_GGSO; netdevice(7), SIOCETHTOOL. */
int kh_ethtool_offload(const struct kh_root *root, const char *link, enum kh_offload offload);

#endif
