/* releases.h - the table of releases that kvmhost knows, with their digests.
 *
 * sources/releases.c has the rows and says where each digest was taken from. What is not here needs
 * a digest from elsewhere: the configuration, the lock file, a distribution's signed index.
 */
#ifndef KH_SOURCES_RELEASES_H
#define KH_SOURCES_RELEASES_H

#include <stddef.h>

struct kh_release {
	const char *program; /* "kernel" */
	const char *version;
	const char *sha256; /* of upstream's .tar.xz */
};

extern const struct kh_release kh_releases[]; /* newest first within a program */
extern const size_t kh_release_count;

/* NULL: not known. */
const struct kh_release *kh_release_find(const char *program, const char *version);

#endif
