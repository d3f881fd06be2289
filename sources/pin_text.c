/* pin_text.c - the text of a lock file; see pin.h. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/redact.h"
#include "sources/pin.h"
#include "sources/program.h"
#include "sources/record.h"

/* In double quotes wherever YAML could take it for something else than this text. */
static void add_value(struct kh_str *text, const char *key, const char *value)
{
	kh_str_addf(text, "%s: ", key);
	bool is_plain = *value && strspn(value, "abcdefghijklmnopqrstuvwxyz") == strlen(value);
	if (is_plain) {
		kh_str_addf(text, "%s\n", value);
		return;
	}
	kh_str_add(text, "\"");
	for (; *value; value++)
		kh_str_addf(text, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	kh_str_add(text, "\"\n");
}

static void add_file(struct kh_str *text, const struct kh_source_file *file)
{
	add_value(text, "    - name", file->name);
	add_value(text, "      role", kh_record_role_name(file->role));
	if (file->size_bytes >= 0)
		kh_str_addf(text, "      size: %lld\n", file->size_bytes);
	add_value(text, "      sha256", file->sha256);
	if (file->urls.count == 0)
		return;
	kh_str_add(text, "      urls:\n");
	for (size_t i = 0; i < file->urls.count; i++) {
		kh_auto(kh_free) char *url = kh_redact(file->urls.items[i]);
		kh_str_addf(text, "        - \"%s\"\n", url);
	}
}

static void add_source(struct kh_str *text, const struct kh_source *source)
{
	kh_str_addf(text, "%s:\n", source->program);
	add_value(text, "  wanted", source->wanted);
	add_value(text, "  version", source->version);
	if (source->package_version)
		add_value(text, "  package_version", source->package_version);
	kh_auto(kh_free) char *provider = kh_redact(source->provider);
	add_value(text, "  provider", provider);
	kh_str_add(text, "  files:\n");
	for (size_t i = 0; i < source->file_count; i++)
		if (source->files[i].sha256)
			add_file(text, &source->files[i]);
}

char *kh_pin_text(const struct kh_source *sources, size_t count)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_add(&text,
		   "# Made by 'kvmhost fetch --lock': later runs use exactly these sources.\n"
		   "# 'kvmhost fetch --lock --update' makes it anew.\n"
		   "format: 1\n");
	for (size_t i = 0; i < count; i++)
		add_source(&text, &sources[i]);
	return kh_str_take(&text);
}

bool kh_pin_is(const struct kh_pin *pin, const struct kh_source *source)
{
	if (strcmp(pin->source.version, source->version) != 0)
		return false;
	for (size_t i = 0; i < pin->source.file_count; i++) {
		const struct kh_source_file *wanted = &pin->source.files[i];
		if (wanted->role != KH_SOURCE_ARCHIVE && wanted->role != KH_SOURCE_PATCHES)
			continue;
		bool is_there = false;
		for (size_t j = 0; j < source->file_count; j++)
			is_there =
				is_there ||
				(source->files[j].role == wanted->role && source->files[j].sha256 &&
				 strcmp(source->files[j].sha256, wanted->sha256) == 0);
		if (!is_there)
			return false;
	}
	return true;
}
