/* columns.h - how wide a text is on a terminal. */
#ifndef KH_BASE_COLUMNS_H
#define KH_BASE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/* The character (UTF-8) at text: its bytes in *ret_length, and the columns it takes: 1, 2 when it
 * is wide, 0 when it only adds to the one before. A byte that begins no character counts for one.
 * Source: Unicode 15, EastAsianWidth.txt (W and F) and the combining blocks, by block. */
size_t kh_columns_at(const char *text, size_t *ret_length);
size_t kh_columns(const char *text);
/* Of the first bytes of it. */
size_t kh_columns_of(const char *text, size_t length);

#endif
