/* event.h - what the worker tells kvmhost: JSON lines on standard output (job.h lists them). */
#ifndef KH_FETCH_EVENT_H
#define KH_FETCH_EVENT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

/* Written at most five times a second. of: -1 when not known. */
void kh_event_progress(long long done, long long of);
void kh_event_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kh_event_kept_is_wrong(void);    /* the kept file has to go */
void kh_event_result(json_t *result); /* takes it over */
void kh_event_error(const struct kh_error *err, bool is_absent);

long long kh_event_now_ms(void); /* of a clock that only goes forward */

#endif
