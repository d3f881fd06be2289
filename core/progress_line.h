/* progress_line.h - the one line that shows a running task on a terminal, and words for its
 * numbers.
 *
 *     [kernel] [1240/2181] CC net/core/dev.o       ████████░░░░░░░   56 %  12:03 left
 *     [fetch] linux-6.12.tar.xz       ████░░░░░░░  31 %  44.1 of 141.2 MiB  8.3 MiB/s  0:11 left
 *
 * Pure text: who draws it where is cmd/watch.c. What does not fit goes, the least wanted first:
 * amounts, the bar, the rate, the time left; the text is cut last.
 */
#ifndef KH_PROGRESS_LINE_H
#define KH_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct kh_progress_view {
	const char *stage;
	const char *text;     /* what it is at; control characters are not shown */
	const char *unit;     /* NULL; "bytes" is shown as sizes, all else is counted */
	size_t done, count;   /* count 0: not known */
	size_t first;         /* done when watching began: a download that goes on */
	long long elapsed_ms; /* since then */
};

/* At most columns - 1 columns, so that no terminal wraps it. Owned. */
char *kh_progress_line(const struct kh_progress_view *view, size_t columns, bool is_utf8);
/* For logs: "1240 of 2181 steps, 56 %: CC net/core/dev.o", "44.1 of 141.2 MiB, 31 %: NAME". Owned.
 */
char *kh_progress_plain(const struct kh_progress_view *view);
/* Until the end, if it goes on as so far; -1: nobody can tell. */
long long kh_progress_left_ms(const struct kh_progress_view *view);
/* "0:09", "12:03", "1:02:03". Owned. */
char *kh_progress_clock(long long ms);
/* "9 s", "12 min 3 s", "1 h 2 min". Owned. */
char *kh_progress_duration(long long ms);

#endif
