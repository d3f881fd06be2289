/* safe_text.h - texts of a host in places where a character can be an order.
 *
 * What a host says of itself (its name, a label, a line of a file) goes to terminals, web pages and
 * XML. Here it loses what these would act upon, and bytes that are no UTF-8: each becomes U+FFFD,
 * or '?' where only ASCII can be shown.
 */
#ifndef KH_SAFE_TEXT_H
#define KH_SAFE_TEXT_H

#include <stdbool.h>

#include "core/base/str.h"

/* Append as text or as a quoted attribute of HTML 5 and XML 1.0: & < > " ' are escaped, control
 * characters (but newline and tab) and those that turn the direction of writing are replaced, and
 * so is what XML does not have at all. NULL adds nothing.
 * Source: XML 1.0, 2.2 (Char); HTML, 13.1.3; Unicode 9, annex 9 (explicit directional formatting).
 */
void kh_safe_add_markup(struct kh_str *out, const char *text);

/* One line for a terminal: no control characters at all, newlines and tabs become blanks. Owned.
 * Source: ECMA-48, 5.2 and 5.3 (C0 and C1). */
char *kh_safe_line(const char *text, bool is_utf8);

#endif
