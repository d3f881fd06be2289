/* config_key_find.c - questions to the key table: see config_keys.h. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/config_keys.h"

const struct kh_config_key *kh_config_key_in(const struct kh_config_key *table, const char *name,
					     size_t length)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == length && memcmp(table->name, name, length) == 0)
			return table;
	return NULL;
}

const struct kh_config_key *kh_config_key_find(const char *dotted, const char **ret_rest)
{
	const struct kh_config_key *table = kh_config_keys, *key;
	for (;;) {
		size_t length = strcspn(dotted, ".");
		key = kh_config_key_in(table, dotted, length);
		dotted += length;
		if (!key || *dotted == '\0')
			break;
		dotted++;
		if (key->type == KH_KEY_SYSCTL || key->type == KH_KEY_OPTIONS)
			break;
		table = key->nested;
	}
	if (ret_rest)
		*ret_rest = dotted;
	return key;
}

/* The section that has a key of this name, or NULL. */
static const struct kh_config_key *owner_of(const char *name)
{
	for (const struct kh_config_key *section = kh_config_keys; section->name; section++)
		if (kh_config_key_in(section->nested, name, strlen(name)))
			return section;
	return NULL;
}

/* "a, b or c": last is " or ". */
static void add_words(struct kh_str *str, const char *const *words, size_t count, const char *last)
{
	for (size_t i = 0; i < count; i++) {
		const char *before = i == 0 ? "" : i + 1 == count ? last : ", ";
		kh_str_addf(str, "%s%s", before, words[i]);
	}
}

enum { MOST_KEYS = 24 };

static size_t names_of(const struct kh_config_key *table, const char *ret_names[MOST_KEYS])
{
	size_t count = 0;
	for (; table && table->name && count < MOST_KEYS; table++)
		ret_names[count++] = table->name;
	return count;
}

char *kh_config_key_hint(const struct kh_config_key *table, const char *name)
{
	const char *colon = strchr(name, ':');
	if (colon && kh_config_key_in(table, name, (size_t)(colon - name)))
		return kh_strdup("a space is missing after ':'");
	const char *names[MOST_KEYS];
	size_t count = names_of(table, names);
	const char *nearest = kh_str_nearest(name, names, count);
	if (nearest)
		return kh_printf("did you mean '%s'?", nearest);
	const struct kh_config_key *owner = owner_of(name);
	if (owner && owner->nested != table)
		return kh_printf("'%s' belongs below '%s'", name, owner->name);
	if (table == kh_config_keys && strchr(name, '.') && kh_config_key_find(name, NULL))
		return kh_strdup(
			"in a file each '.' is a level: the next key goes below, indented");
	bool is_section =
		table != kh_config_keys && kh_config_key_in(kh_config_keys, name, strlen(name));
	if (is_section)
		return kh_printf("'%s' is a section: it starts at the left edge", name);
	struct kh_str hint = {0};
	kh_str_add(&hint, "known here: ");
	add_words(&hint, names, count, ", ");
	return kh_str_take(&hint);
}

char *kh_config_key_hint_dotted(const char *dotted)
{
	const struct kh_config_key *table = kh_config_keys, *key = NULL;
	for (;;) {
		size_t length = strcspn(dotted, ".");
		const struct kh_config_key *next = kh_config_key_in(table, dotted, length);
		if (!next)
			break;
		key = next;
		table = key->nested;
		dotted += length + (dotted[length] == '.');
	}
	if (!table)
		return kh_printf("'%s' has no keys below it", key->name);
	kh_auto(kh_free) char *name = kh_strndup(dotted, strcspn(dotted, "."));
	return kh_config_key_hint(table, name);
}

char *kh_config_key_below(const struct kh_config_key *key, const char *name)
{
	return kh_printf("%s%s.", name, key->type == KH_KEY_POOLS ? "[]" : "");
}

static char *words_of(const char *const *choices, const char *more)
{
	const char *words[MOST_KEYS];
	size_t count = 0;
	for (; choices && *choices && count + 1 < MOST_KEYS; choices++)
		words[count++] = *choices;
	if (more)
		words[count++] = more;
	struct kh_str text = {0};
	add_words(&text, words, count, " or ");
	return kh_str_take(&text);
}

static char *range_of(const struct kh_config_key *key)
{
	if (key->type == KH_KEY_NUMBER)
		return kh_printf("a whole number from %lld to %lld %s", key->min, key->max,
				 key->unit);
	kh_auto(kh_free) char *least = kh_str_size_text((unsigned long long)key->min);
	kh_auto(kh_free) char *most = kh_str_size_text((unsigned long long)key->max);
	return kh_printf("a size from %s to %s", least, most);
}

char *kh_config_key_accepts(const struct kh_config_key *key)
{
	switch (key->type) {
	case KH_KEY_BOOL:
		return kh_strdup("true or false");
	case KH_KEY_CHOICE:
		return words_of(key->choices, NULL);
	case KH_KEY_SIZE:
		return key->choices ? words_of(key->choices, NULL) : range_of(key);
	case KH_KEY_NUMBER:
		return range_of(key);
	case KH_KEY_TEXT:
		return kh_strdup(key->item);
	case KH_KEY_LIST:
		if (key->choices)
			return kh_printf("list of %ss", key->item);
		return kh_printf(key->takes_one ? "%s, or a list of them" : "list, each item: %s",
				 key->item);
	case KH_KEY_ADDRESS:
		return words_of(key->choices, "a mapping with the keys below");
	case KH_KEY_OPTIONS:
		return kh_strdup("mapping, MODULE: {NAME: VALUE}");
	case KH_KEY_SYSCTL:
		return kh_strdup("mapping, NAME: VALUE");
	case KH_KEY_POOLS:
		return kh_strdup("list of mappings with the keys below");
	case KH_KEY_SECTION:
		break;
	}
	return kh_strdup(KH_WORD("mapping"));
}
