/* translate_format.h - printf(3) with the format of another language. */
#ifndef KH_BASE_TRANSLATE_FORMAT_H
#define KH_BASE_TRANSLATE_FORMAT_H

#include <stdarg.h>

/* What printf(FORMAT, args) prints when FORMAT is said as SHOWN, whose directives may be numbered
 * ("%2$s") and then be in another order, or fewer. Texts among the arguments go through
 * kh_translated(). Owned; NULL where FORMAT has a directive that no message of ours has (%n, %m,
 * more than 16 of them), or SHOWN names one that FORMAT has not. */
char *kh_translate_formatted(const char *format, const char *shown, va_list args);

#endif
