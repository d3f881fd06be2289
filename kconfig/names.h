/* names.h - words to small numbers: each word is kept once and numbered from 0 in order of arrival.
 *
 * Kconfig files use some fifty thousand words, a .config ten thousand names: what belongs to a name
 * lies in an array under its number. Start zeroed, end with kh_names_done().
 */
#ifndef KH_KCONFIG_NAMES_H
#define KH_KCONFIG_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct kh_names {
	char **items; /* by number */
	size_t count;
	uint32_t *slots; /* number + 1; 0: free */
	size_t slot_count;
};

/* The number of the word, which is added if it is new. */
size_t kh_names_put(struct kh_names *names, const char *word, size_t length);
/* The number of the word, or -1. */
long kh_names_find(const struct kh_names *names, const char *word);
void kh_names_done(struct kh_names *names);

#endif
