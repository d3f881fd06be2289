/* obtain.h - make one candidate real: transfer its files, unpack, patch, record. */
#ifndef KH_SOURCES_OBTAIN_H
#define KH_SOURCES_OBTAIN_H

#include "sources/area.h"
#include "sources/source.h"

/* Fills source->digest, signer and tree, and the sizes. Returns 0; 1 with *err: none of the URLs
 * has a file of it; -1. The record is written last: until then the store says what it said before.
 */
int kh_obtain(const struct kh_making *making, const struct kh_area *area, struct kh_source *source,
	      struct kh_error *err);

#endif
