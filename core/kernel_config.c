/* kernel_config.c - see kernel_config.h.
 *
 * The index is an open hash table of the options that are set ("# CONFIG_X is not set" is the same
 * as a missing line: n). Building it takes one pass; looking for forty names by searching the text
 * would take forty.
 */
#include "core/kernel_config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/mem.h"
#include "core/facts_text.h"

static const size_t most_bytes = 16UL << 20;
static const char prefix[] = "CONFIG_";

struct kh_kernel_config {
	struct kh_root root;
	char *release; /* or NULL */
	bool is_loaded;
	char *text;             /* NULL: no configuration to read */
	struct kh_slice *slots; /* whole lines; empty: length 0 */
	size_t slot_count;      /* a power of two, or 0 */
};

/* ---- the index ---- */

static size_t hash(const char *name, size_t length)
{
	uint64_t value = 0xcbf29ce484222325U; /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)name[i]) * 0x100000001b3U;
	return (size_t)(value ^ (value >> 32));
}

/* The slot of NAME: the one that holds it, or the empty one where it belongs. */
static struct kh_slice *find_slot(const struct kh_kernel_config *config, const char *name,
				  size_t length)
{
	size_t mask = config->slot_count - 1;
	for (size_t at = hash(name, length) & mask;; at = (at + 1) & mask) {
		struct kh_slice *slot = &config->slots[at];
		if (slot->length == 0)
			return slot;
		const char *slot_name = slot->start + strlen(prefix);
		if (strncmp(slot_name, name, length) == 0 && slot_name[length] == '=')
			return slot;
	}
}

static bool is_set_line(struct kh_slice line)
{
	size_t length = strlen(prefix);
	return line.length > length + 2 && memcmp(line.start, prefix, length) == 0 &&
	       memchr(line.start, '=', line.length);
}

static size_t count_lines(const char *text)
{
	size_t count = 1;
	for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n'))
		count++;
	return count;
}

static void index_text(struct kh_kernel_config *config)
{
	size_t lines = count_lines(config->text);
	config->slot_count = 16;
	while (config->slot_count < 2 * lines)
		config->slot_count *= 2;
	config->slots = kh_alloc(config->slot_count * sizeof(*config->slots));
	const char *cursor = config->text;
	struct kh_slice line;
	while (kh_slice_next_line(&cursor, &line)) {
		if (!is_set_line(line))
			continue;
		const char *name = line.start + strlen(prefix);
		const char *equals = memchr(name, '=', line.length - strlen(prefix));
		if (equals)
			*find_slot(config, name, (size_t)(equals - name)) = line;
	}
}

/* ---- reading ---- */

char *kh_kernel_config_gunzip(const void *bytes, size_t length)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
	if (length > most_bytes || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return NULL;
	kh_auto(kh_str_done) struct kh_str text = {0};
	unsigned char block[32768];
	int status = Z_OK;
	while (status == Z_OK && text.length <= most_bytes) {
		stream.next_out = block;
		stream.avail_out = sizeof(block);
		status = inflate(&stream, Z_NO_FLUSH);
		kh_str_add_bytes(&text, block, sizeof(block) - stream.avail_out);
	}
	inflateEnd(&stream);
	return status == Z_STREAM_END ? kh_str_take(&text) : NULL;
}

static char *read_compressed(const struct kh_root *root, const char *path)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	if (kh_root_read(root, path, &bytes, &length, &ignored) != 0)
		return NULL;
	return kh_kernel_config_gunzip(bytes, length);
}

char *kh_kernel_config_path(const struct kh_kernel_config *config)
{
	static const char *const places[][2] = {{"/boot/config-", ""},
						{"/lib/modules/", "/config"}};
	if (!config || config->root.fd < 0)
		return NULL;
	if (kh_root_exists(&config->root, "/proc/config.gz"))
		return kh_strdup("/proc/config.gz");
	for (size_t i = 0; config->release && i < KH_COUNT(places); i++) {
		kh_auto(kh_free) char *path =
			kh_printf("%s%s%s", places[i][0], config->release, places[i][1]);
		if (kh_root_exists(&config->root, path))
			return kh_take(path);
	}
	return NULL;
}

static void load(struct kh_kernel_config *config)
{
	config->is_loaded = true;
	kh_auto(kh_free) char *path = kh_kernel_config_path(config);
	if (!path)
		return;
	config->text = kh_str_ends(path, ".gz") ? read_compressed(&config->root, path)
						: kh_root_text(&config->root, path);
	if (config->text)
		index_text(config);
}

struct kh_kernel_config *kh_kernel_config_open(const struct kh_root *root, const char *release)
{
	struct kh_kernel_config *config = kh_alloc(sizeof(*config));
	config->root = (struct kh_root){
		.fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 3),
		.host_path = kh_strdup(root->host_path),
		.is_live = root->is_live,
	};
	config->release = kh_strdup(release);
	return config;
}

struct kh_kernel_config *kh_kernel_config_from_text(const char *text)
{
	struct kh_kernel_config *config = kh_alloc(sizeof(*config));
	*config = (struct kh_kernel_config){
		.root = KH_ROOT_INIT,
		.is_loaded = true,
		.text = kh_strdup(text),
	};
	index_text(config);
	return config;
}

void kh_kernel_config_free(struct kh_kernel_config *config)
{
	if (!config)
		return;
	kh_root_done(&config->root);
	free(config->release);
	free(config->text);
	free(config->slots);
	free(config);
}

char *kh_kernel_config_value(struct kh_kernel_config *config, const char *name)
{
	if (config && !config->is_loaded)
		load(config);
	if (!config || !config->text)
		return NULL;
	const struct kh_slice *slot = find_slot(config, name, strlen(name));
	size_t skipped = strlen(prefix) + strlen(name) + 1;
	return slot->length == 0 ? kh_strdup("n")
				 : kh_strndup(slot->start + skipped, slot->length - skipped);
}

char kh_kernel_config_option(struct kh_kernel_config *config, const char *name)
{
	kh_auto(kh_free) char *value = kh_kernel_config_value(config, name);
	if (!value)
		return '?';
	return strcmp(value, "m") == 0 || strcmp(value, "n") == 0 ? *value : 'y';
}
