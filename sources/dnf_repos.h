/* dnf_repos.h - the source repositories that belong to a host's enabled ones.
 *
 * dnf's own rule: to an enabled ID belongs ID-source, to an enabled ID-rpms (Red Hat) ID less its
 * end with -source-rpms. They get other names (ID.src) in the file of our own: yumdownloader
 * switches off what is called *-source.
 *
 * Source: dnf-download(8), --source; RepoDict.enable_source_repos of dnf; yumdownloader.
 */
#ifndef KH_SOURCES_DNF_REPOS_H
#define KH_SOURCES_DNF_REPOS_H

#include "core/repofile.h"

/* The text of a .repo file with them, enabled; owned. Errors: KH_HOST when there is none. */
int kh_dnf_repos_text(const struct kh_repos *repos, char **ret_text, struct kh_error *err);
/* The host's repository behind a name in that file ("baseos-source.src"), or NULL. */
const struct kh_repo *kh_dnf_repos_origin(const struct kh_repos *repos, const char *name);

#endif
