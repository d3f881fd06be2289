/* markup.h - is a page or an XML file what it should be: tags that close, and nothing but tags and
 * escaped text? A strict reader of the little that kvmhost writes, not of HTML in general. */
#ifndef TESTS_MARKUP_H
#define TESTS_MARKUP_H

/* NULL: it is sound. Otherwise what is wrong, with the place; owned. Sound: every tag's name is in
 * the list (separated by blanks), its attributes are NAME="VALUE" with nothing to escape in VALUE,
 * tags close in order (meta and those with a slash do not need to), '&' begins one of the five
 * entities, and there are no control characters. What is between <style> and </style> is left
 * out. */
char *markup_fault(const char *text, const char *tags);

#endif
