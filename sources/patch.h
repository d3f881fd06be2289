/* patch.h - put a Debian source package together: upstream's tree, debian/, and its patches.
 *
 * patch(1) does the patching, as the build account in the tree: what it reads is verified, but
 * written by many hands. Source: dpkg-source(1), format 3.0 (quilt); quilt(1) for the series.
 */
#ifndef KH_SOURCES_PATCH_H
#define KH_SOURCES_PATCH_H

#include "sources/area.h"

struct kh_patch {
	char *name;  /* below debian/patches: "bugfix/all/x.patch" */
	char *strip; /* "-p1" */
};

struct kh_series {
	struct kh_patch *items;
	size_t count;
};

/* The text of debian/patches/series. Errors: KH_HOST with SERIES:LINE. */
int kh_series_parse(const char *text, struct kh_series *ret_series, struct kh_error *err);
void kh_series_done(struct kh_series *series);

/* tree and debian: paths below the root, in the working area; debian is moved into the tree. */
int kh_patch_tree(const struct kh_making *making, const struct kh_area *area, const char *tree,
		  const char *debian, struct kh_error *err);

#endif
