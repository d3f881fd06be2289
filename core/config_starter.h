/* config_starter.h - this host's numbers beside the keys of a starter file; shared by its two
 * files.
 */
#ifndef KH_CONFIG_STARTER_H
#define KH_CONFIG_STARTER_H

#include "core/base/str.h"
#include "core/facts.h"

/* Comment lines for a dotted key: what its choices come to on this host; nothing for most keys. */
void kh_starter_note(struct kh_str *str, const char *key, const struct kh_facts *facts);
/* A text found on the host as part of a comment: one line of harmless characters. Owned. */
char *kh_starter_harmless(const char *text);
/* The link with the default route, or NULL. */
const struct kh_facts_link *kh_starter_link(const struct kh_facts *facts);

#endif
