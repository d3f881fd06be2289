/* archive.h - receiving an archive: from a file, or from URLs through get.h. */
#ifndef KH_FETCH_ARCHIVE_H
#define KH_FETCH_ARCHIVE_H

#include "fetch/get.h"
#include "fetch/intake.h"

struct kh_archive {
	struct kh_intake intake;
	struct kh_error err; /* why the receiver stopped */
	bool is_mixed;       /* its bytes are not all of one response */
	/* Of the bytes so far, to go on with: */
	char *url, *etag, *changed_at;
};

void kh_archive_done(struct kh_archive *archive);

/* All of a file that is open. Returns 0 whether it is the wanted one or not; -1 with archive->err:
 * KH_HOST when it is too long, KH_SYSTEM. */
int kh_archive_read(struct kh_archive *archive, int fd, bool is_new);
/* What an earlier run left in the partial file, if that was after the same archive. As above. */
int kh_archive_read_partial(struct kh_archive *archive);
int kh_archive_restart(struct kh_archive *archive, bool clears_partial);

struct kh_get_receiver kh_archive_receiver(struct kh_archive *archive);

#endif
