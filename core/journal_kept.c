/* journal_kept.c - what was there before a change: described in its intent, its content in a copy
 * beside the journal; see journal.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/journal_private.h"

static json_t *xattrs_json(const struct kh_file_state *state)
{
	json_t *object = json_object();
	for (size_t i = 0; i < state->xattr_count; i++) {
		kh_auto(kh_str_done) struct kh_str hex = {0};
		for (size_t at = 0; at < state->xattrs[i].size; at++)
			kh_str_addf(&hex, "%02x", ((unsigned char *)state->xattrs[i].value)[at]);
		json_object_set_new(object, state->xattrs[i].name, json_string(kh_str_text(&hex)));
	}
	return object;
}

static const char *const type_names[] = {"absent", "file", "directory", "link", "other"};

json_t *kh_journal_describe_state(const struct kh_file_state *state, const char *copy)
{
	json_t *kept = json_pack("{s:s, s:i, s:i, s:i, s:s, s:I}", "type", type_names[state->type],
				 "mode", (int)state->mode, "uid", (int)state->uid, "gid",
				 (int)state->gid, "digest", state->digest, "mtime",
				 (json_int_t)kh_install_time(&state->mtime));
	if (state->target)
		json_object_set_new(kept, "target", kh_json_text(state->target));
	if (state->type != KH_FILE_REGULAR)
		return kept;
	json_object_set_new(kept, "xattrs", xattrs_json(state));
	json_object_set_new(kept, "copy", json_string(copy));
	return kept;
}

json_t *kh_journal_keep_state(const struct kh_root *root, const char *directory,
			      const struct kh_file_state *state, const char *copy,
			      struct kh_error *err)
{
	json_t *kept = kh_journal_describe_state(state, copy);
	if (state->type != KH_FILE_REGULAR)
		return kept;
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0600, .uid = geteuid(), .gid = getegid()};
	kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, copy);
	if (kh_file_put(root, path, state->content, state->length, &meta, err) == 0)
		return kept;
	json_decref(kept);
	return NULL;
}

static void unhex(const char *hex, struct kh_file_xattr *xattr)
{
	xattr->size = strlen(hex) / 2;
	unsigned char *bytes = kh_alloc(xattr->size + 1);
	xattr->value = bytes;
	for (size_t i = 0; i < xattr->size; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
}

/* A kept copy must be what was kept. */
static int check_copy(const struct kh_root *root, const char *path, const char *wanted,
		      struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state copy = {0};
	if (kh_file_look_digest(root, path, &copy, err) != 0)
		return kh_wrap(err, "kept copy");
	if (copy.type == KH_FILE_ABSENT)
		return kh_fail(err, KH_SYSTEM, ENOENT, "kept copy '%s'", path);
	if (strcmp(copy.digest, wanted) != 0)
		return kh_fail(err, KH_SYSTEM, 0, "kept copy '%s' is damaged", path);
	return 0;
}

int kh_journal_old_state(const struct kh_root *root, long long run, const json_t *kept,
			 struct kh_file_state *ret_state, char **ret_copy, struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	for (size_t i = 0; i < KH_COUNT(type_names); i++)
		if (strcmp(kh_json_get(kept, "type"), type_names[i]) == 0)
			state.type = (enum kh_file_type)i;
	state.mode = (mode_t)json_integer_value(json_object_get(kept, "mode"));
	state.uid = (uid_t)json_integer_value(json_object_get(kept, "uid"));
	state.gid = (gid_t)json_integer_value(json_object_get(kept, "gid"));
	snprintf(state.digest, sizeof(state.digest), "%s", kh_json_get(kept, "digest"));
	state.target = kh_strdup(kh_json_get(kept, "target"));
	state.mtime = kh_install_timespec(json_integer_value(json_object_get(kept, "mtime")));
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(kept, "xattrs"), name, value)
	{
		struct kh_file_xattr *xattr = kh_append(state.xattrs, state.xattr_count);
		xattr->name = kh_strdup(name);
		unhex(json_string_value(value) ? json_string_value(value) : "", xattr);
	}
	if (state.type == KH_FILE_REGULAR) {
		kh_auto(kh_free) char *path =
			kh_printf("%s/%04lld/%s", kh_runs_dir, run, kh_json_get(kept, "copy"));
		if (check_copy(root, path, state.digest, err) != 0)
			return -1;
		*ret_copy = kh_take(path);
	}
	*ret_state = state;
	state = (struct kh_file_state){0};
	return 0;
}
