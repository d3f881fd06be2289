/* bundle_packages.h - the packages part of a bundle: what bundle.c and bundle_packages.c share. */
#ifndef KH_SOURCES_BUNDLE_PACKAGES_H
#define KH_SOURCES_BUNDLE_PACKAGES_H

#include "core/base/root.h"
#include "sources/bundle.h"

/* machine: the root "/" of the machine we run on. */
int kh_bundle_add_packages(const struct kh_bundle *bundle, const struct kh_root *machine,
			   size_t *ret_count, struct kh_error *err);

#endif
