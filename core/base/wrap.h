/* wrap.h - text broken into lines. */
#ifndef KH_BASE_WRAP_H
#define KH_BASE_WRAP_H

#include "core/base/str.h"

/* Append the words of text, of which the first stands at column `at`; a line is broken before the
 * width (columns) and goes on behind `prefix`. A word that fits nowhere stands alone, whole: it may
 * be a path or a command that somebody copies. Chinese and Japanese are broken between characters,
 * but not before what closes or after what opens. What it is in the reader's language is broken by
 * itself (translate.h).
 * Source: Unicode annex 14, the classes ID, CL, OP and SP only. */
void kh_wrap_add(struct kh_str *out, const char *text, const char *prefix, size_t at, size_t width);
/* The same for a whole line, at column 0; but one that fits stays as it is, with all its blanks. A
 * colour ("\033[...m") takes no columns. */
void kh_wrap_line(struct kh_str *out, const char *line, const char *prefix, size_t width);
/* An item of a list, with its newline: a label, and from `column` on the text. Where the label is
 * too long for that, or half of the width would be left, the text begins below it. */
void kh_wrap_item(struct kh_str *out, const char *label, size_t column, const char *text,
		  size_t width);

#endif
