/* pin.c - see pin.h. Writing is pin_text.c. */
#include "sources/pin.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sources/program.h"
#include "sources/record.h"

char *kh_pin_path(const struct kh_root *root, const struct kh_config *config)
{
	static const char name[] = "kvmhost.lock";
	if (!config->path)
		return kh_printf("%s/etc/kvmhost/%s",
				 strcmp(root->host_path, "/") == 0 ? "" : root->host_path, name);
	const char *slash = strrchr(config->path, '/');
	return kh_printf("%.*s%s", slash ? (int)(slash - config->path + 1) : 0, config->path, name);
}

void kh_pin_done(struct kh_pins *pins)
{
	for (size_t i = 0; i < pins->count; i++) {
		kh_source_done(&pins->items[i].source);
		free(pins->items[i].where);
	}
	free(pins->items);
	free(pins->path);
	*pins = (struct kh_pins){0};
}

const struct kh_pin *kh_pin_find(const struct kh_pins *pins, const char *program)
{
	for (size_t i = 0; i < pins->count; i++)
		if (strcmp(pins->items[i].source.program, program) == 0)
			return &pins->items[i];
	return NULL;
}

/* ---- values ---- */

struct reader {
	const struct kh_yaml *yaml;
	struct kh_error *err;
};

#define FAIL(reader, node, ...)                                                                    \
	kh_yaml_fail((reader)->yaml, (node)->line, (node)->column, (reader)->err, __VA_ARGS__)
#define FAIL_KEY(reader, node, ...)                                                                \
	kh_yaml_fail((reader)->yaml, (node)->key_line, (node)->key_column, (reader)->err,          \
		     __VA_ARGS__)

static int read_text(const struct reader *reader, const struct kh_yaml_node *node, char **ret_text)
{
	if (node->kind != KH_YAML_SCALAR || !*node->text)
		return FAIL(reader, node, "'%s' takes a text", node->key);
	for (const char *at = node->text; *at; at++)
		if (iscntrl((unsigned char)*at))
			return FAIL(reader, node, "'%s' has control characters", node->key);
	free(*ret_text);
	*ret_text = kh_strdup(node->text);
	return 0;
}

static int read_name(const struct reader *reader, const struct kh_yaml_node *node, char **ret_text)
{
	if (read_text(reader, node, ret_text) != 0)
		return -1;
	if (strchr(node->text, '/') || node->text[0] == '.')
		return FAIL(reader, node, "a file's name has no '/' and does not begin with '.'");
	return 0;
}

static int read_digest(const struct reader *reader, const struct kh_yaml_node *node,
		       char **ret_text)
{
	bool is_digest = node->kind == KH_YAML_SCALAR && strlen(node->text) == KH_DIGEST_SIZE - 1 &&
			 strspn(node->text, "0123456789abcdef") == KH_DIGEST_SIZE - 1;
	if (!is_digest)
		return FAIL(reader, node, "a SHA-256 digest has 64 lower-case hexadecimal digits");
	return read_text(reader, node, ret_text);
}

static int read_size(const struct reader *reader, const struct kh_yaml_node *node,
		     long long *ret_size)
{
	long long size = node->kind == KH_YAML_SCALAR ? kh_str_number(node->text) : -1;
	if (size < 0)
		return FAIL(reader, node, "'%s' takes a number of bytes", node->key);
	*ret_size = size;
	return 0;
}

static int read_role(const struct reader *reader, const struct kh_yaml_node *node,
		     enum kh_source_role *ret_role)
{
	int role = node->kind == KH_YAML_SCALAR ? kh_record_role(node->text) : -1;
	if (role < 0)
		return FAIL(reader, node, "'role' is one of archive, patches, signature and index");
	*ret_role = (enum kh_source_role)role;
	return 0;
}

static int read_urls(const struct reader *reader, const struct kh_yaml_node *node,
		     struct kh_strv *urls)
{
	if (node->kind != KH_YAML_LIST)
		return FAIL(reader, node, "'urls' takes a list");
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *item = node->items[i];
		bool is_url = item->kind == KH_YAML_SCALAR &&
			      (kh_str_starts(item->text, "https://") ||
			       kh_str_starts(item->text, "http://") ||
			       kh_str_starts(item->text, "file:///")) &&
			      !strpbrk(item->text, " \t\r\n\"'\\");
		if (!is_url)
			return FAIL(reader, item, "this is no URL (https, http, file)");
		kh_strv_add(urls, item->text);
	}
	return 0;
}

/* ---- a file ---- */

static const char *const file_keys[] = {"name", "role", "size", "sha256", "urls"};

static int read_file_key(const struct reader *reader, const struct kh_yaml_node *node,
			 struct kh_source_file *file)
{
	if (strcmp(node->key, "name") == 0)
		return read_name(reader, node, &file->name);
	if (strcmp(node->key, "role") == 0)
		return read_role(reader, node, &file->role);
	if (strcmp(node->key, "size") == 0)
		return read_size(reader, node, &file->size_bytes);
	if (strcmp(node->key, "sha256") == 0)
		return read_digest(reader, node, &file->sha256);
	if (strcmp(node->key, "urls") == 0)
		return read_urls(reader, node, &file->urls);
	FAIL_KEY(reader, node, "unknown key '%s' of a file", node->key);
	const char *near = kh_str_nearest(node->key, file_keys, KH_COUNT(file_keys));
	return near ? kh_hint(reader->err, "did you mean '%s'?", near) : -1;
}

static int read_file(const struct reader *reader, const struct kh_yaml_node *node,
		     struct kh_source *source)
{
	if (node->kind != KH_YAML_MAP)
		return FAIL(reader, node, "a file is a mapping: name, role, size, sha256, urls");
	struct kh_source_file *file = kh_append(source->files, source->file_count);
	file->size_bytes = -1;
	for (size_t i = 0; i < node->item_count; i++)
		if (read_file_key(reader, node->items[i], file) != 0)
			return -1;
	if (!file->name || !file->sha256)
		return FAIL(reader, node, "this file has no '%s'", file->name ? "sha256" : "name");
	return 0;
}

static int read_files(const struct reader *reader, const struct kh_yaml_node *node,
		      struct kh_source *source)
{
	if (node->kind != KH_YAML_LIST)
		return FAIL(reader, node, "'files' takes a list");
	for (size_t i = 0; i < node->item_count; i++)
		if (read_file(reader, node->items[i], source) != 0)
			return -1;
	return 0;
}

/* ---- a program ---- */

static const char *const program_keys[] = {"wanted", "version", "package_version", "provider",
					   "files"};

static int read_program_key(const struct reader *reader, const struct kh_yaml_node *node,
			    struct kh_source *source)
{
	char **const texts[] = {&source->wanted, &source->version, &source->package_version,
				&source->provider};
	for (size_t i = 0; i < KH_COUNT(texts); i++)
		if (strcmp(node->key, program_keys[i]) == 0)
			return read_text(reader, node, texts[i]);
	if (strcmp(node->key, "files") == 0)
		return read_files(reader, node, source);
	FAIL_KEY(reader, node, "unknown key '%s'", node->key);
	const char *near = kh_str_nearest(node->key, program_keys, KH_COUNT(program_keys));
	return near ? kh_hint(reader->err, "did you mean '%s'?", near) : -1;
}

static int read_program(const struct reader *reader, const struct kh_yaml_node *node,
			struct kh_pins *pins)
{
	if (!kh_program_find(node->key))
		return FAIL_KEY(reader, node,
				"unknown program '%s': there are kernel, qemu and libvirt",
				node->key);
	if (node->kind != KH_YAML_MAP)
		return FAIL(reader, node, "'%s' takes wanted, version, provider and files",
			    node->key);
	struct kh_pin *pin = kh_append(pins->items, pins->count);
	pin->source.program = kh_strdup(node->key);
	pin->where = kh_printf("%s:%d:%d", reader->yaml->name, node->key_line, node->key_column);
	for (size_t i = 0; i < node->item_count; i++)
		if (read_program_key(reader, node->items[i], &pin->source) != 0)
			return -1;
	const char *lacks = !pin->source.wanted     ? "wanted"
			    : !pin->source.version  ? "version"
			    : !pin->source.provider ? "provider"
						    : NULL;
	if (lacks)
		return FAIL_KEY(reader, node, "'%s' has no '%s'", node->key, lacks);
	if (!kh_record_file(&pin->source, KH_SOURCE_ARCHIVE))
		return FAIL_KEY(reader, node, "'%s' has no file with 'role: archive'", node->key);
	return 0;
}

static int read_top(const struct reader *reader, struct kh_pins *pins)
{
	const struct kh_yaml_node *top = reader->yaml->top;
	const struct kh_yaml_node *format = kh_yaml_get(top, "format");
	if (top->kind == KH_YAML_NULL)
		return 0;
	if (top->kind != KH_YAML_MAP || !format)
		return FAIL(reader, top, "a lock file begins with 'format: 1'");
	if (format->kind != KH_YAML_SCALAR || strcmp(format->text, "1") != 0)
		return FAIL(reader, format, "this version of kvmhost reads lock files of format 1");
	for (size_t i = 0; i < top->item_count; i++)
		if (top->items[i] != format && read_program(reader, top->items[i], pins) != 0)
			return -1;
	return 0;
}

int kh_pin_parse(const char *name, const char *text, size_t length, struct kh_pins *ret_pins,
		 struct kh_error *err)
{
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	struct kh_pins pins = {.path = kh_strdup(name)};
	struct reader reader = {.yaml = &yaml, .err = err};
	if (kh_yaml_load(name, NULL, text, length, &yaml, err) != 0 ||
	    read_top(&reader, &pins) != 0) {
		kh_pin_done(&pins);
		return -1;
	}
	*ret_pins = pins;
	return 0;
}

int kh_pin_read(const char *path, struct kh_pins *ret_pins, struct kh_error *err)
{
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	kh_auto(kh_str_done) struct kh_str text = {0};
	char block[8192];
	if (!file && errno == ENOENT) {
		*ret_pins = (struct kh_pins){0};
		return 0;
	}
	if (!file)
		return kh_fail(err, KH_CONFIG, errno, "read lock file '%s'", path);
	for (size_t got; (got = fread(block, 1, sizeof(block), file)) > 0;)
		if (text.length <= KH_YAML_BYTES) /* more is refused by its reader */
			kh_str_add_bytes(&text, block, got);
	if (ferror(file))
		return kh_fail(err, KH_CONFIG, errno, "read lock file '%s'", path);
	return kh_pin_parse(path, kh_str_text(&text), text.length, ret_pins, err);
}
