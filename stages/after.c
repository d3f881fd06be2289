/* after.c - what most stages come after; a file of its own, so that a test of one stage does not
 * pull in the list of all. */
#include "stages/stages.h"

const char *const kh_after_preflight[] = {"preflight", NULL};
