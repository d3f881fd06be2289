/* rpmkeys.h - is a package signed with a key of the repository it came from?
 *
 * dnf compares a package it downloads with the repository's metadata, and signatures only of what
 * it installs. So they are looked at here, by rpmkeys(8), with the keys that the repository names
 * (gpgkey=file:///...: they came with the distribution's signed release package), in a database of
 * our own: a fresh host has not imported them yet. Where it names none that is a file, the keys of
 * the host's own database count.
 *
 * rpmkeys ends with 0 for a package without any signature, so its words are read.
 */
#ifndef KH_SOURCES_RPMKEYS_H
#define KH_SOURCES_RPMKEYS_H

#include "core/plan.h"
#include "core/repofile.h"

/* directory: below the root, where the database may lie; package: host path. Returns 0 with
 * *ret_signer ("RSA/SHA256 Signature, key ID 8483c65d"; owned), 1 when it is not signed at all, -1:
 * KH_HOST for a signature that is wrong or of an unknown key. */
int kh_rpmkeys_check(const struct kh_making *making, const struct kh_repo *repo,
		     const char *directory, const char *package, char **ret_signer,
		     struct kh_error *err);

/* For tests: what rpmkeys --checksig -v said. The outcomes are those above. */
int kh_rpmkeys_read(const char *text, char **ret_signer, struct kh_error *err);
/* The paths of gpgkey=file:///..., with $releasever and $basearch filled in. */
void kh_rpmkeys_files(const struct kh_repo *repo, const char *release, const char *machine,
		      struct kh_strv *paths);

#endif
