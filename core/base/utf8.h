/* utf8.h - UTF-8 text, character by character. */
#ifndef KH_BASE_UTF8_H
#define KH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Of a text that ends with NUL as many may be looked at. */
enum { KH_UTF8_LONGEST = 4 };

/* Bytes of the character at text (left bytes are there, at least 1), and its code point. 0, and
 * *ret_code as it was, when these bytes are no character: cut off, longer than need be, a
 * surrogate, above U+10FFFF. NUL is one. Source: RFC 3629, sections 3 and 4. */
size_t kh_utf8_at(const char *text, size_t left, unsigned *ret_code);

/* Does it show as itself? No: C0 and C1 controls (newline and tab too), line and paragraph
 * separators, marks and overrides that turn the direction of what follows (Unicode Technical
 * Report 36, "bidirectional text spoofing"), the byte order mark, U+FFFE and U+FFFF. */
bool kh_utf8_is_plain(unsigned code);

#endif
