/* journal_private.h - what journal.c, journal_kept.c and journal_install.c share. */
#ifndef KH_JOURNAL_PRIVATE_H
#define KH_JOURNAL_PRIVATE_H

#include "core/install.h"
#include "core/journal.h"

/* A state as JSON; copy: the name of its kept copy, for regular files. */
json_t *kh_journal_describe_state(const struct kh_file_state *state, const char *copy);

/* Keep all that a tree will replace or remove, and write its entries beside the journal: their name
 * and digest go into the intent. directory: of the run. */
int kh_journal_keep_install(const struct kh_root *root, const char *directory, size_t number,
			    const struct kh_install *install, json_t *intent, struct kh_error *err);

#endif
