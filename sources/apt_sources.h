/* apt_sources.h - the distribution's own archives, as this host is configured, for source packages.
 *
 * Reads /etc/apt/sources.list and sources.list.d (both formats) and keeps the entries that are of
 * the distribution's release: its code name with the suffixes that Debian and Ubuntu use, and a
 * component of theirs. Who signs stays as it is (Signed-By). Whether an archive that calls its
 * suite like the distribution really is of the distribution shows in its Release file: apt.c looks
 * there, too. Nothing below /etc/apt is changed.
 *
 * Source: sources.list(5).
 */
#ifndef KH_SOURCES_APT_SOURCES_H
#define KH_SOURCES_APT_SOURCES_H

#include "core/base/error.h"
#include "core/base/root.h"

/* The text of a deb822 .sources file with these entries as deb-src; owned. Errors: KH_HOST when
 * there is none. */
int kh_apt_sources_text(const struct kh_root *root, char **ret_text, struct kh_error *err);

/* The parts, for tests: append what TEXT has for this code name. */
void kh_apt_sources_add_list(const char *text, const char *codename, struct kh_str *out);
void kh_apt_sources_add_deb822(const char *text, const char *codename, struct kh_str *out);

#endif
