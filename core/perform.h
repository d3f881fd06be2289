/* perform.h - make one change real; the engine journals around it.
 *
 * details (may stay NULL) gets what only doing showed: which modules came ("loaded"), what a
 * counted value became ("obtained"). warning gets a text when less was obtained than asked for.
 */
#ifndef KH_PERFORM_H
#define KH_PERFORM_H

#include <jansson.h>

#include "core/base/run.h"
#include "core/plan.h"

int kh_perform(const struct kh_root *root, struct kh_runner *runner, const struct kh_change *change,
	       json_t **ret_details, char **ret_warning, struct kh_error *err);

enum { KH_PERFORM_TIMEOUT_S = 1200 };

#endif
