/* dnf.h - dnf with repositories of its own: the distribution's source packages.
 *
 * Below STORE/dnf lie a .repo file made from the host's (dnf_repos.h), and dnf's cache and logs.
 * The host's source repositories need not be enabled, and stay as they are; so does dnf's own
 * cache. dnf does the transfers, with the host's proxies, mirrors and client certificates (a
 * subscription needs them), and compares size and digest of what came with the repository's
 * metadata. Signatures are rpmkeys.h.
 *
 * dnf 4 needs its plugin `download` (dnf-plugins-core), yum (release 7) yum-utils; dnf 5 has all.
 *
 * Source: dnf(8), dnf-download(8), dnf5-repoquery(8), dnf5-download(8), repoquery(1),
 * yumdownloader(1).
 */
#ifndef KH_SOURCES_DNF_H
#define KH_SOURCES_DNF_H

#include "core/plan.h"
#include "core/repofile.h"

enum kh_dnf_tool {
	KH_DNF_4,
	KH_DNF_5,
	KH_DNF_YUM,
};

struct kh_dnf {
	const struct kh_making *making;
	enum kh_dnf_tool tool;
	char *directory;      /* STORE/dnf, below the root */
	char *host_directory; /* the same on this machine */
	struct kh_repos repos;
	bool is_update; /* metadata is brought anew, however young */
};

/* Choose the tool and write its files. Errors: KH_HOST when there is no dnf, or no source
 * repository is configured. */
int kh_dnf_open(const struct kh_making *making, bool is_update, struct kh_dnf *ret_dnf,
		struct kh_error *err);
void kh_dnf_done(struct kh_dnf *dnf);

/* Source packages of this name: a line "NAME|EPOCH|VERSION|RELEASE|REPO|VENDOR" each; owned. */
int kh_dnf_list(const struct kh_dnf *dnf, const char *package, char **ret_text,
		struct kh_error *err);
/* Where it would be fetched from ("kernel-0:5.14.0-503.el9"); owned, or NULL: dnf does not say. */
char *kh_dnf_url(const struct kh_dnf *dnf, const char *package);
/* Bring it. name: of the file. ret_path: below the root, owned. */
int kh_dnf_download(const struct kh_dnf *dnf, const char *package, const char *name,
		    char **ret_path, struct kh_error *err);

#endif
