/* config_keys.h - the key table: one row per configuration key.
 *
 * A row says everything about a key once; the parser (config_parse.c), the JSON form, `kvmhost help
 * config`, the starter file, kvmhost.yaml(5) and the JSON Schema are made from it. To add a key: a
 * member in config.h, a row in config_keys.c.
 */
#ifndef KH_CONFIG_KEYS_H
#define KH_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

enum kh_key_type {                 /* member at .offset */
		   KH_KEY_SECTION, /* (none): the members of .nested */
		   KH_KEY_BOOL,    /* bool */
		   KH_KEY_NUMBER,  /* long long, min..max */
		   KH_KEY_CHOICE,  /* an enum: the index of the word in .choices */
		   KH_KEY_SIZE,    /* uint64_t, bytes: one of .choices ("auto" is 0), or any of
				      min..max */
		   KH_KEY_TEXT,    /* char * that passes .check */
		   KH_KEY_LIST,    /* struct kh_strv whose items pass .check */
		   KH_KEY_ADDRESS, /* bridge.address: .choices, or the keys of .nested */
		   KH_KEY_OPTIONS, /* modules.options: MODULE: {NAME: VALUE} */
		   KH_KEY_SYSCTL,  /* sysctl: {NAME: VALUE} */
		   KH_KEY_POOLS, /* hugepages.pools: a list of mappings with the keys of .nested */
};

struct kh_config_key {
	const char *name;
	enum kh_key_type type;
	size_t offset; /* in struct kh_config; for keys of a pool in struct kh_config_pool */
	const struct kh_config_key *nested; /* ends with a NULL name */
	const char *const *choices;         /* ends with NULL */
	long long min, max;
	const char *unit; /* of the number, as in "5 to 3600 seconds" */
	/* TEXT, LIST: why text cannot be the value, or NULL: it can; then it may have been put in
	 * normal form (never longer). Without it: the words of .choices. */
	const char *(*check)(char *text);
	const char *item;     /* what a text or an item is: "module name" */
	bool is_optional;     /* TEXT: there may be none (NULL) */
	bool takes_one;       /* LIST: a single item may stand without brackets */
	const char *fallback; /* the default, as YAML; NULL: none */
	const char *example;  /* a value worth showing, as YAML, or NULL */
	const char *doc;      /* one or two sentences */
};

extern const struct kh_config_key kh_config_keys[]; /* the sections; ends with a NULL name */
/* Of the sections about what is built from source (config_keys_platform.c). */
extern const struct kh_config_key kh_config_sources_keys[], kh_config_build_keys[],
	kh_config_kernel_keys[], kh_config_qemu_keys[], kh_config_libvirt_keys[];
/* Of the sections about memory (config_keys_memory.c). */
extern const struct kh_config_key kh_config_hugepages_keys[], kh_config_ksm_keys[];

/* The row of a dotted key ("bridge.stp", "hugepages.pools.size"), or NULL. For a name below
 * `sysctl` or `modules.options` the row of these, and *ret_rest (may be NULL) is that name,
 * otherwise "". */
const struct kh_config_key *kh_config_key_find(const char *dotted, const char **ret_rest);
/* The row called name[0..length) in a table, or NULL. */
const struct kh_config_key *kh_config_key_in(const struct kh_config_key *table, const char *name,
					     size_t length);
/* What was probably meant by an unknown name in a table: "did you mean 'count'?", "'stp' belongs
 * below 'bridge'", or the keys there are. Owned by the caller. */
char *kh_config_key_hint(const struct kh_config_key *table, const char *name);
/* The same for a dotted key that is not there: of its first part that is unknown. */
char *kh_config_key_hint_dotted(const char *dotted);
/* What the names of the keys below one begin with, which is called name: "bridge.address.",
 * "hugepages.pools[]." Owned by the caller. */
char *kh_config_key_below(const struct kh_config_key *key, const char *name);
/* The values a key takes, in words: "true or false", "5 to 3600 seconds", "auto, on or off". Owned.
 */
char *kh_config_key_accepts(const struct kh_config_key *key);

#endif
