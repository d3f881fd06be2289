/* plan_text.c - a plan as people read it, and as JSON. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/diff.h"
#include "core/install.h"
#include "core/plan.h"

const char *kh_plan_kind_name(enum kh_change_kind kind)
{
	switch (kind) {
	case KH_CHANGE_PUT_FILE:
		return "put";
	case KH_CHANGE_REMOVE_FILE:
		return "remove";
	case KH_CHANGE_MAKE_DIR:
		return "directory";
	case KH_CHANGE_LINK:
		return "link";
	case KH_CHANGE_SET_VALUE:
		return "set";
	case KH_CHANGE_LOAD_MODULE:
		return "load";
	case KH_CHANGE_RUN:
		return "run";
	case KH_CHANGE_TRIGGER:
		return "trigger";
	case KH_CHANGE_FETCH:
		return "fetch";
	case KH_CHANGE_BUILD:
		return "build";
	case KH_CHANGE_INSTALL:
		return "install";
	case KH_CHANGE_UNINSTALL:
		return "uninstall";
	case KH_CHANGE_PACKAGES:
		return "packages";
	case KH_CHANGE_REHEARSE:
		return "rehearse";
	}
	return "?";
}

const char *kh_plan_note_name(enum kh_note_kind kind)
{
	switch (kind) {
	case KH_NOTE_INFO:
		return "note";
	case KH_NOTE_WARNING:
		return "warning";
	case KH_NOTE_REBOOT:
		return "reboot";
	case KH_NOTE_LEFT:
		return "left";
	}
	return "?";
}

static char *put_title(const struct kh_change *change)
{
	if (change->old.type == KH_FILE_ABSENT)
		return kh_printf("create %s (mode %04o)", change->path, (unsigned)change->mode);
	if (change->old.mode != change->mode)
		return kh_printf("change %s (mode %04o → %04o)", change->path,
				 (unsigned)change->old.mode, (unsigned)change->mode);
	return kh_printf("change %s", change->path);
}

char *kh_plan_change_title(const struct kh_change *change)
{
	kh_auto(kh_free) char *line = kh_strv_join(&change->argv, " ");
	switch (change->kind) {
	case KH_CHANGE_PUT_FILE:
		return put_title(change);
	case KH_CHANGE_REMOVE_FILE:
		return kh_printf("remove %s", change->path);
	case KH_CHANGE_MAKE_DIR:
		return kh_printf("make directory %s (mode %04o)", change->path,
				 (unsigned)change->mode);
	case KH_CHANGE_LINK:
		return kh_printf("link %s → %s", change->path, change->target);
	case KH_CHANGE_SET_VALUE:
		return kh_printf("set %s %s → %s", change->path,
				 change->old_value ? change->old_value : "?", change->value);
	case KH_CHANGE_LOAD_MODULE:
		return kh_printf("load module %s", change->path);
	case KH_CHANGE_RUN:
		return kh_printf("run %s", line);
	case KH_CHANGE_TRIGGER:
		return kh_printf("%s: run %s", change->path, line);
	case KH_CHANGE_FETCH:
		return kh_printf("fetch %s", change->path);
	case KH_CHANGE_BUILD:
		return kh_printf("build %s", change->path);
	case KH_CHANGE_REHEARSE:
		return kh_printf("rehearse %s", change->path);
	case KH_CHANGE_INSTALL:
	case KH_CHANGE_UNINSTALL:
		return kh_install_title(change->install, change->kind == KH_CHANGE_UNINSTALL);
	case KH_CHANGE_PACKAGES:
		return kh_printf("install packages %s", line);
	}
	return kh_strdup("?");
}

static bool is_text(const char *content, size_t length)
{
	return memchr(content, '\0', length) == NULL;
}

static void add_diff(struct kh_str *out, const struct kh_change *change)
{
	const struct kh_file_state *old = &change->old;
	bool has_old = old->type == KH_FILE_REGULAR;
	bool has_new = change->kind == KH_CHANGE_PUT_FILE;
	if ((has_new && !is_text(change->content, change->length)) ||
	    (has_old && !is_text(old->content, old->length))) {
		kh_str_addf(out, "    (binary, %zu bytes)\n", change->length);
		return;
	}
	kh_diff_unified(change->path, has_old ? old->content : NULL,
			has_new ? change->content : NULL, out);
}

static void add_change(struct kh_str *out, const struct kh_change *change)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	kh_str_addf(out, "[%s] %s\n    why: %s\n", change->stage, title, change->why);
	bool is_file =
		change->kind == KH_CHANGE_PUT_FILE ||
		(change->kind == KH_CHANGE_REMOVE_FILE && change->old.type == KH_FILE_REGULAR);
	if (is_file)
		add_diff(out, change);
	if (change->install)
		kh_install_describe(change->install, out);
	kh_str_add(out, "\n");
}

char *kh_plan_change_text(const struct kh_change *change)
{
	struct kh_str out = {0};
	add_change(&out, change);
	return kh_str_take(&out);
}

/* Bytes of "left to the boot: ", or of what stands for it in another language; 0: not there. */
static size_t lead_length(const char *text)
{
	static const char *const colons[] = {": ", "：", NULL};
	size_t shortest = 0;
	for (const char *const *colon = colons; *colon; colon++) {
		const char *at = strstr(text, *colon);
		size_t length = at ? (size_t)(at - text) + strlen(*colon) : 0;
		if (length > 0 && (shortest == 0 || length < shortest))
			shortest = length;
	}
	return shortest;
}

/* As bytes: each language is cut by itself, and what comes of it is paired as a whole. */
static char *left_line(const struct kh_note *note, const char *text)
{
	struct kh_str line = {0};
	size_t lead = lead_length(text);
	kh_str_add_bytes(&line, text, lead);
	kh_str_add_bytes(&line, "[", 1);
	kh_str_add_bytes(&line, note->stage, strlen(note->stage));
	kh_str_add_bytes(&line, "] ", 2);
	kh_str_add_bytes(&line, text + lead, strlen(text + lead));
	return kh_str_take(&line);
}

/* "left to the boot: load ..." says by itself what kind of note it is. */
static char *left_note_line(const struct kh_note *note)
{
	if (!kh_str_starts(note->text, "left to ") || lead_length(note->text) == 0)
		return kh_printf("left: [%s] %s", note->stage, note->text);
	char *line = left_line(note, note->text);
	kh_auto(kh_free) char *shown = left_line(note, kh_translated(note->text));
	kh_translate_pair(line, shown);
	return line;
}

/* Whole formats: "reboot" by itself is a command, too, and stays what it is. */
char *kh_plan_note_line(const struct kh_note *note)
{
	switch (note->kind) {
	case KH_NOTE_INFO:
		return kh_printf("note: [%s] %s", note->stage, note->text);
	case KH_NOTE_WARNING:
		return kh_printf("warning: [%s] %s", note->stage, note->text);
	case KH_NOTE_REBOOT:
		return kh_printf("reboot: [%s] %s", note->stage, note->text);
	case KH_NOTE_LEFT:
		break;
	}
	return left_note_line(note);
}

char *kh_plan_text(const struct kh_plan *plan)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (size_t i = 0; i < plan->change_count; i++)
		add_change(&out, &plan->changes[i]);
	for (size_t i = 0; i < plan->note_count; i++) {
		kh_auto(kh_free) char *line = kh_plan_note_line(&plan->notes[i]);
		kh_str_addf(&out, "%s\n", line);
	}
	return kh_str_take(&out);
}

static json_t *words_json(const struct kh_strv *words)
{
	json_t *list = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(list, kh_json_text(words->items[i]));
	return list;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, kh_json_text(text));
}

static json_t *change_json(const struct kh_change *change)
{
	kh_auto(kh_free) char *title = kh_plan_change_title(change);
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "stage", change->stage, "kind",
				   kh_plan_kind_name(change->kind), "path", change->path, "title",
				   title, "why", change->why);
	set_text(object, "old_value", change->old_value);
	set_text(object, "value", change->value);
	set_text(object, "target", change->target);
	if (change->argv.count > 0)
		json_object_set_new(object, "argv", words_json(&change->argv));
	kh_auto(kh_str_done) struct kh_str diff = {0};
	if (change->kind == KH_CHANGE_PUT_FILE || change->kind == KH_CHANGE_REMOVE_FILE)
		add_diff(&diff, change);
	if (change->install)
		json_object_set_new(object, "entries", kh_install_json(change->install));
	if (diff.length > 0)
		json_object_set_new(object, "diff", kh_json_text(diff.text));
	return object;
}

json_t *kh_plan_json(const struct kh_plan *plan)
{
	json_t *changes = json_array();
	for (size_t i = 0; i < plan->change_count; i++)
		json_array_append_new(changes, change_json(&plan->changes[i]));
	json_t *notes = json_array();
	for (size_t i = 0; i < plan->note_count; i++) {
		const struct kh_note *note = &plan->notes[i];
		json_array_append_new(notes, json_pack("{s:s, s:s, s:s}", "kind",
						       kh_plan_note_name(note->kind), "stage",
						       note->stage, "text", note->text));
	}
	return json_pack("{s:o, s:o}", "changes", changes, "notes", notes);
}
