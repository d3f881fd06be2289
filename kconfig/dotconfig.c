/* dotconfig.c - see dotconfig.h. Source: Documentation/kbuild/kconfig.rst, scripts/kconfig/
 * confdata.c: a line that is neither form is a comment or ignored; the last line of a name wins. */
#include "kconfig/dotconfig.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/names.h"

static const char prefix[] = "CONFIG_";
static const char unset_prefix[] = "# CONFIG_";
static const char unset_suffix[] = " is not set";

struct kh_dotconfig {
	struct kh_names names;
	char **values; /* by number of the name */
	size_t value_count;
};

static void set(struct kh_dotconfig *config, const char *name, size_t name_length,
		const char *value, size_t value_length)
{
	size_t number = kh_names_put(&config->names, name, name_length);
	while (config->value_count <= number)
		*kh_append(config->values, config->value_count) = NULL;
	free(config->values[number]);
	config->values[number] = kh_strndup(value, value_length);
}

static size_t name_length(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

static void parse_line(struct kh_dotconfig *config, const char *line, size_t length)
{
	while (length > 0 && strchr(" \t\r", line[length - 1]))
		length--;
	bool is_unset = strncmp(line, unset_prefix, strlen(unset_prefix)) == 0;
	if (!is_unset && strncmp(line, prefix, strlen(prefix)) != 0)
		return;
	const char *name = line + strlen(is_unset ? unset_prefix : prefix);
	size_t size = name_length(name);
	const char *rest = name + size, *end = line + length;
	if (size == 0)
		return;
	if (is_unset) {
		if (rest + strlen(unset_suffix) == end &&
		    strncmp(rest, unset_suffix, strlen(unset_suffix)) == 0)
			set(config, name, size, "n", 1);
	} else if (rest < end && *rest == '=') {
		set(config, name, size, rest + 1, (size_t)(end - rest - 1));
	}
}

struct kh_dotconfig *kh_dotconfig_parse(const char *text)
{
	struct kh_dotconfig *config = kh_alloc(sizeof(*config));
	while (*text) {
		size_t length = strcspn(text, "\n");
		parse_line(config, text, length);
		text += length + (text[length] == '\n');
	}
	return config;
}

void kh_dotconfig_free(struct kh_dotconfig *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->value_count; i++)
		free(config->values[i]);
	free(config->values);
	kh_names_done(&config->names);
	free(config);
}

const char *kh_dotconfig_value(const struct kh_dotconfig *config, const char *name)
{
	long number = kh_names_find(&config->names, name);
	return number < 0 ? NULL : config->values[number];
}

void kh_dotconfig_set(struct kh_dotconfig *config, const char *name, const char *value)
{
	set(config, name, strlen(name), value, strlen(value));
}

char *kh_dotconfig_text(const struct kh_dotconfig *config)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < config->names.count; i++)
		kh_strv_add(&names, config->names.items[i]);
	kh_strv_sort(&names);
	struct kh_str text = {0};
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i], *value = kh_dotconfig_value(config, name);
		if (strcmp(value, "n") == 0)
			kh_str_addf(&text, "# CONFIG_%s is not set\n", name);
		else
			kh_str_addf(&text, "CONFIG_%s=%s\n", name, value);
	}
	return kh_str_take(&text);
}
