/* apt.h - apt with lists of its own: the distribution's source packages, nothing of the host.
 *
 * Below STORE/apt lie a .sources file made from the host's own (apt_sources.h), a configuration,
 * and the lists that `apt-get update` brings. apt verifies the lists with the keys that the host
 * trusts for these archives; what a Sources file says of sizes and digests is then as good as that
 * signature. Nothing below /etc/apt, /var/lib/apt and /var/cache/apt is changed, and none of the
 * host's hooks after an update run.
 *
 * Source: apt-get(8), apt.conf(5), apt-secure(8), "Repository format" (wiki.debian.org).
 */
#ifndef KH_SOURCES_APT_H
#define KH_SOURCES_APT_H

#include "core/plan.h"
#include "core/stanza.h"

struct kh_apt {
	const struct kh_making *making;
	char *directory;      /* STORE/apt, below the root */
	char *host_directory; /* the same on this machine */
	struct kh_root
		machine; /* apt works on the machine itself: its lists may be links to files */
	bool is_signed;  /* no archive is exempt from signatures */
};

/* Bring the lists up to date, unless that was done in the last minutes (is_update: always). */
int kh_apt_open(const struct kh_making *making, bool is_update, struct kh_apt *ret_apt,
		struct kh_error *err);
void kh_apt_done(struct kh_apt *apt);

/* Call found for every paragraph of this source package in the lists. */
int kh_apt_each(const struct kh_apt *apt, const char *package,
		void (*found)(void *data, const struct kh_stanza *stanza), void *data,
		struct kh_error *err);
/* The same in one Sources file. */
int kh_apt_each_in(FILE *stream, const char *package,
		   void (*found)(void *data, const struct kh_stanza *stanza), void *data);

/* What apt-get --print-uris says of a source package: lines "'URL' NAME SIZE DIGEST". Owned. */
int kh_apt_print_uris(const struct kh_apt *apt, const char *package, const char *version,
		      char **ret_text, struct kh_error *err);
/* The URL of a file in such a text; owned, or NULL: it is not there, or of a kind (cdrom) that
 * cannot be used. */
char *kh_apt_url(const char *uris, const char *name);

#endif
