/* stop.h - Ctrl-C and SIGTERM: the wish to stop, which long work asks for between its steps.
 *
 * A command that changes a host or works for hours calls kh_stop_watch() first. The first signal is
 * then only noted: the engine stops after the change under way (a package manager cut off half-way
 * leaves more to mend than it would have taken to wait for it), what fills the store (builds,
 * downloads) ends at once. A second signal ends the program as if nobody watched: the journal makes
 * that safe, too. Without kh_stop_watch() nothing is ever noted.
 *
 * Whoever sees the wish fails with kh_stop_fail(), so that it is told on the way up what was left.
 */
#ifndef KH_BASE_STOP_H
#define KH_BASE_STOP_H

#include <stdbool.h>

#include "core/base/error.h"

/* Note SIGINT and SIGTERM from now on. One that is ignored already (a job in the background of a
 * shell, nohup) stays ignored. */
void kh_stop_watch(void);
bool kh_stop_is_wanted(void);
int kh_stop_signal(void); /* the signal that was noted, or 0 */
/* As a signal would have it; 0: forget the wish. For tests, and for what stops by itself. */
void kh_stop_want(int signal);
const char *kh_stop_name(void); /* "SIGINT", "SIGTERM"; "" without a wish */
/* Fills err (KH_SYSTEM): "stopped by SIGINT". Returns -1. */
int kh_stop_fail(struct kh_error *err);
/* 0, or kh_stop_fail() when the wish is there. */
int kh_stop_check(struct kh_error *err);

#endif
