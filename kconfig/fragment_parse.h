/* fragment_parse.h - the state of reading one fragment. Private to kconfig/fragment*.c. */
#ifndef KH_KCONFIG_FRAGMENT_PARSE_H
#define KH_KCONFIG_FRAGMENT_PARSE_H

#include "core/base/yaml.h"
#include "kconfig/fragment.h"
#include "kconfig/names.h"

struct kh_fragment_parser {
	struct kh_yaml source; /* name and text, for messages */
	char *text;            /* of the line that is read, without its end */
	int line;              /* its number, from 1 */
	struct kh_fragment *fragment;
	struct kh_names names; /* of fragment->lines, with the same numbers */
	int *given_in;         /* by the same number: the line of this file, or 0 */
	size_t given_count;
	struct kh_str why;               /* the comment above */
	struct kh_fragment_line pending; /* conditions for the option to come */
	int pending_line;                /* where they stand; 0: there are none */
};

/* Fail at a place in the line that is read; returns -1. */
int kh_fragment_fail(const struct kh_fragment_parser *parser, const char *at, struct kh_error *err,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What stands behind "#:", into parser->pending. */
int kh_fragment_parse_conditions(struct kh_fragment_parser *parser, char *text,
				 struct kh_error *err);
void kh_fragment_line_done(struct kh_fragment_line *line);

#endif
