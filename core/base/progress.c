/* progress.c - see progress.h. */
#include "core/base/progress.h"

static struct {
	void (*hear)(void *data, const struct kh_progress *progress);
	void *data;
} listener;

void kh_progress_listen(void (*hear)(void *data, const struct kh_progress *progress), void *data)
{
	listener.hear = hear;
	listener.data = data;
}

void kh_progress_tell(const struct kh_progress *progress)
{
	if (listener.hear)
		listener.hear(listener.data, progress);
}

void kh_progress_tick(void)
{
	kh_progress_tell(NULL);
}
