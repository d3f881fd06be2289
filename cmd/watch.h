/* watch.h - what output.c and watch.c share: who prints on standard error, and how.
 *
 * One of three ways, chosen once: on a terminal, lines and below them one that is written over;
 * with
 * --json, one JSON object a line (docs/events.md); otherwise plain lines that begin with the time.
 */
#ifndef KH_WATCH_H
#define KH_WATCH_H

#include <jansson.h>
#include <stdbool.h>

/* From now on everything on standard error is a JSON line: --json. */
void kh_watch_use_json(void);
bool kh_watch_is_json(void);
/* Take the live line away, so that something else can be printed. */
void kh_watch_clear(void);
/* {"v": 1, "time": ..., "event": NAME} and what the object has; takes the reference over. */
void kh_watch_print_json(const char *event, json_t *object);
/* The time at the beginning of a plain line, with a space; "" on a terminal, and where the system's
 * journal notes it anyway. Static. */
const char *kh_watch_stamp(void);

/* The account of time: add what a stage took, and tell it all, once. */
void kh_spent_add(const char *stage, long long ms);
void kh_spent_print(long long all_ms, bool is_quiet);

#endif
