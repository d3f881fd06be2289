/* stanza.h - the paragraphs of Debian's control files: .dsc, Sources, Release, deb822 .sources.
 *
 * Written by hand because libapt-pkg is C++. Source: deb822(5): fields "Name: value", names without
 * regard to case, lines that go on begin with a blank or tab, paragraphs end at an empty line,
 * lines that begin with '#' are comments. Values keep their lines, each without its indentation.
 */
#ifndef KH_STANZA_H
#define KH_STANZA_H

#include <stddef.h>

struct kh_stanza_field {
	char *name;
	char *value; /* first line, then "\n" and the further ones */
	size_t line; /* where it begins, from 1 */
};

struct kh_stanza {
	struct kh_stanza_field *fields;
	size_t count;
};

/* The next paragraph of *at, which moves on behind it; *line counts the lines that were passed
 * (start with 0). Returns 0; 1 at the end of the text. What is no field is passed over. */
int kh_stanza_next(const char **at, size_t *line, struct kh_stanza *ret_stanza);
/* NULL: no such field. */
const char *kh_stanza_get(const struct kh_stanza *stanza, const char *name);
void kh_stanza_done(struct kh_stanza *stanza);

#endif
