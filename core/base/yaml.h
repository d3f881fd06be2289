/* yaml.h - YAML text as a tree of nodes that know their line and column (libyaml does the parsing).
 *
 * For files that people write by hand: what libyaml accepts silently and a person does not mean is
 * an error here (duplicate keys, anchors, aliases, tags, several documents), and so is what could
 * make a reader slow (more than 1 MiB, 16 levels, 10000 values). Every message reads
 *
 *     kvmhost.yaml:3:3: unknown key 'cuont'
 *       cuont: 5
 *       ^
 *
 * and libyaml's own messages are turned into sentences that say what to do. Scalars stay text:
 * what a scalar means is decided by who asks. Order of calls: kh_yaml_load, look at .top, complain
 * with kh_yaml_fail, kh_yaml_done.
 */
#ifndef KH_BASE_YAML_H
#define KH_BASE_YAML_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/str.h"

enum kh_yaml_kind {
	KH_YAML_NULL,   /* nothing, ~ or null */
	KH_YAML_SCALAR, /* .text */
	KH_YAML_LIST,   /* .items */
	KH_YAML_MAP,    /* .items, each with a .key */
};

struct kh_yaml_node {
	enum kh_yaml_kind kind;
	int line, column; /* from 1; columns are characters */
	char *text;       /* scalars; never holds a NUL character */
	bool is_quoted;   /* scalars: in quotes or a block: surely meant as text */
	char *key;        /* of a value in a mapping, else NULL */
	int key_line, key_column;
	struct kh_yaml_node **items;
	size_t item_count;
};

enum { KH_YAML_BYTES = 1 << 20, KH_YAML_DEPTH = 16, KH_YAML_NODES = 10000 };

struct kh_yaml {
	char *name; /* of the source, in messages */
	/* NULL for a file. For a value from the command line what stands in front of it there
	 * ("bridge.stp="): it is shown with it, and messages carry no line and column. */
	char *lead;
	enum kh_code code; /* of errors in this source */
	char *text;
	struct kh_yaml_node *top; /* never NULL after kh_yaml_load; KH_YAML_NULL: nothing in it */
};

/* Read text (length bytes, which may be anything) into ret_yaml. lead: see above, or NULL.
 * Errors: KH_CONFIG for a file, KH_USAGE for the command line. A UTF-8 byte order mark and CR LF
 * line ends are fine. */
int kh_yaml_load(const char *name, const char *lead, const char *text, size_t length,
		 struct kh_yaml *ret_yaml, struct kh_error *err);
void kh_yaml_done(struct kh_yaml *yaml);

/* Fill err with "NAME:LINE:COLUMN: what", the source line and a caret; return -1. */
int kh_yaml_fail(const struct kh_yaml *yaml, int line, int column, struct kh_error *err,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
int kh_yaml_vfail(const struct kh_yaml *yaml, int line, int column, struct kh_error *err,
		  const char *format, va_list args) __attribute__((format(printf, 5, 0)));

/* "kvmhost.yaml:9:8", or the name alone for the command line. Owned by the caller. */
char *kh_yaml_where(const struct kh_yaml *yaml, const struct kh_yaml_node *node);
/* The value of a key, or NULL: not there, or not a mapping. */
const struct kh_yaml_node *kh_yaml_get(const struct kh_yaml_node *map, const char *key);
/* Text in single quotes, fit for a terminal: control characters replaced, cut when long. Owned. */
char *kh_yaml_quote(const char *text);

#endif
