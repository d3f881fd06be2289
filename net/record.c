/* record.c - see record.h. */
#include "net/record.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"

const char *const kh_net_record_path = "/var/lib/kvmhost/guard.json";
const char *const kh_net_state_path = "/var/lib/kvmhost/guard.state";

static const char *const phase_names[] = {
	[KH_NET_WAITING] = "waiting",     [KH_NET_CONFIRMED] = "confirmed",
	[KH_NET_REVERTING] = "reverting", [KH_NET_REVERTED] = "reverted",
	[KH_NET_ASKED] = "asked",         [KH_NET_SWITCHING] = "switching",
	[KH_NET_SWITCHED] = "switched",
};

static void json_done(json_t **json)
{
	json_decref(*json);
}

void kh_net_record_done(struct kh_net_record *record)
{
	for (size_t i = 0; i < record->file_count; i++) {
		kh_free(&record->files[i].path);
		kh_free(&record->files[i].before);
		kh_free(&record->files[i].base);
	}
	kh_free(&record->files);
	kh_free(&record->digest);
	kh_free(&record->boot_id);
	kh_free(&record->bridge);
	kh_free(&record->port);
	kh_free(&record->ssh_port);
	kh_strv_done(&record->addresses);
	kh_strv_done(&record->gateways);
	*record = (struct kh_net_record){0};
}

/* ---- text ----
 * File contents are JSON strings where they are UTF-8 without NUL, hexadecimal otherwise: an old
 * interfaces file may well hold a comment in Latin-1. */

static json_t *content_json(const char *content)
{
	if (!content)
		return json_null();
	json_t *text = json_string(content);
	if (text)
		return text;
	kh_auto(kh_str_done) struct kh_str hex = {0};
	for (const unsigned char *at = (const unsigned char *)content; *at; at++)
		kh_str_addf(&hex, "%02x", *at);
	return json_pack("{s:s}", "hex", kh_str_text(&hex));
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : 0;
}

static char *content_of(const json_t *json)
{
	if (json_is_string(json))
		return kh_strdup(json_string_value(json));
	const char *hex = json_string_value(json_object_get(json, "hex"));
	if (!hex)
		return NULL;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	for (; hex[0] && hex[1]; hex += 2) {
		char byte = (char)(hex_digit(hex[0]) * 16 + hex_digit(hex[1]));
		kh_str_add_bytes(&bytes, &byte, 1);
	}
	return kh_str_take(&bytes);
}

static json_t *list_json(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *file_json(const struct kh_net_file *file)
{
	json_t *object = json_pack("{s:s, s:o, s:s}", "path", file->path, "before",
				   content_json(file->before), "written", file->written);
	if (file->before) {
		json_object_set_new(object, "mode", json_integer(file->mode));
		json_object_set_new(object, "uid", json_integer(file->uid));
		json_object_set_new(object, "gid", json_integer(file->gid));
	}
	bool is_same = file->before && file->base ? strcmp(file->before, file->base) == 0
						  : file->before == file->base;
	if (!is_same)
		json_object_set_new(object, "base", content_json(file->base));
	return object;
}

char *kh_net_record_text(const struct kh_net_record *record)
{
	json_t *files = json_array();
	for (size_t i = 0; i < record->file_count; i++)
		json_array_append_new(files, file_json(&record->files[i]));
	kh_auto(json_done) json_t *object = json_pack(
		"{s:i, s:s, s:s*, s:s, s:s, s:i, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o}",
		"schema", 1, "digest", record->digest, "boot_id", record->boot_id, "bridge",
		record->bridge, "port", record->port, "manager", (int)record->manager, "timeout_s",
		(json_int_t)record->timeout_s, "dynamic", (int)record->is_dynamic, "route",
		(int)record->wants_route, "ipv4", (int)record->had_ipv4, "login",
		(int)record->wants_login, "static", (int)record->is_static, "stp",
		(int)record->wants_stp, "addresses", list_json(&record->addresses), "gateways",
		list_json(&record->gateways), "files", files);
	if (record->is_any_enough)
		json_object_set_new(object, "any", json_true());
	if (record->ssh_port)
		json_object_set_new(object, "ssh_port", json_string(record->ssh_port));
	kh_auto(kh_free) char *text = json_dumps(object, JSON_INDENT(2));
	return kh_printf("%s\n", text ? text : "{}");
}

/* ---- reading ---- */

static char *text_of(const json_t *object, const char *key)
{
	return kh_strdup(json_string_value(json_object_get(object, key)));
}

static void read_list(const json_t *object, const char *key, struct kh_strv *list)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(object, key), i, item) if (json_is_string(item))
		kh_strv_add(list, json_string_value(item));
}

static void read_file(const json_t *object, struct kh_net_file *file)
{
	const json_t *base = json_object_get(object, "base");
	const char *written = json_string_value(json_object_get(object, "written"));
	file->path = text_of(object, "path");
	file->mode = (mode_t)json_integer_value(json_object_get(object, "mode"));
	file->uid = (uid_t)json_integer_value(json_object_get(object, "uid"));
	file->gid = (gid_t)json_integer_value(json_object_get(object, "gid"));
	file->before = content_of(json_object_get(object, "before"));
	file->base = base ? content_of(base) : kh_strdup(file->before);
	if (written && strlen(written) < sizeof(file->written))
		memcpy(file->written, written, strlen(written) + 1);
}

static int is_whole(const struct kh_net_record *record)
{
	if (!record->digest || !record->bridge || !record->port || record->timeout_s <= 0)
		return false;
	for (size_t i = 0; i < record->file_count; i++)
		if (!record->files[i].path || record->files[i].path[0] != '/')
			return false;
	return true;
}

static void read_object(const json_t *object, struct kh_net_record *record)
{
	size_t i;
	json_t *file;
	json_int_t manager = json_integer_value(json_object_get(object, "manager"));
	record->digest = text_of(object, "digest");
	record->boot_id = text_of(object, "boot_id");
	record->bridge = text_of(object, "bridge");
	record->port = text_of(object, "port");
	record->ssh_port = text_of(object, "ssh_port");
	if (manager >= KH_NET_NONE && manager <= KH_NET_IFCFG)
		record->manager = (enum kh_net_manager)manager;
	record->timeout_s = json_integer_value(json_object_get(object, "timeout_s"));
	record->is_dynamic = json_is_true(json_object_get(object, "dynamic"));
	record->wants_route = json_is_true(json_object_get(object, "route"));
	record->had_ipv4 = json_is_true(json_object_get(object, "ipv4"));
	record->wants_login = json_is_true(json_object_get(object, "login"));
	record->is_static = json_is_true(json_object_get(object, "static"));
	record->wants_stp = json_is_true(json_object_get(object, "stp"));
	record->is_any_enough = json_is_true(json_object_get(object, "any"));
	read_list(object, "addresses", &record->addresses);
	read_list(object, "gateways", &record->gateways);
	json_array_foreach(json_object_get(object, "files"), i, file)
		read_file(file, kh_append(record->files, record->file_count));
}

int kh_net_record_read(const struct kh_root *root, struct kh_net_record *ret_record,
		       char ret_digest[KH_DIGEST_SIZE], struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	int found = kh_root_read(root, kh_net_record_path, &text, &length, err);
	if (found != 0)
		return found;
	json_error_t problem;
	kh_auto(json_done) json_t *object = json_loadb(text, length, 0, &problem);
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	if (object)
		read_object(object, &record);
	if (!object || !is_whole(&record))
		return kh_fail(err, KH_SYSTEM, 0, "'%s' is damaged: %s", kh_net_record_path,
			       object ? "something is missing" : problem.text);
	kh_digest_bytes(text, length, ret_digest);
	*ret_record = record;
	record = (struct kh_net_record){0};
	return 0;
}

/* Is the file as this text (NULL: absent)? */
static bool is_text(const struct kh_root *root, const char *path, const char *wanted)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	return text && wanted ? strcmp(text, wanted) == 0 : text == wanted;
}

bool kh_net_file_is_written(const struct kh_root *root, const struct kh_net_file *file)
{
	char digest[KH_DIGEST_SIZE] = "";
	kh_auto(kh_free) char *text = kh_root_text(root, file->path);
	if (text)
		kh_digest_bytes(text, strlen(text), digest);
	return strcmp(digest, file->written) == 0;
}

bool kh_net_file_is_base(const struct kh_root *root, const struct kh_net_file *file)
{
	return is_text(root, file->path, file->base);
}

bool kh_net_file_is_before(const struct kh_root *root, const struct kh_net_file *file)
{
	return is_text(root, file->path, file->before);
}

/* A record has the files that are as they shall be, too: they say nothing. */
static bool is_changed(const struct kh_net_file *file)
{
	char digest[KH_DIGEST_SIZE] = "";
	if (file->before)
		kh_digest_bytes(file->before, strlen(file->before), digest);
	return strcmp(digest, file->written) != 0;
}

enum kh_net_progress kh_net_record_progress(const struct kh_root *root,
					    const struct kh_net_record *record)
{
	size_t old = 0, changed = 0;
	for (size_t i = 0; i < record->file_count; i++) {
		const struct kh_net_file *file = &record->files[i];
		bool is_old = kh_net_file_is_before(root, file) || kh_net_file_is_base(root, file);
		if (!is_changed(file))
			continue;
		changed++;
		old += is_old && !kh_net_file_is_written(root, file);
	}
	if (old == 0)
		return KH_NET_WRITTEN;
	return old == changed ? KH_NET_NOT_WRITTEN : KH_NET_PARTLY_WRITTEN;
}

/* ---- state ---- */

void kh_net_state_done(struct kh_net_state *state)
{
	kh_free(&state->time);
	kh_free(&state->why);
	kh_free(&state->boot_id);
	kh_strv_done(&state->connections);
}

static json_t *load_state(const struct kh_root *root)
{
	kh_auto(kh_free) char *text = kh_root_text(root, kh_net_state_path);
	return text ? json_loads(text, 0, NULL) : NULL;
}

/* Undo brings an earlier record back, and with it a network that was confirmed. */
static bool was_confirmed(const json_t *object, const char *record_digest)
{
	kh_auto(kh_strv_done) struct kh_strv confirmed = {0};
	read_list(object, "confirmed", &confirmed);
	return kh_strv_has(&confirmed, record_digest);
}

/* The records that were confirmed before this one. */
static json_t *confirmed_json(const struct kh_root *root, const char *record_digest)
{
	kh_auto(json_done) json_t *object = load_state(root);
	kh_auto(kh_strv_done) struct kh_strv confirmed = {0};
	const char *of = json_string_value(json_object_get(object, "record"));
	const char *name = json_string_value(json_object_get(object, "state"));
	read_list(object, "confirmed", &confirmed);
	bool is_other = of && name && strcmp(of, record_digest) != 0;
	if (is_other && strcmp(name, phase_names[KH_NET_CONFIRMED]) == 0)
		kh_strv_add(&confirmed, of);
	return list_json(&confirmed);
}

void kh_net_state_read(const struct kh_root *root, const char *record_digest,
		       struct kh_net_state *ret_state)
{
	*ret_state = (struct kh_net_state){.phase = KH_NET_WAITING};
	kh_auto(json_done) json_t *object = load_state(root);
	const char *of = json_string_value(json_object_get(object, "record"));
	if (!of || strcmp(of, record_digest) != 0) {
		if (was_confirmed(object, record_digest))
			ret_state->phase = KH_NET_CONFIRMED;
		return;
	}
	const char *name = json_string_value(json_object_get(object, "state"));
	for (size_t i = 0; name && i < KH_COUNT(phase_names); i++)
		if (strcmp(phase_names[i], name) == 0)
			ret_state->phase = (enum kh_net_phase)i;
	ret_state->time = text_of(object, "time");
	ret_state->why = text_of(object, "why");
	ret_state->boot_id = text_of(object, "boot_id");
	ret_state->has_rebooted = json_is_true(json_object_get(object, "rebooted"));
	ret_state->is_cut_off = json_is_true(json_object_get(object, "cut_off"));
	ret_state->switched_ms = json_integer_value(json_object_get(object, "switched_ms"));
	read_list(object, "connections", &ret_state->connections);
}

int kh_net_state_write(const struct kh_root *root, const char *record_digest,
		       const struct kh_net_state *state, struct kh_error *err)
{
	kh_auto(json_done) json_t *object = json_pack(
		"{s:s, s:s, s:s*, s:s*, s:s*, s:b, s:b, s:I, s:o, s:o}", "record", record_digest,
		"state", phase_names[state->phase], "time", state->time, "why", state->why,
		"boot_id", state->boot_id, "rebooted", (int)state->has_rebooted, "cut_off",
		(int)state->is_cut_off, "switched_ms", (json_int_t)state->switched_ms,
		"connections", list_json(&state->connections), "confirmed",
		confirmed_json(root, record_digest));
	kh_auto(kh_free) char *dump = json_dumps(object, JSON_INDENT(2));
	kh_auto(kh_free) char *text = kh_printf("%s\n", dump ? dump : "{}");
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, kh_net_state_path, text, strlen(text), &meta, err);
}
