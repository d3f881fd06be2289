/* progress.h - how far a long step is, from wherever it is done to whoever shows it.
 *
 * What copies thousands of files or waits for a program lies too deep to be handed somebody to talk
 * to. It tells here; the engine listens while it performs a change and makes events of it
 * (engine.h). Nobody listening: nothing happens. Not for threads.
 */
#ifndef KH_BASE_PROGRESS_H
#define KH_BASE_PROGRESS_H

#include <stddef.h>

struct kh_progress {
	const char *text;   /* what it is at: a path */
	size_t done, count; /* count 0: nobody knows how much there is */
	const char *unit;   /* "files" */
};

/* hear NULL: stop listening. Told NULL: nothing new, but it is still at work. */
void kh_progress_listen(void (*hear)(void *data, const struct kh_progress *progress), void *data);
void kh_progress_tell(const struct kh_progress *progress);
/* About five times a second, from what waits for others. */
void kh_progress_tick(void);

#endif
