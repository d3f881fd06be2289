/* ini.h - files of sections and KEY=VALUE lines (systemd units, NetworkManager keyfiles, ifcfg), as
 * raw lines that can be put together again byte for byte.
 *
 * Sources: systemd.syntax(7), nm-settings-keyfile(5). In ifcfg files there are no sections.
 */
#ifndef KH_NET_INI_H
#define KH_NET_INI_H

#include <stdbool.h>

#include "core/base/str.h"

struct kh_ini_line {
	char *raw;      /* with its newline, and continuation lines */
	char *section;  /* it stands in: "Network"; "" before the first */
	int block;      /* number of the section header it follows: 0 before the first */
	bool is_header; /* "[Network]" */
	char *key;      /* of an assignment, otherwise NULL */
	char *value;    /* trimmed */
};

struct kh_ini {
	struct kh_ini_line *lines;
	size_t line_count;
};

void kh_ini_parse(const char *text, struct kh_ini *ret_ini);
void kh_ini_done(struct kh_ini *ini);

/* The value of the last assignment, or NULL. */
const char *kh_ini_get(const struct kh_ini *ini, const char *section, const char *key);
bool kh_ini_has_section(const struct kh_ini *ini, const char *section);
/* Whether the text says yes: "1", "yes", "true", "on", in any case. */
bool kh_ini_is_true(const char *value);
/* Whether the line says nothing. */
bool kh_ini_is_blank(const struct kh_ini_line *line);
/* Add a line as it stands; the last one of a file may lack its newline and gets one. */
void kh_ini_add_raw(struct kh_str *str, const char *raw);

#endif
