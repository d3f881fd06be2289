/* engine_listen.c - what is told from deep inside the change under way becomes events of the
 * engine.
 */
#include "core/base/progress.h"
#include "core/engine_private.h"

static struct {
	struct kh_sink *sink;
	const char *stage;
} listening;

static void hear(void *data, const struct kh_progress *progress)
{
	(void)data;
	struct kh_event event = {.kind = progress ? KH_EVENT_PROGRESS : KH_EVENT_TICK,
				 .stage = listening.stage,
				 .text = progress ? progress->text : "",
				 .index = progress ? progress->done : 0,
				 .count = progress ? progress->count : 0,
				 .unit = progress ? progress->unit : NULL};
	listening.sink->event(listening.sink, &event);
}

void kh_engine_listen(const struct kh_engine *engine, const char *stage)
{
	listening.sink = engine ? engine->sink : NULL;
	listening.stage = stage;
	kh_progress_listen(listening.sink ? hear : NULL, NULL);
}
