/* repofile.h - repositories as a host of the CentOS family has them: /etc/yum.repos.d/NAME.repo.
 *
 * Only read, to know what dnf would use and to make a file of one's own from it. Variables
 * ($releasever) stay as they are: dnf fills them in. A repository that is named twice is one whose
 * later lines count, as is what dnf5 keeps in /etc/dnf/repos.override.d.
 *
 * Source: dnf.conf(5), "REPO OPTIONS" and reposdir; dnf5-conf(5), repository override files.
 */
#ifndef KH_REPOFILE_H
#define KH_REPOFILE_H

#include <stdbool.h>

#include "core/base/root.h"
#include "core/base/str.h"

struct kh_repo {
	char *id;           /* "baseos-source" */
	char *where;        /* "/etc/yum.repos.d/centos.repo" */
	struct kh_str text; /* its lines as they stand there, without [ID] and comments */
};

struct kh_repos {
	struct kh_repo *items;
	size_t count;
};

/* All that are configured below the root; none is fine. */
void kh_repofile_read(const struct kh_root *root, struct kh_repos *ret_repos);
/* Append what the text of one file has. */
void kh_repofile_parse(const char *text, const char *where, struct kh_repos *repos);
void kh_repofile_done(struct kh_repos *repos);

const struct kh_repo *kh_repofile_find(const struct kh_repos *repos, const char *id); /* or NULL */
/* The value of a key, several lines joined by spaces; owned, or NULL. */
char *kh_repofile_get(const struct kh_repo *repo, const char *key);
bool kh_repofile_is_enabled(const struct kh_repo *repo);

/* The repository of development packages (CRB, PowerTools and their like) when it is configured and
 * not enabled; NULL: it is enabled, or there is none. */
const struct kh_repo *kh_repofile_builder(const struct kh_repos *repos);
/* A hint for somebody whose packages were not found; owned, or NULL when nothing is known. */
char *kh_repofile_advice(const struct kh_root *root);

#endif
