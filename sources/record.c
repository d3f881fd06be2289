/* record.c - see record.h. */
#include "sources/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/redact.h"

const char kh_record_signed_index[] = "the distribution's signed index";
const char kh_record_signed_package[] = "the distribution's key on the package";

static const char *const roles[] = {"archive", "patches", "signature", "index"};

/* Goes into every digest: a source that is unpacked or patched in another way is another source. */
static const char *const way_of_unpacking = "kvmhost sources 1";

bool kh_record_is_makers(const char *signer)
{
	return signer && strcmp(signer, kh_record_signed_index) != 0 &&
	       !kh_str_starts(signer, kh_record_signed_package);
}

const char *kh_record_role_name(enum kh_source_role role)
{
	return roles[role];
}

int kh_record_role(const char *name)
{
	for (size_t i = 0; i < KH_COUNT(roles); i++)
		if (strcmp(roles[i], name) == 0)
			return (int)i;
	return -1;
}

const struct kh_source_file *kh_record_file(const struct kh_source *source,
					    enum kh_source_role role)
{
	for (size_t i = 0; i < source->file_count; i++)
		if (source->files[i].role == role)
			return &source->files[i];
	return NULL;
}

struct kh_source_file *kh_record_add_file(struct kh_source *source, const char *name,
					  enum kh_source_role role)
{
	struct kh_source_file *file = kh_append(source->files, source->file_count);
	file->name = kh_strdup(name);
	file->role = role;
	file->size_bytes = -1;
	return file;
}

void kh_record_digest(struct kh_source *source)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_add(&lines, way_of_unpacking);
	for (size_t i = 0; i < source->file_count; i++) {
		const struct kh_source_file *file = &source->files[i];
		if (file->role == KH_SOURCE_ARCHIVE || file->role == KH_SOURCE_PATCHES)
			kh_strv_addf(&lines, "%s %s", roles[file->role], file->sha256);
	}
	kh_auto(kh_free) char *text = kh_strv_join(&lines, "\n");
	char digest[KH_DIGEST_SIZE];
	kh_digest_bytes(text, strlen(text), digest);
	free(source->digest);
	source->digest = kh_strdup(digest);
}

/* ---- JSON ---- */

static json_t *redacted(const char *text)
{
	kh_auto(kh_free) char *clean = kh_redact(text);
	return kh_json_text(clean);
}

static json_t *file_json(const struct kh_source_file *file)
{
	json_t *urls = json_array();
	for (size_t i = 0; i < file->urls.count; i++)
		json_array_append_new(urls, redacted(file->urls.items[i]));
	return json_pack("{s:o, s:s, s:I, s:o, s:o}", "name", kh_json_text(file->name), "role",
			 roles[file->role], "size", (json_int_t)file->size_bytes, "sha256",
			 kh_json_text(file->sha256), "urls", urls);
}

json_t *kh_record_json(const struct kh_source *source)
{
	json_t *files = json_array();
	for (size_t i = 0; i < source->file_count; i++)
		json_array_append_new(files, file_json(&source->files[i]));
	json_t *record = json_pack("{s:i}", "format", KH_RECORD_FORMAT);
	json_object_set_new(record, "program", kh_json_text(source->program));
	json_object_set_new(record, "wanted", kh_json_text(source->wanted));
	json_object_set_new(record, "version", kh_json_text(source->version));
	json_object_set_new(record, "package_version", kh_json_text(source->package_version));
	json_object_set_new(record, "provider", redacted(source->provider));
	json_object_set_new(record, "digest", kh_json_text(source->digest));
	json_object_set_new(record, "signer", kh_json_text(source->signer));
	json_object_set_new(record, "tree", kh_json_text(source->tree));
	json_object_set_new(record, "files", files);
	return record;
}

static char *text_of(const json_t *object, const char *key)
{
	return kh_strdup(json_string_value(json_object_get(object, key)));
}

static int parse_file(const json_t *object, struct kh_source *source)
{
	int role = kh_record_role(kh_json_get(object, "role"));
	const char *name = kh_json_get(object, "name");
	if (role < 0 || !*name || strchr(name, '/'))
		return 1;
	struct kh_source_file *file = kh_record_add_file(source, name, (enum kh_source_role)role);
	file->size_bytes = json_integer_value(json_object_get(object, "size"));
	file->sha256 = text_of(object, "sha256");
	size_t index;
	json_t *url;
	json_array_foreach(json_object_get(object, "urls"), index, url) if (json_is_string(url))
		kh_strv_add(&file->urls, json_string_value(url));
	return 0;
}

int kh_record_parse(const json_t *record, struct kh_source *ret_source)
{
	struct kh_source source = {.program = text_of(record, "program"),
				   .wanted = text_of(record, "wanted"),
				   .version = text_of(record, "version"),
				   .package_version = text_of(record, "package_version"),
				   .provider = text_of(record, "provider"),
				   .digest = text_of(record, "digest"),
				   .signer = text_of(record, "signer"),
				   .tree = text_of(record, "tree")};
	bool is_good = json_integer_value(json_object_get(record, "format")) == KH_RECORD_FORMAT &&
		       source.program && source.wanted && source.version && source.provider &&
		       source.digest && source.tree;
	size_t index;
	json_t *file;
	json_array_foreach(json_object_get(record, "files"), index, file) is_good =
		is_good && parse_file(file, &source) == 0;
	if (!is_good || !kh_record_file(&source, KH_SOURCE_ARCHIVE)) {
		kh_source_done(&source);
		return 1;
	}
	*ret_source = source;
	return 0;
}

void kh_record_copy(const struct kh_source *source, struct kh_source *ret_copy)
{
	*ret_copy = (struct kh_source){.program = kh_strdup(source->program),
				       .wanted = kh_strdup(source->wanted),
				       .version = kh_strdup(source->version),
				       .package_version = kh_strdup(source->package_version),
				       .provider = kh_strdup(source->provider),
				       .digest = kh_strdup(source->digest),
				       .signer = kh_strdup(source->signer),
				       .tree = kh_strdup(source->tree)};
	for (size_t i = 0; i < source->file_count; i++) {
		const struct kh_source_file *from = &source->files[i];
		struct kh_source_file *to = kh_record_add_file(ret_copy, from->name, from->role);
		to->size_bytes = from->size_bytes;
		to->sha256 = kh_strdup(from->sha256);
		kh_strv_copy(&to->urls, &from->urls);
	}
}

/* ---- the store ---- */

char *kh_record_path(const char *store, const char *program)
{
	return kh_printf("%s/sources/%s.json", store, program);
}

int kh_record_read(const struct kh_root *root, const char *store, const char *program,
		   struct kh_source *ret_source)
{
	kh_auto(kh_free) char *path = kh_record_path(store, program);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	json_t *record = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	int result = record ? kh_record_parse(record, ret_source) : 1;
	json_decref(record);
	return result;
}

int kh_record_write(const struct kh_root *root, const char *store, const struct kh_source *source,
		    struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_record_path(store, source->program);
	json_t *record = kh_record_json(source);
	kh_auto(kh_free) char *text = json_dumps(record, JSON_INDENT(1));
	json_decref(record);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, path, text, strlen(text), &meta, err);
}
