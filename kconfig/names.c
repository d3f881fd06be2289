/* names.c - see names.h: an open hash table of numbers, never more than half full. */
#include "kconfig/names.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static size_t hash(const char *word, size_t length)
{
	uint64_t value = 0xcbf29ce484222325U; /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)word[i]) * 0x100000001b3U;
	return (size_t)(value ^ (value >> 32));
}

/* The slot that holds the word, or the free one where it belongs. */
static uint32_t *find_slot(const struct kh_names *names, const char *word, size_t length)
{
	size_t mask = names->slot_count - 1;
	for (size_t at = hash(word, length) & mask;; at = (at + 1) & mask) {
		uint32_t *slot = &names->slots[at];
		if (*slot == 0)
			return slot;
		const char *here = names->items[*slot - 1];
		if (strncmp(here, word, length) == 0 && here[length] == '\0')
			return slot;
	}
}

static void make_room(struct kh_names *names)
{
	if (2 * (names->count + 1) <= names->slot_count)
		return;
	free(names->slots);
	names->slot_count = names->slot_count ? 2 * names->slot_count : 64;
	names->slots = kh_alloc(names->slot_count * sizeof(*names->slots));
	for (size_t i = 0; i < names->count; i++)
		*find_slot(names, names->items[i], strlen(names->items[i])) = (uint32_t)i + 1;
}

size_t kh_names_put(struct kh_names *names, const char *word, size_t length)
{
	make_room(names);
	uint32_t *slot = find_slot(names, word, length);
	if (*slot == 0) {
		*kh_append(names->items, names->count) = kh_strndup(word, length);
		*slot = (uint32_t)names->count;
	}
	return *slot - 1;
}

long kh_names_find(const struct kh_names *names, const char *word)
{
	if (names->slot_count == 0)
		return -1;
	return (long)*find_slot(names, word, strlen(word)) - 1;
}

void kh_names_done(struct kh_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	free(names->slots);
	*names = (struct kh_names){0};
}
