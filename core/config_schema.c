/* config_schema.c - see config_help.h: a JSON Schema of the configuration file.
 *
 * To kvmhost a scalar is its text, whatever it looks like. Who validates has a YAML reader in front
 * that makes numbers and booleans of some texts, so the schema takes what a reader makes of what
 * the key takes: 6.12 and 4 are numbers, and by YAML 1.1 (PyYAML) on and off are booleans, and a
 * MAC address such as 52:54:00:12:34:56 an integer of base 60. Source:
 * https://yaml.org/type/int.html and bool.html (1.1); YAML 1.2.2, 10.3 Core Schema.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "core/config_help.h"
#include "core/config_keys.h"

#define SIZE_PATTERN "^[0-9]+([KMGTkmgt]([iI]?[bB])?)?$"

static json_t *scalar_schema(void)
{
	return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

/* What is below a section or a list may be left out: the key alone is empty, not wrong. */
static json_t *or_nothing(json_t *schema)
{
	json_t *type = json_object_get(schema, "type");
	json_object_set_new(schema, "type", json_pack("[O,s]", type, "null"));
	return schema;
}

static bool has_word(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

/* `on` and `off` have other names: see choice_of() in config_value.c. */
static void add_synonyms(json_t *words, const char *const *choices)
{
	static const struct {
		const char *word, *synonym;
		bool value;
	} switches[] = {{"on", "yes", true}, {"off", "no", false}};
	for (size_t i = 0; i < KH_COUNT(switches); i++) {
		if (!has_word(choices, switches[i].word))
			continue;
		json_array_append_new(words, json_boolean(switches[i].value));
		json_array_append_new(words, json_string(switches[i].value ? "true" : "false"));
		json_array_append_new(words, json_string(switches[i].synonym));
	}
}

static json_t *words_schema(const char *const *choices)
{
	json_t *words = json_array();
	for (const char *const *choice = choices; *choice; choice++)
		json_array_append_new(words, json_string(*choice));
	add_synonyms(words, choices);
	return json_pack("{s:o}", "enum", words);
}

static json_t *bool_schema(void)
{
	static const char *const words[] = {"on", "off", NULL};
	return words_schema(words);
}

/* A number in quotes is one to kvmhost; the limits hold for what is none to the reader as well. */
static json_t *number_schema(long long min, long long max, const char *pattern)
{
	return json_pack("{s:[s,s],s:s,s:I,s:I}", "type", "integer", "string", "pattern", pattern,
			 "minimum", (json_int_t)min, "maximum", (json_int_t)max);
}

/* One of some sizes, as it is named, or in bytes. */
static json_t *sizes_schema(const char *const *choices)
{
	json_t *schema = words_schema(choices), *words = json_object_get(schema, "enum");
	for (; *choices; choices++) {
		unsigned long long bytes;
		if (kh_str_size(*choices, &bytes) == 0)
			json_array_append_new(words, json_integer((json_int_t)bytes));
	}
	return schema;
}

static bool takes_any(const struct kh_config_key *key, const char *const *samples)
{
	for (; *samples; samples++) {
		kh_auto(kh_free) char *text = kh_strdup(*samples);
		if (!key->check(text))
			return true;
	}
	return false;
}

/* What a reader makes of the texts that this key takes: its own check is asked. */
static json_t *text_schema(const struct kh_config_key *key)
{
	static const char *const numbers[] = {
		"4",
		"-4",
		"6.12",
		"1:2:3:4:5:6:7:8",
		"52:54:00:12:34:56",
		"1234567890123456789012345678901234567890123456789012345678901234",
		NULL};
	static const char *const booleans[] = {"on", "off", "yes", "no", "true", "false", NULL};
	if (key->choices)
		return words_schema(key->choices);
	json_t *types = json_pack("[s]", "string");
	if (key->check && takes_any(key, numbers))
		json_array_append_new(types, json_string("number"));
	if (key->check && takes_any(key, booleans))
		json_array_append_new(types, json_string("boolean"));
	if (key->is_optional)
		json_array_append_new(types, json_string("null"));
	return json_pack("{s:o}", "type", types);
}

static json_t *list_schema(const struct kh_config_key *key)
{
	json_t *list = json_pack("{s:s,s:o,s:b}", "type", "array", "items", text_schema(key),
				 "uniqueItems", 1);
	or_nothing(list);
	return key->takes_one ? json_pack("{s:[o,o]}", "anyOf", text_schema(key), list) : list;
}

static json_t *object_schema(const struct kh_config_key *table);

static json_t *map_of(json_t *values)
{
	return or_nothing(json_pack("{s:s,s:o}", "type", "object", "additionalProperties", values));
}

static json_t *pools_schema(const struct kh_config_key *key)
{
	json_t *pool = object_schema(key->nested);
	json_object_set_new(pool, "required", json_pack("[s]", "size"));
	json_object_set_new(pool, "oneOf",
			    json_pack("[{s:[s]},{s:[s]},{s:[s]}]", "required", "count", "required",
				      "percent", "required", "for_guests"));
	return or_nothing(json_pack("{s:s,s:o}", "type", "array", "items", pool));
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
		return bool_schema();
	case KH_KEY_NUMBER:
		return number_schema(key->min, key->max, "^[0-9]+$");
	case KH_KEY_CHOICE:
		return words_schema(key->choices);
	case KH_KEY_SIZE:
		return key->choices ? sizes_schema(key->choices)
				    : number_schema(key->min, key->max, SIZE_PATTERN);
	case KH_KEY_TEXT:
		return text_schema(key);
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
	return or_nothing(object_schema(key->nested));
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
	json_t *schema = or_nothing(object_schema(kh_config_keys));
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
