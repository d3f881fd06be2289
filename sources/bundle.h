/* bundle.h - everything a build needs, in one directory, for a host without a network.
 *
 *     DIR/linux_6.1.176.orig.tar.xz ...   archives, patches, signatures, .dsc
 *     DIR/kvmhost.lock                    exactly these, with their digests
 *     DIR/packages/                       Packages, and .deb files: packages that building and
 * running needs (apt hosts) DIR/README                          how to use it
 *
 * There, `sources.provider: DIR` and the lock file beside the configuration. The lock file is not
 * read from DIR itself: what a directory says of itself is no reason to trust it.
 */
#ifndef KH_SOURCES_BUNDLE_H
#define KH_SOURCES_BUNDLE_H

#include "core/plan.h"
#include "sources/source.h"

struct kh_bundle {
	const struct kh_making *making;
	const char *directory; /* of the machine we run on, absolute */
	const struct kh_source *sources;
	size_t source_count;
	const struct kh_strv *packages; /* names; empty: none are wanted or can be had */
};

/* Fill the directory; it is made where missing, what is there and right stays. ret_packages: how
 * many packages it has now. */
int kh_bundle_make(const struct kh_bundle *bundle, size_t *ret_packages, struct kh_error *err);

#endif
