/* replay.h - the main of a fuzz program that is not built with libFuzzer: it replays inputs.
 *
 *     fuzz_NAME [--mutate N] [FILE | DIRECTORY]...    none: the program's corpus
 *
 * Left out under KH_LIBFUZZER, which brings a main of its own.
 */
#ifndef TESTS_REPLAY_H
#define TESTS_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

/* The entry that libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
	int (*run)(const uint8_t *data, size_t size);
	const char *corpus; /* directory below the project's root */
	long mutations; /* edits of the inputs, always the same, to run besides; --mutate wins */
};

/* Returns what main returns: 0, or 2 when there is no input. A file that cannot be read ends the
 * program with 2. */
int replay_main(const struct replay *replay, int argc, char **argv);

/* All of a file; ends the program with 2 when it cannot be read. */
void replay_read(const char *path, struct kh_str *ret_bytes);

#endif
