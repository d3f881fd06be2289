/* default_lex.h - where the words, quotes and expansions of a shell file end, and what they say.
 *
 * For the files behind default_file.h alone. Nothing is expanded; what is not closed reaches to the
 * end of the text. Source: POSIX shell command language 2.2, 2.3, 2.6.
 */
#ifndef KH_GRUB_DEFAULT_LEX_H
#define KH_GRUB_DEFAULT_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"
#include "grub/default_file.h"

struct kh_default_cursor {
	const char *text;
	size_t at;
	int line;
	int depth; /* of expansions that are being skipped */
};

/* One character on, the line counted; stays at the end. */
void kh_default_step(struct kh_default_cursor *cursor);
/* Past one shell word, quotes and expansions included; it ends at a blank or an operator. */
void kh_default_skip_word(struct kh_default_cursor *cursor);
/* The length of the expansion at text ($NAME, ${…}, $(…), `…`), or 0: there is none. is_quoted: it
 * stands inside "…". */
size_t kh_default_expansion_length(const char *text, bool is_quoted);
/* A raw value without its quotes, appended to plain; references to NAME ("$NAME", "${NAME:+…}", …)
 * become what they give when it holds `before`; others stay as they are written. */
void kh_default_add_plain(struct kh_str *plain, const char *raw, size_t length, const char *name,
			  const char *before);

/* Does its value say "$NAME" of its own NAME? */
bool kh_default_refers_to_itself(const char *text, const struct kh_default_assignment *one);

#endif
