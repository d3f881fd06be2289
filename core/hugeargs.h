/* hugeargs.h - the huge pages that kernel arguments reserve.
 *
 * The order counts: hugepages=N belongs to the hugepagesz= before it, or to the default size where
 * there is none yet; the last word on a size wins. hugepages=0:4,1:4 reserves per node (5.16).
 * Source: Documentation/admin-guide/kernel-parameters.txt, hugepages=.
 */
#ifndef KH_HUGEARGS_H
#define KH_HUGEARGS_H

#include "core/facts.h"

/* Pages of this size that the arguments reserve: on the node, or with node -1 altogether (a sum,
 * where they are given per node). -1: the arguments do not say. */
long long kh_hugeargs_pages(const char *arguments, long long size_kib, long long node);

/* The same as the boot loader's files say it (bootargs.h), and "FILE:LINE" in *ret_where, owned by
 * the caller. -1: they do not say. */
long long kh_hugeargs_persisted(const struct kh_root *root, const struct kh_facts *facts,
				long long size_kib, long long node, char **ret_where);

#endif
