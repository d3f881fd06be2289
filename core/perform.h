/* perform.h - make one change real; the engine journals around it.
 *
 * details (may stay NULL) gets what only doing showed: which modules came ("loaded"), what a
 * counted value became ("obtained"). warning gets a text when less was obtained than asked for.
 */
#ifndef KH_PERFORM_H
#define KH_PERFORM_H

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>

#include "core/base/run.h"
#include "core/plan.h"

int kh_perform(const struct kh_root *root, struct kh_runner *runner, const struct kh_change *change,
	       json_t **ret_details, char **ret_warning, struct kh_error *err);

/* A file or directory could not be changed: what the operator can do, as a hint, where the errno
 * says it. Returns whether there is one. */
bool kh_perform_explain(struct kh_error *err);

/* err->sys of a change that was refused because its path is no longer what the plan showed: it did
 * nothing, and what is there now is somebody's own. (A tree may have made directories: it has not.)
 */
enum { KH_PERFORM_UNTOUCHED = ESTALE };

enum { KH_PERFORM_TIMEOUT_S = 1200 };

#endif
