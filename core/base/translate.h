/* translate.h - messages in the reader's language, while all data stays English.
 *
 * Whatever is compared, journalled, put into JSON or searched by a test is English. What a person
 * reads is translated where it is shown, and nowhere else:
 *
 *     fprintf(stderr, "kvmhost: %s\n", kh_translated(err->message));
 *
 * A message is mostly put together long before that, from a format and names. So whoever formats
 * (kh_printf(), kh_str_addf() and what is made of them) keeps the pair of the English text and what
 * it is in the other language, as soon as a catalogue is in use; kh_translated() finds it by the
 * English text. Arguments that are messages themselves are translated on the way. Without a
 * catalogue nothing of this happens.
 *
 * Catalogues are GNU gettext's, chosen by LANGUAGE, LC_ALL, LC_MESSAGES and LANG as gettext(3)
 * says. tools/messages says what is in them. The locale of the process stays "C": what is read and
 * written by this program does not depend on the reader.
 */
#ifndef KH_BASE_TRANSLATE_H
#define KH_BASE_TRANSLATE_H

#include <stdarg.h>
#include <stdbool.h>

/* A single word that is shown: tools/messages takes only what has two words by itself. Not for
 * words that are also names or part of command lines ("bridge", "install"): as arguments of other
 * messages these stay as they are. */
#define KH_WORD(text) (text)

/* Use the catalogue in DIRECTORY/LOCALE/LC_MESSAGES/kvmhost.mo, if there is one for this locale and
 * the locale's characters are UTF-8. Returns whether. */
bool kh_translate_start(const char *directory);
/* The language in use ("zh_CN", from the catalogue's header), or NULL: English. */
const char *kh_translate_language(void);
/* Where its catalogue was found; NULL: English. */
const char *kh_translate_directory(void);
void kh_translate_end(void);

/* What to show instead of the English text: text itself when nothing better is known. The result
 * lives until kh_translate_end(). NULL gives NULL. */
const char *kh_translated(const char *text);

/* ---- for those who format ---- */

/* Is there a reader of another language, and is this not the work for one? */
bool kh_translate_is_on(void);
/* english is what format and args gave. */
void kh_translate_format(const char *english, const char *format, va_list args);
void kh_translate_pair(const char *english, const char *shown);
/* english is strerror(number). */
void kh_translate_errno(const char *english, int number);

#endif
