/* config_schema.c - see config_help.h: a JSON Schema of the configuration file. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "core/config_help.h"
#include "core/config_keys.h"

static json_t *typed(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

static json_t *scalar_schema(void)
{
	return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

/* One of the words. A YAML 1.1 reader takes on and off for booleans. */
static json_t *words_schema(const char *const *choices)
{
	json_t *words = json_array();
	bool has_on = false;
	for (; *choices; choices++) {
		json_array_append_new(words, json_string(*choices));
		has_on = has_on || strcmp(*choices, "on") == 0;
	}
	if (has_on) {
		json_array_append_new(words, json_true());
		json_array_append_new(words, json_false());
	}
	return json_pack("{s:o}", "enum", words);
}

static json_t *list_schema(const struct kh_config_key *key)
{
	json_t *list = json_pack("{s:s,s:o,s:b}", "type", "array", "items",
				 key->choices ? words_schema(key->choices) : typed("string"),
				 "uniqueItems", 1);
	return key->takes_one ? json_pack("{s:[o,o]}", "anyOf", typed("string"), list) : list;
}

static json_t *object_schema(const struct kh_config_key *table);

static json_t *map_of(json_t *values)
{
	return json_pack("{s:s,s:o}", "type", "object", "additionalProperties", values);
}

static json_t *pools_schema(const struct kh_config_key *key)
{
	json_t *pool = object_schema(key->nested);
	json_object_set_new(pool, "required", json_pack("[s]", "size"));
	json_object_set_new(pool, "oneOf",
			    json_pack("[{s:[s]},{s:[s]},{s:[s]}]", "required", "count", "required",
				      "percent", "required", "for_guests"));
	return json_pack("{s:s,s:o}", "type", "array", "items", pool);
}

static json_t *address_schema(const struct kh_config_key *key)
{
	json_t *mapping = object_schema(key->nested);
	json_object_set_new(mapping, "required", json_pack("[s]", "address"));
	return json_pack("{s:[o,o]}", "anyOf", words_schema(key->choices), mapping);
}

static json_t *value_schema(const struct kh_config_key *key)
{
	switch (key->type) {
	case KH_KEY_BOOL:
		return typed("boolean");
	case KH_KEY_NUMBER:
		return json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum",
				 (json_int_t)key->min, "maximum", (json_int_t)key->max);
	case KH_KEY_CHOICE:
		return words_schema(key->choices);
	case KH_KEY_SIZE:
		return key->choices ? words_schema(key->choices)
				    : json_pack("{s:s,s:s}", "type", "string", "pattern",
						"^[0-9]+[KMGTkmgt]?(i?B)?$");
	case KH_KEY_TEXT:
		return key->is_optional ? json_pack("{s:[s,s]}", "type", "string", "null")
					: typed("string");
	case KH_KEY_LIST:
		return list_schema(key);
	case KH_KEY_ADDRESS:
		return address_schema(key);
	case KH_KEY_OPTIONS:
		return map_of(map_of(scalar_schema()));
	case KH_KEY_SYSCTL:
		return map_of(scalar_schema());
	case KH_KEY_POOLS:
		return pools_schema(key);
	case KH_KEY_SECTION:
		break;
	}
	return object_schema(key->nested);
}

static json_t *object_schema(const struct kh_config_key *table)
{
	json_t *properties = json_object();
	for (; table->name; table++) {
		json_t *value = value_schema(table);
		json_object_set_new(value, "description", json_string(table->doc));
		json_object_set_new(properties, table->name, value);
	}
	return json_pack("{s:s,s:o,s:b}", "type", "object", "properties", properties,
			 "additionalProperties", 0);
}

/* The defaults as they are when nothing is configured, put beside each key. */
static void add_defaults(json_t *schema, json_t *defaults)
{
	const char *name;
	json_t *value;
	json_t *properties = json_object_get(schema, "properties");
	json_object_foreach(defaults, name, value)
	{
		json_t *property = json_object_get(properties, name);
		if (json_object_get(property, "properties"))
			add_defaults(property, value);
		else
			json_object_set(property, "default", value);
	}
}

char *kh_config_schema_json(void)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	if (kh_config_load_text(NULL, NULL, 0, NULL, &config, &err) < 0)
		abort(); /* the key table's own defaults do not load: our bug */
	kh_auto(kh_free) char *text = kh_config_json(&config);
	json_t *defaults = json_loads(text, 0, NULL);
	json_t *schema = object_schema(kh_config_keys);
	add_defaults(schema, defaults);
	json_object_set_new(schema, "$schema",
			    json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(schema, "$id", json_string("urn:kvmhost:config:1"));
	json_object_set_new(schema, "title", json_string("kvmhost.yaml"));
	kh_auto(kh_free) char *json = json_dumps(schema, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(schema);
	json_decref(defaults);
	return kh_printf("%s\n", json);
}
