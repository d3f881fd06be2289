/* event.c - see event.h. */
#include "fetch/event.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/redact.h"
#include "core/base/sys.h"

long long kh_event_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Nobody reads any more when kvmhost has ended; then the worker is ended, too. */
static void tell(json_t *event)
{
	kh_auto(kh_free) char *text = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);
	kh_auto(kh_free) char *line = kh_printf("%s\n", text);
	json_decref(event);
	if (kh_sys_write_all(STDOUT_FILENO, line, strlen(line), "standard output") != 0)
		_exit(KH_SYSTEM);
}

void kh_event_progress(long long done, long long of)
{
	static long long last_ms;
	long long now_ms = kh_event_now_ms();
	if (last_ms > 0 && now_ms - last_ms < 200)
		return;
	last_ms = now_ms;
	tell(json_pack("{s:s, s:I, s:I}", "event", "progress", "done", (json_int_t)done, "of",
		       (json_int_t)of));
}

void kh_event_note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *text = kh_vprintf(format, args);
	va_end(args);
	json_t *event = json_pack("{s:s}", "event", "note");
	kh_json_put_message(event, "text", text, kh_redact);
	tell(event);
}

void kh_event_kept_is_wrong(void)
{
	tell(json_pack("{s:s}", "event", "kept is wrong"));
}

void kh_event_result(json_t *result)
{
	json_object_set_new(result, "event", json_string("result"));
	tell(result);
}

void kh_event_error(const struct kh_error *err, bool is_absent)
{
	json_t *event = json_pack("{s:s, s:b, s:i}", "event", "error", "is_absent", is_absent,
				  "code", (int)err->code);
	/* libcurl quotes a bad proxy, with its password */
	kh_json_put_message(event, "message", err->message, kh_redact);
	kh_json_put_message(event, "hint", err->hint ? err->hint : "", kh_redact);
	tell(event);
}
