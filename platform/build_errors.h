/* build_errors.h - which lines of a build's output say what went wrong.
 *
 * A parallel build prints much after its first error. Kept are the first lines that compilers,
 * linkers, assemblers, meson and configure mark as errors, and the system's "No space left on
 * device" and "Killed"; where there is none, what make and ninja say about the step that failed;
 * where there is not even that, the last lines. The very first error comes with what the compiler
 * prints around it: the function it is in, the files that included it, the source with its caret.
 * Source: GCC manual, "Options to Control Diagnostic Messages Formatting".
 */
#ifndef KH_PLATFORM_BUILD_ERRORS_H
#define KH_PLATFORM_BUILD_ERRORS_H

#include "core/base/str.h"

enum { KH_BUILD_ERRORS_MOST = 5, KH_BUILD_CONTEXT_MOST = 6 };

struct kh_build_errors {
	struct kh_strv real;          /* the first ones */
	struct kh_strv before, after; /* around the first of these */
	bool is_after_first;          /* the lines that come now may belong to it */
	struct kh_strv of_make;
	struct kh_strv last;
};

void kh_build_errors_take(struct kh_build_errors *errors, const char *line);
/* Those to show, a line each, indented by two; "" when there was no output. Owned. */
char *kh_build_errors_text(const struct kh_build_errors *errors);
void kh_build_errors_done(struct kh_build_errors *errors);

#endif
