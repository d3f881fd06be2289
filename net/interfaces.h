/* interfaces.h - /etc/network/interfaces as text that can be put together again byte for byte.
 *
 * A file is a row of blocks: a stanza ("iface NAME FAMILY METHOD" and its option lines) or one
 * plain line (comments, blank lines, auto, allow-*, source, mapping with its lines). Every line
 * keeps its spacing, its continuation lines ("\" at the end) and its newline. Comments and blank
 * lines after the last option of a stanza are plain lines.
 *
 * Source: interfaces(5).
 */
#ifndef KH_NET_INTERFACES_H
#define KH_NET_INTERFACES_H

#include <stdbool.h>

#include "core/base/str.h"
#include "net/view.h"

struct kh_interfaces_block {
	struct kh_strv lines; /* raw; of a stanza the first one is the header */
	bool is_stanza;
	char *name, *family, *method; /* of a stanza; family and method may be "" */
};

struct kh_interfaces {
	struct kh_interfaces_block *blocks;
	size_t block_count;
};

void kh_interfaces_parse(const char *text, struct kh_interfaces *ret_interfaces);
void kh_interfaces_done(struct kh_interfaces *interfaces);

/* The words of a raw line, continuation and comment lines taken care of: "" lines have none. */
void kh_interfaces_words(const char *line, struct kh_strv *words);

/* /etc/network/interfaces and every file it reads through source and source-directory. What one of
 * them names is read in its midst: the places are all blocks in the order in which ifupdown meets
 * them, which is also the order of several stanzas of one name. */
struct kh_interfaces_place {
	size_t file, block;
};

struct kh_interfaces_set {
	struct kh_strv paths;
	struct kh_interfaces *files; /* one for each path */
	size_t file_count;
	struct kh_interfaces_place *places;
	size_t place_count;
};

void kh_interfaces_load(const struct kh_net_view *view, struct kh_interfaces_set *ret_set);
void kh_interfaces_set_done(struct kh_interfaces_set *set);
const struct kh_interfaces_block *kh_interfaces_at(const struct kh_interfaces_set *set,
						   size_t place);

#endif
