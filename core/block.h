/* block.h - our lines in a file that belongs to somebody else.
 *
 * In /etc/fstab and /etc/rc.local our lines stand between "# kvmhost: begin" and "# kvmhost: end".
 * Every other byte stays, a missing final newline included; taking the block out again gives the
 * text from before byte for byte.
 */
#ifndef KH_BLOCK_H
#define KH_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct kh_block {
	bool is_present;
	size_t start, end; /* bytes of the text: from the begin line up to after the end line */
	int line;          /* of the begin line, from 1 */
};

/* Errors (KH_HOST; path is for the message): a begin without an end, an end without a begin, two
 * blocks. Somebody edited our lines: what is theirs is not ours to guess. */
int kh_block_find(const char *path, const char *text, struct kh_block *ret_block,
		  struct kh_error *err);

/* The text with the block replaced by one that holds these lines (each with its newline), or put in
 * at offset (the start of a line, or the end) where there is none. lines "" takes the block out.
 * Owned by the caller. */
char *kh_block_put(const char *text, const struct kh_block *block, size_t offset,
		   const char *lines);

#endif
