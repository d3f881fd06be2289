/* place.h - put the members of an archive below one directory, and nowhere else.
 *
 * Every directory on the way is opened by itself without following links, so nothing is written
 * through a link that the archive brought; what is there already is never replaced: a name that
 * comes twice is refused (a directory may). The directory is written by nobody else meanwhile.
 * Paths are clean ones of member.h. Errors: KH_HOST for what the archive should not do, KH_SYSTEM.
 */
#ifndef KH_FETCH_PLACE_H
#define KH_FETCH_PLACE_H

#include "core/base/error.h"
#include "fetch/member.h"

struct kh_place {
	int root_fd;
	char *parent; /* the directory that was written to last, and its descriptor */
	int parent_fd;
	long long made; /* directories so far, also those that no member named */
};

void kh_place_open(struct kh_place *place, int root_fd); /* root_fd stays the caller's */
void kh_place_done(struct kh_place *place);

/* Directories and links. */
int kh_place_put(struct kh_place *place, const struct kh_member *member, struct kh_error *err);
/* An empty file to be written; kh_place_end sets its time and closes it. */
int kh_place_begin(struct kh_place *place, const struct kh_member *member, int *ret_fd,
		   struct kh_error *err);
int kh_place_end(const struct kh_member *member, int *fd, struct kh_error *err);

#endif
