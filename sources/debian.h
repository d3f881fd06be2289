/* debian.h - the provider of Debian's source packages: its parts, for tests and fuzzing. */
#ifndef KH_SOURCES_DEBIAN_H
#define KH_SOURCES_DEBIAN_H

#include "core/stanza.h"
#include "sources/provider.h"

/* A paragraph of Sources (or a .dsc) as files with digests, version and package_version. Returns 0,
 * or 1: not format 3.0 (quilt) with one archive and one tar of changes, or not well-formed. */
int kh_debian_read(const struct kh_stanza *stanza, struct kh_source *source);
/* What a file of a source package is for: enum kh_source_role, or -1. */
int kh_debian_role(const char *name);
/* "6.1.176", "6.1.176-1", "7.2", "7.2+dfsg", "1:7.2+dfsg-7+deb12u18", "distro". */
bool kh_debian_is_version(const char *package_version, const char *wanted);

#endif
