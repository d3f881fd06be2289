/* config_json.c - the configuration as JSON, in the shape of the YAML file: loading it gives the
 * same configuration again. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "core/config_keys.h"

static json_t *list_json(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *table_json(const struct kh_config_key *table, const void *base);

static json_t *address_json(const struct kh_config_key *key, const struct kh_config *config)
{
	enum kh_address_mode mode = config->bridge.address_mode;
	return mode == KH_ADDRESS_STATIC ? table_json(key->nested, config)
					 : json_string(key->choices[mode]);
}

static json_t *options_json(const struct kh_config_modules *modules)
{
	json_t *object = json_object();
	for (size_t i = 0; i < modules->option_count; i++) {
		const struct kh_config_option *option = &modules->options[i];
		json_t *module = json_object_get(object, option->module);
		if (!module) {
			module = json_object();
			json_object_set_new(object, option->module, module);
		}
		json_object_set_new(module, option->name, json_string(option->value));
	}
	return object;
}

static json_t *sysctl_json(const struct kh_config *config)
{
	json_t *object = json_object();
	for (size_t i = 0; i < config->sysctl_count; i++)
		json_object_set_new(object, config->sysctl[i].name,
				    json_string(config->sysctl[i].value));
	return object;
}

/* Of the keys of a pool those that were given: which of the amounts it is shows in the JSON. */
static json_t *pool_json(const struct kh_config_key *key, const struct kh_config_pool *pool)
{
	json_t *object = table_json(key->nested, pool);
	if (pool->amount != KH_POOL_COUNT)
		json_object_del(object, "count");
	if (pool->amount != KH_POOL_PERCENT)
		json_object_del(object, "percent");
	if (pool->amount != KH_POOL_FOR_GUESTS)
		json_object_del(object, "for_guests");
	if (pool->node < 0)
		json_object_del(object, "node");
	return object;
}

static json_t *pools_json(const struct kh_config_key *key,
			  const struct kh_config_hugepages *hugepages)
{
	json_t *array = json_array();
	for (size_t i = 0; i < hugepages->pool_count; i++)
		json_array_append_new(array, pool_json(key, &hugepages->pools[i]));
	return array;
}

static json_t *size_json(uint64_t bytes)
{
	kh_auto(kh_free) char *text = bytes ? kh_str_size_text(bytes) : kh_strdup("auto");
	return json_string(text);
}

/* A new reference, or NULL: a text that is not set. */
static json_t *value_json(const struct kh_config_key *key, const void *base)
{
	const void *member = (const char *)base + key->offset;
	switch (key->type) {
	case KH_KEY_SECTION:
		return table_json(key->nested, base);
	case KH_KEY_BOOL:
		return json_boolean(*(const bool *)member);
	case KH_KEY_NUMBER:
		return json_integer(*(const long long *)member);
	case KH_KEY_CHOICE:
		return json_string(key->choices[*(const int *)member]);
	case KH_KEY_SIZE:
		return size_json(*(const uint64_t *)member);
	case KH_KEY_TEXT:
		return json_string(*(char *const *)member);
	case KH_KEY_LIST:
		return list_json(member);
	case KH_KEY_ADDRESS:
		return address_json(key, base);
	case KH_KEY_OPTIONS:
		return options_json(&((const struct kh_config *)base)->modules);
	case KH_KEY_SYSCTL:
		return sysctl_json(base);
	case KH_KEY_POOLS:
		break;
	}
	return pools_json(key, &((const struct kh_config *)base)->hugepages);
}

static json_t *table_json(const struct kh_config_key *table, const void *base)
{
	json_t *object = json_object();
	for (; table->name; table++) {
		json_t *value = value_json(table, base);
		if (value)
			json_object_set_new(object, table->name, value);
	}
	return object;
}

char *kh_config_json(const struct kh_config *config)
{
	json_t *object = table_json(kh_config_keys, config);
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(object);
	return text;
}
